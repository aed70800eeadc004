#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What slow, silent, greedy and too many clients cost: L01, L02, L03, and the limits of net."""
import json
import os
import resource
import select
import time

from net import TLS, Client, Server, is_refused, temporary_file, until
from tap import Skip, case, equal, run

GET = "GET /plain HTTP/1.1\r\nHost: t\r\n\r\n"


def trickle(c, text, gap):
    """Sends a byte each `gap` seconds until the server says or closes something."""
    for byte in text:
        try:
            c.send(byte)
        except OSError:
            return
        if c.hears_within(gap):
            return


@case
def test_L01_head_a_byte_at_a_time():
    with Server("head_ms=300", "idle_ms=60000") as server, Client(server) as slow, Client(server) as other:
        begin = time.monotonic()
        trickle(slow, GET * 100, 0.02)
        took = time.monotonic() - begin
        a = slow.answer()
        equal((a.status, a.code(), a.headers["connection"]), (408, "request_timeout", "close"))
        assert 0.25 < took < 5, took
        equal(other.ask("/plain").status, 200)
        equal(server.counts()["timeouts"], 1)


@case
def test_L01_head_deadline_counts_from_the_first_byte_of_each_head():
    with Server("head_ms=1500") as server, Client(server) as c:
        begin = time.monotonic()
        while time.monotonic() - begin < 2:  # longer than one deadline, each head far within it
            c.send(GET[:10])
            select.select([], [], [], 0.02)
            equal(c.send(GET[10:]).answer().status, 200)


@case
def test_L01_body_a_byte_at_a_time():
    with Server("body_ms=5000", "body_total_ms=300") as server, Client(server) as slow:
        slow.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n")
        trickle(slow, "x" * 5000, 0.02)
        equal(slow.answer().status, 408)


@case
def test_L01_body_that_stops():
    for head in ("Content-Length: 50", "Content-Length: 50000", "Transfer-Encoding: chunked"):
        with Server("body_ms=200") as server, Client(server) as slow, Client(server) as other:
            slow.send(f"POST /echo HTTP/1.1\r\nHost: t\r\n{head}\r\n\r\n5\r\nhe")
            equal(slow.answer().status, 408)
            equal(other.ask("/plain").status, 200)
            equal(server.counts()["body_bytes"], 0)


@case
def test_L01_unread_body_that_stops():
    with Server("body_ms=200") as server, Client(server) as slow:
        slow.send("POST /reject HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n5\r\nhe")
        equal(slow.answer().status, 401)
        assert slow.is_closed()


@case
def test_L01_unread_body_a_byte_at_a_time():
    with Server("body_ms=400") as server, Client(server) as slow:
        slow.send("POST /reject HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n")
        equal(slow.answer().status, 401)
        begin = time.monotonic()
        trickle(slow, "x" * 5000, 0.02)
        assert slow.is_closed() and time.monotonic() - begin < 10


@case
def test_L01_answer_that_is_never_read():
    with temporary_file(25_000_000) as file, \
            Server("file=" + file.name, "write_ms=400", "loops=1") as server, Client(server, 4096) as slow:
        slow.send("GET /file HTTP/1.1\r\nHost: t\r\n\r\n")
        until(lambda: server.counts()["timeouts"] == 1, "the write deadline")
        until(lambda: server.counts()["open"] == 1, "it is closed")


@case
def test_L01_answer_that_is_read_slowly_is_sent_whole():
    """Progress is what counts, not the whole time."""
    with temporary_file(3_000_000) as file, Server("file=" + file.name, "write_ms=400") as server, \
            Client(server, 4096) as slow:
        slow.send("GET /file HTTP/1.1\r\nHost: t\r\n\r\n")
        begin, got = time.monotonic(), 0
        while time.monotonic() - begin < 1.2:
            got += len(slow.socket.recv(3000))
            select.select([], [], [], 0.02)
        while got < 3_000_000:
            piece = slow.socket.recv(1 << 20)
            assert piece, f"closed after {got}"
            got += len(piece)


@case
def test_L01_backlog_of_answers_stops_the_reading():
    """A client that asks on and on and reads nothing is not read from either."""
    with Server("loops=1") as server, Client(server, 4096) as greedy, Client(server) as other:
        greedy.socket.setblocking(False)
        sent, request = 0, b"GET /big/100000 HTTP/1.1\r\nHost: t\r\n\r\n" * 100
        while select.select([], [greedy.socket], [], 0.3)[1]:
            sent += greedy.socket.send(request)
            assert sent < 50_000_000
        equal(other.ask("/plain").status, 200)
        asked = server.counts()["requests"]
        assert asked < 200, f"{asked} answered, for nobody"
        assert server.memory() < 200_000_000


@case
def test_L01_file_that_nobody_reads_while_others_go_on():
    with temporary_file(25_000_000) as file, Server("file=" + file.name, "loops=1", "workers=2") as server:
        silent = [Client(server, 4096).send("GET /file HTTP/1.1\r\nHost: t\r\n\r\n") for _ in range(20)]
        with Client(server) as other:
            equal(len(other.ask("/file").body), 25_000_000)
            for _ in range(100):
                equal(other.ask("/plain").status, 200)
        for c in silent:
            c.close()


@case
def test_idle_connection_is_closed_without_a_word():
    with Server("idle_ms=200", "head_ms=60000") as server, Client(server) as c, Client(server) as silent:
        equal(c.ask("/plain").status, 200)
        assert c.is_closed() and silent.is_closed()


