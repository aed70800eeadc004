# SPDX-License-Identifier: Apache-2.0
"""A copy of the test site under git, a Remit that serves it, and calls of its tools over HTTP.

usage: content_site.py FOLDER COUNT    a site with so many entries
"""
import json
import os
import re
import shutil
import subprocess
import sys

TEXT = "Words upon words, as a site has them. " * 20


def generate(folder, count):
    """One collection of `count` entries, dated, with some ten fields and a body each."""
    entries = os.path.join(folder, "content/collections/blog")
    os.makedirs(entries)
    os.makedirs(os.path.join(folder, "content/taxonomies/tags"))
    with open(os.path.join(folder, "content/collections/blog.yaml"), "w", encoding="utf-8") as file:
        file.write("title: Blog\ndate: true\nroute: '/blog/{slug}'\n")
    for i in range(count):
        path = f"{entries}/20{i % 24:02}-{i % 12 + 1:02}-{i % 28 + 1:02}.entry-{i}.md"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"---\nid: 00000000-0000-4000-8000-{i:012}\nblueprint: article\ntitle: 'Entry number {i}'\n"
                       f"author: author-{i % 50}\ntags:\n  - tag-{i % 7}\n  - tag-{i % 11}\nrating: {i % 5}\n"
                       f"featured: {'true' if i % 3 else 'false'}\nsummary: 'A summary of entry {i}, no longer than this'\n"
                       f"updated_at: {1700000000 + i}\n---\n{TEXT}\n")


def git(folder, *args):
    return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "core.autocrlf=false",
                           "-c", "core.safecrlf=false", *args], cwd=folder, capture_output=True, text=True,
                          check=True).stdout


class Site:
    def __init__(self, remit_class, tools=None, config=()):
        source = os.environ["REMIT_SOURCE"]
        self.remit = remit_class(config=list(config), migrate=False, apis=[
            "  content: { profile: ./site.yaml, service: content, site: ./site }"])
        self.folder = os.path.join(self.remit.folder, "site")
        shutil.copytree(os.path.join(source, "tests/e2e/site"), self.folder)
        with open(os.path.join(source, "profiles/statamic.yaml"), encoding="utf-8") as file:
            profile = re.sub(r"^rate:.*\n", "", file.read(), flags=re.M)
        for name in re.findall(r"^    (statamic-[\w-]+):", profile, re.M):
            if tools and name not in tools:
                profile = re.sub(rf"^    {name}:.*\n(      .*\n)*", "", profile, flags=re.M)
        with open(os.path.join(self.remit.folder, "site.yaml"), "w", encoding="utf-8") as file:
            file.write(profile)
        git(self.folder, "init", "-q")
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", "as it was")
        self.remit.cli("store", "migrate")
        self.remit.cli("user", "add", "admin@example.com", "--admin")

    def token(self, name, *scopes, user="admin@example.com"):
        args = [word for scope in scopes for word in ("--scope", scope)]
        return self.remit.token(user, name, *args, api="content")["token"]

    def call(self, token, tool, arguments, connection=None):
        """The answer of HTTP."""
        params = {"name": tool, "arguments": arguments, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}}
        return self.remit.call("POST", "/mcp/statamic", token, {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                                                               "params": params},
                               {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28",
                                "Mcp-Method": "tools/call", "Mcp-Name": tool}, connection)

    def ask(self, token, tool, action, connection=None, **arguments):
        """(whether it worked, the envelope)"""
        answer = self.call(token, tool, {"action": action, **arguments}, connection)
        assert answer.status == 200, answer
        body = answer.json()
        assert "result" in body, body
        envelope = body["result"].get("structuredContent")
        if envelope is None:
            return False, {"errors": [body["result"]["content"][0]["text"]]}
        assert json.loads(body["result"]["content"][0]["text"]) == envelope
        assert envelope["success"] != body["result"].get("isError", False), body
        return envelope["success"], envelope

    def good(self, token, tool, action, **arguments):
        worked, envelope = self.ask(token, tool, action, **arguments)
        assert worked, envelope
        return envelope["data"]

    def bad(self, token, tool, action, **arguments):
        worked, envelope = self.ask(token, tool, action, **arguments)
        assert not worked, envelope
        return envelope["errors"][0]

    def diff(self):
        """Lines that came and went since the last commit, without their place."""
        git(self.folder, "add", "-A")
        text = git(self.folder, "diff", "--cached", "-U0", "--no-renames")
        git(self.folder, "commit", "-qm", "a change", "--allow-empty")
        return [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, path, text):
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w" if isinstance(text, str) else "wb", **({"encoding": "utf-8", "newline": ""}
                                                                   if isinstance(text, str) else {})) as file:
            file.write(text)

    def read(self, path):
        with open(self.path(path), encoding="utf-8", newline="") as file:
            return file.read()


if __name__ == "__main__":
    generate(sys.argv[1], int(sys.argv[2]))
