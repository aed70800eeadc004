#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes out: stories to Mastodon and webhooks at their time and once in effect, events to endpoints, and
everything that receivers, clocks, stores and crashes do to that."""
import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from datetime import datetime, timezone

from harness import Remit, multipart
from npm import installed
from receivers import Hooks, Mastodon, make_authority, wait_for
from tap import case, equal, run, seed

KILLS = int(os.environ.get("REMIT_KILLS", "20"))
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000"
                    "1f15c4890000000a49444154789c6360000002000154a24f5d0000000049454e44ae426082")
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1wcmludC1zaG9wLTAwMDAwMDAw"

folder = tempfile.mkdtemp(prefix="remit-test-ca-")
authority, certificate = make_authority(folder)
mastodon, hooks = Mastodon(), Hooks(tls=certificate)
remit = Remit(["outbound: { allow: [loopback], ca: %s }" % authority])
remit.cli("user", "add", "a@example.com", "--admin")
project = remit.cli("project", "add", "Aurora", "--api", "publishing", "--owner", "a@example.com")["id"]
other = remit.cli("project", "add", "Borealis", "--api", "publishing", "--owner", "a@example.com")["id"]
full = remit.token("a@example.com", "full", "--scope", "*", "--rate", "off")["token"]
publish_only = remit.token("a@example.com", "publish", "--preset", "publish-only", "--rate", "off")["token"]


def connect(receiver, kind="mastodon", where=project, secret=None):
    path = "" if kind == "mastodon" else "/stories"
    return remit.cli("publishing", "connection", "add", f"@{kind}", "--kind", kind, "--url", receiver.url + path,
                     "--project", where, stdin=(secret or receiver.token) + "\n")["id"]


def call(method, path, body=None, token=full, status=None):
    answer = remit.call(method, "/api/v1" + path, token, body)
    if status:
        equal(answer.status, status, answer)
    return answer.json() if answer.body else None


def in_seconds(seconds):
    return datetime.fromtimestamp(time.time() + seconds, timezone.utc).isoformat(timespec="milliseconds")


def upload(alt_text="A dot", data=PNG):
    kind, body = multipart({"alt_text": alt_text, "projectId": project}, {"file": ("dot.png", "image/png", data)})
    answer = remit.call("POST", "/api/v1/media", full, body, {"Content-Type": kind})
    equal(answer.status, 201, answer)
    return answer.json()["id"]


def story(title, channels=None, token=full, status=201, **more):
    return call("POST", "/stories", {"title": title, "projectId": project, "channels": channels or [channel], **more},
                token, status)


def look(made):
    return call("GET", f"/stories/{made['id']}", status=200)


def ended(made, seconds=30):
    """The story once it is published or failed."""
    return wait_for(lambda: (s := look(made))["status"] in ("published", "failed") and s, seconds)


def publish(made, status=202):
    return call("POST", f"/stories/{made['id']}/publish", status=status)


def database(statement, *values):
    db = sqlite3.connect(os.path.join(remit.folder, "remit.db"), timeout=30)
    changed = db.execute(statement, values).rowcount
    db.commit()
    db.close()
    return changed


def blob(id):
    return bytes.fromhex(id.replace("-", ""))


def endpoint(receiver, *events, where=project, path="/hook"):
    return call("POST", "/webhooks", {"url": receiver.url + path, "events": list(events) or ["*"], "projectId": where},
                status=201)


def deliveries(hook):
    return call("GET", f"/webhooks/{hook['id']}/deliveries?limit=100", status=200)["data"]


def remove(hook):
    equal(remit.call("DELETE", f"/api/v1/webhooks/{hook['id']}", full).status, 204)


channel = connect(mastodon)
remit.serve()


@case
def a_due_story_reaches_mastodon_with_its_image_and_the_webhook_verifies():
    """within a second, written with a Publish-only token; the delivery is visible"""
    hook = endpoint(hooks)
    mastodon.polls = 2
    image = upload("A dot, \"quoted\"\nand Ærø")
    made = story("The harvest", token=publish_only, body="is in", media=[image], scheduled_at=in_seconds(1.5))
    due = time.time() + 1.5
    mastodon.polls = 0
    equal(made["status"], "scheduled")
    done = ended(made)
    assert datetime.fromisoformat(done["published_at"].replace("Z", "+00:00")).timestamp() - due < 4, done
    equal((done["status"], done["failure"], done["scheduled_late"]), ("published", None, False))
    equal(mastodon.texts(), ["The harvest\n\nis in"])
    media = mastodon.media[mastodon.statuses[0]["media_ids"][0]]
    equal((media["bytes"], media["description"].replace("\r\n", "\n"), media["type"]),
          (PNG, "A dot, \"quoted\"\nand Ærø", "image/png"))
    sent = done["deliveries"][0]
    equal((sent["state"], sent["url"], sent["attempts"], sent["reason"]),
          ("sent", mastodon.statuses[0]["url"], 1, None))
    equal(mastodon.statuses[0]["key"].count("-"), 4, "an id as the key")
    wait_for(lambda: len(hooks.got) >= 2)
    equal([e["event"] for e in hooks.events()], ["story.scheduled", "story.published"])
    path, headers, body, _ = hooks.got[1]
    event = json.loads(body)
    equal((path, headers["Remit-Event"], headers["webhook-id"], set(event)),
          ("/hook", "story.published", event["id"], {"id", "event", "created_at", "data"}))
    equal(event["data"]["story"]["deliveries"][0]["state"], "sent")
    seen = wait_for(lambda: (d := deliveries(hook))[0]["state"] == "delivered" and d)
    equal((len(seen), seen[0]["request"], seen[0]["response_status"], seen[0]["attempts"]), (2, event, 200, 1))
    assert 0 <= seen[0]["duration_ms"] < 10000 and seen[0]["response_body"] == '{"ok": true}', seen[0]
    remove(hook)
    verify(hook["secret"], headers, body)


def verify(secret, headers, body):
    """By the library that receivers use."""
    modules = installed("standardwebhooks@1.0.0")
    program = """
        const { Webhook } = require("standardwebhooks");
        const { secret, headers, body } = JSON.parse(require("fs").readFileSync(0));
        new Webhook(secret).verify(body, headers);
        let bad = 0;
        try { new Webhook(secret).verify(body + " ", headers); } catch { bad++; }
        try { new Webhook("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").verify(body, headers); } catch { bad++; }
        console.log(bad);"""
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=False,
                          env={**os.environ, "NODE_PATH": modules},
                          input=json.dumps({"secret": secret, "headers": {k.lower(): v for k, v in headers.items()},
                                            "body": body.decode()}))
    equal((done.stdout.strip(), done.returncode), ("2", 0), done.stderr)


@case
def stories_go_out_within_a_second_of_their_time():
    at = {}
    made = [story(f"On time {n}", scheduled_at=in_seconds(1 + n / 10)) for n in range(8)]
    due = {s["title"]: datetime.fromisoformat(s["scheduled_at"].replace("Z", "+00:00")).timestamp() for s in made}

    def all_there():
        for text in mastodon.texts():
            at.setdefault(text, time.time())
        return all(title in at for title in due)
    wait_for(all_there)
    for title, time_due in due.items():
        assert 0 <= at[title] - time_due < 1, f"{title}: {at[title] - time_due:.3f} s"
    for s in made:
        equal(ended(s)["status"], "published")


@case
def a_carousel_goes_on_as_a_thread():
    """four images a post, each a reply to the one before; 11 images are refused"""
    images = [upload(f"Image {n}", PNG + bytes([n])) for n in range(10)]
    before = len(mastodon.statuses)
    equal(ended(publish(story("Ten", media=images)))["status"], "published")
    thread = mastodon.statuses[before:]
    equal([len(s["media_ids"]) for s in thread], [4, 4, 2])
    equal([s["in_reply_to_id"] for s in thread], [None, thread[0]["id"], thread[1]["id"]])
    equal([mastodon.media[m]["description"] for s in thread for m in s["media_ids"]], [f"Image {n}" for n in range(10)])
    equal(len({s["key"] for s in thread}), 3)
    equal(ended(publish(story("One", media=images[:1])))["status"], "published")
    answer = remit.call("POST", "/api/v1/stories", full,
                        {"title": "Eleven", "projectId": project, "media": images + [upload("x", PNG + b"x")]})
    equal(answer.status, 422)
    equal(mastodon.mistakes, [])


@case
def what_cannot_go_out_is_refused_before():
    """a channel of another project, a caption of 1 MB, a time in the past"""
    foreign = connect(mastodon, where=other)
    for body, status in (({"channels": [foreign]}, 422), ({"body": "x" * 1_000_000}, 422), ({"body": "x" * 1_100_000}, 413),
                         ({"scheduled_at": in_seconds(-1)}, 422), ({"scheduled_at": in_seconds(2), "body": "x" * 600}, 422)):
        answer = remit.call("POST", "/api/v1/stories", full, {"title": "No", "projectId": project, "channels": [channel],
                                                              **body})
        equal(answer.status, status, answer)
    assert "No" not in "".join(mastodon.texts())


@case
def a_receiver_that_answers_late_or_never_is_asked_again_under_the_same_key():
    """L04 once in effect, whatever became of the answers"""
    for mischief in (["cut after"], [500, 503], ["cut", "garbage"], [(429, [("Retry-After", "1")])]):
        before, calls = len(mastodon.statuses), len(mastodon.calls)
        mastodon.mischief = list(mischief)
        done = ended(publish(story(f"After {mischief}")))
        equal(done["status"], "published", done)
        equal(len(mastodon.statuses), before + 1, mischief)
        # A kept connection that is closed without an answer is not counted as an attempt.
        equal(len(mastodon.calls), calls + len(mischief) + 1, mischief)
        equal(len({key for method, path, key in mastodon.calls[calls:]}), 1, "one key")


@case
def a_failure_has_a_reason_that_a_person_understands():
    hook = endpoint(hooks, "story.failed")
    before = len(hooks.got)
    mastodon.mischief = [(422, [])]
    done = ended(publish(story("Refused")))
    equal((done["status"], done["deliveries"][0]["state"]), ("failed", "failed"))
    equal(done["failure"], "mastodon @mastodon: The server refused it (422): told so")
    good, mastodon.token = mastodon.token, "another"
    failed = story("No token")
    done = ended(publish(failed))
    assert "access token was refused (401, The access token is invalid)" in done["failure"], done
    connection = call("GET", f"/social-connections/{channel}", status=200)
    equal(connection["status"], "needs_attention")
    assert good not in json.dumps(connection) and "sealed" not in json.dumps(connection)
    mastodon.token = good
    wait_for(lambda: len(hooks.got) >= before + 2)
    equal({e["event"] for e in hooks.events()[before:]}, {"story.failed"})
    equal(database("UPDATE publishing_social_connections SET status = 'active' WHERE id = ?", blob(channel)), 1)
    equal(ended(publish(failed))["status"], "published", "once more, with a good token")
    remove(hook)


@case
def publishing_again_sends_to_those_alone_that_do_not_have_it():
    second = Mastodon(token="second")
    two = connect(second)
    second.mischief = [404]
    made = story("To both", [channel, two])
    done = ended(publish(made))
    equal({d["state"] for d in done["deliveries"]}, {"sent", "failed"})
    done = ended(publish(made))
    equal((done["status"], done["failure"]), ("published", None), done)
    equal((mastodon.texts().count("To both"), second.texts()), (1, ["To both"]))
    equal(remit.call("POST", f"/api/v1/stories/{made['id']}/publish", full).status, 409)
    second.close()


@case
def an_attempt_that_nobody_can_tell_of_asks_a_person():
    """its key's life is over: the channel is unknown, and nothing is sent by itself"""
    mastodon.always = "cut after"
    made = publish(story("Perhaps"))
    wait_for(lambda: "Perhaps" in mastodon.texts())
    remit.kill()
    mastodon.always = None
    old = int((time.time() - 3500) * 1000)
    equal(database("UPDATE publishing_outbox SET key_at = ? WHERE story_id = ? AND state = 'queued'", old, blob(made["id"])), 1)
    calls = len(mastodon.calls)
    remit.serve()
    done = ended(made)
    equal((done["status"], done["deliveries"][0]["state"], len(mastodon.calls)), ("failed", "unknown", calls), done)
    assert "look there" in done["failure"], done
    equal(ended(publish(made))["status"], "published")
    equal(mastodon.texts().count("Perhaps"), 2, "a person said so")


