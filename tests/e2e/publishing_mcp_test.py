#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The publishing tools over MCP, beside the same operations over REST: one token, one judgement, one sentence."""
import base64
import itertools
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import mcp_npm  # noqa: E402
from harness import Remit, multipart  # noqa: E402
from publishing_scopes import ALL, PRESETS, held, load_projects, scoped  # noqa: E402
from tap import case, equal, run  # noqa: E402

NOW = "2026-07-28"
META = "io.modelcontextprotocol/"
NOBODY = "0190a1b2-0000-7000-8000-00000000dead"
LATE = "2027-06-01T09:00:00Z"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000"
                    "1f15c4890000000a49444154789c6360000002000154a24f5d0000000049454e44ae426082")

remit = Remit()
projects = load_projects(remit)
AURORA = projects["Aurora"]


def story(**more):
    return {"title": "T", "body": "B", "projectId": AURORA, **more}


HOOK = {"url": "https://hooks.invalid/", "events": ["*"], "projectId": AURORA}
UPLOAD = {"data": base64.b64encode(PNG).decode(), "filename": "dot.png", "projectId": AURORA}
# The tool, what document A asks for, and its twin: method, path, arguments. {id} is taken from the arguments.
TOOLS = [
    ("whoami", "", "GET /health", {}),
    ("list_projects", "projects:read", "GET /projects", {}),
    ("get_project", "projects:read", "GET /projects/{id}", {"id": AURORA}),
    ("update_project", "projects:write", "PATCH /projects/{id}", {"id": AURORA, "settings": {"website": "https://example.com"}}),
    ("list_templates", "templates:read", "GET /templates", {}),
    ("list_connections", "connections:read", "GET /connections", {}),
    ("list_moments", "moments:read", "GET /moments", {}),
    ("get_moment", "moments:read", "GET /moments/{id}", {"id": NOBODY}),
    ("list_stories", "stories:read", "GET /stories", {}),
    ("get_story", "stories:read", "GET /stories/{id}", {"id": NOBODY}),
    ("preview_story", "stories:read", "GET /stories/{id}/preview", {"id": NOBODY}),
    ("create_story", "stories:write", "POST /stories", story()),
    ("create_story", "stories:write stories:publish", "POST /stories", story(scheduled_at=LATE)),
    ("create_story", "stories:write stories:publish", "POST /stories", story(scheduled_at=None)),
    ("create_stories", "stories:write", "POST /stories/bulk", {"stories": [story(), story()]}),
    ("create_stories", "stories:write stories:publish", "POST /stories/bulk",
     {"stories": [story(), story(scheduled_at=LATE)]}),
    ("update_story", "stories:write", "PATCH /stories/{id}", {"id": NOBODY, "title": "U"}),
    ("update_story", "stories:write stories:publish", "PATCH /stories/{id}", {"id": NOBODY, "scheduled_at": LATE}),
    ("schedule_story", "stories:publish", "POST /stories/{id}/schedule", {"id": NOBODY, "scheduled_at": LATE}),
    ("unschedule_story", "stories:publish", "POST /stories/{id}/unschedule", {"id": NOBODY}),
    ("publish_story", "stories:publish", "POST /stories/{id}/publish", {"id": NOBODY}),
    ("list_media", "media:read", "GET /media", {}),
    ("upload_media", "media:write", "POST /media", UPLOAD),
    ("register_media", "media:write", "POST /media", {"url": "http://127.0.0.1:1/a.png", "projectId": AURORA}),
    ("list_webhooks", "webhooks:read", "GET /webhooks", {}),
    ("list_webhook_deliveries", "webhooks:read", "GET /webhooks/{id}/deliveries", {"id": NOBODY}),
    ("create_webhook", "webhooks:write", "POST /webhooks", HOOK),
    ("update_webhook", "webhooks:write", "PATCH /webhooks/{id}", {"id": NOBODY, "description": "D"}),
    ("delete_webhook", "webhooks:write", "DELETE /webhooks/{id}", {"id": NOBODY}),
    ("test_webhook", "webhooks:write", "POST /webhooks/{id}/test", {"id": NOBODY}),
]
NAMES = list(dict.fromkeys(tool for tool, *_ in TOOLS))
BINDINGS = {"": [], " in Aurora": ["--project", AURORA], " in Borealis": ["--project", projects["Borealis"]]}
LABELS = [*(f"only {s}" for s in ALL), *(f"preset {p}" for p in PRESETS), "*", "no scope at all"]


