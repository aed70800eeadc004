#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens of a site in the Statamic package's folder: as the package wrote them, made, revoked and removed by either program, and
owned by the site's users."""
import hashlib
import json
import os
import stat
import sys
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
from content_site import Site  # noqa: E402
from harness import Remit, until  # noqa: E402
from tap import case, equal, run  # noqa: E402

ADMIN, ED = (f"3a28f2a9-6a3b-4a9f-8f2f-52f0b6f6d00{n}" for n in (1, 2))
E = "statamic-entries"

site = Site(Remit, tools=[E])
with open(site.remit.config, encoding="utf-8") as file:
    text = file.read()
with open(site.remit.config, "w", encoding="utf-8") as file:
    file.write(text.replace("site: ./site }", "site: ./site, tokens: 'yaml:mcp/tokens' }"))
tokens = os.path.join(site.remit.folder, "mcp/tokens")
os.makedirs(tokens, 0o700)


def package_writes(number, text, owner, scopes, rest=""):
    """A token as the package would write it; returns its file."""
    token_id = f"11111111-2222-4333-8444-{number:012}"
    path = os.path.join(tokens, f"{token_id}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"id: {token_id}\nuser_id: {owner}\nname: 'Number {number}'\n"
                   f"token_hash: {hashlib.sha256(text.encode()).hexdigest()}\nscopes:\n"
                   + "".join(f"    - '{scope}'\n" for scope in scopes)
                   + "oauth_client_id: ~\noauth_client_name: ~\nlast_used_at: ~\nexpires_at: ~\n"
                   f"created_at: '2026-03-01T10:00:00+00:00'\nupdated_at: ~\n{rest}")
    return path


def status(token, action="list", **arguments):
    return site.call(token, E, {"action": action, "collection": "blog", **arguments}).status


SUPER, EDITOR = "S" * 64, "e" * 63 + "1"
package_writes(1, SUPER, ADMIN, ["*"], "extra: kept\n")
package_writes(2, EDITOR, ED, ["*"])
with open(os.path.join(tokens, "11111111-2222-4333-8444-000000000009.yaml"), "w", encoding="utf-8") as broken:
    broken.write("id: [\n")
site.remit.serve()


@case
def a_folder_of_the_package_serves():
    """T04 a broken file beside it takes nobody down; D24 a token is never more than its owner"""
    equal((status(SUPER), status("x" * 64)), (200, 401))
    # The editor's "*" is none; what he holds by name is judged by what the site gives him.
    equal(status(EDITOR), 403)
    package_writes(3, "n" * 64, ED, ["entries:read", "entries:write", "users:read"])
    until(lambda: status("n" * 64) == 200, "a file that appears counts")
    assert "not taken as a token" in site.remit.log


@case
def an_owner_who_is_not_in_the_site_has_no_token():
    """T08 at once"""
    package_writes(4, "g" * 64, "ghost", ["entries:read"])
    package_writes(5, "h" * 64, ED, ["entries:read"])
    until(lambda: status("h" * 64) == 200, "the later file counts")
    equal(status("g" * 64), 401)
    users = os.path.join(site.folder, "users")
    os.rename(os.path.join(users, "ed@site.example.yaml"), os.path.join(site.remit.folder, "ed"))
    until(lambda: status("h" * 64) == 401, "a user who is gone", 3)
    os.rename(os.path.join(site.remit.folder, "ed"), os.path.join(users, "ed@site.example.yaml"))
    until(lambda: status("h" * 64) == 200, "a user who is back", 3)


@case
def a_file_that_is_removed_counts_within_a_second():
    path = package_writes(6, "r" * 64, ADMIN, ["entries:read"])
    until(lambda: status("r" * 64) == 200, "it works")
    os.unlink(path)
    began = time.monotonic()
    until(lambda: status("r" * 64) == 401, "it is gone", 5)
    assert time.monotonic() - began < 1, time.monotonic() - began


@case
def a_token_is_made_and_revoked_by_us():
    made = site.remit.token("ed@site.example", "laptop", "--scope", "entries:read", api="content")
    equal(status(made["token"]), 200)
    path = os.path.join(tokens, made["id"] + ".yaml")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    with open(os.path.join(tokens, ".index"), encoding="utf-8") as file:
        equal(json.load(file)[hashlib.sha256(made["token"].encode()).hexdigest()], made["id"])
    with open(path, encoding="utf-8") as file:
        assert f"user_id: '{ED}'" in file.read()
    equal(site.remit.cli("token", "check", stdin=made["token"])["valid"], True)
    site.remit.cli("token", "revoke", made["id"], "--why", "lost")
    equal(status(made["token"]), 401, "dead when the command returns")
    assert not os.path.exists(path) and os.path.exists(os.path.join(tokens, "../revoked", made["id"] + ".yaml"))
    with open(os.path.join(tokens, ".index"), encoding="utf-8") as file:
        assert made["id"] not in file.read()
    equal(site.remit.cli("token", "show", made["id"])["state"], "revoked")


@case
def what_the_layout_or_the_owner_lacks_is_refused():
    """T10 beyond the owner 422; projects, rates and overlaps have no place in the package's files"""
    for extra, word in ((["--scope", "users:read"], "site gives them nothing"), (["--scope", "*"], "site gives them nothing"),
                        (["--scope", "entries:read", "--rate", "5"], "no rates"),
                        (["--scope", "entries:read", "--project", ADMIN], "no projects")):
        done = site.remit.run("token", "create", "--api", "content", "--user", ED, "--name", "x", *extra)
        assert done.returncode == 1 and word in done.stderr, done.stderr
    made = site.remit.token(ED, "rotated", "--scope", "entries:read", api="content")
    done = site.remit.run("token", "rotate", made["id"], "--overlap", "1h")
    assert done.returncode == 1 and "no overlap" in done.stderr, done.stderr
    fresh = site.remit.cli("token", "rotate", made["id"])
    equal((status(made["token"]), status(fresh["token"])), (401, 200))


@case
def when_it_was_used_is_written_and_the_rest_stays():
    path = os.path.join(tokens, "11111111-2222-4333-8444-000000000001.yaml")

    def content():
        with open(path, encoding="utf-8") as file:
            return file.read()

    until(lambda: "last_used_at: '20" in content(), "the use is written")
    assert content().endswith("extra: kept\n") and "\nscopes:\n    - '*'\n" in content()


run()
