#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`remit mcp serve`: the tools over stdin and stdout, judged as at the endpoint; and the MCP inspector in front of it."""
import json
import os
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import getpass  # noqa: E402

import mcp_npm  # noqa: E402
import npm  # noqa: E402
from harness import BINARY, Remit  # noqa: E402
from mcp_server import McpServer  # noqa: E402
from publishing_scopes import load_projects  # noqa: E402
from tap import case, equal, run  # noqa: E402

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
INITIALIZE = ("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}})

LOCAL = """
profile: local
title: Local
scopes: { "l:read": Read. }
tokens: { prefix: lo }
stdio: bypass
mcp:
  endpoint: /local
  tools: { echo: l:read, write: l:read, entries: { select: action, values: { list: l:read } } }
"""
behind = McpServer()
remit = Remit(apis=["  publishing: { profile: publishing, service: publishing }",
                    f"  local: {{ profile: ./local.yaml, upstream: \"{behind.url}\" }}",
                    f"  asks: {{ profile: ./asks.yaml, upstream: \"{behind.url}\" }}"], migrate=False)
for file_name, text in (("local", LOCAL), ("asks", LOCAL.replace("bypass", "token").replace("local", "asks").replace("lo }", "as }"))):
    with open(os.path.join(remit.folder, file_name + ".yaml"), "w", encoding="utf-8") as profile:
        profile.write(text)
remit.cli("store", "migrate")
projects = load_projects(remit)
reader = remit.token("owner@example.com", "reader", "--preset", "read-only", "--project", projects["Aurora"])
editor = remit.token("owner@example.com", "editor", "--preset", "ai-agent")


def message(message_id, method, params=None, modern=False):
    one = {"jsonrpc": "2.0", "method": method, "params": {**(params or {}), **({"_meta": META} if modern else {})}}
    return one if message_id is None else {"id": message_id, **one}


def call(message_id, name, modern=True, **arguments):
    return message(message_id, "tools/call", {"name": name, "arguments": arguments}, modern)


def environment(token, **more):
    env = {k: v for k, v in os.environ.items() if k != "REMIT_TOKEN" and "FORCE_WEB_MODE" not in k}
    return {**env, "REMIT_CONFIG": remit.config, **({"REMIT_TOKEN": token} if token is not None else {}), **more}


def start(token, *args, api="publishing", **more):
    return subprocess.Popen([BINARY, "mcp", "serve", "--api", api, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment(token, **more), cwd=remit.folder)


def talk(lines, token=reader["token"], **more):
    """Everything at once and then the end of stdin; answers by their ids. Only MCP may stand on stdout."""
    process = start(token, **more)
    out, err = process.communicate("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines),
                                   timeout=60)
    equal((process.returncode, "Sanitizer" in err), (0, False), err)
    answers = [json.loads(line) for line in out.splitlines()]
    assert all(one["jsonrpc"] == "2.0" for one in answers), answers
    return {one["id"]: one for one in answers if "method" not in one}, answers


def ask(process, one):
    process.stdin.write(json.dumps(one) + "\n")
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], 30)
    assert ready, "no answer within 30 s"
    return json.loads(process.stdout.readline())


@case
def both_eras_list_and_call():
    got, answers = talk([message(1, *INITIALIZE), message(None, "notifications/initialized"), message("two", "tools/list"),
                         message(3, "tools/list", modern=True), call(4, "whoami"), call(5, "whoami", modern=False),
                         message(6, "server/discover", modern=True), message(7, "ping")])
    equal((sorted(map(str, got)), len(answers)), (["1", "3", "4", "5", "6", "7", "two"], 7))
    equal(got[1]["result"]["protocolVersion"], "2025-11-25")
    equal([t["name"] for t in got["two"]["result"]["tools"]], [t["name"] for t in got[3]["result"]["tools"]])
    assert "publish_story" not in json.dumps(got[3]["result"]["tools"][0]), "only what the token covers"
    for number in (4, 5):
        equal(got[number]["result"]["structuredContent"]["project_id"], projects["Aurora"])


@case
def progress_comes_before_the_answer():
    """notes of each call that wants some, by its token, and one answer each"""
    stories = [{"title": "T", "body": "B", "projectId": projects["Aurora"]}] * 30
    def many(number, modern, **meta):
        one = call(number, "create_stories", modern, stories=stories)
        one["params"]["_meta"] = {**one["params"].get("_meta", {}), **meta}
        return one
    got, answers = talk([many(1, True, progressToken="a"), many(2, False, progressToken=7), many(3, False)], editor["token"])
    equal(sorted(got), [1, 2, 3])
    for number, token in ((1, "a"), (2, 7)):
        equal(len(got[number]["result"]["structuredContent"]["results"]), 30)
        notes = [i for i, one in enumerate(answers) if one.get("method") == "notifications/progress"
                 and one["params"]["progressToken"] == token]
        assert notes and notes[-1] < answers.index(got[number]), answers
        equal(answers[notes[-1]]["params"]["progress"], 30)
    equal({one["params"]["progressToken"] for one in answers if "method" in one}, {"a", 7})


