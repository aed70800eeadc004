# SPDX-License-Identifier: Apache-2.0
"""A token's life by the command line: statuses, documents, and that its text stands in one place only."""
import json
import os
import re
import sys
import zlib

import tap
from harness import Remit
from tap import case, equal

ANN, BOB, ROOT = "ann@example.com", "bob@example.com", "root@example.com"
NOWHERE = "0199b2f0-5c1e-7abc-8def-0123456789ab"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

remit = Remit()
remit.cli("store", "migrate")
remit.cli("user", "add", ANN)
remit.cli("user", "add", BOB)
remit.cli("user", "add", ROOT, "--admin")
project = remit.cli("project", "add", "Brand One", "--owner", ANN)["id"]


def make(name, *args, user=ANN):
    return remit.token(user, name, *(args or ("--preset", "read-only")))


def fails(status, *args, says="", stdin=None):
    """A command that must end with this status, say this on stderr, and print nothing."""
    done = remit.run(*args, stdin=stdin)
    equal(done.returncode, status, f"{args}: {done.stderr}")
    if says not in done.stderr:
        raise AssertionError(f"{says!r} is not in {done.stderr!r}")
    return done


def create(*args):
    return ("token", "create", "--user", ANN, *args)


@case
def the_text_stands_alone_on_stdout():
    done = remit.run(*create("--name", "alone", "--preset", "read-only"))
    equal(done.returncode, 0)
    assert re.fullmatch(r"sl_pat_[0-9A-Za-z]{47}\n", done.stdout), done.stdout
    assert done.stdout.strip() not in done.stderr
    for word in ("once", "stories:read", "never"):
        assert word in done.stderr, done.stderr


@case
def the_document_has_exactly_what_the_interface_says():
    made = make("document", "--scope", "stories:write", "--scope", "stories:read", "--project", project,
                "--expires", "90d")
    equal(list(made), ["token", "id", "name", "api", "scopes", "project", "expires_at"])
    equal((made["name"], made["api"], made["project"]), ("document", "publishing", project))
    equal(made["scopes"], ["stories:read", "stories:write"])
    assert made["expires_at"].endswith("Z")
    equal(make("forever", "--preset", "read-only", "--expires", "never")["expires_at"], None)


@case
def T13_unknown_scopes_are_refused_each_by_name():
    done = fails(1, *create("--name", "x", "--scope", "stories:wirte", "--scope", "moments:reed", "--scope",
                            "stories:read"),
                 says='"stories:wirte"')
    assert '"moments:reed"' in done.stderr and "did you mean" in done.stderr
    equal(done.stdout, "")
    fails(1, *create("--name", "x", "--scope", ""), says='""')
    fails(1, *create("--name", "x", "--preset", "nothing"), says="no preset")


@case
def T04_scopes_must_be_asked_for():
    fails(2, *create("--name", "x"), says="--no-scopes")
    fails(2, *create("--name", "x", "--no-scopes", "--scope", "stories:read"), says="one of")
    equal(make("none", "--no-scopes")["scopes"], [])


@case
def T10_only_an_admin_holds_everything():
    fails(1, *create("--name", "x", "--scope", "*"), says="only an admin")
    equal(make("all", "--scope", "*", user=ROOT)["scopes"], ["*"])


@case
def T05_names_and_ids_that_reach_elsewhere():
    for name in ("", " a", "a ", "a\nb", "a\x1b[2J", "x" * 256, "a\u202eb"):
        fails(1, *create("--name", name, "--preset", "read-only"), says="name")
    for bad in ("../../etc/passwd", "' OR 1=1 --", "%00", "x" * 5000, ""):
        for command in ("show", "revoke", "rotate"):
            done = fails(1, "token", command, bad, says="no token's id")
            assert not bad or bad not in done.stderr
        fails(1, *create("--name", "x", "--preset", "read-only", "--project", bad), says="by its id")
    fails(1, "token", "create", "--user", ANN, "--name", "x", "--api", "../publishing", "--preset",
          "read-only", says="no API")


