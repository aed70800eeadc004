# SPDX-License-Identifier: Apache-2.0
"""The publishing API over HTTP, beside nginx that answers the very same requests without looking at them."""
import os
import statistics

from loads import Load, alternate, write_script
from processes import bytes_each, raise_file_limit
from report import note, ratio_row, row
from servers import HERE, Nginx, Remit


def measure_service(folder, tokens, rounds, seconds):
    note(f"Over HTTP, keep-alive, 32 connections, {tokens:,} live tokens, audit on; medians of {rounds} alternating runs")
    # The built-in profile without its rate limit: the limit is not what is measured.
    with open(os.path.join(HERE, "..", "profiles", "publishing.yaml"), encoding="utf-8") as file:
        profile = "".join(line for line in file if not line.startswith("rate:"))
    remit, nginx = Remit(folder, "service: publishing", profile, tokens), Nginx(folder, "location / { return 204; }")
    try:
        starts = []
        for _ in range(3):
            starts.append(remit.start())
            remit.stop()
        start = statistics.median(starts)
        row(f"start with {tokens:,} tokens", f"{start:.2f} s", "under 2 s", start < 2)
        remit.start()
        measure_answers(folder, remit, nginx, rounds, seconds)
        measure_idle(remit, nginx)
    finally:
        nginx.stop()
        remit.stop()


def measure_answers(folder, remit, nginx, rounds, seconds):
    ok, no = os.path.join(folder, "ok.lua"), os.path.join(folder, "no.lua")
    write_script(ok, "GET", "/api/v1/health", remit.texts)
    write_script(no, "POST", "/api/v1/stories/0190a1b2-0000-7000-8000-000000000000/publish", remit.texts)
    peak = Load("nginx return 204", nginx, ok, wanted=204)
    allowed = Load("allowed", remit, ok)
    refused = Load("refused", remit, no, wanted=403)
    alternate([peak, allowed, refused], rounds, seconds)
    ratio_row("GET /api/v1/health beside nginx `return 204`", allowed.median() / peak.median(), 0.9)
    ratio_row("a 403 beside nginx `return 204`", refused.median() / peak.median(), 0.9)
    ratio_row("refused beside allowed", refused.median() / allowed.median(), 0.9)


def measure_idle(remit, nginx):
    count = min(10000, raise_file_limit() - 500)
    note(f"{count:,} idle connections")
    head = f"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\nAuthorization: Bearer {remit.texts[0]}\r\n\r\n"
    ours = bytes_each(remit, count, head.encode())
    theirs = bytes_each(nginx, count, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{nginx.port}\r\n\r\n".encode())
    row("an idle connection", f"{ours:.0f} bytes (nginx {theirs:.0f})", "under 4,000 bytes", ours < 4000)
