#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Document A's twelve examples, each with every kind of token, over HTTP against the real program.

What must be answered is worked out here from the document's own tables, not from the profile.
"""
import itertools
import json
import os
import sqlite3

from harness import Remit, multipart
from publishing_scopes import ALL, EXAMPLES, PRESETS, held, load_projects, scoped
from tap import case, equal, run

# "Insufficient scope errors": the document's two members, as they go over the wire.
MISSING = '{"error":{"code":"insufficient_scope","message":"Token missing scope(s): %s"}}'
UNAUTHORIZED = '{"error":{"code":"unauthorized","message":"Missing bearer token"}}'
INVALID = '{"error":{"code":"invalid_token","message":"Token is invalid, expired or revoked"}}'

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000"
                    "1f15c4890000000a49444154789c6360000002000154a24f5d0000000049454e44ae426082")
NOBODY = "0190a1b2-0000-7000-8000-00000000dead"

remit = Remit(config=["limits: {}"])


def set_up():
    """Two people, a project each, loaded alike; returns ids and tokens by kind."""
    projects = load_projects(remit)
    tokens = {}

    def make(label, *args, user="owner"):
        tokens[label] = remit.token(f"{user}@example.com", label, "--rate", "off", *args)

    for scope in ALL:
        make(f"only {scope}", *scoped([scope]))
        make(f"all but {scope}", *scoped(s for s in ALL if s != scope))
    for preset in PRESETS:
        make(f"preset {preset}", "--preset", preset)
    make("*", "--scope", "*")
    make("no scope at all", "--no-scopes")
    make("bound to this project", *scoped(ALL), "--project", projects["Aurora"])
    make("bound to another project", *scoped(ALL), "--project", projects["Borealis"])
    make("* bound to another project", "--scope", "*", "--project", projects["Borealis"])
    make("another owner's", *scoped(ALL), user="stranger")
    make("expired", *scoped(ALL), "--expires", "1h")
    make("revoked", *scoped(ALL))
    remit.cli("token", "revoke", tokens["revoked"]["id"], "--why", "the matrix")
    expire(tokens["expired"]["token"])
    remit.serve()
    return projects, {label: t["token"] for label, t in tokens.items()}


def expire(text):
    """Moves an expiry into the past, which no command does."""
    import hashlib
    db = sqlite3.connect(os.path.join(remit.folder, "remit.db"))
    changed = db.execute("UPDATE tokens SET expires_at = 1000 WHERE digest = ?",
                         (hashlib.sha256(text.encode()).digest(),))
    equal(changed.rowcount, 1, "the expired token's row")
    db.commit()
    db.close()


def new_story():
    channels = [c["id"] for c in call("GET", "/api/v1/social-connections", "*").json()["data"]
                if c["project_id"] == projects["Aurora"]]
    answer = call("POST", "/api/v1/stories", "*",
                  {"title": "A", "body": "B", "projectId": projects["Aurora"], "channels": channels[:1]})
    equal(answer.status, 201, answer)
    return answer.json()["id"]


def call(method, path, label, body=None, headers=None):
    return remit.call(method, path, tokens.get(label), body, headers)


def ask(scope, label, story=None):
    """The example of a scope, on project Aurora, by the token of a label."""
    method, path = EXAMPLES[scope].split()
    aurora = projects["Aurora"]
    if scope == "projects:write":
        return call(method, path.replace(":id", aurora), label,
                    {"settings": {"website": "https://example.com"}})
    if scope == "stories:write":
        return call(method, path, label, {"title": "T", "body": "B", "projectId": aurora})
    if scope == "stories:publish":
        return call(method, path.replace(":id", story or shared_story), label)
    if scope == "media:write":
        kind, data = multipart({"projectId": aurora, "alt_text": "A dot"},
                               {"file": ("dot.png", "image/png", PNG)})
        return call(method, path, label, data, {"Content-Type": kind})
    if scope == "webhooks:write":
        return call(method, path, label,
                    {"url": "https://example.com/hook", "events": ["*"], "projectId": aurora})
    return call(method, path, label)


def check_refusal(answer, scope, needed=None):
    """`scope` is what the token lacks, `needed` all that the operation asks for."""
    equal((answer.status, answer.body.decode()), (403, MISSING % scope), "the document's 403, byte for byte")
    equal(answer.headers["Content-Type"], "application/json", "its type")
    challenge = answer.headers["WWW-Authenticate"]
    for part in ('Bearer realm="publishing"', 'error="insufficient_scope"', f'scope="{needed or scope}"',
                 "resource_metadata=", "error_description="):
        assert part in challenge, (part, challenge)


def check_allowed(answer, scope, label):
    assert 200 <= answer.status < 300, f"{EXAMPLES[scope]} with {label}: {answer}"


projects, tokens = set_up()
shared_story = new_story()


@case
def matrix_by_scopes():
    """P09 T04 twelve examples by each single scope, all but one, each preset, *, none at all"""
    labels = [l for l in tokens if l.startswith(("only ", "all but ",
                                                 "preset ")) or l in ("*", "no scope at all")]
    for scope, label in itertools.product(EXAMPLES, labels):
        allowed = scope in held(label) or label == "*"
        answer = ask(scope, label, new_story() if allowed and scope == "stories:publish" else None)
        try:
            if allowed:
                check_allowed(answer, scope, label)
            else:
                check_refusal(answer, scope)
        except AssertionError as error:
            raise AssertionError(f"{EXAMPLES[scope]} with {label!r}: {error}") from None


@case
def matrix_by_validity():
    """T08 twelve examples without a token, with an expired and a revoked one"""
    for scope in EXAMPLES:
        answer = ask(scope, "nobody's")
        equal((answer.status, answer.body.decode()), (401, UNAUTHORIZED), EXAMPLES[scope])
        assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"], answer.headers["WWW-Authenticate"]
        for label in ("expired", "revoked"):
            answer = ask(scope, label)
            equal((answer.status, answer.body.decode()), (401, INVALID), f"{EXAMPLES[scope]} {label}")
            assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@case
def matrix_by_project():
    """twelve examples by tokens that carry every scope, but not this project"""
    for scope in EXAMPLES:
        check_allowed(ask(scope, "bound to this project",
                          new_story() if scope == "stories:publish" else None),
                      scope, "bound to this project")
    for label, scope in itertools.product(("bound to another project", "* bound to another project",
                                           "another owner's"), EXAMPLES):
        answer = ask(scope, label)
        what = f"{EXAMPLES[scope]} with {label!r}: {answer}"
        if EXAMPLES[scope].startswith("GET"):
            equal(answer.status, 200, what)
            seen = {o.get("project_id", o["id"]) for o in answer.json()["data"]}
            assert projects["Aurora"] not in seen, what
        else:
            equal(answer.status, 404, what)
            equal(json.loads(answer.body)["error"]["code"], "not_found", what)


@case
def another_projects_object_answers_as_none():
    """D20: the same bytes for another project's object and for an id that does not exist"""
    aurora = projects["Aurora"]
    for label in ("bound to another project", "* bound to another project", "another owner's"):
        for method, path, body in [
            ("GET", "/projects/{}", None),
            ("PATCH", "/projects/{}", {"settings": {"website": "https://example.org"}}),
            *(("GET", f"/{kind}/{{}}", None) for kind in ("templates", "social-connections",
                                                          "data-connections",
                                                         "moments", "stories", "media", "webhooks")),
            ("PATCH", "/stories/{}", {"title": "mine now"}), ("POST", "/stories/{}/publish", None),
            ("POST", "/stories/{}/unschedule", None), ("GET", "/stories/{}/preview", None),
            ("GET", "/media/{}/file", None), ("POST", "/webhooks/{}/test", None),
            ("POST", "/webhooks/{}/rotate", {}), ("GET", "/webhooks/{}/deliveries", None),
            ("POST", "/webhooks/{}/deliveries/" + NOBODY + "/repeat", None), ("DELETE", "/webhooks/{}", None),
        ]:
            real = aurora if path.startswith("/projects") else objects_of_aurora()[path.split("/")[1]]
            there = call(method, "/api/v1" + path.format(real), label, body)
            absent = call(method, "/api/v1" + path.format(NOBODY), label, body)
            equal((there.status, there.body), (404, absent.body), f"{method} {path} with {label!r}")
            equal(absent.status, 404)


