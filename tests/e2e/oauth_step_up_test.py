#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent with one scope is refused, asks for what the challenge names, is granted it, and goes on: on REST, and on MCP
in both eras; then the person takes it all back. What a page would do for the person, a small program does."""
import json
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests"))
sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests/e2e"))
from harness import Remit  # noqa: E402
from tap import case, equal, run  # noqa: E402

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "http://127.0.0.1:33418/callback"
NOW = "2026-07-28"
STORY = "0199b2f0-5c1e-7abc-8def-0123456789ab"
PUBLISH = f"/api/v1/stories/{STORY}/publish"

remit = Remit()
remit.cli("user", "add", "ann@example.com")
remit.cli("project", "add", "Brand", "--owner", "ann@example.com")
remit.serve()


def form(path, **fields):
    return remit.call("POST", path, body=urllib.parse.urlencode(fields), headers={
        "Content-Type": "application/x-www-form-urlencoded"})


def register(name):
    return remit.call("POST", "/oauth/register", body={
        "client_name": name, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}).json()["client_id"]


def consent(client, scope, resource="/api/mcp"):
    """The person approves all; the token answer."""
    query = urllib.parse.urlencode({
        "response_type": "code", "client_id": client, "redirect_uri": CALLBACK, "code_challenge": CHALLENGE,
        "code_challenge_method": "S256", "state": "s", "scope": scope, "resource": remit.url + resource})
    done = subprocess.run([os.environ["REMIT_APPROVER"], remit.config, "ann@example.com", "ask", query], cwd=remit.folder,
                          capture_output=True, text=True, timeout=60, check=True)
    back = urllib.parse.parse_qs(urllib.parse.urlsplit(done.stdout.strip()).query)
    equal((back["state"], back["iss"]), (["s"], [remit.url]))
    answer = form("/oauth/token", grant_type="authorization_code", client_id=client, code=back["code"][0], code_verifier=VERIFIER,
                  redirect_uri=CALLBACK, resource=remit.url + resource)
    equal(answer.status, 200)
    return answer.json()


def tool(token, name, arguments, modern=False):
    params = {"name": name, "arguments": arguments}
    headers = {"Accept": "application/json, text/event-stream"}
    if modern:
        params["_meta"] = {"io.modelcontextprotocol/protocolVersion": NOW, "io.modelcontextprotocol/clientCapabilities": {}}
        headers.update({"MCP-Protocol-Version": NOW, "Mcp-Method": "tools/call", "Mcp-Name": name})
    return remit.call("POST", "/api/mcp", token, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, headers)


def asked_for(answer):
    equal(answer.status, 403)
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in challenge
    return challenge.split('scope="')[1].split('"')[0]


@case
def an_agent_steps_up_on_rest():
    client = register("rest agent")
    token = consent(client, "stories:read", "/api/v1")["access_token"]
    equal(remit.call("GET", "/api/v1/stories", token).status, 200)
    scope = asked_for(remit.call("POST", PUBLISH, token))
    equal(scope, "stories:publish")
    stepped = consent(client, "stories:read " + scope, "/api/v1")
    equal(stepped["scope"], "stories:read stories:publish")
    equal(remit.call("POST", PUBLISH, stepped["access_token"]).status, 404)  # it may; there is no such story
    equal(remit.call("GET", "/api/v1/stories", stepped["access_token"]).status, 200)
    asked_for(remit.call("POST", PUBLISH, token))  # the old one is what it was


@case
def an_agent_steps_up_on_mcp_in_both_eras():
    for modern, wanted in ((True, "stories:publish"), (False, "stories:read stories:publish")):
        client = register(f"mcp agent {modern}")
        token = consent(client, "stories:read")["access_token"]
        equal(tool(token, "list_stories", {}, modern).status, 200)
        scope = asked_for(tool(token, "publish_story", {"id": STORY}, modern))
        equal(scope, wanted)
        # A client of the older era takes the challenge's scopes for all; one of the newer adds them to its own.
        stepped = consent(client, scope if not modern else "stories:read " + scope)["access_token"]
        answer = tool(stepped, "publish_story", {"id": STORY}, modern)
        equal((answer.status, answer.json()["result"]["isError"]), (200, True))
        equal(tool(stepped, "list_stories", {}, modern).status, 200)


@case
def O11_a_refresh_goes_on_and_a_grant_that_is_taken_back_ends_all_at_once():
    client = register("offline agent")
    given = consent(client, "stories:read offline_access")
    equal(given["scope"], "stories:read offline_access")
    fresh = form("/oauth/token", grant_type="refresh_token", client_id=client, refresh_token=given["refresh_token"]).json()
    for token in (given["access_token"], fresh["access_token"]):
        equal(remit.call("GET", "/api/v1/stories", token).status, 200)
    asked_for(remit.call("POST", PUBLISH, fresh["access_token"]))
    remit.cli("client", "revoke", client)
    for token in (given["access_token"], fresh["access_token"]):
        equal(remit.call("GET", "/api/v1/stories", token).status, 401)
    answer = form("/oauth/token", grant_type="refresh_token", client_id=client, refresh_token=fresh["refresh_token"])
    equal((answer.status, json.loads(answer.body)["error"]), (401, "invalid_client"))


@case
def O07_a_code_that_is_used_again_ends_what_it_gave_at_the_gate():
    client = register("careless agent")
    query = urllib.parse.urlencode({"response_type": "code", "client_id": client, "redirect_uri": CALLBACK, "scope": "stories:read",
                                    "code_challenge": CHALLENGE, "code_challenge_method": "S256"})
    done = subprocess.run([os.environ["REMIT_APPROVER"], remit.config, "ann@example.com", "ask", query], cwd=remit.folder,
                          capture_output=True, text=True, timeout=60, check=True)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(done.stdout.strip()).query)["code"][0]
    fields = {"grant_type": "authorization_code", "client_id": client, "code": code, "code_verifier": VERIFIER}
    token = form("/oauth/token", **fields).json()["access_token"]
    equal(remit.call("GET", "/api/v1/stories", token).status, 200)
    equal(form("/oauth/token", **{**fields, "code_verifier": VERIFIER[::-1]}).status, 400)
    equal(remit.call("GET", "/api/v1/stories", token).status, 200)
    equal(form("/oauth/token", **fields).json()["error"], "invalid_grant")
    equal(remit.call("GET", "/api/v1/stories", token).status, 401)


run()
equal(remit.stop(), 0)