def make_tokens():
    made = {}
    for label, (binding, flags) in itertools.product(LABELS, BINDINGS.items()):
        scopes = (["--preset", label[7:]] if label.startswith("preset ") else ["--scope", "*"] if label == "*"
                  else ["--no-scopes"] if label == "no scope at all" else scoped([label[5:]]))
        made[label + binding] = remit.token("owner@example.com", label + binding, "--rate", "off", *scopes, *flags)["token"]
    return made


tokens = make_tokens()
remit.serve()


def rpc(method, params=None, label="*", modern=True, headers=None, message_id=1):
    params = dict(params or {})
    fields = {"Accept": "application/json, text/event-stream"}
    if modern:
        params["_meta"] = {META + "protocolVersion": NOW, META + "clientCapabilities": {}}
        fields.update({"MCP-Protocol-Version": NOW, "Mcp-Method": method})
        if method == "tools/call":
            fields["Mcp-Name"] = params["name"]
    fields.update(headers or {})
    body = {"jsonrpc": "2.0", "method": method, "params": params}
    if message_id is not None:
        body["id"] = message_id
    return remit.call("POST", "/api/mcp", tokens.get(label, label), body, {k: v for k, v in fields.items() if v is not None})


def tool(name, arguments=None, label="*", modern=True):
    return rpc("tools/call", {"name": name, "arguments": arguments or {}}, label, modern)


def rest(twin, arguments, label="*"):
    method, path = twin.split()
    body = dict(arguments)
    path = "/api/v1" + re.sub(r"\{(\w+)\}", lambda m: body.pop(m[1]), path)
    return remit.call(method, path, tokens[label], body if method in ("POST", "PATCH") and body else None)


def done(name, arguments=None, label="*"):
    """What a tool that must succeed gives."""
    answer = tool(name, arguments, label)
    result = answer.json().get("result", {})
    assert answer.status == 200 and result and not result.get("isError"), f"{name}: {answer}"
    return result["structuredContent"]