@case
def D16_expiry():
    for bad in ("2020-01-01", "2001-02-29T00:00:00Z"):
        assert remit.run(*create("--name", "x", "--preset", "read-only", "--expires",
                                 bad)).returncode in (1, 2)
    for bad in ("soon", "", "-1d", "90", "0d", "1e3d", "999999d"):
        fails(2, *create("--name", "x", "--preset", "read-only", f"--expires={bad}"), says="--expires takes")
    equal(make("at", "--preset", "read-only", "--expires", "2099-01-31T12:00:00Z")["expires_at"],
          "2099-01-31T12:00:00Z")
    for bad in ("0", "60001", "-1", "fast", "1.5"):
        fails(2, *create("--name", "x", "--preset", "read-only", f"--rate={bad}"), says="--rate takes")


@case
def D13_a_name_is_taken_once():
    make("taken")
    fails(1, *create("--name", "taken", "--preset", "read-only"), says="already")
    make("taken", user=BOB)


@case
def D24_a_project_must_be_the_owners():
    done = [fails(1, "token", "create", "--user", BOB, "--name", "x", "--preset", "read-only", "--project", p,
                  says="no project")
            for p in (project, NOWHERE)]
    equal(done[0].stderr.replace(project, "P"), done[1].stderr.replace(NOWHERE, "P"))
    remit.cli("project", "member", "add", project, BOB)
    equal(make("bound", "--preset", "read-only", "--project", project, user=BOB)["project"], project)
    remit.cli("project", "member", "remove", project, BOB)


def flip(text, at):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def recheck(body):
    """A text with a good checksum: base62 of CRC-32 in six characters."""
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = ALPHABET[digit] + check
    return body + check


@case
def T01_truncated_and_extended_texts_are_no_tokens():
    text = make("checked")["token"]
    good = remit.run("token", "check", stdin=text + "\n")
    equal(good.returncode, 0, good.stderr)
    assert "checked" in good.stdout and text not in good.stdout + good.stderr
    spoilt = [text[:n] for n in range(1, len(text))] + [text + "0", text + text, " " + text, text + " ",
                                                        text.upper(), flip(text, 10),
              flip(text, len(text) - 1), text.replace("_pat_", "_oat_"), "x" + text, text.replace("_", "-")]
    for bad in spoilt[::5] + spoilt[-12:]:
        if bad == text:
            continue
        done = fails(1, "token", "check", stdin=bad + "\n", says="no token text")
        assert bad.strip() not in done.stderr or len(bad) < 12
    unknown = recheck(flip(text, 20)[:-6])
    fails(1, "token", "check", stdin=unknown, says="does not know")
    fails(2, "token", "check", stdin="", says="empty")
    fails(1, "token", "check", stdin="x" * 100000, says="too long")
    fails(1, "token", "check", stdin=text[:20] + "\0" + text[20:], says="no text")


@case
def token_check_as_json():
    made = make("checked too")
    seen = remit.cli("token", "check", stdin=made["token"])
    equal((seen["form"], seen["known"], seen["valid"], seen["token"]["id"]), (True, True, True, made["id"]))
    done = remit.run("token", "check", "--json", stdin="nonsense")
    equal((done.returncode, json.loads(done.stdout)),
          (1, {"form": False, "known": False, "valid": False, "token": None}))


@case
def T08_the_token_of_a_disabled_person_is_refused():
    text = make("of bob", user=BOB)["token"]
    remit.cli("user", "disable", BOB)
    fails(1, "token", "check", stdin=text, says="disabled")
    fails(1, "token", "create", "--user", BOB, "--name", "x", "--preset", "read-only", says="disabled")
    remit.cli("user", "enable", BOB)
    equal(remit.run("token", "check", stdin=text).returncode, 0)


@case
def D15_rotate():
    made = make("rotated")
    again = remit.cli("token", "rotate", made["id"])
    equal(list(again), list(made))
    equal((again["id"], again["name"], again["scopes"]), (made["id"], made["name"], made["scopes"]))
    fails(1, "token", "check", stdin=made["token"], says="refused")
    equal(remit.run("token", "check", stdin=again["token"]).returncode, 0)
    third = remit.cli("token", "rotate", made["id"], "--overlap", "1h")
    for text in (again["token"], third["token"]):
        equal(remit.run("token", "check", stdin=text).returncode, 0)
    fails(2, "token", "rotate", made["id"], "--overlap", "soon", says="duration")


