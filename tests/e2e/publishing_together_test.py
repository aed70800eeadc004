#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several that send from one store: a reload while receivers are slow, two processes, an API that nobody serves
any more; and what a receiver says back that it must not."""
import base64
import json
import os
import signal
import sqlite3
import subprocess
import time
from datetime import datetime, timezone

from harness import BINARY, Remit, free_port, multipart
from receivers import Hooks, Mastodon, wait_for
from tap import case, equal, run

TOKEN = "8fRZ-a-token-of-an-account-0123456789"
SHOP = "whsec_" + base64.b64encode(b"the print shop's own secret bytes").decode()


class Slow(Mastodon):
    """Takes its time before it acts, and tells how many calls it has at once."""

    def __init__(self, delay, **more):
        super().__init__(**more)
        self.delay = delay

    def handle(self, handler, method, path, headers, body):
        time.sleep(self.delay)
        super().handle(handler, method, path, headers, body)


mastodon = Slow(0, token=TOKEN)
remit = Remit(["outbound: { allow: [loopback] }"])
remit.cli("user", "add", "a@example.com", "--admin")
project = remit.cli("project", "add", "Aurora", "--api", "publishing", "--owner", "a@example.com")["id"]
channel = remit.cli("publishing", "connection", "add", "@a", "--kind", "mastodon", "--url", mastodon.url,
                    "--project", project, stdin=TOKEN + "\n")["id"]
token = remit.token("a@example.com", "t", "--scope", "*", "--rate", "off")["token"]
answers = []


def call(method, path, body=None, status=None):
    answer = remit.call(method, "/api/v1" + path, token, body)
    answers.append(answer.body)
    if status:
        equal(answer.status, status, answer)
    return answer.json() if answer.body else None


def at(seconds):
    return datetime.fromtimestamp(time.time() + seconds, timezone.utc).isoformat(timespec="milliseconds")


def story(title, channels=None, status=201, **more):
    return call("POST", "/stories", {"title": title, "channels": channels or [channel], **more}, status)


def look(made):
    return call("GET", f"/stories/{made['id']}", status=200)


def ended(made, seconds=60):
    return wait_for(lambda: (s := look(made))["status"] in ("published", "failed") and s, seconds)


def endpoint(receiver, *events):
    return call("POST", "/webhooks", {"url": receiver.url, "events": list(events) or ["*"]}, 201)


def deliveries(hook):
    return call("GET", f"/webhooks/{hook['id']}/deliveries?limit=100", status=200)["data"]


def once_each(made, receiver):
    for s in made:
        done = ended(s)
        equal(done["status"], "published", done)
        equal(receiver.texts().count(s["title"]), 1, s["title"])
    equal(receiver.mistakes, [])


remit.serve()


@case
def a_reload_while_receivers_are_slow_sends_nothing_twice():
    """calls that run end, or are cut and made again under their key; nothing is claimed by two"""
    hooks = Hooks(delay=0.4)
    hook = endpoint(hooks, "story.published")
    mastodon.delay = 0.4
    made = [story(f"Slow {n}", scheduled_at=at(0.5 + n / 10)) for n in range(30)]
    for _ in range(4):
        time.sleep(0.7)
        remit.server.send_signal(signal.SIGHUP)
        remit.wait_for_log("reloaded")
    once_each(made, mastodon)
    equal({s["deliveries"][0]["attempts"] for s in map(look, made)}, {1}, "none was claimed by two")
    wait_for(lambda: all(d["state"] == "delivered" for d in deliveries(hook)) and len(deliveries(hook)) == 30)
    equal(len(hooks.got), 30, "each event once")
    mastodon.delay = 0
    call("DELETE", f"/webhooks/{hook['id']}", status=204)
    hooks.close()


@case
def a_reload_cuts_what_hangs_and_it_is_sent_under_the_same_key():
    mastodon.delay = 5
    made = story("Cut by a reload")
    call("POST", f"/stories/{made['id']}/publish", status=202)
    calls = len(mastodon.calls)
    wait_for(lambda: look(made)["deliveries"][0]["attempts"] == 1)
    time.sleep(0.3)  # on its way
    began = time.monotonic()
    remit.server.send_signal(signal.SIGHUP)
    remit.wait_for_log("reloaded")
    assert time.monotonic() - began < 4.5, "it waits for three seconds, not for the receiver"
    mastodon.delay = 0
    once_each([made], mastodon)
    wait_for(lambda: len(mastodon.calls) >= calls + 2)
    equal(len({key for _, _, key in mastodon.calls[calls:]}), 1, "one key")
    equal(mastodon.texts().count("Cut by a reload"), 1)


@case
def two_processes_share_a_store_and_one_sends():
    """the other takes over when it dies, and sends nothing that went out"""
    second = os.path.join(remit.folder, "second.yaml")
    with open(remit.config, encoding="utf-8") as file:
        text = file.read()
    port = free_port()
    with open(second, "w", encoding="utf-8") as file:
        file.write(text.replace(f"listen: 127.0.0.1:{remit.port}", f"listen: 127.0.0.1:{port}"))
    with open(os.path.join(remit.folder, "second.log"), "wb") as log:
        other = subprocess.Popen([BINARY, "serve"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=remit.folder,
                                 env={**os.environ, "REMIT_CONFIG": second})
    try:
        mastodon.delay = 0.2
        made = [story(f"Shared {n}", scheduled_at=at(1 + n / 10)) for n in range(30)]
        wait_for(lambda: mastodon.texts().count("Shared 5"))
        remit.kill()
        remit.serve()  # the second has the lead now, the first waits
        wait_for(lambda: mastodon.texts().count("Shared 20"))
        other.kill()
        other.wait()
        once_each(made, mastodon)
    finally:
        mastodon.delay = 0
        if other.poll() is None:
            other.kill()
            other.wait()


@case
def a_story_of_an_api_that_nobody_sends_for_keeps_nobody_busy():
    """nothing is written while nothing of ours is due, so that a locked store is not even noticed"""
    made = story("Of another", scheduled_at=at(3600))
    db = sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=30, isolation_level=None)
    remit.stop()
    equal(db.execute("UPDATE projects SET api = 'gone' WHERE id = ?", (bytes.fromhex(project.replace("-", "")),)).rowcount, 1)
    db.execute("UPDATE publishing_stories SET scheduled_at = 1 WHERE id = ?", (bytes.fromhex(made["id"].replace("-", "")),))
    remit.serve()
    time.sleep(1.5)  # the start's own writes
    remit.log = ""
    db.execute("BEGIN IMMEDIATE")
    time.sleep(11)   # longer than anybody waits for the lock
    db.execute("ROLLBACK")
    remit.stop()
    db.execute("UPDATE projects SET api = 'publishing' WHERE id = ?", (bytes.fromhex(project.replace("-", "")),))
    db.close()
    assert "nothing is sent" not in remit.log, remit.log
    remit.serve()
    equal(ended(made)["scheduled_late"], True)


@case
def an_endpoint_that_is_disabled_is_called_no_more():
    """nor for what ran at that moment"""
    hooks = Hooks()
    hook = endpoint(hooks, "story.failed")
    hooks.always = "hang"
    call("POST", f"/webhooks/{hook['id']}/test", status=202)
    wait_for(lambda: hooks.got)
    call("PATCH", f"/webhooks/{hook['id']}", {"enabled": False}, 200)
    hooks.release.set()
    seen = wait_for(lambda: (d := deliveries(hook)[0])["attempts"] and d)
    equal((seen["state"], seen["next_attempt_at"]), ("failed", None), seen)
    hooks.close()


@case
def S01_an_endpoint_that_is_never_called_is_refused_at_once():
    for url in ("https://169.254.169.254/x", "https://10.1.2.3/x", "https://[fd00::1]/x", "https://[::ffff:10.0.0.1]/",
                "https://[64:ff9b::a00:1]/", "https://0x0a000001/", "https://0012.0.0.1/", "https://10.1/", "https://192.168.1/",
                "https://2130706433/", "https://hooks.example./"):
        answer = remit.call("POST", "/api/v1/webhooks", token, {"url": url, "events": ["*"]})
        equal((answer.status, answer.json()["error"]["code"]), (422, "validation_failed"), url)
        assert "url" in answer.json()["error"]["message"], answer
    hook = call("POST", "/webhooks", {"url": "https://hooks.example/x", "events": ["moment.detected"]}, 201)
    call("PATCH", f"/webhooks/{hook['id']}", {"url": "https://10.1.2.3/x"}, 422)
    equal(call("GET", f"/webhooks/{hook['id']}", status=200)["url"], "https://hooks.example/x")


@case
def a_story_of_one_image_is_a_post_and_of_none_too():
    """a carousel starts at two: one image makes no thread"""
    kind, body = multipart({"alt_text": "A dot"}, {"file": ("dot.gif", "image/gif", b"GIF89a" + b"\1" * 30)})
    image = remit.call("POST", "/api/v1/media", token, body, {"Content-Type": kind}).json()["id"]
    before = len(mastodon.statuses)
    made = story("One", media=[image])
    call("POST", f"/stories/{made['id']}/publish", status=202)
    equal(ended(made)["status"], "published")
    equal([(len(s["media_ids"]), s["in_reply_to_id"]) for s in mastodon.statuses[before:]], [(1, None)])
    story("The same twice", media=[image, image], status=422)
    story("No image", media=["0199b2f0-5c1e-7abc-8def-0123456789ab"], status=422)


@case
def a_receiver_that_says_our_token_back_is_not_repeated():
    for error in (f"bad token {TOKEN}", "x" * 140 + TOKEN):
        mastodon.mischief = [(422, [])]
        told, mastodon.misbehave = mastodon.misbehave, lambda handler, what, text=error: (
            what is not None and (handler.answer(422, {"error": text}) or True))
        made = story("Told back")
        call("POST", f"/stories/{made['id']}/publish", status=202)
        done = ended(made)
        mastodon.misbehave = told
        equal(done["deliveries"][0]["state"], "failed", done)
        assert TOKEN[:20] not in json.dumps(done), done
        assert "422" in done["failure"], done


@case
def no_secret_is_anywhere():
    """not in the store, the log, the audit log, a file or an answer; neither as a text nor as bytes"""
    hooks = Hooks()
    shop = remit.cli("publishing", "connection", "add", "shop", "--kind", "webhook", "--url", hooks.url + "/key-in-a-path",
                     "--project", project, stdin=SHOP + "\n")["id"]
    remit.cli("publishing", "detector", "add", "--project", project, "--kind", "rss", "--name", "News",
              "--url", hooks.url + "/feed?key=a-key-of-a-feed")
    made = story("Printed", [shop])
    call("POST", f"/stories/{made['id']}/publish", status=202)
    equal(ended(made)["status"], "published")
    hook = call("POST", "/webhooks", {"url": hooks.url, "events": ["*"]}, 201)
    new = call("POST", f"/webhooks/{hook['id']}/rotate", status=200)
    shown_once = answers[-2:]
    call("POST", f"/webhooks/{hook['id']}/test", status=202)
    wait_for(lambda: deliveries(hook)[0]["state"] == "delivered")
    for path in ("/social-connections", "/data-connections", "/webhooks", "/stories", "/moments", "/openapi.json",
                 f"/webhooks/{hook['id']}", f"/social-connections/{shop}"):
        call("GET", path, status=200)
    wait_for(lambda: [c for c in call("GET", "/data-connections")["data"] if c["detector"]["last_error"]])
    secrets = [TOKEN, SHOP[6:], hook["secret"][6:], new["secret"][6:], "a-key-of-a-feed", "key-in-a-path"]
    kept = [s.encode() for s in secrets] + [base64.b64decode(s) for s in (SHOP[6:], hook["secret"][6:], new["secret"][6:])]
    kept += [s.hex().encode() for s in kept] + [base64.b64encode(s)[:-4] for s in kept]
    equal(remit.stop(), 0)
    places = {"the log": remit.log.encode(), "an answer": b"\n".join(a for a in answers if a not in shown_once)}
    for folder, _, names in os.walk(remit.folder):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                places[os.path.join(folder, name)] = file.read()
    equal(len(places) > 6, True, places.keys())
    for place, data in places.items():
        for secret in kept:
            assert secret not in data, f"{place} holds {secret}"
    hooks.close()


run()
