#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exchanges over HTTP/2: many at once on one connection, and none that holds up the others."""
import ssl
import threading
import time

import h2
import net
from h2 import DATA, END_HEADERS, END_STREAM, HEADERS, block, frame, head
from net import temporary_file, until
from tap import case, equal, run

net.TLS = True
FILE = temporary_file(3_000_000)
with open(FILE.name, "rb") as opened:
    CONTENT = opened.read()


def server(*options):
    return net.Server("http2=1", "file=" + FILE.name, "body_max=5000000", "drain_ms=10000", *options)


SERVER = server("workers=4")


def client(**options):
    return h2.Client(SERVER, **options)


def running(one):
    """Exchanges that are not finished, with the one that asks for it."""
    counts = one.counts()
    return counts["requests"] - counts["finished"]


@case
def test_answers():
    with client() as c:
        a = c.ask("/plain")
        equal((a.status, a.body, a.headers["content-length"]), (200, b"hello", "5"))
        equal((c.ask("/empty").status, c.ask("/not-modified").status), (204, 304))
        a = c.ask("/plain", "HEAD")
        equal((a.status, a.body, a.headers["content-length"]), (200, b"", "5"))
        a = c.ask("/reject")
        equal((a.status, a.body), (401, b"no"))
        equal(c.ask("/plain?x=y").status, 200)
        equal(c.ask("/nowhere").status, 404)
        equal(c.ask("/big/1000000").body, b"x" * 1_000_000)
        equal(len({c.ask("/plain").headers["remit-request-id"] for _ in range(50)}), 50)


@case
def test_the_client_chooses_by_alpn():
    """Without h2 among what the client offers it gets HTTP/1.1; a listener without http2 never speaks it."""
    with net.Client(SERVER) as c:
        equal(c.ask("/plain").body, b"hello")
    with net.Server() as one:
        try:
            h2.Client(one)
        except ssl.SSLError as e:
            assert "no application protocol" in str(e), e
        else:
            raise AssertionError("it speaks HTTP/2")


@case
def test_many_at_once():
    with client() as c:
        for _ in range(20):
            asked = [c.begin(head(f"/big/{n}")) for n in range(100)]
            for n, stream in enumerate(asked):
                equal(c.answer(stream).body, b"x" * n)


@case
def test_answers_come_as_they_are_ready():
    with client() as c:
        slow, quick = c.begin(head("/work")), c.begin(head("/plain"))
        equal(c.answer(quick).body, b"hello")
        assert not c.streams[slow].ended
        equal(c.ask("/release").body, b"released")
        equal(c.answer(slow).body, b"worked")


@case
def test_bodies():
    for size in (0, 1, 16383, 16384, 65535, 200_000, 5_000_000):
        body = CONTENT * 2
        body = body[:size]
        with client() as c:
            for path in ("/echo", "/echo-work"):
                stream = c.begin(head(path, "POST", [("content-length", str(size))]), ends=False)
                equal(c.upload(stream, body).answer(stream).body, body)
                stream = c.begin(head(path, "POST"), ends=False)  # of a length that nobody told
                equal(c.upload(stream, body).answer(stream).body, body)


@case
def test_L03_body_past_its_limit():
    with client() as c:
        stream = c.begin(head("/echo", "POST", [("content-length", "5000001")]), ends=False)
        equal(c.answer(stream).status, 413)
        stream = c.begin(head("/echo", "POST"), ends=False)
        for _ in range(4):
            c.data(stream, CONTENT[:16384], ends=False)
        until(lambda: SERVER.counts()["body_bytes"] > 0, "some of it is there")
        c.upload(stream, (CONTENT * 2)[:5_000_001 - 4 * 16384])
        equal(c.answer(stream).status, 413)
        assert c.is_alive()
    until(lambda: SERVER.counts()["body_bytes"] == 0, "nothing is held")


@case
def test_a_body_that_nobody_wants():
    """The answer comes while the client still sends, which may end its body or be told to stop."""
    with client() as c:
        stream = c.begin(head("/reject", "POST"), ends=False)
        equal(c.answer(stream).status, 401)
        c.data(stream, b"x" * 1000)
        stream = c.begin(head("/reject", "POST"), ends=False)
        equal(c.answer(stream).status, 401)
        equal(c.reset(stream), h2.NO_ERROR)
        assert c.is_alive()


@case
def test_trailers_and_padding():
    with client() as c:
        stream = c.begin(head("/echo", "POST"), b"hello", ends=False)
        c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block([("x-checksum", "1")])))
        equal(c.answer(stream).body, b"hello")
        stream = c.begin(head("/echo", "POST"), ends=False)
        c.send(frame(DATA, h2.PADDED | END_STREAM, stream, b"\x04hello\0\0\0\0"))
        equal(c.answer(stream).body, b"hello")


