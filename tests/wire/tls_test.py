#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLS to clients: what is spoken and what is refused, sessions that are resumed, certificates that are
replaced under load, and clients that break it. All else that a connection does is tested over TLS by the
other tests of this folder (REMIT_WIRE_TLS)."""
import os
import random
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time

import net
import tls
from net import PATIENCE, Client, Server, until
from tap import case, equal, run, seed

net.TLS = True
FOLDER = tls.folder()
FILES = tls.self_signed(FOLDER)
GET = b"GET /plain HTTP/1.1\r\nHost: t\r\n\r\n"


def context(cert=FILES[0], alpn=("http/1.1",)):
    made = ssl.create_default_context(cafile=cert)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


def connect(server, wanted=None, session=None):
    """A socket with TLS; EOF without close_notify raises."""
    plain = socket.create_connection(server.address, PATIENCE)
    try:
        return (wanted or context()).wrap_socket(plain, server_hostname="localhost", session=session,
                                                 suppress_ragged_eofs=False)
    except BaseException:
        plain.close()
        raise


def ask(one, path="/plain"):
    one.sendall(f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode())
    got = b""
    while b"\r\n\r\nhello" not in got:
        piece = one.recv(65536)
        assert piece, got
        got += piece
    return got


def raises(kind, function, *args):
    try:
        function(*args)
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")


def server_of_plain(**_):
    return Server()


# ---- What is spoken ----


@case
def versions_1_2_and_1_3_and_none_before():
    with Server(files=FILES) as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            wanted = context()
            wanted.minimum_version = wanted.maximum_version = version
            with connect(server, wanted) as one:
                equal((one.version(), one.selected_alpn_protocol()), (version.name.replace("_", "."), "http/1.1"))
                assert "GCM" in one.cipher()[0] or "CHACHA20" in one.cipher()[0], one.cipher()
                ask(one)
        for option in ("-tls1", "-tls1_1"):
            done = s_client(server, option, "-cipher", "ALL:@SECLEVEL=0")
            assert done.returncode != 0 and "protocol version" in done.stderr, done.stderr
        equal(server.counts()["tls_failures"], 2)


def s_client(server, *options, text=b""):
    host, port = server.address
    done = subprocess.run(["openssl", "s_client", "-connect", f"{host}:{port}", "-CAfile", FILES[0], *options],
                          input=text, capture_output=True, timeout=PATIENCE, check=False)
    done.stdout, done.stderr = done.stdout.decode("latin-1"), done.stderr.decode("latin-1")
    return done


@case
def ciphers_without_forward_secrecy_or_AEAD_are_refused():
    with Server(files=FILES) as server:
        for cipher in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384",
                       "AES256-SHA", "ECDHE-ECDSA-AES128-CCM8", "aNULL:eNULL"):
            done = s_client(server, "-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")
            assert done.returncode != 0 and "handshake failure" in done.stderr, (cipher, done.stderr)


@case
def alpn_of_another_protocol_is_refused_and_none_is_http_1_1():
    with Server(files=FILES) as server:
        with connect(server, context(alpn=None)) as one:
            equal(one.selected_alpn_protocol(), None)
            ask(one)
        with connect(server, context(alpn=("spdy/3", "http/1.1"))) as one:
            equal(one.selected_alpn_protocol(), "http/1.1")
        error = raises(ssl.SSLError, connect, server, context(alpn=("smtp", "imap")))
        assert "NO_APPLICATION_PROTOCOL" in str(error).upper().replace(" ", "_"), error


@case
def exchanges_know_that_it_was_TLS():
    with Server(files=FILES) as server:
        equal(server.counts()["secure"], True)
    net.TLS = False
    with Server() as server:
        equal(server.counts()["secure"], False)
    net.TLS = True


@case
def sessions_are_resumed_on_any_loop():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with Server("loops=4", files=FILES) as server:
            wanted = context()
            wanted.minimum_version = wanted.maximum_version = version
            session, resumed = None, 0
            for _ in range(40):
                with connect(server, wanted, session) as one:
                    ask(one)
                    resumed += one.session_reused
                    session = one.session
            equal(resumed, 39)


@case
def renegotiation_is_refused():
    with Server(files=FILES) as server:
        done = s_client(server, "-tls1_2", "-legacy_renegotiation", text=b"R\n" + b"x" * 100)
        assert "no renegotiation" in done.stderr.lower(), done.stderr
        equal(s_client(server, "-tls1_2").returncode, 0)


@case
def the_end_is_said_and_a_broken_answer_is_not():
    with Server(files=FILES) as server:
        with connect(server) as one:
            one.sendall(b"GET /stream/3/1000 HTTP/1.0\r\n\r\n")
            equal(len(read_all(one).split(b"\r\n\r\n", 1)[1]), 3000)
        with connect(server) as one:
            one.sendall(b"GET /stream/3/1000?broken HTTP/1.0\r\n\r\n")
            raises((ssl.SSLEOFError, ConnectionResetError), read_all, one)
        with connect(server) as one:
            one.sendall(b"GET /plain HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
            assert read_all(one).endswith(b"hello")


def read_all(one):
    got = b""
    while True:
        piece = one.recv(65536)
        if not piece:
            return got
        got += piece


# ---- Clients that break it ----


class Bare:
    """A client whose TLS is done here, so that its records can be cut, held back and spoilt."""

    def __init__(self, server, version=None):
        wanted = context()
        if version:
            wanted.minimum_version = wanted.maximum_version = version
        self.socket = socket.create_connection(server.address, PATIENCE)
        self.come, self.go = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = wanted.wrap_bio(self.come, self.go, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _try(self, function, *args):
        while True:
            try:
                return function(*args)
            except ssl.SSLWantReadError:
                self.flush()
                piece = self.socket.recv(65536)
                if piece:
                    self.come.write(piece)
                else:
                    self.come.write_eof()

    def flush(self, change=lambda bytes_: bytes_):
        if bytes_ := self.go.read():
            self.socket.sendall(change(bytes_))

    def shake_hands(self):
        self._try(self.tls.do_handshake)
        self.flush()
        return self

    def write(self, text, change=lambda bytes_: bytes_):
        self.tls.write(text)
        self.flush(change)

    def read(self, size=65536):
        return self._try(self.tls.read, size)

    def read_all(self):
        got = b""
        while piece := self.read():
            got += piece
        return got


def is_closed(one):
    """Whether the other end closes; what alert came before does not matter."""
    try:
        while one.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


@case
def bytes_one_at_a_time_are_the_same():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with Server("loops=1", files=FILES) as server, Bare(server, version) as one:
            one.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def trickle(bytes_):
                for i in range(len(bytes_)):
                    one.socket.sendall(bytes_[i:i + 1])
                return b""

            one.flush(trickle)
            one.shake_hands()
            one.write(GET, trickle)
            assert one.read().endswith(b"hello")


@case
def half_close_still_gets_its_answer():
    """Who says that it sends no more is answered, and then told the same."""
    with Server(files=FILES) as server:
        for said in (True, False):
            with Bare(server) as one:
                one.shake_hands().write(b"GET /stream/9/9000 HTTP/1.1\r\nHost: t\r\n\r\n")
                if said:
                    raises(ssl.SSLWantReadError, one.tls.unwrap)
                    one.flush()
                one.socket.shutdown(socket.SHUT_WR)
                if not said:
                    got = one.read_all()
                else:
                    got = b""
                    while piece := one.socket.recv(65536):
                        got += piece
                assert len(got) > 81_000, len(got)


@case
def L01_handshake_that_is_slow_or_never_comes():
    with Server("head_ms=300", "idle_ms=60000", files=FILES) as server:
        begin = time.monotonic()
        silent = socket.create_connection(server.address, PATIENCE)
        slow = Bare(server)
        raises(ssl.SSLWantReadError, slow.tls.do_handshake)
        hello = slow.go.read()
        for i in range(len(hello) - 1):
            if select.select([slow.socket], [], [], 0.01)[0]:
                break
            slow.socket.sendall(hello[i:i + 1])
        assert is_closed(slow.socket) and is_closed(silent)
        assert 0.25 < time.monotonic() - begin < 10
        equal(server.counts()["timeouts"], 2)
        silent.close()
        slow.socket.close()


@case
def L01_a_record_that_is_never_whole():
    with Server("head_ms=300", "idle_ms=60000", files=FILES) as server, Bare(server) as one:
        one.shake_hands().write(GET, lambda bytes_: bytes_[:-1])
        begin = time.monotonic()
        answer = one.read_all()
        assert answer.startswith(b"HTTP/1.1 408 "), answer
        assert time.monotonic() - begin < 10


@case
def what_is_no_TLS_is_closed():
    noise = random.Random(seed())
    hello = None
    with Server(files=FILES) as server:
        with Bare(server) as one:
            raises(ssl.SSLWantReadError, one.tls.do_handshake)
            hello = one.go.read()
        for i in range(200):
            bytes_ = bytearray(hello if i % 2 else noise.randbytes(noise.randrange(6, 4000)))
            for _ in range(1 + i % 5):
                bytes_[noise.randrange(len(bytes_))] = noise.randrange(256)
            with socket.create_connection(server.address, PATIENCE) as one:
                one.sendall(bytes_)
                one.shutdown(socket.SHUT_WR)
                assert is_closed(one)
        with connect(server) as one:
            ask(one)
        assert server.counts()["tls_failures"] > 100, server.counts()


@case
def a_plain_request_is_told_so():
    with Server(files=FILES) as server:
        for request in (GET, b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello",
                        b"HEAD / HTTP/1.0\r\n\r\n"):
            with socket.create_connection(server.address, PATIENCE) as one:
                one.sendall(request)
                answer = b""
                while piece := one.recv(65536):
                    answer += piece
                assert answer.startswith(b"HTTP/1.1 400 ") and b"https" in answer, answer
        equal(server.counts()["requests"], 1)


@case
def a_handshake_without_end_is_ended():
    """Records of a handshake that announces 100 kB, and one of 16 MB."""
    with Server(files=FILES) as server:
        for size in (100_000, 0xffffff):
            with socket.create_connection(server.address, PATIENCE) as one:
                body = b"\x01" + size.to_bytes(3, "big") + b"\x03\x03" + bytes(size - 2)
                try:
                    for at in range(0, len(body), 16384):
                        piece = body[at:at + 16384]
                        one.sendall(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece)
                except OSError:
                    pass
                assert is_closed(one)
        equal(server.counts()["tls_failures"], 2)


@case
def keys_that_change_without_end_are_ended():
    """A few are fine; thousands without a byte of plaintext between them are not."""
    with Server(files=FILES) as server:
        done = s_client(server, "-tls1_3", "-alpn", "http/1.1", text=b"K\nk\n" * 10)
        equal(done.returncode, 0, done.stderr)
        failures = server.counts()["tls_failures"]
        host, port = server.address
        many = subprocess.Popen(["openssl", "s_client", "-connect", f"{host}:{port}", "-tls1_3"], stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            for _ in range(6000):
                many.stdin.write(b"K\n")
                many.stdin.flush()
                while b"KEYUPDATE" not in many.stderr.readline():
                    assert many.poll() is None
        except (BrokenPipeError, AssertionError):
            pass
        finally:
            many.kill()
            many.communicate()
        until(lambda: server.counts()["tls_failures"] == failures + 1, "it was ended")


@case
def a_spoilt_record_ends_it_and_a_running_exchange():
    for head in (GET[:20], b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 50\r\n\r\n"):
        with Server(files=FILES) as server, Bare(server) as one:
            one.shake_hands().write(head)
            one.write(b"x" * 5, lambda bytes_: bytes_[:-1] + bytes([bytes_[-1] ^ 1]))
            assert "MAC" in str(raises(ssl.SSLError, one.read_all)).upper()
            until(lambda: server.counts()["open"] == 1, "it is closed")


# ---- Certificates that are replaced ----


def serial(one):
    return one.getpeercert()["serialNumber"]


@case
def certificates_are_replaced_under_load():
    cert, key = tls.self_signed(FOLDER, "changing")
    both = os.path.join(FOLDER, "both.pem")
    others = tls.self_signed(FOLDER, "other")
    with open(both, "w", encoding="ascii") as file:
        for path in (cert, others[0]):
            with open(path, encoding="ascii") as one:
                file.write(one.read())
    with Server("loops=2", files=(cert, key)) as server:
        server.cert = both
        stop, seen, failed = threading.Event(), set(), []

        def load():
            while not stop.is_set():
                try:
                    with connect(server, context(both)) as one:
                        seen.add(serial(one))
                        ask(one)
                except Exception as error:  # whatever it is, it is told
                    failed.append(error)

        threads = [threading.Thread(target=load) for _ in range(4)]
        with connect(server, context(both)) as old:
            for thread in threads:
                thread.start()
            until(lambda: len(seen) == 1, "one certificate")
            shutil.copy(others[0], cert)
            with Client(server) as asker:
                answer = asker.ask("/reload")
                equal(answer.status, 500, "a key of another certificate")
                assert b"the key is not that of the certificate" in answer.body, answer
                shutil.copy(others[1], key)
                equal(asker.ask("/reload").status, 200)
                for _ in range(20):
                    equal(asker.ask("/reload").status, 200)
            until(lambda: len(seen) == 2, "the other one too")
            ask(old)
        with connect(server, context(others[0])) as one:
            ask(one)
        stop.set()
        for thread in threads:
            thread.join()
        equal(failed, [])


@case
def what_cannot_be_used_is_said():
    def refused(cert, key, *words):
        error = str(raises(OSError, lambda: Server(files=(cert, key))))
        for word in words:
            assert word in error, error

    def write(name, text):
        path = os.path.join(FOLDER, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    with open(FILES[0], encoding="ascii") as file:
        cert = file.read()
    refused("/nowhere.pem", FILES[1], "/nowhere.pem", "No such file")
    refused(FILES[0], "/nowhere.key", "/nowhere.key", "No such file")
    refused(FOLDER, FILES[1], FOLDER, "no regular file")
    refused(write("empty.pem", ""), FILES[1], "empty.pem", "no certificate")
    refused(FILES[1], FILES[1], "no certificate")
    refused(FILES[0], FILES[0], "no private key")
    refused(write("cut.pem", cert[:200]), FILES[1], "cut.pem")
    refused(write("chain.pem", cert + cert[:200]), FILES[1], "chain.pem", "behind the first")
    refused(FILES[0], tls.self_signed(FOLDER, "stranger")[1], "the key is not that of the certificate")
    weak = tls.self_signed(FOLDER, "weak", key=["-newkey", "rsa:1024", "-nodes"])
    refused(*weak, "weak")
    locked = os.path.join(FOLDER, "locked.key")
    subprocess.run(["openssl", "pkey", "-in", FILES[1], "-aes256", "-passout", "pass:x", "-out", locked], check=True)
    refused(FILES[0], locked, "locked.key", "encrypted")
    big = write("big.pem", "x" * 2_000_000)
    refused(big, FILES[1], "big.pem", "too large")


run()
