#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers of unknown length: chunks, HTTP/1.0, HEAD, back-pressure, who leaves, and the drain."""
import select
import socket
import threading
import time

from net import Client, Server, until
from tap import case, equal, run

SERVER = Server("loops=1", "drain_ms=2000")
GET = "GET /plain HTTP/1.1\r\nHost: t\r\n\r\n"


def client(receive_bytes=None):
    return Client(SERVER, receive_bytes)


def ask(path, version="1.1", method="GET"):
    return f"{method} {path} HTTP/{version}\r\nHost: t\r\n\r\n"


def pieces(count, size):
    """What the server makes of /stream/count/size."""
    return [bytes([97 + left % 26]) * size for left in range(count, 0, -1)]


def running(server=SERVER):
    """Exchanges that are not over, but for the one that asks."""
    counts = server.counts()
    return counts["requests"] - counts["finished"] - 1


def refused(server):
    try:
        Client(server).close()
        return False
    except ConnectionRefusedError:
        return True
    except OSError:  # TLS: closed in the middle of its handshake
        return False


def leave(c):
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close sends a reset
    c.close()


@case
def test_every_byte_of_a_chunked_answer():
    wanted = {
        "/stream/0/5": b"0\r\n\r\n",
        "/stream/1/5": b"5\r\nbbbbb\r\n0\r\n\r\n",
        "/stream/3/1": b"1\r\nd\r\n1\r\nc\r\n1\r\nb\r\n0\r\n\r\n",
        "/stream/2/1?empty": b"1\r\nc\r\n1\r\nb\r\n0\r\n\r\n",
        "/stream/4/0": b"0\r\n\r\n",
        "/stream/1/26?first": b"5\r\nfirst\r\n1a\r\n" + b"b" * 26 + b"\r\n0\r\n\r\n",
        "/stream/0/0?first": b"5\r\nfirst\r\n0\r\n\r\n",
    }
    for path, body in wanted.items():
        with client() as c:
            raw = c.send(ask(path)).end()._rest()
            head, _, got = raw.partition(b"\r\n\r\n")
            equal(got, body, path)
            assert b"\r\nTransfer-Encoding: chunked\r\n" in head + b"\r\n", head
            equal([b"Content-Length" in head, b"Connection" in head], [False, False], path)


@case
def test_pieces_of_every_size_on_one_connection():
    with client() as c:
        for count, size in ((1, 15), (1, 16), (1, 17), (300, 7), (3, 65535), (3, 65536), (1, 262144), (1, 262145),
                            (2, 5_000_000), (20000, 3), (500, 40000)):
            a = c.send(ask(f"/stream/{count}/{size}")).answer()
            equal(a.pieces == pieces(count, size), True, f"{count} pieces of {size}")
        equal(c.ask("/plain").body, b"hello")


@case
def test_http_10_gets_no_chunks_and_the_end_is_the_end():
    for connection in ("", "Connection: keep-alive\r\n"):
        for count, size in ((0, 5), (3, 1), (100, 50000)):
            with client() as c:
                c.send(f"GET /stream/{count}/{size} HTTP/1.0\r\n{connection}\r\n" + GET)
                a = c.answer()
                equal(("transfer-encoding" in a.headers, "content-length" in a.headers), (False, False))
                equal(a.headers["connection"], "close")
                equal(a.body == b"".join(pieces(count, size)), True, f"{count} pieces of {size}")


@case
def test_head_gets_the_head_only():
    with client() as c:
        for path in ("/stream/3/10", "/stream/100/100000", "/stream/1/1?held"):
            c.send(ask(path, method="HEAD"))
            if "held" in path:
                with client() as other:
                    equal(other.ask("/release").status, 200)
            a = c.answer(head=True)
            equal((a.status, a.headers["transfer-encoding"]), (200, "chunked"))
            equal(c.ask("/plain").body, b"hello")
        c.send(ask("/stream/3/10", "1.0", "HEAD"))
        equal(c.answer(head=True).headers["connection"], "close")
        assert c.is_closed()


@case
def test_close_that_was_asked_for():
    with client() as c:
        c.send("GET /stream/3/10 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n" + GET)
        a = c.answer()
        equal((a.pieces, a.headers["connection"]), (pieces(3, 10), "close"))
        c.end()
        assert c.is_closed()


@case
def test_stream_cannot_be_split_by_a_header():
    with client() as c:
        c.send(ask("/stream/3/10?split") + GET)
        equal([a.status for a in c.end().answers()], [500])


@case
def test_stream_that_is_broken_off_has_no_end():
    with client() as c:
        c.send(ask("/stream/3/10?broken") + GET)
        try:
            c.answer()
            raise AssertionError("a whole answer")
        except (EOFError, ConnectionResetError):
            assert b"0\r\n\r\n" not in c.bytes and b"hello" not in c.bytes, c.bytes
    until(lambda: running() == 0, "it is finished")


@case
def test_pipelined_behind_streams():
    with client() as c:
        c.send((ask("/stream/50/20000") + GET + ask("/stream/0/0") + ask("/empty")) * 5)
        for _ in range(5):
            equal(c.answer().pieces == pieces(50, 20000), True)
            equal(c.answer().body, b"hello")
            equal(c.answer().pieces, [])
            equal(c.answer().status, 204)


@case
def test_pipelined_behind_a_stream_that_waits():
    with client() as c, client() as other:
        c.send(ask("/stream/3/4?held") + GET * 2)
        until(lambda: running() == 1, "it waits")
        while b"cccc\r\n" not in c.bytes:  # what is written goes out before the rest is there
            c._more()
        assert b"hello" not in c.bytes and b"bbbb" not in c.bytes
        equal(other.ask("/release").status, 200)
        equal(c.answer().pieces, pieces(3, 4))
        equal([c.answer().body for _ in range(2)], [b"hello", b"hello"])


