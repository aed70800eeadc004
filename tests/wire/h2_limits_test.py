#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a client of HTTP/2 may not say, and what slow, silent and greedy ones cost."""
import select
import struct
import time

import h2
import net
from h2 import (CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, PRIORITY, RST_STREAM, SETTINGS,
                WINDOW_UPDATE, block, field, frame, head)
from net import until
from tap import case, equal, run

net.TLS = True

def server(*options):
    return net.Server("http2=1", "loops=1", *options)


SERVER = server("workers=4", "body_max=1000000")
OTHER = h2.Client(SERVER)  # feels nothing of what the others do


def client(**options):
    return h2.Client(SERVER, **options)


def refused(fields, body=None):
    """None of it reaches the handler: an answer of 400 without, or the stream is reset, and others go on."""
    before = SERVER.counts()
    with client() as c:
        stream = c.begin(fields, body)
        one = c.streams[stream]
        c.until(lambda: one.ended or one.reset is not None)
        if one.reset is None:
            a = one.answer()
            assert a.status in (400, 413, 414, 417, 431, 501) and a.code(), (fields, a)
        else:
            equal(one.reset, h2.PROTOCOL_ERROR, fields)
        assert c.is_alive()
    after = SERVER.counts()
    equal(after["requests"], before["requests"] + 2, f"a handler saw {fields}")
    assert after["malformed"] > before["malformed"], fields


def ended_by(data, code):
    """The connection ends with this error."""
    with client() as c:
        assert c.is_alive()
        try:
            c.send(data)
        except OSError:
            pass
        equal(c.end(), code, data[:60])
    assert OTHER.is_alive()


def without(name):
    return [f for f in head() if f[0] != name]


# ---- Messages ----


@case
def test_W01_length_unlike_the_data():
    for length, sent in (("5", b"hell"), ("5", b"hello!"), ("0", b"x"), ("1", b"")):
        with client() as c:
            stream = c.begin(head("/echo", "POST", [("content-length", length)]), sent)
            equal(c.reset(stream), h2.PROTOCOL_ERROR, (length, sent))
            # A body of no bytes is whole with its head: the answer may be under way before the DATA comes.
            assert length == "0" or not c.streams[stream].fields
            assert c.is_alive()
    for bad in ("+5", "5x", "0x5", "05", "", "-1", "5, 5", "99999999999999999999"):
        refused(head("/echo", "POST", [("content-length", bad)]), b"hello")
    refused(head("/echo", "POST", [("content-length", "5"), ("content-length", "5")]), b"hello")
    refused(head("/echo", "POST", [("content-length", "5")]))
    with client() as c:
        equal(c.ask("/echo", "POST", body=b"").body, b"")


@case
def test_W01_length_and_trailers():
    with client() as c:
        stream = c.begin(head("/echo", "POST", [("content-length", "6")]), b"hello", ends=False)
        c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block([("x-t", "1")])))
        equal(c.reset(stream), h2.PROTOCOL_ERROR)


@case
def test_W02_headers_of_a_connection():
    for name, value in (("transfer-encoding", "chunked"), ("connection", "close"), ("connection", "x-a"),
                        ("keep-alive", "1"), ("proxy-connection", "close"), ("upgrade", "h2c"),
                        ("upgrade", "websocket"), ("te", "gzip"), ("te", "trailers, gzip"), ("te", "")):
        refused(head(fields=[(name, value)]))
    with client() as c:
        equal(c.ask("/plain", fields=[("te", "trailers")]).status, 200)


@case
def test_W03_characters_in_fields():
    for value in ("a\rb", "a\nb", "a\r\nb", "a\0b", " a", "a ", "\ta", "a\t", "a\x01b", "a\x7fb"):
        refused(head(fields=[("x-a", value)]))
    for name in ("X-A", "x-A", "x:a", "x a", "x\na", "x\0a", "", " x", "x\x80", "x(a"):
        refused(head(fields=[(name, "1")]))
    with client() as c:
        equal(c.ask("/plain", fields=[("x-a", "a b\tc \xff"), ("x!#$%&'*+-.^_`|~9", "")]).status, 200)


