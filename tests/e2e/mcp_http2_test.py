#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MCP over HTTP/2 and TLS, by curl: the same answers, and streams that end with their client and their token."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import tls  # noqa: E402
from harness import Remit, free_port  # noqa: E402
from mcp_server import McpServer  # noqa: E402
from tap import case, equal, run  # noqa: E402

CERT, KEY = tls.Authority().issue("gate")
PROFILE = """
profile: mine
title: My MCP
scopes: { "s:read": Read., "s:write": Write. }
tokens: { prefix: my }
mcp: { endpoint: /mcp, tools: { echo: s:read, write: s:write } }
"""
server = McpServer()
PORT = free_port()
remit = Remit(apis=[f"  mine: {{ profile: ./mine.yaml, upstream: \"{server.url}\" }}"], migrate=False)
with open(os.path.join(remit.folder, "mine.yaml"), "w", encoding="utf-8") as written:
    written.write(PROFILE)
with open(remit.config, encoding="utf-8") as written:
    lines = written.read().split("\n")
lines[0] = f"listen: [127.0.0.1:{remit.port}, {{ addr: \"127.0.0.1:{PORT}\", tls: {{ cert: {CERT}, key: {KEY} }} }}]"
lines[1] = f"public_url: https://localhost:{PORT}"
with open(remit.config, "w", encoding="utf-8") as written:
    written.write("\n".join(lines))
remit.cli("store", "migrate")
remit.cli("user", "add", "ann@example.com")
made = remit.token("ann@example.com", "reader", "--scope", "s:read", api="mine")
remit.serve()


def command(*options):
    return ["curl", "-sSkN", "-i", "--http2", "-H", f"Authorization: Bearer {made['token']}", *options,
            f"https://localhost:{PORT}/mcp"]


def post(method, params=None):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}})
    done = subprocess.run(command("-H", "Content-Type: application/json", "-d", body), capture_output=True, timeout=30,
                          check=True)
    head, text = done.stdout.split(b"\r\n\r\n", 1)
    return head.decode(), json.loads(text)


def open_stream(session):
    process = subprocess.Popen(command("-H", f"Mcp-Session-Id: {session}"), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    head = b""
    server.wait_open(1)
    server.say(b"id: 1\n\n")  # curl tells no head before it
    while not head.endswith(b"\r\n\r\n"):
        head += process.stdout.read(1)
    assert head.startswith(b"HTTP/2 200"), head
    equal(process.stdout.read(7), b"id: 1\n\n")
    return process


def session():
    head, _ = post("initialize", {"protocolVersion": "2025-11-25"})
    return head.split("mcp-session-id: ")[1].split("\r\n")[0]


@case
def a_call_a_list_and_a_refusal():
    head, answer = post("tools/call", {"name": "echo"})
    equal((head.split("\r\n")[0].strip(), "result" in answer), ("HTTP/2 200", True))
    head, answer = post("tools/list")
    equal(([tool["name"] for tool in answer["result"]["tools"]], answer["result"]["cacheScope"]), (["echo"], "private"))
    head, answer = post("tools/call", {"name": "write"})
    equal((head.split("\r\n")[0].strip(), answer["error"]["code"]), ("HTTP/2 403", -31403))
    assert 'scope="s:read s:write"' in head, head


@case
def a_stream_is_heard_and_its_client_may_leave():
    process = open_stream(session())
    server.say(b"data: {}\n\n")
    equal(process.stdout.read(10), b"data: {}\n\n")
    server.closed.clear()
    process.kill()
    process.wait()
    equal(server.closed.wait(10), True)
    server.wait_open(0)


@case
def a_stream_ends_with_its_token():
    """T03"""
    process = open_stream(session())
    remit.cli("token", "revoke", made["id"])
    done = time.monotonic()
    process.stdout.read()
    assert time.monotonic() - done < 1, time.monotonic() - done
    assert process.wait() != 0, "the answer looked whole"
    server.wait_open(0)
    equal((remit.stop(), "Sanitizer" in remit.log), (0, False), remit.log[-2000:])


run()
