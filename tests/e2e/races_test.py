#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What changes between the moments: while a body comes, while a server stands still, after an answer."""
import os
import signal
import socket
import sqlite3
import threading
import time

from harness import Remit, multipart
from tap import case, equal, run

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 100000
STALENESS = 4

remit = Remit([f"max_staleness: {STALENESS}s"])
remit.cli("user", "add", "a@example.com")
project = remit.cli("project", "add", "Aurora", "--api", "publishing", "--owner", "a@example.com")["id"]
remit.serve()


def made(name, *scopes):
    token = remit.token("a@example.com", name, *(word for scope in scopes for word in ("--scope", scope)))
    deadline = time.monotonic() + 10
    while remit.call("GET", "/api/v1/health", token["token"]).status != 200:
        assert time.monotonic() < deadline, "the token is never known"
    return token


@case
def a_scope_that_is_taken_away_while_an_upload_comes():
    """D25 T13: the scopes are judged when the body is there, not only when it begins"""
    token = made("uploading", "media:write", "media:read")
    kind, body = multipart({"project_id": project}, {"file": ("x.png", "image/png", PNG)})
    with socket.create_connection(("127.0.0.1", remit.port), timeout=30) as client:
        client.sendall((f"POST /api/v1/media HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\n"
                        f"Authorization: Bearer {token['token']}\r\nContent-Type: {kind}\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n").encode() + body[:500])
        time.sleep(0.2)
        remit.cli("token", "shrink", token["id"], "--keep", "media:read")
        client.sendall(body[500:])
        answer = client.recv(65536)
    equal(answer.split(b"\r\n")[0], b"HTTP/1.1 403 Forbidden")
    assert b"Token missing scope(s): media:write" in answer, answer
    equal(remit.call("GET", "/api/v1/media", token["token"]).json()["data"], [])


@case
def no_text_of_a_token_stays_in_memory():
    """D12: longer than its request"""
    token = made("remembered", "stories:read")["token"]
    path = f"/proc/{remit.server.pid}/mem"
    if not os.access(path, os.R_OK):
        return  # the server lets nobody look
    for _ in range(10):
        equal(remit.call("GET", "/api/v1/health", token).status, 200)
    secret = token[4:].encode()
    with open(f"/proc/{remit.server.pid}/maps", encoding="ascii") as maps, open(path, "rb", 0) as memory:
        for line in maps:
            place, mode = line.split()[:2]
            start, end = (int(at, 16) for at in place.split("-"))
            if "rw" not in mode or end - start > 1 << 31:
                continue  # what is larger is the sanitizers' own
            try:
                memory.seek(start)
                assert secret not in memory.read(end - start), line
            except OSError:
                continue


@case
def a_server_that_stands_still_is_waited_for_until_it_refuses():
    """D14: "every running server knows" is never said of one that would still let the token through"""
    token = made("of a stopped server", "stories:read")
    store = sqlite3.connect(os.path.join(remit.folder, "remit.db"))
    beat = lambda: store.execute("SELECT seen_at FROM nodes").fetchone()[0]
    before = beat()
    while beat() == before:
        time.sleep(0.02)
    time.sleep(0.45 * STALENESS)  # just before the next one: its copy is as fresh as can be
    remit.server.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    done = remit.run("token", "revoke", token["id"])
    took = time.monotonic() - stopped
    remit.server.send_signal(signal.SIGCONT)
    assert done.returncode != 0 or took > STALENESS, (done.returncode, took)
    assert remit.call("GET", "/api/v1/health", token["token"]).status in (401, 503)


def records(folder):
    size = 0
    for name in os.listdir(folder):
        size += os.path.getsize(os.path.join(folder, name))
    return size // 128


@case
def a_stranger_cannot_push_others_out_of_the_audit_log():
    """what costs its sender nothing is recorded so often, and then only counted"""
    with Remit(["workers: 1"]) as other:
        other.cli("user", "add", "a@example.com")
        token = other.token("a@example.com", "good", "--scope", "stories:read", "--rate", "off")
        other.serve()
        request = f"GET /api/v1/stories HTTP/1.1\r\nHost: 127.0.0.1:{other.port}\r\n"
        flood = (request + "\r\n") * 30000 + request + "Connection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", other.port), timeout=60) as client:
            def read():
                while client.recv(1 << 20):
                    pass
            reader = threading.Thread(target=read)
            reader.start()
            client.sendall(flood.encode())
            reader.join()
        equal(other.call("GET", "/api/v1/health", token["token"]).status, 200)
        good = [other.call("GET", "/api/v1/stories",
                           token["token"]).headers["Remit-Request-Id"] for _ in range(50)]
        other.stop()
        lines = other.run("audit", "tail", "--last", "1000", "--token", token["id"], "--json").stdout
        for one in good:
            assert one in lines, (one, lines[-2000:])
        assert 8192 <= records(os.path.join(other.folder, "remit.db.audit")) < 10000


run()
