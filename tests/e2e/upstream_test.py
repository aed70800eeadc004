#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the gate makes of an upstream's answers: streamed, cut off, late, or none at all."""
import json
import socket
import threading
import time

from harness import until
from proxied import answer_with, bad_token, behaviour, misbehave, raw, remit, request, token
from tap import case, equal, run
from upstream import read_body


def memory_kb():
    with open(f"/proc/{remit.server.pid}/status", encoding="utf-8") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


@case
def large_bodies_stream_both_ways_in_flat_memory():
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

    behaviour.how = swallow_and_pour
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


def bodies_held():
    text = remit.call("GET", "/metrics").body.decode()
    return int(next(line for line in text.splitlines() if line.startswith("remit_body_bytes_held ")).split()[1])


@case
def what_a_request_came_in_is_given_back_while_its_answer_lasts():
    go_on = threading.Event()

    def stream(head, file, connection):
        read_body(head, file)
        if head.startswith(b"GET"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 6\r\n\r\nbehind")
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                           b"8\r\ndata: 1\n\r\n")
        go_on.wait(30)
        connection.sendall(b"8\r\ndata: 2\n\r\n0\r\n\r\n")

    behaviour.how = stream
    who = bad_token("bad")
    body = json.dumps({"title": "x" * 300_000}).encode()
    head = f"HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n"
    with socket.create_connection(("127.0.0.1", remit.port), timeout=30) as s:
        s.sendall(f"POST /api/judged {head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                  + body)
        got = b""
        while b"data: 1" not in got:
            got += s.recv(65536)
        equal(bodies_held(), 0)
        s.sendall(f"GET /api/x {head}Connection: close\r\n\r\n".encode())  # waits behind the stream
        go_on.set()
        while part := s.recv(65536):
            got += part
    equal((got.count(b"HTTP/1.1 200 OK"), b"data: 2" in got, got.endswith(b"behind")), (2, True, True))


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
    behaviour.how = answer_with(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"data: 1\n\n", b"data: 2\n\n",
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


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BROKEN = {  # the Y table, as far as answers have the same holes: each is 502, or ends in the middle
    "Y01 W12 Content-Length and Transfer-Encoding": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Y02 two different Content-Length": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "Y03 two equal Content-Length": HEAD + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "Y04 Content-Length: +5": HEAD + b"Content-Length: +5\r\n\r\nhello",
    "Y05 Content-Length: 5x": HEAD + b"Content-Length: 5x\r\n\r\nhello",
    "Y06 Content-Length: 0x5": HEAD + b"Content-Length: 0x5\r\n\r\nhello",
    "Y07 space before colon": HEAD + b"Content-Length : 5\r\n\r\nhello",
    "Y08 Transfer-Encoding: xchunked": HEAD + b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nhello",
    "Y09 Transfer-Encoding: gzip, chunked": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Y10 Transfer-Encoding: chunked, chunked": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Y11 Transfer-Encoding twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Y12 Transfer-Encoding in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Y13 chunk size 0x5": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "Y14 chunk size +5": CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n",
    "Y15 chunk size ended by LF": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "Y16 LF in a chunk extension": CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "Y17 chunk data without CRLF": CHUNKED + b"5\r\nhelloXX0\r\n\r\n",
    "Y18 chunk size 2^64+5": CHUNKED + b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "Y19 obs-fold": HEAD + b"A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
    "Y20 LF line ends": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "Y21 CR in a value": HEAD + b"A: b\rc\r\nContent-Length: 5\r\n\r\nhello",
    "Y22 NUL in a value": HEAD + b"A: b\0c\r\nContent-Length: 5\r\n\r\nhello",
    "Y23 control character in a value": HEAD + b"A: b\1c\r\nContent-Length: 5\r\n\r\nhello",
    "Y26 space in a name": HEAD + b"A b: c\r\nContent-Length: 5\r\n\r\nhello",
    "Y27 header without colon": HEAD + b"A\r\nContent-Length: 5\r\n\r\nhello",
    "Y28 empty name": HEAD + b": c\r\nContent-Length: 5\r\n\r\nhello",
    "Y29 brackets in a name": HEAD + b"[a]: c\r\nContent-Length: 5\r\n\r\nhello",
    "Y30 two spaces in the status line": b"HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "Y31 tab in the status line": b"HTTP/1.1\t200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "Y33 HTTP/1.2": b"HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "Y34 HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "Y35 HTTP/0.9": b"<p>hello</p>\r\n\r\n",
    "W12 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello",
    "W12 an interim answer with a length": b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello",
    "W12 1xx without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    "W12 204 with a length": b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
    "L03 a head over its limit": HEAD + b"A: " + b"a" * 17000 + b"\r\nContent-Length: 5\r\n\r\nhello",
    "L03 101 headers": HEAD + b"A: b\r\n" * 100 + b"Content-Length: 5\r\n\r\nhello",
    "L03 a trailer over its limit": CHUNKED + b"5\r\nhello\r\n0\r\nA: " + b"a" * 5000 + b"\r\n\r\n",
}
HIDDEN = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\nevil"
whose = bad_token("bad")


def bytewise(text):
    def answer(head, file, connection):
        read_body(head, file)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(len(text)):
            connection.sendall(text[n:n + 1])
        return True
    return answer


def add_broken(name, text):
    def test():
        ways = [answer_with(text + HIDDEN, then=True)] + ([bytewise(text + HIDDEN)] if len(text) < 1000 else [])
        for how in ways:
            got = misbehave(how, who=whose)
            equal((b"evil" in got, got.endswith(b"\r\n0\r\n\r\n")), (False, False), got)
            if text.startswith(CHUNKED):  # its head was good: what was begun is cut off
                assert got in (b"", b"(reset)") or got.startswith(b"HTTP/1.1 200 "), got
            else:
                assert got.startswith(b"HTTP/1.1 502 ") and b"bad_gateway" in got and b"hello" not in got, got
            equal(misbehave(answer_with(HEAD + b"Content-Length: 4\r\n\r\ngood", then=True), who=whose)[-4:], b"good")
    test.__name__ = name
    case(test)


for broken in BROKEN.items():
    add_broken(*broken)


@case
def L04_an_answer_that_stops_is_cut_off():
    """L04: the time-out of the last phase; the client never takes it for whole"""
    stopped = threading.Event()

    def stall(head, file, connection):
        read_body(head, file)
        connection.sendall(HEAD + b"Content-Length: 50\r\n\r\nhello")
        stopped.wait(30)
        return False
    begun = time.monotonic()
    got = misbehave(stall, who=whose)
    stopped.set()
    equal((got.split(b" ")[1], b"Content-Length: 50" in got, 0.8 < time.monotonic() - begun < 10), (b"200", True, True))


@case
def L01_answers_that_are_never_read():
    """L01: the upstream is slowed down, nothing piles up, and others feel nothing"""
    piece = b"x" * 1000000
    left = []

    def pour(head, file, connection):
        read_body(head, file)
        try:
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (100 * len(piece)))
            for _ in range(100):
                connection.sendall(piece)
        finally:
            left.append(head)
    behaviour.how = pour
    before = memory_kb()
    silent = []
    for _ in range(20):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", remit.port))
        s.sendall(f"GET /api/x HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {whose}\r\n\r\n".encode())
        s.recv(100)
        silent.append(s)
    for _ in range(100):
        equal(remit.call("GET", "/api/x", token).status, 200)
    equal((memory_kb() - before < 30000, left), (True, []))
    for s in silent:
        s.close()
    until(lambda: len(left) == 20, "the upstream's connections are closed with the clients'")


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
    behaviour.how = answer_with(ok + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", pause=0.1)
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
    def early(head, file, connection):
        connection.sendall(b"HTTP/1.1 413 Too much\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno")
        return True
    behaviour.how = early
    with socket.create_connection(("127.0.0.1", remit.port), timeout=10) as s:
        s.sendall(f"POST /api/x HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n"
                  "Content-Length: 1000\r\n\r\nabc".encode())
        got = b""
        while part := s.recv(65536):
            got += part
    equal((got.split(b" ")[1], got[-2:], b"Connection: close" in got), (b"413", b"no", True))
    behaviour.how = answer_with(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\ngood", then=True)
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
def a_client_that_leaves_leaves_nothing_behind():
    who = bad_token("bad")
    behaviour.how = lambda head, file, connection: time.sleep(0.3) or False
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", remit.port), timeout=10) as s:
            s.sendall(f"POST /api/x HTTP/1.1\r\nHost: bad.example\r\nAuthorization: Bearer {who}\r\n"
                      "Content-Length: 100\r\n\r\nabc".encode())
            time.sleep(0.01)
    time.sleep(0.5)
    equal(remit.call("GET", "/api/x", token).status, 200)


run()