@case
def test_W04_pseudo_headers():
    for name in (":method", ":scheme", ":authority", ":path"):
        refused(without(name))
        refused([*head(), (name, dict(head())[name])])
        refused([*without(name), ("x-a", "1"), (name, dict(head())[name])])
    for extra in ((":status", "200"), (":protocol", "websocket"), (":x", "1"), (":", "1")):
        refused([*head(), extra])
    for scheme in ("ftp", "", "javascript", "https:"):
        refused(head(scheme=scheme))
    with client() as c:  # in trailers
        stream = c.begin(head("/echo", "POST"), b"hello", ends=False)
        c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block([(":path", "/")])))
        equal(c.reset(stream), h2.PROTOCOL_ERROR)


@case
def test_W05_authority_unlike_host():
    refused(head(fields=[("host", "other")]))
    refused(head(fields=[("host", "t:443")]))
    refused(head(fields=[("host", "t"), ("host", "t")]))
    refused([*without(":authority"), ("host", "a b")])
    for bad in ("a b", "user@t", "t/", "t,t", "", "t:99999", "[::1"):
        refused(head(authority=bad))
    with client() as c:
        equal(c.ask("/plain", fields=[("host", "T")]).status, 200)
        equal(c.answer(c.begin([*without(":authority"), ("host", "t")])).status, 200)


@case
def test_W06_path_and_method():
    for path in ("", " ", "/a b", "/a\tb", "/a\0b", "/a\r\nb", "plain", "http://t/plain", "*", "/a#b", "/a\x80"):
        refused(head(path))
    for method in ("", "G T", "GET ", "G\tT", "G\0T", "G\r\nT", "G(T"):
        refused(head(method=method))
    refused(head("/" + "a" * 9000))
    with client() as c:
        equal(c.ask("*", "OPTIONS").status, 404)
        equal(c.ask("/plain", "get").status, 200)  # a method of its own, which nobody here knows


@case
def test_W11_no_upgrade_and_no_tunnel():
    """On HTTP/1.1 an Upgrade is not taken up and the preface is refused; CONNECT is a request as others."""
    net.TLS = False
    with net.Server() as one:
        with net.Client(one) as c:
            for protocol in ("h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", "websocket"):
                a = c.ask("/plain", headers=f"Upgrade: {protocol}\r\nConnection: Upgrade\r\n")
                equal((a.status, a.body), (200, b"hello"))
        with net.Client(one) as c:
            equal(c.send(PREFACE + frame(SETTINGS)).answer().status, 505)
    net.TLS = True
    with client() as c:
        equal(c.answer(c.begin([(":method", "CONNECT"), (":authority", "t:80")])).status, 404)
        refused([(":method", "CONNECT"), (":authority", "t:80"), (":path", "/")])
        refused([(":method", "CONNECT"), (":authority", "t/x")])
        refused([(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":authority", "t"),
                 (":path", "/")])


@case
def test_L03_heads_past_their_limits():
    with client() as c:
        equal(c.answer(c.begin(head(fields=[("x-a", "a" * 1000)] * 20))).status, 431)
        equal(c.answer(c.begin(head(fields=[(f"x-{n}", "") for n in range(101)]))).status, 431)
        equal(c.answer(c.begin(head(fields=[(f"x-{n}", "") for n in range(99)]))).status, 200)
        equal(c.answer(c.begin(head("/" + "a" * 8192))).status, 414)
        equal(c.answer(c.begin(head("/plain", "HEAD", [("x-a", "a" * 1000)] * 20))).body, b"")
        equal(c.settings[6], 16384)
        assert c.is_alive()
    huge = block([*head(), *[("x-a", "a" * 1000)] * 70])
    data = frame(HEADERS, END_STREAM, 3, huge[:16384])
    for at in range(16384, len(huge), 16384):
        last = at + 16384 >= len(huge)
        data += frame(CONTINUATION, END_HEADERS if last else 0, 3, huge[at:at + 16384])
    ended_by(data, h2.ENHANCE_YOUR_CALM)


@case
def test_L03_trailers_past_their_limit():
    with client() as c:
        stream = c.begin(head("/echo", "POST"), b"hello", ends=False)
        c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block([("x-a", "a" * 1000)] * 5)))
        equal(c.end(), h2.ENHANCE_YOUR_CALM)


# ---- Floods ----


def flood(make, limit=5000):
    """Sends one after the other until the connection ends; returns how many were sent."""
    with client() as c:
        assert c.is_alive()
        sent = 0
        try:
            while sent < limit:
                data = b"".join(make(sent + n) for n in range(50))
                c.send(data)
                sent += 50
        except OSError:
            pass
        code = c.end()  # where more streams are open at once than we allow, it is that
        assert code in (h2.ENHANCE_YOUR_CALM, h2.PROTOCOL_ERROR), code
    assert OTHER.is_alive()
    return sent


