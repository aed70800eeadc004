#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gate in front of somebody else's server: what it sends on, byte for byte, and what it keeps back."""
import base64
import http.client
import json
import os
import random
import shutil
import socket
import threading
import time

from harness import Remit
from proxied import answer_with, bad_token, behaviour, echoed, raw, reader, remit, request, token, upstream
from syntax import REFUSED, Syntax
from tap import case, equal, run, seed
from upstream import fields, target


@case
def methods_and_framing_arrive():
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        got = echoed(remit.call(method, "/api/x?a=b&c", token, body=None if method == "GET" else b"hello"))
        equal(got["head"].split("\r\n")[0], f"{method} /api/x?a=b&c HTTP/1.1")
        equal((got["body"], got["framing"]), ("", "none") if method == "GET" else ("hello", "length"))
    answer = remit.call("HEAD", "/api/x", token)
    equal((answer.status, answer.headers["Content-Length"], answer.body), (200, "7", b""))


@case
def chunked_request_bodies_arrive():
    data = [os.urandom(n) for n in (1, 100, 70000, 3)]
    connection = http.client.HTTPConnection("127.0.0.1", remit.port)
    connection.request("POST", "/api/x", iter(data), {"Authorization": f"Bearer {token}"}, encode_chunked=True)
    got = json.loads(connection.getresponse().read())
    equal((got["framing"], got["body"]), ("chunked", b"".join(data).decode("latin-1")))


@case
def connections_are_reused():
    before = upstream.connections
    for _ in range(20):
        echoed(remit.call("GET", "/api/x", token))
    equal(upstream.connections - before <= 1, True)


@case
def without_a_scope_nothing_arrives():
    before = len(upstream.heads)
    equal(remit.call("POST", "/api/x", reader, body=b"x").status, 403)
    equal(remit.call("GET", "/api/x").status, 401)
    equal(remit.call("GET", "/api/x", token + "x").status, 401)
    equal(len(upstream.heads), before)


@case
def H06_the_clients_token_never_goes_up_and_the_upstreams_own_does():
    got = echoed(remit.call("GET", "/api/x", token))
    equal([v for n, v in fields(got["head"]) if n.lower() == "authorization"], ["Basic dXBzdHJlYW0="])
    equal(token in got["head"], False)
    got = echoed(remit.call("GET", "/api/open", headers={"Authorization": "Bearer nonsense"}))
    equal([v for n, v in fields(got["head"]) if n.lower() == "authorization"], ["Basic dXBzdHJlYW0="])
    equal([n for n, v in fields(got["head"]) if n.startswith("Remit-")], ["Remit-Request-Id"])


@case
def H01_H10_identity_headers_are_ours_alone():
    sent = ["Remit-User: evil", "remit_user: evil", "REMIT.USER: evil", "Remit-Anything: evil", "Remit-Scopes: evil",
            "Remit~Project: evil", "Remit-Token-Id: evil"]
    got = json.loads(request(["GET /api/x", *sent]).split(b"\r\n\r\n", 1)[1])
    equal("evil" in got["head"], False)
    mine = {n: v for n, v in fields(got["head"]) if n.lower().startswith("remit")}
    equal(sorted(mine), ["Remit-Request-Id", "Remit-Scopes", "Remit-Token-Id", "Remit-User"])
    equal(mine["Remit-Scopes"], "s:read s:write")


@case
def H02_H04_H05_forwarding_and_override_headers_are_ours_or_none():
    sent = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil", "X-Forwarded-Proto: evil", "Forwarded: for=evil",
            "X-Forwarded-Uri: evil", "X-Original-URL: evil", "X-Rewrite-URL: evil", "X-HTTP-Method-Override: evil",
            "X_Original_Url: evil", "X-Forwarded-Prefix: evil"]
    got = json.loads(request(["GET /api/x", *sent]).split(b"\r\n\r\n", 1)[1])
    equal("evil" in got["head"] or "6.6.6.6" in got["head"], False)
    values = dict(fields(got["head"]))
    equal((values["X-Forwarded-For"], values["X-Forwarded-Proto"], values["X-Forwarded-Host"]),
          ("127.0.0.1", "http", f"127.0.0.1:{remit.port}"))
    equal(values["Forwarded"], f'for=127.0.0.1;proto=http;host="127.0.0.1:{remit.port}"')
    equal(values["Host"], upstream.url[7:])