@case
def test_L01_a_refused_client_that_does_not_close():
    with Server() as server, Client(server) as c:
        equal(c.send("NO HTTP\r\n\r\n").answer().status, 400)
        until(lambda: server.counts()["open"] == 1, "it is closed all the same")


@case
def test_L08_wall_clock_that_jumps():
    """Its wall clock jumps a day back or forward each time it is read; time-outs do not care."""
    with Server("idle_ms=600", "head_ms=600", program="REMIT_JUMPING_SERVER") as server, Client(server) as c:
        for _ in range(20):
            equal(c.ask("/plain").status, 200)
        begin = time.monotonic()
        while time.monotonic() - begin < 1:  # in use it is not idle
            equal(c.ask("/plain").status, 200)
            select.select([], [], [], 0.02)
        begin = time.monotonic()
        assert c.is_closed()
        assert 0.4 < time.monotonic() - begin < 10


@case
def test_L02_ten_thousand_idle_connections_under_4_kB_each():
    with Server("idle_ms=600000", "loops=2") as server:
        def connect(count):
            found = [Client(server) for _ in range(count)]
            for c in found:
                c.send(GET)
            for c in found:
                equal(c.answer().status, 200)
            return found

        count = min(3000 if TLS else 10_000, limit_of_files() - 200)
        keep = connect(500)  # what the first burst leaves in free lists is not counted as connections
        until(lambda: server.counts()["open"] == 501, "all are open")
        before = server.memory()
        for _ in range((count - 500) // 500):
            keep += connect(500)
        each = (server.memory() - before) / (len(keep) - 500)
        print(f"# {len(keep)} idle connections: {each:.0f} bytes each (sanitizers included)")
        assert TLS or each < 4096, each  # with TLS it is what OpenSSL keeps
        for c in keep:
            c.close()


def limit_of_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@case
def test_L03_head_over_its_limit():
    with Server() as server:
        for fields in ("X-A: " + "a" * 20_000 + "\r\n", "".join(f"X-{i}: 1\r\n" for i in range(10_000)),
                       "X-A: " + "a" * 1_000_000 + "\r\n"):
            with Client(server) as c:
                a = c.send(f"GET /plain HTTP/1.1\r\nHost: t\r\n{fields}\r\n" + GET).answer()
                equal((a.status, a.code(), a.headers["connection"]), (431, "headers_too_large", "close"))
                equal(c.end().answers(), [])


@case
def test_connections_past_the_limit_are_closed():
    with Server("connections=5") as server:
        clients = [Client(server) for _ in range(5)]
        for c in clients:
            equal(c.ask("/plain").status, 200)
        for _ in range(3):
            assert is_refused(server)
        equal(clients[0].ask("/plain").status, 200)
        clients.pop().close()
        until(lambda: taken(server), "a place is free again")
        equal(json.loads(clients[0].ask("/counts").body)["refused"] >= 3, True)
        for c in clients:
            c.close()


def taken(server):
    try:
        with Client(server) as c:
            return c.ask("/plain").status == 200
    except (EOFError, OSError):
        return False


@case
def test_no_more_files_for_connections():
    """Connections that cannot be had are closed, without spinning, and it goes on when some are free."""
    with Server("workers=1", "loops=1") as server:
        clients = [Client(server) for _ in range(4)]
        for c in clients:
            equal(c.ask("/plain").status, 200)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (len(files(server)), len(files(server))))
        for _ in range(20):
            assert is_refused(server)
        before = cpu_seconds(server)
        equal(select.select([clients[0].socket], [], [], 0.5)[0], [])
        assert cpu_seconds(server) - before < 0.25, "it spins"
        equal(clients[0].ask("/plain").status, 200)
        clients.pop().close()
        until(lambda: taken(server), "a place is free again")
        for c in clients:
            c.close()


def files(server):
    return os.listdir(f"/proc/{server.pid}/fd")


def cpu_seconds(server):
    with open(f"/proc/{server.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case
def test_memory_for_bodies_is_limited_in_all():
    with Server("body_memory=1000000",
                "body_max=800000") as server, Client(server) as first, Client(server) as second:
        first.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 700000\r\n\r\n" + b"x" * 600_000)
        until(lambda: server.counts()["body_bytes"] > 500_000, "the first body is held")
        second.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 700000\r\n\r\n" + b"x" * 600_000)
        equal(second.answer().status, 503)
        equal(len(first.send(b"x" * 100_000).answer().body), 700_000)
        until(lambda: server.counts()["body_bytes"] == 0, "all is given back")


@case
def test_announced_length_holds_no_memory():
    with Server("body_max=25000000") as server, Client(server) as c:
        c.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 25000000\r\n\r\nx")
        until(lambda: server.counts()["requests"] > 1, "it is asked")
        assert server.counts()["body_bytes"] <= 65536


@case
def test_queue_of_workers_is_limited():
    if TLS:
        raise Skip("the same, with 4,096 handshakes before it")
    with Server("workers=1", "loops=1") as server:
        with Client(server) as c:
            c.send("GET /work HTTP/1.1\r\nHost: t\r\n\r\n")
            until(lambda: server.counts()["working"] == 1, "the worker is busy")
            waiting = [Client(server).send("GET /work HTTP/1.1\r\nHost: t\r\n\r\n") for _ in range(4096)]
            until(lambda: server.counts()["queue"] == 4096, "the queue is full")
            with Client(server) as extra:
                equal(extra.ask("/work").status, 503)
                for _ in range(4097):
                    extra.send("GET /release HTTP/1.1\r\nHost: t\r\n\r\n")
                    equal(extra.answer().status, 200)
            for one in [c] + waiting:
                equal(one.answer().body, b"worked")
                one.close()


run()
