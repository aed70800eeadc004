#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that stop anywhere: half a request, a reset, a closed end, answers that are never read. At
the end every exchange has been finished, nothing is held, and the server still answers."""
import random
import socket

from net import Client, Server, temporary_file, until
from tap import case, equal, run, seed

FILE = temporary_file(400_000)
SERVER = Server("file=" + FILE.name, "body_max=300000", "head_ms=400", "body_ms=400", "write_ms=400",
                "idle_ms=400")
RANDOM = random.Random(seed())
BODY = bytes(RANDOM.randrange(256) for _ in range(100_000))


def request():
    size = RANDOM.choice((0, 10, 3000, 30_000, 100_000))
    path = RANDOM.choice(("/echo", "/echo-work", "/reject", "/file", "/big/400000", "/plain", "/empty",
                          "/work"))
    head = f"POST {path} HTTP/1.1\r\nHost: t\r\n"
    if path == "/work":
        return f"{head}\r\n".encode() + b"POST /release HTTP/1.1\r\nHost: t\r\n\r\n"
    if RANDOM.random() < 0.1:
        head += "Expect: 100-continue\r\n"
    if RANDOM.random() < 0.5:
        return f"{head}Content-Length: {size}\r\n\r\n".encode() + BODY[:size]
    step = RANDOM.choice((100, 5000, 70_000))
    pieces = [b"%x\r\n%s\r\n" % (len(p),
                                 p) for p in (BODY[i:min(i + step, size)] for i in range(0, size, step))]
    return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"".join(pieces) + b"0\r\n\r\n"


def misbehave():
    """Sends some requests, cut off or bent somewhere, and leaves in one way or another."""
    c = Client(SERVER, RANDOM.choice((None, 4096)))
    c.socket.settimeout(0.02)
    text = bytearray(b"".join(request() for _ in range(RANDOM.randrange(1, 6))))
    if RANDOM.random() < 0.3:
        text[RANDOM.randrange(len(text))] = RANDOM.randrange(256)
    if RANDOM.random() < 0.7:
        del text[RANDOM.randrange(len(text)):]
    try:
        while text:
            n = RANDOM.randrange(1, 60_000)
            c.send(bytes(text[:n]))
            del text[:n]
            if RANDOM.random() < 0.5:
                c.socket.recv(RANDOM.choice((1, 1000, 100_000)))
        if RANDOM.random() < 0.3:
            c.end()
    except OSError:
        pass
    if RANDOM.random() < 0.4:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return c


@case
def test_clients_that_stop_anywhere():
    held = []
    for _ in range(400):
        held.append(misbehave())
        if len(held) > 20:
            held.pop(RANDOM.randrange(len(held))).close()
    for c in held:
        c.close()
    with Client(SERVER) as c:
        for _ in range(3000):  # all that waits on a worker
            counts = SERVER.counts()
            if counts["queue"] == 0 and counts["requests"] - counts["finished"] == 1:
                break
            equal(c.ask("/release").status, 200)
    until(lambda: SERVER.counts()["open"] == 1, "all are closed")
    counts = SERVER.counts()
    equal((counts["body_bytes"], counts["requests"] - counts["finished"]), (0, 1))


@case
def test_all_exchanges_are_finished():
    SERVER.stop()
    SERVER.wait()


run()
