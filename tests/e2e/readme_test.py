#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the console blocks of README.md against the demo, as ./run starts it, and compares what comes out."""
import atexit
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

from harness import BINARY, SOURCE, free_port
from tap import case, equal, run

PORT, NOTES, GATE = free_port(), free_port(), free_port()
# What differs from run to run: texts of tokens, ids, times, request ids.
MASKS = [
    (r"\bsl_pat_[0-9A-Za-z]{47}\b", "TOKEN"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "ID"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\b[0-9a-f]{32}\b", "REQUEST"),
]

folder = tempfile.mkdtemp(prefix="remit-readme-")
atexit.register(shutil.rmtree, folder, True)
os.symlink(os.path.dirname(BINARY), os.path.join(folder, "build"))
os.symlink(os.path.join(SOURCE, "examples"), os.path.join(folder, "examples"))


def masked(text):
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text.rstrip()


def steps():
    """(command, wanted output) of every `$` line, in order."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        text = file.read()
    for port, ours in (("8787", PORT), ("8790", GATE), ("3000", NOTES)):
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{ours}").replace(f"notes.py {port}", f"notes.py {ours}")
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, wanted = part.partition("\n")
            yield command, wanted


def start_demo():
    demo = subprocess.Popen(["scripts/demo.sh", BINARY, os.path.join(folder, "var"), str(PORT)], cwd=SOURCE,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    atexit.register(demo.kill)
    printed, deadline = "", time.monotonic() + 60
    while "listening" not in printed:
        ready, _, _ = select.select([demo.stdout], [], [], max(0, deadline - time.monotonic()))
        chunk = os.read(demo.stdout.fileno(), 65536).decode() if ready else ""
        if not chunk:
            raise AssertionError(f"the demo did not start:\n{printed}")
        printed += chunk
    return demo, printed


demo, printed = start_demo()


@case
def the_demo_prints_a_token_of_each_preset_and_lines_that_work():
    for preset in ("ai-agent", "read-only", "publish-only", "webhooks-only"):
        assert re.search(rf"^  {preset} +sl_pat_[0-9A-Za-z]{{47}}$", printed, re.M), printed
    lines = re.findall(r"^  (curl .*)$", printed, re.M)
    equal(len(lines), 3)
    answers = [subprocess.run(["bash", "-c", line], capture_output=True, text=True,
                              check=True).stdout for line in lines]
    assert '"Aurora Coffee"' in answers[0], answers[0]
    assert '"status":"draft"' in answers[1], answers[1]
    equal(answers[2],
          '{"error":{"code":"insufficient_scope","message":"Token missing scope(s): stories:write"}}')


def end_group(leader):
    """What the lines started in the background, where they did not come to its end."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


@case
def the_readme_tells_the_truth():
    shell = subprocess.Popen(["bash", "--norc"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, start_new_session=True,
                             env={**os.environ, "REMIT_PUBLIC_URL": f"http://127.0.0.1:{PORT}"})
    atexit.register(end_group, shell.pid)
    count = 0
    for command, wanted in steps():
        shell.stdin.write(command + "\necho; echo @end\n")
        shell.stdin.flush()
        got = ""
        while not got.endswith("\n@end\n"):
            line = shell.stdout.readline()
            assert line, f"the shell ended at: {command}"
            got += line
        equal(masked(got[:-len("\n@end\n")]), masked(wanted), command)
        count += 1
    assert count > 10, count
    shell.stdin.close()
    shell.wait()


@case
def ctrl_c_drains_and_stops():
    demo.send_signal(signal.SIGINT)
    equal(demo.wait(timeout=60), 0)


@case
def a_second_start_keeps_what_was_there():
    again, text = start_demo()
    assert "were shown at its first start" in text, text
    again.send_signal(signal.SIGTERM)
    equal(again.wait(timeout=60), 0)


run()
