# SPDX-License-Identifier: Apache-2.0
"""What stories and events are sent to in these tests.

Mastodon: a server that does what docs.joinmastodon.org says of POST /api/v2/media, GET /api/v1/media/:id and
POST /api/v1/statuses, checks strictly what it gets, and knows an Idempotency-Key again for an hour.
Hooks: an endpoint that keeps what it is sent, over HTTP or HTTPS with a certificate of its own authority.
Both can be told to misbehave.
"""
import email.parser
import email.policy
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY_SECONDS = 3600


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        pass  # who goes away in the middle is what is tested


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do(self):
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else b""
        self.server.owner.handle(self, self.command, self.path, self.headers, body)

    do_GET = do_POST = do_PUT = do_DELETE = do

    def answer(self, status, document=None, headers=()):
        data = json.dumps(document).encode() if document is not None else b""
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def cut(self):
        """Ends the connection without a word."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Receiver:
    """A server on a port of its own. `mischief` is what the next requests meet, in order: see misbehave()."""

    def __init__(self, tls=None):
        self.lock = threading.Lock()
        self.mischief = []
        self.always = None
        self.release = threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.port = self.server.server_port
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def take_mischief(self):
        with self.lock:
            return self.mischief.pop(0) if self.mischief else self.always

    def misbehave(self, handler, what):
        """Whether the request was dealt with: nothing came of it."""
        if what is None or what == "cut after":
            return False
        if isinstance(what, int):
            handler.answer(what, {"error": f"told to answer {what}"})
        elif isinstance(what, tuple):
            handler.answer(what[0], {"error": "told so"}, what[1])
        elif what == "hang":
            self.release.wait(60)
            handler.cut()
        elif what == "cut":
            handler.cut()
        elif what == "garbage":
            handler.wfile.write(b"220 mail.example ESMTP\r\n")
            handler.cut()
        elif what == "flood":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
            try:
                while not self.release.is_set():
                    handler.wfile.write(b"x" * 65536)
            except OSError:
                pass
            handler.cut()
        elif what == "redirect":
            handler.answer(302, {}, [("Location", f"{self.url}/elsewhere")])
        else:
            raise AssertionError(what)
        return True


class Mastodon(Receiver):
    def __init__(self, token="mastodon-token", polls=0, tls=None):
        super().__init__(tls)
        self.token = token
        self.polls = polls        # how often an upload is still being processed
        self.media = {}
        self.statuses = []        # in effect, in order
        self.keys = {}            # key: (time, status)
        self.calls = []           # (method, path, key)
        self.mistakes = []        # what a client must not do
        self.clock = time.time

    def mistake(self, handler, status, what):
        self.mistakes.append(what)
        handler.answer(status, {"error": what})

    def handle(self, handler, method, path, headers, body):
        with self.lock:
            self.calls.append((method, path, headers.get("Idempotency-Key")))
        if headers.get_all("Authorization") != [f"Bearer {self.token}"]:
            return handler.answer(401, {"error": "The access token is invalid"})
        what = self.take_mischief()
        if self.misbehave(handler, what):
            return None
        if method == "POST" and path == "/api/v2/media":
            return self.upload(handler, headers, body)
        if method == "GET" and re.fullmatch(r"/api/v1/media/\w+", path):
            return self.look(handler, path.rsplit("/", 1)[1])
        if method == "POST" and path == "/api/v1/statuses":
            return self.post(handler, headers, body, what == "cut after")
        return self.mistake(handler, 404, f"no such route: {method} {path}")

    def upload(self, handler, headers, body):
        if not headers["Content-Type"].startswith("multipart/form-data; boundary="):
            return self.mistake(handler, 422, f"an upload as {headers['Content-Type']}")
        parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        parts = {p.get_param("name", header="content-disposition"): p for p in parsed.iter_parts()}
        if set(parts) != {"file", "description"}:
            return self.mistake(handler, 422, f"an upload of {sorted(parts)}")
        data = parts["file"].get_payload(decode=True)
        if not data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")) and data[4:8] != b"ftyp":
            return self.mistake(handler, 422, "an upload that is no image")
        with self.lock:
            id = str(109_000_000_000_000_000 + len(self.media))
            self.media[id] = {"bytes": data, "polls": self.polls, "status": None,
                              "description": parts["description"].get_payload(decode=True).decode(),
                              "name": parts["file"].get_filename(), "type": parts["file"].get_content_type()}
        return handler.answer(202 if self.polls else 200, {"id": id, "type": "image", "url": None})

    def look(self, handler, id):
        media = self.media.get(id)
        if not media:
            return self.mistake(handler, 404, "media that is not there")
        media["polls"] -= 1
        return handler.answer(206 if media["polls"] > 0 else 200, {"id": id, "type": "image"})

    def post(self, handler, headers, body, cut_after):
        key = headers.get("Idempotency-Key")
        if headers["Content-Type"] != "application/json" or not key:
            return self.mistake(handler, 422, "a status without its type or key")
        document = json.loads(body)
        with self.lock:
            known = self.keys.get(key)
            if known and self.clock() - known[0] < KEY_SECONDS:
                status = known[1]
            else:
                wrong = self.wrong_with(document)
                if wrong:
                    return self.mistake(handler, 422, f"Validation failed: {wrong}")
                status = self.create(document, key)
        return handler.cut() if cut_after else handler.answer(200, status)

    def wrong_with(self, document):
        ids = document.get("media_ids", [])
        text = re.sub(r"https?://\S+", "x" * 23, document.get("status", ""))
        if not set(document) <= {"status", "media_ids", "in_reply_to_id"}:
            return f"members {sorted(document)}"
        if len(text) > 500:
            return "Text character limit of 500 exceeded"
        if not text and not ids:
            return "Text can't be blank"
        if len(ids) > 4 or len(set(ids)) != len(ids):
            return "Cannot attach more than 4 files"
        for id in ids:
            media = self.media.get(id)
            if not media or media["status"]:
                return "Media not found, or attached already"
            if media["polls"] > 0:
                return "Cannot attach files that have not finished processing"
        reply = document.get("in_reply_to_id")
        if "in_reply_to_id" in document and reply not in [s["id"] for s in self.statuses]:
            return "The post you are trying to reply to does not appear to exist"
        return None

    def create(self, document, key):
        id = str(110_000_000_000_000_000 + len(self.statuses))
        for media in document.get("media_ids", []):
            self.media[media]["status"] = id
        status = {"id": id, "url": f"{self.url}/@aurora/{id}", "content": document.get("status", ""),
                  "in_reply_to_id": document.get("in_reply_to_id"), "media_ids": document.get("media_ids", []),
                  "account": {"id": "1"}, "key": key}
        self.statuses.append(status)
        self.keys[key] = (self.clock(), status)
        return status

    def texts(self):
        return [s["content"] for s in self.statuses]


class Hooks(Receiver):
    """Keeps (path, headers, body, time) of every request that it takes."""

    def __init__(self, tls=None, delay=0):
        super().__init__(tls)
        self.got = []
        self.delay = delay

    def handle(self, handler, method, path, headers, body):
        with self.lock:
            self.got.append((path, headers, body, time.monotonic()))
        if self.delay:
            time.sleep(self.delay)
        what = self.take_mischief()
        if self.misbehave(handler, what):
            return
        if what == "cut after":
            handler.cut()
        else:
            handler.answer(200, {"ok": True})

    def events(self):
        return [json.loads(body) for _, _, body, _ in list(self.got)]


def make_authority(folder):
    """A certificate authority and a server's certificate for localhost by it: (ca, (cert, key))."""
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=tests", "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
            "-out", "server.csr", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "names"), "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "30", "-extfile", "names")
    at = lambda name: os.path.join(folder, name)
    return at("ca.pem"), (at("server.pem"), at("server.key"))


def wait_for(what, seconds=20):
    """Polls until `what()` is true, and returns it."""
    deadline = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)
    return value
