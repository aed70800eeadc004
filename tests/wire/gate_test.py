#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The order and the bytes of the gate's answers (decisions.md, "Answers"), over real sockets."""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests"))
from tap import case, equal, run  # noqa: E402

PROFILE = """
profile: toy
title: A Toy
scopes: { "a:read": Read., "a:write": Write., "a:publish": Publish., "*": All. }
presets:
  read-only: { title: Read-only, for: Looking., scopes: ["a:read"] }
  all-three: { title: All, for: Doing., scopes: ["a:read", "a:write", "a:publish"] }
  publish-only: { title: Publish, for: Doing., scopes: ["a:write", "a:publish"] }
tokens: { prefix: PREFIX }
rate: { pat: 6000 }
rest:
  base: BASE
  rules:
    - { on: GET /health, need: token }
    - { on: GET /open, need: public }
    - { on: "GET /things/{id}", need: "a:read" }
    - on: POST /things
      need: "a:write"
      when:
        - { present: body./at, need: "a:publish" }
        - { equals: [query.mode, hard], need: "a:publish" }
    - { on: "POST /things/{id}/poke", need: "a:write" }
    - { on: "DELETE /things/{id}", need: ["a:write", "a:publish"] }
    - { on: POST /upload, need: "a:write" }
"""

CONFIG = """
listen: 127.0.0.1:0
public_url: https://toy.example.com
store: sqlite:toy.db
secrets_key: file:secrets.key
max_staleness: 500ms
trusted_proxies: [loopback]
apis:
  toy: { profile: ./toy.yaml, service: publishing, origins: ["https://page.example.org"], hosts: ["alias.example.net"] }
  other: { profile: ./other.yaml, service: publishing }
"""


class Gate:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="remit-gate-")
        for name, prefix, base in (("toy", "ty", "/api"), ("other", "ot", "/other")):
            with open(f"{self.folder}/{name}.yaml", "w", encoding="utf-8") as file:
                file.write(PROFILE.replace("PREFIX", prefix).replace("BASE", base))
        with open(f"{self.folder}/remit.yaml", "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.process = subprocess.Popen([os.environ["GATE_SERVER"], f"{self.folder}/remit.yaml"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.project = self.process.stdout.readline().strip()
        self.port = int(self.process.stdout.readline())

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def token(self, name, scopes, owner="ann@example.com", rate=0, expires_ms=0, project="-"):
        text = self.say(f"token {name} {owner} {scopes} {rate} {expires_ms} {project}")
        assert re.fullmatch(r"[a-z]+_pat_\w+", text), text
        time.sleep(0.1)
        return text

    def audit(self, name=""):
        lines = [self.say(f"audit {name}")]
        while lines[-1] != ".":
            lines.append(self.process.stdout.readline().rstrip("\n"))
        return lines[:-1]


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value

    def code(self):
        return self.status, json.loads(self.body)["error"]["code"]


def raw(text):
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as s:
        s.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))
        s.shutdown(socket.SHUT_WR)
        data = b""
        while chunk := s.recv(65536):
            data += chunk
    return data


