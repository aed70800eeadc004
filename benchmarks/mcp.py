# SPDX-License-Identifier: Apache-2.0
"""Remit in front of an MCP server, beside nginx in front of the same; the list filter alone."""
import http.client
import json
import os

from in_process import run_json
from loads import Load, alternate, write_script
from processes import bytes_each, raise_file_limit
from proxy import nginx_proxy
from report import note, ratio_row, row
from servers import Nginx, Remit, Upstream

PROFILE = """profile: tools
title: Tools behind the gate
scopes: { "items:read": Read., "items:write": Write. }
presets: { read-only: { title: Read, scopes: ["items:read"] } }
tokens: { prefix: tl }
mcp:
  endpoint: /mcp
  tools: { find: "items:read", entries: { select: action, values: { list: "items:read", update: "items:write" } } }
"""
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
ARGUMENTS = {"collection": "articles", "id": "0190b6a2-5d1f-7c3e-9a41-2f6b8c0d1e2f", "data": {
    "title": "A quiet day", "published": True, "tags": ["sea", "weather"], "summary": "Fog until ten, then light wind."}}


def call(tool, **arguments):
    body = {"jsonrpc": "2.0", "id": 17, "method": "tools/call",
            "params": {"name": tool, "arguments": {**arguments, **ARGUMENTS}, "_meta": META}}
    return json.dumps(body, separators=(",", ":")), {
        "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool}


def measure_mcp(folder, tokens, rounds, seconds, streams):
    note(f"MCP, keep-alive, 32 connections, {tokens:,} live tokens, audit on; medians of {rounds} alternating runs")
    raise_file_limit()
    upstream = Upstream()
    remit = Remit(folder, f"upstream: \"http://127.0.0.1:{upstream.port}\"", PROFILE, tokens)
    remit.start()
    plain = nginx_proxy(folder, upstream)
    peak = Nginx(folder, "location = / { return 204; } location / { return 403; }")
    try:
        measure_calls(folder, remit, plain, peak, rounds, seconds)
        measure_streams(remit, streams)
    finally:
        for server in (plain, peak, remit, upstream):
            server.stop()
    measure_lists()


def measure_calls(folder, remit, plain, peak, rounds, seconds):
    allowed, refused = os.path.join(folder, "call.lua"), os.path.join(folder, "refused.lua")
    body, fields = call("entries", action="list")
    write_script(allowed, "POST", "/mcp", remit.texts, fields, body)
    body, fields = call("entries", action="update")
    write_script(refused, "POST", "/mcp", remit.texts, fields, body)
    theirs, ours = Load("nginx proxy_pass", plain, allowed), Load("tools/call", remit, allowed)
    alternate([theirs, ours], rounds, seconds)
    ratio_row("tools/call beside nginx `proxy_pass`", ours.median() / theirs.median(), 0.9)
    theirs = Load("nginx return 403", peak, refused, wanted=403)
    ours = Load("tools/call, 403", remit, refused, wanted=403)
    alternate([theirs, ours], rounds, seconds)
    ratio_row("a 403 on tools/call beside nginx `return 403`", ours.median() / theirs.median(), 0.9)


def session_of(remit):
    connection = http.client.HTTPConnection("127.0.0.1", remit.port)
    connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}), {
        "Content-Type": "application/json", "Authorization": f"Bearer {remit.texts[0]}"})
    return connection.getresponse().headers["Mcp-Session-Id"]


def measure_streams(remit, count):
    count = min(count, (raise_file_limit() - 500) // 2)
    note(f"{count:,} open event streams of MCP, each judged again four times a second")
    head = (f"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\nAuthorization: Bearer {remit.texts[0]}\r\n"
            f"Mcp-Session-Id: {session_of(remit)}\r\n\r\n")
    each = bytes_each(remit, count, head.encode(), b"\n\n\r\n")
    row("an event stream of MCP", f"{each:,.0f} bytes", "under 6,000 bytes", each < 6000)


def measure_lists():
    note("A tools/list through the filter")
    for name, measured in run_json("bench_mcp_list").items():
        row(f"the list filter, {name.replace('_', ', ')}", f"{measured:.2f} GB/s", "at least 0.7 GB/s", measured >= 0.7)
