"""HTTP/1.1 on the wire: keep-alive connections, one request at a time on each.

Everything runs on one asyncio loop, so state needs no locks and requests of any number of
connections interleave only where a fault makes one of them wait. `front.handle(request)` returns
a Reply or an awaitable of one. What the client may not rely on elsewhere is refused here: a
request without Content-Length where a body follows, chunked bodies, heads over 64 KiB.
"""

import asyncio
import itertools
import time
from email.utils import formatdate
from functools import lru_cache

HEAD_MAX = 64 * 1024
BODY_MAX = 4 * 1024 * 1024  # the largest IAM document is 2 MiB by the model
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
           413: "Content Too Large", 429: "Too Many Requests", 500: "Internal Server Error",
           501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable"}

SERIALS = itertools.count(1)


@lru_cache(maxsize=2)
def _date(second):
    return formatdate(second, usegmt=True)


class Request:
    __slots__ = ("method", "target", "headers", "body", "connection", "_index")

    def __init__(self, method, target, headers, body=b"", connection=None):
        self.method = method
        self.target = target        # as sent, never decoded: the signature is over this
        self.headers = headers      # [(lower-case name, value)]
        self.body = body
        self.connection = connection
        self._index = dict(headers)

    def header(self, name):
        return self._index.get(name)


class Reply:
    """drop: close without a byte; short: send a correct head and half the body, then close."""
    __slots__ = ("status", "headers", "body", "drop", "short")

    def __init__(self, status, body=b"", headers=(), drop=False, short=False):
        self.status = status
        self.headers = list(headers)
        self.body = body
        self.drop = drop
        self.short = short

    def head(self):
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        lines.append(f"Date: {_date(int(time.time()))}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("latin-1")


class BadHead(Exception):
    pass


def parse_head(data):
    """Returns (method, target, headers) or raises BadHead."""
    lines = data.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not parts[1].startswith("/"):
        raise BadHead(f"request line {lines[0]!r}")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadHead(f"header line {line!r}")
        headers.append((name.lower(), value.strip()))
    return parts[0], parts[1], headers


class Connection(asyncio.Protocol):
    def __init__(self, front):
        self.front = front
        self.serial = next(SERIALS)
        self.client = None          # who talks here; the front sets it with the first request
        self.transport = None
        self.closed = asyncio.get_running_loop().create_future()
        self._buffer = bytearray()
        self._pending = None        # a request whose body is still on its way: (request, length)
        self._busy = False

    def connection_made(self, transport):
        self.transport = transport
        self.front.connections.add(self)

    def connection_lost(self, _exc):
        self.front.connections.discard(self)
        if not self.closed.done():
            self.closed.set_result(True)

    def data_received(self, data):
        self._buffer += data
        if not self._busy:
            self._next()

    def lost(self):
        return self.transport.is_closing()

    def abort(self):
        self.transport.abort()

    def _next(self):
        while not self._busy and not self.lost():
            if self._pending is None and not self._read_head():
                return
            request, length = self._pending
            if len(self._buffer) < length:
                return
            request.body = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._pending = None
            self._answer(request)

    def _read_head(self):
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_MAX:
                self._refuse(413)
            return False
        try:
            method, target, headers = parse_head(bytes(self._buffer[:end]))
        except BadHead:
            self._refuse(400)
            return False
        del self._buffer[:end + 4]
        request = Request(method, target, headers, connection=self)
        length = request.header("content-length") or "0"
        if request.header("transfer-encoding") or not length.isdigit() or int(length) > BODY_MAX:
            self._refuse(501)
            return False
        if (request.header("expect") or "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._pending = (request, int(length))
        return True

    def _refuse(self, status):
        self.transport.write(Reply(status, headers=[("Connection", "close")]).head())
        self.transport.close()

    def _answer(self, request):
        outcome = self.front.handle(request)
        if isinstance(outcome, Reply):
            self._send(request, outcome)
            return
        self._busy = True
        asyncio.ensure_future(self._answer_later(request, outcome))

    async def _answer_later(self, request, awaitable):
        try:
            reply = await awaitable
        finally:
            self._busy = False
        if not self.lost():
            self._send(request, reply)
            self._next()

    def _send(self, request, reply):
        if reply.drop:
            self.transport.abort()
        elif reply.short:
            self.transport.write(reply.head() + reply.body[:len(reply.body) // 2])
            self.transport.close()
        else:
            self.transport.write(reply.head() + reply.body)
            if (request.header("connection") or "").lower() == "close":
                self.transport.close()