def call(method, target, token=None, body=None, host="localhost:PORT", headers=()):
    lines = [f"{method} {target} HTTP/1.1", "Host: " + host.replace("PORT", str(gate.port)),
             "Connection: close"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None and not any(h.lower().startswith("content-type") for h in headers):
        lines.append("Content-Type: application/json")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return Answer(raw("\r\n".join([*lines, *headers, "", ""]) + (body or "")))


gate = Gate()
READ = gate.token("read", "a:read")
WRITE = gate.token("write", "a:write")
PUBLISH = gate.token("publish", "a:publish")
BOTH = gate.token("both", "a:write,a:publish")
NONE = gate.token("none", "-")
ROOT = gate.token("root", "*", owner="root@example.com")
OTHER = gate.token("other-read", "a:read")
META = 'resource_metadata="https://toy.example.com/.well-known/oauth-protected-resource/api"'
INVALID = b'{"error":{"code":"invalid_token","message":"Token is invalid, expired or revoked"}}'


@case
def allowed_and_who_called():
    answer = call("GET", "/api/health", READ)
    equal(answer.status, 200)
    equal(json.loads(answer.body)["operation"], "health")
    equal(answer.headers["cache-control"], "no-store")
    equal(len(answer.headers["remit-request-id"]), 32)
    answer = call("GET", "/api/things/x%20y", READ)
    equal((answer.status, json.loads(answer.body)["param"]), (200, "x y"))


@case
def no_credentials_401():
    answer = call("GET", "/api/things/1")
    equal(answer.body, b'{"error":{"code":"unauthorized","message":"Missing bearer token"}}')
    equal(answer.headers["www-authenticate"], f'Bearer realm="toy", {META}, scope="a:read"')
    equal(answer.status, 401)
    equal(call("GET", "/api/health").headers["www-authenticate"], f'Bearer realm="toy", {META}')


@case
def test_T02_one_answer_for_every_bad_token():
    expired = gate.token("soon", "a:read", expires_ms=int(time.time() * 1000) + 1100)
    revoked = gate.token("gone", "a:read")
    equal(call("GET", "/api/health", revoked).status, 200)
    equal(gate.say("revoke gone"), "ok")
    time.sleep(1.5)
    flipped = READ[:-1] + ("0" if READ[-1] != "0" else "1")
    answers = [call("GET", "/api/things/1", t) for t in
               (expired, revoked, OTHER, flipped, READ[:-1], READ + "0", "nonsense", READ + ",", "ty_pat_")]
    for answer in answers:
        equal((answer.status, answer.body), (401, INVALID))
        equal(answer.headers["www-authenticate"],
              f'Bearer realm="toy", {META}, scope="a:read", error="invalid_token"')


@case
def test_H07_a_token_anywhere_else_is_no_token():
    equal(call("GET", f"/api/health?access_token={READ}").code(), (401, "unauthorized"))
    for header in (f"Cookie: access_token={READ}", f"X-Api-Key: {READ}", f"Authorization: Basic {READ}",
                   f"Authorization: {READ}", f"Proxy-Authorization: Bearer {READ}"):
        equal(call("GET", "/api/health", headers=[header]).code(), (401, "unauthorized"), header)


@case
def test_H08_two_authorization_fields():
    for second in (READ, WRITE):
        equal(call("GET", "/api/health", READ, headers=[f"Authorization: Bearer {second}"]).code(),
              (400, "bad_request"))
    joined = call("GET", "/api/health", headers=[f"Authorization: Bearer {READ}, Bearer {READ}"])
    equal((joined.status, joined.body), (401, INVALID))


@case
def the_scheme_in_any_case():
    for scheme, status in (("bearer", 200), ("BEARER", 200), ("Bearer ", 401), ("Bearer\t", 401)):
        equal(call("GET", "/api/health", headers=[f"Authorization: {scheme} {READ}"]).status, status, scheme)


@case
def test_P09_insufficient_scope_byte_for_byte():
    answer = call("POST", "/api/things", WRITE, body='{"at": null}')
    equal(answer.status, 403)
    equal(answer.body,
          b'{"error":{"code":"insufficient_scope","message":"Token missing scope(s): a:publish"}}')
    equal(answer.headers["www-authenticate"],
          'Bearer realm="toy", error="insufficient_scope", scope="a:write a:publish", '
          'error_description="Token missing scope(s): a:publish. Make a token with the preset publish-only, which has what is needed.", ' + META)
    answer = call("DELETE", "/api/things/1", READ)
    equal(answer.body,
          b'{"error":{"code":"insufficient_scope","message":"Token missing scope(s): a:write, a:publish"}}')
    for token, status in ((WRITE, 403), (PUBLISH, 403), (BOTH, 200), (ROOT, 200)):
        equal(call("DELETE", "/api/things/1", token).status, status)


@case
def test_P08_no_write_under_a_read_scope():
    equal(call("POST", "/api/things", READ, body="{}").status, 403)
    equal(call("POST", "/api/things", WRITE, body="{}").status, 201)
    equal(call("GET", "/api/things", READ).code(), (403, "unmapped_operation"))


@case
def test_P10_head_and_method_override():
    answer = call("HEAD", "/api/things/1", READ)
    equal((answer.status, answer.body), (200, b""))
    equal(call("HEAD", "/api/things/1", WRITE).status, 403)
    for name in ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"):
        got = call("GET", "/api/things/1", READ, headers=[f"{name}: DELETE"])
        equal(json.loads(got.body)["operation"], "get_thing")
    for name in ("X-Original-URL", "X-Rewrite-URL"):
        got = call("GET", "/api/health", READ, headers=[f"{name}: /api/things/1"])
        equal(json.loads(got.body)["operation"], "health")
    for method in ("CONNECT", "TRACE"):
        answer = call(method, "/api/health", READ)
        assert answer.status in (405, 400), answer.status
    got = call("GET", f"http://localhost:{gate.port}/api/things/1", READ)
    equal(json.loads(got.body)["operation"], "get_thing")
    equal(call("GET", "http://evil.example/api/things/1", READ).status, 400)


@case
def unmapped_without_reading_the_body():
    equal(call("PUT", "/api/things/1", ROOT, body="not json").code(), (403, "unmapped_operation"))
    equal(call("PUT", "/api/things/1").code(), (401, "unauthorized"))
    equal(call("GET", "/api/health/", READ).code(), (403, "unmapped_operation"))
    equal(call("GET", "/api", READ).code(), (403, "unmapped_operation"))
    equal(call("GET", "/apiary", READ).code(), (404, "not_found"))
    equal(call("GET", "/nothing").code(), (404, "not_found"))


@case
def paths_400_before_the_token():
    for path in ("/api/../x", "/api/%2e%2e/x", "/api/things/a%2Fb", "/api//things", "/api/things/a%00",
                 "/api/things/a;b"):
        equal(call("GET", path).code(), (400, "bad_request"), path)


@case
def hosts_and_origins():
    for host, status in (("toy.example.com", 200), ("TOY.example.com:443", 200), ("alias.example.net", 200),
                         ("127.0.0.1:PORT", 200), ("127.9.9.9:PORT", 200), ("[::1]:PORT", 200),
                         ("localhost:1", 400),
                         ("localhost", 400), ("evil.example", 400), ("toy.example.com:8080", 400),
                         ("toy.example.com.", 400)):
        equal(call("GET", "/api/health", READ, host=host).status, status, host)
    equal(call("GET", "/other/health", OTHER, host="alias.example.net").status, 400)
    for origin, status in (("https://toy.example.com", 200), ("https://page.example.org", 200),
                           (f"http://localhost:{gate.port}", 200),
                           ("https://evil.example", 403), ("null", 403), ("http://toy.example.com", 403),
                           ("https://page.example.org.evil.example", 403), ("http://localhost:1", 403)):
        answer = call("GET", "/api/health", READ, headers=[f"Origin: {origin}"])
        equal(answer.status, status, origin)
        equal(answer.headers.get("access-control-allow-origin"), origin if status == 200 else None)
        if status == 403:
            equal(answer.code(), (403, "origin_forbidden"))
    equal(call("GET", "/other/health", OTHER, headers=["Origin: https://page.example.org"]).status, 403)
    equal(call("GET", "/api/health", host="evil.example").code(), (400, "bad_request"), "before the token")


@case
def preflight_is_answered_by_the_gate():
    ask = ["Origin: https://page.example.org", "Access-Control-Request-Method: POST"]
    answer = call("OPTIONS", "/api/things", headers=ask)
    equal(answer.status, 204)
    equal(answer.headers["access-control-allow-origin"], "https://page.example.org")
    equal(answer.headers["access-control-allow-headers"], "authorization, content-type, dpop, idempotency-key")
    assert "Origin" in answer.headers["vary"]
    equal(call("OPTIONS", "/api/things", headers=["Origin: https://evil.example", ask[1]]).status, 403)
    equal(call("OPTIONS", "/api/things", headers=[ask[0]]).status, 401)


@case
def sizes_types_and_json_after_the_token_before_the_scope():
    big = "{" + " " * (1024 * 1024) + "}"
    for token in (READ, WRITE):
        equal(call("POST", "/api/things", token, body=big).code(), (413, "payload_too_large"))
        equal(call("POST", "/api/things", token, body="a=b", headers=["Content-Type: text/plain"]).code(),
              (415, "unsupported_media_type"))
        equal(call("POST", "/api/things", token, body='{"a":}').code(), (400, "bad_request"))
    equal(call("POST", "/api/things", body="not json").status, 401)
    for headers in (["Content-Encoding: gzip"], ["Content-Type: application/json; charset=utf-16"],
                    ["Content-Type: application/json; charset=utf-8; charset=utf-16"],):
        equal(call("POST", "/api/things", WRITE, body="{}", headers=headers).status, 415, headers)
    for headers in (["Content-Encoding: identity"], ["Content-Type: Application/JSON; charset=UTF-8"]):
        equal(call("POST", "/api/things", WRITE, body="{}", headers=headers).status, 201, headers)
    equal(call("POST", "/api/things", WRITE).code(), (400, "bad_request"))
    equal(call("POST", "/api/things", WRITE, body="[]").code(), (400, "bad_request"))
    equal(call("GET", "/api/health", READ, body="{}").code(), (400, "bad_request"))
    equal(call("POST", "/api/things/1/poke", WRITE).status, 200)
    equal(call("POST", "/api/things/1/poke", WRITE, body="{}").status, 200)
    equal(call("POST", "/api/things/1/poke", WRITE, body="{").status, 400)
    message = json.loads(call("POST", "/api/things", WRITE, body='{"a":}').body)["error"]["message"]
    assert "byte 5" in message, message


@case
def expect_100_only_after_the_token():
    head = (f"POST /api/things HTTP/1.1\r\nHost: localhost:{gate.port}\r\nConnection: close\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n")
    equal(Answer(raw(head + "\r\n{}")).status, 401)
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as s:
        s.sendall((head + f"Authorization: Bearer {WRITE}\r\n\r\n").encode())
        equal(s.recv(100).split(b"\r\n")[0], b"HTTP/1.1 100 Continue")
        s.sendall(b"{}")
        equal(s.recv(1000).split(b"\r\n")[0], b"HTTP/1.1 201 Created")


@case
def conditions_and_M15_what_stands_twice():
    equal(call("POST", "/api/things", WRITE, body='{"at":"x"}').status, 403)
    equal(call("POST", "/api/things", WRITE, body='{"\\u0061t":"x"}').status, 403)
    equal(call("POST", "/api/things", WRITE, body='{"b":{"at":1}}').status, 201)
    for body in ('{"at":1,"at":2}', '{"AT":1}', '{"b":1,"b":2}'):
        equal(call("POST", "/api/things", BOTH, body=body).status, 400, body)
    equal(call("POST", "/api/things?mode=hard", WRITE, body="{}").status, 403)
    equal(call("POST", "/api/things?mode=soft", WRITE, body="{}").status, 201)
    equal(call("POST", "/api/things?mode=soft&mode=hard", WRITE, body="{}").code(), (400, "bad_request"))
    equal(call("POST", "/api/things?Mode=hard", WRITE, body="{}").code(), (400, "bad_request"))
    equal(call("POST", "/api/things?mode=%zz", WRITE, body="{}").code(), (400, "bad_request"))
    equal(call("POST", "/api/things?more=1", WRITE, body="{}").code(), (422, "validation_failed"))


@case
def multipart_is_judged_from_the_head():
    body = '--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n--b--\r\n'
    kind = ["Content-Type: multipart/form-data; boundary=b"]
    equal(call("POST", "/api/upload", WRITE, body=body, headers=kind).status, 201)
    equal(call("POST", "/api/upload", READ, body=body, headers=kind).status, 403)
    equal(call("POST", "/api/upload", WRITE, body="{}").status, 415)
    head = f"POST /api/upload HTTP/1.1\r\nHost: localhost:{gate.port}\r\nConnection: close\r\n{kind[0]}\r\n"
    token = f"Authorization: Bearer {WRITE}\r\n"
    equal(Answer(raw(head + token + "Content-Length: 30000000\r\n\r\n")).status, 413)
    refused = head + f"Authorization: Bearer {READ}\r\nContent-Length: 20000000\r\n\r\n"
    equal(Answer(raw(refused)).status, 403, "without waiting for the body")


@case
def public_reads_no_token():
    for token in (None, "nonsense", READ):
        equal(call("GET", "/api/open", token).status, 200)


@case
def test_T04_no_scopes_means_none():
    equal(call("GET", "/api/health", NONE).status, 200)
    equal(call("GET", "/api/things/1", NONE).code(), (403, "insufficient_scope"))


@case
def test_T08_a_disabled_owner():
    gate.say("disable root@example.com")
    equal(call("GET", "/api/health", ROOT).body, INVALID)
    gate.say("enable root@example.com")
    equal(call("GET", "/api/health", ROOT).status, 200)


@case
def test_T09_keyed_answers_are_not_kept():
    equal(call("GET", "/api/things/public", READ).headers["cache-control"], "no-store")
    equal(call("GET", "/api/things/private", READ).headers["cache-control"], "private, max-age=60")
    equal(call("GET", "/api/health").headers["cache-control"], "no-store")
    equal(call("GET", "/api/things/1", WRITE).headers["cache-control"], "no-store")


@case
def rate_limits_and_their_headers():
    slow = gate.token("slow", "a:read", rate=3)
    for remaining in (2, 1, 0):
        answer = call("GET", "/api/health", slow)
        equal((answer.status, answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]),
              (200, "3", str(remaining)))
    answer = call("POST", "/api/things", slow, body="not json")
    equal(answer.code(), (429, "rate_limited"))
    wait = int(answer.headers["retry-after"])
    equal(answer.body,
          f'{{"error":{{"code":"rate_limited","message":"Rate limit exceeded (3/min). Retry after {wait}s.",'
                       f'"limit":3,"retry_after_seconds":{wait}}}}}'.encode())
    assert 55 <= wait <= 60, wait
    equal(answer.headers["x-ratelimit-remaining"], "0")
    off = gate.token("off", "a:read", rate=65535)
    assert "x-ratelimit-limit" not in call("GET", "/api/health", off).headers
    equal(call("GET", "/api/health", READ).headers["x-ratelimit-limit"], "6000")


