# SPDX-License-Identifier: Apache-2.0
"""A Remit in front of three servers: one that echoes (mine), one that does as it is told (bad), and one that is not there
(gone); and raw requests to it. Each program that imports it has its own."""
import os
import random
import socket
import time

from harness import Remit, free_port
from tap import equal
from upstream import PROFILE, Upstream, echo, read_body

class Behaviour:
    """What the misbehaving upstream does: how(head, file, connection)."""
    how = None


behaviour = Behaviour()
upstream = Upstream(echo)
bad = Upstream(lambda head, file, connection: behaviour.how(head, file, connection))
remit = Remit(
    config=["limits: { upstream_head_timeout: 1s, upstream_body_timeout: 1s, upstream_connect_timeout: 1s }",
            "workers: 1"],
    apis=[f"  mine: {{ profile: ./mine.yaml, host: 127.0.0.1, upstream: \"{upstream.url}\", authorization: \"env:UP\" }}",
          f"  bad: {{ profile: ./bad.yaml, host: bad.example, upstream: \"{bad.url}\" }}",
          f"  gone: {{ profile: ./gone.yaml, host: gone.example, upstream: \"http://127.0.0.1:{free_port()}\" }}"],
    migrate=False)
for name in ("mine", "bad", "gone"):
    with open(os.path.join(remit.folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
        file.write(PROFILE.replace("profile: mine", f"profile: {name}").replace(
            "prefix: my", f"prefix: {name[0]}"))
remit.cli("store", "migrate")
remit.cli("user", "add", "ann@example.com")
token = remit.token("ann@example.com", "all", "--scope", "s:read", "--scope", "s:write", api="mine")["token"]
reader = remit.token("ann@example.com", "reader", "--scope", "s:read", api="mine")["token"]
# What a sanitizer holds back of freed memory is none of ours.
remit.serve(UP="Basic dXBzdHJlYW0=", ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")


def bad_token(api):
    return remit.token("ann@example.com", f"t{random.random()}", "--scope", "s:read", "--scope", "s:write",
                       api=api)["token"]


def raw(data, seconds=10, end=False):
    """Sends bytes, and their end where that is meant, and returns all that comes back until the end."""
    with socket.create_connection(("127.0.0.1", remit.port), timeout=seconds) as s:
        s.sendall(data)
        if end:
            s.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            try:
                part = s.recv(65536)
            except ConnectionResetError:
                return got + b"(reset)"
            if not part:
                return got
            got += part


def request(text, host=None, who=None, close=True):
    host = host or f"127.0.0.1:{remit.port}"
    return raw((f"{text[0]} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {who or token}\r\n"
                + "".join(f"{line}\r\n" for line in text[1:])
                + ("Connection: close\r\n" if close else "") + "\r\n").encode("latin-1"))


def echoed(answer):
    equal(answer.status, 200)
    return answer.json()


def answer_with(*parts, then=False, pause=0):
    def answer(head, file, connection):
        read_body(head, file)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        return then
    return answer


def misbehave(how, *lines, who):
    behaviour.how = how
    return request(["GET /api/x", *lines], host="bad.example", who=who)
