"""Server-Sent Events read by the letter of WHATWG HTML 9.2.6, and a stream that uses it."""

import asyncio
import codecs
import json

from support.coding import decoder_for
from support.http import TIMEOUT_SECONDS, Connection, ProtocolError, request_bytes


class Event:
    """What a page's listener is called with. `own_id`: whether the event itself carried an id."""

    __slots__ = ("event", "data", "id", "own_id")

    def __init__(self, event, data, last_id, own_id):
        self.event = event
        self.data = data
        self.id = last_id
        self.own_id = own_id

    def json(self):
        return json.loads(self.data)

    def __repr__(self):
        return f"<{self.event} id={self.id!r} {self.data[:200]!r}>"


class SseParser:
    """Bytes in, events out. Also keeps what a browser hides: comments and `retry:` values."""

    def __init__(self, last_id=""):
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.last_id = last_id
        self.comments = []
        self.retries = []
        self.text = ""
        self.at_start = True
        self.after_cr = False
        self.reset_event()

    def reset_event(self):
        self.data = []
        self.kind = ""
        self.next_id = None

    def feed(self, data):
        """The events that these bytes complete."""
        text = self.decoder.decode(data)
        if self.at_start and text:
            self.at_start = False
            text = text.removeprefix("\ufeff")
        if self.after_cr and text:
            self.after_cr = False
            text = text.removeprefix("\n")
        self.text += text
        if "\r" in self.text:
            self.after_cr = self.text.endswith("\r")
            self.text = self.text.replace("\r\n", "\n").replace("\r", "\n")
        lines = self.text.split("\n")
        self.text = lines.pop()
        events = []
        for line in lines:
            self.line(line, events)
        return events

    def line(self, line, events):
        if line == "":
            self.dispatch(events)
            return
        if line[0] == ":":
            self.comments.append(line[1:])
            return
        name, colon, value = line.partition(":")
        if colon and value.startswith(" "):
            value = value[1:]
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.kind = value
        elif name == "id" and "\0" not in value:
            self.next_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retries.append(int(value))

    def dispatch(self, events):
        own = self.next_id is not None
        if own:
            self.last_id = self.next_id
        if self.data:
            events.append(Event(self.kind or "message", "\n".join(self.data), self.last_id, own))
        self.reset_event()


def sse_text(raw):
    """What a `format=text` viewer must see of an entry's bytes (api.md "The stream")."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\u2400")


class Stream:
    """One open event stream; no reconnecting."""

    def __init__(self, connection, response, last_id=""):
        self.connection = connection
        self.response = response
        self.parser = SseParser(last_id)
        self.pending = []
        self.decoder = decoder_for(response)
        self.raw = bytearray()   # the body so far, decoded
        self.closed = False      # the server ended the body properly
        self.pieces = connection.body(response)
        self.reading = None      # the piece under way; survives a time-out

    @classmethod
    async def open(cls, port, path, headers=None, receive_buffer=None, host="127.0.0.1",
                   tls=None, source=None):
        connection = await Connection.open(port, host=host, receive_buffer=receive_buffer, tls=tls,
                                           source=source)
        sent = {"Accept": "text/event-stream", **(headers or {})}
        await connection.send(request_bytes("GET", path, sent))
        response = await connection.head()
        return cls(connection, response, sent.get("Last-Event-ID", ""))

    async def more(self, timeout=TIMEOUT_SECONDS):
        """Waits for bytes; False when the server has ended the body."""
        if self.closed:
            return False
        if self.reading is None:
            self.reading = asyncio.ensure_future(anext(self.pieces, None))
        done, _ = await asyncio.wait({self.reading}, timeout=timeout)
        if not done:
            raise TimeoutError("no byte came")
        piece = self.reading.result()
        self.reading = None
        if piece is None:
            self.decoder.end()
            self.closed = True
            return False
        plain = self.decoder.feed(piece)
        self.raw += plain
        self.pending += self.parser.feed(plain)
        return True

    async def next(self, timeout=TIMEOUT_SECONDS):
        """The next event; None when the server has closed."""
        while not self.pending:
            if not await self.more(timeout):
                return None
        return self.pending.pop(0)

    async def take(self, count, timeout=TIMEOUT_SECONDS):
        """The next `count` events; fewer only if the server closes."""
        events = []
        while len(events) < count:
            event = await self.next(timeout)
            if event is None:
                break
            events.append(event)
        return events

    async def to_end(self, timeout=TIMEOUT_SECONDS):
        """All events until the server closes."""
        events = []
        async with asyncio.timeout(timeout):
            while (event := await self.next(timeout)) is not None:
                events.append(event)
        return events

    async def until_raw(self, needle, timeout=TIMEOUT_SECONDS):
        async with asyncio.timeout(timeout):
            while needle not in self.raw:
                if not await self.more(timeout):
                    raise ProtocolError(f"closed before {needle!r}: {self.raw[-300:]!r}")

    async def quiet(self, seconds):
        """True if no event comes for so long (comments may)."""
        until = asyncio.get_running_loop().time() + seconds
        try:
            while not self.pending:
                if not await self.more(until - asyncio.get_running_loop().time()):
                    return True
            return False
        except TimeoutError:
            return True

    def abort(self):
        if self.reading:
            self.reading.cancel()
        self.connection.abort()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.abort()
