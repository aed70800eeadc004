#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by real clients, curl and h2load, through the gate: to the service that comes with it and to an upstream."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

for folder in ("e2e", "wire"):
    sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", folder))
import h2  # noqa: E402
import tls  # noqa: E402
from harness import Remit, free_port, until  # noqa: E402
from tap import Skip, case, equal, run  # noqa: E402
from upstream import PROFILE, Upstream, echo, fields, target  # noqa: E402

AUTHORITY = tls.Authority()
CERT, KEY = AUTHORITY.issue("gate")
BIG = os.urandom(5_000_000)
LATE = threading.Event()


def serve_big(head, file, connection):
    """What some paths are for; everything else is told back."""
    path = target(head)
    if path == "/own/big":
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nX-Big: 1\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(BIG) + BIG)
    elif path == "/own/cut":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return False
    elif path == "/own/chunks":
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 1000 + b"0\r\n\r\n")
    elif path == "/own/sum":
        body = file.read(int(dict((n.lower(), v) for n, v in fields(head.decode("latin-1")))["content-length"]))
        answer = hashlib.sha256(body).hexdigest().encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + answer)
    elif path == "/own/late":
        LATE.wait(30)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return False
    else:
        return echo(head, file, connection)
    return True


UP = Upstream(serve_big)
PORT = free_port()
remit = Remit(config=["limits: { body_timeout: 3s }"],
              apis=["  publishing: { profile: publishing, service: publishing }",
                    f"  mine: {{ profile: ./mine.yaml, upstream: \"{UP.url}\" }}"], migrate=False)
with open(os.path.join(remit.folder, "mine.yaml"), "w", encoding="utf-8") as written:
    written.write(PROFILE.replace("base: /api", "base: /own"))
with open(remit.config, encoding="utf-8") as written:
    lines = written.read().split("\n")
lines[0] = f"listen: [127.0.0.1:{remit.port}, {{ addr: \"127.0.0.1:{PORT}\", tls: {{ cert: {CERT}, key: {KEY} }} }}]"
lines[1] = f"public_url: https://localhost:{PORT}"
with open(remit.config, "w", encoding="utf-8") as written:
    written.write("\n".join(lines))
remit.cli("store", "migrate")
remit.cli("user", "add", "ann@example.com")
TOKEN = remit.token("ann@example.com", "t", "--scope", "stories:read", "--rate", "off")["token"]
MINE = remit.token("ann@example.com", "m", "--scope", "s:read", "--scope", "s:write", "--rate", "off", api="mine")["token"]
remit.serve()


def curl(path, *options, token=TOKEN, http="--http2"):
    """(status, version, headers without those that differ each time, body)."""
    done = subprocess.run(["curl", "-sSk", "-i", http, "-H", f"Authorization: Bearer {token}", "-w", "\n%{http_version}",
                           *options, f"https://localhost:{PORT}{path}"],
                          capture_output=True, timeout=60, check=False)
    if done.returncode:
        return None, done.returncode, None, done.stdout
    text, version = done.stdout.rsplit(b"\n", 1)
    while True:
        head, text = text.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        if " 100" not in first:
            break
    headers = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in rest}
    for name in ("date", "remit-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"):
        headers.pop(name, None)
    text = re.sub(rb'"server_time":"[^"]*"', b"", text)
    return int(first.split(" ")[1]), version.decode(), headers, text


@case
def the_same_answers_as_in_HTTP_1_1():
    for path, *options in (("/api/v1/health",), ("/api/v1/stories",), ("/api/v1/nothing",), ("/api/v1/stories", "-I"),
                           ("/api/v1/stories", "-d", "{}", "-H", "Content-Type: application/json"),
                           ("/api/v1/stories", "-X", "TRACE"), ("/api/v1/a%2Fb",), ("/api/v1/a%00",),
                           ("/api/v1/stories", "-H", "Authorization: Bearer x"), ("/livez",),
                           ("/api/v1/stories", "-H", "Host: other.example"),
                           ("/api/v1/stories", "-H", "Origin: https://evil.example")):
        old, new = curl(path, *options, http="--http1.1"), curl(path, *options)
        equal((new[1], new[0], new[3]), ("2", old[0], old[3]), (path, options))
        for headers in (old[2], new[2]):
            headers.pop("connection", None)
        equal(new[2], old[2], (path, options))


