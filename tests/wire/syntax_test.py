#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Y01 to Y35 over real sockets: each is refused, or answered in one way, and never twice. What stands
behind it, and would be a request to another reader, is never answered."""
from net import Client, Server
from syntax import REFUSED, Syntax
from tap import case, equal, run

SERVER = Server("body_max=100000")
HIDDEN = "GET /plain HTTP/1.1\r\nHost: t\r\n\r\n"


SYNTAX = Syntax("/echo", "/plain")
post, get, chunks = SYNTAX.post, SYNTAX.get, SYNTAX.chunks


def one(name, text, allowed, pieces):
    with Client(SERVER) as c:
        for piece in pieces:
            c.send(piece)
        found = c.end().answers()
        equal(all(a.status != 408 for a in found), True, name)
        equal([a.status for a in found][:1] != [], True, f"{name}: an answer")
        if found[0].status in REFUSED:
            equal(len(found), 1, f"{name}: nothing after the refusal")
            equal(found[0].headers["connection"], "close", name)
            if found[0].body:  # of a broken body the handler tells, which says no more here
                found[0].code()
        else:
            assert found[0].status in allowed, f"{name}: {found}"
            assert len(found) <= 2, f"{name}: {found}"


def add(name, text, allowed):
    def test():
        one(name, text, allowed, [text + HIDDEN])
        one(name, text, allowed, list(text + HIDDEN))  # a byte at a time

    test.__name__ = "test_" + name
    case(test)


for entry in SYNTAX.table():
    add(*entry)


@case
def test_H08_two_authorization_fields():
    one("two Authorization", "", (), [get("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n") + HIDDEN])


@case
def test_each_status_of_a_refusal_has_its_code():
    for text, status, code in (
            (get(f"X-A: {'a' * 20000}\r\n"), 431, "headers_too_large"),
            (f"GET /{'a' * 9000} HTTP/1.1\r\nHost: t\r\n\r\n", 414, "uri_too_long"),
            (post("Content-Length: 99999999999999999999\r\n"), 413, "payload_too_large"),
            (post("Transfer-Encoding: gzip\r\n"), 501, "not_implemented"),
            ("GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505, "version_not_supported"),
            (get("X A: 1\r\n"), 400, "bad_request")):
        with Client(SERVER) as c:
            a = c.send(text).answer()
            equal((a.status, a.code()), (status, code))


@case
def test_none_of_it_reached_the_handler_twice():
    SERVER.stop()
    SERVER.wait()


run()
