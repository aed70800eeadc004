#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Standard clients of OAuth, out of npm, against a running server: they throw where an answer is not what its RFC says.
And clients whose id is the URL of a document, at a server that does what servers do."""
import http.server
import json
import os
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests"))
sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests/e2e"))
import mcp_npm  # noqa: E402
import tls  # noqa: E402
from harness import BINARY, Remit, until  # noqa: E402
from tap import case, equal, run  # noqa: E402

CA = tls.Authority()
release = threading.Event()  # what hangs goes on


class Host(http.server.BaseHTTPRequestHandler):
    """A server of documents: what each path answers is in `answers`, how often it was asked in `asked`."""
    protocol_version = "HTTP/1.1"
    answers, asked = {}, []
    wbufsize = -1

    def do_GET(self):  # pylint: disable=invalid-name
        self.asked.append(self.path)
        if self.path.startswith("/hanging"):
            release.wait(30)
        status, headers, body = self.answers.get(self.path, (404, {}, b"{}"))
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
host.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*CA.issue("host"))
host.socket = context.wrap_socket(host.socket, server_side=True)
threading.Thread(target=host.serve_forever, daemon=True).start()
BASE = f"https://localhost:{host.server_port}"

remit = Remit(config=[f"outbound: {{ allow: [loopback], ca: {CA.cert} }}", "trusted_proxies: [loopback]"])
remit.cli("user", "add", "ann@example.com")
MACHINE = remit.cli("client", "add", "machine", "--scope", "stories:read", "--owner", "ann@example.com")
clock = os.path.join(remit.folder, "clock")


def set_clock(seconds):
    with open(clock, "r+b" if os.path.exists(clock) else "wb") as file:
        file.write(struct.pack("=qq", seconds * 1000, 0))


set_clock(0)
remit.serve(LD_PRELOAD=os.environ["REMIT_CLOCK_SHIFT"], REMIT_TEST_CLOCK=clock,
            ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
RESOURCE = remit.url + "/api/v1"


def by(script):
    mcp_npm.install()
    return json.loads(mcp_npm.run(script, remit.url, RESOURCE, MACHINE["client_id"], MACHINE["client_secret"]))


@case
def oauth4webapi_with_and_without_a_key():
    got = by("oauth4webapi.mjs")
    equal(got["servers"], [remit.url])
    equal(got["algorithms"], ["ES256", "EdDSA", "Ed25519", "PS256"])
    equal(got["bearer"], ["bearer", 200])
    assert {"ES256", "PS256"} <= set(got["bound"]) and set(got["bound"]) & {"Ed25519", "EdDSA"}, got["bound"]
    for algorithm, seen in got["bound"].items():
        equal((algorithm, seen), (algorithm, ["dpop", 200, 200, "DPoP", True]))
    refused = got["refused"]
    for name, error in (("asBearer", "invalid_token"), ("byAnother", "invalid_dpop_proof"), ("unbound", "invalid_token"),
                        ("revoked", "invalid_token"), ("child", "invalid_token")):
        equal((name, refused[name]["status"], refused[name]["schemes"], refused[name]["told"]), (name, 401, ["dpop"], [error]))
    equal(got["child"], ["dpop", True, 200])
    equal((refused["childByAnother"]["status"], refused["childByAnother"]["error"]), (400, "invalid_request"))
    equal((got["active"], got["pushed"]), (False, True))
    equal((got["device"][0], got["device"][1]["error"]), ("string", "authorization_pending"))
    equal(got["mcp"], [200, 401, 401])
    told = remit.call("GET", "/.well-known/oauth-protected-resource/api/v1").json()
    equal(told["dpop_signing_alg_values_supported"], got["algorithms"])
    shown = json.loads(remit.run("token", "check", "--json", stdin=got["left"] + "\n").stdout)
    equal(shown["token"]["jkt"] if "token" in shown else shown["jkt"], got["jkt"])
    H07_nobody_proves_it_for_another(got["left"])


def H07_nobody_proves_it_for_another(token):
    """A bound token over stdio, and behind a proxy that asks."""
    asks = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    env = {**os.environ, "REMIT_CONFIG": remit.config, "REMIT_TOKEN": token}
    done = subprocess.run([BINARY, "mcp", "serve"], input=json.dumps(asks) + "\n", capture_output=True, text=True, timeout=60,
                          env=env, cwd=remit.folder, check=False)
    equal(json.loads(done.stdout.splitlines()[0])["error"]["code"], -31401)
    for scheme in ("Bearer", "DPoP"):
        answer = remit.call("GET", "/gate/forward/publishing", headers={
            "X-Original-Method": "GET", "X-Original-URI": "/api/v1/stories", "Authorization": f"{scheme} {token}"})
        equal((scheme, answer.status), (scheme, 401))


@case
def openid_client_with_a_key():
    got = by("openid_client.mjs")
    equal(got, {"token": ["dpop", "stories:read", True], "call": [200, 200], "seen": [True, "stories:read", True],
                "bearer": [401, "dpop"], "revoked": False, "pushed": [True, True]})


# ---- Clients whose id is a URL ----

def document(path, status=200, headers=None, body=None, **members):
    """Puts a document under a path; returns its URL."""
    text = {"client_id": BASE + path, "client_name": "An App", "redirect_uris": ["https://app.example.com/cb"], **members}
    Host.answers[path] = (status, headers or {}, json.dumps(text).encode() if body is None else body)
    return BASE + path


def push(client, redirect="https://app.example.com/cb"):
    form = {"client_id": client, "response_type": "code", "redirect_uri": redirect, "scope": "stories:read", "resource": RESOURCE,
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
    return remit.call("POST", "/oauth/par", body=urllib.parse.urlencode(form),
                      headers={"Content-Type": "application/x-www-form-urlencoded"})


def asked(path):
    return Host.asked.count(path)


@case
def a_client_by_its_url():
    url = document("/good.json", logo_uri="javascript:1", unknown={"a": [1]})
    equal(push(url).status, 201)
    equal(push(url).status, 201)  # from the store
    equal(asked("/good.json"), 1)
    told = remit.call("GET", "/.well-known/oauth-authorization-server").json()
    equal(told["client_id_metadata_document_supported"], True)
    # What it registered, and nothing else (O01)
    equal(push(url, "https://app.example.com/cb/x").json()["error"], "invalid_request")
    equal(push(url, "https://evil.example.com/cb").json()["error"], "invalid_request")


@case
def O10_documents_that_are_not_taken():
    for path, made in (
            ("/other.json", {"client_id": BASE + "/good.json"}), ("/secret.json", {"client_secret": "s"}),
            ("/method.json", {"token_endpoint_auth_method": "client_secret_basic"}), ("/list.json", {"body": b"[]"}),
            ("/js.json", {"redirect_uris": ["javascript:alert(1)"]}), ("/none.json", {"redirect_uris": []}),
            ("/gone.json", {"status": 404}), ("/broken.json", {"status": 500}), ("/html.json", {"headers": {"Content-Type": "text/html"}}),
            ("/long.json", {"padding": "x" * 20000}), ("/nameless.json", {"client_name": ""})):
        answer = push(document(path, **made))
        equal((path, answer.status, answer.json()["error"]), (path, 401, "invalid_client"))
        equal(push(BASE + path).status, 401)
        equal((path, asked(path)), (path, 1))  # not asked again at once


@case
def O10_S01_no_redirect_is_followed_and_no_special_address_called():
    document("/target.json")
    for status in (301, 302, 303, 307, 308):
        equal(push(document(f"/moved{status}.json", status=status, headers={"Location": BASE + "/target.json"})).status, 401)
    equal(asked("/target.json"), 0)
    port = host.server_port
    for url in (f"https://10.0.0.1:{port}/a.json", "https://169.254.169.254/latest/meta-data", "https://[fe80::1]/a.json",
                f"https://0x7f000001:{port}/a.json", f"https://2130706433:{port}/a.json", f"http://localhost:{port}/good.json",
                f"https://user@localhost:{port}/good.json", f"https://localhost:{port}/x/../good.json",
                f"https://localhost:{port}/good.json#x", f"https://LOCALHOST:{port}/good.json", "https://192.0.2.1/a.json"):
        equal((url, push(url).status), (url, 401))
    equal(asked("/good.json"), 1)


@case
def O10_L01_a_host_that_hangs_holds_few_workers_and_not_for_long():
    began, took = time.monotonic(), []

    def push_one(number):
        answer = push(BASE + f"/hanging{number}.json")
        took.append((time.monotonic() - began, answer.status))

    threads = [threading.Thread(target=push_one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(took) >= 4, "what is too much is refused while the others wait", 4)
    equal(push(BASE + "/good.json").status, 201)  # a client that is known waits for none of them
    for thread in threads:
        thread.join()
    release.set()
    equal([status for _, status in took], [401] * 8)
    assert max(seconds for seconds, _ in took) < 15, took
    equal(sum(path.startswith("/hanging") for path in Host.asked), 4)


@case
def O10_without_leave_loopback_is_special():
    with Remit(config=[f"outbound: {{ ca: {CA.cert} }}"]) as strict:
        strict.serve()
        before = asked("/good.json")
        form = urllib.parse.urlencode({"client_id": BASE + "/good.json", "response_type": "code"})
        answer = strict.call("POST", "/oauth/par", body=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
        equal((answer.status, answer.json()["error"]), (401, "invalid_client"))
        equal(asked("/good.json"), before)


# ---- Apps that ask a person ----

def approve(kind, text):
    done = subprocess.run([os.environ["REMIT_APPROVER"], remit.config, "ann@example.com", kind, text], capture_output=True, text=True,
                          timeout=30, cwd=remit.folder, check=False)
    equal(done.returncode, 0, done.stderr)
    return done.stdout.strip()


def with_a_person(script, *args):
    """Runs a script, and does what it asks a person to do."""
    mcp_npm.install()
    process = subprocess.Popen(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               **mcp_npm.node(script, *args))
    try:
        for line in process.stdout:
            said = json.loads(line)
            if "ask" in said:
                url = urllib.parse.urlsplit(said["ask"])
                equal(f"{url.scheme}://{url.netloc}{url.path}", remit.url + "/oauth/authorize")
                answer = approve("ask", url.query)
            elif "device" in said and isinstance(said["device"], str):
                answer = approve("device", said["device"])
            else:
                return said
            process.stdin.write(answer + "\n")
            process.stdin.flush()
        raise AssertionError(process.stderr.read())
    finally:
        process.kill()
        process.communicate()


@case
def apps_ask_a_person_and_get_tokens_that_are_bound():
    url = document("/person.json", redirect_uris=["http://127.0.0.1/callback"])
    got = with_a_person("person.mjs", remit.url, RESOURCE, url)
    for name in ("registered", "document"):
        equal(got[name], {"type": "dpop", "scope": "stories:read offline_access", "withoutKey": "invalid_grant",
                          "refreshedWithoutKey": "invalid_grant", "calls": [200, 200, 401], "revoked": [401, "invalid_grant"]})
    equal(got["device"], ["bearer", "stories:read", 200])
    equal(got["openid"], ["invalid_grant", "dpop", "dpop", 200])

@case
def O10_L08_a_document_is_read_again_when_it_has_run_out():
    aging = document("/aging.json", headers={"Cache-Control": "public, max-age=600"})
    briefly = document("/briefly.json", headers={"Cache-Control": "no-store"})
    leaving = document("/leaving.json", headers={"Cache-Control": "max-age=600"})
    resting = document("/resting.json", headers={"Cache-Control": "max-age=600"})
    lasting = document("/lasting.json", headers={"Cache-Control": "max-age=99999999"})
    everybody = (aging, briefly, leaving, resting, lasting)
    equal([push(one).status for one in everybody], [201] * 5)
    set_clock(290)  # what must not be kept at all is kept so long, for nobody's server is to be called for each request
    equal([push(one).status for one in everybody], [201] * 5)
    equal([asked(one[len(BASE):]) for one in everybody], [1] * 5)
    document("/aging.json", redirect_uris=["https://new.example.com/cb"])
    document("/leaving.json", status=404)
    document("/resting.json", status=503)
    set_clock(700)
    equal([push(one).status for one in everybody], [400, 201, 401, 201, 201])
    equal(push(aging, "https://new.example.com/cb").status, 201)
    equal([asked(one[len(BASE):]) for one in everybody], [2, 2, 2, 2, 1])
    set_clock(700 + 86400)
    equal(push(resting).status, 401)
    equal(push(lasting).status, 201)
    equal(asked("/lasting.json"), 2)


@case
def the_server_ends_cleanly():
    equal(remit.stop(), 0)


run()
