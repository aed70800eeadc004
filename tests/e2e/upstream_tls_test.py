#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An upstream that speaks TLS: who is believed and who is not, and that bytes are the same as without."""
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import tls  # noqa: E402
from harness import Remit, free_port  # noqa: E402
from tap import Skip, case, equal, run  # noqa: E402
from upstream import Upstream, echo, read_body, target  # noqa: E402

PROFILE = """
profile: mine
title: T
scopes: { "s:read": Read. }
tokens: { prefix: my }
rest:
  base: /api
  rules:
    - { on: "GET /**", need: public }
    - { on: "POST /**", need: public }
"""
AUTHORITY = tls.Authority()
STRANGER = tls.Authority("stranger")
GOOD = AUTHORITY.issue("good")


def context(files=GOOD, version=None, clients=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*files)
    if version:
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.maximum_version = version
    if clients:
        made.load_verify_locations(clients)
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def guarded(*urls, ca=AUTHORITY.cert, more="", environment=None):
    """A Remit in front of upstreams, that runs."""
    extra = [f"ca: {ca}"] if ca else []
    extra += [more] if more else []
    keys = f", upstream_tls: {{ {', '.join(extra)} }}" if extra else ""
    remit = Remit(config=["workers: 1", "limits: { upstream_connect_timeout: 1s }"], migrate=False,
                  apis=[f"  mine: {{ profile: ./mine.yaml, upstream: {json.dumps(urls)}{keys} }}"])
    with open(os.path.join(remit.folder, "mine.yaml"), "w", encoding="utf-8") as file:
        file.write(PROFILE)
    remit.serve(**(environment or {}))
    return remit


def secure(upstream, name="localhost"):
    return f"https://{name}:{upstream.server.server_address[1]}"


# ---- Who is believed ----


@case
def requests_are_the_same_and_connections_are_kept():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        seen = []

        def answer(head, file, connection):
            seen.append((connection.version(), connection.selected_alpn_protocol()))
            return echo(head, file, connection)

        wanted = context()
        wanted.maximum_version = version
        wanted.set_alpn_protocols(["h2", "http/1.1"])
        upstream = Upstream(answer, tls=wanted)
        with guarded(secure(upstream)) as remit:
            for i in range(20):
                got = remit.call("POST", f"/api/x{i}", body="a" * (1000 * i)).json()
                equal(got["body"], "a" * (1000 * i))
                assert f"Host: localhost:{upstream.server.server_address[1]}\r\n" in got["head"], got["head"]
            equal(upstream.connections, 1)
            equal(set(seen), {(version.name.replace("_", "."), "http/1.1")})
        upstream.close()


def refused(files, why, name="localhost", ca=AUTHORITY.cert, environment=None, wanted=None):
    """502 each time; why, once; and not a byte of a request goes there."""
    upstream = Upstream(echo, tls=wanted or context(files))
    try:
        with guarded(secure(upstream, name), ca=ca, environment=environment) as remit:
            for _ in range(5):
                answer = remit.call("GET", "/api/x", headers={"X-Secret": "1"})
                equal((answer.status, answer.json()["error"]["code"]), (502, "bad_gateway"))
            remit.stop()
            lines = [line for line in remit.log.splitlines() if "upstream https://" in line]
            equal(len(lines), 1, remit.log)
            assert "API mine" in lines[0] and why in lines[0].lower(), lines[0]
            equal(upstream.heads, [])
    finally:
        upstream.close()


@case
def a_certificate_that_is_not_good_is_refused_and_said():
    refused(AUTHORITY.issue("other", "DNS:other.example"), "hostname mismatch")
    refused(AUTHORITY.issue("byname", "DNS:localhost"), "ip address mismatch", name="127.0.0.1")
    refused(AUTHORITY.issue("expired", days=-1), "certificate has expired")
    refused(AUTHORITY.issue("client", usage="clientAuth"), "unsuitable certificate purpose")
    refused(tls.self_signed(tls.folder(), "localhost"), "self-signed certificate")
    refused(STRANGER.issue("stranger"), "unable to get local issuer certificate")
    refused(GOOD, "unable to get local issuer certificate", ca=None)


