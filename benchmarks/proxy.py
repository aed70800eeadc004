# SPDX-License-Identifier: Apache-2.0
"""Remit in front of an API, beside nginx in front of the same: alone, and asking Remit (forward-auth)."""
import os
import statistics
import subprocess
import threading

from loads import Load, alternate, p99_micros, write_script
from processes import bytes_each, cpu_seconds, raise_file_limit, rss_bytes
from report import note, ratio_row, row
from servers import HERE, Nginx, Remit, Upstream

PROFILE = """profile: mine
title: An API behind the gate
scopes: { "items:read": Read., "items:write": Write. }
presets: { read-only: { title: Read, scopes: ["items:read"] } }
tokens: { prefix: my }
rest:
  base: /v1
  rules:
    - { on: "GET /items/{id}", need: "items:read" }
    - { on: "PUT /items/{id}", need: "items:write" }
    - { on: "GET /stream", need: "items:read" }
    - { on: "GET /large/{size}", need: "items:read" }
"""
SMALL = "/v1/items/7d1"
FLAT_BYTES = 4 << 20  # more than this is not noise


def nginx_proxy(folder, upstream):
    return Nginx(folder, f"""
      location / {{ proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection "";
                    proxy_max_temp_file_size 0; }}""",
                 f"upstream api {{ server 127.0.0.1:{upstream.port}; keepalive 128; }}", b" 200 ")


def nginx_asking(folder, upstream, remit):
    """As integrations/nginx shows it: the server's inside taken from there, the connections kept as in nginx_proxy."""
    with open(os.path.join(HERE, "..", "integrations", "nginx", "remit.conf"), encoding="ascii") as file:
        text = file.read().replace("keepalive 32", "keepalive 128")
    text = text.replace("127.0.0.1:8787", f"127.0.0.1:{remit.port}").replace("127.0.0.1:3000", f"127.0.0.1:{upstream.port}")
    outside, inside = text.split("server {\n", 1)
    inside = inside.replace("listen 127.0.0.1:8080;", "").rsplit("}", 1)[0]
    return Nginx(folder, inside, outside, b" 401 ")


def measure_proxy(folder, tokens, rounds, seconds, rate, large_bytes, streams):
    note(f"A proxy, keep-alive, 32 connections, {tokens:,} live tokens, audit on; medians of {rounds} alternating runs")
    raise_file_limit()
    upstream = Upstream()
    remit = Remit(folder, f"upstream: \"http://127.0.0.1:{upstream.port}\"", PROFILE, tokens,
                  "trusted_proxies: [loopback]")
    remit.start()
    plain = nginx_proxy(folder, upstream)
    asking = nginx_asking(folder, upstream, remit)
    peak = Nginx(folder, "location / { return 204; }")
    try:
        measure_small(folder, remit, plain, asking, rounds, seconds)
        measure_late(folder, remit, plain, rounds, seconds, rate)
        measure_forward(folder, remit, peak, rounds, seconds)
        measure_large(remit, plain, rounds, large_bytes)
        measure_streams(remit, streams)
    finally:
        for server in (plain, asking, peak, remit, upstream):
            server.stop()


def measure_small(folder, remit, plain, asking, rounds, seconds):
    script = os.path.join(folder, "small.lua")
    write_script(script, "GET", SMALL, remit.texts)
    theirs = Load("nginx proxy_pass", plain, script)
    ours = Load("proxied", remit, script)
    both = Load("nginx auth_request, and Remit that it asks", asking, script, paid_by=[asking, remit])
    alternate([theirs, ours, both], rounds, seconds)
    ratio_row("the proxy beside nginx `proxy_pass`", ours.median() / theirs.median(), 1.0)
    ratio_row("the proxy beside nginx `auth_request` and what it asks", ours.median() / both.median(), 1.4)


def measure_late(folder, remit, plain, rounds, seconds, rate):
    note(f"The same at {rate:,} requests a second")
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(p99_micros(plain, SMALL, remit.texts[0], folder, rate, seconds))
        ours.append(p99_micros(remit, SMALL, remit.texts[0], folder, rate, seconds))
    us, them = statistics.median(ours), statistics.median(theirs)
    row("the proxy's 99th percentile beside nginx `proxy_pass`", f"{us / them:.2f} x ({us:.0f} us, nginx {them:.0f} us)",
        "at most 1.1 x", us <= 1.1 * them)


def measure_forward(folder, remit, peak, rounds, seconds):
    note("Asked by a proxy, /gate/forward")
    script = os.path.join(folder, "forward.lua")
    write_script(script, "GET", "/gate/forward", remit.texts, {"X-Original-Method": "GET", "X-Original-URI": SMALL})
    theirs = Load("nginx return 204", peak, script, wanted=204)
    ours = Load("allowed", remit, script)
    alternate([theirs, ours], rounds, seconds)
    ratio_row("forward-auth, allowed, beside nginx `return 204`", ours.median() / theirs.median(), 1.0)


def pull(server, size, token):
    """A body through a server: bytes a CPU-second, bytes a second, and how much the server grew meanwhile."""
    most = first = rss_bytes(server.pid)
    over = threading.Event()

    def watch():
        nonlocal most
        while not over.wait(0.01):
            most = max(most, rss_bytes(server.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    before = cpu_seconds(server.pid)
    out = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_download} %{speed_download}",
         "-H", f"Authorization: Bearer {token}", f"http://127.0.0.1:{server.port}/v1/large/{size}"],
        capture_output=True, text=True, check=False).stdout.split()
    used = cpu_seconds(server.pid) - before
    over.set()
    watcher.join()
    if out[:2] != ["200", str(size)]:
        raise SystemExit(f"bench: not the body that was expected: {out}")
    return size / max(used, 0.01), float(out[2]), most - first


def measure_large(remit, plain, rounds, size):
    note(f"A body of {size / 1e9:g} GB, streamed through")
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(pull(plain, size, remit.texts[0]))
        ours.append(pull(remit, size, remit.texts[0]))
    median = lambda runs, i: statistics.median(run[i] for run in runs)
    for name, runs in (("nginx proxy_pass", theirs), ("Remit", ours)):
        note(f"    {name}: {median(runs, 0) / 1e9:.2f} GB a CPU-second, {median(runs, 1) / 1e9:.2f} GB a second,"
             f" grew by {median(runs, 2) / 1e6:.1f} MB")
    ratio_row("a large body beside nginx `proxy_pass`, by CPU time", median(ours, 0) / median(theirs, 0), 0.9)
    grown = max(run[2] for run in ours[1:] or ours)
    row("memory while it goes through", f"{grown / 1e6:.1f} MB more", "under 4 MB", grown < FLAT_BYTES)


def measure_streams(remit, count):
    count = min(count, (raise_file_limit() - 500) // 2)
    note(f"{count:,} event streams, each with an upstream connection of its own")
    head = f"GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\nAuthorization: Bearer {remit.texts[0]}\r\n\r\n"
    each = bytes_each(remit, count, head.encode(), b"\n\n\r\n")
    row("a proxied event stream", f"{each:,.0f} bytes", "under 6,000 bytes", each < 6000)
