#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""However a stream of requests is cut into pieces, the answers are the same, byte for byte."""
import random

from net import Client, Server, temporary_file
from tap import case, equal, run, seed

FILE = temporary_file(150_000)
SERVER = Server("file=" + FILE.name, "body_max=40000")
RANDOM = random.Random(seed())


def stream():
    """Requests of all kinds; the last one ends the connection."""
    body = bytes(RANDOM.randrange(256) for _ in range(3000))
    big = body * 12
    parts = [
        b"GET /plain HTTP/1.1\r\nHost: t\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3000\r\n\r\n" + body,
        b"HEAD /not-here HTTP/1.1\r\nHost: t\r\nX-A: b\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"5\r\nhello\r\n" + b"BB8;a=b\r\n" + body + b"\r\n0\r\nX-T: 1\r\n\r\n",
        b"GET /empty HTTP/1.1\r\nHost: t\r\n\r\n",
        b"POST /echo-work HTTP/1.1\r\nHost: t\r\nContent-Length: 36000\r\n\r\n" + big,
        b"GET /file?100-66000 HTTP/1.1\r\nHost: t\r\n\r\n",
        b"POST /reject HTTP/1.1\r\nHost: t\r\nContent-Length: 500\r\n\r\n" + body[:500],
        b"PUT /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n8ca0\r\n" + big + b"\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n",
    ]
    RANDOM.shuffle(parts)
    last = [b"GET /plain HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.1\r\nbad\r\n\r\n"]
    heads = [part.startswith(b"HEAD") for part in parts] + [False]
    return b"".join(parts) + RANDOM.choice(last), heads


def cut(text, count):
    places = sorted(RANDOM.randrange(len(text)) for _ in range(count))
    return [text[a:b] for a, b in zip([0] + places, places + [len(text)]) if a < b]


def answers(pieces, heads):
    with Client(SERVER) as c:
        for piece in pieces:
            c.send(piece)
        found = [c.answer(head).without_id() for head in heads]
        assert c.is_closed()
        return found


@case
def test_a_thousand_cuts():
    for _ in range(20):
        text, heads = stream()
        whole = answers([text], heads)
        for _ in range(50):
            pieces = cut(text, RANDOM.choice((1, 2, 5, 20, 100)))
            equal(answers(pieces, heads) == whole, True, f"cut into {[len(p) for p in pieces]}")


@case
def test_all_exchanges_are_finished():
    SERVER.stop()
    SERVER.wait()


run()
