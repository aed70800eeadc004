#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service without REST as an MCP server: tools that stand for themselves, progress, cancellation, and the official
conformance suite with the scenarios that such a server has to do with."""
import glob
import http.client
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import mcp_npm  # noqa: E402
from tap import case, equal, run  # noqa: E402

NOW = "2026-07-28"
META = "io.modelcontextprotocol/"
PROFILE = """
profile: conforming
title: Conforming
scopes: { "things:list": List., "things:drop": Drop. }
tokens: { prefix: co }
rate: { pat: 60000 }
mcp:
  endpoint: /mcp
  tools:
    test_simple_text: token
    test_image_content: token
    test_audio_content: token
    test_embedded_resource: token
    test_multiple_content_types: token
    test_error_handling: token
    test_tool_with_progress: token
    wait_long: token
    things: { select: action, values: { list: "things:list", drop: "things:drop" } }
"""
TOOLS = ["tools-list", "tools-call-simple-text", "tools-call-image", "tools-call-audio", "tools-call-embedded-resource",
         "tools-call-mixed-content", "tools-call-error", "tools-call-with-progress", "dns-rebinding-protection"]
# What the layer has to do with: each runs, and none of its checks fails.
SCENARIOS = {
    "2026-07-28": TOOLS + ["server-stateless", "http-header-validation", "caching", "input-required-result-unsupported-methods",
                           "input-required-result-validate-input", "sep-2164-resource-not-found"],
    "2025-11-25": TOOLS + ["server-initialize", "ping", "server-session-lifecycle"],
}
# Two are missing because the layer does not do what they ask: json-schema-2020-12 ($defs, $ref, allOf and their like in a
# tool's schema) and http-custom-header-server-validation (x-mcp-header). The others are of what a service here does not
# have: resources, prompts and completion; logging; questions to the client (input-required-result-*, sampling, elicitation)
# and so no state that comes back; tasks; subscriptions and streams of a session. Of the scenarios above, these checks are likewise of such:
EXEMPT = {
    "sep-2549-prompts-list-caching-hints": "no prompts", "sep-2549-resources-list-caching-hints": "no resources",
    "sep-2549-resources-templates-list-caching-hints": "no resources",
    "sep-2575-server-rejects-undeclared-capability": "no tool asks for a capability of the client's",
    "sep-2575-missing-capability-http-400": "likewise",
    "sep-2575-http-server-no-independent-requests-on-stream": "no tool asks the client",
    "sep-2575-server-no-log-without-loglevel": "no logging",
}


class Server:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="remit-conforming-")
        with open(os.path.join(self.folder, "conforming.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE)
        with open(os.path.join(self.folder, "remit.yaml"), "w", encoding="utf-8") as file:
            file.write("listen: 127.0.0.1:0\npublic_url: http://127.0.0.1\nstore: sqlite:remit.db\n"
                       "secrets_key: file:secrets.key\n"
                       "apis: { conforming: { profile: ./conforming.yaml, service: publishing, hosts: [localhost, 127.0.0.1] } }\n")
        self.errors = open(os.path.join(self.folder, "stderr"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([os.environ["REMIT_CONFORMING_SERVER"], "remit.yaml"], cwd=self.folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.said = b""
        self.all, self.one, self.port = self.line(), self.line(), int(self.line() or 0)

    def line(self, seconds=30):
        """The next that it says; empty where it says nothing for so long."""
        while b"\n" not in self.said:
            ready, _, _ = select.select([self.process.stdout], [], [], seconds)
            piece = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                return ""
            self.said += piece
        line, self.said = self.said.split(b"\n", 1)
        return line.decode()

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(30)
        self.process.stdout.close()
        self.errors.seek(0)
        said = self.errors.read()
        self.errors.close()
        shutil.rmtree(self.folder, True)
        return code, said


server = Server()


def send(method, params=None, token=None, modern=True, message_id=1):
    """An answer that is being read, and its connection."""
    params = dict(params or {})
    headers = {"Authorization": f"Bearer {token or server.all}", "Accept": "application/json, text/event-stream",
               "Content-Type": "application/json"}
    if modern:
        params["_meta"] = {META + "protocolVersion": NOW, META + "clientCapabilities": {}, **params.get("_meta", {})}
        headers.update({"MCP-Protocol-Version": NOW, "Mcp-Method": method, **({"Mcp-Name": params["name"]} if "name" in params else {})})
    body = {"jsonrpc": "2.0", "method": method, "params": params, **({} if message_id is None else {"id": message_id})}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/mcp", json.dumps(body), headers)
    return connection.getresponse(), connection


def ask(*args, **more):
    response, connection = send(*args, **more)
    try:
        return response.status, json.loads(response.read() or b"null")
    finally:
        connection.close()


def begin_to_wait(token=None, modern=True, message_id=1):
    """A call that lasts until it is called off, and has begun."""
    response, connection = send("tools/call", {"name": "wait_long", "arguments": {}, "_meta": {"progressToken": "t"}}, token, modern,
                                message_id)
    equal((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
    while not (line := response.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    equal(json.loads(line[6:])["params"], {"progressToken": "t", "progress": 1, "total": 2})
    return response, connection


@case
def who_selects_is_judged_and_sees_by_the_value():
    """M12 the list is narrowed to the values that the token covers; an unknown one is told those that are known"""
    def values(token):
        listed = {one["name"]: one for one in ask("tools/list", token=token)[1]["result"]["tools"]}
        equal(listed["test_simple_text"]["annotations"]["readOnlyHint"], True)
        return listed["things"]["inputSchema"]["properties"]["action"]["enum"]
    equal((values(server.all), values(server.one)), (["list", "drop"], ["list"]))
    def things(action, token=None):
        return ask("tools/call", {"name": "things", "arguments": {"action": action}}, token)
    equal(things("list", server.one)[1]["result"]["structuredContent"], {"action": "list"})
    status, answer = things("drop", server.one)
    equal((status, answer["error"]["data"]["missing"]), (403, ["things:drop"]))
    for action in ("unmapped", "nothing", 5, None):
        status, answer = things(action)
        equal((status, answer["error"]["code"], answer["error"]["message"]),
              (200, -32602, 'The tool\'s "action" must be one of: list, drop'))


@case
def without_rest_there_is_none():
    """a path that is no endpoint is not found, and the front page tells of the one that is"""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for path, status in (("/health-of-it", 404), ("/mcp/x", 404), ("/", 200)):
        connection.request("GET", path, headers={"Authorization": f"Bearer {server.all}"})
        response = connection.getresponse()
        body = response.read()
        equal(response.status, status, (path, body))
    connection.close()


@case
def who_leaves_has_called_it_off():
    """since 2026-07-28 the end of the connection is the end of the call"""
    response, connection = begin_to_wait()
    response.close()
    connection.close()
    equal(server.line(), "cancelled")


@case
def a_notification_calls_off_ones_own_call():
    """before, a notification does: of the same token and id, and of no other"""
    response, connection = begin_to_wait(modern=False, message_id="mine")
    for token, request_id in ((server.one, "mine"), (server.all, "other"), (server.all, 5), (server.all, None)):
        equal(ask("notifications/cancelled", {"requestId": request_id}, token, False, None)[0], 202)
    equal(server.line(0.3), "", "nobody else's")
    equal(ask("notifications/cancelled", {"requestId": "mine"}, None, False, None)[0], 202)
    equal(server.line(), "cancelled")
    rest = response.read()
    connection.close()
    equal(json.loads(rest[rest.index(b"data: ") + 6:])["result"]["structuredContent"], {"cancelled": True})


@case
def two_calls_of_one_id_are_not_told_apart():
    """two clients of one token may count alike: neither is called off by the other's word"""
    calls = [begin_to_wait(modern=False, message_id=9) for _ in range(2)]
    equal(ask("notifications/cancelled", {"requestId": 9}, None, False, None)[0], 202)
    equal(server.line(0.3), "", "neither")
    calls[0][0].close()
    calls[0][1].close()
    calls[1][0].close()
    calls[1][1].close()