@case
def an_upstream_gets_the_same_request():
    """In HTTP/1.1 of our own, with one Cookie."""
    for options in ((), ("-d", "hello"), ("-X", "PUT", "-d", "x"), ("-H", "X-A: 1", "-H", "X-A: 2"), ("-H", "Cookie: a=1; b=2")):
        old = json.loads(curl("/own/x?a=b", *options, token=MINE, http="--http1.1")[3])
        new = json.loads(curl("/own/x?a=b", *options, token=MINE)[3])
        for got in (old, new):
            got["fields"] = sorted((n.lower(), v) for n, v in fields(got.pop("head").split("\r\n\r\n")[0] + "\r\n\r\n")
                                   if n.lower() != "remit-request-id")
        equal(new, old, options)


@case
def bodies_stream_both_ways():
    status, version, headers, body = curl("/own/big", token=MINE)
    equal((status, version, body == BIG, headers["x-big"]), (200, "2", True, "1"))
    for name in ("connection", "keep-alive", "x-hop", "transfer-encoding"):
        assert name not in headers, headers
    equal(curl("/own/chunks", token=MINE)[3], b"hello" * 1000)
    path = os.path.join(remit.folder, "big")
    with open(path, "wb") as file:
        file.write(BIG)
    equal(curl("/own/sum", "--data-binary", "@" + path, token=MINE)[3].decode(),
          hashlib.sha256(BIG).hexdigest())
    status, code, _, body = curl("/own/cut", token=MINE)
    equal((status, code), (None, 92), "an answer that breaks off is never taken for whole")


@case
def a_refusal_ends_an_upload():
    path = os.path.join(remit.folder, "big")
    before = UP.answered
    status, version, _, body = curl("/own/x", "--data-binary", "@" + path, token="x")
    equal((status, version, json.loads(body)["error"]["code"], UP.answered), (401, "2", "invalid_token", before))


class Gate:
    """What a client of h2.py is led to."""
    address, cert = ("127.0.0.1", PORT), AUTHORITY.cert


@case
def L01_an_upstream_that_answers_a_body_which_came_too_slowly():
    """The client was told 408 and does not take it: what the upstream says then is nobody's any more."""
    LATE.clear()
    before = UP.answered
    with h2.Client(Gate, settings=[(4, 0)], window=False) as c:
        stream = c.begin(h2.head("/own/late", "POST", [("authorization", f"Bearer {MINE}")], f"localhost:{PORT}"),
                         b"half", ends=False)
        c.until(lambda: c.streams[stream].fields)
        equal(c.streams[stream].fields[0], (":status", "408"))
        LATE.set()
        until(lambda: UP.answered > before, "the upstream has answered")
        c.open_window(stream, 1000)
        equal(json.loads(c.answer(stream).body)["error"]["code"], "request_timeout")
    equal(curl("/api/v1/health")[0], 200)


@case
def h2load_gets_every_answer():
    if not shutil.which("h2load"):
        raise Skip("no h2load here")
    for path, token in (("/api/v1/health", TOKEN), ("/own/chunks", MINE)):
        done = subprocess.run(["h2load", "-n", "2000", "-c", "10", "-m", "30", "-H", f"Authorization: Bearer {token}",
                               "-H", f":authority: localhost:{PORT}", f"https://127.0.0.1:{PORT}{path}"],
                              capture_output=True, text=True, timeout=60, check=True)
        assert "Application protocol: h2" in done.stdout and "2000 2xx" in done.stdout, done.stdout


@case
def it_drains_and_the_answer_that_runs_is_whole():
    client = subprocess.Popen(["curl", "-sSk", "--http2", "-H", f"Authorization: Bearer {MINE}", "--limit-rate", "5M",
                               f"https://localhost:{PORT}/own/big"],
                              stdout=subprocess.PIPE)
    got = client.stdout.read(100_000)
    remit.server.send_signal(signal.SIGTERM)
    got += client.stdout.read()
    equal((client.wait(timeout=30), got == BIG), (0, True))
    equal(remit.server.wait(timeout=30), 0)


run()