@case
def H03_hop_by_hop_headers_stay_here():
    got = json.loads(
        request(["GET /api/x", "Connection: X-Mine, Remit-User, close", "X-Mine: evil", "Keep-Alive: evil",
                 "TE: evil", "Upgrade: evil", "Proxy-Authorization: evil", "Transfer_Encoding: evil",
                 "X-Kept: yes"], close=False).split(b"\r\n\r\n", 1)[1])
    equal("evil" in got["head"], False)
    values = {n.lower(): v for n, v in fields(got["head"])}
    equal(values["x-kept"], "yes")
    equal("connection" in values, False)
    equal("remit-user" in values, True)


@case
def H06_our_cookies_stay_here():
    got = echoed(remit.call("GET", "/api/x", token, headers={"Cookie": "a=1; remit_session=x; __Host-remit=y; b=2"}))
    equal(dict(fields(got["head"]))["Cookie"], "a=1; b=2")


@case
def H05_H09_the_last_untrusted_hop_is_the_client():
    """H05 H09: what a proxy of ours tells of its client goes on; what that client told the proxy does not"""
    with Remit(config=["trusted_proxies: [loopback, 10.0.0.0/8]"],
               apis=[f"  mine: {{ profile: ./mine.yaml, upstream: \"{upstream.url}\" }}"], migrate=False) as other:
        shutil.copy(os.path.join(remit.folder, "mine.yaml"), other.folder)
        other.cli("store", "migrate")
        other.serve()
        for sent, client in (("6.6.6.6, 9.9.9.9", "9.9.9.9"), ("6.6.6.6, 9.9.9.9, 10.1.2.3", "9.9.9.9"), ("evil, 9.9.9.9", "9.9.9.9"),
                             ("10.0.0.1", "10.0.0.1")):
            got = echoed(other.call("GET", "/api/open", headers={"X-Forwarded-For": sent, "X-Forwarded-Proto": "gopher"}))
            values = dict(fields(got["head"]))
            equal((values["X-Forwarded-For"], values["X-Forwarded-Proto"]), (client, "http"), sent)
            equal("6.6.6.6" in got["head"] or "evil" in got["head"] or "gopher" in got["head"], False)


@case
def H07_a_token_elsewhere_is_no_token():
    before = len(upstream.heads)
    basic = base64.b64encode(f"x:{token}".encode()).decode()
    for path, headers in ((f"/api/x?access_token={token}", {}), ("/api/x", {"Cookie": f"access_token={token}; token={token}"}),
                          ("/api/x", {"Authorization": f"Basic {basic}"}), ("/api/x", {"X-Api-Key": token}),
                          ("/api/x", {"Proxy-Authorization": f"Bearer {token}"}), ("/api/x", {"Authorization": token})):
        equal(remit.call("GET", path, headers=headers).status, 401, (path, headers))
    equal(len(upstream.heads), before)


@case
def H08_two_authorization_fields_are_none():
    before = len(upstream.heads)
    for lines in ([f"Authorization: Bearer {token}"], ["authorization: Basic x"], ["Authorization:"]):
        equal(request(["GET /api/x", *lines]).split(b" ")[1], b"400", lines)
    for value in (f"Bearer {token}, Bearer {token}", f"Bearer {token},", f"Bearer  {token}x", f"Bearer {token} x", "Bearer", "Bearer "):
        equal(remit.call("GET", "/api/x", headers={"Authorization": value}).status in (400, 401), True, value)
    equal(len(upstream.heads), before)