def checks(revision):
    """{scenario: [status and what is wrong]} of one run."""
    folder = tempfile.mkdtemp(prefix="remit-conformance-")
    args = mcp_npm.node("--import", "./authorize.mjs", mcp_npm.module("conformance", "dist", "index.js"), "server", "--url",
                        f"http://127.0.0.1:{server.port}/mcp", "--requirements", revision, "-o", folder,
                        REMIT_TEST_HOST=f"127.0.0.1:{server.port}", REMIT_TEST_TOKEN=server.all)
    try:
        subprocess.run(capture_output=True, timeout=200, check=False, **args)
        found = {}
        for path in glob.glob(os.path.join(folder, "*", "checks.json")):
            name = re.sub(r"(?<=.)-20\d\d-\d\d-\d\dT.*$", "", os.path.basename(os.path.dirname(path)))
            if name.removeprefix("server-") in SCENARIOS[revision]:
                name = name.removeprefix("server-")
            with open(path, encoding="utf-8") as file:
                found.setdefault(name, []).extend((one["status"], one["id"], one.get("errorMessage")) for one in json.load(file))
        return found
    finally:
        shutil.rmtree(folder, True)


def conforms(revision):
    mcp_npm.install()
    found = checks(revision)
    if os.environ.get("REMIT_TEST_SHOW"):
        for name, many in sorted(found.items()):
            print("#", name, [one for one in many if one[0] != "SUCCESS"] or len(many))
    wanted = SCENARIOS[revision]
    wrong = {name: [one for one in found.get(name, [("FAILURE", "it did not run", None)])
                    if one[0] == "FAILURE" and one[1] not in EXEMPT] for name in wanted}
    passed = sum(one[0] == "SUCCESS" for name in wanted for one in found.get(name, []))
    print(f"# {revision}: {passed} checks of {len(wanted)} scenarios pass")
    equal({name: many for name, many in wrong.items() if many}, {})


@case
def the_suite_of_2026_07_28():
    conforms("2026-07-28")


@case
def the_suite_of_2025_11_25():
    conforms("2025-11-25")


@case
def no_sanitizer_has_complained():
    code, said = server.stop()
    equal((code, "Sanitizer" in said), (0, False), said[-3000:])


run()