@case
def a_story_whose_time_passed_while_no_server_ran_goes_out_at_once_and_is_late():
    hook = endpoint(hooks, "story.published", "story.published_late")
    before = len(hooks.got)
    made = story("Late", scheduled_at=in_seconds(3600))
    equal(remit.stop(), 0)
    equal(database("UPDATE publishing_stories SET scheduled_at = ? WHERE id = ?", int((time.time() - 60) * 1000),
                   blob(made["id"])), 1)
    remit.serve()
    done = ended(made)
    equal((done["status"], done["scheduled_late"]), ("published", True))
    wait_for(lambda: len(hooks.got) >= before + 2)
    equal({e["event"] for e in hooks.events()[before:]}, {"story.published", "story.published_late"})
    remove(hook)


@case
def a_webhook_channel_gets_a_signed_post():
    receiver = Hooks()
    shop = connect(receiver, "webhook", secret=SECRET)
    receiver.mischief = [503]
    done = ended(publish(story("To print", [shop], body="All of it", media=[upload("Printed")])))
    equal(done["status"], "published", done)
    (path, first, _, _), (_, headers, body, _) = receiver.got
    equal((path, first["webhook-id"]), ("/stories", headers["webhook-id"]), "one id for both attempts")
    sent = json.loads(body)["story"]
    equal((sent["title"], sent["body"], sent["media"][0]["alt_text"]), ("To print", "All of it", "Printed"))
    receiver.close()
    verify(SECRET, headers, body)


