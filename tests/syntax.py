# SPDX-License-Identifier: Apache-2.0
"""Y01 to Y35, as requests to any server: each must be refused, or be answered in one way."""

REFUSED = (400, 417, 431, 501, 505)
CHUNKED = "5\r\nhello\r\n0\r\n\r\n"


class Syntax:
    """The table's requests, to a path that takes a POST and one that takes a GET; `more` are fields of each."""

    def __init__(self, post, get, host="t", more=""):
        self.to_post, self.to_get, self.host, self.more = post, get, host, more

    def post(self, fields, body="hello", version="1.1"):
        return f"POST {self.to_post} HTTP/{version}\r\nHost: {self.host}\r\n{self.more}{fields}\r\n{body}"

    def get(self, fields, line="GET {} HTTP/1.1\r\n", host=None):
        host = f"Host: {self.host}\r\n" if host is None else host
        return f"{line.format(self.to_get)}{host}{self.more}{fields}\r\n"

    def chunks(self, body):
        return self.post("Transfer-Encoding: chunked\r\n", body)

    def table(self):
        """(name, bytes, what is allowed beside a refusal)"""
        post, get, chunks = self.post, self.get, self.chunks
        return [
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
             post("Transfer-Encoding: chunked\r\n", CHUNKED, "1.0"), ()),
            ("Y13 chunk size 0x5", chunks("0x5\r\nhello\r\n0\r\n\r\n"), ()),
            ("Y14 chunk size +5", chunks("+5\r\nhello\r\n0\r\n\r\n"), ()),
            ("Y15 chunk size ended by LF", chunks("5\nhello\r\n0\r\n\r\n"), ()),
            ("Y16 LF in a chunk extension", chunks("5;a\nb\r\nhello\r\n0\r\n\r\n"), ()),
            ("Y17 chunk data without CRLF", chunks("5\r\nhelloXX0\r\n\r\n"), ()),
            ("Y18 chunk size 2^64+5", chunks("10000000000000005\r\nhello\r\n0\r\n\r\n"), ()),
            ("Y19 obs-fold", get("X-A: 1\r\n 2\r\n"), (200,)),
            ("Y20 LF line ends", get("").replace("\r\n", "\n"), ()),
            ("Y21 CR in a value", get("X-A: 1\r2\r\n"), ()),
            ("Y22 NUL in a value", get("X-A: 1\x002\r\n"), ()),
            ("Y23 control character in a value", get("X-A: 1\x012\r\n"), ()),
            ("Y24 no Host", get("", host=""), ()),
            ("Y25 two Host", get(f"Host: {self.host}\r\n"), ()),
            ("Y26 space in a name", get("X A: 1\r\n"), ()),
            ("Y27 header without colon", get("X-A\r\n"), ()),
            ("Y28 empty name", get(": 1\r\n"), ()),
            ("Y29 brackets in a name", get("X[a]: 1\r\n"), ()),
            ("Y30 two spaces in the request line", get("", "GET  {} HTTP/1.1\r\n"), ()),
            ("Y31 tab in the request line", get("", "GET\t{} HTTP/1.1\r\n"), ()),
            ("Y32 NUL in the target", get("", "GET {}\0 HTTP/1.1\r\n"), ()),
            ("Y33 HTTP/1.2", get("", "GET {} HTTP/1.2\r\n"), (200,)),
            ("Y34 HTTP/2.0", get("", "GET {} HTTP/2.0\r\n"), ()),
            ("Y35 HTTP/0.9", f"GET {self.to_get}\r\n", (200,)),
        ]
