#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An audit log that takes no more (L05), by a limit on the size of the files that the server may write."""
import os
import re
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import case, equal, run  # noqa: E402
from harness import Remit  # noqa: E402

ROOM = 4096   # bytes of a file that the disk still takes
FLOOD = 10000 # more than a ring and a block hold: each connection is one ring's


def serve(when_full):
    """A server with one good token, and the files of its log."""
    remit = Remit([f"audit: {{ keep: 1d, max_bytes: 1GB, when_full: {when_full} }}"])
    remit.cli("user", "add", "a@example.com")
    token = remit.token("a@example.com", "one", "--scope", "stories:read", "--rate", "off")["token"]
    remit.serve()
    deadline = time.monotonic() + 10
    while remit.call("GET", "/api/v1/health", token).status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    return remit, token


def set_limit(remit, size):
    hard = resource.prlimit(remit.server.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(remit.server.pid, resource.RLIMIT_FSIZE, (size, hard))


def metric(remit, name):
    text = remit.call("GET", "/metrics").body.decode()
    return int(re.search(rf"^{name} (\d+)$", text, re.M).group(1))


def health(remit, token, wanted, seconds=20):
    """Calls until the answer is `wanted`; returns how many calls that took."""
    deadline = time.monotonic() + seconds
    calls = 1
    while remit.call("GET", "/api/v1/health", token).status != wanted:
        assert time.monotonic() < deadline, f"never {wanted}"
        calls += 1
    return calls


def flood(remit, token):
    """Sends FLOOD requests on one connection, and returns how many were answered with 200."""
    one = f"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    good = 0
    with socket.create_connection(("127.0.0.1", remit.port), 30) as s:
        for _ in range(FLOOD // 50):
            s.sendall(one * 50)
            answers = b""
            while answers.count(b'"server_time"') < 50:
                more = s.recv(65536)
                assert more, "the connection was closed"
                answers += more
            good += answers.count(b"HTTP/1.1 200 ")
    return good


@case
def test_L05_refuse_answers_503_until_the_disk_takes_records_again():
    remit, token = serve("refuse")
    with remit:
        set_limit(remit, ROOM)
        health(remit, token, 503)
        answer = remit.call("GET", "/api/v1/health", token)
        equal(answer.json()["error"]["code"], "unavailable")
        equal(metric(remit, "remit_audit_writable"), 0)
        equal(remit.call("GET", "/healthz").status, 200)
        set_limit(remit, resource.RLIM_INFINITY)
        time.sleep(0.5)
        health(remit, token, 200)
        equal(metric(remit, "remit_audit_writable"), 1)
        equal(metric(remit, "remit_audit_lost_total"), 0)
        time.sleep(0.2)
        records = remit.cli("audit", "tail", "--last", "1000")["records"]
        equal([r for r in records if "lost" in r], [])


@case
def test_L05_count_goes_on_and_tells_how_many_were_lost():
    remit, token = serve("count")
    with remit:
        set_limit(remit, ROOM)
        equal(flood(remit, token), FLOOD)
        assert metric(remit, "remit_audit_lost_total") > 0
        lost = metric(remit, "remit_audit_lost_total")
        equal(metric(remit, "remit_audit_writable"), 0)
        set_limit(remit, resource.RLIM_INFINITY)
        time.sleep(1.5)
        health(remit, token, 200)
        time.sleep(0.2)
        equal(metric(remit, "remit_audit_writable"), 1)
        records = remit.cli("audit", "tail", "--last", "1000000")["records"]
        equal(sum(r.get("lost", 0) for r in records), lost)


run()
