# SPDX-License-Identifier: Apache-2.0
"""People, projects and members by the command line; no credential is there that nobody made."""
import os
import re

import tap
from harness import Remit
from tap import case, equal

remit = Remit(migrate=False)


def fails(status, *args, says="", stdin=None):
    done = remit.run(*args, stdin=stdin)
    equal(done.returncode, status, f"{args}: {done.stderr}")
    assert says in done.stderr, done.stderr
    equal(done.stdout, "", f"{args}")
    return done


@case
def without_a_store_every_command_says_what_to_do():
    for args in (("user", "list"), ("token", "list"), ("token", "check"),
                 ("explain", "GET", "/api/v1/projects")):
        fails(4, *args, says="remit store migrate")
    assert not os.path.exists(os.path.join(remit.folder, "remit.db"))


@case
def T06_a_new_store_holds_nobody_and_no_token():
    equal(remit.cli("store", "migrate")["current"], True)
    remit.cli("store", "migrate")
    equal(remit.cli("user", "list"), {"users": []})
    equal(remit.cli("token", "list", "--all"), {"tokens": []})
    equal(remit.cli("project", "list"), {"projects": []})
    equal(os.stat(os.path.join(remit.folder, "remit.db")).st_mode & 0o077, 0)


@case
def T06_a_person_has_no_password_unless_one_is_given():
    equal(list(remit.cli("user", "add", "ann@example.com")), ["id", "email", "admin"])
    remit.cli("user", "add", "root@example.com", "--admin", "--password-stdin",
              stdin="correct horse battery\n")
    users = {u["email"]: u for u in remit.cli("user", "list")["users"]}
    equal([(u["admin"], u["has_password"]) for u in users.values()], [(False, False), (True, True)])
    fails(1, "user", "add", "x@example.com", "--password-stdin", stdin="short\n", says="12")
    fails(2, "user", "add", "x@example.com", "--password-stdin", stdin="", says="empty")
    fails(1, "user", "add", "x@example.com", "--password-stdin", stdin="x" * 5000, says="too long")
    fails(2, "user", "add", "x@example.com", "--password", "hunter2hunter2", says="--password-stdin")
    for _, _, files in os.walk(remit.folder):
        for file in files:
            with open(os.path.join(remit.folder, file), "rb") as f:
                assert b"correct horse" not in f.read()


@case
def an_id_is_printed_alone():
    done = remit.run("user", "add", "bob@example.com")
    assert re.fullmatch(r"[0-9a-f-]{36}\n", done.stdout), done.stdout
    done = remit.run("project", "add", "Brand", "--owner", "bob@example.com")
    assert re.fullmatch(r"[0-9a-f-]{36}\n", done.stdout), done.stdout


@case
def T05_addresses_that_are_none():
    for bad in ("", "ann", "../ann@example.com", "ann@example.com\nroot", "a b@example.com", "a@b@c"):
        fails(1, "user", "add", bad, says="e-mail")
    fails(1, "user", "add", "ANN@EXAMPLE.COM", says="already")


@case
def projects_and_members():
    made = remit.cli("project", "add", "Brand One", "--api", "publishing", "--owner", "ann@example.com")
    equal(list(made), ["id", "name", "api", "owner"])
    fails(1, "project", "add", "x", "--api", "nothing", "--owner", "ann@example.com", says="no API")
    fails(2, "project", "add", "x", says="--owner")
    fails(1, "project", "member", "add", made["id"], "nobody@example.com", says="no user")
    remit.cli("project", "member", "add", made["id"], "bob@example.com")
    equal([m["email"] for m in remit.cli("project", "member", "list", made["id"])["members"]],
          ["bob@example.com"])
    names = lambda who: {p["name"] for p in remit.cli("project", "list", "--user", who)["projects"]}
    equal(names("bob@example.com"), {"Brand", "Brand One"})
    remit.cli("project", "member", "remove", made["id"], "bob@example.com")
    equal(names("bob@example.com"), {"Brand"})
    fails(1, "user", "remove", "ann@example.com", says="still owns projects")
    bound = remit.token("ann@example.com", "bound", "--preset", "read-only", "--project", made["id"])
    remit.cli("project", "remove", made["id"])
    fails(1, "project", "remove", made["id"], says="no project")
    fails(1, "project", "member", "list", made["id"], says="no project")
    equal(remit.run("token", "check", stdin=bound["token"]).returncode, 1)


@case
def publishing_import_is_all_or_nothing():
    demo = os.path.join(os.environ["REMIT_SOURCE"], "profiles/demo/demo.json")
    before = len(remit.cli("project", "list")["projects"])
    bad = os.path.join(remit.folder, "bad.json")
    with open(bad, "w", encoding="utf-8") as file:
        file.write('{"projects": 7}')
    fails(1, "publishing", "import", bad, "--owner", "bob@example.com", says="bad.json")
    fails(1, "publishing", "import", "/nowhere.json", "--owner", "bob@example.com", says="cannot be read")
    fails(1, "publishing", "import", remit.folder, "--owner", "bob@example.com", says="cannot be read")
    fails(1, "publishing", "import", demo, "--owner", "nobody@example.com", says="no user")
    fails(2, "publishing", "import", demo, says="--owner")
    equal(len(remit.cli("project", "list")["projects"]), before)
    counts = remit.cli("publishing", "import", demo, "--owner", "bob@example.com")
    assert counts["projects"] > 0 and counts["templates"] > 0, counts
    equal(len(remit.cli("project", "list")["projects"]), before + counts["projects"])


@case
def T08_removing_a_person_ends_their_tokens():
    text = remit.token("ann@example.com", "last", "--preset", "read-only")["token"]
    remit.cli("user", "remove", "ann@example.com")
    fails_or_gone = remit.run("token", "check", stdin=text)
    equal(fails_or_gone.returncode, 1)
    fails(1, "user", "disable", "ann@example.com", says="no user")


if __name__ == "__main__":
    tap.run()
