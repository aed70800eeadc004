#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the gate judged is what the upstream got: random requests through the real proxy to an upstream that keeps every
byte. An oracle written from the specification alone says what must come of each; and what arrived is judged again, by
readers that are more careless than the gate. REMIT_ROUNDS=N: N times as many."""
import http.client
import json
import os
import random
import re
import socket
import urllib.parse

from harness import Remit
from tap import case, equal, run, seed
from upstream import Upstream, fields, read_body

# Scope by scope: what a request must be covered by is a set of these.
SCOPES = ("s:one", "s:two", "s:three", "s:four")
PROFILE = """
profile: mine
title: Mine
scopes: { "s:one": One., "s:two": Two., "s:three": Three., "s:four": Four. }
tokens: { prefix: my }
rest:
  base: /api
  rules:
    - { on: "GET /a/{x}", need: s:one }
    - { on: GET /a/b, need: s:two }
    - { on: "GET /a/{x}/c/{y}", need: s:three }
    - { on: "GET /é/{x}", need: s:two }
    - { on: "GET /f/**", need: s:four }
    - { on: GET /q, need: s:one, when: [ { equals: [query.mode, all], need: s:two }, { present: query.a_flag, need: s:three } ] }
    - { on: GET /h, need: s:one, when: [ { equals: [header.X-Mode, all], need: s:two }, { present: header.X-Flag, need: s:three } ] }
    - { on: POST /j, need: s:one, when: [ { equals: [body./mode, all], need: s:two }, { present: body./deep/flag, need: s:three } ] }
    - { on: POST /raw, need: s:one }
