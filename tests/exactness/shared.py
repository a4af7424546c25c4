"""HTTP/2 connections that viewers share: when one is cut, all of them are."""

import asyncio

import h2.exceptions

from exactness.writers import LOST
from support.coding import CodingError, decoder_for
from support.http import ProtocolError
from support.http2 import EventStream, Http2Connection

WINDOWS = (2_000, 65_535, 1 << 20)    # of a stream: the small ones stop the server all the time
STREAMS = 8                           # of one connection, before another one is opened


class SharedStream(EventStream):
    """The interface of support.sse.Stream."""

    def __init__(self, connection, number, reads):
        super().__init__(connection, number, reads)
        self.decoder = None
        self.problem = None     # its bytes make no sense

    def feed(self, data):
        try:
            if self.decoder is None:
                self.decoder = decoder_for(self.response)
            super().feed(self.decoder.feed(data))
        except CodingError as error:
            self.problem = error

    async def next(self, timeout):
        """The next event; None when the server has ended the stream."""
        await self.connection.until(
            lambda: self.events or self.problem or self.over, timeout)
        if self.problem:
            raise self.problem
        if self.events:
            return self.events.pop(0)
        if not self.closed:
            raise ProtocolError(f"the stream was cut with {self.reset}")
        if self.decoder is not None:
            self.decoder.end()
        return None

    async def __aenter__(self):
        await self.head()
        return self

    async def __aexit__(self, *_):
        if self.over or self.connection.ended:
            return
        try:
            self.cancel()
            await self.connection.flush()
        except (*LOST, h2.exceptions.ProtocolError):
            pass


class SharedConnections:
    def __init__(self, fire):
        self.fire = fire
        self.rng = fire.rng("http2")
        self.open = {}          # port -> the connection that takes new streams
        self.made = []
        self.lock = asyncio.Lock()

    async def stream(self, port, path, headers):
        async with self.lock:
            connection = self.open.get(port)
            if connection is None or not self.usable(connection):
                connection = await Http2Connection.open(
                    port, stream_window=self.rng.choice(WINDOWS))
                self.open[port] = connection
                self.made.append(connection)
                self.fire.count("HTTP/2 connections")
            try:
                return await connection.begin(
                    "GET", path, {"accept": "text/event-stream", **headers}, kind=SharedStream)
            except h2.exceptions.ProtocolError as error:
                raise ProtocolError(str(error)) from error

    def close(self):
        for connection in self.made:
            connection.abort()

    @staticmethod
    def usable(connection):
        return not (connection.ended or connection.goaways or
                    len(connection.exchanges) >= STREAMS)
