"""A TCP proxy between the controller and the API server that breaks connections on demand. TLS goes
through untouched. Watches have connections of their own, and are told apart from the others by the
ClientHello, which offers HTTP/2 for requests and HTTP/1.1 alone for watches."""

import asyncio
import socket
import struct
import threading

OFFERS_HTTP2 = b"\x02h2"
PIECE = 16384
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on .port; counts in .opened (watch, other). Thread-safe; use as context manager."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.opened = {"watch": 0, "other": 0}
        self._connections = set()
        self._refusing = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def open_connections(self, kind=None):
        return sum(1 for one in list(self._connections) if kind in (None, one.kind))

    def cut(self, kind=None, after_bytes=0):
        """Resets the connections of a kind ("watch", "other"; None: all) at once, or ends each after
        so many more bytes from the server, in the middle of a watch line. Gives how many."""
        async def cut_now():
            chosen = [one for one in self._connections if kind in (None, one.kind)]
            for one in chosen:
                one.cut_after(after_bytes)
            return len(chosen)

        return self._call(cut_now())

    def refuse(self, refusing=True):
        """New connections are reset at once, until refuse(False)."""
        self._refusing = refusing

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self):
        return await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def _accept(self, reader, writer):
        if self._refusing:
            _reset(writer)
            return
        hello = await reader.read(PIECE)
        kind = "other" if OFFERS_HTTP2 in hello else "watch"
        self.opened[kind] += 1
        try:
            server = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)
            return
        await self._carry(_Connection(kind, (reader, writer), server), hello)

    async def _carry(self, connection, first):
        """Until it ends; meanwhile it can be found."""
        self._connections.add(connection)
        try:
            await connection.run(first)
        finally:
            self._connections.discard(connection)


class _Connection:
    def __init__(self, kind, client, server):
        self.kind = kind
        self._client = client
        self._server = server
        self._left = None  # bytes from the server that still pass; None: no limit

    async def run(self, hello):
        self._server[1].write(hello)
        up = asyncio.ensure_future(self._pump(self._client[0], self._server[1]))
        down = asyncio.ensure_future(self._pump_limited())
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        down.cancel()
        self.close()

    def cut_after(self, count):
        if count == 0:
            self.reset()
        else:
            self._left = count

    def reset(self):
        _reset(self._client[1])
        _reset(self._server[1])

    def close(self):
        """Without a reset, which would throw away bytes that are to pass."""
        self._client[1].close()
        self._server[1].close()

    async def _pump(self, reader, writer):
        try:
            while piece := await reader.read(PIECE):
                writer.write(piece)
                await writer.drain()
        except OSError:
            return

    async def _pump_limited(self):
        try:
            while piece := await self._server[0].read(PIECE):
                passed = piece if self._left is None else piece[:self._left]
                self._client[1].write(passed)
                await self._client[1].drain()
                if self._left is not None:
                    self._left -= len(passed)
                    if self._left == 0:
                        return
        except OSError:
            return


def _reset(writer):
    """Closes with RST: the other side sees an error, not an end."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.close()