@case
def S06_a_receiver_that_hangs_redirects_or_floods_holds_up_nobody():
    """10 s, no redirect followed, bounded; other deliveries go on"""
    bad = {what: Hooks() for what in ("hang", "redirect", "flood")}
    made = []
    for what, receiver in bad.items():
        receiver.always = what
        made.append(endpoint(receiver, "story.scheduled"))
    good = Hooks()
    made.append(endpoint(good, "story.scheduled"))
    stories = [story(f"Many {n}", scheduled_at=in_seconds(3600)) for n in range(50)]
    wait_for(lambda: len(good.got) == 50, 8)
    of = dict(zip(bad, made))
    flooded = wait_for(lambda: [d for d in deliveries(of["flood"]) if d["state"] == "delivered"])
    equal((flooded[0]["response_status"], len(flooded[0]["response_body"])), (200, 1024))
    redirected = wait_for(lambda: [d for d in deliveries(of["redirect"]) if d["attempts"]])[0]
    equal((redirected["response_status"], redirected["state"]), (302, "queued"))
    assert "no redirect is followed" in redirected["reason"] and redirected["next_attempt_at"], redirected
    assert "/elsewhere" not in [path for path, *_ in bad["redirect"].got]
    hung = wait_for(lambda: [d for d in deliveries(of["hang"]) if d["attempts"]], 20)[0]
    assert 9500 < hung["duration_ms"] < 14000 and "in time" in hung["reason"], hung
    assert call("GET", f"/webhooks/{of['hang']['id']}", status=200)["failing_since"]
    for hook in made:
        remove(hook)
    for s in stories:
        call("POST", f"/stories/{s['id']}/unschedule", status=200)
    for receiver in [*bad.values(), good]:
        receiver.close()