_objects = {}


def objects_of_aurora():
    """One object of each kind in project Aurora, by the path's word."""
    if not _objects:
        ask("media:write", "*")
        ask("webhooks:write", "*")
        for kind in ("templates", "social-connections", "data-connections", "moments", "stories", "media",
                     "webhooks"):
            listed = call("GET", f"/api/v1/{kind}?limit=100", "*").json()["data"]
            _objects[kind] = next(o["id"] for o in listed if o["project_id"] == projects["Aurora"])
    return _objects


@case
def deliveries_are_read_and_sent_by_different_scopes():
    """P09: looking at deliveries is webhooks:read alone; testing, repeating and rotating webhooks:write alone"""
    hook = call("POST", "/api/v1/webhooks", "*", {"url": "https://hooks.invalid/", "events": ["*"],
                                                 "projectId": projects["Aurora"]}).json()["id"]
    delivery = call("POST", f"/api/v1/webhooks/{hook}/test", "*").json()["id"]
    for method, path, scope, good in (
            ("GET", f"/webhooks/{hook}/deliveries", "webhooks:read", 200), ("POST", f"/webhooks/{hook}/test", "webhooks:write", 202),
            ("POST", f"/webhooks/{hook}/rotate", "webhooks:write", 200),
            ("POST", f"/webhooks/{hook}/deliveries/{delivery}/repeat", "webhooks:write", 202)):
        equal(call(method, "/api/v1" + path, f"only {scope}").status, good, path)
        equal(call(method, "/api/v1" + path, "*").status, good, path)
        for label in (f"all but {scope}", "preset publish-only", "no scope at all"):
            check_refusal(call(method, "/api/v1" + path, label), scope)


