# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 over TLS, answered 204: by a server of src/net that judges nothing, and by nginx `return 204`."""
import os
import statistics
import subprocess

from processes import cpu_seconds, free_port
from report import note, ratio_row
from servers import Nginx, Server, program


class Bare(Server):
    """net.c."""

    def __init__(self, cert, key):
        self.port = free_port()
        self.launch(program("bench_net"), f"127.0.0.1:{self.port}", str(os.cpu_count()), cert, key, stdout=subprocess.PIPE)
        self.process.stdout.readline()


def load(server, count):
    """Requests a CPU-second of the server, and requests a second."""
    before = cpu_seconds(server.pid)
    out = subprocess.run(["h2load", f"-n{count}", "-c16", "-m32", "-t1", f"https://127.0.0.1:{server.tls_port}/"],
                         capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(server.pid) - before
    if f"{count} 2xx" not in out or "Application protocol: h2" not in out:
        raise SystemExit(f"bench: not the answers that were expected of HTTP/2:\n{out}")
    return count / max(used, 0.01), float(out.split("finished in ")[1].split(", ")[1].split()[0])


def measure_http2(folder, rounds, count):
    note(f"HTTP/2 over TLS, 16 connections of 32 streams, answered 204; medians of {rounds} alternating runs")
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", key, "-out", cert, "-subj", "/CN=localhost"], capture_output=True, check=True)
    port = free_port()
    nginx = Nginx(folder, f"listen 127.0.0.1:{port} ssl http2 reuseport; ssl_certificate {cert}; ssl_certificate_key {key};"
                  " location / { return 204; }")
    bare = Bare(cert, key)
    nginx.tls_port, bare.tls_port = port, bare.port
    runs = {"nginx return 204": (nginx, []), "net": (bare, [])}
    try:
        for _ in range(rounds):
            for server, results in runs.values():
                results.append(load(server, count))
    finally:
        nginx.stop()
        bare.stop()
    medians = {name: [statistics.median(r[i] for r in results) for i in (0, 1)] for name, (_, results) in runs.items()}
    for name, (by_cpu, by_clock) in medians.items():
        note(f"    {name}: {by_cpu:,.0f} requests a CPU-second, {by_clock:,.0f} a second")
    ratio_row("HTTP/2 over TLS, 204, beside nginx", medians["net"][0] / medians["nginx return 204"][0], 4.0)