def shape(value):
    """What two answers to the same question have in common: their members' names."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else None


def needed(scopes):
    return [s for s in ALL if s in scopes.split()]


def check_twins(name, scopes, twin, arguments, label):
    """One cell of the matrix: by the document, and the same on both sides."""
    covered = held(re.sub(r" in \w+$", "", label))
    missing = [s for s in needed(scopes) if s not in covered]
    mcp, http = tool(name, arguments, label), rest(twin, arguments, label)
    equal(mcp.status == 403, bool(missing), (mcp, http))
    equal(http.status == 403, bool(missing), (mcp, http))
    if missing:
        error = mcp.json()["error"]
        equal((error["code"], error["message"], error["data"]["missing"]),
              (-31403, http.json()["error"]["message"], missing))
        scope = f'scope="{" ".join(needed(scopes))}"'
        assert scope in mcp.headers["WWW-Authenticate"] and scope in http.headers["WWW-Authenticate"], mcp.headers
        assert "/.well-known/oauth-protected-resource/api/mcp" in mcp.headers["WWW-Authenticate"]
        return
    result = mcp.json()["result"]
    equal((mcp.status, result.get("isError", False)), (200, http.status >= 300), (mcp, http))
    if http.status >= 300:
        equal(result["content"][0]["text"], http.json()["error"]["message"])
    else:
        equal(shape(result["structuredContent"]), shape(http.json() if http.body else {}))


@case
def matrix_of_tools_and_tokens():
    """P09 T04 every tool by each single scope, each preset, *, none, bound or not: as the document says, and as REST"""
    for (name, scopes, twin, arguments), label in itertools.product(TOOLS, tokens):
        try:
            check_twins(name, scopes, twin, arguments, label)
        except Exception as error:
            raise AssertionError(f"{name} ({twin}) with {label!r}: {error}") from None


@case
def the_list_holds_what_the_token_covers():
    """M08 M11 each token sees the tools that it could call, in one order, privately"""
    for label in tokens:
        for modern in (True, False):
            result = rpc("tools/list", None, label, modern).json()["result"]
            covered = held(re.sub(r" in \w+$", "", label))
            wanted = [n for n in NAMES if set(next(s for t, s, *_ in TOOLS if t == n).split()) <= covered]
            equal([one["name"] for one in result["tools"]], wanted, label)
            equal(result.get("cacheScope"), "private" if modern else None)
    first, again = rpc("tools/list"), rpc("tools/list")
    equal(first.body, again.body)


@case
def both_sides_ask_for_the_same_scopes():
    """P09 no operation needs other scopes as a tool than as REST: what each tool says, and what OpenAPI says"""
    document = remit.call("GET", "/api/v1/openapi.json").json()
    listed = {one["name"]: one for one in rpc("tools/list").json()["result"]["tools"]}
    equal(list(listed), NAMES)
    for name, _, twin, _ in TOOLS:
        method, path = twin.split()
        operation = document["paths"][path][method.lower()]
        asked = re.sub(r"(body value|query parameter|path parameter)", "argument", operation["description"])
        assert listed[name]["description"].endswith(asked), (listed[name]["description"], asked)


@case
def a_profile_that_says_otherwise_does_not_start():
    """P09 a tool with needs of its own, or that the service lacks, is told by file and line"""
    with open(os.path.join(os.environ["REMIT_SOURCE"], "profiles/publishing.yaml"), encoding="utf-8") as file:
        text = file.read()
    for change, wanted in (
            ((", tool: publish_story", ""), None),
            ((", tool: publish_story }", " }", "/api/mcp }", "/api/mcp, tools: { publish_story: stories:read } }"),
             'the tool "publish_story" asks for something else'),
            ((", tool: get_story", ", tool: read_story"), 'the tool "read_story", which its service does not have'),
            (("      tool: create_story\n", "", "/api/mcp }", "/api/mcp, tools: { create_story: stories:write } }"),
             'the tool "create_story" asks for something else')):
        changed = text
        for old, new in zip(change[::2], change[1::2]):
            assert old in changed, old
            changed = changed.replace(old, new)
        with open(os.path.join(remit.folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(changed)
        config = os.path.join(remit.folder, "mine-remit.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("listen: 127.0.0.1:0\npublic_url: http://127.0.0.1\nstore: sqlite:mine.db\n"
                       "secrets_key: file:secrets.key\napis: { publishing: { profile: ./mine.yaml, service: publishing } }\n")
        checked = remit.run("check-config", "--config", config)
        equal(checked.returncode, 3 if wanted else 0, checked.stdout + checked.stderr)
        assert not wanted or wanted in checked.stdout + checked.stderr, checked.stdout + checked.stderr


@case
def a_project_is_held_to():
    """M09 D19 D20 another project's object is not found, and nothing is made in it"""
    mine = done("create_story", story())["id"]
    label = "* in Borealis"
    for name, arguments in (("get_story", {"id": mine}), ("update_story", {"id": mine, "title": "x"}),
                            ("publish_story", {"id": mine}), ("create_story", story()), ("get_project", {"id": AURORA})):
        there, nowhere = tool(name, arguments, label), tool(name, {k: NOBODY if k in ("id", "projectId") else v
                                                                  for k, v in arguments.items()}, label)
        equal((there.status, there.json()["result"]["isError"], there.body), (200, True, nowhere.body), name)
    equal(done("create_story", {"title": "T", "body": "B"}, label)["project_id"], projects["Borealis"])
    equal({one["project_id"] for one in done("list_stories", {}, label)["data"]}, {projects["Borealis"]})


