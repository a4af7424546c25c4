"""An HTTP/2 client by prior knowledge on the package h2, which shares no code with the server's."""

import asyncio
import json
import struct

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings

from support.http import TIMEOUT_SECONDS, ProtocolError, Response
from support.sse import SseParser


class Exchange:
    """One stream: a request and what came back so far."""

    def __init__(self, connection, number, reads):
        self.connection = connection
        self.number = number
        self.reads = reads          # False: the application behind it has stalled
        self.response = None
        self.interim = []
        self.raw = bytearray()
        self.unread = 0             # bytes whose room was not given back
        self.closed = False         # the server ended the answer
        self.reset = None           # error code

    @property
    def over(self):
        return self.closed or self.reset is not None

    async def head(self, timeout=TIMEOUT_SECONDS):
        await self.connection.until(lambda: self.response or self.over, timeout)
        if self.response is None:
            raise ProtocolError(f"no answer, reset with {self.reset}")
        return self.response

    async def answer(self, timeout=TIMEOUT_SECONDS):
        """The whole answer."""
        response = await self.head(timeout)
        await self.connection.until(lambda: self.over, timeout)
        if not self.closed:
            raise ProtocolError(f"the answer was cut with {self.reset}")
        response.body = bytes(self.raw)
        return response

    async def send(self, data, end=False):
        """A part of the request's body, as fast as the server lets it."""
        view = memoryview(data)
        while len(view) or end:
            protocol = self.connection.protocol
            room = min(protocol.local_flow_control_window(self.number),
                       protocol.max_outbound_frame_size)
            size = min(room, len(view))
            last = end and size == len(view)
            if size or last:
                protocol.send_data(self.number, bytes(view[:size]), end_stream=last)
                await self.connection.flush()
                view = view[size:]
                if last:
                    return
            else:
                await self.connection.until(
                    lambda: protocol.local_flow_control_window(self.number) > 0 or self.over)
                if self.over:
                    return

    def cancel(self):
        self.connection.protocol.reset_stream(self.number, h2.errors.ErrorCodes.CANCEL)

    async def resume(self):
        """The application reads again."""
        self.reads = True
        self.connection.give_room(self)
        await self.connection.flush()


class EventStream(Exchange):
    """An event stream, read by the letter (support/sse.py)."""

    def __init__(self, connection, number, reads):
        super().__init__(connection, number, reads)
        self.parser = SseParser()
        self.events = []
        self.seen = 0

    def feed(self, data):
        self.events += self.parser.feed(data)

    async def next(self, timeout=TIMEOUT_SECONDS):
        await self.connection.until(lambda: len(self.events) > self.seen or self.over, timeout)
        if len(self.events) == self.seen:
            raise ProtocolError(f"the stream ended (reset {self.reset})")
        self.seen += 1
        return self.events[self.seen - 1]

    async def to_end(self, timeout=TIMEOUT_SECONDS):
        await self.connection.until(lambda: self.over, timeout)
        if not self.closed:
            raise ProtocolError(f"the stream was cut with {self.reset}")
        return self.events


