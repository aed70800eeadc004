# SPDX-License-Identifier: Apache-2.0
"""The authorization server beside oidc-provider: introspection, and tokens for a client's own credentials."""
import base64
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import urllib.request
import uuid

from loads import Load, alternate
from processes import free_port, wait_for
from report import note, ratio_row, row
from servers import HERE, Remit, Server, Upstream

PROFILE = """profile: mine
title: An API behind the gate
scopes: { "items:read": Read., "items:write": Write. }
presets: { read-only: { title: Read, scopes: ["items:read"] } }
tokens: { prefix: my }
rest:
  base: /v1
  rules: [ { on: "GET /items/{id}", need: "items:read" } ]
"""
PEER = "oidc-provider@9.13"


class Peer(Server):
    """oidc-provider on Node. None of it where there is no npm."""

    def __init__(self, folder):
        self.port = free_port()
        cache = os.path.join(os.environ["REMIT_BUILD"], "bench-oidc")
        os.makedirs(cache, exist_ok=True)
        if not os.path.isdir(os.path.join(cache, "node_modules", "oidc-provider")):
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", PEER],
                           cwd=cache, check=True, capture_output=True)
        shutil.copy(os.path.join(HERE, "oidc.mjs"), cache)
        self.launch("node", "oidc.mjs", str(self.port), cwd=cache, stdout=subprocess.DEVNULL)
        wait_for(self.port, "/.well-known/openid-configuration")


def basic(name, secret):
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def post(port, path, authorization, form):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", form.encode(), {
        "Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def write_forms(path, target, authorization, forms):
    """For wrk: each request with the next form."""
    with open(path, "w", encoding="ascii") as file:
        file.write("local made, n, forms = {}, 0, {}\n")
        for form in forms:
            file.write(f'forms[#forms + 1] = "{form}"\n')
        file.write(f"""
function init(args)
  for i, form in ipairs(forms) do
    made[i] = wrk.format("POST", "{target}", {{ ["Authorization"] = "{authorization}",
      ["Content-Type"] = "application/x-www-form-urlencoded" }}, form)
  end
end
function request()
  n = n % #made + 1
  return made[n]
end
""")


def add_strangers(remit, count):
    """Clients that registered themselves."""
    db = sqlite3.connect(os.path.join(remit.folder, "remit.db"))
    db.execute("PRAGMA synchronous=OFF")
    db.executemany("INSERT INTO clients (id, kind, name, redirects, grants, fingerprint, created_at, used_at, fresh_until, revoked_at)"
                   " VALUES (?, 2, ?, 'https://app.example.com/callback', 'authorization_code refresh_token', ?, 1900000000000, 1, 0, 0)",
                   ((uuid.uuid4().bytes, f"client {n}", os.urandom(32)) for n in range(count)))
    db.execute("UPDATE client_count SET strangers = strangers + ?", (count,))
    db.commit()
    db.close()


def loads_of(folder, name, server, introspect, token, credentials, given):
    """Introspection and client credentials of one server."""
    asked, made = os.path.join(folder, f"{name}-asked.lua"), os.path.join(folder, f"{name}-made.lua")
    write_forms(asked, introspect, credentials, [f"token={text}" for text in given])
    write_forms(made, token, credentials, ["grant_type=client_credentials&scope=items%3Aread"])
    return Load(f"{name}: introspection", server, asked), Load(f"{name}: client credentials", server, made)


class Asked:
    """A Remit with a client that asks, and so many that registered themselves."""

    def __init__(self, folder, upstream, tokens, strangers):
        os.mkdir(folder)
        self.remit = Remit(folder, f"upstream: \"http://127.0.0.1:{upstream.port}\"", PROFILE, tokens)
        made = json.loads(self.remit.cli("client", "add", "bench", "--scope", "items:read", "--owner", "bench@example.com", "--json"))
        self.credentials = basic(made["client_id"], made["client_secret"])
        if strangers:
            add_strangers(self.remit, strangers)
        self.remit.start()

    def loads(self, folder, name):
        return loads_of(folder, name, self.remit, "/oauth/introspect", "/oauth/token", self.credentials, self.remit.texts)


def peer_loads(folder, peer):
    theirs = basic("bench", "a-secret-of-the-bench")
    texts = [post(peer.port, "/token", theirs, "grant_type=client_credentials&scope=items%3Aread")["access_token"]
             for _ in range(100)]
    return loads_of(folder, "oidc-provider", peer, "/token/introspection", "/token", theirs, texts)


def measure_oauth(folder, tokens, clients, rounds, seconds):
    note(f"OAuth, keep-alive, 32 connections, {tokens:,} live tokens; medians of {rounds} alternating runs")
    upstream = Upstream()
    servers = [upstream]
    try:
        few = Asked(os.path.join(folder, "few"), upstream, tokens, 0)
        servers.append(few.remit)
        many = Asked(os.path.join(folder, "many"), upstream, tokens, clients)
        servers.append(many.remit)
        asked, own = few.loads(folder, "remit")
        beside = many.loads(folder, f"remit with {clients:,} registered clients")[0]
        alternate([asked, beside], rounds, seconds)
        ratio_row(f"introspection with {clients:,} registered clients beside none", beside.median() / asked.median(), 0.9)
        if shutil.which("npm") and shutil.which("node"):
            peer = Peer(folder)
            servers.append(peer)
            theirs, _ = peer_loads(folder, peer)
            alternate([asked, theirs], rounds, seconds)
            ratio_row("introspection beside oidc-provider", asked.median() / theirs.median(), 5.0)
        else:
            note("  there is no npm here: nothing to measure introspection beside")
        alternate([own], rounds, seconds)
        each = statistics.median(own.by_clock)
        row("client credentials, durable", f"{each:,.0f} a second", "at least 5,000 a second", each >= 5000)
    finally:
        for server in servers:
            server.stop()
