# SPDX-License-Identifier: Apache-2.0
"""A real Remit for one test program: the binary under test, its own folder, port and database.

    with Remit() as remit:
        remit.cli("user", "add", "a@example.com")
        remit.serve()
        answer = remit.call("GET", "/api/v1/health", token=text)
"""
import atexit
import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BINARY = os.environ["REMIT_BINARY"]
SOURCE = os.environ["REMIT_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests"))


class Answer:
    """One HTTP answer, read whole."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


def until(question, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Remit:
    def __init__(self, config=None, apis=None, migrate=True):
        self.folder = tempfile.mkdtemp(prefix="remit-test-")
        atexit.register(shutil.rmtree, self.folder, True)
        atexit.register(self.abandon)  # runs before the folder goes
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = os.path.join(self.folder, "remit.yaml")
        self.server = None
        self.log = ""
        lines = [
            f"listen: 127.0.0.1:{self.port}",
            f"public_url: {self.url}",
            "store: sqlite:remit.db",
            "secrets_key: file:secrets.key",
            *(config or []),
            "apis:",
            *(apis or ["  publishing: { profile: publishing, service: publishing }"]),
        ]
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        if migrate:
            self.cli("store", "migrate")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # -- the command line --

    def run(self, *args, stdin=None, timeout=60):
        """Runs a command and returns the CompletedProcess, whatever its exit status."""
        return subprocess.run(
            [BINARY, *args], input=stdin, capture_output=True, text=True, timeout=timeout,
            env={**os.environ, "REMIT_CONFIG": self.config}, cwd=self.folder, check=False)

    def cli(self, *args, stdin=None):
        """Runs a command that must succeed, with --json, and returns its document."""
        done = self.run(*args, "--json", stdin=stdin)
        if done.returncode != 0:
            said = done.stderr + done.stdout
            raise AssertionError(f"remit {' '.join(args)}: exit {done.returncode}\n{said}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def token(self, user, name, *args, api="publishing"):
        """Makes a token and returns its document: token, id, ..."""
        return self.cli("token", "create", "--api", api, "--user", user, "--name", name, *args)

    # -- the server --

    def serve(self, wait=True, **environment):
        """Starts `remit serve` and returns when it says that it listens."""
        self.server = subprocess.Popen(
            [BINARY, "serve"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, "REMIT_CONFIG": self.config, **environment}, cwd=self.folder)
        if wait:
            self.wait_for_log("listening")

    def wait_for_log(self, word, seconds=60):
        """Reads the server's log until a line holds the word."""
        deadline = time.monotonic() + seconds
        seen = ""
        while True:
            ready, _, _ = select.select([self.server.stderr], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.server.stderr.fileno(), 65536).decode() if ready else ""
            self.log += chunk
            seen += chunk
            if word in seen:
                return
            if not chunk:
                self.server.kill()
                raise AssertionError(f"the server never said {word!r}:\n{self.log}")

    def stop(self, sig=signal.SIGTERM):
        """Ends the server; returns its exit status. What it logged is in self.log."""
        if not self.server:
            return None
        if self.server.poll() is None:
            self.server.send_signal(sig)
        _, rest = self.server.communicate(timeout=60)
        self.log += rest.decode()
        status, self.server = self.server.returncode, None
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def abandon(self):
        """A test that ends, however, leaves no server behind."""
        if self.server and self.server.poll() is None:
            self.server.kill()
            self.server.wait()

    def call(self, method, path, token=None, body=None, headers=None, connection=None):
        """One request. A dict or list as body is sent as JSON."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        own = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            own.request(method, path, body, headers)
            return Answer(own.getresponse())
        finally:
            if not connection:
                own.close()


def multipart(fields, files):
    """A multipart/form-data body: (content type, bytes). files: {name: (filename, type, bytes)}."""
    boundary = "remit-test-boundary-7f3a"
    parts = []
    for name, value in fields.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
                     f'{value}\r\n'.encode())
    for name, (filename, kind, data) in files.items():
        head = (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                f"Content-Type: {kind}\r\n\r\n")
        parts.append(head.encode() + data + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)