"""
ROUNDS = int(os.environ.get("REMIT_ROUNDS", "1"))
got = []  # (head, body) of every request that arrived


def keep(head, file, connection):
    body, _ = read_body(head, file)
    got.append((head, body))
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 0\r\n\r\n")


upstream = Upstream(keep)
remit = Remit(apis=[f'  mine: {{ profile: ./mine.yaml, upstream: "{upstream.url}" }}'], migrate=False)
with open(os.path.join(remit.folder, "mine.yaml"), "w", encoding="utf-8") as profile:
    profile.write(PROFILE)
remit.cli("store", "migrate")
remit.cli("user", "add", "ann@example.com")
TOKENS = {}  # the text of a token by the frozenset of its scopes
for bits in range(1, 1 << len(SCOPES)):
    mine = [scope for n, scope in enumerate(SCOPES) if bits >> n & 1]
    TOKENS[frozenset(mine)] = remit.token("ann@example.com", f"t{bits}", *[part for scope in mine for part in ("--scope", scope)],
                                          "--rate", "off", api="mine")["token"]
remit.serve()
HOST = f"127.0.0.1:{remit.port}"
chance = random.Random(seed())
socket_of_gate = None


def send(method, target, token, lines=(), body=b""):
    """These bytes on one connection that is kept as long as the gate keeps it; the status."""
    global socket_of_gate
    if not socket_of_gate:
        socket_of_gate = socket.create_connection(("127.0.0.1", remit.port), timeout=30)
    head = [f"{method} {target} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {token}", *lines]
    head += [f"Content-Length: {len(body)}"] if body else []
    socket_of_gate.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)
    response = http.client.HTTPResponse(socket_of_gate, method=method)
    response.begin()
    response.read()
    if response.getheader("Connection") == "close":
        socket_of_gate.close()
        socket_of_gate = None
    response.close()
    return response.status


def ask(method, target, scopes, lines=(), body=b""):
    """(status, what arrived or None): never more than one request, and one where it is 200 alone."""
    before = len(got)
    status = send(method, target, TOKENS[scopes], lines, body)
    arrived = got[before:]
    shown = (method, target, lines, body, sorted(scopes), status, arrived)
    assert len(arrived) == (1 if status == 200 else 0), shown
    assert status in (200, 400, 403, 404, 414, 415), shown
    return status, (arrived[0] if arrived else None), shown


def some_scopes():
    return chance.choice(list(TOKENS))


# ---- Paths: decisions, "Paths", read by regular expressions and Python's own decoder ----

PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@"


def decoded_path(raw):
    """The segments of a path that may be judged, as text; None where it is 400."""
    if not raw.startswith("/") or not re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*", raw):
        return None
    segments = raw[1:].split("/")
    if len(segments) > 32:
        return None
    plain = []
    for n, segment in enumerate(segments):
        try:
            text = urllib.parse.unquote_to_bytes(segment).decode("utf-8", "strict")
        except UnicodeDecodeError:
            return None
        last_and_empty = text == "" and n == len(segments) - 1
        if (text == "" and not last_and_empty) or text in (".", "..") or re.search(r"[\x00-\x1f\x7f/\\;]|%[0-9A-Fa-f]{2}", text):
            return None
        plain.append(text)
    return plain


def needs_of_path(segments):
    """What a GET on these segments asks for; None where no rule maps it."""
    rest = segments[1:]
    if "" in rest and rest[:1] != ["f"]:
        return None
    if rest == ["a", "b"]:
        return {"s:two"}
    if len(rest) == 2 and rest[0] == "a":
        return {"s:one"}
    if len(rest) == 4 and rest[0] == "a" and rest[2] == "c":
        return {"s:three"}
    if len(rest) == 2 and rest[0] == "é":
        return {"s:two"}
    return {"s:four"} if len(rest) >= 2 and rest[0] == "f" else None


def canonical(segments):
    return "".join("/" + "".join(c if c in PLAIN else "".join(f"%{b:02X}" for b in c.encode()) for c in text) for text in segments)


PIECES = ["a", "b", "c", "f", "%41", "%61", "~", "x.y", "%20", "%C3%A9"] * 3 + ["/", "/", "/", "/a/", "/c/", "a/b", "..", ".", "%2e", "%2E%2e", "%2F", "%2f", "%5c", "\\", "%00", "%0a", "%7f", "%25",
          "%2541", "%252e", "%252f", ";", ";x=y", "%3b", "%c3%a9", "%C3%A9", "%C3", "%c0%ae", "%e2%82%ac", "%ed%a0%80", "%41", "%61",
          "%62", "%7e", "~", "@", ":", "+", "%20", "%2B", "!", "$", "'", "(", "*", ",", "=", "&", "%", "%zz", "%6", "//", "#", "#/api/a/b",
          "^", "|", "\"", "<", "{x}", "[", "`", "é", "...", ".b", "b.", "B", "%42"]


@case
def P01_P02_P03_P04_P05_P06_P10_every_path():
    """P01 P02 P03 P04 P05 P06 P10: refused, or the very path whose rule was judged"""
    allowed = refused = 0
    for _ in range(5000 * ROUNDS):
        start = chance.choice(["/api/a/", "/api/f/", "/api/a", "/api/", "/api/%c3%a9/", "/", "/api/a/b/c/", "/api/%61/", "/API/a/"])
        path = start + "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 5)))
        method, scopes = chance.choice(["GET", "GET", "HEAD"]), some_scopes()
        query = chance.choice(["", "", "?", "?a=%2F..&b", "?/api/a/b", "?x=/../%00", "?a[]={b}|^`"])
        prefix = chance.choice(["", "", "", "", "", f"http://{HOST}", f"HTTP://{HOST}", "http://evil.example"])
        segments = decoded_path(path)
        if segments == [""]:
            continue  # what stands at the root is the gate's own
        needs = needs_of_path(segments) if segments else None
        status, arrived, shown = ask(method, prefix + path + query, scopes)
        if segments is None or "evil" in prefix:
            assert status == 400, shown
        elif segments[0] != "api":
            assert status == 404, shown
        elif needs is None:
            assert status == 403, shown
        else:
            assert (status == 200) == (needs <= scopes) and status in (200, 403), (needs, shown)
        if arrived:
            allowed += 1
            equal(arrived[0].split(b"\r\n")[0].decode("latin-1"), f"{method} {canonical(segments)}{query} HTTP/1.1", shown)
        refused += not arrived
    assert allowed > 50 * ROUNDS and refused > 50 * ROUNDS, (allowed, refused)
    print(f"# {allowed} allowed, {refused} refused")


# ---- Queries ----

def readings_of_query(query):
    """How different servers read a query: sets of (name, value)."""
    strict = urllib.parse.parse_qsl(query, keep_blank_values=True)
    semicolons = urllib.parse.parse_qsl(query.replace(";", "&"), keep_blank_values=True)
    decoded_first = urllib.parse.parse_qsl(urllib.parse.unquote(query).replace(";", "&"), keep_blank_values=True)
    yield strict
    for pairs in (strict, semicolons, decoded_first if "%26" not in query and "%3D" not in query.upper() else strict):
        yield [(name.lower().strip(), value) for name, value in pairs]
        yield [(re.split(r"[\[.]", name.strip())[0].lower(), value) for name, value in pairs]      # qs, Rack, Spring
        yield [(re.sub(r"[ .\[]", "_", name.lstrip()).lower(), value) for name, value in pairs]     # PHP


def needs_of_pairs(pairs):
    return ({"s:one"} | ({"s:two"} if ("mode", "all") in pairs else set())
            | ({"s:three"} if any(name == "a_flag" for name, _ in pairs) else set()))


QUERY = ["mode=all", "mode=some", "mode", "mode=", "a_flag", "a_flag=", "a_flag=0", "%6dode=all", "MODE=all", "mode[]=all", "mode[0]=all",
         "mode%5B%5D=all", "mode.x=all", "x=1;mode=all", "x;a_flag", "", "", "=", "=all", "%zz", "%", "%00=1", "x=%0d%0a", "+mode=all",
         "mode=a%6Cl", "mode=ALL", "mode=all%20", "mode=all+", "%C3", "x=%C3%A9", "a=b", "x=mode=all", "a.flag=1", "a+flag", "a[flag",
         "a_flag[x]=y", "A_FLAG", "xmode=all", "modex=all", "x=%3Bmode=all", "mode%3Dall", "mode=all%26x"]


@case
def M15_P07_every_query():
    """M15 P07: what any reader could make of a query that arrived was covered by the token"""
    allowed = refused = exact = 0
    for _ in range(1500 * ROUNDS):
        query = "&".join(chance.choice(QUERY) for _ in range(chance.randint(0, 3)))
        scopes = some_scopes()
        status, arrived, shown = ask("GET", "/api/q?" + query, scopes)
        needs = [needs_of_pairs(pairs) for pairs in readings_of_query(query)]
        if arrived:
            allowed += 1
            equal(arrived[0].split(b"\r\n")[0].decode("latin-1"), f"GET /api/q?{query} HTTP/1.1", shown)
            assert all(need <= scopes for need in needs), (needs, shown)
            continue
        refused += 1
        clean = re.fullmatch(r"(?:(?:mode|a_flag|a|x)(?:=[a-z0-9]*)?(?:&|$))*", query) and not re.search(r"(mode|a_flag).*\1", query)
        if clean:  # nothing in it is doubtful
            exact += 1
            equal(status, 200 if needs[0] <= scopes else 403, shown)
    assert allowed > 100 * ROUNDS and refused > 100 * ROUNDS and exact > 30 * ROUNDS, (allowed, refused, exact)


# ---- Headers ----

HEADERS = ["X-Mode: all", "x-mode: all", "X-MODE:all", "X-Mode:\tall \t", "X-Mode: some", "X-Mode:", "X_Mode: all", "X.Mode: all", "x~mode: all",
           "X-Flag: 1", "X-Flag:", "x_flag: 1", "Connection: X-Mode", "Connection: keep-alive, x-flag", "Connection: x_mode", "X-Other: all",
           "X-Modes: all", "X-Mode: all, some", "X-Mode: ALL"]


@case
def M15_H01_H03_every_header():
    """M15 H01 H03: a judged header arrives as it was judged, and no other that could be taken for it"""
    allowed = refused = 0
    for _ in range(800 * ROUNDS):
        lines = [chance.choice(HEADERS) for _ in range(chance.randint(0, 3))]
        scopes = some_scopes()
        status, arrived, shown = ask("GET", "/api/h", scopes, lines)
        if not arrived:
            refused += 1
            continue
        allowed += 1
        there = [(re.sub("[^a-z0-9]", "-", name.lower()), value) for name, value in fields(arrived[0].decode("latin-1"))]
        modes = [value for name, value in there if name == "x-mode"]
        flags = [value for name, value in there if name == "x-flag"]
        needs = {"s:one"} | ({"s:two"} if "all" in modes else set()) | ({"s:three"} if flags else set())
        assert needs <= scopes and len(modes) <= 1 and len(flags) <= 1, shown
        sent = {line.split(":")[0].lower() for line in lines}
        equal((len(modes), len(flags)), ("x-mode" in sent, "x-flag" in sent), shown)
    assert allowed > 100 * ROUNDS and refused > 100 * ROUNDS, (allowed, refused)


# ---- Bodies ----

GOOD_VALUES = ['"all"', '"some"', "1", "null", "[]", '{"flag":1}', '{"x":1}', "{}"]
VALUES = GOOD_VALUES * 4 + ['"all"', '"a\\u006cl"', '"some"', '"ALL"', "1", "-0.5e3", "null", "true", "[]", "[\"all\"]", "{}", '{"flag":1}', '{"flag":null}', '{"Flag":1}',
          '{"fl\\u0061g":1}', '{"flag":1,"flag":2}', '{"x":{"flag":1}}', "01", "tru", '"\\ud800"', '"\x80"', "[1,]", "NaN"]
KEYS = ['"mode"', '"deep"', '"x"'] * 4 + ['"mode"', '"m\\u006fde"', '"Mode"', '"deep"', '"d\\u0065ep"', '"DEEP"', '"x"', '"\\u0000mode"', '"mode "', "mode"]
SPACES = ["", "", " ", "\n", "\t\r\n", "\n\n", "  "] * 3 + ["\u00a0", "/**/"]
TYPES = ["Content-Type: application/json"] * 12 + ["Content-Type: application/json; charset=utf-8", "Content-Type: application/json;charset=utf-16",
         "Content-Type: text/plain", "content-type: application/x-www-form-urlencoded", "Content-Type: application/json, text/plain"]
EXTRA = [[]] * 12 + [["Content-Encoding: gzip"], ["Content-Encoding: identity"], ["Content_Encoding: gzip"], ["Content_Type: text/plain"],
                     ["Connection: Content-Type"], ["Content-Type: application/json"], ["Transfer_Encoding: chunked"]]


def readings_of_json(text):
    """How different libraries read an object: the first or the last of two, with or without case."""
    for fold in (str, str.lower):
        for order in (list, reversed):
            yield json.loads(text, object_pairs_hook=lambda pairs: {fold(k): v for k, v in order(list(pairs))})


def needs_of_json(tree):
    deep = tree.get("deep") if isinstance(tree, dict) else None
    return ({"s:one"} | ({"s:two"} if isinstance(tree, dict) and tree.get("mode") == "all" else set())
            | ({"s:three"} if isinstance(deep, dict) and "flag" in deep else set()))


@case
def M13_M15_every_body():
    """M13 M15: a judged body arrives byte for byte, and no library finds in it what the token did not cover"""
    allowed = refused = 0
    for _ in range(1500 * ROUNDS):
        members = [chance.choice(SPACES[:6]) + chance.choice(KEYS) + ":" + chance.choice(VALUES) for _ in range(chance.randint(0, 3))]
        text = chance.choice(SPACES) + "{" + ",".join(members) + "}" + chance.choice(SPACES + ["{}", "\x00"])
        body, scopes = text.encode("latin-1"), some_scopes()
        kind, extra = chance.choice(TYPES), chance.choice(EXTRA)
        status, arrived, shown = ask("POST", "/api/j", scopes, [kind, *extra], body)
        if not arrived:
            refused += 1
            continue
        allowed += 1
        equal(arrived[1], body, shown)
        there = [(re.sub("[^a-z0-9]", "-", name.lower()), value) for name, value in fields(arrived[0].decode("latin-1"))]
        equal([value for name, value in there if name == "content-type"], [kind.split(": ")[1]], shown)
        equal([value for name, value in there if name == "content-encoding" and value != "identity"], [], shown)
        equal([value for name, value in there if name == "content-length"], [str(len(body))], shown)
        for tree in readings_of_json(body.decode("utf-8")):
            assert needs_of_json(tree) <= scopes, (tree, shown)
    assert allowed > 100 * ROUNDS and refused > 100 * ROUNDS, (allowed, refused)


@case
def bodies_that_no_rule_reads_arrive_byte_for_byte():
    for _ in range(200 * ROUNDS):
        body = chance.randbytes(chance.choice([1, 10, 4096, 70000]))
        scopes = some_scopes()
        status, arrived, shown = ask("POST", "/api/raw", scopes, ["Content-Type: a/b"], body)
        equal(status, 200 if "s:one" in scopes else 403)
        equal(arrived and arrived[1], body if status == 200 else None)


@case
def all_went_well_to_the_end():
    equal(remit.stop(), 0)
    for word in ("AddressSanitizer", "LeakSanitizer", "runtime error"):
        assert word not in remit.log, remit.log
    print(f"# {len(got)} requests arrived")


run()
