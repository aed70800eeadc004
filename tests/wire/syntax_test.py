#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Y01 to Y35 over real sockets: each is refused, or answered in one way, and never twice. What stands
behind it, and would be a request to another reader, is never answered."""
from net import Client, Server
from tap import case, equal, run

SERVER = Server("body_max=100000")
REFUSED = (400, 417, 431, 501, 505)
HIDDEN = "GET /plain HTTP/1.1\r\nHost: t\r\n\r\n"


def post(fields, body="hello"):
    return f"POST /echo HTTP/1.1\r\nHost: t\r\n{fields}\r\n{body}"


def get(fields):
    return f"GET /plain HTTP/1.1\r\nHost: t\r\n{fields}\r\n"


def chunks(body):
    return post("Transfer-Encoding: chunked\r\n", body)


CHUNKED = "5\r\nhello\r\n0\r\n\r\n"
TABLE = [
    # name, bytes, what is allowed beside a refusal
    ("Y01 Content-Length and Transfer-Encoding",
     post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKED), ()),
    ("Y02 two different Content-Length", post("Content-Length: 5\r\nContent-Length: 6\r\n"), ()),
    ("Y03 two equal Content-Length", post("Content-Length: 5\r\nContent-Length: 5\r\n"), (200,)),
    ("Y04 Content-Length: +5", post("Content-Length: +5\r\n"), ()),
    ("Y05 Content-Length: 5x", post("Content-Length: 5x\r\n"), ()),
    ("Y06 Content-Length: 0x5", post("Content-Length: 0x5\r\n"), ()),
    ("Y07 space before colon", post("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n"), ()),
    ("Y08 Transfer-Encoding: xchunked", post("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n"), ()),
    ("Y09 Transfer-Encoding: gzip, chunked",
     post("Transfer-Encoding: gzip, chunked\r\nContent-Length: 5\r\n"), ()),
    ("Y10 Transfer-Encoding: chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n", CHUNKED), ()),
    ("Y11 Transfer-Encoding twice",
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKED), ()),
    ("Y12 Transfer-Encoding in HTTP/1.0",
     "POST /echo HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED, ()),
    ("Y13 chunk size 0x5", chunks("0x5\r\nhello\r\n0\r\n\r\n"), ()),
    ("Y14 chunk size +5", chunks("+5\r\nhello\r\n0\r\n\r\n"), ()),
    ("Y15 chunk size ended by LF", chunks("5\nhello\r\n0\r\n\r\n"), ()),
    ("Y16 LF in a chunk extension", chunks("5;a\nb\r\nhello\r\n0\r\n\r\n"), ()),
    ("Y17 chunk data without CRLF", chunks("5\r\nhelloXX0\r\n\r\n"), ()),
    ("Y18 chunk size 2^64+5", chunks("10000000000000005\r\nhello\r\n0\r\n\r\n"), ()),
    ("Y19 obs-fold", get("X-A: 1\r\n 2\r\n"), (200,)),
    ("Y20 LF line ends", "GET /plain HTTP/1.1\nHost: t\n\n", ()),
    ("Y21 CR in a value", get("X-A: 1\r2\r\n"), ()),
    ("Y22 NUL in a value", get("X-A: 1\x002\r\n"), ()),
    ("Y23 control character in a value", get("X-A: 1\x012\r\n"), ()),
    ("Y24 no Host", "GET /plain HTTP/1.1\r\n\r\n", ()),
    ("Y25 two Host", get("Host: t\r\n"), ()),
    ("Y26 space in a name", get("X A: 1\r\n"), ()),
    ("Y27 header without colon", get("X-A\r\n"), ()),
    ("Y28 empty name", get(": 1\r\n"), ()),
    ("Y29 brackets in a name", get("X[a]: 1\r\n"), ()),
    ("Y30 two spaces in the request line", "GET  /plain HTTP/1.1\r\nHost: t\r\n\r\n", ()),
    ("Y31 tab in the request line", "GET\t/plain HTTP/1.1\r\nHost: t\r\n\r\n", ()),
    ("Y32 NUL in the target", "GET /pl\0ain HTTP/1.1\r\nHost: t\r\n\r\n", ()),
    ("Y33 HTTP/1.2", "GET /plain HTTP/1.2\r\nHost: t\r\n\r\n", (200,)),
    ("Y34 HTTP/2.0", "GET /plain HTTP/2.0\r\nHost: t\r\n\r\n", ()),
    ("Y35 HTTP/0.9", "GET /plain\r\n", (200,)),
]


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


for entry in TABLE:
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