@case
def test_L07_bad_tokens_lock_nobody_out():
    for _ in range(200):
        equal(call("GET", "/api/health", "nonsense").status, 401)
    equal(call("GET", "/api/health", READ).status, 200)


@case
def a_bound_token_and_its_project():
    bound = gate.token("bound", "a:read", project=gate.project)
    equal(json.loads(call("GET", "/api/health", bound).body)["project"], gate.project)
    equal(json.loads(call("GET", "/api/health", READ).body)["project"], "")


@case
def metadata_index_and_operations():
    answer = call("GET", "/.well-known/oauth-protected-resource/api",
                  headers=["Origin: https://evil.example"])
    equal(json.loads(answer.body), {"resource": "https://toy.example.com/api", "scopes_supported": ["a:read"],
                                    "bearer_methods_supported": ["header"], "resource_name": "A Toy"})
    equal(answer.headers["access-control-allow-origin"], "*")
    equal(json.loads(call("GET", "/.well-known/oauth-protected-resource").body)["resource"],
          "https://toy.example.com")
    equal(call("GET", "/.well-known/oauth-protected-resource/nothing").status, 404)
    equal([a["name"] for a in json.loads(call("GET", "/").body)["apis"]], ["toy", "other"])
    equal(call("GET", "/healthz").status, 200)
    equal(json.loads(call("GET", "/readyz").body), {"ready": True})
    text = call("GET", "/metrics").body.decode()
    for wanted in ('remit_decisions_total{api="toy",verdict="refused",reason="scope_missing"}',
                   "remit_table_tokens",
                   "remit_feed_staleness_seconds", "remit_connections_open", "remit_audit_lost_total 0",
                   'remit_request_seconds_bucket{le="+Inf"}', "remit_build_info"):
        assert wanted in text, wanted