@case
def each_tool_does_what_it_says():
    made = done("create_story", story(channels=[c["id"] for c in done("list_connections")["data"]
                                                if c["project_id"] == AURORA and c["kind"] == "social"][:1]))
    equal((made["status"], done("get_story", {"id": made["id"]})["title"]), ("draft", "T"))
    equal(done("update_story", {"id": made["id"], "title": "U"})["title"], "U")
    equal(done("preview_story", {"id": made["id"]})["story_id"], made["id"])
    equal(done("schedule_story", {"id": made["id"], "scheduled_at": LATE})["status"], "scheduled")
    equal(done("unschedule_story", {"id": made["id"]})["status"], "draft")
    equal(done("publish_story", {"id": made["id"]})["status"], "publishing")
    media = done("upload_media", UPLOAD)
    equal((media["name"], media["bytes"], media["content_type"]), ("dot.png", len(PNG), "image/png"))
    kind, form = multipart({"projectId": AURORA}, {"file": ("dot.png", "image/png", PNG)})
    same = remit.call("POST", "/api/v1/media", tokens["*"], form, {"Content-Type": kind}).json()
    equal(same["public_url"], media["public_url"], "the same bytes are kept once")
    large = done("upload_media", {**UPLOAD, "data": base64.b64encode(PNG + bytes(2_500_000)).decode()})
    equal(large["bytes"], len(PNG) + 2_500_000)
    hook = done("create_webhook", HOOK)
    assert hook["secret"], hook
    equal(done("update_webhook", {"id": hook["id"], "description": "D"})["description"], "D")
    equal(done("test_webhook", {"id": hook["id"]})["webhook_id"], hook["id"])
    equal(len(done("list_webhook_deliveries", {"id": hook["id"]})["data"]), 1)
    equal(done("delete_webhook", {"id": hook["id"]}), {})
    equal(tool("delete_webhook", {"id": hook["id"]}).json()["result"]["content"][0]["text"], "Webhook not found")
    page = done("list_stories", {"limit": 1, "project_id": AURORA})
    equal((len(page["data"]), len(done("list_stories", {"limit": 1, "cursor": page["next_cursor"]})["data"])), (1, 1))


@case
def bad_arguments_are_a_result():
    """S02 S04 what is wrong is told by name, and nothing runs"""
    count = lambda: len(done("list_stories", {"limit": 100})["data"])
    before = count()
    for name, arguments, wanted in (
            ("get_story", {}, "id is missing"), ("get_story", {"id": 7}, "id must be a string"),
            ("get_story", {"id": NOBODY, "x": 1}, "x is not known"), ("get_story", {"id": "../../etc"}, "Story not found"),
            ("list_stories", {"limit": "5"}, "limit must be a whole number"),
            ("list_stories", {"limit": 101}, "limit must be a whole number from 1 to 100"),
            ("list_stories", {"limit": -1}, "limit must be a whole number from 1 to 100"),
            ("create_story", story(channels="x"), "channels must be a list"),
            ("create_story", story(status="published"), "status is not known"),
            ("create_story", story(title="x" * 301), "title must have at most 300 characters"),
            ("create_stories", {"stories": [story(), 5]}, "stories[1] must be an object"),
            ("create_stories", {"stories": []}, "stories must have at least 1 items"),
            ("upload_media", {**UPLOAD, "data": "%"}, "data must be base64"),
            ("upload_media", {**UPLOAD, "data": ""}, "data"),
            ("upload_media", {**UPLOAD, "data": base64.b64encode(b"MZ, an exe").decode()},
             "data must be a JPEG, PNG, WebP, GIF or MP4"),
            ("register_media", {"url": "file:///etc/passwd"}, "url"), ("register_media", UPLOAD, "url is missing"),
            ("create_webhook", {**HOOK, "events": ["x"]}, "events[0] must be one of: story.scheduled")):
        answer = tool(name, arguments)
        result = answer.json().get("result", {})
        equal((answer.status, result.get("isError"), "structuredContent" in result), (200, True, False), (name, answer))
        assert wanted in result["content"][0]["text"], (name, answer)
    equal(count(), before)
    twice = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_story","arguments":{"id":"a","id":"b"}}}'
    answer = remit.call("POST", "/api/mcp", tokens["*"], twice, {"Content-Type": "application/json"})
    equal((answer.status, answer.json()["result"]["isError"]), (200, True), answer)
    large = {**UPLOAD, "data": "A" * (5 * 1024 * 1024)}
    equal(tool("upload_media", large).status, 413)


