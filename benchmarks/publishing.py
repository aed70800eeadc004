# SPDX-License-Identifier: Apache-2.0
"""What the publishing service sends: stories that are due at one second, and events to an endpoint, to a receiver on this
machine. The rows are put straight into the database; the times are those that the service writes down."""
import http.client
import json
import os
import sqlite3
import time
import uuid

from in_process import run_json
from report import note, row
from servers import HERE, Remit, Upstream

PROFILE = os.path.join(HERE, "..", "profiles", "publishing.yaml")


def measure_publishing(folder, stories, events, listed, rounds):
    note("The publishing service: sending to a receiver on this machine; making and listing stories in process")
    with open(PROFILE, encoding="utf-8") as file:
        remit = Remit(folder, "service: publishing", file.read(), 1, "outbound: { allow: [loopback] }")
    receiver = Upstream()
    try:
        project = remit.cli("project", "add", "Bench", "--owner", "bench@example.com").strip()
        channel = remit.cli("publishing", "connection", "add", "@bench", "--kind", "mastodon", "--url",
                            f"http://127.0.0.1:{receiver.port}", "--project", project, stdin="token\n").strip()
        remit.start()
        measure_due(remit, project, channel, stories)
        measure_events(remit, project, receiver, events)
    finally:
        remit.stop()
        receiver.stop()
    measure_calls(listed, rounds)


def blob(text):
    return uuid.UUID(text).bytes


def new_ids(count):
    """Version 7 ids in order."""
    start = int(time.time() * 1000)
    return [((start + n // 1000) << 80 | 7 << 76 | (n % 1000) << 64 | 2 << 62 | int.from_bytes(os.urandom(7), "big"))
            .to_bytes(16, "big") for n in range(count)]


def open_store(remit):
    return sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=60, isolation_level=None)


def wait_until_none(db, statement, seconds=300):
    end = time.monotonic() + seconds
    while db.execute(statement).fetchone()[0] > 0:
        if time.monotonic() > end:
            raise SystemExit(f"bench: still there after {seconds} s: {statement}")
        time.sleep(0.05)


def measure_due(remit, project, channel, count):
    db = open_store(remit)
    owner = db.execute("SELECT id FROM users").fetchone()[0]
    due = int(time.time() * 1000) + 3000
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO publishing_stories (id, project_id, title, body, channels, media, status, scheduled_at,"
                   " created_by, created_at, updated_at) VALUES (?, ?, ?, 'Of a bench', ?, '', 'scheduled', ?, ?, ?, ?)",
                   [(id, blob(project), f"Story {n}", channel, due, owner, due, due)
                    for n, id in enumerate(new_ids(count))])
    db.execute("COMMIT")
    wait_until_none(db, "SELECT COUNT(*) FROM publishing_stories WHERE status IN ('scheduled', 'publishing')")
    sent, attempts, last = db.execute(
        "SELECT COUNT(*), SUM(attempts), MAX(sent_at) FROM publishing_outbox WHERE state = 'sent'").fetchone()
    seconds = ((last or 0) - due) / 1000
    row(f"{count:,} stories due at one second, sent", f"{seconds:.2f} s", "under 3 s", sent == count and seconds < 3)
    row("attempts for them", f"{attempts:,}", f"{count:,}: none twice", attempts == count)
    db.close()


def measure_events(remit, project, receiver, count):
    db = open_store(remit)
    token = remit.cli("token", "create", "--api", remit.name, "--user", "bench@example.com", "--name", "hooks", "--scope",
                      "webhooks:write").strip()
    hook = blob(make_endpoint(remit, token, project, f"http://127.0.0.1:{receiver.port}/hook"))
    due = int(time.time() * 1000) + 2000
    body = '{"id":"0199b2f0-5c1e-7abc-8def-0123456789ab","event":"story.published","data":{"story":{"title":"%s"}}}' % ("x" * 300)
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO publishing_deliveries (id, project_id, webhook_id, message_id, event, body, state, next_at,"
                   " created_at, updated_at) VALUES (?, ?, ?, ?, 'story.published', ?, 'queued', ?, ?, ?)",
                   [(id, blob(project), hook, id, body, due, due, due) for id in new_ids(count)])
    db.execute("COMMIT")
    wait_until_none(db, "SELECT COUNT(*) FROM publishing_deliveries WHERE state = 'queued'")
    good, last = db.execute("SELECT COUNT(*), MAX(updated_at) FROM publishing_deliveries WHERE state = 'delivered'").fetchone()
    rate = count / max(0.001, (last - due) / 1000)
    row("events delivered to one endpoint", f"{rate:,.0f} a second", "at least 2,000 a second", good == count and rate >= 2000)
    db.close()


def make_endpoint(remit, token, project, url):
    connection = http.client.HTTPConnection("127.0.0.1", remit.port, timeout=30)
    connection.request("POST", "/api/v1/webhooks", json.dumps({"url": url, "events": ["*"], "projectId": project}),
                       {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    document = json.loads(answer.read())
    if answer.status != 201:
        raise SystemExit(f"bench: {document}")
    return document["id"]


def measure_calls(listed, rounds):
    runs = [run_json("bench_publishing", str(listed)) for _ in range(rounds)]
    best = lambda key: sorted(run[key] for run in runs)[len(runs) // 2]
    row(f"a list of 50 of {listed:,} stories, in the service", f"{best('list_us') / 1000:.2f} ms", "under 1 ms",
        best("list_us") < 1000)
    row("a story made durable, 64 callers that never rest, median wait", f"{best('create_us') / 1000:.2f} ms",
        "under 1 ms", best("create_us") < 1000)
    note(f"    that is {1e6 / best('create_each_us'):,.0f} stories a second, {best('create_each_us'):.0f} us each")