@case
def test_W07_rapid_reset():
    """The jobs of streams that were reset do not pile up, and the connection ends soon."""
    before = SERVER.counts()["requests"]
    begin = block(head("/work"))
    flood(lambda n: frame(HEADERS, END_HEADERS | END_STREAM, 3 + 2 * n, begin) +
          frame(RST_STREAM, 0, 3 + 2 * n, struct.pack(">I", h2.CANCEL)))
    asked = SERVER.counts()["requests"] - before
    assert asked < 128 + 20, f"{asked} were begun"
    with net.Client(SERVER) as other:
        for _ in range(asked):
            other.ask("/release")
    until(lambda: SERVER.counts()["queue"] == 0, "the jobs are done")


@case
def test_W07_resets_that_the_server_makes():
    """The same by frames that make us reset the stream (a window that overflows)."""
    begin = block(head("/echo", "POST"))
    flood(lambda n: frame(HEADERS, END_HEADERS, 3 + 2 * n, begin) +
          frame(WINDOW_UPDATE, 0, 3 + 2 * n, struct.pack(">I", 0x7fffffff)))


@case
def test_W08_continuation_flood():
    memory = SERVER.memory()
    with client() as c:
        assert c.is_alive()
        begun = time.monotonic()
        try:
            c.send(frame(HEADERS, END_STREAM, 3, block(head())))
            while time.monotonic() - begun < 20:
                c.send(frame(CONTINUATION, 0, 3, b"") * 100)
        except OSError:
            pass
        assert time.monotonic() - begun < 15, "it goes on and on"
        c.end()
    assert OTHER.is_alive()
    assert SERVER.memory() - memory < 20_000_000


@case
def test_W09_hpack_bomb():
    """One field of 4 kB in the table, then a byte for each copy of it."""
    bomb = block(head()) + b"\x40" + field("x-a", "a" * 4000)[1:] + b"\xbe" * 10_000
    memory = SERVER.memory()
    ended_by(frame(HEADERS, END_HEADERS | END_STREAM, 3, bomb), h2.ENHANCE_YOUR_CALM)
    assert SERVER.memory() - memory < 20_000_000
    ended_by(frame(HEADERS, END_HEADERS | END_STREAM, 3, block(head()) + b"\x3f\xff\xff\xff\x7f"), 9)  # a larger table
    ended_by(frame(HEADERS, END_HEADERS | END_STREAM, 3, block(head()) + b"\xff\xff\xff\xff\xff\xff\xff"), 9)


@case
def test_W10_window_that_stays_at_zero():
    """Of one stream, and of the connection: what nobody takes ends, what is taken goes on."""
    with server("write_ms=400") as one:
        with h2.Client(one, settings=[(4, 0)]) as c:
            stalled = c.begin(head("/big/1000"))
            stream = c.begin(head("/stream/100000/100"))
            other = c.begin(head("/open"))
            c.open_window(0, 1 << 30)
            equal((c.reset(stalled), c.reset(stream)), (h2.CANCEL, h2.CANCEL))
            equal(c.ask("/empty").status, 204)
            assert c.streams[other].reset is None, "it waits for us"
        with h2.Client(one, settings=[(4, 1_000_000)], window=False) as c:
            stalled = c.begin(head("/big/100000"))
            equal(c.reset(stalled), h2.CANCEL)
            equal(len(c.streams[stalled].body), 65535)
        equal(one.counts()["timeouts"], 3)


@case
def test_W10_settings_and_ping_floods():
    flood(lambda n: frame(PING, 0, 0, b"12345678"))
    flood(lambda n: frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535 + n)))
    flood(lambda n: frame(SETTINGS))
    flood(lambda n: frame(PRIORITY, 0, 3 + 2 * n, struct.pack(">IB", 0, 1)))
    flood(lambda n: frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)))
    flood(lambda n: frame(0xbe, 0, 0, b"u" * 1000))
    begin = frame(HEADERS, END_HEADERS, 3, block(head("/echo", "POST")))
    flood(lambda n: (begin if n == 0 else b"") + frame(DATA, 0, 3, b""))
    flood(lambda n: (begin if n == 0 else b"") + frame(DATA, 0, 3, b"x"))


