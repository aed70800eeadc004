#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: a new configuration in the place of the old one, whole or not at all, and no request lost."""
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
from harness import SOURCE, Remit  # noqa: E402
from tap import case, equal, run  # noqa: E402
from upstream import Upstream, read_body, target  # noqa: E402

ROUNDS = 200 if os.environ.get("REMIT_ROUNDS") else 20
SCOPES = '"s:read": Read., "s:write": Write.'
RULES = """
    - { on: "GET /open", need: public }
    - { on: "GET /r/**", need: s:read }
    - { on: "POST /w", need: s:write }
"""

gate = threading.Event()  # what streams wait for


def answer(name):
    def one(head, file, connection):
        read_body(head, file)
        if target(head).startswith("/mine/r/stream"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            connection.sendall(b"data: begun\n\n")
            gate.wait(60)
            connection.sendall(b"data: over\n\n")
            return False
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
                           % (len(name), name))
        return True
    return one


one, two = Upstream(answer(b"one")), Upstream(answer(b"two"))
remit = Remit(migrate=False)
GOOD = ""


def profile(scopes=SCOPES, rules=RULES, name="mine", rate=""):
    return (f"profile: {name}\ntitle: T\nscopes: {{ {scopes} }}\ntokens: {{ prefix: my }}\n{rate}"
            f"rest:\n  base: /mine\n  rules:{rules}")