@case
def S01_an_endpoint_at_an_address_that_is_not_allowed_is_never_called():
    for url, why in (("https://169.254.169.254/x", "own networks"), ("https://10.1.2.3/x", "own networks")):
        hook = call("POST", "/webhooks", {"url": "https://hooks.example/x", "events": ["*"], "projectId": project}, status=201)
        equal(database("UPDATE publishing_webhooks SET url = ? WHERE id = ?", url, blob(hook["id"])), 1)  # allowed once
        call("POST", f"/webhooks/{hook['id']}/test", status=202)
        seen = wait_for(lambda: [d for d in deliveries(hook) if d["attempts"]])[0]
        assert why in seen["reason"] and seen["response_status"] is None, seen
        remove(hook)


@case
def a_secret_that_is_rotated_signs_beside_the_new_one_for_a_while():
    receiver = Hooks()
    hook = endpoint(receiver)
    rotated = call("POST", f"/webhooks/{hook['id']}/rotate", {"overlap_seconds": 3600}, status=200)
    assert rotated["secret"] != hook["secret"] and rotated["old_secret_until"], rotated
    call("POST", f"/webhooks/{hook['id']}/test", status=202)
    wait_for(lambda: receiver.got)
    equal(receiver.got[0][1]["webhook-signature"].count("v1,"), 2)
    equal(receiver.events()[0]["event"], "webhook.test")
    call("POST", f"/webhooks/{hook['id']}/rotate", {"overlap_seconds": 0}, status=200)
    call("POST", f"/webhooks/{hook['id']}/test", status=202)
    wait_for(lambda: len(receiver.got) == 2)
    equal(receiver.got[1][1]["webhook-signature"].count("v1,"), 1)
    equal(remit.call("POST", f"/api/v1/webhooks/{hook['id']}/rotate", full, {"overlap_seconds": 604801}).status, 422)
    shown = json.dumps(call("GET", "/webhooks?limit=100")) + json.dumps(deliveries(hook))
    assert "whsec_" not in shown and hook["secret"][6:] not in shown
    remove(hook)
    receiver.close()
    for secret in (hook["secret"], rotated["secret"]):
        verify(secret, receiver.got[0][1], receiver.got[0][2])