@case
def what_a_proxy_passed_on_gets_no_operations():
    for field in ("X-Forwarded-For: 127.0.0.1", "x-forwarded-proto: https", "Forwarded: for=x", "Via: 1.1 x", "X-Real-IP: 127.0.0.1",
                  "X_Forwarded_For: 1"):
        for path in ("/metrics", "/readyz", "/healthz"):
            answer = call("GET", path, headers=[field])
            equal((answer.status, b"remit_" in answer.body), (404, False), (field, path))
    equal(call("GET", "/metrics", headers=["X-Other: 1"]).status, 200)


@case
def metrics_come_family_by_family():
    answer = call("GET", "/metrics")
    equal((answer.headers["transfer-encoding"], "content-length" in answer.headers), ("chunked", False))
    text, pieces = "", 0
    rest = answer.body
    while (line := rest.split(b"\r\n", 1))[0] != b"0":
        size = int(line[0], 16)
        piece, rest = line[1][:size].decode(), line[1][size + 2:]
        assert piece.startswith("# HELP ") and piece.endswith("\n"), piece
        text, pieces = text + piece, pieces + 1
    equal((rest, pieces > 3), (b"0\r\n\r\n", True))
    old = raw(f"GET /metrics HTTP/1.0\r\nHost: localhost:{gate.port}\r\n\r\n").partition(b"\r\n\r\n")[2].decode()
    names = [line.rsplit(" ", 1)[0] for line in text.splitlines()]
    equal([line.rsplit(" ", 1)[0] for line in old.splitlines()], names)
    bare = raw(f"HEAD /metrics HTTP/1.1\r\nHost: localhost:{gate.port}\r\n\r\n").partition(b"\r\n\r\n")
    equal((bare[0].split(b"\r\n")[0], bare[2]), (b"HTTP/1.1 200 OK", b""))