@case
def test_W10_many_pings_of_a_client_that_asks_are_fine():
    with client() as c:
        for _ in range(1000):
            c.send(frame(PING, 0, 0, b"12345678") + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)))
            c.begin(head())
            c.until(lambda: len(c.pings) >= 1 and c.pings.pop())
        assert c.is_alive()


@case
def test_frames_that_break_the_rules():
    get = block(head())
    for data, code in ((frame(DATA, 0, 0, b"x"), 1), (frame(DATA, 0, 9, b"x"), 1), (frame(HEADERS, 5, 0, get), 1),
                       (frame(HEADERS, 5, 2, get), 1), (frame(CONTINUATION, 4, 3, get), 1),
                       (frame(HEADERS, 1, 3, get) + frame(PING, 0, 0, b"12345678"), 1),
                       (frame(HEADERS, 5, 3, b"\x80"), 9), (frame(SETTINGS, 0, 0, b"12345"), 6),
                       (frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 31)), 3),
                       (frame(SETTINGS, 0, 0, struct.pack(">HI", 5, 1)), 1), (frame(PING, 0, 0, b"1234"), 6),
                       (frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"), 1), (frame(RST_STREAM, 0, 9, b"\0\0\0\0"), 1),
                       (frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7fffffff)), 3),
                       (frame(HEADERS, 5 | h2.PADDED, 3, b"\xff" + get), 1),
                       (frame(5, 4, 1, struct.pack(">I", 2) + get), 1),
                       (frame(DATA, 0, 1, b"x" * 16385), 6)):
        ended_by(data, code)
    with client(preface=False) as c:
        equal(c.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n").end(), h2.PROTOCOL_ERROR)
    with client(preface=False) as c:
        equal(c.send(PREFACE + frame(PING, 0, 0, b"12345678")).end(), h2.PROTOCOL_ERROR)


# ---- Time ----


@case
def test_L01_nothing_after_the_handshake():
    with server("head_ms=300", "idle_ms=60000") as one:
        with h2.Client(one, preface=False) as silent, h2.Client(one, preface=False) as slow:
            assert silent.is_closed()
            for byte in PREFACE:
                try:
                    slow.send(bytes([byte]))
                except OSError:
                    break
                if slow.hears_within(0.05):
                    break
            assert slow.is_closed()
        equal(one.counts()["timeouts"], 2)


@case
def test_L01_head_that_stops():
    with server("head_ms=300", "idle_ms=60000") as one, h2.Client(one) as c, h2.Client(one) as other:
        assert c.is_alive()
        c.send(frame(HEADERS, END_STREAM, 3, block(head())))
        c.end()
        assert other.is_alive()
        equal(one.counts()["timeouts"], 1)


@case
def test_L01_heads_that_begin_again_and_again_are_fine():
    with server("head_ms=1000", "idle_ms=60000") as one, h2.Client(one, window=False) as c:
        begin = time.monotonic()
        c.until(lambda: c.settings)
        data = frame(HEADERS, END_HEADERS | END_STREAM, 1, block(head("/empty")))
        c.streams[1] = h2.Stream("GET")
        c.send(data[:20])
        while time.monotonic() - begin < 2:  # longer than one deadline, each head far within it
            now, c.next = c.next, c.next + 2
            c.streams[c.next] = h2.Stream("GET")
            rest, data = data[20:], frame(HEADERS, END_HEADERS | END_STREAM, c.next, block(head("/empty")))
            c.send(rest + data[:20])
            equal(c.answer(now).status, 204)  # a body would use up the window, where it is fast


@case
def test_L01_a_head_that_is_passed_over_is_no_head_that_stops():
    """Trailers of a stream that is over; another's answer is still on its way."""
    with server("head_ms=300", "idle_ms=60000", "workers=1") as one:
        with h2.Client(one) as c, h2.Client(one) as other:
            assert c.is_alive()
            work = c.begin(head("/work"))
            equal(c.ask("/plain").status, 200)
            c.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block([("x-late", "1")])))
            assert not c.hears_within(1), "the connection ended"
            equal(other.ask("/release").status, 200)
            equal(c.answer(work).status, 200)
        equal(one.counts()["timeouts"], 0)


