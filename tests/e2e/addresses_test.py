#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One upstream at several addresses: which of them gets a request, what becomes of those that are gone, how long is
waited, and what is sent again."""
import atexit
import os
import shutil
import socket
import tempfile
import threading

from harness import Remit, free_port, until
from tap import Skip, case, equal, run
from upstream import PROFILE, Upstream, echo, fields, read_body

OK = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"


class Gate:
    """A Remit of one loop in front of these addresses, with a token that may write."""

    def __init__(self, *urls, limits="upstream_connect_timeout: 1s"):
        upstream = ", ".join(f'"{url}"' for url in urls)
        self.remit = Remit(config=["workers: 1", f"limits: {{ {limits} }}"], migrate=False,
                           apis=[f"  mine: {{ profile: ./mine.yaml, upstream: [{upstream}] }}"])
        with open(os.path.join(self.remit.folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(PROFILE)
        self.remit.cli("store", "migrate")
        self.remit.cli("user", "add", "ann@example.com")
        self.token = self.remit.token("ann@example.com", "r", "--scope", "s:write", "--scope", "s:read", api="mine")["token"]
        self.remit.serve()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        status = self.remit.stop()
        if kind is None:
            equal((status, "Sanitizer" in self.remit.log), (0, False))

    def call(self, method="GET", path="/api/x", body=None):
        return self.remit.call(method, path, self.token, body)

    def in_background(self, count):
        """Threads that each make one call, and the list into which they put the statuses."""
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.call().status)) for _ in range(count)]
        for thread in threads:
            thread.start()
        return threads, answers


class Holding:
    """An upstream that answers when it is told to."""

    def __init__(self):
        self.go = threading.Event()
        self.running = 0
        self.server = Upstream(self.answer)

    def answer(self, head, file, connection):
        read_body(head, file)
        self.running += 1
        self.go.wait(60)
        self.running -= 1
        connection.sendall(OK)


def says(name):
    """An upstream that answers with its name."""
    def answer(head, file, connection):
        read_body(head, file)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\n" + name)
    return Upstream(answer)


@case
def one_that_is_gone_costs_no_request():
    """Nothing was sent to it, so even a POST with a body goes to the next, here a unix socket"""
    folder = tempfile.mkdtemp(prefix="remit-addresses-")
    atexit.register(shutil.rmtree, folder, True)
    app = Upstream(echo, os.path.join(folder, "app.sock"))
    with Gate(f"http://127.0.0.1:{free_port()}", app.url) as gate:
        for _ in range(10):
            got = gate.call("POST", body=b"hello")
            equal(got.status, 200)
            equal((got.json()["body"], dict(fields(got.json()["head"]))["Host"]), ("hello", "localhost"))


@case
def localhost_is_either_of_its_addresses():
    """and needs no name server: the IPv4 one, and where nobody listens there the other"""
    for ip in ("127.0.0.1", "::1"):
        try:
            app = Upstream(echo, ip=ip)
        except OSError as error:
            raise Skip(f"{ip}: {error}") from error
        port = app.server.server_address[1]
        with Gate(f"http://localhost:{port}") as gate:
            for _ in range(3):
                got = gate.call("POST", body=b"hello")
                equal((got.status, dict(fields(got.json()["head"]))["Host"]), (200, f"localhost:{port}"), ip)


@case
def the_one_with_the_fewest_running_requests_is_next():
    one, two = Holding(), Holding()
    with Gate(one.server.url, two.server.url) as gate:
        threads, answers = gate.in_background(10)
        until(lambda: one.running + two.running == 10, "all run")
        equal((one.running, two.running), (5, 5))
        two.go.set()
        until(lambda: two.running == 0, "one of the two is free")
        two.go.clear()
        more, _ = gate.in_background(5)
        until(lambda: two.running == 5, "the five new ones are where fewest ran")
        equal(one.running, 5)
        one.go.set(), two.go.set()
        for thread in threads + more:
            thread.join()
        equal(answers, [200] * 10)


@case
def one_that_comes_back_is_used_again():
    """After a moment in which it is left alone"""
    port = free_port()
    steady = says(b"s")
    with Gate(f"http://127.0.0.1:{port}", steady.url) as gate:
        equal([gate.call().body for _ in range(5)], [b"s"] * 5)
        back = Upstream(echo, port=port)
        until(lambda: gate.call().body != b"s", "it is used again")
        equal(len(back.heads) >= 1, True)


@case
def where_all_are_gone_each_is_tried_once():
    """502, and none waits for the moment to end: the next request finds what has come back"""
    ports = [free_port(), free_port()]
    with Gate(*[f"http://127.0.0.1:{port}" for port in ports]) as gate:
        equal([gate.call().status for _ in range(3)], [502] * 3)
        Upstream(echo, port=ports[1])
        equal(gate.call().status, 200)


@case
def L04_one_that_does_not_take_connections_is_504_and_the_other_200():
    """L04: the time-out of the first phase"""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = []
    while len(waiting) < 50:  # until the kernel takes no more for it
        s = socket.socket()
        s.settimeout(0.3)
        waiting.append(s)
        try:
            s.connect(full.getsockname())
        except TimeoutError:
            break
    url = f"http://127.0.0.1:{full.getsockname()[1]}"
    with Gate(url) as gate:
        answer = gate.call("POST", body=b"x")
        equal((answer.status, answer.json()["error"]["code"]), (504, "gateway_timeout"))
    with Gate(url, says(b"o").url) as gate:
        equal((gate.call("POST", body=b"x").body, gate.call("POST", body=b"x").body), (b"o", b"o"))
    for s in waiting:
        s.close()
    full.close()


def drops_the_second(seen):
    """A connection's first request is answered, its second is read and dropped without a word."""
    def answer(head, file, connection):
        read_body(head, file)
        seen.append((connection.fileno(), head.split(b" ")[0], id(connection)))
        if sum(one[2] == id(connection) for one in seen) == 2:
            return False
        connection.sendall(OK)
        return True
    return Upstream(answer)


@case
def L04_only_what_is_safe_to_do_twice_is_sent_again():
    """L04: on a kept connection that ends under a request, before a byte of an answer"""
    for method, body, again in (("GET", None, True), ("HEAD", None, True), ("DELETE", None, True), ("PUT", None, True),
                                ("POST", None, False), ("PATCH", None, False), ("PUT", b"x", False), ("POST", b"x", False)):
        seen = []
        with Gate(drops_the_second(seen).url) as gate:
            equal(gate.call().status, 200)
            equal(gate.call(method, body=body).status, 200 if again else 502, (method, body))
            equal(len(seen), 3 if again else 2, (method, body))


@case
def L04_a_new_connection_that_ends_is_not_tried_again():
    seen = []

    def drop(head, file, connection):
        seen.append(head)
        return False
    with Gate(Upstream(drop).url) as gate:
        equal((gate.call().status, len(seen)), (502, 1))


run()
