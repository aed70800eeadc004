#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gate in front of somebody else's server: what it sends on, byte for byte, what it keeps back, and
what it makes of a server that misbehaves."""
import atexit
import gzip
import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
from harness import Remit, free_port  # noqa: E402
from tap import case, equal, run, seed  # noqa: E402
from upstream import Upstream, echo, fields, read_body, target  # noqa: E402

PROFILE = """
profile: mine
title: My API
scopes: { "s:read": Read., "s:write": Write., "s:publish": Publish. }
tokens: { prefix: my }
rest:
  base: /api
  rules:
    - { on: "GET /p/{id}", need: s:read, project: path.id }
    - { on: "GET /open", need: public }
    - { on: "POST /judged", need: s:write, when: [ { present: body./publishAt, need: s:publish } ] }
    - { on: "GET /query", need: s:read, when: [ { equals: [query.mode, all], need: s:publish } ] }
    - { on: "GET /**", need: s:read }
    - { on: "POST /**", need: s:write }
    - { on: "PUT /**", need: s:write }
    - { on: "PATCH /**", need: s:write }
    - { on: "DELETE /**", need: s:write }
"""

remit = None
token = ""
reader = ""
upstream = None
behave = None  # what the misbehaving upstream does


def start():
    global remit, token, reader, upstream
    upstream = Upstream(echo)
    bad = Upstream(lambda head, file, connection: behave(head, file, connection))
    remit = Remit(
        config=["limits: { upstream_head_timeout: 1s, upstream_body_timeout: 1s, upstream_connect_timeout: 1s }",
                "workers: 1"],
        apis=[f"  mine: {{ profile: ./mine.yaml, host: 127.0.0.1, upstream: \"{upstream.url}\", authorization: \"env:UP\" }}",
              f"  bad: {{ profile: ./bad.yaml, host: bad.example, upstream: \"{bad.url}\" }}",
              f"  gone: {{ profile: ./gone.yaml, host: gone.example, upstream: \"http://127.0.0.1:{free_port()}\" }}"],
        migrate=False)
    for name in ("mine", "bad", "gone"):
        with open(os.path.join(remit.folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE.replace("profile: mine", f"profile: {name}").replace(
                "prefix: my", f"prefix: {name[0]}"))
    remit.cli("store", "migrate")
    remit.cli("user", "add", "ann@example.com")
    token = remit.token("ann@example.com", "all", "--scope", "s:read", "--scope", "s:write", api="mine")["token"]
    reader = remit.token("ann@example.com", "reader", "--scope", "s:read", api="mine")["token"]
    # What a sanitizer holds back of freed memory is none of ours.
    remit.serve(UP="Basic dXBzdHJlYW0=", ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")


def bad_token(api):
    return remit.token("ann@example.com", f"t{random.random()}", "--scope", "s:read", "--scope", "s:write",
                       api=api)["token"]


def raw(data, seconds=10):
    """Sends bytes and returns all that comes back until the end."""
    with socket.create_connection(("127.0.0.1", remit.port), timeout=seconds) as s:
        s.sendall(data)
        got = b""
        while True:
            try:
                part = s.recv(65536)
            except ConnectionResetError:
                return got + b"(reset)"
            if not part:
                return got
            got += part


def request(text, host=None, who=None, close=True):
    host = host or f"127.0.0.1:{remit.port}"
    return raw((f"{text[0]} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {who or token}\r\n"
                + "".join(f"{line}\r\n" for line in text[1:])
                + ("Connection: close\r\n" if close else "") + "\r\n").encode("latin-1"))


def echoed(answer):
    equal(answer.status, 200)
    return answer.json()


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
def H02_H04_forwarding_and_override_headers_are_ours_or_none():
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


def canonical(path):
    """What a path that is good reads as, percent-encoded in one way."""
    keep = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@/")
    plain = bytearray()
    at = 0
    while at < len(path):
        if path[at] == "%":
            plain.append(int(path[at + 1:at + 3], 16))
            at += 3
        else:
            plain.append(ord(path[at]))
            at += 1
    return "".join(chr(b) if b in keep else f"%{b:02X}" for b in plain)


@case
def P01_P02_P03_P04_P06_P10_what_was_judged_is_what_arrives():
    chance = random.Random(seed())
    pieces = ["a", "b", "/", "/", "..", ".", "%2e", "%2F", "%5c", "%00", "%25", "%2541", ";", "%3b", "%c3%a9", "%C3",
              "%41", "%7e", "~", "@", ":", "+", "%20", "%2B", "!", "$", "'", "(", "*", ",", "=", "&", "%", "%zz", "//"]
    passed = refused = 0
    connection = http.client.HTTPConnection("127.0.0.1", remit.port)
    for _ in range(600):
        path = "/api/" + "".join(chance.choice(pieces) for _ in range(chance.randint(1, 6)))
        before = len(upstream.heads)
        connection.putrequest("GET", path, skip_host=False, skip_accept_encoding=True)
        connection.putheader("Authorization", f"Bearer {token}")
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        if response.status == 200:
            passed += 1
            equal(target(upstream.heads[before]), canonical(path))
        else:
            refused += 1
            equal(response.status in (400, 403, 404), True)
            equal(len(upstream.heads), before)
        if response.getheader("Connection") == "close":
            connection.close()
        del body
    equal(passed > 50 and refused > 50, True)


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


def memory_kb():
    with open(f"/proc/{remit.server.pid}/status", encoding="utf-8") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


@case
def large_bodies_stream_both_ways_in_flat_memory():
    global behave
    size, piece = 100_000_000, b"x" * 1_000_000
    who = bad_token("bad")
    counted = []

    def swallow_and_pour(head, file, connection):
        left = size
        while left:
            got = file.read(min(left, 1 << 20))
            if not got:
                return False
            left -= len(got)
        counted.append(size)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            connection.sendall(piece)

    behave = swallow_and_pour
    with socket.create_connection(("127.0.0.1", remit.port), timeout=60) as s:
        s.sendall(f"POST /api/x HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n"
                  f"Content-Length: {size}\r\nConnection: close\r\n\r\n".encode())
        before = most = memory_kb()
        for _ in range(size // len(piece)):
            s.sendall(piece)
        most = max(most, memory_kb())
        time.sleep(0.5)  # the client does not read: nothing may pile up
        most = max(most, memory_kb())
        got = 0
        while part := s.recv(1 << 20):
            got += len(part)
        most = max(most, memory_kb())
    equal(got > size and counted == [size], True)
    equal(most - before < 30000, True, f"{before} kB, then {most} kB")


def answer_with(*parts, then=False, pause=0):
    def answer(head, file, connection):
        read_body(head, file)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        return then
    return answer


def misbehave(how, *lines, who):
    global behave
    behave = how
    return request(["GET /api/x", *lines], host="bad.example", who=who)


@case
def answers_come_in_every_framing():
    who = bad_token("bad")
    ok = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n"
    for how, end in ((answer_with(ok + b"Content-Length: 5\r\n\r\nhello"), b"\r\n\r\nhello"),
                     (answer_with(ok + b"\r\nhel", b"lo"), b"\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
                     (answer_with(ok + b"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n"),
                      b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                     (answer_with(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
                                  ok + b"Content-Length: 5\r\n\r\nhello", pause=0.05), b"\r\n\r\nhello"),
                     (answer_with(b"HTTP/1.1 206 Partial Content\r\nContent-Type: a/b\r\nContent-Range: bytes 0-4/9\r\n"
                                  b"Content-Length: 5\r\n\r\nhello"), b"\r\n\r\nhello"),
                     (answer_with(b"HTTP/1.1 204 No Content\r\n\r\n"), b"\r\n\r\n"),
                     (answer_with(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n"), b"\r\n\r\n"),
                     (answer_with(b"HTTP/1.0 200 OK\r\nContent-Type: a/b\r\n\r\nhello"),
                      b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")):
        got = misbehave(how, who=who)
        equal((got[:9], got[-len(end):]), (b"HTTP/1.1 ", end))
        equal(b"Trailer" in got or b"X: y" in got or b"Link" in got, False)


@case
def events_come_as_they_are_sent():
    who = bad_token("bad")
    global behave
    behave = answer_with(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"data: 1\n\n", b"data: 2\n\n",
                         pause=0.4)
    with socket.create_connection(("127.0.0.1", remit.port), timeout=10) as s:
        s.sendall(f"GET /api/x HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n\r\n".encode())
        times = []
        got = b""
        while b"data: 2" not in got:
            got += s.recv(65536)
            times.append(time.monotonic())
    equal(times[-1] - times[0] > 0.3, True)


@case
def L04_W12_what_is_no_answer_is_502_and_not_passed_on():
    who = bad_token("bad")
    for text in (b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                 b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 50):
        got = misbehave(answer_with(text), who=who)
        equal((text, got.split(b" ")[1]), (text, b"502"))
        equal(b"bad_gateway" in got and b"nonsense" not in got, True)


@case
def L04_an_answer_cut_off_is_never_taken_for_a_whole_one():
    who = bad_token("bad")
    ok = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n"
    got = misbehave(answer_with(ok + b"Content-Length: 50\r\n\r\nhello", pause=0.1), who=who)
    equal(b"Content-Length: 50" in got and len(got.split(b"\r\n\r\n", 1)[1]) < 50, True)
    got = misbehave(answer_with(ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", pause=0.1), who=who)
    equal(b"\r\n0\r\n" in got, False)
    got = misbehave(answer_with(ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", pause=0.1), who=who)
    equal(b"\r\n0\r\n" in got, False)
    global behave
    behave = answer_with(ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", pause=0.1)
    got = raw(f"GET /api/x HTTP/1.0\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n\r\n".encode())
    equal(got.endswith(b"(reset)"), True)


@case
def L04_who_never_answers_is_504():
    who = bad_token("bad")
    started = time.monotonic()
    got = misbehave(lambda head, file, connection: time.sleep(3) or False, who=who)
    equal((got.split(b" ")[1], 0.8 < time.monotonic() - started < 2.5), (b"504", True))
    equal(remit.call("GET", "/api/x", token).status, 200)


@case
def L04_an_answer_before_the_request_is_whole_ends_it():
    who = bad_token("bad")
    global behave

    def early(head, file, connection):
        connection.sendall(b"HTTP/1.1 413 Too much\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno")
        return True
    behave = early
    with socket.create_connection(("127.0.0.1", remit.port), timeout=10) as s:
        s.sendall(f"POST /api/x HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n"
                  "Content-Length: 1000\r\n\r\nabc".encode())
        got = b""
        while part := s.recv(65536):
            got += part
    equal((got.split(b" ")[1], got[-2:], b"Connection: close" in got), (b"413", b"no", True))
    behave = answer_with(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\ngood", then=True)
    equal(request(["GET /api/x"], host="bad.example", who=who)[-4:], b"good")


@case
def L04_bytes_behind_an_answer_reach_nobody():
    who = bad_token("bad")
    text = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"
    got = misbehave(answer_with(text + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", then=True), who=who)
    equal(got[-2:], b"ok")
    equal(misbehave(answer_with(text, then=True), who=who)[-2:], b"ok")


@case
def a_pooled_connection_that_was_closed_costs_no_request():
    who = bad_token("bad")
    text = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"
    for _ in range(10):
        equal(misbehave(answer_with(text, then=False), who=who)[-2:], b"ok")


@case
def a_server_that_is_gone_is_502():
    got = request(["GET /api/x"], host="gone.example", who=bad_token("gone"))
    equal((got.split(b" ")[1], b"bad_gateway" in got), (b"502", True))


@case
def answers_lose_what_is_not_the_clients_and_pages_are_in_a_sandbox():
    who = bad_token("bad")
    got = misbehave(answer_with(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nSet-Cookie: remit_x=evil\r\n"
        b"Set-Cookie: mine=1\r\nRemit-User: evil\r\nRemit-Request-Id: evil\r\nKeep-Alive: evil\r\nAlt-Svc: evil\r\n"
        b"Connection: X-Hop\r\nX-Hop: evil\r\nDate: evil\r\nCache-Control: public\r\nETag: \"1\"\r\n"
        b"Access-Control-Allow-Origin: evil\r\n\r\nok"), who=who)
    equal(b"evil" in got, False)
    for wanted in (b"Set-Cookie: mine=1\r\n", b"Content-Security-Policy: sandbox\r\n", b"Cache-Control: no-store\r\n",
                   b"ETag: \"1\"\r\n"):
        equal((wanted, wanted in got), (wanted, True))
    got = misbehave(answer_with(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
                    who=who)
    equal(b"Content-Security-Policy" in got, False)


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
def a_client_that_leaves_leaves_nothing_behind():
    who = bad_token("bad")
    global behave
    behave = lambda head, file, connection: time.sleep(0.3) or False
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", remit.port), timeout=10) as s:
            s.sendall(f"POST /api/x HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n"
                      "Content-Length: 100\r\n\r\nabc".encode())
            time.sleep(0.01)
    time.sleep(0.5)
    equal(remit.call("GET", "/api/x", token).status, 200)


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
def several_addresses_and_a_unix_socket():
    path = os.path.join(remit.folder, "app.sock")
    app = Upstream(echo, path)
    dead = free_port()
    with Remit(apis=[f"  mine: {{ profile: ./mine.yaml, upstream: [\"http://127.0.0.1:{dead}\", \"{app.url}\"] }}"],
               migrate=False) as other:
        with open(os.path.join(other.folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE)
        other.cli("store", "migrate")
        other.cli("user", "add", "ann@example.com")
        who = other.token("ann@example.com", "r", "--scope", "s:write", api="mine")["token"]
        other.serve()
        for _ in range(10):
            got = echoed(other.call("POST", "/api/x", who, body=b"hello"))
            equal((got["body"], dict(fields(got["head"]))["Host"]), ("hello", "localhost"))
        equal(other.stop(), 0)


def start_nginx(folder):
    """Debian's nginx with files to serve; its address, or None where it is not installed."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        return None
    os.makedirs(f"{folder}/files/api", exist_ok=True)
    with open(f"{folder}/files/api/big.bin", "wb") as file:
        file.write(bytes(range(256)) * 4096)
    port = free_port()
    with open(f"{folder}/nginx.conf", "w", encoding="ascii") as file:
        file.write(f"""
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit; daemon off; user root;
events {{ worker_connections 256; }}
http {{
  access_log off; default_type application/octet-stream; gzip on; gzip_min_length 1; gzip_types application/octet-stream; keepalive_requests 3;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
""")
    process = subprocess.Popen([program, "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
    atexit.register(process.terminate)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx did not start")


@case
def nginx_behind_the_gate():
    """Files, ranges, HEAD, conditions, compression in chunks, and connections that it ends after 3 requests."""
    folder = tempfile.mkdtemp(prefix="remit-nginx-")
    atexit.register(shutil.rmtree, folder, True)
    url = start_nginx(folder)
    if not url:
        print("# no nginx here")
        return
    whole = bytes(range(256)) * 4096
    with Remit(apis=[f"  mine: {{ profile: ./mine.yaml, upstream: \"{url}\" }}"], migrate=False) as other:
        with open(os.path.join(other.folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE)
        other.cli("store", "migrate")
        other.cli("user", "add", "ann@example.com")
        who = other.token("ann@example.com", "r", "--scope", "s:read", api="mine")["token"]
        other.serve()
        for _ in range(20):
            answer = other.call("GET", "/api/big.bin", who)
            equal((answer.status, answer.body == whole), (200, True))
        part = other.call("GET", "/api/big.bin", who, headers={"Range": "bytes=1000-1999"})
        equal((part.status, part.body == whole[1000:2000], part.headers["Content-Range"]),
              (206, True, f"bytes 1000-1999/{len(whole)}"))
        parts = other.call("GET", "/api/big.bin", who, headers={"Range": "bytes=0-0,5-6"})
        equal((parts.status, parts.headers["Content-Type"].split(";")[0]), (206, "multipart/byteranges"))
        head = other.call("HEAD", "/api/big.bin", who)
        equal((head.status, head.headers["Content-Length"], head.body), (200, str(len(whole)), b""))
        same = other.call("GET", "/api/big.bin", who, headers={"If-None-Match": head.headers["ETag"]})
        equal((same.status, same.body), (304, b""))
        packed = other.call("GET", "/api/big.bin", who, headers={"Accept-Encoding": "gzip"})
        equal((packed.status, packed.headers["Content-Encoding"], gzip.decompress(packed.body) == whole),
              (200, "gzip", True))
        equal(other.call("GET", "/api/none", who).status, 404)
        equal(other.stop(), 0)


@case
def it_stops_with_pooled_connections():
    equal(remit.call("GET", "/api/x", token).status, 200)
    started = time.monotonic()
    equal((remit.stop(), time.monotonic() - started < 5), (0, True))
    equal("Sanitizer" in remit.log, False)


start()
run()