@case
def test_expect_100_continue():
    with client() as c:
        stream = c.begin(head("/echo", "POST", [("expect", "100-continue")]), ends=False)
        c.until(lambda: c.streams[stream].interim)
        equal(c.data(stream, b"hello").answer(stream).body, b"hello")
        stream = c.begin(head("/reject", "POST", [("expect", "100-continue")]), ends=False)
        equal((c.answer(stream).status, c.streams[stream].interim), (401, []))


@case
def test_files():
    with client() as c:
        equal(c.ask("/file").body, CONTENT)
        a = c.ask("/file?1000-70000")
        equal((a.status, a.body), (206, CONTENT[1000:71000]))
        equal(c.ask("/file?0-0").body, b"")
        a = c.ask("/file", "HEAD")
        equal((a.body, a.headers["content-length"]), (b"", "3000000"))
        a = c.ask("/file?2999999-100")  # shorter than promised, and nothing was sent yet
        equal((a.status, a.code()), (500, "internal"))
        stream = c.begin(head("/file?2900000-200000"))  # the same when some was
        equal(c.reset(stream), h2.INTERNAL_ERROR)
        assert c.is_alive()


@case
def test_streams():
    with client() as c:
        a = c.ask("/stream/100/5000")
        equal(len(a.body), 500_000)
        assert "content-length" not in a.headers
        equal(c.ask("/stream/3/1?first&").status, 200)
        equal(c.ask("/stream/2/1?first").body, b"first" + c.ask("/stream/2/1").body)
        equal(c.ask("/stream/5/0?empty").body, b"")
        equal(c.ask("/stream/100/5000", "HEAD").body, b"")
        equal(c.reset(c.begin(head("/stream/10/10?broken"))), h2.INTERNAL_ERROR)
        equal(c.ask("/stream/10/10?split").status, 500)
        equal(c.ask("/split").status, 500)
        stream = c.begin(head("/stream/3/4?held"))
        c.until(lambda: len(c.streams[stream].body) == 8)
        equal(c.ask("/release").status, 200)
        equal(len(c.answer(stream).body), 12)


@case
def test_a_stream_that_others_write():
    with server("loops=1") as one, h2.Client(one) as c:
        stream = c.begin(head("/open"))
        c.until(lambda: c.streams[stream].fields)
        with net.Client(one) as other:
            equal(other.ask("/push?abc").body, b"more")
            c.until(lambda: c.streams[stream].body == b"abc")
            equal(c.ask("/push?def").body, b"more")
            c.until(lambda: c.streams[stream].body == b"abcdef")
            equal(other.ask("/shut").status, 200)
        equal(c.answer(stream).body, b"abcdef")


@case
def test_a_stalled_stream_holds_up_nobody():
    """Its client opens no window for it: what waits is bounded, and the others go on."""
    with server("loops=1", "write_ms=60000") as one, \
            h2.Client(one, settings=[(4, 0)], window=False) as c:
        stalled = [c.begin(head("/stream/100000/10000")) for _ in range(50)]
        stalled += [c.begin(head("/file")) for _ in range(10)]
        c.open_window(0, 1 << 30)
        stream = c.begin(head("/big/100000"))
        c.open_window(stream, 100_000)
        equal(len(c.answer(stream).body), 100_000)
        equal(c.ask("/empty").status, 204)
        assert one.memory() < 80_000_000, one.memory()
        for s in stalled:
            assert c.streams[s].body == b""
        c.open_window(stalled[0], 3_000_000)
        c.until(lambda: len(c.streams[stalled[0]].body) == 3_000_000)
        for s in stalled:
            c.cancel(s)
        until(lambda: running(one) == 1, "all are finished")


@case
def test_answers_that_nobody_takes_make_new_requests_wait():
    with server("loops=1", "write_ms=60000") as one, h2.Client(one, settings=[(4, 0)]) as c:
        asked = [c.begin(head("/big/1000000")) for _ in range(100)]
        c.open_window(0, 1 << 30)
        until(lambda: one.counts()["requests"] > 5, "some are answered")
        assert one.counts()["requests"] < 20, "the others wait"
        assert one.memory() < 80_000_000, one.memory()
        for stream in asked:
            c.open_window(stream, 1_000_000)
        for stream in asked:
            equal(len(c.answer(stream).body), 1_000_000)


@case
def test_cancelled():
    with server("workers=2") as one, h2.Client(one) as c:
        working = [c.begin(head("/work")) for _ in range(4)]
        until(lambda: one.counts()["working"] == 2, "two of them work")
        for stream in working:
            c.cancel(stream)
        c.cancel(c.begin(head("/echo", "POST"), b"half", ends=False))
        c.cancel(c.begin(head("/stream/1000000/1000")))
        c.cancel(c.begin(head("/open")))
        equal(c.ask("/plain").body, b"hello")
        for _ in range(4):
            equal(c.ask("/release").status, 200)
        until(lambda: running(one) == 1, "all are finished")
    equal(one.end["gone"], 4)