@case
def a_delivery_can_be_repeated_and_belongs_to_its_endpoint():
    receiver = Hooks()
    hook, foreign = endpoint(receiver), endpoint(receiver, where=other)
    sent = call("POST", f"/webhooks/{hook['id']}/test", status=202)
    wait_for(lambda: receiver.got)
    again = call("POST", f"/webhooks/{hook['id']}/deliveries/{sent['id']}/repeat", status=202)
    equal((again["repeat_of"], again["message_id"]), (sent["id"], sent["message_id"]))
    wait_for(lambda: len(receiver.got) == 2)
    equal(receiver.got[0][2], receiver.got[1][2], "the same bytes")
    bound = remit.token("a@example.com", "bound", "--scope", "webhooks:read", "--scope", "webhooks:write", "--rate", "off",
                        "--project", other)["token"]
    for method, path in (("POST", f"/webhooks/{foreign['id']}/deliveries/{sent['id']}/repeat"),
                         ("POST", f"/webhooks/{hook['id']}/deliveries/{hook['id']}/repeat")):
        equal(remit.call(method, "/api/v1" + path, full).status, 404, path)
    for method, path in (("GET", f"/webhooks/{hook['id']}/deliveries"), ("POST", f"/webhooks/{hook['id']}/test"),
                         ("POST", f"/webhooks/{hook['id']}/rotate"),
                         ("POST", f"/webhooks/{hook['id']}/deliveries/{sent['id']}/repeat")):
        equal(remit.call(method, "/api/v1" + path, bound).status, 404, path)
    equal(len(receiver.got), 2)
    remove(hook)
    remove(foreign)
    receiver.close()