@case
def what_each_era_is_answered():
    """M01 M04 L02 versions, methods and keys of both eras on the one endpoint"""
    found = rpc("server/discover").json()["result"]
    equal((found["supportedVersions"], found["resultType"], found["cacheScope"], found["ttlMs"] >= 0),
          ([NOW], "complete", "private", True))
    equal(found["_meta"][META + "serverInfo"]["name"], "publishing")
    for wanted, given in (("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")):
        answer = rpc("initialize", {"protocolVersion": wanted, "capabilities": {}}, modern=False)
        equal((answer.json()["result"]["protocolVersion"], answer.headers["Mcp-Session-Id"]), (given, None))
    equal(rpc("ping", modern=False).json()["result"], {})
    equal(rpc("notifications/initialized", modern=False, message_id=None).status, 202)
    for method, modern, status in (("ping", True, 404), ("initialize", True, 404), ("resources/list", True, 404),
                                   ("logging/setLevel", True, 404), ("nothing/known", True, 404),
                                   ("resources/list", False, 200), ("prompts/list", False, 200)):
        answer = rpc(method, modern=modern)
        equal((answer.status, answer.json()["error"]["code"]), (status, -32601), (method, answer))
    for meta in ({META + "protocolVersion": NOW}, {META + "protocolVersion": NOW, META + "clientCapabilities": 1}):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
        answer = remit.call("POST", "/api/mcp", tokens["*"], body, {"MCP-Protocol-Version": NOW, "Mcp-Method": "tools/list"})
        equal((answer.status, answer.json()["error"]["code"]), (400, -32602), answer)
    answer = rpc("tools/list", modern=False, headers={"MCP-Protocol-Version": NOW})
    equal((answer.status, answer.json()["error"]["code"]), (400, -32602), answer)
    answer = rpc("tools/list", modern=False, headers={"MCP-Protocol-Version": "2031-01-01"})
    equal((answer.status, answer.json()["error"]["code"]), (400, -32022), answer)
    equal(rpc("tools/list", {"cursor": "x"}).json()["error"]["code"], -32602)
    equal(tool("no_such_tool").json()["error"]["code"], -32602)
    for method in ("GET", "DELETE", "PUT"):
        equal(remit.call(method, "/api/mcp", tokens["*"]).status, 405, method)
    equal(remit.call("GET", "/api/mcp", tokens["*"], headers={"Mcp-Session-Id": "made-up"}).status, 404)


def bulk(count, meta, accept="application/json, text/event-stream", modern=True):
    """create_stories, and the messages that come: those of a stream, or the one answer."""
    params = {"name": "create_stories", "arguments": {"stories": [story()] * count}, "_meta": dict(meta)}
    headers = {"Accept": accept}
    if modern:
        params["_meta"].update({META + "protocolVersion": NOW, META + "clientCapabilities": {}})
        headers.update({"MCP-Protocol-Version": NOW, "Mcp-Method": "tools/call", "Mcp-Name": "create_stories"})
    answer = remit.call("POST", "/api/mcp", tokens["*"], {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params},
                        headers)
    if answer.headers["Content-Type"] == "application/json":
        return None, [answer.json()]
    equal((answer.status, answer.headers["Content-Type"], answer.headers["X-Accel-Buffering"]),
          (200, "text/event-stream", "no"))
    return True, [json.loads(line[6:]) for line in answer.body.decode().split("\n") if line.startswith("data: ")]


