# SPDX-License-Identifier: Apache-2.0
"""The echo server and raw clients of it, for the tests of net. Nothing here sleeps: what must become
true is asked for again until a deadline."""
import atexit
import functools
import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import tls  # noqa: E402
from tap import equal  # noqa: E402

PATIENCE = 20  # seconds that anything may take on a slow machine
TLS = bool(os.environ.get("REMIT_WIRE_TLS"))  # every server with TLS, every client too


@functools.lru_cache
def _certificate():
    return tls.self_signed(tls.folder())


def until(question, what):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        select.select([], [], [], 0.005)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


class Answer:
    def __init__(self, status, headers, body, pieces=None):
        self.status, self.headers, self.body = status, headers, body
        self.pieces = pieces  # the body's chunks, where it came in chunks

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:200]!r}"

    def code(self):
        return json.loads(self.body)["error"]["code"]

    def without_id(self):
        """What does not differ between two runs."""
        return self.status, {k: v for k,
                             v in self.headers.items() if k not in ("date", "remit-request-id")}, self.body


@functools.lru_cache
def client_context(cert):
    context = ssl.create_default_context(cafile=cert)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Client:
    """One connection. Reads answers as strictly as a strict client would."""

    def __init__(self, server, receive_bytes=None):
        family = socket.AF_UNIX if isinstance(server.address, str) else socket.AF_INET
        self.socket = socket.socket(family)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(server.address)
        if server.cert:
            self.socket = client_context(server.cert).wrap_socket(self.socket, server_hostname="localhost")
        self.bytes = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode("latin-1") if isinstance(text, str) else text)
        return self

    def end(self):
        socket.socket.shutdown(self.socket, socket.SHUT_WR)  # with TLS: without close_notify
        return self

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError(f"closed after {self.bytes[:300]!r}")
        self.bytes += piece

    def hears_within(self, seconds):
        """Whether a byte comes, or the end. With TLS what comes may be a ticket, which is neither."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return False
        self.socket.settimeout(0)
        try:
            self.bytes += self.socket.recv(65536)
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            pass
        finally:
            self.socket.settimeout(PATIENCE)
        return True

    def answer(self, head=False):
        """The next answer; of a HEAD request with head=True."""
        while b"\r\n\r\n" not in self.bytes:
            self._more()
        text, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        lines = text.decode("latin-1").split("\r\n")
        version, status, _ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, lines
            headers[name.lower()] = value
        status = int(status)
        if status >= 200:
            assert len(headers["remit-request-id"]) == 32 and headers["date"].endswith(" GMT"), lines
        bare = head or status < 200 or status in (204, 304)
        chunked = "transfer-encoding" in headers
        assert bare or chunked or "content-length" in headers or headers["connection"] == "close", lines
        assert not (chunked and "content-length" in headers), lines
        if bare:
            return Answer(status, headers, b"")
        if chunked:
            assert headers["transfer-encoding"] == "chunked", lines
            pieces = self._chunks()
            return Answer(status, headers, b"".join(pieces), pieces)
        if "content-length" in headers:
            return Answer(status, headers, self._take(int(headers["content-length"])))
        return Answer(status, headers, self._rest())

    def _take(self, length):
        while len(self.bytes) < length:
            self._more()
        body, self.bytes = self.bytes[:length], self.bytes[length:]
        return body

    def _chunks(self):
        """A chunked body up to its end, each byte as it must be: no extension, no trailer."""
        pieces = []
        while not pieces or pieces[-1]:
            while b"\r\n" not in self.bytes:
                self._more()
            line, self.bytes = self.bytes.split(b"\r\n", 1)
            assert re.fullmatch(b"0|[1-9a-f][0-9a-f]*", line), line
            pieces.append(self._take(int(line, 16)))
            equal(self._take(2), b"\r\n")
        return pieces[:-1]

    def _rest(self):
        """All until the server closes."""
        try:
            while True:
                self._more()
        except EOFError:
            body, self.bytes = self.bytes, b""
            return body

    def answers(self):
        """All answers until the server closes."""
        found = []
        while True:
            try:
                found.append(self.answer())
            except (EOFError, ConnectionResetError):
                assert not self.bytes, f"bytes that are no answer: {self.bytes[:200]!r}"
                return found

    def is_closed(self):
        """Whether the server closes, without another byte."""
        try:
            return not self.bytes and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def ask(self, path, method="GET", headers="", body=b""):
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.send(f"{method} {path} HTTP/1.1\r\nHost: t\r\n{length}{headers}\r\n".encode() + body)
        return self.answer(head=method == "HEAD")


def is_refused(server):
    """Whether a new connection is closed without a word; with TLS, in its handshake."""
    try:
        with Client(server) as extra:
            return extra.is_closed()
    except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
        return TLS


class Server:
    """echo_server with options ("head_ms=300"); stopped and checked at the end of the block."""

    def __init__(self, *options, address="127.0.0.1:0", program="REMIT_ECHO_SERVER", files=None):
        self.cert = None
        if TLS or files:
            self.cert, key = files or _certificate()
            options = (*options, f"cert={self.cert}", f"key={key}")
        self.process = subprocess.Popen(
            [os.environ[program], address, *options], stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        line = self.process.stdout.readline().strip()
        if not line.isdigit():
            self.process.wait()
            raise OSError(line)
        self.address = address[5:] if address.startswith("unix:") else ("127.0.0.1", int(line))
        self.pid = self.process.pid
        self.killed = False

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.killed:
            return
        if self.process.poll() is None:
            self.stop()
        try:
            self.end = self.wait()
        except AssertionError:
            if kind is None:
                raise

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.killed = True

    def stop(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """The counts it prints at its end; each exchange that was begun has been finished."""
        try:
            out, _ = self.process.communicate(timeout=PATIENCE * 2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("the server does not end") from None
        assert self.process.returncode == 0, f"exit status {self.process.returncode}"
        counts = json.loads(out)
        assert counts["requests"] == counts["finished"], counts
        return counts

    def counts(self):
        with Client(self) as client:
            return json.loads(client.ask("/counts").body)

    def memory(self):
        """Bytes that the process holds for itself."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Private_Dirty:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no Private_Dirty")


def temporary_file(size):
    file = tempfile.NamedTemporaryFile(prefix="remit-net-")
    block = os.urandom(65536)
    while size > 0:
        file.write(block[:size])
        size -= len(block)
    file.flush()
    return file
