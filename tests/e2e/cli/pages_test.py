# SPDX-License-Identifier: Apache-2.0
"""Help, man page and completions: each knows every command, and other programs can read them."""
import os
import re
import shutil
import subprocess

import tap
from harness import BINARY
from tap import case, equal

PAGES = os.environ["REMIT_PAGES"]


def run(*args):
    return subprocess.run([BINARY, *args], capture_output=True, text=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL)


def page(name):
    with open(os.path.join(PAGES, name), encoding="utf-8") as file:
        return file.read()


def commands():
    found = re.findall(r"^  remit ((?:[a-z-]+ )*[a-z-]+)  +", run("--help").stdout, re.MULTILINE)
    assert len(found) > 25, found
    return found


@case
def an_overview():
    done = run()
    equal((done.returncode, done.stdout), (2, ""))
    assert "token create" in done.stderr
    done = run("--help")
    equal((done.returncode, done.stderr), (0, ""))
    assert re.fullmatch(r"remit \d+\.\d+\.\d+\n", run("--version").stdout)


@case
def the_interface_is_there():
    wanted = ["serve", "user add", "user list", "user disable", "user enable", "user remove", "project add",
              "project list",
              "project remove", "project member add", "project member remove", "token create", "token list",
              "token show",
              "token revoke", "token rotate", "token regenerate", "token edit", "token shrink", "token prune",
              "token check",
              "scopes", "presets", "explain", "store migrate", "audit tail", "check-config",
              "publishing import"]
    equal([w for w in wanted if w not in commands()], [])


@case
def every_command_helps_with_an_example():
    for command in commands():
        for words in ((*command.split(), "--help"), ("help", *command.split())):
            done = run(*words)
            equal((done.returncode, done.stderr), (0, ""), command)
            assert re.search(rf"^Examples\n  # .+\n  .*remit {command}", done.stdout,
                             re.MULTILINE), done.stdout
            assert "--config FILE" in done.stdout and "--json" in done.stdout


@case
def groups_help():
    for group in ("token", "user", "project"):
        equal(run(group, "--help").returncode, 0)
        equal(run(group).returncode, 2)


@case
def the_man_page_is_clean():
    if not shutil.which("mandoc"):
        print("# no mandoc here")
        return
    done = subprocess.run(["mandoc", "-Tlint", os.path.join(PAGES, "remit.1")], capture_output=True,
                          text=True, check=False)
    equal((done.returncode, done.stdout), (0, ""))


@case
def the_man_page_knows_every_command_and_option():
    text = page("remit.1").replace("\\-", "-")
    for command in commands():
        assert f".Ss {command}\n" in text, command
        for option in re.findall(r"^  (--[a-z-]+)", run(*command.split(), "--help").stdout, re.MULTILINE):
            assert f".It Fl {option[1:]}" in text, (command, option)


@case
def completions_know_every_command_and_option():
    for name in ("remit", "_remit", "remit.fish"):
        text = page(name)
        for command in commands():
            assert command in text, (name, command)
            for option in re.findall(r"^  --([a-z-]+)", run(*command.split(), "--help").stdout, re.MULTILINE):
                assert re.search(rf"(--|-l ){option}\b", text), (name, command, option)


def complete(*words):
    """What bash would offer for the last word."""
    script = f". '{PAGES}/remit'; COMP_WORDS=({' '.join(repr(w) for w in words)}); " \
             f"COMP_CWORD={len(words) - 1}; _remit; " \
             'printf "%s\\n" "${COMPREPLY[@]}" | sort -u'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), str(words))
    return done.stdout.split()


@case
def bash_completes():
    assert {"serve", "token", "user"} <= set(complete("remit", ""))
    equal(complete("remit", "tok"), ["token"])
    equal(complete("remit", "token", "sh"), ["show", "shrink"])
    equal(complete("remit", "project", "member", ""), ["add", "list", "remove"])
    equal(complete("remit", "token", "create", "--pre"), ["--preset"])
    equal(complete("remit", "token", "shrink", "ID", "--k"), ["--keep"])
    equal(complete("remit", "token", "create", "--name", ""), [])
    assert "--config" in complete("remit", "serve", "--")


@case
def other_shells_accept_theirs():
    for shell, name in (("zsh", "_remit"), ("fish", "remit.fish")):
        if shutil.which(shell):
            equal(subprocess.run([shell, "-n", os.path.join(PAGES, name)], check=False).returncode, 0, shell)


if __name__ == "__main__":
    tap.run()