@case
def test_connection_lost_while_jobs_run():
    with server("workers=2") as one:
        with h2.Client(one) as c:
            for path in ("/work", "/work", "/work", "/stream/5/5?held", "/file", "/open"):
                c.begin(head(path))
            c.begin(head("/echo", "POST"), b"half", ends=False)
            until(lambda: one.counts()["working"] == 2, "two of them work")
        with net.Client(one) as other:
            for _ in range(4):
                equal(other.ask("/release").status, 200)
            until(lambda: running(one) == 1, "all are finished")


@case
def test_more_streams_than_allowed():
    with server("workers=1", "loops=1") as one, h2.Client(one) as c:
        equal(c.ask("/plain").status, 200)
        equal(c.settings[3], 128)
        asked = [c.begin(head("/work")) for _ in range(128)]
        until(lambda: running(one) == 129, "all have begun: what is broken off before that takes no place")
        for stream in asked[::2]:
            c.cancel(stream)  # a worker may still be at it: its place is not free
        equal(c.reset(c.begin(head("/plain"))), h2.REFUSED_STREAM)
        with net.Client(one) as other:
            for _ in range(128):
                other.ask("/release")
        for stream in asked[1::2]:
            equal(c.answer(stream).status, 200)
        assert c.is_alive()
    with server() as one, h2.Client(one) as c:
        equal(c.ask("/plain").status, 200)
        for _ in range(129):  # past what the settings say
            c.begin(head("/open"))
        equal(c.end(), h2.PROTOCOL_ERROR)


# ---- The end ----


@case
def test_idle_connection_is_closed_and_says_so():
    with server("idle_ms=200") as one, h2.Client(one) as c:
        assert c.is_alive()
        equal((c.end(), c.last_streams[-1]), (h2.NO_ERROR, 1))


@case
def test_drain_finishes_what_runs():
    one = server()
    with h2.Client(one) as c, h2.Client(one) as idle:
        equal(idle.ask("/plain").status, 200)
        working = c.begin(head("/work"))
        upload = c.begin(head("/echo", "POST"), b"hello", ends=False)
        until(lambda: one.counts()["working"] == 1, "it works")
        one.stop()
        c.until(lambda: c.last_streams)
        equal(c.last_streams, [2**31 - 1])
        equal(c.ask("/release").body, b"released")  # what crosses the first word is still answered
        c.until(lambda: len(c.last_streams) == 2)
        equal(c.answer(working).body, b"worked")
        equal(c.data(upload, b"world").answer(upload).body, b"helloworld")
        equal((c.end(), idle.end()), (h2.NO_ERROR, h2.NO_ERROR))
    one.wait()


@case
def test_drain_loses_no_request():
    """Busy clients that stop when they are told to: each stream up to the one named last is answered."""
    one = server()
    lost, answered = [], []

    def busy():
        try:
            with h2.Client(one) as c:
                asked = []
                while not c.last_streams:
                    asked += [c.begin(head("/plain")) for _ in range(8)]
                    while len(asked) > 8 and not c.last_streams:
                        equal(c.answer(asked.pop(0)).status, 200)
                c.until(lambda: len(c.last_streams) == 2)
                for stream in asked:
                    if stream <= c.last_streams[-1]:
                        equal(c.answer(stream).status, 200)
                equal(c.end(), h2.NO_ERROR)
                answered.append(len(c.streams))
        except (EOFError, OSError, AssertionError) as e:
            lost.append(repr(e))

    threads = [threading.Thread(target=busy) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: one.counts()["requests"] > 500, "all are busy")
    one.stop()
    for thread in threads:
        thread.join(30)
    equal((lost, len(answered)), ([], 8))
    one.wait()


@case
def test_drain_ends_though_a_client_does_not():
    one = server("drain_ms=300")
    with h2.Client(one) as c:
        c.begin(head("/echo", "POST"), b"half", ends=False)
        c.begin(head("/open"))
        until(lambda: one.counts()["requests"] >= 3, "they run")
        begin = time.monotonic()
        one.stop()
        one.wait()
        assert time.monotonic() - begin < 10


@case
def test_a_client_that_sends_no_more():
    """What is whole is answered; what is not ends."""
    with server() as one, h2.Client(one, window=False) as c:
        c.until(lambda: c.acks)
        whole, half = c.begin(head("/work")), c.begin(head("/echo", "POST"), b"half", ends=False)
        until(lambda: one.counts()["working"] == 1, "it works")
        net.socket.socket.shutdown(c.socket, net.socket.SHUT_WR)
        equal(c.reset(half), h2.CANCEL)
        with net.Client(one) as other:
            equal(other.ask("/release").status, 200)
        equal(c.answer(whole).body, b"worked")
        c.end()


run()
