#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Remit with certificates: curl as a client of the gate."""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e"))
import tls  # noqa: E402
from harness import Remit, free_port  # noqa: E402
from tap import case, equal, run  # noqa: E402

AUTHORITY = tls.Authority()
FILES = AUTHORITY.issue("gate")


def curl(remit, path, *options, token=None):
    """(status, body) of one request by curl, which verifies the gate's certificate."""
    done = subprocess.run(
        ["curl", "-sS", "--cacert", AUTHORITY.cert, "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {token}",
         *options, f"https://localhost:{remit.tls_port}{path}"],
        capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        return done.stderr, ""
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), body


def with_tls(files=FILES, config=(), apis=None, host="127.0.0.1"):
    """A Remit that listens with TLS beside its plain address."""
    remit = Remit(apis=apis, config=list(config))
    remit.tls_port = free_port()
    with open(remit.config, encoding="utf-8") as file:
        lines = file.read().splitlines()
    lines[0] = (f"listen: [127.0.0.1:{remit.port}, {{ addr: \"{host}:{remit.tls_port}\", "
                f"tls: {{ cert: {files[0]}, key: {files[1]} }} }}]")
    lines[1] = f"public_url: https://localhost:{remit.tls_port}"
    with open(remit.config, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return remit


@case
def curl_is_served_by_TLS_1_2_and_1_3():
    with with_tls(host="0.0.0.0") as remit:
        remit.cli("user", "add", "a@example.com")
        text = remit.token("a@example.com", "t", "--scope", "stories:read")["token"]
        remit.serve()
        for options in ((), ("--tlsv1.2", "--tls-max", "1.2"), ("--tlsv1.3",)):
            equal(curl(remit, "/api/v1/health", *options, token=text)[0], 200)
        equal(curl(remit, "/api/v1/health", token="x")[0], 401)
        status, _ = curl(remit, "/api/v1/health", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0", token=text)
        assert "alert protocol version" in str(status), status
        equal(remit.call("GET", "/api/v1/health", token=text).status, 200, "the plain address beside it")
        remit.stop()
        assert f":{remit.tls_port} (TLS)" in remit.log and "without TLS" not in remit.log, remit.log


@case
def mistakes_have_their_line():
    other = AUTHORITY.issue("other")
    for files, words in (((FILES[0], other[1]), "the key is not that of the certificate"),
                         (("gone.pem", FILES[1]), "gone.pem: No such file"),
                         ((FILES[0], "gone.key"), "gone.key: No such file"),
                         ((FILES[1], FILES[1]), "there is no certificate"),
                         ((FILES[0], FILES[0]), "there is no private key")):
        with with_tls(files) as remit:
            for command in ("check-config", "serve"):
                done = remit.run(command)
                equal(done.returncode, 3, done.stderr)
                assert "remit.yaml:1" in done.stderr and words in done.stderr, done.stderr
    with with_tls() as remit:
        equal(remit.run("check-config").returncode, 0)


@case
def a_key_that_everybody_may_read_is_warned_of():
    for mode, warned in ((0o644, True), (0o640, False), (0o600, False)):
        os.chmod(FILES[1], mode)
        with with_tls() as remit:
            remit.serve()
            remit.stop()
            equal("holds a private key" in remit.log, warned, remit.log)


def serial(remit):
    with socket.create_connection(("127.0.0.1", remit.tls_port), 30) as plain, \
            ssl.create_default_context(cafile=AUTHORITY.cert).wrap_socket(plain, server_hostname="localhost") as one:
        return one.getpeercert()["serialNumber"]


@case
def SIGHUP_takes_renewed_certificates_and_none_that_are_wrong():
    """With requests all the while, none of which is lost."""
    folder = tls.folder()
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    first, second = AUTHORITY.issue("first"), AUTHORITY.issue("second")
    stop, failed = threading.Event(), []

    def put(files):
        for source, to in zip(files, (cert, key)):
            shutil.copy(source, to + ".new")
            os.replace(to + ".new", to)

    def load():
        while not stop.is_set():
            status, _ = curl(remit, "/api/v1/health", token="x")
            if status != 401:
                failed.append(status)

    put(first)
    with with_tls((cert, key)) as remit:
        remit.serve()
        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        old = serial(remit)
        put((second[0], first[1]))
        remit.server.send_signal(signal.SIGHUP)
        remit.wait_for_log("reload refused")
        assert "remit.yaml:1:" in remit.log and "the key is not that of the certificate" in remit.log, remit.log
        equal(serial(remit), old)
        put(second)
        remit.server.send_signal(signal.SIGHUP)
        remit.wait_for_log("reloaded")
        assert serial(remit) != old
        with open(remit.config, encoding="utf-8") as file:
            text = file.read()
        with open(remit.config, "w", encoding="utf-8") as file:
            file.write(text.replace(f", tls: {{ cert: {cert}, key: {key} }}", ""))
        remit.server.send_signal(signal.SIGHUP)
        remit.wait_for_log("only a restart changes listen: tls")
        stop.set()
        for thread in threads:
            thread.join()
        equal(failed, [])


if __name__ == "__main__":
    run()
