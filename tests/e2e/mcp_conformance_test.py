#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The official conformance suite, direct and through the gate with a token that covers everything: what passes
direct passes through the gate, whatever server is behind it, in both eras."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import mcp_npm  # noqa: E402
from harness import Remit, free_port  # noqa: E402
from tap import Skip, case, run  # noqa: E402

PROFILE = """
profile: NAME
title: All
scopes: { "x:use": Use. }
tokens: { prefix: PREFIX }
mcp:
  endpoint: /mcp
  tools: { "*": x:use }
  resources: { "*": x:use }
  prompts: { "*": x:use }
"""

ready = None


def prepare():
    """The servers, and a gate in front of each: {name: (direct, through, token)}."""
    global ready
    if ready is not None:
        return ready
    mcp_npm.install()
    urls = {"modern": mcp_npm.modern(), "everything": mcp_npm.everything(free_port())}
    ready = {}
    for name, url in urls.items():
        remit = Remit(apis=[f"  {name}: {{ profile: ./{name}.yaml, upstream: \"{url}\" }}"], migrate=False)
        with open(os.path.join(remit.folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE.replace("NAME", name).replace("PREFIX", name[:2]))
        remit.cli("store", "migrate")
        remit.cli("user", "add", "ann@example.com")
        token = remit.token("ann@example.com", "all", "--scope", "x:use", "--rate", "off", api=name)["token"]
        remit.serve()
        ready[name] = (url + "/mcp", remit, token)
    return ready


def checks(url, revision, **environment):
    """{(scenario, check): status} of one run."""
    folder = tempfile.mkdtemp(prefix="remit-conformance-")
    args = mcp_npm.node(*(["--import", "./authorize.mjs"] if environment else []),
                        mcp_npm.module("conformance", "dist", "index.js"), "server", "--url", url, "--requirements",
                        revision, "-o", folder, **environment)
    try:
        subprocess.run(capture_output=True, timeout=200, check=False, **args)
        found = {}
        for path in glob.glob(os.path.join(folder, "*", "checks.json")):
            scenario = os.path.basename(os.path.dirname(path)).split("-202")[0]
            with open(path, encoding="utf-8") as file:
                for check in json.load(file):
                    key = (scenario, check["id"], check.get("name"))
                    found.setdefault(key, []).append((check["status"], check.get("errorMessage")))
        return found
    finally:
        shutil.rmtree(folder, True)


def compare(name, revision):
    direct_url, remit, token = prepare()[name]
    through_url = remit.url + "/mcp"
    direct = checks(direct_url, revision)
    through = checks(through_url, revision, REMIT_TEST_HOST=f"127.0.0.1:{remit.port}", REMIT_TEST_TOKEN=token)
    def passes(found):
        return sum(one[0] == "SUCCESS" for many in found.values() for one in many)
    print(f"# {name} {revision}: {passes(direct)} checks pass direct, {passes(through)} through the gate")
    lost = {key: through.get(key) for key, many in direct.items()
            if any(one[0] == "SUCCESS" for one in many) and any(one[0] == "FAILURE" for one in many) is False
            and (key not in through or any(one[0] == "FAILURE" for one in through[key]))}
    assert passes(direct) > 40, direct
    assert not lost, "\n".join(f"{key}: {many}" for key, many in lost.items())


@case
def nothing_is_lost_of_2026_07_28():
    compare("modern", "2026-07-28")


@case
def nothing_is_lost_of_2025_11_25():
    compare("modern", "2025-11-25")


@case
def nothing_is_lost_with_sessions():
    compare("everything", "2025-11-25")


@case
def no_sanitizer_has_complained():
    if not ready:
        raise Skip("nothing ran")
    for _, remit, _ in ready.values():
        assert remit.stop() == 0 and "Sanitizer" not in remit.log, remit.log[-3000:]


run()
