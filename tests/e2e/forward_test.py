#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Forward-auth: what a proxy is told, by whom it may be asked, and real proxies that do as they are told."""
import http.client
import json
import socket

from harness import Answer, Remit
from proxies import Echo, Proxy, start_echo
from tap import case, equal, run

STORIES = "/api/v1/stories"
remit = Remit(config=["trusted_proxies: [loopback]"])
remit.cli("user", "add", "a@example.com")
remit.cli("user", "add", "admin@example.com", "--admin")
project = remit.cli("project", "add", "Aurora", "--api", "publishing", "--owner", "a@example.com")["id"]
reader = remit.token("a@example.com", "reader", "--preset", "read-only")
bound = remit.token("a@example.com", "bound", "--preset", "read-only", "--project", project)
slow = remit.token("a@example.com", "slow", "--preset", "read-only", "--rate", "2")
everything = remit.token("admin@example.com", "everything", "--scope", "*", "--rate", "off")
remit.serve()
TOKEN = everything["token"]


def ask(headers, path="/gate/forward", token=TOKEN, method="GET", server=remit):
    """One question; headers is a list of pairs, so that one may stand twice."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest(method, path)
    for name, value in headers + ([("Authorization", f"Bearer {token}")] if token else []):
        connection.putheader(name, value)
    connection.endheaders()
    answer = Answer(connection.getresponse())
    connection.close()
    assert answer.status in (200, 401, 403), answer
    return answer


def original(method="GET", uri=STORIES):
    return [("X-Original-Method", method), ("X-Original-URI", uri)]


def forwarded(method="GET", uri=STORIES):
    return [("X-Forwarded-Method", method), ("X-Forwarded-Uri", uri)]


def refused(answer, real, code):
    equal(answer.status, 401 if real == 401 else 403)
    equal(answer.headers["Remit-Status"], str(real))
    equal(answer.json()["error"]["code"], code)
    equal(answer.headers["Remit-Error"].encode(), answer.body)
    equal([name for name in ("Remit-User", "Remit-Token-Id", "Remit-Project", "Remit-Scopes") if name in answer.headers], [])


@case
def every_way_to_tell_the_operation_gives_the_same():
    for answer in (ask(original()), ask(forwarded()), ask(original() + forwarded()),
                   ask([], "/gate/forward/publishing" + STORIES), ask(original(), "/gate/forward/publishing"),
                   ask(forwarded(), "/gate/forward/publishing" + STORIES), ask(original("HEAD")),
                   ask(original(uri=STORIES + "?limit=1"))):
        equal(answer.status, 200)
        equal(answer.body, b"")
        equal(answer.headers["Remit-Token-Id"], everything["id"])
        equal(answer.headers["Remit-Scopes"], "*")
        equal(answer.headers["Cache-Control"], "no-store")
        assert answer.headers["Remit-User"] and answer.headers["Remit-Request-Id"]
        assert "Remit-Project" not in answer.headers and "Remit-Status" not in answer.headers


@case
def who_it_is_of_is_told_on_success():
    answer = ask(original(), token=bound["token"])
    equal(answer.headers["Remit-Project"], project)
    equal(answer.headers["Remit-Scopes"].split(), bound["scopes"])
    assert "X-RateLimit-Limit" in answer.headers
    public = ask(original(uri="/api/v1/openapi.json"), token=None)
    equal((public.status, [n for n in public.headers if n.lower().startswith("remit-") and n != "Remit-Request-Id"]), (200, []))


@case
def a_refusal_says_what_it_really_is():
    none = ask(original(), token=None)
    refused(none, 401, "unauthorized")
    assert none.headers["WWW-Authenticate"].startswith('Bearer realm="publishing"')
    refused(ask(original(), token="sl_pat_nonsense"), 401, "invalid_token")
    scope = ask(original("DELETE", "/api/v1/webhooks/x"), token=reader["token"])
    refused(scope, 403, "insufficient_scope")
    assert 'scope="webhooks:write"' in scope.headers["WWW-Authenticate"]
    refused(ask(original(uri="/api/v1/nowhere")), 403, "unmapped_operation")
    refused(ask(original(uri="/elsewhere"), "/gate/forward/publishing"), 403, "unmapped_operation")
    refused(ask(original(uri="/elsewhere")), 404, "not_found")
    refused(ask(original(uri="/elsewhere"), "/gate/forward/nobody"), 404, "not_found")
    refused(ask(original("TRACE")), 405, "method_not_allowed")
    refused(ask(original() + [("Origin", "https://evil.example")]), 403, "origin_forbidden")


@case
def the_same_rate_as_a_direct_request():
    equal([ask(original(), token=slow["token"]).status for _ in range(2)], [200, 200])
    answer = ask(original(), token=slow["token"])
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) > 0
    equal(remit.call("GET", "/api/v1/health", slow["token"]).status, 429)


@case
def a_rule_that_reads_the_body_is_not_judged_without_it():
    refused(ask(original("POST")), 403, "needs_body")
    refused(ask(original("POST", "/api/mcp")), 403, "needs_body") if mcp_is_there() else None
    refused(ask(original("POST"), token=None), 401, "unauthorized")


def mcp_is_there():
    return ask(original("POST", "/api/mcp")).json()["error"]["code"] != "not_found"


@case
def H02_only_a_trusted_proxy_is_believed():
    """H02: whoever is not in trusted_proxies learns nothing, whatever it claims to be"""
    with Remit() as other:
        other.cli("user", "add", "a@example.com", "--admin")
        token = other.token("a@example.com", "t", "--scope", "*")["token"]
        other.serve()
        for path in ("/gate/forward", "/gate/forward/publishing", "/gate/forward/publishing" + STORIES, "/gate/forward/x"):
            for more in ([], original(), forwarded(), [("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")]):
                answer = ask(more, path, token, server=other)
                equal((answer.status, answer.json()["error"]["code"]), (403, "untrusted_proxy"))


@case
def H02_what_tells_two_operations_tells_none():
    """H02: two that disagree, one twice, half of a pair, none"""
    for headers, path in (
            (original() + forwarded(uri="/api/v1/openapi.json"), "/gate/forward"),
            (original() + forwarded("POST"), "/gate/forward"),
            (original() + original(), "/gate/forward"),
            (original() + [("x-original-uri", STORIES)], "/gate/forward"),
            (forwarded() + [("X-FORWARDED-METHOD", "GET")], "/gate/forward"),
            (original()[:1], "/gate/forward"), (original()[1:], "/gate/forward"),
            (original() + forwarded()[:1], "/gate/forward"),
            (original()[:1] + forwarded()[1:], "/gate/forward"),
            (original(), "/gate/forward/publishing/api/v1/health"),
            (original("POST"), "/gate/forward/publishing" + STORIES),
            (original(uri=STORIES + "?a=1"), "/gate/forward/publishing" + STORIES),
            (original(), "/gate/forward/publishing/"),
            ([], "/gate/forward"), ([], "/gate/forward/publishing"), ([("X_Original_Method", "GET"), ("X_Original_URI", STORIES)], "/gate/forward")):
        refused(ask(headers, path), 400, "bad_request")


@case
def H03_a_header_that_counts_is_not_dropped_on_the_way():
    """H03"""
    for name in ("X-Original-URI", "x-forwarded-method", "close, X-Forwarded-For", "Remit-User", "remit_user"):
        refused(ask(original() + [("Connection", name)]), 400, "bad_request")
    equal(ask(original() + [("Connection", "close")]).status, 200)


@case
def H01_H10_what_could_be_taken_for_our_word_is_refused():
    """H01 H10: here the gate can take nothing away from the request, so it does not let it pass"""
    for name in ("Remit-User", "remit_user", "Remit.User", "REMIT-PROJECT", "Remit-Scopes", "remit-token_id", "Remit-Status"):
        refused(ask(original() + [(name, "x")]), 400, "bad_request")
    for name in ("X-HTTP-Method-Override", "X_HTTP_Method", "X-Original-URL", "X-Rewrite-URL"):
        refused(ask(original() + [(name, "/x")]), 400, "bad_request")


@case
def P06_P07_a_path_is_read_in_one_way_or_not_at_all():
    """P06 P07 and the other path tricks, by every way to tell them"""
    for uri in ("/api/v1/../v1/stories", "/api/v1/%2e%2e/v1/stories", "/api/v1/stories%2f1", "/api/v1//stories", "/api/v1/stories;a=1",
                "/api/v1/stories#x", "/api/v1/stories?x#/api/v1/openapi.json", "/api/v1/%252e", "/api/v1/stories\\x", 
                "http://h/api/v1/stories", "*", "api/v1/stories", "/api/v1/a b", "/api/v1/%00", "/api/v1/%ff"):
        refused(ask(original(uri=uri)), 400, "bad_request")
        refused(ask(forwarded(uri=uri), "/gate/forward/publishing"), 400, "bad_request")
    refused(ask(original(uri="/" + "a" * 8200)), 414, "uri_too_long")
    # The rule that needs no token is found by the path alone.
    refused(ask(original(uri=STORIES + "?x=/api/v1/openapi.json"), token=None), 401, "unauthorized")
    refused(ask(original(uri="/api/v1/nowhere?/api/v1/openapi.json"), token=None), 401, "unauthorized")
    refused(ask(original(uri="/api/v1/openapi.json/x"), token=None), 401, "unauthorized")
    refused(ask(original("get")), 403, "unmapped_operation")
    refused(ask(original("GET POST")), 400, "bad_request")
    refused(ask(original(), token="x y"), 401, "invalid_token")


@case
def the_audit_log_has_the_real_operation_and_status():
    entries = remit.run("audit", "tail", "--last", "1000").stdout
    for words in (("400 bad_request",), ("429 rate_limited", "GET /stories"), ("403 needs_body", "POST /stories"),
                  ("200 allowed", "GET /stories"), ("401 no_token", "GET /stories"), ("403 scope_missing", "DELETE /webhooks/{id}")):
        assert any(all(w in " ".join(line.split()) for w in words) for line in entries.splitlines()), (words, entries)


# ---- Real proxies ----

api_port = start_echo()
PROXIES = [Proxy(name, remit.port, api_port, "publishing") for name in ("nginx", "caddy", "haproxy")]


def raw(port, target, headers=(), method="GET", token=TOKEN, body=b""):
    """A request as these bytes and no others; the answer, or None where the proxy closed."""
    lines = [f"{method} {target} HTTP/1.1", "Host: api.example.com", *headers]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Content-Length: {len(body)}"] if body else []
    if not any(line.lower().startswith("connection:") for line in lines):
        lines.append("Connection: close")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        response = http.client.HTTPResponse(s, method=method)
        response.begin()
        return Answer(response)


def through(proxy, *args, **kwargs):
    """What the API got, and the answer."""
    del Echo.seen[:]
    answer = raw(proxy.port, *args, **kwargs)
    return (Echo.seen[0] if Echo.seen else None), answer


def values(got, name):
    return [value for n, value in got["headers"] if n == name]


def everywhere(check):
    for proxy in PROXIES:
        try:
            check(proxy)
        except Exception as error:
            raise AssertionError(f"{proxy.name}: {error}") from error


@case
def a_good_token_goes_through_and_the_API_learns_whose_it_is():
    def check(proxy):
        got, answer = through(proxy, STORIES + "?limit=2", token=bound["token"])
        equal((answer.status, got and got["target"]), (200, STORIES + "?limit=2"), answer)
        equal(values(got, "remit-token-id"), [bound["id"]])
        equal(values(got, "remit-project"), [project])
        equal(values(got, "remit-scopes"), [" ".join(bound["scopes"])])
        equal(len(values(got, "remit-user")), 1)
        equal(len(values(got, "remit-request-id")), 1)
        equal(values(got, "authorization"), [], "the token stays at the proxy")
        equal(values(got, "x-forwarded-for"), ["127.0.0.1"])
        got, answer = through(proxy, "/api/v1/webhooks/x", method="PATCH", body=b'{"a":1}')
        equal((answer.status, got and got["method"], got and got["body"]), (200, "PATCH", '{"a":1}'), answer)
        equal("".join(values(got, "remit-project")), "", "not bound")
    everywhere(check)


@case
def a_refusal_reaches_the_client_as_it_is():
    def check(proxy):
        for method, target, token, real, code in (
                ("GET", STORIES, None, 401, "unauthorized"), ("GET", STORIES, "nonsense", 401, "invalid_token"),
                ("DELETE", "/api/v1/webhooks/x", reader["token"], 403, "insufficient_scope"),
                ("GET", STORIES, slow["token"], 429, "rate_limited"),
                ("POST", STORIES, TOKEN, 403, "needs_body")):
            got, answer = through(proxy, target, method=method, token=token)
            equal((got, answer.status, answer.json()["error"]["code"]), (None, real, code), answer)
            challenges = answer.headers.get_all("WWW-Authenticate") or []
            equal(len(challenges), 1 if real == 401 or code == "insufficient_scope" else 0)
            equal("Retry-After" in answer.headers, real == 429)
    everywhere(check)


@case
def H01_H10_no_client_gives_itself_a_name():
    """H01 H10: through each proxy, in every spelling, with a token and where none is needed"""
    def check(proxy):
        for target, token in ((STORIES, TOKEN), ("/api/v1/openapi.json", None)):
            for name in ("Remit-User", "remit_user", "Remit.User", "REMIT_PROJECT", "Remit-Project", "rEmIt-Scopes"):
                got, answer = through(proxy, target, [f"{name}: forged"], token=token)
                assert answer.status in (200, 400), answer
                assert got is None or "forged" not in json.dumps(got), got
    everywhere(check)


@case
def H02_H03_no_client_tells_another_operation():
    """H02 H03: through each proxy, the API gets what was judged or nothing"""
    def check(proxy):
        for headers in (["X-Original-URI: /api/v1/openapi.json", "X-Original-Method: GET"],
                        ["X-Forwarded-Uri: /api/v1/openapi.json", "X-Forwarded-Method: GET"],
                        ["X-Original-URL: /api/v1/openapi.json"], ["X-HTTP-Method-Override: DELETE"],
                        ["Connection: close, X-Original-URI"], ["Connection: close, X-Forwarded-Uri, X-Forwarded-Method"],
                        ["Connection: close, Authorization"]):
            got, answer = through(proxy, STORIES, headers, token=None)
            assert got is None and answer.status in (400, 401, 403), (headers, answer)
        got, answer = through(proxy, STORIES, ["Connection: close, Remit-User, Remit-Project"], token=bound["token"])
        assert got is None or (values(got, "remit-project"), len(values(got, "remit-user"))) == ([project], 1), got
        got, answer = through(proxy, STORIES, ["X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6", "Forwarded: for=6.6.6.6"])
        assert got is None or "6.6.6.6" not in json.dumps(got), got
    everywhere(check)


@case
def P06_P07_the_API_gets_the_very_path_that_was_judged():
    """P06 P07: through each proxy"""
    def check(proxy):
        for target in (STORIES + "/a%20b?x=%2F..%2F", STORIES + "/%C3%A9", STORIES + "/a+b,c", STORIES + "/x?y=/../z&y=//"):
            got, answer = through(proxy, target)
            equal((answer.status, got and got["target"]), (200, target), answer)
        for target in ("/api/v1/openapi.json/../stories", "/api/v1/openapi.json%2f..%2fstories", "/api/v1/stories;/x", "/api/v1//openapi.json",
                       "/api/v1/%2e%2e/v1/openapi.json", "/api/v1/openapi.json%252f", "/x/../api/v1/openapi.json", "/api/v1/./openapi.json"):
            got, answer = through(proxy, target, token=None)
            assert got is None and answer.status in (400, 401, 403, 404), (target, answer)
    everywhere(check)


@case
def when_Remit_is_gone_nothing_goes_through():
    remit.stop()

    def check(proxy):
        got, answer = through(proxy, STORIES)
        assert got is None and answer.status >= 500, answer
    everywhere(check)
    for proxy in PROXIES:
        proxy.stop()


run()
