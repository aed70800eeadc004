# SPDX-License-Identifier: Apache-2.0
"""A client of HTTP/2 that sends whatever frames it is told to, right or wrong, and reads answers strictly.
HPACK (RFC 7541) is written here once more, so that the server's library is not held against itself."""
import select
import socket
import ssl
import struct

from net import PATIENCE, Answer

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, _, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR = 0, 1, 2
FLOW_CONTROL_ERROR, STREAM_CLOSED, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 3, 5, 7, 8, 11
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

_STATIC = """
:authority :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https :status=200
:status=204 :status=206 :status=304 :status=400 :status=404 :status=500 accept-charset
accept-encoding=gzip,_deflate accept-language accept-ranges accept access-control-allow-origin age allow
authorization cache-control content-disposition content-encoding content-language content-length
content-location content-range content-type cookie date etag expect expires from host if-match
if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards
proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie
strict-transport-security transfer-encoding user-agent vary via www-authenticate
""".split()
STATIC = [tuple(entry.replace("_", " ").partition("=")[::2]) for entry in _STATIC]

# The code of HPACK is canonical: the lengths (A is 5) of the 257 symbols' codes say all of it.
_LENGTHS = ("ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBA"
            "CCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRSSVVPORSRUVVVWWVTUOQ"
            "VWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ")


def _codes():
    codes, code, before = {}, 0, 0
    for length, symbol in sorted((ord(c) - 60, s) for s, c in enumerate(_LENGTHS)):
        code <<= length - before
        codes[length, code] = symbol
        code, before = code + 1, length
    return codes


HUFFMAN = _codes()


def huffman(coded):
    text, code, length = bytearray(), 0, 0
    for byte in coded:
        for bit in range(7, -1, -1):
            code, length = code << 1 | (byte >> bit & 1), length + 1
            symbol = HUFFMAN.get((length, code))
            if symbol is not None:
                text.append(symbol)
                code, length = 0, 0
    assert length < 8 and code == (1 << length) - 1, "padding of ones, shorter than a byte"
    return bytes(text)


class Decoder:
    """Header blocks of the server. Its table may be of 4096 bytes."""

    def __init__(self):
        self.dynamic = []
        self.most = 4096

    def _entry(self, index):
        assert 0 < index <= len(STATIC) + len(self.dynamic), index
        return STATIC[index - 1] if index <= len(STATIC) else self.dynamic[index - len(STATIC) - 1]

    def _add(self, entry):
        self.dynamic.insert(0, entry)
        self._shrink()

    def _shrink(self):
        while sum(len(n) + len(v) + 32 for n, v in self.dynamic) > self.most:
            self.dynamic.pop()

    def _number(self, bits):
        most = (1 << bits) - 1
        value, shift = self.block[self.at] & most, 0
        self.at += 1
        while value >= most:
            byte = self.block[self.at]
            self.at += 1
            value += (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return value

    def _text(self):
        coded = self.block[self.at] >= 128
        length = self._number(7)
        text = self.block[self.at:self.at + length]
        assert len(text) == length
        self.at += length
        return (huffman(text) if coded else text).decode("latin-1")

    def decode(self, block):
        self.block, self.at, fields = block, 0, []
        while self.at < len(block):
            first = block[self.at]
            if first >= 128:
                fields.append(self._entry(self._number(7)))
                continue
            if 32 <= first < 64:
                self.most = self._number(5)
                assert self.most <= 4096
                self._shrink()
                continue
            index = self._number(6 if first >= 64 else 4)
            name = self._entry(index)[0] if index else self._text()
            fields.append((name, self._text()))
            if first >= 64:
                self._add(fields[-1])
        return fields


def number(value, bits, first=0):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def field(name, value):
    """As a literal that no table keeps."""
    name, value = (t.encode("latin-1") if isinstance(t, str) else t for t in (name, value))
    return b"\x00" + number(len(name), 7) + name + number(len(value), 7) + value


def block(fields):
    return b"".join(field(name, value) for name, value in fields)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def head(path="/plain", method="GET", fields=(), authority="t", scheme="https"):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path), *fields]


class Stream:
    def __init__(self, method):
        self.method = method
        self.interim, self.fields, self.body, self.ended, self.reset = [], None, b"", False, None

    def answer(self):
        status, headers = None, {}
        for name, value in self.fields:
            assert name == name.lower() and name not in headers, self.fields
            assert name not in ("connection", "transfer-encoding", "keep-alive", "upgrade"), self.fields
            headers[name] = value
        status = int(headers.pop(":status"))
        assert len(headers["remit-request-id"]) == 32 and headers["date"].endswith(" GMT"), headers
        if status in (204, 304):
            assert "content-length" not in headers and not self.body
        elif "content-length" in headers and self.method != "HEAD" and self.reset is None:
            assert int(headers["content-length"]) == len(self.body), (headers, len(self.body))
        return Answer(status, headers, self.body)