@case
def T03_no_decision_is_kept_for_another_token():
    """T03: one connection, the same operation, tokens that may and that may not, of two APIs, in any order"""
    chance = random.Random(seed())
    other = bad_token("bad")
    behaviour.how = answer_with(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok", then=True)
    mine = f"127.0.0.1:{remit.port}"
    connection = http.client.HTTPConnection("127.0.0.1", remit.port, timeout=30)
    wanted = {(mine, token): 200, (mine, reader): 403, (mine, other): 401, (mine, None): 401, ("bad.example", token): 401,
              ("bad.example", other): 200, ("bad.example", reader): 401}
    for _ in range(500):
        (host, who), status = chance.choice(list(wanted.items()))
        headers = {"Host": host, **({"Authorization": f"Bearer {who}"} if who else {})}
        answer = remit.call("DELETE", "/api/x", headers=headers, connection=connection)
        equal(answer.status, status, (host, who))


@case
def L03_a_head_over_a_limit_never_arrives():
    before = len(upstream.heads)
    for lines in ([f"X-{n}: 1" for n in range(10000)], [f"X-A: {'a' * 1000000}"], [f"X-{n}: 1" for n in range(101)]):
        got = request(["GET /api/x", *lines])
        equal(got.split(b" ")[1:2] in ([b"431"], []), True, got[:100])
    equal(request([f"GET /api/{'a' * 9000}"]).split(b" ")[1], b"414")
    equal(len(upstream.heads), before)
    echoed(remit.call("GET", "/api/x", token, headers={f"X-{n}": "a" * 100 for n in range(90)}))


@case
def L01_a_body_that_stops_coming_ends_and_others_feel_nothing():
    with Remit(config=["limits: { body_timeout: 1s }", "workers: 1"],
               apis=[f"  mine: {{ profile: ./mine.yaml, upstream: \"{upstream.url}\" }}"], migrate=False) as other:
        shutil.copy(os.path.join(remit.folder, "mine.yaml"), other.folder)
        other.cli("store", "migrate")
        other.cli("user", "add", "ann@example.com")
        who = other.token("ann@example.com", "r", "--scope", "s:write", "--scope", "s:read", api="mine")["token"]
        other.serve()
        answered = upstream.answered
        for framing in ("Content-Length: 1000", "Transfer-Encoding: chunked"):
            for path in ("/api/x", "/api/judged"):
                with socket.create_connection(("127.0.0.1", other.port), timeout=20) as s:
                    s.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{other.port}\r\nAuthorization: Bearer {who}\r\n"
                              f"Content-Type: application/json\r\n{framing}\r\n\r\n3\r\n{{".encode())
                    equal(other.call("GET", "/api/y", who).status, 200)
                    answered += 1
                    got = b""
                    while part := s.recv(65536):
                        got += part
                    equal(got == b"" or got.split(b" ")[1] == b"408", True, got[:200])
        equal(upstream.answered, answered, "none of them arrived whole")


def add_syntax(name, text, allowed):
    hidden = Syntax("/api/hidden", "/api/hidden", f"127.0.0.1:{remit.port}", f"Authorization: Bearer {token}\r\n").get("")

    def test():
        heads, answered = len(upstream.heads), upstream.answered
        got = raw((text + hidden).encode("latin-1"), end=True)
        status = int(got.split(b" ")[1])
        if status in REFUSED:
            equal(got.count(b"Remit-Request-Id: "), 1, f"nothing after the refusal: {got}")
            equal(upstream.answered, answered, "it never arrived whole")
            equal([target(head) for head in upstream.heads[heads:] if b"hidden" in head], [])
        else:
            assert status in allowed, got
            assert upstream.answered - answered <= 2, got
    test.__name__ = name
    case(test)


for entry in Syntax("/api/x", "/api/x", f"127.0.0.1:{remit.port}", f"Authorization: Bearer {token}\r\n").table():
    add_syntax(*entry)


@case
def trailers_of_a_request_stay_here():
    """Documented: read, held to their limit, and not passed on."""
    head = (f"POST /api/x HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
            "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")
    got = raw((head + "X-Sum: 1\r\nRemit-User: evil\r\n\r\n").encode())
    arrived = json.loads(got.split(b"\r\n\r\n", 1)[1])
    equal((arrived["body"], "X-Sum" in arrived["head"], "evil" in arrived["head"]), ("hello", False, False))
    equal(raw((head + f"X-Sum: {'1' * 5000}\r\n\r\n").encode(), end=True).split(b" ")[1], b"400")


