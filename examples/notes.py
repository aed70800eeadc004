#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An API without any access control, to put a gate in front of. usage: notes.py PORT"""
import http.server
import json
import sys


class Notes(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    notes = {"/notes/1": "Water the plants."}

    def answer(self, status, body):
        text = json.dumps(body).encode() if body else b""
        self.send_response(status)
        if body:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if self.path not in self.notes:
            self.answer(404, {"error": "no such note"})
        else:
            self.answer(200, {"text": self.notes[self.path], "for": self.headers["Remit-User"],
                              "authorization": self.headers["Authorization"]})

    def do_DELETE(self):
        self.answer(204 if self.notes.pop(self.path, None) else 404, None)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Notes).serve_forever()
