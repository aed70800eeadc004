#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's nginx behind the gate."""
import atexit
import gzip
import os
import shutil
import socket
import subprocess
import tempfile
import time

from harness import Remit, free_port
from tap import Skip, case, equal, run

PROFILE = """
profile: mine
title: Mine
scopes: { "s:read": Read. }
tokens: { prefix: my }
rest: { base: /api, rules: [ { on: "GET /**", need: s:read } ] }
"""


def start_nginx(folder):
    """Debian's nginx with files to serve; its address, or None where it is not installed."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        return None
    os.makedirs(f"{folder}/files/api", exist_ok=True)
    with open(f"{folder}/files/secret.txt", "w", encoding="ascii") as file:
        file.write("what lies beside the API")
    with open(f"{folder}/files/api/big.bin", "wb") as file:
        file.write(bytes(range(256)) * 4096)
    port = free_port()
    with open(f"{folder}/nginx.conf", "w", encoding="ascii") as file:
        file.write(f"""
worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit; daemon off; user root;
events {{ worker_connections 256; }}
http {{
  access_log off; default_type application/octet-stream; gzip on; gzip_min_length 1; gzip_types application/octet-stream; keepalive_requests 3;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
""")
    process = subprocess.Popen([program, "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
    atexit.register(process.terminate)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx did not start")


@case
def nginx_behind_the_gate():
    """P01 P11: files, ranges, HEAD, conditions, compression in chunks, connections that it ends after 3 requests; nothing beside"""
    folder = tempfile.mkdtemp(prefix="remit-nginx-")
    atexit.register(shutil.rmtree, folder, True)
    url = start_nginx(folder)
    if not url:
        raise Skip("there is no nginx here")
    whole = bytes(range(256)) * 4096
    with Remit(apis=[f"  mine: {{ profile: ./mine.yaml, upstream: \"{url}\" }}"], migrate=False) as other:
        with open(os.path.join(other.folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE)
        other.cli("store", "migrate")
        other.cli("user", "add", "ann@example.com")
        who = other.token("ann@example.com", "r", "--scope", "s:read", api="mine")["token"]
        other.serve()
        for _ in range(20):
            answer = other.call("GET", "/api/big.bin", who)
            equal((answer.status, answer.body == whole), (200, True))
        part = other.call("GET", "/api/big.bin", who, headers={"Range": "bytes=1000-1999"})
        equal((part.status, part.body == whole[1000:2000], part.headers["Content-Range"]),
              (206, True, f"bytes 1000-1999/{len(whole)}"))
        parts = other.call("GET", "/api/big.bin", who, headers={"Range": "bytes=0-0,5-6"})
        equal((parts.status, parts.headers["Content-Type"].split(";")[0]), (206, "multipart/byteranges"))
        head = other.call("HEAD", "/api/big.bin", who)
        equal((head.status, head.headers["Content-Length"], head.body), (200, str(len(whole)), b""))
        same = other.call("GET", "/api/big.bin", who, headers={"If-None-Match": head.headers["ETag"]})
        equal((same.status, same.body), (304, b""))
        packed = other.call("GET", "/api/big.bin", who, headers={"Accept-Encoding": "gzip"})
        equal((packed.status, packed.headers["Content-Encoding"], gzip.decompress(packed.body) == whole),
              (200, "gzip", True))
        equal(other.call("GET", "/api/none", who).status, 404)
        for path in ("/api/../secret.txt", "/api/%2e%2e/secret.txt", "/api/..%2fsecret.txt", "/api/.%2e/secret.txt", "/api//../secret.txt"):
            answer = other.call("GET", path, who)
            equal((path, answer.status, b"beside" in answer.body), (path, 400, False))
        equal(other.stop(), 0)


run()