@case
def the_audit_log_has_what_was_decided():
    equal(sorted(gate.audit("slow")),
          ["200 allowed toy GET /health 0"] * 3 + ["429 rate_limited toy POST /things 0"])
    equal(gate.audit("gone")[-1], "401 token_revoked toy GET /things/{id} 0")
    assert "403 unmapped toy  0" in gate.audit(), gate.audit()[-5:]


@case
def the_audit_log_has_what_never_came_to_a_decision():
    early = gate.token("early", "a:write")
    json_type = "Content-Type: application/json"
    equal(call("POST", "/api/things", early, body="not json").status, 400)
    equal(call("POST", "/api/things", early, headers=[json_type, "Content-Length: 99999999"]).status, 413)
    equal(call("POST", "/api/things", early, body="a=b", headers=["Content-Type: text/plain"]).status, 415)
    equal(call("POST", "/api/upload", early, headers=[json_type, "Content-Length: 9"]).status, 415)
    equal(call("GET", "/api/health", early, headers=["Origin: https://evil.example"]).status, 403)
    equal(call("GET", "/api/health", early, host="evil.example").status, 400)
    equal(sorted(gate.audit("early")), ["400 bad_request toy POST /things 0", "413 payload_too_large toy POST /things 0",
                                "415 unsupported_media_type toy POST /things 0",
                                "415 unsupported_media_type toy POST /upload 0"])
    for wanted in ("403 origin_forbidden toy  0", "400 bad_request toy  0"): # before any rule was looked for
        assert wanted in gate.audit()[-8:], gate.audit()[-8:]
    text = call("GET", "/metrics").body.decode()
    counts = dict(re.findall(r'remit_decisions_total{api="toy",verdict="refused",reason="(\w+)"} (\d+)', text))
    assert int(counts["bad_request"]) >= 2 and int(counts["unsupported_media_type"]) >= 2, counts
    assert int(counts["rate_limited"]) >= 1 and int(counts["origin_forbidden"]) >= 1, counts


