#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gate in front of an MCP server: what is judged by which rule, in both eras, and what nobody gets round."""
import base64
import http.client
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
from harness import Remit  # noqa: E402
from mcp_server import McpServer  # noqa: E402
from tap import case, equal, run  # noqa: E402

PROFILE = """
profile: mine
title: My MCP
scopes: { "s:read": Read., "s:write": Write., "s:publish": Publish. }
tokens: { prefix: my }
rest:
  base: /api
  rules:
    - { on: "GET /**", need: token }
    - { on: "POST /**", need: token }
mcp:
  endpoint: /mcp
  tools:
    echo: s:read
    write: { need: s:write, when: [ { present: arg./at, need: s:publish } ], project: arg./projectId }
    entries: { select: action, values: { list: s:read, create: s:write } }
  resources: { "note://{id}": s:read }
  prompts: { draft: s:write }
"""
NOW = "2026-07-28"
META = "io.modelcontextprotocol/"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

remit = None
server = McpServer()
tokens = {}


def start():
    global remit
    remit = Remit(config=["limits: { mcp_body: 20kB, upstream_body_timeout: 500ms }", "workers: 1"],
                  apis=[f"  mine: {{ profile: ./mine.yaml, host: 127.0.0.1, upstream: \"{server.url}\", "
                        "origins: [\"https://page.example\"] }",
                        *(f"  {name}: {{ profile: ./{name}.yaml, upstream: \"{server.url}\", host: {name}.example }}"
                          for name in ("askable", "all"))], migrate=False)
    for name in ("mine", "askable", "all"):
        with open(os.path.join(remit.folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE.replace("profile: mine", f"profile: {name}").replace("prefix: my", f"prefix: {name[:2]}")
                       + (f"visibility: {{ pat: {name} }}\n" if name != "mine" else ""))
    remit.cli("store", "migrate")
    remit.cli("user", "add", "ann@example.com")
    for name, scopes in (("reader", ["s:read"]), ("writer", ["s:read", "s:write"]), ("none", [])):
        flags = [part for scope in scopes for part in ("--scope", scope)] or ["--no-scopes"]
        tokens[name] = remit.token("ann@example.com", name, *flags, api="mine")["token"]
    remit.serve()


def legacy(method, params=None, token="reader", headers=None, message_id=1, path="/mcp"):
    """A request of an older version: nothing but the body."""
    body = {"jsonrpc": "2.0", "method": method}
    if message_id is not None:
        body["id"] = message_id
    if params is not None:
        body["params"] = params
    return remit.call("POST", path, tokens.get(token, token), body, headers)


def modern(method, params=None, token="reader", headers=None, **more):
    """A request of 2026-07-28; `headers` replace those that mirror it, None takes one out."""
    params = {**(params or {}), "_meta": {META + "protocolVersion": NOW, META + "clientCapabilities": {}}}
    fields = {"MCP-Protocol-Version": NOW, "Mcp-Method": method, "Accept": "application/json, text/event-stream"}
    if method in NAMED:
        fields["Mcp-Name"] = params[NAMED[method]]
    fields.update(headers or {})
    return legacy(method, params, token, {k: v for k, v in fields.items() if v is not None}, **more)


def error(answer, status, code):
    equal((answer.status, answer.json()["error"]["code"]), (status, code))
    equal(answer.json()["jsonrpc"], "2.0")
    return answer.json()["error"]


@case
def one_tool_one_token_end_to_end():
    for call in (legacy, modern):
        answer = call("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
        equal(answer.status, 200)
        equal(json.loads(answer.json()["result"]["content"][0]["text"])["arguments"], {"text": "hi"})
    head = server.heads[-1].lower()
    assert b"authorization" not in head and b"remit-scopes: s:read" in head, head



@case
def lists_hold_what_the_token_covers_and_say_private():
    """M08, M11, M12: every list, every page, JSON and streams, both eras; the values of an argument too"""
    wanted = {
        "reader": {"tools/list": ["echo", "entries"], "resources/list": ["note://1"],
                   "resources/templates/list": ["note://{id}"], "prompts/list": []},
        "writer": {"tools/list": ["echo", "write", "entries"], "resources/list": ["note://1"],
                   "resources/templates/list": ["note://{id}"], "prompts/list": ["draft"]},
        "none": {"tools/list": [], "resources/list": [], "resources/templates/list": [], "prompts/list": []},
    }
    for events in (False, True):
        server.events = events
        for who, lists in wanted.items():
            for method, names in lists.items():
                for call in (legacy, modern):
                    got = []
                    for cursor in (None, "2"):
                        answer = call(method, {"cursor": cursor} if cursor else {}, who)
                        equal(answer.status, 200)
                        text = answer.body.split(b"data: ")[1] if events else answer.body
                        result = json.loads(text)["result"]
                        equal(result["cacheScope"], "private")
                        got += [item.get("uri") or item.get("uriTemplate") or item["name"]
                                for key in result if isinstance(result[key], list) for item in result[key]]
                        for item in result.get("tools", []):
                            if item["name"] == "entries":
                                equal(item["inputSchema"]["properties"]["action"]["enum"],
                                      ["list", "create"] if who == "writer" else ["list"])
                    equal(got, names, (who, method, events))
    server.events = False


@case
def a_list_may_hold_what_could_be_asked_for():
    for name in ("askable", "all"):
        token = remit.token("ann@example.com", name, "--no-scopes", api=name)["token"]
        result = modern("tools/list", token=token, headers={"Host": f"{name}.example"}).json()["result"]
        equal([tool["name"] for tool in result["tools"]], ["echo", "write"])
        error(modern("tools/call", {"name": "write"}, token, {"Host": f"{name}.example"}), 403, -31403)
        error(modern("tools/call", {"name": "hidden"}, token, {"Host": f"{name}.example"}), 200, -32602)


@case
def a_list_that_cannot_be_read_is_not_passed_on():
    """M14: a coding, or no JSON"""
    for fields in (b"Content-Encoding: gzip\r\n", b"Content-Encoding: identity, br\r\n"):
        server.list_fields = fields
        error(modern("tools/list"), 502, -31502)
    server.list_fields = b""
    equal(b"accept-encoding" in server.heads[-1].lower(), False)


@case
def a_scope_that_lacks_is_403_with_the_challenge_of_the_era():
    before = len(server.calls)
    for call, scope in ((modern, "s:write"), (legacy, "s:read s:write")):
        answer = call("tools/call", {"name": "write"})
        got = error(answer, 403, -31403)
        equal(got["message"], "Token missing scope(s): s:write")
        equal(got["data"], {"code": "insufficient_scope", "missing": ["s:write"]})
        equal(answer.json()["id"], 1)
        challenge = answer.headers["WWW-Authenticate"]
        assert f'error="insufficient_scope", scope="{scope}"' in challenge, challenge
        assert f'resource_metadata="{remit.url}/.well-known/oauth-protected-resource/mcp"' in challenge, challenge
    got = error(modern("tools/call", {"name": "write", "arguments": {"at": None}}, "none"), 403, -31403)
    equal(got["data"]["missing"], ["s:write", "s:publish"])
    error(modern("tools/call", {"name": "entries", "arguments": {"action": "create"}}), 403, -31403)
    error(modern("prompts/get", {"name": "draft"}), 403, -31403)
    error(modern("resources/read", {"uri": "note://1"}, "none"), 403, -31403)
    equal(len(server.calls), before)


@case
def without_a_token_it_is_401_with_what_the_head_tells():
    answer = modern("tools/call", {"name": "write"}, token=None)
    error(answer, 401, -31401)
    equal((answer.json()["id"], answer.json()["error"]["data"]), (None, {"code": "unauthorized"}))
    assert 'scope="s:write"' in answer.headers["WWW-Authenticate"], answer.headers["WWW-Authenticate"]
    assert "/.well-known/oauth-protected-resource/mcp" in answer.headers["WWW-Authenticate"]
    answer = legacy("tools/list", token="my_pat_nonsense")
    equal(error(answer, 401, -31401)["data"]["code"], "invalid_token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    metadata = remit.call("GET", "/.well-known/oauth-protected-resource/mcp").json()
    equal(metadata["resource"], remit.url + "/mcp")


@case
def what_no_rule_maps_is_unknown():
    """M12: a tool that is new upstream neither shows nor runs"""
    before = len(server.calls)
    for method, params in (("tools/call", {"name": "hidden"}), ("tools/call", {"name": "Echo"}),
                           ("tools/call", {"name": "entries", "arguments": {"action": "drop"}}),
                           ("tools/call", {"name": "entries", "arguments": {}}), ("prompts/get", {"name": "unheard"}),
                           ("resources/read", {"uri": "secret://1"}), ("resources/read", {"uri": "note://1/../2"})):
        for call in (legacy, modern):
            error(call(method, params, "writer"), 200, -32602)
    got = error(legacy("tools/call", {"name": "entries", "arguments": {"action": "x"}}), 200, -32602)
    assert "list, create" in got["message"], got
    error(legacy("tasks/list"), 403, -31403)
    error(modern("tasks/list"), 404, -32601)
    error(legacy("tools/call", {"name": "echo"}, message_id=None), 403, -31403)
    equal(len(server.calls), before)


@case
def nothing_is_reached_by_another_method():
    """M11: subscriptions, completion, each resource that is listened to"""
    before = len(server.messages)
    for method in ("resources/subscribe", "resources/unsubscribe", "resources/read"):
        error(legacy(method, {"uri": "note://1"}, "none"), 403, -31403)
        error(legacy(method, {"uri": "secret://1"}), 200, -32602)
    for ref, code in (({"type": "ref/prompt", "name": "draft"}, 403), ({"type": "ref/prompt", "name": "x"}, 200),
                      ({"type": "ref/resource", "uri": "other://{id}"}, 200), ({"type": "x"}, 400), ({}, 400)):
        equal(legacy("completion/complete", {"ref": ref}).status, code)
    for uris, code in ((["secret://1"], 200), (["note://1", "secret://1"], 200), ("note://1", 400), ([7], 400)):
        equal(modern("subscriptions/listen", {"notifications": {"resourceSubscriptions": uris}}).status, code)
    equal(modern("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["note://1"]}}, "none").status, 403)
    equal(len(server.messages), before)
    equal(legacy("completion/complete", {"ref": {"type": "ref/resource", "uri": "note://{id}"}}).status, 200)
    equal(modern("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["note://1"]}}).status, 200)


@case
def fields_and_body_agree_or_nothing_runs():
    """M01, M07"""
    before = len(server.messages)
    call = {"name": "echo", "arguments": {"text": "hi", "n": 42, "deep": {"yes": True}}}
    bad = [{"Mcp-Name": "write"}, {"Mcp-Name": None}, {"Mcp-Name": "Echo"}, {"Mcp-Method": "tools/list"},
           {"Mcp-Method": None}, {"Mcp-Method": "TOOLS/CALL"}, {"MCP-Protocol-Version": "2025-11-25"},
           {"MCP-Protocol-Version": None}, {"Mcp-Name": "=?base64?ZWNobw?="}, {"Mcp-Name": "=?base64?ZWNobx==?="},
           {"Mcp-Name": "=?base64?/w==?="}, {"Mcp-Name": "=?BASE64?ZWNobw==?="}, {"Mcp-Param-Text": "ho"},
           {"Mcp-Param-N": "43"}, {"Mcp-Param-Text": "=?base64?!?="}, {"Mcp-Param-Yes": "false"}]
    for fields in bad:
        error(modern("tools/call", call, headers=fields), 400, -32020)
    error(legacy("tools/call", call, headers={"Mcp-Name": "write"}), 400, -32020)
    error(modern("resources/read", {"uri": "note://1"}, headers={"Mcp-Name": "note://2"}), 400, -32020)
    equal(remit.call("POST", "/mcp", tokens["reader"], b"{}", {
        "Content-Type": "application/json", "Mcp-Param-X": "y" * 20000}).status, 431)
    equal(len(server.messages), before)
    for fields in ({"Mcp-Name": "=?base64?ZWNobw==?="}, {"Mcp-Param-Text": "hi", "Mcp-Param-N": "42.0"},
                   {"Mcp-Param-Yes": "true", "Mcp-Name": " echo "}):
        equal(modern("tools/call", call, headers=fields).status, 200)


@case
def an_alias_of_a_judged_field_does_not_arrive():
    """H01: Mcp_Name, and an identity of the caller's own"""
    modern("tools/call", {"name": "echo"}, headers={"Mcp_Name": "write", "Mcp.Method": "x", "Remit_User": "root"})
    head = server.heads[-1].lower()
    assert b"mcp_name" not in head and b"mcp.method" not in head and b"root" not in head, head


def raw_post(body, headers=None):
    return remit.call("POST", "/mcp", tokens["writer"], body if isinstance(body, bytes) else body.encode(),
                      {"Content-Type": "application/json", **(headers or {})})


@case
def a_body_that_has_two_readings_is_refused():
    """M02, M03, M04, M15"""
    before = len(server.messages)
    call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}'
    invalid = [
        call.replace("method", "Method") + "}", call.replace("params", "PARAMS") + "}",
        call + ',"method":"tools/list"}', call + ',"m\\u0065thod":"x"}', call + ',"Params":{"name":"write"}}',
        call.replace('"name":"echo"', '"name":"echo","name":"write"') + "}",
        call.replace('"name":"echo"', '"name":"echo","Name":"write"') + "}",
        call.replace('"name":"echo"', '"name":"echo","n\\u0061me":"write"') + "}",
        call.replace('"name":"echo"', '"name":"entries","arguments":{"action":"list","Action":"drop"}') + "}",
        call.replace('"name":"echo"', '"name":"entries","arguments":{"action":"list","action":"create"}') + "}",
        "[" + call + "}]", "[]", "[" + call + "}," + call.replace("echo", "hidden") + "}]", '"x"',
        call.replace('"2.0"', '"1.0"') + "}", call.replace('"id":1', '"id":null') + "}",
        call.replace('"id":1', '"id":{}') + "}", call + ',"result":1}', '{"jsonrpc":"2.0","id":1}',
        '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}',
    ]
    for body in invalid:
        error(raw_post(body), 400, -32600)
    unreadable = [call, call + "}}", "", "\ufeff" + call + "}", call + ',"x":"\\ud800"}', call + ',"x":1' + "0" * 70 + "}",
                  call + ',"x":' + "[" * 40 + "]" * 40 + "}", call + ',"x":NaN}', call + ",}", call + "}".replace("}", "'}")]
    for body in unreadable:
        if body:
            error(raw_post(body), 400, -32700)
    error(raw_post(call.encode() + b',"x":"\xff"}'), 400, -32700)
    equal(raw_post("").status, 400)
    got = raw_post('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"write","arguments":{"AT":1}}}')
    equal(error(got, 400, -31400)["data"]["code"], "bad_request")
    for body, status in ((call.replace('"echo"', "7") + "}", 400), (call.replace('"echo"', "null") + "}", 400),
                         (call.replace('{"name":"echo"}', '{"name":"echo","arguments":[]}') + "}", 400)):
        error(raw_post(body), status, -32602)
    equal(len(server.messages), before)


@case
def only_plain_json_of_a_fair_size_is_read():
    """M13, L03, H08"""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    equal(raw_post(body, {"Content-Type": "text/plain"}).status, 415)
    equal(raw_post(body, {"Content-Type": "application/json; charset=utf-16"}).status, 415)
    equal(raw_post(body, {"Content-Encoding": "gzip"}).status, 415)
    equal(raw_post(body + " " * (20000 - len(body))).status, 200)
    error(raw_post(body + " " * (20001 - len(body))), 413, -31413)
    connection = http.client.HTTPConnection("127.0.0.1", remit.port)
    connection.putrequest("POST", "/mcp")
    for text in (tokens["reader"], tokens["writer"]):
        connection.putheader("Authorization", f"Bearer {text}")
    connection.endheaders()
    equal(connection.getresponse().status, 400)


@case
def an_unknown_version_is_told_what_is_known():
    for version in ("v999", "2099-01-01", ""):
        got = error(legacy("ping", headers={"MCP-Protocol-Version": version}), 400, -32022)
        equal((got["data"]["requested"], NOW in got["data"]["supported"]), (version, True))
    meta = {"_meta": {META + "protocolVersion": "v999"}}
    error(legacy("ping", meta, headers={"MCP-Protocol-Version": "v999", "Mcp-Method": "ping"}), 400, -32022)
    error(legacy("ping", meta), 400, -32020)
    meta = {"_meta": {META + "protocolVersion": "2025-11-25"}}
    error(legacy("ping", meta, headers={"MCP-Protocol-Version": "2025-11-25", "Mcp-Method": "ping"}), 400, -32022)
    equal(legacy("ping", headers={"MCP-Protocol-Version": "2025-06-18"}).status, 200)


def client_token(client, scope):
    form = (f"grant_type=client_credentials&client_id={client['client_id']}&client_secret={client['client_secret']}"
            f"&scope={scope.replace(' ', '+')}")
    return remit.call("POST", "/oauth/token", body=form, headers={
        "Content-Type": "application/x-www-form-urlencoded"}).json()["access_token"]


@case
def a_session_goes_on_with_another_token_of_the_same_client():
    """M10: and with no other client's, nor with one that is bound to a project"""
    made = [remit.cli("client", "add", name, "--api", "mine", "--scope", "s:read", "--scope", "s:write", "--owner", "ann@example.com")
            for name in ("one", "two")]
    first, stepped, other = (client_token(made[0], "s:read"), client_token(made[0], "s:read s:write"), client_token(made[1], "s:read"))
    shown = legacy("initialize", {"protocolVersion": "2025-11-25"}, first).headers["Mcp-Session-Id"]
    for token in (first, stepped):
        equal(legacy("ping", token=token, headers={"Mcp-Session-Id": shown}).status, 200)
    for token in (other, "reader"):
        error(legacy("ping", token=token, headers={"Mcp-Session-Id": shown}), 404, -31404)
    # What is asked for: all that an older client shall have, and to a newer one what the call needs.
    refused = legacy("tools/call", {"name": "write", "arguments": {}}, first)
    error(refused, 403, -31403)
    assert 'scope="s:read s:write"' in refused.headers["WWW-Authenticate"], refused.headers["WWW-Authenticate"]
    refused = modern("tools/call", {"name": "write", "arguments": {}}, first)
    assert 'scope="s:write"' in refused.headers["WWW-Authenticate"]
    equal(modern("tools/call", {"name": "write", "arguments": {}}, stepped).status, 200)


@case
def a_session_belongs_to_who_opened_it():
    """M05, M10: what the client sees is proven, and worth nothing to another"""
    opened = legacy("initialize", {"protocolVersion": "2025-11-25"})
    shown = opened.headers["Mcp-Session-Id"]
    assert shown.startswith("s-1.x.") and len(shown) == len("s-1.x.") + 22, shown
    equal(legacy("ping", headers={"Mcp-Session-Id": shown}).status, 200)
    assert b"\r\nmcp-session-id: s-1.x\r\n" in server.heads[-1].lower(), server.heads[-1]
    answer = {"jsonrpc": "2.0", "id": 9, "result": {}}
    equal(remit.call("POST", "/mcp", tokens["reader"], answer, {"Mcp-Session-Id": shown}).status, 202)
    before = len(server.heads)
    for session in ("s-1.x", shown[:-1], shown[:-1] + ("A" if shown[-1] != "A" else "Q"), "s-2.x" + shown[5:], "", "."):
        error(legacy("ping", headers={"Mcp-Session-Id": session}), 404, -31404)
    for method in ("GET", "DELETE"):
        equal(remit.call(method, "/mcp", tokens["writer"], headers={"Mcp-Session-Id": shown}).status, 404)
        equal(remit.call(method, "/mcp", tokens["writer"]).status, 405)
    error(legacy("ping", token="writer", headers={"Mcp-Session-Id": shown}), 404, -31404)
    error(remit.call("POST", "/mcp", tokens["writer"], answer, {"Mcp-Session-Id": shown}), 404, -31404)
    error(remit.call("POST", "/mcp", tokens["reader"], answer), 403, -31403)
    equal(len(server.heads), before)
    equal(legacy("initialize", {}, headers={"Mcp-Session-Id": shown}).headers["Mcp-Session-Id"], shown)
    equal("Mcp-Session-Id" in modern("initialize", {}).headers, False)
    equal(modern("ping", headers={"Mcp-Session-Id": shown}).status, 200)
    assert b"mcp-session-id" not in server.heads[-1].lower()
    equal(remit.call("DELETE", "/mcp", tokens["reader"], headers={"Mcp-Session-Id": shown}).status, 200)
    equal(remit.call("PUT", "/mcp", tokens["reader"], {}).status, 405)


@case
def a_project_in_an_argument_is_held_to_the_tokens():
    """M09"""
    project = remit.cli("project", "add", "One", "--api", "mine", "--owner", "ann@example.com")["id"]
    other = remit.cli("project", "add", "Two", "--api", "mine", "--owner", "ann@example.com")["id"]
    bound = remit.token("ann@example.com", "bound", "--scope", "s:write", "--scope", "s:read", "--project", project,
                        api="mine")["token"]
    equal(modern("tools/call", {"name": "write", "arguments": {"projectId": project}}, bound).status, 200)
    for arguments, code in (({"projectId": other}, "project_forbidden"), ({}, "project_unresolved"),
                            ({"projectId": [project]}, "project_forbidden")):
        got = error(modern("tools/call", {"name": "write", "arguments": arguments}, bound), 403, -31403)
        equal(got["data"]["code"], code)
    got = error(modern("tools/call", {"name": "echo", "arguments": {"projectId": project}}, bound), 403, -31403)
    equal(got["data"]["code"], "project_unresolved")


@case
def pages_of_strangers_do_not_get_in():
    """M06: Origin and Host; a browser's question is answered here"""
    equal(legacy("ping", headers={"Origin": "https://evil.example"}).status, 403)
    equal(legacy("ping", headers={"Origin": "null"}).status, 403)
    equal(legacy("ping", headers={"Host": "evil.example"}).status, 400)
    answer = legacy("ping", headers={"Origin": "https://page.example"})
    equal((answer.status, answer.headers["Access-Control-Allow-Origin"]), (200, "https://page.example"))
    assert "Mcp-Session-Id" in answer.headers["Access-Control-Expose-Headers"]
    before = len(server.heads)
    answer = remit.call("OPTIONS", "/mcp", headers={
        "Origin": "https://page.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,mcp-name,mcp-param-x,x-evil"})
    equal((answer.status, answer.headers["Access-Control-Allow-Headers"]), (204, "authorization, mcp-name, mcp-param-x"))
    equal(len(server.heads), before)


@case
def a_path_that_only_looks_like_the_endpoint_is_nothing():
    for path in ("/mcp/", "/MCP", "/mcp/x", "/mcpx"):
        equal(remit.call("POST", path, tokens["reader"], {"jsonrpc": "2.0", "id": 1, "method": "ping"}).status, 404)


def open_stream(text, method="GET", headers=None, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", remit.port, timeout=10)
    connection.request(method, "/mcp", body, {"Authorization": f"Bearer {text}", **(headers or {})})
    answer = connection.getresponse()
    equal((answer.status, answer.headers["Content-Type"]), (200, "text/event-stream"))
    return connection, answer


def session_of(text):
    return {"Mcp-Session-Id": legacy("initialize", {}, text).headers["Mcp-Session-Id"]}


@case
def a_stream_passes_and_either_side_may_leave():
    """what is played again on it is filtered too (M11)"""
    fields = session_of(tokens["reader"])
    connection, answer = open_stream(tokens["reader"], headers=fields)
    server.wait_open(1)
    time.sleep(1.2)  # longer than upstream_body_timeout: a stream may be silent
    server.say(b"event: message\nid: 1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\n")
    equal(answer.read(8), b"event: m")
    server.say(b'data: {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"hidden"},{"name":"echo"}]}}\n\n')
    text = b""
    while b"echo" not in text:
        text += answer.read1(1000)
    equal(b"hidden" in text, False)
    server.closed.clear()
    answer.close()
    connection.close()
    equal(server.closed.wait(10), True)
    connection, answer = open_stream(tokens["reader"], headers=fields)
    server.wait_open(1)
    for one in list(server.open):
        one.sendall(b"0\r\n\r\n")
    equal(answer.read(), b"")


@case
def a_stream_ends_with_its_token():
    """T03: revoked, shrunk, expired, its owner disabled: within a second"""
    def made(name, *flags):
        return remit.token("ann@example.com", name, "--scope", "s:read", *flags, api="mine")

    def listening(text):
        params = {"notifications": {"resourceSubscriptions": ["note://1"]}, "_meta": {META + "protocolVersion": NOW}}
        return open_stream(text, "POST", {
            "Content-Type": "application/json", "MCP-Protocol-Version": NOW, "Mcp-Method": "subscriptions/listen",
            "X-Stream": "1"},
            json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}))

    def ended(answer, act):
        started = time.monotonic()
        act()
        done = time.monotonic()
        try:
            answer.read()
        except http.client.IncompleteRead:
            pass
        assert time.monotonic() - done < 1.0 + (done - started), time.monotonic() - done

    for number, act in enumerate((lambda one: remit.cli("token", "revoke", one["id"]),
                                  lambda one: remit.cli("token", "shrink", one["id"], "--remove", "s:read"))):
        one = made(f"short {number}")
        _, answer = listening(one["token"])
        ended(answer, lambda act=act, one=one: act(one))
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    one = made("expires", "--expires", expires)
    _, answer = listening(one["token"])
    try:
        answer.read()
    except http.client.IncompleteRead:
        pass
    equal(legacy("ping", token=one["token"]).status, 401)
    one = made("owner")
    _, answer = listening(one["token"])
    ended(answer, lambda: remit.cli("user", "disable", "ann@example.com"))
    remit.cli("user", "enable", "ann@example.com")
    server.wait_open(0)


@case
def an_upstream_that_breaks_off_is_told_as_such():
    """L04"""
    fields = session_of(tokens["reader"])
    _, answer = open_stream(tokens["reader"], headers=fields)
    server.wait_open(1)
    for one in list(server.open):
        one.shutdown(2)
    try:
        answer.read()
        raise AssertionError("the answer looked whole")
    except http.client.IncompleteRead:
        pass


@case
def what_was_judged_is_in_the_audit_log_by_name():
    deadline = time.monotonic() + 10
    while True:
        names = {line.get("operation") for line in remit.cli("audit", "tail", "--last", "1000")["records"]}
        if {"tool echo", "tool entries create", "mcp tools/list", "mcp initialize", "resource note://{id}"} <= names:
            break
        assert time.monotonic() < deadline, names
        time.sleep(0.1)


@case
def it_stops_while_streams_are_open():
    fields = session_of(tokens["reader"])
    open_stream(tokens["reader"], headers=fields)
    metrics = remit.call("GET", "/metrics").body.decode()
    assert "remit_mcp_streams_open 1" in metrics and "remit_mcp_streams_ended_total" in metrics
    status = remit.stop()
    equal((status, "Sanitizer" in remit.log), (0, False), remit.log[-2000:])


start()
run()
