#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The authorization server's endpoints for programs, by a real server: what they give works at the gate at once,
and what they end is refused at once."""
import base64
import concurrent.futures
import http.client
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests"))
sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests/e2e"))
from harness import Remit  # noqa: E402
from tap import case, equal, run  # noqa: E402

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"

remit = Remit()
remit.cli("user", "add", "ann@example.com")
PROJECT = remit.cli("project", "add", "Brand", "--owner", "ann@example.com")["id"]
OTHER = remit.cli("project", "add", "Another", "--owner", "ann@example.com")["id"]


def add_client(name, *scopes, more=()):
    words = [word for scope in scopes for word in ("--scope", scope)]
    made = remit.cli("client", "add", name, *words, "--owner", "ann@example.com", *more)
    return made["client_id"], made["client_secret"]


CLIENT = add_client("machine", "stories:read", "stories:write", "projects:read")
remit.serve()


def post(path, form, client=None, headers=None, connection=None):
    headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    if client:
        pair = ":".join(urllib.parse.quote(part) for part in client)
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    body = form if isinstance(form, str) else urllib.parse.urlencode(form)
    return remit.call("POST", path, body=body, headers=headers, connection=connection)


def own_token(client=CLIENT, **form):
    answer = post("/oauth/token", {"grant_type": "client_credentials", **form}, client)
    equal(answer.status, 200)
    return answer.json()


def exchange(subject, client=CLIENT, **form):
    return post("/oauth/token", {"grant_type": EXCHANGE, "subject_token": subject, "subject_token_type": ACCESS,
                                 **form}, client)


def works(token, path="/api/v1/health", connection=None):
    return remit.call("GET", path, token=token, connection=connection).status


def register(**body):
    return remit.call("POST", "/oauth/register", body={
        "client_name": "App", "redirect_uris": ["http://127.0.0.1:33418/callback"], "token_endpoint_auth_method": "none",
        **body})


@case
def metadata_is_what_runs():
    answer = remit.call("GET", "/.well-known/oauth-authorization-server")
    equal(answer.status, 200)
    equal(answer.headers["Access-Control-Allow-Origin"], "*")
    told = answer.json()
    equal(told["issuer"], remit.url)
    equal(told["code_challenge_methods_supported"], ["S256"])
    assert "offline_access" in told["scopes_supported"] and "*" not in told["scopes_supported"]
    for name, url in told.items():
        if not name.endswith("_endpoint") or name == "authorization_endpoint":
            continue
        assert url.startswith(remit.url + "/oauth/")
        path = url[len(remit.url):]
        status = post(path, "x=y").status
        assert status in (400, 401, 415), (name, status)
        equal(remit.call("GET", path).status, 405)
        preflight = remit.call("OPTIONS", path, headers={
            "Origin": "https://page.example", "Access-Control-Request-Method": "POST"})
        equal((preflight.status, preflight.headers["Access-Control-Allow-Origin"]), (204, "*"))
    for grant in told["grant_types_supported"]:
        answer = post("/oauth/token", {"grant_type": grant}, CLIENT).json()
        assert answer.get("error") != "unsupported_grant_type", grant
    equal(post("/oauth/token", {"grant_type": "password"}, CLIENT).json()["error"], "unsupported_grant_type")
    equal(post("/oauth/token", {"grant_type": "implicit"}, CLIENT).json()["error"], "unsupported_grant_type")


@case
def O17_resource_and_issuer_are_answered_as_asked_on_loopback():
    for host in ("127.0.0.1", "localhost", "[::1]"):
        base = f"http://{host}:{remit.port}"
        head = {"Host": f"{host}:{remit.port}"}
        for path in ("", "/api/v1", "/api/mcp"):
            told = remit.call("GET", "/.well-known/oauth-protected-resource" + path, headers=head).json()
            equal((told["resource"], told["authorization_servers"]), (base + path, [base]))
            assert "offline_access" not in told["scopes_supported"]
        equal(remit.call("GET", "/.well-known/oauth-authorization-server", headers=head).json()["issuer"], base)
        refused = remit.call("GET", "/api/v1/health", headers=head)
        assert f'resource_metadata="{base}/.well-known' in refused.headers["WWW-Authenticate"]
    equal(remit.call("GET", "/.well-known/oauth-authorization-server", headers={"Host": "evil.example"}).status, 400)


@case
def O16_no_url_is_told_that_a_shell_would_read():
    for host in (f"127.0.0.1:{remit.port}$(id)", f"localhost:{remit.port}`x`", f"localhost:{remit.port}/x", f"a@localhost:{remit.port}",
                 f"local'host:{remit.port}", f"localhost:0{remit.port}"):
        equal(remit.call("GET", "/.well-known/oauth-authorization-server", headers={"Host": host}).status, 400)
    for path in ("/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/api/mcp"):
        told = remit.call("GET", path, headers={"Host": f"LOCALHOST:{remit.port}"}).body.decode()
        assert not set(told) & set("$`'\\;|<>&"), told


@case
def a_clients_own_token_works_at_once_on_rest_and_mcp():
    given = own_token()
    equal(given["scope"], "projects:read stories:read stories:write")
    equal(works(given["access_token"]), 200)
    answer = remit.call("POST", "/api/mcp", token=given["access_token"], headers={"Accept": "application/json, text/event-stream"},
                        body={"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                              "params": {"name": "list_projects", "arguments": {}}})
    equal(answer.status, 200)
    # What its owner could grant may be asked for: it is listed, and calling it is a challenge.
    listed = remit.call("POST", "/api/mcp", token=given["access_token"], headers={"Accept": "application/json, text/event-stream"},
                        body={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).body.decode()
    assert "publish_story" in listed
    refused = remit.call("POST", "/api/v1/stories/0199b2f0-5c1e-7abc-8def-0123456789ab/publish", token=given["access_token"])
    equal(refused.status, 403)
    assert 'scope="stories:publish"' in refused.headers["WWW-Authenticate"]
    assert "preset" not in refused.headers["WWW-Authenticate"]


@case
def O11_T13_a_client_gets_its_ceiling_or_less_never_more():
    equal(own_token(scope="stories:read")["scope"], "stories:read")
    for scope in ("stories:publish", "stories:read stories:publish", "*", "openid"):
        answer = post("/oauth/token", {"grant_type": "client_credentials", "scope": scope}, CLIENT)
        equal((answer.status, answer.json()["error"]), (400, "invalid_scope"))
    answer = post("/oauth/token", {"grant_type": "client_credentials", "resource": "https://other.example/api"}, CLIENT)
    equal(answer.json()["error"], "invalid_target")


@case
def H07_credentials_count_in_their_one_place_only():
    token = own_token()["access_token"]
    pair = base64.b64encode(f"{token}:".encode()).decode()
    for headers, path in (({"Authorization": "Basic " + pair}, "/api/v1/health"), ({}, "/api/v1/health?access_token=" + token),
                          ({"Cookie": "token=" + token}, "/api/v1/health"), ({"X-Api-Key": token}, "/api/v1/health")):
        equal(remit.call("GET", path, headers=headers).status, 401)
    equal(post(f"/oauth/token?client_id={CLIENT[0]}&client_secret={CLIENT[1]}", "grant_type=client_credentials").status, 400)
    both = post("/oauth/token", {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}, CLIENT)
    equal(both.json()["error"], "invalid_request")


@case
def a_wrong_secret_tells_no_more_than_an_unknown_client():
    seen = set()
    for client in ((CLIENT[0], "wrong"), ("0199b2f0-5c1e-7abc-8def-0123456789ab", CLIENT[1]), ("x", "y"), (CLIENT[0], "")):
        answer = post("/oauth/token", "grant_type=client_credentials", client)
        equal(answer.status, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        equal(answer.headers["Cache-Control"], "no-store")
        seen.add(answer.body)
    equal(len(seen), 1)
    equal(post("/oauth/token", {"grant_type": "client_credentials", "client_id": CLIENT[0]}).status, 401)


@case
def revocation_counts_on_the_next_request_of_any_connection():
    connection = http.client.HTTPConnection("127.0.0.1", remit.port, timeout=30)
    token = own_token()["access_token"]
    equal(works(token, connection=connection), 200)
    equal(post("/oauth/revoke", {"token": token}, CLIENT).status, 200)
    equal(works(token, connection=connection), 401)
    equal(post("/oauth/introspect", {"token": token}, CLIENT).json(), {"active": False})
    equal(post("/oauth/revoke", {"token": "unknown"}, CLIENT).status, 200)


@case
def T10_a_pat_is_revoked_by_no_client():
    pat = remit.token("ann@example.com", "mine", "--scope", "stories:read")["token"]
    equal(post("/oauth/revoke", {"token": pat}, CLIENT).status, 200)
    equal(works(pat), 200)


@case
def T10_an_exchange_only_narrows():
    pat = remit.token("ann@example.com", "parent", "--scope", "stories:read", "--scope", "stories:publish")["token"]
    for form, error in (({"scope": "stories:write"}, "invalid_scope"), ({"scope": "stories:publish"}, "invalid_scope"),
                        ({}, "invalid_scope"), ({"scope": "stories:read", "actor_token": pat}, "invalid_request"),
                        ({"scope": "stories:read", "audience": "https://other.example"}, "invalid_target"),
                        ({"scope": "stories:read", "project": "0199b2f0-5c1e-7abc-8def-0123456789ab"}, "invalid_target"),
                        ({"scope": "stories:read", "requested_token_type": "urn:ietf:params:oauth:token-type:jwt"},
                         "invalid_request")):
        answer = exchange(pat, **form)
        equal((answer.status, answer.json()["error"]), (400, error))
    child = exchange(pat, scope="stories:read", project=PROJECT).json()
    equal((child["scope"], child["issued_token_type"]), ("stories:read", ACCESS))
    seen = remit.call("GET", "/api/v1/health", token=child["access_token"]).json()
    equal((seen["project_id"], seen["scopes"]), (PROJECT, ["stories:read"]))
    wider = exchange(child["access_token"], project=OTHER)
    equal(wider.json()["error"], "invalid_target")
    other = add_client("another machine", "stories:read")
    equal(exchange(child["access_token"], other).json()["error"], "invalid_request")


@case
def T10_children_of_children_end_with_their_first_parent_and_there_are_four_at_most():
    line = [remit.token("ann@example.com", "root", "--scope", "stories:read")]
    tokens = [line[0]["token"]]
    for _ in range(4):
        tokens.append(exchange(tokens[-1]).json()["access_token"])
    equal(exchange(tokens[-1]).json()["error"], "invalid_request")
    equal([works(token) for token in tokens], [200] * 5)
    remit.cli("token", "revoke", line[0]["id"])
    equal([works(token) for token in tokens], [401] * 5)
    equal(exchange(tokens[2]).json()["error"], "invalid_request")


@case
def introspection_is_of_the_clients_own_api_by_clients_made_by_hand():
    token = own_token(scope="stories:read")["access_token"]
    told = post("/oauth/introspect", {"token": token}, CLIENT).json()
    equal((told["active"], told["scope"], told["client_id"], told["iss"], told["aud"]),
          (True, "stories:read", CLIENT[0], remit.url, remit.url + "/api/v1"))
    equal(post("/oauth/introspect", {"token": token}).status, 401)
    public = register().json()["client_id"]
    equal(post("/oauth/introspect", {"token": token, "client_id": public}).status, 403)


@case
def O15_registration_is_bounded_and_equal_ones_are_one():
    first = register().json()
    equal(first["grant_types"], ["authorization_code", "refresh_token"])
    again = register(redirect_uris=["http://127.0.0.1:40000/callback"]).json()
    equal((again["client_id"], again["redirect_uris"]), (first["client_id"], ["http://127.0.0.1:40000/callback"]))
    assert register(client_name="Other").json()["client_id"] != first["client_id"]
    equal(register(client_name="x" * 20000).status, 413)
    equal(register(client_name="x" * 300).status, 400)
    equal(register(redirect_uris=[f"https://a.example/{i}" for i in range(11)]).json()["error"], "invalid_redirect_uri")
    equal(register(redirect_uris=[]).json()["error"], "invalid_redirect_uri")
    equal(register(token_endpoint_auth_method="private_key_jwt").json()["error"], "invalid_client_metadata")
    equal(register(grant_types=["client_credentials"]).status, 400)
    secret = register(token_endpoint_auth_method="client_secret_post").json()
    answer = post("/oauth/token", {"grant_type": "client_credentials", "client_id": secret["client_id"],
                                   "client_secret": secret["client_secret"]})
    equal(answer.json()["error"], "unauthorized_client")
    for body in ("", "[]", "{", '{"redirect_uris":["https://a.example/"],"redirect_uris":[]}', "null"):
        equal(remit.call("POST", "/oauth/register", body=body, headers={"Content-Type": "application/json"}).status, 400)


@case
def O01_O02_O05_O13_what_is_no_redirect_is_not_registered():
    for uri in ("javascript:alert(1)", "data:text/html,x", "http://app.example.com/cb", "https://user@app.example.com/cb",
                "https://app.example.com/cb#f", "https://app.example.com/cb?code=1", "https://app.example.com/cb?a=1&state=2",
                "https://*.example.com/cb\n", "//app.example.com/cb", "/cb", "https:/app.example.com", "https://",
                "https:\\\\app.example.com", "https://app.example.com/\tcb", "http://localhost.evil.example/cb",
                "HTTP://127.0.0.1.evil.example/cb", "vbscript:x", "file:///etc/passwd", "https://a.example:0/", 7, None):
        equal(register(redirect_uris=[uri]).json()["error"], "invalid_redirect_uri")
    for uri in ("https://app.example.com/cb", "http://[::1]:7/cb", "cursor://anysphere.cursor-retrieval/oauth", "com.example.app:/cb"):
        equal(register(redirect_uris=[uri]).status, 201)
    name = register(client_name="<script>alert(1)</script>", logo_uri="http://169.254.169.254/x").json()
    assert "logo_uri" not in name
    equal(register(client_name="a\u202eb").status, 400)


@case
def a_pushed_request_is_judged_when_it_is_pushed():
    client = register().json()["client_id"]
    good = {"client_id": client, "response_type": "code", "redirect_uri": "http://127.0.0.1:33418/callback",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
            "scope": "stories:read"}
    answer = post("/oauth/par", good)
    equal((answer.status, answer.json()["expires_in"]), (201, 90))
    for change, error in (({"redirect_uri": "https://evil.example/"}, "invalid_request"), ({"scope": "nothing"}, "invalid_scope"),
                          ({"code_challenge_method": "plain"}, "invalid_request"),
                          ({"request_uri": answer.json()["request_uri"]}, "invalid_request")):
        equal(post("/oauth/par", {**good, **change}).json()["error"], error)


@case
def a_device_waits_and_is_told_to_ask_less_often():
    client = register(grant_types=["authorization_code", DEVICE]).json()["client_id"]
    told = post("/oauth/device_authorization", {"client_id": client, "scope": "stories:read"}).json()
    equal(told["verification_uri"], remit.url + "/oauth/device")
    assert len(told["user_code"]) == 9 and told["user_code"][4] == "-"
    ask = {"grant_type": DEVICE, "client_id": client, "device_code": told["device_code"]}
    equal(post("/oauth/token", ask).json()["error"], "authorization_pending")
    equal(post("/oauth/token", ask).json()["error"], "slow_down")
    equal(post("/oauth/token", {**ask, "device_code": "x"}).json()["error"], "invalid_grant")
    equal(post("/oauth/device_authorization", {"client_id": client, "scope": "nothing"}).json()["error"], "invalid_scope")


@case
def O05_forms_that_can_be_read_in_two_ways_are_refused():
    for body in ("grant_type=client_credentials&grant_type=client_credentials", "grant_type=client_credentials&Grant_Type=x",
                 "grant_type=client_credentials&scope[]=x", "grant_type=%ff", "grant_type=%0", "grant_type=a%00b"):
        equal(post("/oauth/token", body, CLIENT).json()["error"], "invalid_request")
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=utf-7"):
        equal(post("/oauth/token", "grant_type=client_credentials", CLIENT, {"Content-Type": kind}).status, 415)
    equal(post("/oauth/token", "a=" + "b" * 20000, CLIENT).status, 413)


@case
def revoking_a_client_ends_its_tokens_at_once():
    client = add_client("short", "stories:read")
    token = own_token(client)["access_token"]
    equal(works(token), 200)
    remit.cli("client", "revoke", client[0], "--why", "test")
    equal(works(token), 401)
    equal(post("/oauth/token", "grant_type=client_credentials", client).status, 401)
    shown = remit.cli("client", "show", client[0])
    equal((shown["revoked"], shown["scopes"]), (True, "stories:read"))
    assert client[0] not in [c["client_id"] for c in remit.cli("client", "list")["clients"]]
    refused = remit.run("client", "add", "bad", "--scope", "nothing", "--scope", "*", "--owner", "ann@example.com")
    equal(refused.returncode, 1)
    assert "nothing" in refused.stderr


@case
def many_at_once_get_tokens_of_their_own():
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        tokens = list(pool.map(lambda _: own_token()["access_token"], range(64)))
    equal(len(set(tokens)), 64)
    equal([works(token) for token in tokens[::8]], [200] * 8)


run()
equal(remit.stop(), 0)
