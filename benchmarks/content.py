# SPDX-License-Identifier: Apache-2.0
"""What calls of the content service cost, in the service itself, over a site of many entries."""
from in_process import run_json
from report import note, row


def measure_content(folder, entries, seconds, rounds):
    note(f"The content service, {entries:,} entries in one collection")
    runs = [run_json("bench_content", str(entries), str(seconds), folder) for _ in range(rounds)]
    best = lambda key: sorted(run[key] for run in runs)[len(runs) // 2]
    row("the index, built", f"{best('build_ms'):.0f} ms", "under 1 s", best("build_ms") < 1000)
    row("the index, in memory", f"{best('index_bytes') / 1e6:.1f} MB", "under 60 MB", best("index_bytes") < 60e6)
    row("a list of 100, filtered by two fields", f"{best('list_us') / 1000:.2f} ms", "under 2 ms", best("list_us") < 2000)
    row("one entry", f"{best('get_us'):.0f} us", "under 100 us", best("get_us") < 100)
    row("an entry made durable", f"{best('create_us') / 1000:.2f} ms", "under 5 ms", best("create_us") < 5000)
    row("64 readers beside a writer, p99.9", f"{best('readers_p999_us') / 1000:.2f} ms", "under 5 ms",
        best("readers_p999_us") < 5000)