class Client:
    """One connection. Windows are opened as answers come, unless `window` says otherwise."""

    def __init__(self, server, settings=(), window=True, preface=True, receive_bytes=None):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(server.address)
        context = ssl.create_default_context(cafile=server.cert)
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2"
        self.bytes, self.streams, self.decoder, self.next = b"", {}, Decoder(), 1
        self.windows = {0: 65535}  # what may be sent: of the connection, and what was added to each stream
        self.settings, self.goaway, self.pings, self.acks, self.window = {}, None, [], 0, window
        self.last_streams = []
        if preface:
            self.send(PREFACE + frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *s) for s in settings)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def begin(self, fields, body=None, ends=True):
        """A new stream with this head; `ends`: nothing follows. Returns its number."""
        number_, self.next = self.next, self.next + 2
        self.streams[number_] = Stream(dict(fields).get(":method"))
        rest = block(fields)
        kind, flags = HEADERS, END_STREAM if ends and body is None else 0
        while len(rest) > 16384:
            self.send(frame(kind, flags, number_, rest[:16384]))
            kind, flags, rest = CONTINUATION, 0, rest[16384:]
        self.send(frame(kind, flags | END_HEADERS, number_, rest))
        if body is not None:
            self.data(number_, body, ends)
        return number_

    def data(self, stream, body, ends=True):
        """Within the windows that are there from the start."""
        pieces = [body[i:i + 16384] for i in range(0, len(body), 16384)] or [b""]
        for piece in pieces[:-1]:
            self.send(frame(DATA, 0, stream, piece))
        return self.send(frame(DATA, END_STREAM if ends else 0, stream, pieces[-1]))

    def upload(self, stream, body):
        """Any length, as fast as the server's windows let it go."""
        self.until(lambda: self.settings)
        start = self.settings[4]
        while True:
            n = min(self.windows[0], start + self.windows.get(stream, 0), 16384, len(body))
            if n <= 0 and body:
                self.step()
                continue
            piece, body = body[:n], body[n:]
            for one in (0, stream):
                self.windows[one] = self.windows.get(one, 0) - n
            self.send(frame(DATA, 0 if body else END_STREAM, stream, piece))
            if not body:
                return self

    def cancel(self, stream, code=CANCEL):
        return self.send(frame(RST_STREAM, 0, stream, struct.pack(">I", code)))

    def open_window(self, stream, more):
        return self.send(frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", more)))

    def _frame(self):
        while len(self.bytes) < 9 or len(self.bytes) < 9 + int.from_bytes(self.bytes[:3], "big"):
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError
            self.bytes += piece
        n = int.from_bytes(self.bytes[:3], "big")
        assert n <= 16384, "no frame larger than a client allows that says nothing"
        kind, flags, stream = self.bytes[3], self.bytes[4], int.from_bytes(self.bytes[5:9], "big")
        payload, self.bytes = self.bytes[9:9 + n], self.bytes[9 + n:]
        return kind, flags, stream, payload

    def step(self):
        """Takes in one frame."""
        kind, flags, number_, payload = self._frame()
        stream = self.streams.get(number_)
        if kind == HEADERS:
            assert flags & END_HEADERS and stream and not stream.ended, (number_, flags)
            fields = self.decoder.decode(payload)
            if fields[0] == (":status", "100"):
                stream.interim.append(fields)
                return kind
            assert stream.fields is None
            stream.fields, stream.ended = fields, bool(flags & END_STREAM)
        elif kind == DATA:
            assert stream and stream.fields and not stream.ended, number_
            stream.body += payload
            stream.ended = bool(flags & END_STREAM)
            if self.window and payload:
                self.open_window(0, len(payload))
                if not stream.ended:
                    self.open_window(number_, len(payload))
        elif kind == RST_STREAM and stream:
            stream.reset = int.from_bytes(payload, "big")
        elif kind == SETTINGS and not flags & ACK:
            self.settings = dict(struct.iter_unpack(">HI", payload))
            self.send(frame(SETTINGS, ACK))
        elif kind == SETTINGS:
            self.acks += 1
        elif kind == PING:
            assert flags & ACK
            self.pings.append(payload)
        elif kind == WINDOW_UPDATE:
            self.windows[number_] = self.windows.get(number_, 0) + int.from_bytes(payload, "big")
        elif kind == GOAWAY:
            self.last_streams.append(int.from_bytes(payload[:4], "big"))
            self.goaway = int.from_bytes(payload[4:8], "big")
        return kind

    def until(self, question):
        while not question():
            self.step()

    def answer(self, stream):
        """The answer on this stream, whole."""
        one = self.streams[stream]
        self.until(lambda: one.ended or one.reset is not None)
        assert one.ended, f"reset with {one.reset}"
        return one.answer()

    def reset(self, stream):
        """The code with which this stream is broken off."""
        one = self.streams[stream]
        self.until(lambda: one.reset is not None)
        return one.reset

    def ask(self, path, method="GET", fields=(), body=None):
        if body is not None:
            fields = [*fields, ("content-length", str(len(body)))]
        return self.answer(self.begin(head(path, method, fields), body))

    def is_closed(self):
        """Whether the server closes; what it says before is thrown away."""
        try:
            while self.socket.recv(65536):
                pass
        except (ConnectionResetError, ssl.SSLError):
            pass
        return True

    def end(self):
        """The code of the last GOAWAY, when the server has closed."""
        try:
            while True:
                self.step()
        except (EOFError, ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return self.goaway

    def hears_within(self, seconds):
        """Whether something comes that no ticket of TLS is, or the end."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return False
        self.socket.settimeout(0)
        try:
            piece = self.socket.recv(65536)
            self.bytes += piece
            own = len(self.bytes) > 0 and self.bytes[3] in (HEADERS, RST_STREAM, GOAWAY)
            return not piece or own
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def is_alive(self):
        return self.ask("/plain").body == b"hello"
