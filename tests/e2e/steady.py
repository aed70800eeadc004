#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A steady load from a process of its own: so many requests a second over kept connections, each answer
read and counted, until stdin closes. Prints one JSON document: {"sent", "answers": {status: count},
"lost", "opened", "seconds", "slowest": seconds of a round}. A connection that ends counts what it still owed as lost.

    steady.py PORT CONNECTIONS PER_SECOND < PIPE, with the head of a request in $STEADY_HEAD
"""
import json
import os
import select
import socket
import sys
import time

PIPELINED = 10


class Line:
    """One connection: requests in rounds of PIPELINED, so that it is never idle for long."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)

    def round(self, request, answers):
        """Sends a round and reads its answers; how many did not come."""
        self.socket.sendall(request * PIPELINED)
        for owed in range(PIPELINED, 0, -1):
            status = self.file.readline()
            length = 0
            while True:
                line = self.file.readline()
                if line in (b"\r\n", b""):
                    break
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            if not status or line == b"" or len(self.file.read(length)) < length:
                return owed
            code = status.split(b" ")[1].decode()
            answers[code] = answers.get(code, 0) + 1
        return 0


def main():
    port, connections, per_second = (int(word) for word in sys.argv[1:4])
    request = os.environ["STEADY_HEAD"].replace("\n", "\r\n").encode() + b"\r\n\r\n"
    lines = [Line(port) for _ in range(connections)]
    answers = {}
    sent = lost = slowest = 0
    opened = connections
    began = time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        for i, line in enumerate(lines):
            sent += PIPELINED
            start = time.monotonic()
            owed = line.round(request, answers)
            slowest = max(slowest, time.monotonic() - start)
            if owed:
                lost += owed
                lines[i] = Line(port)
                opened += 1
        ahead = sent / per_second - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    print(json.dumps({"sent": sent, "answers": answers, "lost": lost, "opened": opened,
                      "seconds": time.monotonic() - began, "slowest": slowest}))


if __name__ == "__main__":
    main()
