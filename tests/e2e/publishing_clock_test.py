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


def set_clock(seconds):
    with open(clock, "r+b" if os.path.exists(clock) else "wb") as file:
        file.write(struct.pack("=q", int(seconds * 1000)))


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
remit.serve(LD_PRELOAD=os.environ["REMIT_CLOCK_SHIFT"], REMIT_TEST_CLOCK=clock,
            ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")


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
def it_stops():
    equal(remit.stop(), 0, remit.log)


run()