def write(name, text):
    """In one step: commands read the same files."""
    path = os.path.join(remit.folder, name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def config(*apis, lines=("max_staleness: 2s",), **scalars):
    values = {"listen": f"127.0.0.1:{remit.port}", "public_url": remit.url, "store": "sqlite:remit.db",
              "secrets_key": "file:secrets.key", "workers": "2", **scalars}
    write("remit.yaml", "\n".join([*(f"{key}: {value}" for key, value in values.items()), *lines, "apis:",
                                   *(f"  {api}" for api in apis)]) + "\n")


MINE = f'mine: {{ profile: ./mine.yaml, upstream: "{one.url}" }}'
PUBLISHING = "publishing: { profile: ./publishing.yaml, service: publishing }"


def publishing(need="token"):
    with open(os.path.join(SOURCE, "profiles", "publishing.yaml"), encoding="utf-8") as file:
        text = file.read()
    changed = re.sub(r"(on: GET /health, need:) token", rf"\1 {need}", text)
    assert need == "token" or changed != text
    write("publishing.yaml", changed)


def as_at_first():
    config(MINE, PUBLISHING)
    write("mine.yaml", profile())
    publishing()


def hup(word="reloaded:"):
    """Sends SIGHUP and waits until the log says how it went; that line."""
    while select.select([remit.server.stderr], [], [], 0)[0]:
        remit.log += os.read(remit.server.stderr.fileno(), 65536).decode()
    before = len(remit.log)
    remit.server.send_signal(signal.SIGHUP)
    remit.wait_for_log("reload")
    line = next(line for line in remit.log[before:].split("\n") if "reload" in line)
    assert word in line, line
    return line


def again():
    as_at_first()
    hup()


def metric(name):
    text = remit.call("GET", "/metrics").body.decode()
    return float(re.search(rf"^{re.escape(name)} (.*)$", text, re.MULTILINE)[1])


def until(true, seconds=30):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def made(name, *scopes, api="mine", more=()):
    return remit.token("ann@example.com", name, *(word for scope in scopes for word in ("--scope", scope)), *more,
                       api=api)


def get(path, who=None):
    return remit.call("GET", path, who)


as_at_first()
remit.cli("store", "migrate")
remit.cli("user", "add", "ann@example.com", "--admin")
reader = made("reader", "s:read")["token"]
writer = made("writer", "s:write")["token"]
editor = made("editor", "stories:read", api="publishing", more=("--rate", "off"))["token"]
remit.serve(ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1", UP_ONE="Basic one")


@case
def a_bad_configuration_is_refused_whole():
    """the old one goes on; the log and /readyz say why, until a good one comes"""
    refused = metric('remit_reload_total{result="refused"}')
    done = metric('remit_reload_total{result="done"}')
    write("other.yaml", profile(name="other").replace("base: /mine", "base: /other"))
    bad = [
        ("YAML", lambda: write("mine.yaml", "scopes: [\n"), "mine.yaml:2:1:"),
        ("unknown scope", lambda: write("mine.yaml", profile(rules=RULES.replace("s:write", "s:wrte"))),
         'did you mean "s:write"?'),
        ("several mistakes", lambda: write("mine.yaml", profile(rules=RULES.replace("s:", "t:"))), "more:"),
        ("no profile", lambda: os.unlink(os.path.join(remit.folder, "mine.yaml")), "mine.yaml"),
        ("no config", lambda: os.unlink(remit.config), "remit.yaml"),
        ("unknown key", lambda: config(MINE, PUBLISHING, lines=["upstrems: 1"]), "remit.yaml:6:1:"),
        ("store", lambda: config(MINE, PUBLISHING, store="sqlite:elsewhere.db"), "only a restart changes store (sqlite:"),
        ("listen", lambda: config(MINE, PUBLISHING, listen="127.0.0.1:1"), f"listen (127.0.0.1:{remit.port}, now to be 127.0.0.1:1)"),
        ("workers, secrets", lambda: config(MINE, PUBLISHING, workers="1", secrets_key="env:X"),
         "secrets_key (file:"),
        ("limits", lambda: config(MINE, PUBLISHING, lines=["max_staleness: 2s", "limits: { connections: 10 }"]),
         "limits.connections (the default, now to be 10)"),
        ("service", lambda: config(MINE, "publishing: { profile: ./other.yaml, service: publishing }"), "other.yaml:"),
        ("upstream", lambda: config('mine: { profile: ./mine.yaml, upstream: "http://no-such-name.invalid:1" }',
                                    PUBLISHING), "no-such-name.invalid"),
        ("credential", lambda: config(
            f'mine: {{ profile: ./mine.yaml, upstream: "{one.url}", authorization: "env:NO_SUCH" }}', PUBLISHING),
         "env:NO_SUCH holds no header value"),
        ("origin", lambda: config(MINE, PUBLISHING, lines=["trusted_proxies: [nonsense]"]), "nonsense"),
    ]
    for name, spoil, why in bad:
        as_at_first()
        spoil()
        line = hup("reload refused:")
        assert why in line and line.endswith("; the old configuration goes on"), (name, line)
        ready = get("/readyz")
        equal((ready.status, ready.json()["ready"]), (200, True), name)
        assert why in ready.json()["reload"]["error"], (name, ready)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", ready.json()["reload"]["at"]), ready
        equal(get("/mine/r/x", reader).body, b"one", name)
        equal(get("/mine/r/x", writer).status, 403, name)
        equal(get("/api/v1/health", editor).status, 200, name)
    assert not os.path.exists(os.path.join(remit.folder, "elsewhere.db")), "a refused store was made"
    assert not any("elsewhere" in name for name in os.listdir(remit.folder)), os.listdir(remit.folder)
    equal(metric('remit_reload_total{result="refused"}'), refused + len(bad))
    equal(metric('remit_reload_total{result="done"}'), done)
    as_at_first()
    assert re.search(r"reloaded: 2 APIs, \d\d+ operations, in \d+ ms", hup()), remit.log
    equal(get("/readyz").json(), {"ready": True})
    equal(metric('remit_reload_total{result="done"}'), done + 1)
    assert time.time() - metric("remit_config_loaded_timestamp_seconds") < 60


@case
def rules_are_the_next_requests():
    """added, changed and removed; over a connection that stays"""
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", remit.port, timeout=30)

    def ask(path, who):
        return remit.call("GET", path, who, connection=connection).status
    equal((ask("/mine/r/x", reader), ask("/mine/new", reader), ask("/mine/open", None)), (200, 403, 200))
    write("mine.yaml", profile(rules="""
    - { on: "GET /new", need: s:read }
    - { on: "GET /r/**", need: s:write }
"""))
    hup()
    equal((ask("/mine/new", reader), ask("/mine/r/x", reader), ask("/mine/r/x", writer)), (200, 403, 200))
    equal((ask("/mine/open", None), ask("/mine/open", reader)), (401, 403))
    again()
    equal((ask("/mine/r/x", reader), ask("/mine/new", reader), ask("/mine/open", None)), (200, 403, 200))


@case
def vocabularies_change_under_tokens():
    """a scope is a name, wherever it stands in the list; one that is gone grants nothing, and comes back"""
    write("mine.yaml", profile(scopes='"a:new": New., "b:new": New., ' + SCOPES))
    hup()
    equal((get("/mine/r/x", reader).status, get("/mine/r/x", writer).status), (200, 403))
    newer = made("newer", "a:new")["token"]
    equal(get("/mine/r/x", newer).status, 403)
    write("mine.yaml", profile(scopes='"s:write": Write.', rules='\n    - { on: "GET /r/**", need: s:write }\n'))
    hup()
    equal((get("/mine/r/x", reader).status, get("/mine/r/x", writer).status), (403, 200))
    again()
    equal((get("/mine/r/x", reader).status, get("/mine/r/x", writer).status), (200, 403))
    equal(get("/mine/r/x", newer).status, 403)


@case
def apis_come_and_go():
    """and their upstreams, hosts, origins change; a token is good where its API is"""
    write("other.yaml", profile(name="other").replace("prefix: my", "prefix: o").replace("base: /mine", "base: /other"))
    config(f'other: {{ profile: ./other.yaml, upstream: "{two.url}" }}',
           f'mine: {{ profile: ./mine.yaml, upstream: "{two.url}", authorization: "env:UP_ONE", '
           'origins: ["https://page.example"] }')
    hup()
    other = made("of other", "s:read", api="other")["token"]
    equal(get("/mine/r/x", reader).body, b"two")
    equal((get("/other/r/x", other).body, get("/other/r/x", reader).status, get("/mine/r/x", other).status),
          (b"two", 401, 401))
    equal(get("/api/v1/health", editor).status, 404)
    equal({api["name"] for api in get("/").json()["apis"]}, {"other", "mine"})
    assert b"Authorization: Basic one" in two.heads[-1] or b"Authorization: Basic one" in two.heads[-2], two.heads[-2:]
    origin = {"Origin": "https://page.example"}
    equal(remit.call("GET", "/mine/r/x", reader, headers=origin).status, 200)
    again()
    equal(remit.call("GET", "/mine/r/x", reader, headers=origin).status, 403)
    equal((get("/mine/r/x", reader).body, get("/other/r/x", other).status, get("/api/v1/health", editor).status),
          (b"one", 404, 200))
    until(lambda: metric("remit_config_editions") == 1)
    assert metric('remit_decisions_total{api="other",verdict="allowed",reason="allowed"}') >= 1


@case
def a_minute_goes_on():
    """a reload hands nobody a fresh rate"""
    token = made("slow", "s:read", more=("--rate", "5"))["token"]
    equal([get("/mine/r/x", token).headers["X-RateLimit-Remaining"] for _ in range(3)], ["4", "3", "2"])
    again()
    equal([get("/mine/r/x", token).headers["X-RateLimit-Remaining"] for _ in range(2)], ["1", "0"])
    again()
    equal(get("/mine/r/x", token).status, 429)


def load(head, per_second=5000):
    return subprocess.Popen(
        [sys.executable, os.path.join(SOURCE, "tests", "e2e", "steady.py"), str(remit.port), "5", str(per_second)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "STEADY_HEAD": f"GET {head} HTTP/1.1\nHost: 127.0.0.1:{remit.port}\n"
             f"Authorization: Bearer {editor}"})


def finish(loader):
    out, _ = loader.communicate("stop\n", timeout=60)
    result = json.loads(out)
    equal(result["lost"], 0, result)
    equal(sum(result["answers"].values()), result["sent"], result)
    return result


@case
def reloads_under_load_lose_nothing():
    """5,000 requests a second; each is answered as the old rules say or as the new ones do"""
    loader = load("/api/v1/health")
    began = time.monotonic()
    for i in range(ROUNDS):
        publishing("webhooks:write" if i % 2 == 0 else "token")
        if i % 3 == 0:  # what scopes there are, and so a new copy of every token
            write("mine.yaml", profile(scopes=f'"x:{i}": X., ' + SCOPES))
        hup()
        # Whoever asks now, on whichever loop, is judged by the new rule.
        equal({get("/api/v1/health", editor).status for _ in range(4)}, {403} if i % 2 == 0 else {200}, i)
        time.sleep(0.1)
    result = finish(loader)
    print(f"# {result} and {ROUNDS} reloads in {time.monotonic() - began:.1f} s", flush=True)
    equal(set(result["answers"]), {"200", "403"})
    again()


@case
def a_revocation_during_a_reload_counts_at_once():
    """in the old copy, in the one that is made, in the new one"""
    stop = threading.Event()

    def reload_all_the_time():
        changes = 0
        while not stop.is_set():
            changes += 1
            write("mine.yaml", profile(scopes=f'"x:{changes % 7}": X., ' + SCOPES))
            remit.server.send_signal(signal.SIGHUP)
            time.sleep(0.005)
    thread = threading.Thread(target=reload_all_the_time)
    before = metric('remit_reload_total{result="done"}')
    thread.start()
    try:
        for i in range(ROUNDS // 2):
            token = made(f"to die {i}", "s:read")
            equal(get("/mine/r/x", token["token"]).status, 200, i)
            remit.cli("token", "revoke", token["id"])
            for _ in range(20):
                equal(get("/mine/r/x", token["token"]).status, 401, i)
    finally:
        stop.set()
        thread.join()
    done = metric('remit_reload_total{result="done"}')
    print(f"# {done - before:.0f} reloads", flush=True)
    assert done - before > 3
    until(is_quiet)
    again()
    equal(get("/mine/r/x", token["token"]).status, 401)


def is_quiet():
    """No signal is waiting any more."""
    before = metric('remit_reload_total{result="done"}')
    time.sleep(0.5)
    return metric('remit_reload_total{result="done"}') == before


def stream():
    s = socket.create_connection(("127.0.0.1", remit.port), timeout=60)
    s.sendall(f"GET /mine/r/stream HTTP/1.1\r\nHost: 127.0.0.1:{remit.port}\r\n"
              f"Authorization: Bearer {reader}\r\n\r\n".encode())
    got = b""
    while b"begun" not in got:
        got += s.recv(65536)
        assert got.startswith(b"HTTP/1.1 200 "), got
    return s


def rest(s):
    got = b""
    while True:
        part = s.recv(65536)
        if not part or got.endswith(b"0\r\n\r\n"):
            return got
        got += part
        if got.endswith(b"0\r\n\r\n"):
            return got


@case
def a_stream_goes_on_until_it_ends():
    """by the configuration that it began with, whose memory then goes"""
    gate.clear()
    s = stream()
    write("mine.yaml", profile(rules='\n    - { on: "GET /else", need: s:read }\n'))
    hup()
    equal(get("/mine/r/x", reader).status, 403)
    equal(metric("remit_config_editions"), 2)
    gate.set()
    assert rest(s).endswith(b"data: over\n\n\r\n0\r\n\r\n")
    s.close()
    until(lambda: metric("remit_config_editions") == 1)
    again()


@case
def a_stream_of_an_api_that_is_removed_is_broken_off():
    gate.clear()
    s = stream()
    config(PUBLISHING)
    hup()
    assert not rest(s).endswith(b"0\r\n\r\n")
    equal(get("/mine/r/x", reader).status, 404)
    until(lambda: metric("remit_config_editions") == 1)
    gate.set()
    again()


@case
def streams_that_never_end_hold_no_more_than_a_few_configurations():
    """the oldest are broken off"""
    gate.clear()
    streams = []
    for _ in range(12):
        streams.append(stream())
        hup()
        until(lambda: metric("remit_config_editions") <= 8)
    equal([is_open(s) for s in streams], [False] * 5 + [True] * 7)
    gate.set()
    for s in streams[5:]:
        assert rest(s).endswith(b"data: over\n\n\r\n0\r\n\r\n")
    for s in streams:
        s.close()
    until(lambda: metric("remit_config_editions") == 1)


def is_open(s):
    s.settimeout(0.1)
    try:
        return s.recv(1000) != b""
    except TimeoutError:
        return True
    finally:
        s.settimeout(60)


def resident():
    with open(f"/proc/{remit.server.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


@case
def memory_is_flat():
    """over 50 reloads"""
    def round(i):
        write("mine.yaml", profile(scopes=f'"x:{i % 2}": X., ' + SCOPES))
        hup()
    for i in range(20):
        round(i)
    before = resident()
    for i in range(25):
        round(i)
        again()
    until(lambda: metric("remit_config_editions") == 1)
    grown = resident() - before
    print(f"# {before} kB, and {grown} kB more after 50 reloads", flush=True)
    assert grown < 4096, grown


@case
def the_audit_log_names_what_each_request_was():
    """over all that was reloaded above; its chain holds"""
    time_was = made("audited", "s:read")
    write("mine.yaml", profile(rules='\n    - { on: "GET /first", need: s:read }\n' + RULES))
    hup()
    equal(get("/mine/first", time_was["token"]).status, 200)
    again()
    equal(get("/mine/r/last", time_was["token"]).status, 200)

    def told():
        lines = remit.run("audit", "tail", "--token", time_was["id"], "--json").stdout
        return re.findall(r'"operation": ?"([^"]*)"', lines)
    until(lambda: len(told()) == 2)
    equal(sorted(told()), ["GET /first", "GET /r/**"])
    whole = remit.run("audit", "tail", "--last", "10000")
    equal((whole.returncode, whole.stderr), (0, ""))


@case
def a_stop_is_a_stop():
    """SIGTERM after all those drains; nothing leaks"""
    status = remit.stop()
    equal(status, 0, remit.log[-3000:])


run()