@case
def the_systems_authorities_are_trusted_where_none_is_named():
    upstream = Upstream(echo, tls=context())
    with guarded(secure(upstream), ca=None, environment={"SSL_CERT_FILE": AUTHORITY.cert}) as remit:
        equal(remit.call("GET", "/api/x").status, 200)
    with guarded(secure(upstream, "127.0.0.1")) as remit:
        equal(remit.call("GET", "/api/x").status, 200, "by its address, which the certificate names")
    upstream.close()


@case
def what_is_too_old_or_no_TLS_is_refused():
    refused(GOOD, "protocol version", wanted=context(version=ssl.TLSVersion.TLSv1_1))
    with socket.create_server(("127.0.0.1", 0)) as plain, guarded(f"https://localhost:{plain.getsockname()[1]}") as remit:

        def answer():
            one, _ = plain.accept()
            one.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        equal(remit.call("GET", "/api/x").status, 502)
        remit.stop()
        assert "upstream https://" in remit.log, remit.log


@case
def L04_an_upstream_that_is_silent_in_its_handshake():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with guarded(f"https://localhost:{silent.getsockname()[1]}") as remit:
            begin = time.monotonic()
            equal(remit.call("GET", "/api/x").status, 504)
            assert 0.9 < time.monotonic() - begin < 15


@case
def one_of_two_that_is_not_good_is_left_alone():
    good, bad = Upstream(echo, tls=context()), Upstream(echo, tls=context(STRANGER.issue("bad")))
    with guarded(secure(bad), secure(good)) as remit:
        for _ in range(20):
            equal(remit.call("GET", "/api/x").status, 200)
        assert bad.connections < 20 and not bad.heads, bad.connections
    good.close()
    bad.close()


@case
def our_own_certificate_is_shown_where_it_is_asked_for():
    mine = AUTHORITY.issue("mine", "DNS:gate", usage="clientAuth")
    upstream = Upstream(echo, tls=context(clients=AUTHORITY.cert))
    with guarded(secure(upstream), more=f"cert: {mine[0]}, key: {mine[1]}") as remit:
        equal(remit.call("GET", "/api/x").status, 200)
    with guarded(secure(upstream)) as remit:
        equal(remit.call("GET", "/api/x").status, 502)
    upstream.close()


@case
def mistakes_have_their_line():
    with Remit(migrate=False, apis=['  mine: { profile: ./mine.yaml, upstream: "https://localhost:1",',
                                    "          upstream_tls: { ca: gone.pem } }"]) as remit:
        with open(os.path.join(remit.folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE)
        for command in ("check-config", "serve"):
            done = remit.run(command)
            equal(done.returncode, 3, done.stderr)
            assert "remit.yaml:7:" in done.stderr and "gone.pem: No such file" in done.stderr, done.stderr


# ---- Bytes ----


def numbers(head, file, connection):
    """/api/N/how: N bytes. The body of a POST is answered by its digest."""
    if head.startswith(b"POST"):
        body, _ = read_body(head, file)
        text = hashlib.sha256(body).hexdigest().encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + text)
        return True
    _, _, n, how = target(head).split("/")
    block = bytes(range(256)) * 256
    start = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    if how == "sized":
        start = b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" % n.encode()
    connection.sendall(start)
    for at in range(0, int(n), len(block)):
        connection.sendall(block[:min(len(block), int(n) - at)])
    if how == "whole":
        try:
            connection.unwrap()
        except (OSError, ValueError):
            pass
    if how == "cut":
        connection.detach_from = socket.socket(fileno=os.dup(connection.fileno()))
        connection.detach_from.shutdown(socket.SHUT_RDWR)
    return how == "sized"


