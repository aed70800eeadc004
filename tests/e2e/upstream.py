# SPDX-License-Identifier: Apache-2.0
"""An upstream that tells exactly what bytes it got, and others that misbehave as they are told; and a profile for them."""
import json
import os
import re
import socket
import socketserver
import threading

from tap import equal

PROFILE = """
profile: mine
title: My API
scopes: { "s:read": Read., "s:write": Write., "s:publish": Publish. }
tokens: { prefix: my }
rest:
  base: /api
  rules:
    - { on: "GET /p/{id}", need: s:read, project: path.id }
    - { on: "GET /open", need: public }
    - { on: "POST /judged", need: s:write, when: [ { present: body./publishAt, need: s:publish } ] }
    - { on: "GET /query", need: s:read, when: [ { equals: [query.mode, all], need: s:publish } ] }
    - { on: "GET /**", need: s:read }
    - { on: "POST /**", need: s:write }
    - { on: "PUT /**", need: s:write }
    - { on: "PATCH /**", need: s:write }
    - { on: "DELETE /**", need: s:write }
"""


class Upstream:
    """A server of one function: answer(head, body_file, connection) for each connection's every request."""

    def __init__(self, answer, path=None, port=0, tls=None, ip="127.0.0.1"):
        """`tls`: an ssl.SSLContext, with which each connection begins."""
        outer = self
        self.heads = []
        self.connections = 0
        self.answered = 0  # requests that arrived whole

        class Handler(socketserver.StreamRequestHandler):
            def setup(self):
                outer.connections += 1
                if tls:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self):
                while True:
                    head = b""
                    while not head.endswith(b"\r\n\r\n"):
                        line = self.rfile.readline(65536)
                        if not line:
                            return
                        head += line
                    outer.heads.append(head)
                    try:
                        more = answer(head, self.rfile, self.connection)
                    except OSError:
                        return
                    outer.answered += 1
                    if more is False:
                        return

        class OverIPv6(socketserver.ThreadingTCPServer):
            address_family = socket.AF_INET6

        kind = OverIPv6 if ":" in ip else socketserver.ThreadingTCPServer
        kind = socketserver.ThreadingUnixStreamServer if path else kind
        kind.allow_reuse_address = True
        kind.daemon_threads = True
        kind.request_queue_size = 256
        self.server = kind(path or (ip, port), Handler)
        self.url = f"http://unix:{path}" if path else f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def read_exactly(file, size):
    data = file.read(size)
    if len(data) < size:
        raise ConnectionAbortedError("the request was cut off")
    return data


def read_body(head, file):
    """The body as it was framed: (bytes, how)."""
    length = re.search(rb"\r\ncontent-length: *(\d+)\r\n", head, re.IGNORECASE)
    if length:
        return read_exactly(file, int(length[1])), "length"
    if not re.search(rb"\r\ntransfer-encoding: *chunked\r\n", head, re.IGNORECASE):
        return b"", "none"
    body = b""
    while True:
        line = file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionAbortedError("the request was cut off")
        size = int(line.strip(), 16)
        body += read_exactly(file, size)
        equal(read_exactly(file, 2), b"\r\n", "what goes up has no trailers")
        if size == 0:
            return body, "chunked"


def echo(head, file, connection):
    """Answers the request's own bytes, as JSON."""
    body, how = read_body(head, file)
    if head.startswith(b"HEAD "):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n")
        return
    text = json.dumps({"head": head.decode("latin-1"), "body": body.decode("latin-1"), "framing": how}).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                       % len(text) + text)


def target(head):
    return head.split(b"\r\n")[0].split(b" ")[1].decode("latin-1")


def fields(text):
    """[(name, value)] of a head."""
    lines = text.split("\r\n")[1:]
    return [tuple(part.strip() for part in line.split(":", 1)) for line in lines if line]
