"""A proxy between the controller and the API server that takes TLS apart, so that it can break what
is said and not only the connection: it puts lines into watches and cuts them at a line it knows.
It speaks HTTP/1.1 alone. Requests pass untouched; a watch has a connection of its own."""

import asyncio
import datetime
import ipaddress
import re
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .proxy import PIECE, RESET_ON_CLOSE, Proxy
from .waiting import wait_until

WATCH = re.compile(rb"GET (\S*/(\w+)\?\S*\bwatch=(?:true|1)\S*) HTTP/1.1\r\n")
CHUNKED = re.compile(rb"HTTP/1.1 200 .*\r\ntransfer-encoding: chunked\r\n", re.DOTALL | re.I)
LAST_CHUNK = b"0\r\n\r\n"

# How a watch can end at a line.
RESET = "reset before it"
ENDED = "in order, before it"
BROKEN = "in its middle"
ENDED_INSIDE = "in order, in its middle"


class Meddler(Proxy):
    """`certificate`: the file that a kubeconfig names as certificate-authority. `watched`: the
    (plural, request URI) of each watch so far. `cuts`: how many watches were cut at a line."""

    def __init__(self, plane, folder):
        """plane: the ControlPlane to talk to; folder: for the key and the certificate."""
        self.certificate = folder / "meddler.crt"
        self._key = folder / "meddler.key"
        _write_certificate(self.certificate, self._key)
        self._trust = ssl.create_default_context(cafile=str(plane.certificate))
        self.watched = []
        self.cuts = 0
        self.rewrites = {}  # plural → (line → line)
        self.streams_lists = True  # False: watches that begin with a list are 422 to the server
        super().__init__(plane.port)

    def kubeconfig(self, cluster):
        """A kubeconfig of the controller that leads here."""
        return cluster.controller_kubeconfig(
            **{"server": self.url, "certificate-authority": str(self.certificate)})

    def wait_watch(self, plural, timeout=60):
        """Waits until there is an open watch of this resource."""
        wait_until(lambda: self._watches(plural), timeout, f"a watch of {plural}")

    def say(self, plural, line):
        """Puts bytes into the open watches of a resource, between two lines; the newline, where it
        is meant, is the caller's. Gives how many watches there were."""
        async def say_now():
            for watch in self._watches(plural):
                watch.say(line)
            return len(self._watches(plural))

        return self._call(say_now())

    def cut_at_line(self, plural, how):
        """Lets the watch of a resource end at a line that comes, but not at its first, as a watch
        that says nothing is another matter. Returns at once: wait for `cuts`."""
        async def arm():
            for watch in self._watches(plural):
                watch.end = how
            return len(self._watches(plural))

        return self._call(arm())

    def rewrite(self, plural, change):
        """From now on each line of a watch of this resource passes as change(line) gives it; with
        None as it came."""
        async def set_now():
            self.rewrites[plural] = change

        self._call(set_now())

    def _watches(self, plural):
        return [one for one in list(self._connections) if one.plural == plural and one.streaming]

    async def _listen(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self._key)
        context.set_alpn_protocols(["http/1.1"])
        return await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context)

    async def _accept(self, reader, writer):
        first = await reader.read(PIECE)
        watch = WATCH.match(first)
        if not self.streams_lists:
            first = first.replace(b"resourceVersionMatch=NotOlderThan", b"resourceVersionMatch=")
        self.opened["watch" if watch else "other"] += 1
        try:
            server = await asyncio.open_connection(
                "127.0.0.1", self.target_port, ssl=self._trust)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, watch, (reader, writer), server)
        if watch:
            self.watched.append((connection.plural, watch.group(1).decode()))
        await self._carry(connection, first)


class _Connection:
    def __init__(self, meddler, watch, client, server):
        self.kind = "watch" if watch else "other"
        self.plural = watch.group(2).decode() if watch else None
        self.streaming = False  # the answer's head has passed
        self.end = None         # how to end at a line
        self._meddler = meddler
        self._client = client
        self._server = server
        self._lines = 0         # whole ones that passed
        self._inside = False    # a line has passed in part
        self._to_say = b""      # at its end

    async def run(self, first):
        self._server[1].write(first)
        up = asyncio.ensure_future(_pump(self._client[0], self._server[1]))
        down = asyncio.ensure_future(
            self._pass_watch() if self.plural else _pump(self._server[0], self._client[1]))
        done, _ = await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        self._server[1].transport.abort()
        self._client[1].close()
        for task in done:
            task.result()

    def say(self, text):
        if self._inside:
            self._to_say += text
        else:
            self._client[1].write(_chunk(text))

    def cut_after(self, _):
        self.reset()

    def reset(self):
        raw = self._client[1].get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._client[1].transport.abort()

    async def _pass_watch(self):
        try:
            head = await self._server[0].readuntil(b"\r\n\r\n")
            self._client[1].write(head)
            if not CHUNKED.match(head):
                await _pump(self._server[0], self._client[1])
                return
            self.streaming = True
            while data := await self._read_chunk():
                if self.end and self._lines and not self._inside:
                    self._end_at(data)
                    return
                self._pass(data)
                await self._client[1].drain()
            self._client[1].write(LAST_CHUNK)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            self.streaming = False

    async def _read_chunk(self):
        """Empty at the end."""
        size = int((await self._server[0].readuntil(b"\r\n")).split(b";")[0], 16)
        return (await self._server[0].readexactly(size + 2))[:-2]

    def _pass(self, data):
        rewrite = self._meddler.rewrites.get(self.plural)
        if rewrite and not self._inside and data.endswith(b"\n"):
            data = b"".join(map(rewrite, data.splitlines(keepends=True)))
        self._client[1].write(_chunk(data))
        self._lines += data.count(b"\n")
        self._inside = not data.endswith(b"\n")
        if self._to_say and not self._inside:
            self._client[1].write(_chunk(self._to_say))
            self._to_say = b""

    def _end_at(self, data):
        if self.end in (BROKEN, ENDED_INSIDE):
            self._client[1].write(_chunk(data[:len(data) // 2]))
        if self.end in (ENDED, ENDED_INSIDE):
            self._client[1].write(LAST_CHUNK)
        if self.end == RESET:
            self.reset()
        self._meddler.cuts += 1


async def _pump(reader, writer):
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    except OSError:
        return


def _chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def _write_certificate(certificate, key_file):
    """For 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meddler")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256()))
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
