#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody else's API and its projects (D22, D24): what the gate lets through to it, directly and where a proxy asks."""
import os

from harness import Remit
from proxies import Echo, start_echo
from tap import case, equal, run

PROFILE = """
profile: mine
title: Mine
scopes: { "s:read": Read., "s:write": Write. }
presets: { all: { title: All, for: All., scopes: ["s:read", "s:write"] } }
tokens: { prefix: my }
rest:
  base: /v1
  rules:
    - { on: "GET /p/{id}", need: s:read, project: path.id }
    - { on: "GET /p/{id}/things", need: s:read, project: path.id }
    - { on: GET /q, need: s:read, project: query.project_id }
    - { on: GET /h, need: s:read, project: header.X-Project }
    - { on: POST /b, need: s:write, project: body./project_id }
    - { on: GET /time, need: s:read, project: none }
    - { on: GET /things, need: s:read, project: inject }
    - { on: GET /unstated, need: s:read }
"""
api_port = start_echo()
remit = Remit(config=["trusted_proxies: [loopback]"],
              apis=[f'  mine: {{ profile: ./mine.yaml, upstream: "http://127.0.0.1:{api_port}" }}'], migrate=False)
with open(os.path.join(remit.folder, "mine.yaml"), "w", encoding="utf-8") as file:
    file.write(PROFILE)
remit.cli("store", "migrate")
for who in ("owner", "member", "stranger"):
    remit.cli("user", "add", f"{who}@example.com")
OURS, OTHER = (remit.cli("project", "add", name, "--api", "mine", "--owner", "owner@example.com")["id"] for name in ("Ours", "Other"))
remit.cli("project", "member", "add", OURS, "member@example.com")
bound, unbound, member, stranger = (
    remit.token(f"{who}@example.com", name, "--preset", "all", *more, api="mine")["token"]
    for who, name, more in (("owner", "bound", ["--project", OURS]), ("owner", "unbound", []), ("member", "member", []),
                            ("stranger", "stranger", [])))
remit.serve()


def ask(method, target, token, body=None, headers=None):
    """The code of the refusal, or None where it was let through; the API got it then, and only then."""
    del Echo.seen[:]
    answer = remit.call(method, target, token, body, headers)
    got = Echo.seen[0] if Echo.seen else None
    if answer.status == 200:
        equal((got["method"], got["target"]), (method, target))
        return None
    equal(got, None, answer)
    return answer.json()["error"]["code"]


def asked_by_a_proxy(method, target, token, headers=None):
    answer = remit.call("GET", "/gate/forward/mine", token,
                        headers={"X-Original-Method": method, "X-Original-URI": target, **(headers or {})})
    return None if answer.status == 200 else answer.json()["error"]["code"]


def everywhere(target, token, wanted, headers=None):
    equal(ask("GET", target, token, headers=headers), wanted, target)
    equal(asked_by_a_proxy("GET", target, token, headers), wanted, f"a proxy asks for {target}")


@case
def a_bound_token_is_held_to_the_project_that_is_named():
    everywhere(f"/v1/p/{OURS}", bound, None)
    everywhere(f"/v1/p/{OURS}/things", bound, None)
    everywhere(f"/v1/p/{OTHER}", bound, "project_forbidden")
    everywhere(f"/v1/p/{OURS.upper()}", bound, "project_forbidden")
    everywhere("/v1/p/x", bound, "project_forbidden")
    everywhere(f"/v1/q?project_id={OURS}", bound, None)
    everywhere(f"/v1/q?project_id={OTHER}", bound, "project_forbidden")
    everywhere(f"/v1/q?projectid={OURS}", bound, "project_unresolved")
    everywhere("/v1/h", bound, None, {"X-Project": OURS})
    everywhere("/v1/h", bound, "project_forbidden", {"X-Project": OTHER})
    everywhere("/v1/h", bound, "project_unresolved")
    everywhere("/v1/time", bound, None)
    everywhere("/v1/unstated", bound, "project_unresolved")
    equal(ask("POST", "/v1/b", bound, {"project_id": OURS}), None)
    equal(ask("POST", "/v1/b", bound, {"project_id": OTHER}), "project_forbidden")
    equal(ask("POST", "/v1/b", bound, {"name": "x"}), "project_unresolved")
    equal(asked_by_a_proxy("POST", "/v1/b", bound), "needs_body")


@case
def M15_H03_a_project_that_is_named_twice_is_named_not_at_all():
    """M15 H03: twice, in another spelling, or to be dropped on the way"""
    everywhere(f"/v1/q?project_id={OURS}&project_id={OTHER}", bound, "bad_request")
    everywhere(f"/v1/q?project_id={OURS}&PROJECT_ID={OTHER}", bound, "bad_request")
    everywhere("/v1/h", bound, "bad_request", {"X-Project": OURS, "X_Project": OTHER})
    equal(ask("GET", "/v1/h", bound, headers={"X-Project": OURS, "Connection": "X-Project"}), "bad_request")
    equal(ask("GET", "/v1/h", bound, headers={"X-Project": OURS, "Connection": "close, x_project"}), "bad_request")
    equal(ask("POST", "/v1/b", bound, f'{{"project_id":"{OURS}","project_id":"{OTHER}"}}', {"Content-Type": "application/json"}), "bad_request")
    equal(ask("POST", "/v1/b", bound, f'{{"project_id":"{OURS}","Project_Id":"{OTHER}"}}', {"Content-Type": "application/json"}), "bad_request")


@case
def H10_the_API_learns_the_project_from_us_alone():
    """H10: what it filters by (inject) is ours, whatever the client sent"""
    equal(ask("GET", "/v1/things", bound, headers={"Remit-Project": OTHER, "remit_project": OTHER}), None)
    equal([v for n, v in Echo.seen[0]["headers"] if n.replace("_", "-") == "remit-project"], [OURS])
    equal(ask("GET", "/v1/things", unbound, headers={"Remit-Project": OTHER}), None)
    equal([v for n, v in Echo.seen[0]["headers"] if n.startswith("remit") and "project" in n], [])


@case
def no_token_reaches_what_its_owner_does_not():
    """D24: judged at each call, for an API that knows nothing of our people"""
    for target in (f"/v1/p/{OURS}", f"/v1/q?project_id={OURS}", f"/v1/p/{OURS.upper()}"):
        everywhere(target, unbound, None)
        everywhere(target, member, None)
        everywhere(target, stranger, "project_forbidden")
    everywhere(f"/v1/p/{OTHER}", member, "project_forbidden")
    equal(ask("POST", "/v1/b", stranger, {"project_id": OURS}), "project_forbidden")
    everywhere("/v1/p/no-project-of-ours", stranger, None)
    remit.cli("project", "member", "add", OTHER, "stranger@example.com")
    everywhere(f"/v1/p/{OTHER}", stranger, None)
    remit.cli("project", "member", "remove", OTHER, "stranger@example.com")
    everywhere(f"/v1/p/{OTHER}", stranger, "project_forbidden")


@case
def the_same_is_explained():
    by = remit.cli("token", "list")["tokens"]
    known = {token["name"]: token["id"] for token in by}
    for target, reason in ((f"/v1/p/{OURS}", "allowed"), (f"/v1/p/{OTHER}", "project_forbidden"), ("/v1/unstated", "project_unresolved")):
        done = remit.run("explain", "--token-id", known["bound"], "GET", target)
        assert f"({reason})" in done.stdout, (done.stdout, done.stderr)
    assert "no rule says where" in done.stdout, done.stdout


run()