@case
def P07_queries_go_on_as_they_came():
    for query in ("", "a=%2f%2F&b=..%2f", "x[]=1&y={z}", "a=1&a=2", "%zz"):
        answer = request([f"GET /api/x?{query}"])
        equal(answer.split(b" ")[1], b"200")
        equal(target(upstream.heads[-1]), f"/api/x?{query}")
    equal(request(["GET /api/x?y=/api/open"]).split(b" ")[1], b"200")


@case
def M15_a_judged_value_stands_once():
    equal(remit.call("GET", "/api/query?mode=some", token).status, 200)
    equal(remit.call("GET", "/api/query?mode=all", token).status, 403)
    equal(remit.call("GET", "/api/query?mode=some&mode=all", token).status, 400)
    equal(remit.call("GET", "/api/query?mode=some&%6dode=all", token).status, 400)


@case
def M13_judged_bodies_are_json_and_arrive_byte_for_byte():
    body = b' {"title" : "x",\n "n": 1.50 } '
    kind = {"Content-Type": "application/json"}
    got = echoed(remit.call("POST", "/api/judged", token, body=body, headers=kind))
    equal(got["body"], body.decode())
    before = len(upstream.heads)
    equal(remit.call("POST", "/api/judged", token, body=b'{"publishAt":1}', headers=kind).status, 403)
    equal(remit.call("POST", "/api/judged", token, body=b'{"a":1,"publishAt":1,"publishAt":1}', headers=kind).status,
          400)
    equal(remit.call("POST", "/api/judged", token, body=b'{"a":', headers=kind).status, 400)
    equal(remit.call("POST", "/api/judged", token, body=body, headers={"Content-Type": "text/plain"}).status, 415)
    equal(remit.call("POST", "/api/judged", token, body=body,
                     headers={"Content-Type": "application/json; charset=utf-16"}).status, 415)
    equal(remit.call("POST", "/api/judged", token, body=body, headers={**kind, "Content-Encoding": "gzip"}).status, 415)
    equal(remit.call("POST", "/api/judged", token, body=b" " * 1048577, headers=kind).status, 413)
    equal(len(upstream.heads), before)


@case
def D22_a_bound_token_needs_a_rule_that_names_the_project():
    project = remit.cli("project", "add", "P", "--api", "mine", "--owner", "ann@example.com")["id"]
    bound = remit.token("ann@example.com", "bound", "--scope", "s:read", "--project", project, api="mine")["token"]
    before = len(upstream.heads)
    answer = remit.call("GET", "/api/x", bound)
    equal((answer.status, answer.json()["error"]["code"]), (403, "project_unresolved"))
    answer = remit.call("GET", "/api/p/another", bound)
    equal((answer.status, answer.json()["error"]["code"]), (403, "project_forbidden"))
    equal(len(upstream.heads), before)
    got = echoed(remit.call("GET", f"/api/p/{project}", bound))
    equal(dict(fields(got["head"]))["Remit-Project"], project)


@case
def expect_is_answered_here_after_the_judgement():
    with socket.create_connection(("127.0.0.1", remit.port), timeout=10) as s:
        s.sendall(f"POST /api/x HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\nAuthorization: Bearer {token}\r\n"
                  "Expect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n".encode())
        equal(s.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(b"hello")
        got = b""
        while part := s.recv(65536):
            got += part
    equal(json.loads(got.split(b"\r\n\r\n", 1)[1])["body"], "hello")


@case
def many_at_once():
    wrong = []

    def work(number):
        for i in range(30):
            text = f"{number}-{i}"
            got = remit.call("POST", f"/api/{text}", token, body=text.encode() * 1000)
            if got.status != 200 or got.json()["body"] != text * 1000 or f"/api/{text} " not in got.json()["head"]:
                wrong.append((text, got))
    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(wrong, [])


@case
def it_stops_with_pooled_connections():
    equal(remit.call("GET", "/api/x", token).status, 200)
    started = time.monotonic()
    equal((remit.stop(), time.monotonic() - started < 5), (0, True))
    equal("Sanitizer" in remit.log, False)


run()