# ---- Tokens that are bound to a key (RFC 9449) ----

PUBLIC = "https://toy.example.com"
ALGS = 'DPoP algs="ES256 EdDSA Ed25519 PS256", realm="toy"'
serial = [0]


def proof(token, method="GET", url=f"{PUBLIC}/api/things/1", key=0, alg="ES256", jti=None, age=0):
    serial[0] += 1
    text = gate.say(f"proof {key} {alg} {method} {url} {token} {jti or serial[0]} {age}")
    assert text.count(".") == 2, text
    return text


def bound_call(token, *proofs, method="GET", target="/api/things/1", scheme="DPoP", **more):
    headers = [f"Authorization: {scheme} {token}", *(f"DPoP: {p}" for p in proofs)]
    return call(method, target, headers=headers, **more)


def refused(answer, error, described=None):
    equal((answer.status, answer.body), (401, INVALID))
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(ALGS) and f'error="{error}"' in challenge and challenge.count("error=") == 1, challenge
    assert META in challenge, challenge
    assert not described or f'error_description="{described}"' in challenge, challenge


BOUND = gate.say("bound bound a:read")
time.sleep(0.1)


@case
def a_bound_token_with_its_proof():
    equal(bound_call(BOUND, proof(BOUND)).status, 200)
    equal(bound_call(BOUND, proof(BOUND, url=f"{PUBLIC}:443/api/things/1?x=y#z")).status, 200)
    equal(bound_call(BOUND, proof(BOUND, url=f"{PUBLIC}/api/things/%31"), scheme="dpop").status, 200)
    local = f"localhost:{gate.port}"
    equal(bound_call(BOUND, proof(BOUND, url=f"https://{local}/api/things/1")).status, 200)
    equal(bound_call(BOUND, proof(BOUND, age=58)).status, 200)
    equal(bound_call(BOUND, proof(BOUND, age=-58)).status, 200)