@case
def an_endpoint_that_fails_for_a_day_is_paused_and_says_so():
    receiver = Hooks()
    hook = endpoint(receiver)
    receiver.always = 500
    call("POST", f"/webhooks/{hook['id']}/test", status=202)
    seen = wait_for(lambda: [d for d in deliveries(hook) if d["attempts"]])[0]
    wait = datetime.fromisoformat(seen["next_attempt_at"].replace("Z", "+00:00")).timestamp() - time.time()
    assert 1 < wait < 6, wait
    day = int((time.time() - 86400) * 1000)
    equal(database("UPDATE publishing_webhooks SET failing_since = ? WHERE id = ?", day, blob(hook["id"])), 1)
    equal(database("UPDATE publishing_deliveries SET first_at = ? WHERE webhook_id = ?", day, blob(hook["id"])), 1)
    paused = wait_for(lambda: (w := call("GET", f"/webhooks/{hook['id']}"))["paused_at"] and w)
    equal((paused["enabled"], paused["pause_reason"]), (False, "Every delivery of a whole day failed"))
    equal({d["state"] for d in deliveries(hook)}, {"failed"})
    receiver.always = None
    resumed = call("PATCH", f"/webhooks/{hook['id']}", {"enabled": True}, status=200)
    equal((resumed["enabled"], resumed["paused_at"], resumed["failing_since"]), (True, None, None))
    receiver.mischief = [410]
    call("POST", f"/webhooks/{hook['id']}/test", status=202)
    paused = wait_for(lambda: (w := call("GET", f"/webhooks/{hook['id']}"))["paused_at"] and w)
    assert "410" in paused["pause_reason"], paused
    remove(hook)
    receiver.close()


@case
def a_reload_hands_over_what_is_due():
    """SIGHUP while stories go out: each goes out once"""
    made = [story(f"Handed over {n}", scheduled_at=in_seconds(0.3 + n / 20)) for n in range(20)]
    for _ in range(3):
        time.sleep(0.2)
        remit.server.send_signal(signal.SIGHUP)
        remit.wait_for_log("reloaded")
    for n, s in enumerate(made):
        done = ended(s)
        equal((done["status"], done["deliveries"][0]["attempts"]), ("published", 1), done)
        equal(mastodon.texts().count(f"Handed over {n}"), 1)


@case
def L05_a_store_that_is_locked_holds_stories_back_and_loses_none():
    made = story("Locked out", scheduled_at=in_seconds(1))
    db = sqlite3.connect(os.path.join(remit.folder, "remit.db"), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    remit.wait_for_log("nothing is sent while the store cannot be used")
    assert "Locked out" not in mastodon.texts()
    db.execute("ROLLBACK")
    db.close()
    equal(ended(made)["status"], "published")
    equal(mastodon.texts().count("Locked out"), 1)


@case
def L06_a_server_killed_at_any_moment_sends_each_story_once_in_effect():
    rng = random.Random(seed())
    made, image = [], upload("Killed")
    for number in range(KILLS):
        mastodon.mischief = rng.choices(["cut after", None, None], k=6)
        for n in range(4):
            more = {"media": [image]} if n == 0 else {}
            made.append(story(f"Round {number} story {n}", scheduled_at=in_seconds(0.15 + rng.random() / 4), **more))
        time.sleep(rng.random() / 2)
        remit.kill()
        remit.serve()
    mastodon.mischief = []
    for s in made:
        done = ended(s, 60)
        equal(done["status"], "published", done)
        equal(mastodon.texts().count(s["title"]), 1, s["title"])
    equal(mastodon.mistakes, [])


@case
def no_secret_is_anywhere():
    """not in the store, not in the log, not in an answer"""
    equal(remit.stop(), 0)
    for name in os.listdir(remit.folder):
        path = os.path.join(remit.folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                data = file.read()
            assert mastodon.token.encode() not in data and SECRET[6:].encode() not in data, name
    assert mastodon.token not in remit.log and SECRET[6:] not in remit.log
    shown = remit.run("publishing", "connection", "list", "--json").stdout
    assert mastodon.token not in shown and "whsec" not in shown and channel in shown
    for kind, url, secret in (("mastodon", mastodon.url + "/x", "t"), ("mastodon", "http://example.com", "t"),
                              ("mastodon", "https://10.0.0.1", "t"), ("webhook", "https://example.com/", "t"),
                              ("smoke", mastodon.url, "t"), ("mastodon", mastodon.url, "")):
        done = remit.run("publishing", "connection", "add", "@x", "--kind", kind, "--url", url, "--project", project,
                         stdin=secret + "\n")
        assert done.returncode in (1, 2) and done.stderr.startswith("remit: "), (kind, url, done)
    equal(remit.cli("publishing", "connection", "remove", channel)["removed"], True)
    equal(remit.run("publishing", "connection", "remove", channel).returncode, 1)


run()
