# SPDX-License-Identifier: Apache-2.0
"""Configuration: where it is looked for, every mistake of it, and what the vocabulary commands show."""
import os
import subprocess

import tap
from harness import BINARY, Remit
from tap import case, equal

remit = Remit()

HEAD = "listen: 127.0.0.1:1\npublic_url: http://127.0.0.1:1\nstore: sqlite:x.db\nsecrets_key: file:x.key\n"


def run_in(folder, *args, **environment):
    env = {k: v for k, v in os.environ.items() if not k.startswith("REMIT_") or k == "REMIT_SOURCE"}
    return subprocess.run([BINARY, *args], capture_output=True, text=True, cwd=folder,
                          env={**env, **environment}, stdin=subprocess.DEVNULL, check=False, timeout=60)


def write(name, text):
    path = os.path.join(remit.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


@case
def without_a_config_it_says_where_it_looked():
    empty = os.path.join(remit.folder, "empty")
    os.mkdir(empty)
    done = run_in(empty, "scopes")
    equal(done.returncode, 3)
    for word in ("--config", "REMIT_CONFIG", "./remit.yaml", "/etc/remit/remit.yaml", "apis:"):
        assert word in done.stderr, done.stderr
    equal(run_in(empty, "scopes", "--config", "nowhere.yaml").returncode, 3)
    assert "nowhere.yaml" in run_in(empty, "scopes", REMIT_CONFIG="nowhere.yaml").stderr
    equal(run_in(remit.folder, "scopes").returncode, 0)


@case
def check_config_says_ok():
    done = remit.run("check-config")
    equal(done.returncode, 0, done.stderr)
    assert done.stdout.startswith("config ok: 1 API, "), done.stdout
    equal(remit.cli("check-config")["ok"], True)


@case
def check_config_tells_every_mistake_with_its_line():
    write("mine.yaml", "profile: mine\ntitle: Mine\nscopes: { \"a:read\": Read. }\ntokens: { prefix: my }\n"
          "presets: { p: { title: P, for: X, scopes: [a:raed] } }\n"
          "rest:\n  base: /mine/v1\n  rules:\n    - { on: \"GET /a\", need: a:red }\n"
          "    - { on: \"FETCH /b\", need: a:read }\n")
    path = write("bad.yaml", HEAD + "lissten: x\napis:\n"
                 "  publishing: { profile: publishing, service: publishing }\n"
                 "  mine: { profile: ./mine.yaml }\n")
    done = remit.run("check-config", "--config", path)
    equal(done.returncode, 3)
    for word in ("lissten", "a:raed", "a:red", "FETCH"):
        assert word in done.stderr, done.stderr
    for word in ("bad.yaml:5:", "mine.yaml:5:", "did you mean"):
        assert word in done.stderr, done.stderr
    for args in (("scopes",), ("serve",), ("token", "list")):
        equal(remit.run(*args, "--config", path).returncode, 3)
    document = remit.run("check-config", "--json", "--config", path)
    equal(document.returncode, 3)
    import json
    parsed = json.loads(document.stdout)
    assert not parsed["ok"] and all({"file", "line", "column", "what"} <= set(m) for m in parsed["mistakes"])


@case
def P09_rules_that_do_not_fit_the_service_are_told_all_at_once():
    rules = "".join(f"    - {{ on: \"{on}\", need: token }}\n"
                    for on in ("GET /helth", "GET /projects", "PUT /xyzzy"))
    write("misfit.yaml", "profile: misfit\ntitle: X\nscopes: { \"a:read\": Read. }\ntokens: { prefix: my }\n"
          f"rest:\n  base: /api/v1\n  rules:\n{rules}")
    config = HEAD.replace("x.", "misfit.") + "apis:\n"
    path = write("misfits.yaml", config + "  one: { profile: ./misfit.yaml, service: publishing }\n")
    for command in ("check-config", "serve"):
        done = remit.run(command, "--config", path)
        equal(done.returncode, 3, done.stderr)
        for words in ('misfit.yaml:8:1: API one has a rule for "GET /helth", which its service does not '
                      'have; did you mean "GET /health"?',
                      'misfit.yaml:10:1: API one has a rule for "PUT /xyzzy"',
                      'no rule maps "POST /stories"'):
            assert words in done.stderr, (command, done.stderr)
        assert not os.path.exists(os.path.join(remit.folder, "misfit.db")), command
    path = write("restless.yaml", config + "  one: { profile: statamic, service: publishing }\n")
    done = remit.run("check-config", "--config", path)
    equal(done.returncode, 3, done.stderr)
    assert "restless.yaml:6:1: API one: its profile has no `rest` part" in done.stderr, done.stderr


@case
def a_profile_of_two_apis_tells_its_mistakes_once():
    write("twice.yaml", "profile: twice\ntitel: X\n")
    config = HEAD + "apis:\n"
    path = write("both.yaml", config + "".join(
        f"  {name}: {{ profile: ./twice.yaml, service: publishing }}\n" for name in ("one", "two")))
    equal(remit.run("check-config", "--config", path).stderr.count("titel"), 1)


@case
def compile_writes_a_whole_file_or_none():
    path = os.path.join(remit.folder, "publishing.policy")
    equal(remit.run("check-config", "--compile", path).returncode, 0)
    first = os.path.getsize(path)
    assert first > 100
    equal(remit.run("check-config", "--api", "publishing", "--compile", path).returncode, 0)
    equal(os.path.getsize(path), first)
    equal(remit.run("check-config", "--api", "nothing", "--compile", path).returncode, 1)
    equal(remit.run("check-config", "--compile", "/nowhere/x").returncode, 1)
    assert not os.path.exists(path + ".new")


@case
def scopes_and_presets_are_the_documents():
    scopes = remit.cli("scopes", "--api", "publishing")["scopes"]
    equal(len(scopes), 13)
    equal(scopes[0]["name"], "projects:read")
    equal(scopes[-1]["name"], "*")
    equal([p["preset"] for p in remit.cli("presets")["presets"]],
          ["ai-agent", "read-only", "publish-only", "webhooks-only"])
    equal(remit.run("scopes", "--api", "nothing").returncode, 1)


@case
def L05_a_store_that_is_none_is_status_4():
    write("remit.db.txt", "this is no database\n" * 1000)
    path = write("broken.yaml",
                 open(remit.config, encoding="utf-8").read().replace("remit.db", "remit.db.txt"))
    for args in (("user", "list"), ("store", "migrate"), ("serve",)):
        done = remit.run(*args, "--config", path)
        equal(done.returncode, 4, f"{args}: {done.stderr}")
    with open(remit.config, encoding="utf-8") as file:
        path = write("postgres.yaml", file.read().replace("sqlite:remit.db", "nosuch:secret-password@x"))
    done = remit.run("user", "list", "--config", path)
    assert done.returncode in (3, 4), done.returncode


if __name__ == "__main__":
    tap.run()
