#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A wall clock that is set while the server runs: what people gave a time for follows it, retries do not."""
import os
import struct
import time
from datetime import datetime, timezone

from harness import Remit
from receivers import Hooks, Mastodon, wait_for
from tap import case, equal, run

DAY = 86400
mastodon, hooks = Mastodon(), Hooks()
remit = Remit(["outbound: { allow: [loopback] }"])
remit.cli("user", "add", "a@example.com", "--admin")
project = remit.cli("project", "add", "Aurora", "--api", "publishing", "--owner", "a@example.com")["id"]
channel = remit.cli("publishing", "connection", "add", "@a", "--kind", "mastodon", "--url", mastodon.url, "--project", project,
                    stdin=mastodon.token + "\n")["id"]
token = remit.token("a@example.com", "t", "--scope", "*", "--rate", "off")["token"]
clock = os.path.join(remit.folder, "clock")


def set_clock(seconds, slept=0):
    with open(clock, "r+b" if os.path.exists(clock) else "wb") as file:
        file.write(struct.pack("=qq", int(seconds * 1000), int(slept * 1000)))


def serve():
    remit.serve(LD_PRELOAD=os.environ["REMIT_CLOCK_SHIFT"], REMIT_TEST_CLOCK=clock,
                ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")


def call(method, path, body=None, status=None):
    answer = remit.call(method, "/api/v1" + path, token, body)
    if status:
        equal(answer.status, status, answer)
    return answer.json()


def at(seconds):
    return datetime.fromtimestamp(time.time() + seconds, timezone.utc).isoformat(timespec="milliseconds")


def story(title, **more):
    return call("POST", "/stories", {"title": title, "channels": [channel], **more}, 201)


set_clock(0)
serve()


@case
def L08_a_clock_that_is_set_forward_makes_stories_due():
    made = story("In an hour", scheduled_at=at(3600))
    later = story("In a day", scheduled_at=at(DAY))
    time.sleep(0.5)
    equal(mastodon.texts(), [])
    set_clock(3601)
    wait_for(lambda: mastodon.texts() == ["In an hour"], 5)
    remit.wait_for_log("the clock was set forward")
    equal(call("GET", f"/stories/{later['id']}")["status"], "scheduled")
    wait_for(lambda: call("GET", f"/stories/{made['id']}")["status"] == "published")
    equal(call("GET", f"/stories/{made['id']}")["scheduled_late"], False)


@case
def L08_retries_do_not_wait_for_a_clock_that_was_set_back():
    hook = call("POST", "/webhooks", {"url": hooks.url, "events": ["*"]}, 201)
    hooks.mischief = [503]
    mastodon.mischief = [503]
    made = story("Once more")
    call("POST", f"/stories/{made['id']}/publish", status=202)
    call("POST", f"/webhooks/{hook['id']}/test", status=202)
    wait_for(lambda: not mastodon.mischief and not hooks.mischief)
    wait_for(lambda: call("GET", f"/stories/{made['id']}")["deliveries"][0]["reason"])
    set_clock(-DAY)
    wait_for(lambda: "Once more" in mastodon.texts(), 15)
    wait_for(lambda: [e for e in hooks.events() if e["event"] == "webhook.test"][1:], 15)
    equal(mastodon.texts().count("Once more"), 1)
    remit.wait_for_log("the clock was set back")


@case
def L08_a_clock_that_was_set_forward_ends_no_key():
    """an hour that never passed: what may have gone out is asked for again, under the same key"""
    set_clock(0)
    mastodon.always = "cut after"
    made = story("Still known")
    call("POST", f"/stories/{made['id']}/publish", status=202)
    wait_for(lambda: "Still known" in mastodon.texts())
    wait_for(lambda: call("GET", f"/stories/{made['id']}")["deliveries"][0]["reason"])
    set_clock(2 * 3600)
    mastodon.always = None
    wait_for(lambda: call("GET", f"/stories/{made['id']}")["status"] == "published")
    equal(mastodon.texts().count("Still known"), 1)


@case
def L08_a_machine_that_slept_asks_a_person():
    """the hours passed for the receiver, who knows the key no more: nothing is sent again"""
    set_clock(0)
    mastodon.always = "cut after"
    made = story("Before it slept")
    call("POST", f"/stories/{made['id']}/publish", status=202)
    wait_for(lambda: "Before it slept" in mastodon.texts())
    wait_for(lambda: call("GET", f"/stories/{made['id']}")["deliveries"][0]["reason"])
    mastodon.clock = lambda: time.time() + 2 * 3600
    mastodon.always = None
    set_clock(0, slept=2 * 3600)
    wait_for(lambda: call("GET", f"/stories/{made['id']}")["status"] == "failed", 30)
    equal(call("GET", f"/stories/{made['id']}")["deliveries"][0]["state"], "unknown")
    equal(mastodon.texts().count("Before it slept"), 1)
    mastodon.clock = time.time


@case
def an_endpoint_that_fails_is_asked_again_for_a_day_and_then_paused():
    """5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h twice, and at last a day after the first attempt"""
    receiver = Hooks(delay=1.5)
    receiver.always = 500
    set_clock(0)
    hook = call("POST", "/webhooks", {"url": receiver.url, "events": ["story.failed"]}, 201)
    path = f"/webhooks/{hook['id']}"
    ms = lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    last = lambda: call("GET", path + "/deliveries")["data"][0]
    call("POST", path + "/test", status=202)
    seen = wait_for(lambda: (d := last())["attempts"] == 1 and d)
    first, waits, receiver.delay = ms(seen["last_attempt_at"]), [], 0
    while seen["next_attempt_at"]:
        due = ms(seen["next_attempt_at"])
        waits.append(round(due - ms(seen["last_attempt_at"])))
        attempts = seen["attempts"]
        equal(call("GET", path)["enabled"], True, f"after {attempts}")
        equal(remit.stop(), 0)
        set_clock(due - time.time())
        serve()
        seen = wait_for(lambda: (d := last())["attempts"] > attempts and d)
    equal((seen["attempts"], seen["state"]), (12, "failed"), seen)
    for wait, step in zip(waits, (6.5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)):
        assert step - 1 <= wait <= step + 2, waits
    assert 86400 <= ms(seen["last_attempt_at"]) - first < 86410, waits
    paused = call("GET", path)
    equal((paused["enabled"], paused["pause_reason"]), (False, "Every delivery of a whole day failed"))
    equal(len(receiver.got), 12)
    equal(len({headers["webhook-id"] for _, headers, _, _ in receiver.got}), 1, "one message")
    receiver.close()


@case
def it_stops():
    equal(remit.stop(), 0, remit.log)


run()