@case
def the_judgement_is_that_of_the_endpoint():
    """P09 M12 scopes, project, unknown tools; and each refusal has the id of its request"""
    got, _ = talk([call(1, "publish_story", id="x"), call(2, "get_project", id=projects["Borealis"]),
                   call(3, "no_tool"), call(4, "p\u00fc"), call(5, "get_story"), message(6, "nothing/known", modern=True)])
    equal(got[1]["error"], {"code": -31403, "message": "Token missing scope(s): stories:publish",
                            "data": {"code": "insufficient_scope", "missing": ["stories:publish"]}})
    equal((got[2]["result"]["isError"], got[2]["result"]["content"][0]["text"]), (True, "Project not found"))
    equal([got[n]["error"]["code"] for n in (3, 4, 6)], [-32602, -32602, -32601])
    equal(got[5]["result"]["content"][0]["text"], "id is missing")


@case
def a_token_is_needed_and_must_be_good():
    """T03 no token, one of no form, one that is unknown, one that is revoked while it is used"""
    for token in (None, "", "a b", "x" * 300):
        process = start(token)
        out, err = process.communicate("", timeout=60)
        equal((process.returncode, out), (1, ""), err)
        assert "REMIT_TOKEN" in err, err
    got, _ = talk([message(1, "tools/list"), call(2, "whoami")], "sl_pat_" + "0" * 47)
    equal([got[n]["error"]["code"] for n in (1, 2)], [-31401, -31401])
    short = remit.token("owner@example.com", "short", "--preset", "read-only")
    process = start(short["token"])
    equal("result" in ask(process, call(1, "whoami")), True)
    remit.cli("token", "revoke", short["id"], "--why", "over")
    equal(ask(process, call(2, "whoami"))["error"]["code"], -31401)
    equal(process.communicate(timeout=60)[0], "")
    equal(process.returncode, 0)


@case
def odd_lines_end_nothing():
    """M03 M04 what is no message, a batch, a line that is too long, empty lines, a last line without an end"""
    good = json.dumps(message(9, "ping"))
    process = start(reader["token"])
    out, _ = process.communicate("\n".join(["", "no json", "[]", "x" * (5 << 20), "\u0000", '{"jsonrpc":"2.0","id":1}', "  ", good])
                                 + "\n" + good.replace("9", "10"), timeout=60)
    answers = [json.loads(line) for line in out.splitlines()]
    equal(sorted(str(one.get("error", {}).get("code", "good")) for one in answers if one["id"] is None),
          ["-31413", "-32600", "-32700", "-32700"])
    equal([one["result"] for one in answers if one["id"] == 9], [{}])
    equal([one for one in answers if one["id"] == 10], [], "a line without its end is no message")
    equal(process.returncode, 0)


@case
def beside_a_running_server_and_other_sessions():
    """each has an audit log of its own; a story made by one is seen by all"""
    remit.serve()
    one, other = start(editor["token"]), start(reader["token"])
    made = ask(one, call(1, "create_story", title="T", body="B", projectId=projects["Aurora"]))["result"]["structuredContent"]
    equal(ask(other, call(1, "get_story", id=made["id"]))["result"]["structuredContent"]["title"], "T")
    equal(remit.call("GET", f"/api/v1/stories/{made['id']}", reader["token"]).status, 200)
    for process in (one, other):
        process.send_signal(signal.SIGTERM)
        equal(process.wait(timeout=60), 0)
        process.communicate()
    records = "".join(remit.run("audit", "tail", "--last", "1000", "--folder", os.path.join(remit.folder, name)).stdout
                      for name in sorted(os.listdir(remit.folder)) if ".audit.stdio-" in name)
    for part in ("200 allowed             tool create_story", "403 scope_missing       tool publish_story",
                 "401 token_revoked"):
        assert part in records, (part, records)
    equal(remit.stop(), 0)


@case
def an_api_without_tools_is_told_apart():
    for api, args, status in (("nothing", (), 1), ("publishing", ("x",), 2)):
        process = start(reader["token"], *args, api=api)
        process.communicate("", timeout=60)
        equal(process.returncode, status, args)


def log_of_sessions():
    return [record for name in sorted(os.listdir(remit.folder)) if ".audit.stdio-" in name
            for record in json.loads(remit.run("audit", "tail", "--last", "1000", "--json", "--folder",
                                               os.path.join(remit.folder, name)).stdout)["records"]]