@case
def D25_regenerate_edit_shrink():
    made = make("narrowed", "--preset", "read-only", "--project", project)
    new = remit.cli("token", "regenerate", made["id"], "--preset", "publish-only")
    assert new["id"] != made["id"]
    equal((new["name"], new["project"]), ("narrowed", project))
    equal(remit.cli("token", "show", made["id"])["state"], "revoked")
    fails(2, "token", "shrink", new["id"], says="--keep or --remove")
    fails(1, "token", "shrink", new["id"], "--keep", "webhooks:write", says='"webhooks:write"')
    fails(1, "token", "shrink", new["id"], "--remove", "webhooks:write", says='"webhooks:write"')
    remit.cli("token", "shrink", new["id"], "--remove", "stories:publish")
    equal(remit.cli("token", "show", new["id"])["scopes"], ["stories:read", "stories:write", "media:read"])
    remit.cli("token", "shrink", new["id"], "--keep", "media:read")
    equal(remit.cli("token", "show", new["id"])["scopes"], ["media:read"])
    fails(2, "token", "edit", new["id"], says="what to change")
    remit.cli("token", "edit", new["id"], "--name", "renamed", "--rate", "7", "--expires", "2d")
    seen = remit.cli("token", "show", new["id"])
    equal((seen["name"], seen["rate"]), ("renamed", 7))
    fails(1, "token", "edit", new["id"], "--expires", "3d", says="brought forward")
    fails(1, "token", "edit", new["id"], "--expires", "never", says="brought forward")
    remit.cli("token", "edit", new["id"], "--rate", "off")
    equal(remit.cli("token", "show", new["id"])["rate"], "off")
    remit.cli("token", "edit", new["id"], "--rate", "default")
    equal(remit.cli("token", "show", new["id"])["rate"], None)


@case
def D14_revoke_keeps_a_tombstone_until_prune():
    made = make("ended")
    remit.cli("token", "revoke", made["id"], "--why", "a test")
    seen = remit.cli("token", "show", made["id"])
    equal((seen["state"], seen["revoked_why"]), ("revoked", "a test"))
    assert seen["revoked_by"].startswith("cli:")
    fails(1, "token", "check", stdin=made["token"], says="revoked")
    remit.cli("token", "revoke", made["id"])
    fails(1, "token", "rotate", made["id"], says="revoked")
    fails(1, "token", "revoke", NOWHERE, says="no token")
    assert made["id"] not in [t["id"] for t in remit.cli("token", "list")["tokens"]]
    assert made["id"] in [t["id"] for t in remit.cli("token", "list", "--all")["tokens"]]
    remit.cli("token", "prune", "--older-than", "30d")
    equal(remit.run("token", "show", made["id"]).returncode, 0)
    assert remit.cli("token", "prune", "--older-than", "1ms")["forgotten"] >= 1
    fails(1, "token", "show", made["id"], says="no token")


@case
def lists_are_filtered():
    ids = lambda *args: {t["owner"] for t in remit.cli("token", "list", *args)["tokens"]}
    equal(ids("--user", ROOT), {ROOT})
    assert all(t["project"] == project for t in remit.cli("token", "list", "--project", project)["tokens"])
    fails(1, "token", "list", "--user", "nobody@example.com", says="no user")
    fails(1, "token", "list", "--api", "publishin", says="did you mean")
    done = remit.run("token", "list", "--user", ROOT)
    assert done.stdout.splitlines()[0].split()[:2] == ["ID", "NAME"], done.stdout


@case
def D12_a_text_is_never_taken_as_an_argument_and_never_kept():
    text = make("hidden")["token"]
    for args in (("token", "show", text), ("token", "check", text), ("token", "revoke", text, "--why", "x"),
                 ("explain", "--token-id", text, "GET", "/api/v1/projects"),
                 create("--name", text, "--preset", "read-only")):
        done = fails(2, *args, says="looks like a token")
        assert text not in done.stdout + done.stderr
    remit.run("token", "check", stdin=text)
    remit.cli("token", "list", "--all")
    secret = text[7:-6].encode()
    for folder, _, files in os.walk(remit.folder):
        for file in files:
            with open(os.path.join(folder, file), "rb") as f:
                assert secret not in f.read(), file


@case
def nothing_that_is_printed_later_holds_a_text():
    made = [make(f"leak {i}") for i in range(3)]
    shown = "".join(remit.run(*args).stdout for args in (
        ("token", "list", "--all"), ("token", "list", "--all", "--json"), ("token", "show", made[0]["id"]),
        ("token", "show", made[0]["id"], "--json"), ("user", "list", "--json"),
        ("project", "list", "--json")))
    assert not re.search(r"sl_pat_", shown)


if __name__ == "__main__":
    tap.run()
