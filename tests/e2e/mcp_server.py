# SPDX-License-Identifier: Apache-2.0
"""A small MCP server in both eras that tells what it got, for tests that need no npm: tools, resources, templates
and prompts in pages, sessions, streams."""
import json
import threading
import time

from upstream import Upstream, read_body

TOOLS = [
    {"name": "echo", "description": "Says it again.", "inputSchema": {"type": "object"}},
    {"name": "write", "inputSchema": {"type": "object"}},
    {"name": "hidden", "inputSchema": {"type": "object"}},
    {"name": "entries", "inputSchema": {"type": "object", "properties": {
        "action": {"type": "string", "enum": ["list", "create", "drop"]}}}},
]
RESOURCES = [{"uri": "note://1", "name": "one"}, {"uri": "secret://1", "name": "two"}]
TEMPLATES = [{"uriTemplate": "note://{id}", "name": "notes"}, {"uriTemplate": "other://{id}", "name": "others"}]
PROMPTS = [{"name": "draft"}, {"name": "unheard"}]
LISTS = {"tools/list": ("tools", TOOLS), "resources/list": ("resources", RESOURCES),
         "resources/templates/list": ("resourceTemplates", TEMPLATES), "prompts/list": ("prompts", PROMPTS)}


class McpServer:
    """`calls` are (method, params) as they arrived; `events` makes answers streams; `open` holds those that are open."""

    def __init__(self):
        self.calls = []
        self.heads = []
        self.messages = []
        self.events = False
        self.open = []
        self.closed = threading.Event()
        self.listen = threading.Event()
        self.list_fields = b""
        self.upstream = Upstream(self.answer)
        self.url = self.upstream.url

    def result(self, method, params):
        if method in LISTS:
            key, items = LISTS[method]
            half = len(items) // 2
            page = {key: items[half:]} if params.get("cursor") else {key: items[:half], "nextCursor": "2"}
            return {"resultType": "complete", **page, "ttlMs": 1000, "cacheScope": "public"}
        if method == "initialize":
            return {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}
        return {"content": [{"type": "text", "text": json.dumps(params)}]}

    def answer(self, head, file, connection):
        body, _ = read_body(head, file)
        self.heads.append(head)
        if head.startswith(b"GET ") or b"\r\nx-stream: 1\r\n" in head.lower():
            self.stream(connection)
            return False
        if head.startswith(b"DELETE "):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return None
        message = json.loads(body)
        self.messages.append(message)
        if "method" not in message or "id" not in message:
            connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            return None
        method, params = message["method"], message.get("params", {})
        if method == "subscriptions/listen" and params.get("notifications") == {}:
            self.listen.set()
            self.stream(connection)
            return False
        self.calls.append((method, params))
        text = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": self.result(method, params)}).encode()
        kind = b"application/json"
        if self.events:
            text, kind = b"event: message\r\ndata: " + text + b"\r\n\r\n", b"text/event-stream"
        session = b"Mcp-Session-Id: s-1.x\r\n" if method == "initialize" else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s%sContent-Length: %d\r\n\r\n"
                           % (kind, session, self.list_fields if method in LISTS else b"", len(text)) + text)
        return None

    def stream(self, connection):
        """Stays open until the other side leaves; what is said on it is up to the test."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                           b"Connection: close\r\n\r\n")
        self.open.append(connection)
        try:
            while connection.recv(4096):
                pass
        except OSError:
            pass
        self.open.remove(connection)
        self.closed.set()

    def say(self, text):
        for connection in list(self.open):
            connection.sendall(b"%x\r\n%s\r\n" % (len(text), text))

    def wait_open(self, count, seconds=10):
        deadline = time.monotonic() + seconds
        while len(self.open) != count:
            assert time.monotonic() < deadline, f"{len(self.open)} streams open, not {count}"
            time.sleep(0.01)
