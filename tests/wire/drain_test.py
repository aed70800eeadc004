#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: nothing new is taken, what runs is finished, and no request is lost."""
import threading
import time

from net import Client, Server, until
from tap import case, equal, run

GET = "GET /plain HTTP/1.1\r\nHost: t\r\n\r\n"


@case
def test_drain_loses_no_request():
    """Busy clients that stop when they are told to; each request they sent is answered."""
    for _ in range(5):
        server = Server("drain_ms=10000")
        lost, answered, errors = [], [], []

        def busy():
            count = 0
            try:
                with Client(server) as c:
                    while True:
                        c.send(GET)
                        count += 1
                        if c.answer().headers.get("connection") == "close":
                            break
            except (EOFError, OSError) as e:
                lost.append(repr(e))
            answered.append(count)

        threads = [threading.Thread(target=busy) for _ in range(16)]
        for thread in threads:
            thread.start()
        until(lambda: server.counts()["requests"] > 500, "all are busy")
        server.stop()
        for thread in threads:
            thread.join(30)
        equal((lost, errors, len(answered)), ([], [], 16))
        counts = server.wait()
        assert counts["requests"] >= sum(answered), (counts, sum(answered))


@case
def test_drain_finishes_what_runs():
    server = Server("drain_ms=20000")
    with Client(server) as working, Client(server) as uploading, Client(server) as other:
        working.send("GET /work HTTP/1.1\r\nHost: t\r\n\r\n")
        uploading.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhello")
        until(lambda: server.counts()["working"] == 1, "the work has begun")
        until(lambda: running(server) == 3, "both run, and the question")
        other.send("GET /release HTTP/1.1\r\nHo")  # a request that has begun is finished too
        server.stop()
        until(lambda: refused(server), "the listener is closed")
        a = other.send("st: t\r\n\r\n").answer()
        equal((a.body, a.headers["connection"]), (b"released", "close"))
        a = working.answer()
        equal((a.body, a.headers["connection"]), (b"worked", "close"))
        a = uploading.send("world").answer()
        equal((a.body, a.headers["connection"]), (b"helloworld", "close"))
    server.wait()


@case
def test_drain_closes_idle_connections_and_takes_no_new_ones():
    server = Server("drain_ms=20000")
    with Client(server) as working, Client(server) as idle, Client(server) as fresh, Client(server) as helper:
        equal(idle.ask("/plain").status, 200)
        equal(helper.ask("/plain").status, 200)
        working.send("GET /work HTTP/1.1\r\nHost: t\r\n\r\n")
        until(lambda: server.counts()["working"] == 1, "the work has begun")
        server.stop()
        until(lambda: helper.ask("/plain").headers.get("connection") == "close", "a last answer that says so")
        assert idle.is_closed() and fresh.is_closed()
        until(lambda: refused(server), "the listener is closed")
        server.kill()


def running(server):
    counts = server.counts()
    return counts["requests"] - counts["finished"]


def refused(server):
    try:
        Client(server).close()
        return False
    except ConnectionRefusedError:
        return True
    except OSError:  # TLS: closed in the middle of its handshake
        return False


def asked_while_busy():
    """The answer to what was asked while the last moment for requests ended and the loop was too busy to look;
    None where that moment was over before it could be made busy."""
    server = Server("drain_ms=60000", "loops=1")
    with Client(server) as other, Client(server) as one:
        equal([c.ask("/plain").status for c in (other, one)], [200, 200])
        server.stop()
        until(lambda: refused(server), "the listener is closed")
        one.send("GET /busy/800 HTTP/1.1\r\nHost: t\r\n\r\n")
        if server.process.stdout.readline() != "busy\n":  # its counts: it has closed all, and ended
            server.killed = True
            return None
        other.send(GET)
        equal(one.answer().body, b"was busy")
        answer = other.answer()
    server.wait()
    return answer


@case
def test_drain_looks_once_more_before_it_closes_what_is_idle():
    answer = until(asked_while_busy, "the loop is busy when the moment ends")
    equal((answer.body, answer.headers["connection"]), (b"hello", "close"))


@case
def test_drain_ends_though_a_client_does_not():
    server = Server("drain_ms=300")
    with Client(server) as slow:
        slow.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhello")
        until(lambda: server.counts()["requests"] >= 2, "it runs")
        begin = time.monotonic()
        server.stop()
        server.stop()  # more than once is harmless
        server.wait()
        assert time.monotonic() - begin < 10
        equal(slow.answers(), [])


@case
def test_stop_before_anything_came():
    server = Server()
    server.stop()
    server.wait()


run()