@case
def test_L01_body_that_stops():
    """The others on its connection feel nothing."""
    with server("body_ms=300") as one, h2.Client(one) as c:
        slow = c.begin(head("/echo", "POST"), b"half", ends=False)
        work = c.begin(head("/work"))
        a = c.answer(slow)
        equal((a.status, a.code()), (408, "request_timeout"))
        equal(c.ask("/release").status, 200)
        equal(c.answer(work).status, 200)
        equal((one.counts()["timeouts"], one.counts()["body_bytes"]), (1, 0))


@case
def test_L01_a_body_that_is_whole_waits_for_a_worker_as_long_as_it_takes():
    with server("body_ms=200", "workers=1") as one, h2.Client(one) as c:
        busy = c.begin(head("/work"))
        until(lambda: one.counts()["working"] == 1, "the worker is busy")
        waits = c.begin(head("/echo-work", "POST"), b"one", ends=False)
        until(lambda: one.counts()["body_bytes"] > 0, "half of it is there")
        c.data(waits, b"two")
        until(lambda: one.counts()["queue"] == 1, "it waits")
        begin = time.monotonic()
        while time.monotonic() - begin < 0.6:
            assert c.is_alive()
        equal(c.ask("/release").status, 200)
        equal(c.answer(busy).status, 200)
        a = c.answer(waits)
        equal((a.status, a.body), (200, b"onetwo"))
        equal(one.counts()["timeouts"], 0)


@case
def test_L01_body_a_byte_at_a_time():
    with server("body_ms=5000", "body_total_ms=300") as one, h2.Client(one) as c:
        slow = c.begin(head("/echo", "POST"), b"half", ends=False)
        begin = time.monotonic()
        while not c.streams[slow].fields:
            assert time.monotonic() - begin < 10
            if c.socket.pending() or select.select([c.socket], [], [], 0.02)[0]:
                c.step()
            else:
                c.data(slow, b"x", ends=False)
        equal(c.answer(slow).status, 408)


@case
def test_L01_answer_that_is_never_read():
    with server("write_ms=400") as one, h2.Client(one, settings=[(4, 1 << 30)], receive_bytes=4096) as c:
        c.open_window(0, 1 << 30)
        c.begin(head("/big/30000000"))
        until(lambda: one.counts()["timeouts"] == 1, "the write deadline")
        until(lambda: one.counts()["open"] == 1, "it is closed")


@case
def test_all_bodies_together_are_bounded():
    with server("body_memory=200000") as one, h2.Client(one) as c:
        first = c.begin(head("/echo", "POST"), b"x" * 60000, ends=False)
        until(lambda: one.counts()["body_bytes"] > 0, "it is there")
        second = c.begin(head("/echo", "POST", [("content-length", "150000")]), ends=False)
        c.upload(second, b"x" * 150000)
        equal(c.answer(second).status, 503)
        equal(len(c.data(first, b"y").answer(first).body), 60001)
        equal(one.counts()["body_bytes"], 0)


@case
def test_all_streams_together_are_bounded():
    """Heads that the table makes out of a few bytes, and answers that nobody takes."""
    with server("body_memory=2000000") as one:
        def ask(c, count):
            named = block(head())
            stream = c.next
            c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream,
                         named + b"\x40" + field("a", "x" * 4000)[1:] + b"\xbe" * 2))
            for i in range(1, count):
                c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream + 2 * i, named + b"\xbe" * 3))
            for i in range(count):
                c.streams[stream + 2 * i] = h2.Stream("GET")
            c.next += 2 * count
            mine = [c.streams[stream + 2 * i] for i in range(count)]
            c.until(lambda: all(s.fields or s.reset is not None for s in mine))
            return mine

        greedy = [h2.Client(one, settings=[(4, 0)], window=False) for _ in range(3)]
        got = [s.reset for c in greedy for s in ask(c, 100)]
        assert got.count(None) < 210 and set(got) == {None, h2.REFUSED_STREAM}, got
        with h2.Client(one, settings=[(4, 0)], window=False) as c:
            equal([s.reset for s in ask(c, 6)], [None] * 4 + [h2.REFUSED_STREAM] * 2)
        with h2.Client(one) as c:
            assert c.is_alive()
            for other in greedy:
                for stream, was in other.streams.items():
                    if was.reset is None:
                        other.cancel(stream)
                other.send(frame(PING, 0, 0, b"the last"))
                other.until(lambda c=other: c.pings)
                other.close()
            with h2.Client(one, settings=[(4, 0)], window=False) as late:
                equal([s.reset for s in ask(late, 100)], [None] * 100)


run()
