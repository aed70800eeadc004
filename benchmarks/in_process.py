# SPDX-License-Identifier: Apache-2.0
"""What a decision costs, and what making a token costs, without a network."""
import json
import statistics
import subprocess

from report import note, row
from servers import program


def run_json(name, *args):
    done = subprocess.run([program(name), *args], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {name} {' '.join(args)} failed:\n{done.stderr}{done.stdout}")
    return json.loads(done.stdout)


def measure_core(tokens, rounds, calls):
    note("In process: text -> form, checksum, SHA-256, table, route of 1,000 rules, decision")
    small, large = [], []
    for _ in range(rounds):
        small.append(run_json("bench_core", "1000", str(calls)))
        large.append(run_json("bench_core", str(tokens), str(calls)))
    median = lambda runs, key: statistics.median(run[key] for run in runs)
    warm, cold = median(large, "warm_ns"), median(large, "cold_ns")
    row(f"a decision, warm, {tokens:,} tokens", f"{warm:.0f} ns", "under 220 ns", warm < 220)
    row(f"a decision, cold, {tokens:,} tokens", f"{cold:.0f} ns", "under 400 ns", cold < 400)
    growth = max(run["heap_growth_bytes"] for run in small + large)
    row(f"memory allocated by {10 * calls:,} decisions", f"{growth} bytes", "0 bytes", growth == 0)
    bytes_each = median(large, "bytes_per_token")
    row(f"memory a token, {tokens:,} tokens", f"{bytes_each:.0f} bytes", "under 160 bytes", bytes_each < 160)
    ratio = cold / median(small, "cold_ns")
    row(f"{tokens:,} tokens beside 1,000 (cold)", f"{ratio:.2f} x", "less than 2 x", ratio < 2)


def measure_making(rounds):
    note("Making tokens, durably, 64 threads on the authority's own call")
    rate = statistics.median(run_json("bench_authority")["tokens_per_second"] for _ in range(rounds))
    row("tokens made", f"{rate:,.0f} a second", "at least 5,000 a second", rate >= 5000)