@case
def a_profile_that_says_bypass_needs_no_token():
    """P09 M12 every mapped tool and action; what no rule maps stays refused; recorded as cli:USER; in front of a server"""
    lines = [message(1, *INITIALIZE), message(None, "notifications/initialized"), message(2, "tools/list"),
             message(3, "tools/list", modern=True), call(4, "write", a=1), call(5, "entries", modern=False, action="list"),
             call(6, "entries", action="drop"), call(7, "hidden"), message(8, "nothing/known")]
    for events in (False, True):
        behind.events = events
        behind.heads.clear()
        got, answers = talk(lines, None, api="local")
        equal((sorted(got), len(answers)), ([1, 2, 3, 4, 5, 6, 7, 8], 8))
        for number in (2, 3):
            equal([t["name"] for t in got[number]["result"]["tools"]], ["echo", "write"])
        for number in (4, 5):
            equal("result" in got[number], True, got[number])
        equal([got[n]["error"]["code"] for n in (6, 7, 8)], [-32602, -32602, -31403])
        assert not any(b"authorization" in head.lower() or b"remit-user" in head.lower() for head in behind.heads)
        assert sum(b"Mcp-Session-Id: s-1.x" in head for head in behind.heads) >= 3, "the session of the older messages"
    behind.events = False
    mine = [r for r in log_of_sessions() if r["api"] == "local"]
    equal({r["principal"] for r in mine}, {"cli:" + getpass.getuser()})
    equal({(r["token"], r["owner"]) for r in mine}, {(None, None)})
    equal({r["operation"] for r in mine} >= {"tool write", "tool entries list", "mcp tools/list"}, True, mine)


@case
def force_web_mode_and_other_profiles_need_a_token():
    """T03 P09 no word but those for no lets it pass; and the endpoint of a server knows no bypass"""
    for name in ("REMIT_FORCE_WEB_MODE", "STATAMIC_MCP_FORCE_WEB_MODE"):
        for value in ("true", "1", "yes", " ", "2"):
            process = start(None, api="local", **{name: value})
            equal((process.communicate("", timeout=60)[0], process.returncode), ("", 1), (name, value))
        for value in ("", "false", "FALSE", "0", "off", "No"):
            process = start(None, api="local", **{name: value})
            equal((process.communicate("", timeout=60)[0], process.returncode), ("", 0), (name, value))
    process = start(None, api="asks")
    equal((process.communicate("", timeout=60)[0], process.returncode), ("", 1))
    none = remit.token("owner@example.com", "none", "--no-scopes", api="local")
    got, _ = talk([call(1, "write")], none["token"], api="local", REMIT_FORCE_WEB_MODE="on")
    equal(got[1]["error"]["data"], {"code": "insufficient_scope", "missing": ["l:read"]})
    remit.serve()
    for token in (None, "0" * 64):
        equal(remit.call("POST", "/local", token, call(1, "write")).status, 401)
    equal(remit.stop(), 0)


@case
def a_call_that_lasts_is_cancelled_and_ends_with_stdin():
    """L04 subscriptions/listen is told as it comes; a cancelled one leaves; the end of stdin ends the rest"""
    process = start(None, api="local")
    process.stdin.write(json.dumps(message(1, "subscriptions/listen", {"notifications": {}}, modern=True)) + "\n")
    process.stdin.flush()
    behind.listen.wait(20)
    behind.wait_open(1)
    behind.say(b'data: {"jsonrpc":"2.0",\ndata: "method":"notifications/tools/list_changed"}\n\n')
    equal(json.loads(process.stdout.readline())["method"], "notifications/tools/list_changed")
    process.stdin.write(json.dumps(message(None, "notifications/cancelled", {"requestId": 1})) + "\n")
    process.stdin.flush()
    behind.wait_open(0)
    process.stdin.write(json.dumps(message(2, "subscriptions/listen", {"notifications": {}}, modern=True)) + "\n")
    process.stdin.flush()
    behind.wait_open(1)
    equal(process.communicate(timeout=60)[0], "")
    equal(process.returncode, 0)
    behind.wait_open(0)


@case
def the_inspector_lists_and_calls():
    mcp_npm.install()
    script = os.path.join(npm.installed("@modelcontextprotocol/inspector@2.12.0"), "@modelcontextprotocol", "inspector",
                          "clients", "launcher", "build", "index.js")
    started = mcp_npm.node(script, "--cli", BINARY, "mcp", "serve", "--api", "publishing", "-e",
                           "REMIT_TOKEN=" + reader["token"], "-e", "REMIT_CONFIG=" + remit.config)

    def inspect(*args):
        done = subprocess.run(started["args"] + ["--method", *args], capture_output=True, text=True, timeout=100, check=False,
                              cwd=started["cwd"], env={**started["env"], **environment(reader["token"])})
        return done.returncode, done.stdout, done.stderr

    status, out, err = inspect("tools/list")
    equal((status, len(json.loads(out)["tools"])), (0, 13), err)
    status, out, err = inspect("tools/call", "--tool-name", "list_projects")
    equal((status, [p["name"] for p in json.loads(out)["structuredContent"]["data"]]), (0, ["Aurora"]), err)
    status, out, err = inspect("tools/call", "--tool-name", "publish_story", "--tool-arg", "id=x")
    assert status != 0 and "publish_story" in err, (status, out, err)


run()
