#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exchanges over one connection: keep-alive, pipelining, bodies, HEAD, files, workers."""
import os
import socket
import tempfile

from net import Client, Server, temporary_file, until
from tap import case, equal, run

FILE = temporary_file(1_000_000)
with open(FILE.name, "rb") as opened:
    CONTENT = opened.read()
SERVER = Server("file=" + FILE.name, "body_max=200000", "drain_ms=2000")
GET = "GET /plain HTTP/1.1\r\nHost: t\r\n\r\n"


def client():
    return Client(SERVER)


def chunked(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


@case
def test_keep_alive():
    with client() as c:
        ids = {c.ask("/plain").headers["remit-request-id"] for _ in range(50)}
        equal(len(ids), 50, "each answer has its own id")


@case
def test_connection_close():
    with client() as c:
        equal(c.ask("/plain", headers="Connection: close\r\n").headers["connection"], "close")
        assert c.is_closed()


@case
def test_http_10():
    with client() as c:
        a = c.send("GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer()
        equal(a.headers["connection"], "keep-alive")
        a = c.send("GET /plain HTTP/1.0\r\n\r\n").answer()
        equal((a.body, a.headers["connection"]), (b"hello", "close"))
        assert c.is_closed()


@case
def test_nothing_after_connection_close_is_answered():
    with client() as c:
        c.send("GET /plain HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n" + GET * 3)
        equal(len(c.answers()), 1)


@case
def test_half_closed_client_gets_its_answers():
    with client() as c:
        equal(len(c.send(GET * 3).end().answers()), 3)


@case
def test_pipelining_in_order():
    with client() as c:
        for i in range(200):
            c.send(f"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\n{i:04}")
        for i in range(200):
            equal(c.answer().body, b"%04d" % i)


@case
def test_pipelining_past_the_turn_while_others_go_on():
    with client() as c, client() as other:
        c.send(GET * 1000)
        equal(other.ask("/plain").status, 200)
        for _ in range(1000):
            equal(c.answer().body, b"hello")


@case
def test_pipelining_behind_work():
    with client() as c, client() as other:
        c.send("GET /work HTTP/1.1\r\nHost: t\r\n\r\n" + GET * 2)
        equal(other.ask("/release").status, 200)
        equal([c.answer().body for _ in range(3)], [b"worked", b"hello", b"hello"])


@case
def test_pipelined_bytes_past_the_buffer_behind_work():
    """What does not fit the buffer waits in the kernel, and is answered in order."""
    with client() as c, client() as other:
        c.send("GET /work HTTP/1.1\r\nHost: t\r\n\r\n")
        c.send(GET * 5000)
        equal(other.ask("/release").status, 200)
        equal(c.answer().body, b"worked")
        for _ in range(5000):
            equal(c.answer().status, 200)


@case
def test_bodies_of_every_size():
    with client() as c:
        for size in (0, 1, 100, 8000, 24000, 24576, 25000, 65535, 65536, 65537, 131072, 199999, 200000):
            body = CONTENT[:size]
            equal(c.ask("/echo", "POST", body=body).body == body, True, f"{size} bytes")
            head = "POST /echo-work HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
            c.send(head.encode() + chunked(*[body[i:i + 7777] for i in range(0, size, 7777)]))
            equal(c.answer().body == body, True, f"{size} bytes in chunks")


@case
def test_many_small_chunks_with_pipelined_requests_behind():
    with client() as c:
        head = b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        c.send((head + chunked(*[b"x"] * 30000) + GET.encode()) * 2)
        for _ in range(2):
            equal(c.answer().body, b"x" * 30000)
            equal(c.answer().body, b"hello")


@case
def test_L03_body_at_its_limit_and_a_byte_over():
    for head, body in (("Content-Length: 200001\r\n", b""),
                       ("Transfer-Encoding: chunked\r\n", chunked(CONTENT[:200001])),
                       ("Transfer-Encoding: chunked\r\n", chunked(CONTENT[:199999], b"abc"))):
        with client() as c:
            c.send(f"POST /echo HTTP/1.1\r\nHost: t\r\n{head}\r\n".encode() + body)
            a = c.answer()
            equal((a.status, a.headers["connection"]), (413, "close"))
            c.end()
            assert c.is_closed()


@case
def test_broken_chunks_are_answered_and_closed():
    with client() as c:
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + GET)
        equal([a.status for a in c.end().answers()], [400])


@case
def test_expect_continue():
    with client() as c:
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        equal(c.answer().status, 100)
        equal(c.send("hello").answer().body, b"hello")
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
        equal(c.answer().status, 100)
        equal(c.send(chunked(b"abc")).answer().body, b"abc")


@case
def test_expect_continue_is_not_sent_when_the_body_is_there_or_refused():
    with client() as c:
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
        equal(c.answer().body, b"hello")
        c.send("POST /reject HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        a = c.answer()
        equal((a.status, a.headers["connection"]), (401, "close"))
    with client() as c:
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n")
        equal(c.answer().status, 413)
    with client() as c:
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nExpect: something\r\n\r\n")
        a = c.answer()
        equal((a.status, a.code()), (417, "expectation_failed"))


@case
def test_unread_small_body_is_passed_over():
    with client() as c:
        for size in (1, 1000, 30000, 60000):
            equal("connection" in c.ask("/reject", "POST", body=CONTENT[:size]).headers, False)
            equal(c.ask("/plain").body, b"hello")
        c.send(b"POST /reject HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"abc") + GET.encode())
        equal([c.answer().status for _ in range(2)], [401, 200])


@case
def test_unread_body_that_comes_later_is_no_request():
    """The answer comes before the body; the body's bytes look like a request, and are none."""
    inner = GET.encode()
    with client() as c:
        c.send(f"POST /reject HTTP/1.1\r\nHost: t\r\nContent-Length: {len(inner)}\r\n\r\n")
        equal(c.answer().status, 401)
        equal(c.send(inner).ask("/empty").status, 204)


@case
def test_unread_large_body_closes():
    with client() as c:
        c.send("POST /reject HTTP/1.1\r\nHost: t\r\nContent-Length: 900000\r\n\r\n")
        equal(c.answer().headers["connection"], "close")
        c.send(CONTENT[:900000])  # the answer is not lost by a reset, and nothing of this is a request
        c.end()
        assert c.is_closed()


@case
def test_half_a_body_is_never_given_to_the_handler():
    with client() as c:
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhello").end()
        equal(c.answers(), [])


@case
def test_statuses_without_body_and_head():
    with client() as c:
        equal("content-length" in c.ask("/empty").headers, False)
        equal("content-length" in c.ask("/not-modified").headers, False)
        equal(c.ask("/plain", "HEAD").headers["content-length"], "5")
        equal(c.ask("/file", "HEAD").headers["content-length"], "1000000")
        equal(c.ask("/missing", "HEAD").status, 404)
        equal(c.ask("/plain").body, b"hello")


@case
def test_files_and_ranges():
    with client() as c:
        equal(c.ask("/file").body == CONTENT, True)
        for offset, length in ((0, 0), (0, 1), (999999, 1), (1000000, 0), (5, 65536), (65535, 65537),
                               (123, 900000)):
            equal(c.ask(f"/file?{offset}-{length}").body == CONTENT[offset:offset + length], True,
                  f"{offset}-{length}")
        c.send("GET /file?10-5 HTTP/1.1\r\nHost: t\r\n\r\n" + GET + "GET /file?7-3 HTTP/1.1\r\nHost: t\r\n\r\n")
        equal([c.answer().body for _ in range(3)], [CONTENT[10:15], b"hello", CONTENT[7:10]])


@case
def test_file_that_is_shorter_than_promised():
    with client() as c:
        a = c.ask("/file?999990-20")
        equal((a.status, a.code(), a.headers["connection"]), (500, "internal", "close"))
    with client() as c:  # found when the head is out already: the end of the connection tells
        c.send("GET /file?0-1000001 HTTP/1.1\r\nHost: t\r\n\r\n")
        try:
            c.answer()
            raise AssertionError("a whole answer")
        except (EOFError, ConnectionResetError):
            assert len(c.bytes) < 1000001


@case
def test_answer_cannot_be_split_by_a_header():
    with client() as c:
        c.send("GET /split HTTP/1.1\r\nHost: t\r\n\r\n")
        equal([a.status for a in c.end().answers()], [500])


@case
def test_big_answers():
    with client() as c:
        for size in (65536, 1000000, 5000000):
            equal(len(c.ask(f"/big/{size}").body), size)
        c.send("GET /big/300000 HTTP/1.1\r\nHost: t\r\n\r\n" * 20)
        for _ in range(20):
            equal(len(c.answer().body), 300000)


@case
def test_client_that_leaves_during_work():
    c = client()
    before = SERVER.counts()
    c.send("GET /work HTTP/1.1\r\nHost: t\r\n\r\n")
    until(lambda: SERVER.counts()["working"] > before["working"], "the work has begun")
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close sends a reset
    c.close()
    # the exchange is not over before its work is
    until(lambda: SERVER.counts()["open"] == 2, "one is open beside the one that asks")
    counts = SERVER.counts()
    equal(counts["requests"] - counts["finished"], 2)
    with client() as other:
        equal(other.ask("/release").status, 200)
    until(lambda: (lambda n: n["requests"] - n["finished"] == 1)(SERVER.counts()), "the exchange is finished")


@case
def test_unix_socket():
    path = os.path.join(tempfile.mkdtemp(), "s")
    with Server(address="unix:" + path) as server:
        with Client(server) as c:
            equal(c.ask("/plain").body, b"hello")
        try:
            Server(address="unix:" + path)
            raise AssertionError("two servers on one socket")
        except OSError as e:
            assert "cannot listen on unix:" in str(e), e
        server.kill()
        with Server(address="unix:" + path) as next_one, Client(next_one) as c:  # what was left behind is replaced
            equal(c.ask("/plain").body, b"hello")
        assert not os.path.exists(path)


@case
def test_second_server_on_one_port_is_an_error():
    for address in ("127.0.0.1:%d" % SERVER.address[1], "localhost:1", "127.0.0.1", "127.0.0.1:99999",
                    "[::1:80", "unix:"):
        try:
            Server(address=address)
            raise AssertionError(f"{address} works")
        except OSError as e:
            assert "listen" in str(e), e


@case
def test_all_exchanges_are_finished_at_the_end():
    SERVER.stop()
    SERVER.wait()


run()
