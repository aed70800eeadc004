#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures speed and memory, beside nginx in the same run, and prints ratios.

Exits non-zero only where something did not run; what misses its bar is said, and is docs/performance.md's to explain.
"""
import argparse
import json
import shutil
import tempfile

from http2 import measure_http2
from in_process import measure_core, measure_making
from mcp import measure_mcp
from content import measure_content
from oauth import measure_oauth
from proxy import measure_proxy
from publishing import measure_publishing
from report import note, rows
from service import measure_service

PARTS = ["core", "making", "http", "http2", "proxy", "mcp", "oauth", "publishing", "content"]


def measure(part, quick):
    if part == "core":
        measure_core(*((10_000, 1, 20_000) if quick else (10_000_000, 3, 1_000_000)))
    elif part == "making":
        measure_making(1 if quick else 3)
    else:
        folder = tempfile.mkdtemp(prefix="remit-bench-")
        tokens, rounds, seconds = (2_000, 1, 1) if quick else (1_000_000, 5, 4)
        try:
            if part == "http":
                measure_service(folder, tokens, rounds, seconds)
            elif part == "content":
                measure_content(folder, *((200, 1, 1) if quick else (10_000, 5, 3)))
            elif part == "publishing":
                measure_publishing(folder, *((50, 200, 1_000, 1) if quick else (1_000, 20_000, 100_000, 3)))
            elif part == "http2":
                measure_http2(folder, rounds, 10_000 if quick else 500_000)
            elif part == "oauth":
                measure_oauth(folder, tokens, 1_000 if quick else 100_000, rounds, seconds)
            elif part == "mcp":
                measure_mcp(folder, tokens, rounds, seconds, 100 if quick else 10_000)
            else:
                rate, large_bytes, streams = (500, 50_000_000, 100) if quick else (10_000, 1_000_000_000, 10_000)
                measure_proxy(folder, tokens, rounds, seconds, rate, large_bytes, streams)
        finally:
            shutil.rmtree(folder, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller numbers: does it run at all?")
    parser.add_argument("--json", metavar="FILE", help="write the results there too")
    parser.add_argument("--only", choices=PARTS, help="one part")
    options = parser.parse_args()
    for part in PARTS:
        if options.only in (None, part):
            measure(part, options.quick)
    missed = [r for r in rows if not r["met"]]
    note(f"{len(rows) - len(missed)} of {len(rows)} bars met" + (": see docs/performance.md" if missed else ""))
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