@case
def progress_is_told_to_who_asks_for_it():
    """a stream of notes that grow, and the answer last, in both eras; without a token for them one JSON answer"""
    for modern, token in ((True, 'a"b'), (False, 5)):
        streamed, messages = bulk(40, {"progressToken": token}, modern=modern)
        notes = [one["params"] for one in messages[:-1]]
        equal((streamed, messages[-1]["id"], len(messages[-1]["result"]["structuredContent"]["results"])), (True, 7, 40))
        equal({(one["method"]) for one in messages[:-1]}, {"notifications/progress"})
        equal({(one["progressToken"], one["total"]) for one in notes}, {(token, 40)})
        done_at = [one["progress"] for one in notes]
        equal((done_at, done_at[-1]), (sorted(set(done_at)), 40))
    for meta, accept in (({}, "application/json, text/event-stream"), ({"progressToken": 1}, "application/json"),
                         ({"progressToken": {}}, "text/event-stream"), ({"progressToken": None}, "text/event-stream")):
        streamed, messages = bulk(2, meta, accept)
        equal((streamed, len(messages[0]["result"]["structuredContent"]["results"])), (None, 2), (meta, accept))


@case
def without_a_good_token_nothing_is_told():
    for token in ("nobody's", "sl_pat_x"):
        answer = remit.call("POST", "/api/mcp", token, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        equal((answer.status, answer.json()["error"]["code"]), (401, -31401), answer)
    answer = rpc("tools/call", {"name": "publish_story", "arguments": {}}, label=None)
    equal(answer.status, 401)
    assert 'scope="stories:publish"' in answer.headers["WWW-Authenticate"], answer.headers["WWW-Authenticate"]
    equal(remit.call("GET", "/.well-known/oauth-protected-resource/api/mcp").json()["resource"], remit.url + "/api/mcp")


@case
def a_client_is_told_what_to_ask_for():
    """P09 exactly what is needed; and beside what it has, to a client that replaces one by the other"""
    for modern, scope in ((True, "stories:publish"), (False, "stories:read stories:publish")):
        answer = tool("publish_story", {"id": NOBODY}, "only stories:read", modern)
        assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["WWW-Authenticate"], answer.headers


@case
def what_ran_is_on_record():
    tool("publish_story", {"id": NOBODY}, "only stories:read")
    tail = remit.run("audit", "tail", "--last", "20").stdout
    assert re.search(r"403 scope_missing +tool publish_story ", tail), tail


@case
def a_client_of_each_sdk_lists_calls_and_is_refused():
    mcp_npm.install()
    label, url = "preset read-only in Aurora", remit.url + "/api/mcp"
    wanted = [n for n in NAMES if set(next(s for t, s, *_ in TOOLS if t == n).split()) <= held("preset read-only")]
    for script in (["sdk1.mjs"], *(["sdk2.mjs", era] for era in ("legacy", "auto", NOW))):
        got = json.loads(mcp_npm.run(*script, url, tokens[label], "list_projects", '{"limit":1}'))
        equal((got.get("tools"), "Aurora" in got.get("text", "")), (wanted, True), (script, got))
        got = json.loads(mcp_npm.run(*script, url, tokens[label], "publish_story", json.dumps({"id": NOBODY})))
        assert "error" in got and ("stories:publish" in json.dumps(got) or "nsufficient" in json.dumps(got)), (script, got)


@case
def no_sanitizer_has_complained():
    status = remit.stop()
    assert status == 0 and "Sanitizer" not in remit.log, remit.log[-3000:]


run()