@case
def test_written_from_outside_of_its_own_callbacks():
    with client() as c, client() as other:
        c.send(ask("/open") + GET)
        until(lambda: running() == 1, "it is open")
        for text in (b"a", b"bc", b"d" * 1000):
            equal(other.ask("/push?" + text.decode()).body, b"more")
            while not c.bytes.endswith(b"\r\n%x\r\n%s\r\n" % (len(text), text)):
                c._more()
        equal(other.ask("/shut").status, 200)
        equal(c.answer().pieces, [b"a", b"bc", b"d" * 1000])
        equal(c.answer().body, b"hello")


@case
def test_written_to_one_that_has_left():
    with client() as other:
        c = client().send(ask("/open"))
        until(lambda: running() == 1, "it is open")
        leave(c)
        until(lambda: running() == 0, "it is finished")
        equal(other.ask("/push?late").status, 404)
        c = client().send(ask("/open"))
        until(lambda: running() == 1, "it is open")
        c.close()  # no reset: only a write can tell
        until(lambda: other.ask("/push?late").status == 404, "it is finished")


@case
def test_L01_stream_that_is_never_read_while_others_go_on():
    before = SERVER.memory()
    silent = [client(4096).send(ask("/stream/1000000/50000")) for _ in range(20)]
    with client() as other:
        until(lambda: running() == 20, "all run")
        for _ in range(100):
            equal(other.ask("/plain").status, 200)
        grown = SERVER.memory() - before
        assert grown < 60_000_000, f"{grown} bytes for {len(silent)} clients"
    for c in silent:
        leave(c)
    until(lambda: running() == 0, "all are finished")


@case
def test_L01_stream_that_is_read_fast_leaves_others_their_turn():
    with client() as greedy, client() as other:
        greedy.send(ask("/stream/100000000/50000"))
        done = threading.Event()

        def read():
            while not done.is_set() and greedy.socket.recv(1 << 20):
                pass

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(200):
            equal(other.ask("/plain").status, 200)
        # One that drops all it writes takes no more of a turn.
        with client() as head:
            head.send(ask("/stream/100000/50000", method="HEAD"))
            equal(other.ask("/plain").status, 200)
        done.set()
        reader.join()
    until(lambda: running() == 0, "it is finished")


@case
def test_clients_that_leave_midway():
    for path in ("/stream/1000000/50000", "/stream/1000000/7"):
        for how in (leave, Client.close):
            c = client().send(ask(path) + GET)
            for _ in range(10):
                c._more()
            how(c)
    c = client().send(ask("/stream/2/5?held"))
    until(lambda: running() == 1, "the others are finished")
    leave(c)
    equal(running(), 1)  # not before its work is
    with client() as other:
        equal(other.ask("/release").status, 200)
    until(lambda: running() == 0, "all are finished")


@case
def test_L01_write_deadline_of_a_stream():
    with Server("write_ms=400", "loops=1") as server, Client(server, 4096) as slow:
        slow.send(ask("/stream/1000000/50000"))
        until(lambda: server.counts()["timeouts"] == 1, "the write deadline")
        until(lambda: server.counts()["open"] == 1, "it is closed")


@case
def test_L01_write_deadline_while_more_is_written():
    """What is added to what waits is neither progress nor the lack of it."""
    with Server("write_ms=500", "loops=1") as server, Client(server, 4096) as slow, Client(server) as other:
        slow.send(ask("/open"))
        until(lambda: server.counts()["requests"] > 1, "it is open")
        text = "x" * 7000
        full = 0
        while full < 3:  # one "wait" may only mean that others have their turn
            full = full + 1 if other.ask("/push?" + text).body == b"wait" else 0
        begin = time.monotonic()
        while time.monotonic() - begin < 1.5:
            slow.socket.recv(1000)
            other.ask("/push?" + text)
            select.select([], [], [], 0.05)
        equal(server.counts()["timeouts"], 0)
        until(lambda: other.ask("/push?" + text).status == 404, "who reads no more is closed")
        equal(server.counts()["timeouts"], 1)


@case
def test_drain_in_the_middle_of_a_stream():
    # Nothing here is about time: where the machine is slow, the time-outs are not what ends it.
    server = Server("drain_ms=60000", "head_ms=60000", "loops=1")
    with Client(server) as held, Client(server) as other, Client(server) as large:
        held.send(ask("/stream/3/4?held") + GET)
        large.send(ask("/stream/1000/100000"))
        until(lambda: server.counts()["working"] == 1, "it waits")
        other.send("GET /release HTTP/1.1\r\nHo")  # what has begun is not closed as idle
        server.stop()
        until(lambda: refused(server), "the listener is closed")
        equal(large.answer().pieces == pieces(1000, 100000), True)
        equal(other.send("st: t\r\n\r\n").answer().body, b"released")
        equal(held.answer().pieces, pieces(3, 4))
        a = held.answer()
        equal((a.body, a.headers["connection"]), (b"hello", "close"))
    server.wait()


@case
def test_drain_ends_a_stream_that_does_not_end():
    with Server("drain_ms=300", "loops=1") as server, Client(server, 4096) as silent, Client(server) as open_one:
        silent.send(ask("/stream/1000000/50000"))
        open_one.send(ask("/open"))
        until(lambda: running(server) == 2, "both run")
        begin = time.monotonic()
        server.stop()
        server.wait()
        server.killed = True  # nothing is left to wait for
        assert time.monotonic() - begin < 10


@case
def test_all_exchanges_are_finished_at_the_end():
    SERVER.stop()
    SERVER.wait()


run()
