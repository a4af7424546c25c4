"""A strict, small HTTP/1.1 client that shows every byte: answers, chunks, closes and resets."""

import asyncio
import json
import os
import socket

# A sanitizer makes the server many times slower.
TIMEOUT_SECONDS = 120.0 if os.environ.get("TAILRACE_SANITIZE") else 60.0


class ProtocolError(Exception):
    """The server sent bytes that are not HTTP/1.1, or closed in the middle of an answer."""


class Response:
    def __init__(self, status, reason, headers, raw_head):
        self.status = status
        self.reason = reason
        self.headers = headers      # (name as sent, value), in order
        self.raw_head = raw_head
        self.body = b""

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name, default=None):
        values = self.all(name)
        if len(values) > 1:
            raise ProtocolError(f"{name} was sent {len(values)} times")
        return values[0] if values else default

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:300]!r}>"


def parse_head(raw):
    lines = raw[:-4].split(b"\r\n")
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise ProtocolError(f"bare CR or LF in the head: {raw!r}")
    version, _, rest = lines[0].partition(b" ")
    status, _, reason = rest.partition(b" ")
    if version != b"HTTP/1.1" or len(status) != 3 or not status.isdigit():
        raise ProtocolError(f"not a status line: {lines[0]!r}")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name.strip() != name:
            raise ProtocolError(f"not a header: {line!r}")
        headers.append((name.decode("ascii"), value.strip().decode("latin-1")))
    return Response(int(status), reason.decode("latin-1"), headers, raw)


def request_bytes(method, path, headers=None, body=None, host="127.0.0.1"):
    """The request as bytes. `headers` may be a dict or pairs; the length is set for a body."""
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    names = {name.lower() for name, _ in pairs}
    lines = [f"{method} {path} HTTP/1.1"]
    if "host" not in names:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in pairs]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head + (body or b"")


def chunk(data):
    """One chunk of a chunked body; b"" is the last one."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class Connection:
    """One TCP connection to the server."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port, host="127.0.0.1", receive_buffer=None, limit=1 << 16, tls=None,
                   source=None):
        """`tls`: the client's ssl.SSLContext. `source`: the address to come from."""
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            sock.bind((source, 0))
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (host, port)),
                                   TIMEOUT_SECONDS)
        except BaseException:
            sock.close()
            raise
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection(sock=sock, limit=limit, ssl=tls,
                                                  server_hostname=name))

    async def send(self, data):
        self.writer.write(data)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self.writer.drain()

    async def request(self, method, path, headers=None, body=None):
        """Sends a request and reads the whole answer; the connection stays open."""
        await self.send(request_bytes(method, path, headers, body))
        return await self.response(no_body=method == "HEAD")

    async def head(self, timeout=TIMEOUT_SECONDS):
        """The next status line and headers."""
        try:
            async with asyncio.timeout(timeout):
                raw = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise ProtocolError(f"closed before an answer, after {error.partial!r}") from error
        return parse_head(raw)

    async def response(self, no_body=False, timeout=TIMEOUT_SECONDS):
        """The next whole answer (1xx ones are answers too)."""
        answer = await self.head(timeout)
        async with asyncio.timeout(timeout):
            parts = [part async for part in self.body(answer, no_body)]
        answer.body = b"".join(parts)
        return answer

    async def body(self, answer, no_body=False):
        """The body's pieces as they come; one piece is one chunk of a chunked body."""
        coding = answer.header("Transfer-Encoding")
        length = answer.header("Content-Length")
        if coding is not None and length is not None:
            raise ProtocolError("both Transfer-Encoding and Content-Length")
        if no_body or answer.status in (204, 304) or answer.status < 200:
            if answer.status in (204,) and (coding or length not in (None, "0")):
                raise ProtocolError("a 204 with a body")
            return
        if coding is not None:
            async for piece in self.chunks(coding):
                yield piece
        elif length is not None:
            try:
                yield await self.reader.readexactly(int(length))
            except asyncio.IncompleteReadError as error:
                raise ProtocolError(f"closed after {len(error.partial)} of {length}") from error
        else:
            while piece := await self.reader.read(1 << 16):
                yield piece

    async def chunks(self, coding):
        if coding.lower() != "chunked":
            raise ProtocolError(f"Transfer-Encoding: {coding}")
        try:
            while True:
                line = await self.reader.readuntil(b"\r\n")
                size = int(line[:-2], 16)
                data = await self.reader.readexactly(size + 2)
                if data[-2:] != b"\r\n":
                    raise ProtocolError("a chunk does not end with CRLF")
                if size == 0:
                    return
                yield data[:-2]
        except asyncio.IncompleteReadError as error:
            raise ProtocolError("closed in the middle of a chunked body") from error
        except ValueError as error:
            raise ProtocolError("bad chunk size") from error

    async def rest(self, timeout=TIMEOUT_SECONDS):
        """Everything until the server closes (or resets)."""
        got = b""
        async with asyncio.timeout(timeout):
            try:
                while piece := await self.reader.read(1 << 16):
                    got += piece
            except ConnectionError:
                pass
        return got

    def close(self):
        self.writer.close()

    def abort(self):
        self.writer.transport.abort()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.abort()
