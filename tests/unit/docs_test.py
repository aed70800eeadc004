#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages that people read: links lead somewhere, every page can be found from the README, and no page
names a command, an option, a line of code or a configuration that the program does not have."""
import glob
import os
import re
import subprocess
import tempfile

from tap import case, equal, run

BINARY, SOURCE = os.environ["REMIT_BINARY"], os.environ["REMIT_SOURCE"]
PAGES = sorted(glob.glob(f"{SOURCE}/*.md") + glob.glob(f"{SOURCE}/docs/**/*.md", recursive=True))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# "remit token create --user ann@example.com": as code, or on a line of a shell. Not "libremit", "bin/remit".
COMMAND = re.compile(r"(?<![\w./:-])remit((?: +[^\s`|;&)]+)+)")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def name(path):
    return os.path.relpath(path, SOURCE)


def remit(*args):
    return subprocess.run([BINARY, *args], capture_output=True, text=True, check=False, timeout=60)


def commands_of_help():
    return set(re.findall(r"^  remit ([a-z -]+?)  ", remit("--help").stdout, re.MULTILINE))


@case
def links_lead_somewhere():
    dead = []
    for page in PAGES:
        for target in LINK.findall(FENCE.sub("", read(page))):
            if re.match(r"[a-z]+:|#", target):
                continue
            if not os.path.exists(os.path.join(os.path.dirname(page), target.split("#")[0])):
                dead.append(f"{name(page)}: {target}")
    equal(dead, [])


@case
def every_page_is_linked_from_the_readme():
    linked = {target.split("#")[0] for target in LINK.findall(read(f"{SOURCE}/README.md"))}
    equal([name(page) for page in PAGES if "/docs/" in page and name(page) not in linked], [])


@case
def pages_name_commands_and_options_that_exist():
    known = commands_of_help()
    assert len(known) > 20 and "token create" in known, known
    groups = {" ".join(path.split()[:n]) for path in known for n in (1, 2)} - known
    options = {path: set(re.findall(r"--[a-z-]+", remit(*path.split(), "--help").stdout)) for path in known}
    wrong, seen = [], 0
    for page in PAGES:
        text = read(page)
        code = [body for _, body in FENCE.findall(text)] + re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
        code += re.findall(r"^    (.+)$", FENCE.sub("", text), re.MULTILINE)
        for words in (found.split() for piece in code for found in COMMAND.findall(piece)):
            if not re.fullmatch(r"[a-z-]+", words[0]) or words[0] in ("COMMAND", "help"):
                continue
            path = next((p for n in (3, 2, 1) if (p := " ".join(words[:n])) in known | groups), None)
            given = [word.split("=")[0].rstrip(",.") for word in words if re.match(r"--[a-z]", word)]
            seen += 1
            if path is None and words[0] not in ("--help", "--version"):
                wrong.append(f"{name(page)}: remit {' '.join(words[:3])}")
            elif path in options:
                wrong += [f"{name(page)}: remit {path} {option}" for option in given if option not in options[path]]
    assert seen > 10, seen
    equal(wrong, [])


@case
def lines_of_c_stand_in_the_example():
    example = {line.strip() for line in read(f"{SOURCE}/examples/embed.c").splitlines()}
    lines = [line.strip() for language, body in FENCE.findall(read(f"{SOURCE}/docs/embedding.md"))
             if language == "c" for line in body.splitlines()]
    assert len(lines) > 8, lines
    equal([line for line in lines if line not in example], [])


def check(folder, config):
    path = os.path.join(folder, "remit.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(config)
    return remit("check-config", "--config", path)


@case
def the_configuration_shown_is_accepted():
    shown = [body for language, body in FENCE.findall(read(f"{SOURCE}/docs/configuration.md")) if language == "yaml"]
    with tempfile.TemporaryDirectory() as folder:
        for body in shown:
            done = check(folder, body)
            equal(done.returncode, 0, done.stderr)
    assert shown


@case
def the_profile_shown_is_a_good_one():
    """Its rules are of no service that comes with the program, and that is all there is to say of it."""
    shown = [body for language, body in FENCE.findall(read(f"{SOURCE}/docs/profiles.md")) if language == "yaml"]
    config = ("listen: 127.0.0.1:8787\nstore: sqlite:x.db\nsecrets_key: file:x.key\n"
              "apis:\n  mine: { profile: ./mine.yaml, service: publishing }\n")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(shown[0])
        mistakes = check(folder, config).stderr.splitlines()
    equal([line for line in mistakes if "its service" not in line], [])
    assert mistakes


run()
