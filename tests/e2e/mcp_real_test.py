#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients through the gate to real servers: each SDK gets through list, call and refusal."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import mcp_npm  # noqa: E402
from harness import BINARY, Remit, free_port  # noqa: E402
from tap import Skip, case, equal, run  # noqa: E402

PROFILE = """
profile: NAME
title: NAME
scopes: { "x:read": Read., "x:write": Write. }
tokens: { prefix: PREFIX }
mcp:
  endpoint: /mcp
  tools: TOOLS
"""
TOOLS = {
    "modern": "{ whoami: x:read, test_simple_text: x:read, test_image_content: x:write }",
    "everything": "{ echo: x:read, get-sum: x:write }",
    "files": "{ read_text_file: x:read, list_directory: x:read, write_file: x:write }",
}
gates = {}


def gate(name):
    """(url, reader's token) of a gate in front of that server, started when it is first asked for."""
    if name in gates:
        return gates[name][:2]
    mcp_npm.install()
    if name == "files":
        folder = os.path.realpath(tempfile.mkdtemp(prefix="remit-test-files-"))
        with open(os.path.join(folder, "a.txt"), "w", encoding="utf-8") as file:
            file.write("content of a")
        upstream = mcp_npm.filesystem(folder)
    else:
        folder = ""
        upstream = mcp_npm.modern() if name == "modern" else mcp_npm.everything(free_port())
    remit = Remit(apis=[f"  {name}: {{ profile: ./{name}.yaml, upstream: \"{upstream}\" }}"], migrate=False)
    with open(os.path.join(remit.folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
        file.write(PROFILE.replace("NAME", name).replace("PREFIX", name[:2]).replace("TOOLS", TOOLS[name]))
    remit.cli("store", "migrate")
    remit.cli("user", "add", "ann@example.com")
    token = remit.token("ann@example.com", "reader", "--scope", "x:read", api=name)["token"]
    remit.serve()
    gates[name] = (remit.url + "/mcp", token, remit, folder)
    return gates[name][:2]


def client(script, name, tool, args=None, era=None):
    url, token = gate(name)
    return json.loads(mcp_npm.run(script, *([era] if era else []), url, token, tool, json.dumps(args or {})))


def refused(got):
    equal("text" in got, False, got)
    assert "x:write" in json.dumps(got["error"]) or "insufficient" in json.dumps(got["error"]).lower(), got


@case
def one_tool_one_token_to_a_real_server_and_no_bearer_arrives():
    for era, version in (("2026-07-28", "2026-07-28"), ("auto", "2026-07-28"), ("legacy", "2025-11-25")):
        got = client("sdk2.mjs", "modern", "whoami", era=era)
        equal((got.get("version"), got.get("tools")), (version, ["test_simple_text", "whoami"]), got)
        seen = json.loads(got["text"])
        equal((seen["remit-scopes"], "authorization" in seen), ("x:read", False))


@case
def the_client_of_sdk_1_gets_through_with_a_session():
    got = client("sdk1.mjs", "everything", "echo", {"message": "hi"})
    equal((got.get("tools"), got.get("text")), (["echo"], "Echo: hi"), got)
    got = client("sdk1.mjs", "modern", "test_simple_text")
    equal(got.get("text"), "This is a simple text response for testing.", got)


@case
def a_server_of_stdio_behind_a_bridge():
    gate("files")
    folder = gates["files"][3]
    got = client("sdk1.mjs", "files", "read_text_file", {"path": os.path.join(folder, "a.txt")})
    equal((sorted(got.get("tools", [])), got.get("text")), (["list_directory", "read_text_file"], "content of a"), got)
    got = client("sdk2.mjs", "files", "list_directory", {"path": folder}, era="auto")
    equal("a.txt" in got.get("text", ""), True, got)


@case
def each_client_is_told_what_it_lacks():
    refused(client("sdk1.mjs", "modern", "test_image_content"))
    refused(client("sdk1.mjs", "everything", "get-sum", {"a": 1, "b": 2}))
    for era in ("legacy", "auto", "2026-07-28"):
        refused(client("sdk2.mjs", "modern", "test_image_content", era=era))
    gate("files")
    path = os.path.join(gates["files"][3], "b.txt")
    refused(client("sdk2.mjs", "files", "write_file", {"path": path, "content": "x"}, era="auto"))
    equal(os.path.exists(path), False)


@case
def an_unmapped_tool_does_not_run_for_any_client():
    for got in (client("sdk1.mjs", "modern", "test_audio_content"),
                client("sdk2.mjs", "modern", "test_audio_content", era="auto")):
        equal(("text" in got, "Unknown tool" in json.dumps(got)), (False, True), got)


@case
def a_profile_is_drafted_from_a_server_with_sessions():
    gate("everything")
    remit = gates["everything"][2]
    with open(remit.config, encoding="utf-8") as file:
        url = re.search(r'upstream: "([^"]+)"', file.read())[1] + "/mcp"
    done = remit.run("init", "--mcp", url, "--out", "drafted", "--name", "every")
    equal(done.returncode, 0, done.stderr)
    done = subprocess.run([BINARY, "check-config", "--config", "drafted/remit.yaml", "--mcp", url], cwd=remit.folder,
                          capture_output=True, text=True, timeout=60, check=False)
    equal((done.returncode, "0 unused rules, 0 changed" in done.stdout), (0, True), done.stdout + done.stderr)


@case
def no_sanitizer_has_complained():
    if not gates:
        raise Skip("nothing ran")
    for _, _, remit, _ in gates.values():
        assert remit.stop() == 0 and "Sanitizer" not in remit.log, remit.log[-3000:]


run()