@case
def a_time_needs_publish():
    """D9: a story that carries a time needs both scopes, named all at once"""
    late = "2027-06-01T09:00:00Z"
    for body in ({"title": "T", "body": "B", "scheduled_at": late},
                 {"title": "T", "body": "B", "scheduled_at": None}):
        body["projectId"] = projects["Aurora"]
        check_refusal(call("POST", "/api/v1/stories", "all but stories:publish", body), "stories:publish",
                      "stories:write stories:publish")
        answer = call("POST", "/api/v1/stories", "only stories:read", body)
        equal(answer.body.decode(), MISSING % "stories:write, stories:publish")
        assert 'scope="stories:write stories:publish"' in answer.headers["WWW-Authenticate"]
    bulk = {"stories": [{"title": "T", "body": "B", "projectId": projects["Aurora"]},
                        {"title": "U", "body": "B", "projectId": projects["Aurora"], "scheduled_at": late}]}
    count = lambda: len(call("GET", "/api/v1/stories?limit=100", "*").json()["data"])
    before = count()
    equal(call("POST", "/api/v1/stories/bulk", "all but stories:publish", bulk).body.decode(),
          MISSING % "stories:publish")
    equal(count(), before, "a bulk call with one such item is refused whole")
    story = new_story()
    equal(call("PATCH", f"/api/v1/stories/{story}", "all but stories:publish", {"scheduled_at": late}).status,
          403)
    equal(call("PATCH", f"/api/v1/stories/{story}", "*", {"status": "published"}).status, 422)
    equal(call("PATCH", f"/api/v1/stories/{story}", "*", {"scheduled_at": late}).json()["status"],
          "scheduled")


@case
def unmapped_is_refused_for_everyone():
    """P08 P10 D7: what no rule maps is 403 for every token, * too"""
    for method, path in [("GET", "/api/v1/nothing"), ("DELETE", "/api/v1/projects"),
                         ("PUT", "/api/v1/stories"),
                         ("GET", "/api/v1/stories/"), ("POST", "/api/v1/projects"),
                         ("GET", "/api/v1/Stories")]:
        for label in ("*", "preset ai-agent"):
            answer = call(method, path, label)
            equal((answer.status, answer.json()["error"]["code"]), (403, "unmapped_operation"),
                  f"{method} {path}")
        equal(call(method, path, None).status, 401, f"{method} {path} without a token")


@case
def health_says_who_asks():
    """GET /health with any valid token"""
    for label in ("*", "no scope at all", "bound to this project"):
        answer = call("GET", "/api/v1/health", label)
        equal(answer.status, 200)
        document = answer.json()
        equal(set(document), {"ok", "user_id", "project_id", "scopes", "server_time"})
        equal(document["project_id"], projects["Aurora"] if label == "bound to this project" else None)
        equal(document["scopes"], {"*": ["*"], "no scope at all": []}.get(label, ALL))


run()
