#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients of HTTP/2 that do anything at any moment: at the end each exchange was finished once and nothing is held."""
import random
import select
import socket
import ssl
import threading
import time

import h2
import net
from h2 import DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, frame, head
from net import until
from tap import case, equal, run, seed

net.TLS = True
SEED = seed()
SECONDS = 4
PATHS = ("/plain", "/empty", "/echo", "/echo-work", "/work", "/file", "/file?100-200000", "/big/300000", "/stream/50/3000",
         "/stream/5/7?held", "/stream/9/9?broken", "/stream/3/3?split", "/reject", "/split", "/not-modified", "/nothing")


def act(c, r):
    """One thing that a client may do, wise or not."""
    what = r.random()
    known = [*c.streams] or [1]
    stream = r.choice(known[-20:])
    if what < 0.4:
        body = r.choice((None, b"", b"x" * r.randrange(1, 3000)))
        c.begin(head(r.choice(PATHS), r.choice(("GET", "POST", "HEAD")), r.choice(((), [("expect", "100-continue")]))),
                body, ends=r.random() < 0.7)
    elif what < 0.55:
        c.send(frame(DATA, r.choice((0, 0, END_STREAM)), stream, b"y" * r.randrange(2000)))
    elif what < 0.7:
        c.cancel(stream)
    elif what < 0.85:
        c.open_window(r.choice((0, stream)), r.randrange(1, 100000))
    elif what < 0.9:
        c.send(frame(PING, 0, 0, b"12345678") + frame(SETTINGS, 0, 0, b"\0\4" + r.randrange(200000).to_bytes(4, "big")))
    elif what < 0.93:
        c.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block([("x-trailer", "1")])))
    elif what < 0.95:
        c.send(frame(r.choice((HEADERS, RST_STREAM, WINDOW_UPDATE, 0x77)), r.randrange(256), stream, r.randbytes(r.randrange(20))))
    else:
        c.socket.settimeout(0.002)
        try:
            c.bytes += c.socket.recv(r.choice((10, 70000)))
        except (TimeoutError, ssl.SSLError):
            pass
        c.socket.settimeout(5)


def live(server, number, wrong):
    r = random.Random(SEED * 1000 + number)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            with h2.Client(server, settings=[(4, r.choice((0, 10, 65535, 1 << 20)))], receive_bytes=r.choice((None, 4096))) as c:
                c.socket.settimeout(5)
                for _ in range(r.randrange(200)):
                    act(c, r)
                if r.random() < 0.3:
                    socket.socket.shutdown(c.socket, socket.SHUT_WR)
        except (OSError, EOFError):
            pass  # the server ended it, or does not read; ssl's errors are of these
        except Exception as e:  # whatever else: a mistake of the test's
            wrong.append(repr(e))
            raise


@case
def test_chaos():
    with net.temporary_file(500_000) as file, \
            net.Server("http2=1", "file=" + file.name, "workers=3", "loops=2", "body_ms=300", "write_ms=300",
                       "drain_ms=3000", "body_max=5000") as server:
        wrong = []
        threads = [threading.Thread(target=live, args=(server, n, wrong)) for n in range(8)]
        for thread in threads:
            thread.start()
        with h2.Client(server) as good:
            while any(thread.is_alive() for thread in threads):
                assert good.is_alive()
                equal(good.ask("/release").status, 200)
                if good.next > 3000:
                    good.streams.clear()
                select.select([], [], [], 0.01)
        equal(wrong, [])
        with net.Client(server) as other:
            def quiet():
                other.ask("/release")
                counts = server.counts()
                return counts["requests"] - counts["finished"] <= 1 and counts["open"] <= 2
            until(quiet, "all is finished and closed")
        equal(server.counts()["body_bytes"], 0)


run()