class Http2Connection:
    """`stream_window` and `connection_window` are what the server may send unread."""

    def __init__(self, reader, writer, stream_window, connection_window, host):
        self.reader = reader
        self.writer = writer
        self.host = host
        self.protocol = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.exchanges = {}
        self.goaways = []
        self.received = bytearray()     # of a frame that is not complete
        self.failure = None
        self.ended = False
        self.changed = asyncio.Condition()
        self.protocol.initiate_connection()
        self.protocol.update_settings(
            {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: stream_window})
        if connection_window > 65535:
            self.protocol.increment_flow_control_window(connection_window - 65535)
        self.task = asyncio.ensure_future(self.run())

    @classmethod
    async def open(cls, port, host="127.0.0.1", stream_window=1 << 20, connection_window=1 << 24,
                   ssl=None):
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=ssl)
        connection = cls(reader, writer, stream_window, connection_window, f"{host}:{port}")
        await connection.flush()
        return connection

    async def flush(self):
        data = self.protocol.data_to_send()
        if data:
            self.writer.write(data)
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self.writer.drain()

    async def run(self):
        try:
            while data := await self.reader.read(1 << 16):
                for event in self.protocol.receive_data(self.without_goaway(data)):
                    self.take(event)
                await self.flush()
                await self.tell()
        except (ConnectionError, h2.exceptions.ProtocolError) as error:
            self.failure = error
        self.ended = True
        for exchange in self.exchanges.values():
            if not exchange.over:
                exchange.reset = -1
        await self.tell()

    async def tell(self):
        async with self.changed:
            self.changed.notify_all()

    def without_goaway(self, data):
        """Whole frames but those of GOAWAY, behind which h2 would take nothing any more."""
        self.received += data
        frames = bytearray()
        while len(self.received) >= 9:
            size = 9 + int.from_bytes(self.received[:3], "big")
            if len(self.received) < size:
                break
            if self.received[3] == 7:
                last_stream, error = struct.unpack(">II", self.received[9:17])
                self.goaways.append((last_stream, error))
            else:
                frames += self.received[:size]
            del self.received[:size]
        return bytes(frames)

    def take(self, event):
        exchange = self.exchanges.get(getattr(event, "stream_id", None))
        if exchange is None:
            return
        if isinstance(event, h2.events.InformationalResponseReceived):
            exchange.interim.append(dict(event.headers)[":status"])
        elif isinstance(event, h2.events.ResponseReceived):
            headers = list(event.headers)
            exchange.response = Response(int(dict(headers)[":status"]), "", headers[1:], b"")
        elif isinstance(event, h2.events.DataReceived):
            exchange.raw += event.data
            exchange.unread += event.flow_controlled_length
            if isinstance(exchange, EventStream):
                exchange.feed(event.data)
            if exchange.reads:
                self.give_room(exchange)
        elif isinstance(event, h2.events.StreamEnded):
            exchange.closed = True
        elif isinstance(event, h2.events.StreamReset):
            exchange.reset = event.error_code

    def give_room(self, exchange):
        if exchange.unread:
            try:
                self.protocol.acknowledge_received_data(exchange.unread, exchange.number)
            except h2.exceptions.StreamClosedError:
                pass
            exchange.unread = 0

    async def until(self, condition, timeout=TIMEOUT_SECONDS):
        async with asyncio.timeout(timeout), self.changed:
            await self.changed.wait_for(condition)

    async def begin(self, method, path, headers=None, end=True, reads=True, kind=Exchange):
        """Sends a head; with `end` false a body follows by Exchange.send."""
        number = self.protocol.get_next_available_stream_id()
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        fields = [(":method", method), (":scheme", "http"), (":authority", self.host),
                  (":path", path)] + [(name.lower(), value) for name, value in pairs]
        exchange = self.exchanges[number] = kind(self, number, reads)
        self.protocol.send_headers(number, fields, end_stream=end)
        await self.flush()
        return exchange

    async def request(self, method, path, headers=None, body=None, timeout=TIMEOUT_SECONDS):
        exchange = await self.begin(method, path, headers, end=body is None)
        if body is not None:
            await exchange.send(body, end=True)
        return await exchange.answer(timeout)

    async def stream(self, path, headers=None, reads=True):
        return await self.begin("GET", path, {"accept": "text/event-stream", **(headers or {})},
                                reads=reads, kind=EventStream)

    async def ping(self):
        self.protocol.ping(b"testping")
        await self.flush()

    async def json(self, path):
        response = await self.request("GET", path)
        return json.loads(response.body)

    async def closed(self, timeout=TIMEOUT_SECONDS):
        await self.until(lambda: self.ended, timeout)

    def abort(self):
        self.task.cancel()
        self.writer.transport.abort()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.abort()