@case
def H07_a_bound_token_is_no_bearers():
    answer = call("GET", "/api/things/1", BOUND)
    refused(answer, "invalid_token")
    refused(call("GET", "/api/things/1", BOUND, headers=[f"DPoP: {proof(BOUND)}"]), "invalid_token")
    assert "token_unproven" in [line.split()[1] for line in gate.audit("bound")]  # the order is each loop's own


@case
def O12_a_proof_that_is_none():
    for made, why in (
            ([], "There is no proof"),
            ([proof(BOUND), proof(BOUND)], "There is more than one proof"),
            ([proof(BOUND) + "," + proof(BOUND)], None),
            (["x"], "The proof is no JWS in its compact form"),
            ([proof(BOUND, key=1)], "The proof is by another key than the token's"),
            ([proof(BOUND, alg="none")], None),
            ([proof(BOUND, alg="HS256")], None),
            ([proof(BOUND, method="POST")], "The proof's htm is not the request's method"),
            ([proof(BOUND, url=f"{PUBLIC}/api/things/2")], "The proof's htu is not the request's URL"),
            ([proof(BOUND, url="http://toy.example.com/api/things/1")], "The proof's htu is not the request's URL"),
            ([proof(BOUND, url="https://evil.example.com/api/things/1")], "The proof's htu is not the request's URL"),
            ([proof(BOUND, url="https://alias.example.net/api/things/1")], "The proof's htu is not the request's URL"),
            ([proof(READ)], "The proof's ath is not of this token"),
            ([proof("-")], "The proof's ath is not of this token"),
            ([proof(BOUND, age=63)], "The proof's iat is not within a minute of now"),
            ([proof(BOUND, age=-63)], "The proof's iat is not within a minute of now"),
            ([proof(BOUND)[:-2] + "AA"], "The proof is not signed by its key"),
            ([proof(BOUND) + "A" * 4096], "The proof is too long")):
        refused(bound_call(BOUND, *made), "invalid_dpop_proof", why)