def expected(n):
    block = bytes(range(256)) * 256
    return (block * (n // len(block) + 1))[:n]


def fetch(remit, path, slow=False):
    """(whole, body): whether the answer came to its end."""
    own = http.client.HTTPConnection("127.0.0.1", remit.port, timeout=30)
    own.connect()
    if slow:
        own.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    own.request("GET", path)
    answer, body = own.getresponse(), bytearray()
    equal(answer.status, 200)
    try:
        while piece := answer.read(65536):
            body += piece
            if slow:
                time.sleep(0.002)  # it takes less than it could
        return True, bytes(body)
    except (http.client.IncompleteRead, ConnectionResetError) as error:
        return False, bytes(body) + getattr(error, "partial", b"")
    finally:
        own.close()


@case
def large_bodies_both_ways_with_clients_that_are_slow():
    upstream = Upstream(numbers, tls=context())
    with guarded(secure(upstream)) as remit:
        for slow in (False, True):
            for how in ("sized", "whole"):
                equal(fetch(remit, f"/api/9000000/{how}", slow) == (True, expected(9_000_000)), True, how)
        body = os.urandom(20_000_000)
        for _ in range(3):
            equal(remit.call("POST", "/api/x", body=body).body.decode(), hashlib.sha256(body).hexdigest())
    upstream.close()


@case
def L04_an_end_that_was_not_announced_is_no_end():
    """Until the connection closes: whole where TLS said so (close_notify), broken where the connection was cut."""
    upstream = Upstream(numbers, tls=context())
    with guarded(secure(upstream)) as remit:
        for n in (0, 1, 1000, 300_000):
            equal(fetch(remit, f"/api/{n}/whole"), (True, expected(n)))
            whole, body = fetch(remit, f"/api/{n}/cut")
            equal(whole, False, f"{n} bytes")
            assert expected(n).startswith(body), n
    upstream.close()


@case
def many_at_once():
    upstream = Upstream(numbers, tls=context())
    with guarded(secure(upstream)) as remit:
        wrong = []

        def ask(i):
            for k in range(15):
                n = (i * 7919 + k * 104729) % 200_000
                if fetch(remit, f"/api/{n}/sized") != (True, expected(n)):
                    wrong.append(n)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(wrong, [])
    upstream.close()


@case
def nginx_as_an_upstream_with_TLS():
    if not shutil.which("nginx"):
        raise Skip("there is no nginx here")
    folder, port = tls.folder(), free_port()
    os.chmod(folder, 0o755)  # nginx's workers are of another user
    with open(os.path.join(folder, "file"), "wb") as file:
        file.write(expected(3_000_000))
    with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as file:
        file.write(f"""
            daemon off; pid {folder}/pid; error_log stderr; events {{}}
            http {{
              access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
              fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
              server {{
                listen 127.0.0.1:{port} ssl; ssl_certificate {GOOD[0]}; ssl_certificate_key {GOOD[1]};
                ssl_protocols TLSv1.3;
                location /api/count {{ return 200 "$connection $ssl_protocol $ssl_server_name"; }}
                location /api/ {{ alias {folder}/; }}
              }}
            }}""")
    nginx = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf", "-e", "stderr"], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert nginx.poll() is None, nginx.stderr.read()
        with guarded(f"https://localhost:{port}") as remit:
            words = {remit.call("GET", "/api/count").body for _ in range(10)}
            equal(len(words), 1, "one connection")
            assert re.fullmatch(rb"\d+ TLSv1.3 localhost", words.pop())
            assert remit.call("GET", "/api/file").body == expected(3_000_000)
            answer = remit.call("GET", "/api/file", headers={"Range": "bytes=100-199"})
            equal((answer.status, answer.body), (206, expected(200)[100:]))
    finally:
        nginx.terminate()
        nginx.communicate()


if __name__ == "__main__":
    run()