@case
def O12_a_proof_is_good_once_on_every_loop():
    for _ in range(8):
        once = proof(BOUND)
        equal(sorted(bound_call(BOUND, once).status for _ in range(4)), [200, 401, 401, 401])
    refused(bound_call(BOUND, once), "invalid_dpop_proof", "The proof was used before")


@case
def an_unbound_token_is_proven_by_nothing():
    answer = bound_call(READ, proof(READ))
    refused(answer, "invalid_token")
    equal(bound_call("ty_oat_x", proof("ty_oat_x")).status, 401)
    equal(call("GET", "/api/things/1", READ).status, 200)


@case
def H07_a_proxy_that_asks_proves_nothing():
    asked = ["X-Original-Method: GET", "X-Original-URI: /api/things/1"]
    equal(call("GET", "/gate/forward/toy", READ, headers=asked).status, 200)
    equal(call("GET", "/gate/forward/toy", BOUND, headers=asked).status, 401)
    for url in (f"{PUBLIC}/api/things/1", f"{PUBLIC}/gate/forward/toy"):
        headers = [*asked, f"Authorization: DPoP {BOUND}", f"DPoP: {proof(BOUND, url=url)}"]
        refused(call("GET", "/gate/forward/toy", headers=headers), "invalid_dpop_proof")


@case
def what_a_bound_token_lacks_is_told_under_its_scheme():
    answer = bound_call(BOUND, proof(BOUND, "POST", f"{PUBLIC}/api/things"), method="POST", target="/api/things", body="{}")
    equal(answer.code(), (403, "insufficient_scope"))
    assert answer.headers["www-authenticate"].startswith(ALGS + ', error="insufficient_scope"'), answer.headers


@case
def D14_a_bound_token_that_was_revoked():
    gone = gate.say("bound bound-gone a:read")
    time.sleep(0.1)
    equal(bound_call(gone, proof(gone)).status, 200)
    equal(gate.say("revoke bound-gone"), "ok")
    refused(bound_call(gone, proof(gone)), "invalid_token")


@case
def test_L05_T12_a_store_that_is_gone_refuses_everybody():
    base = f"{gate.folder}/toy.db"
    files = [f for f in (base, base + "-wal", base + "-shm") if os.path.exists(f)]
    for name in files:
        os.rename(name, name + ".away")
    time.sleep(1.5)
    answer = call("GET", "/api/health", READ)
    equal(answer.code(), (503, "unavailable"))
    equal(answer.headers["retry-after"], "1")
    equal(call("GET", "/api/health").status, 401)
    equal(call("GET", "/api/open").status, 200)
    equal(call("GET", "/healthz").status, 200)
    equal(call("GET", "/readyz").status, 503)
    for name in files:
        os.rename(name + ".away", name)
    deadline = time.time() + 5
    while call("GET", "/api/health", READ).status != 200 and time.time() < deadline:
        time.sleep(0.1)
    equal(call("GET", "/api/health", READ).status, 200)


@case
def the_server_ends_cleanly():
    gate.process.stdin.close()
    equal(gate.process.wait(20), 0)


run()
