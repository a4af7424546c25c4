"""Viewers: every format, joined anywhere, cut and stalled, reconnecting as a browser does."""

import asyncio
import json

from exactness.plan import pause
from exactness.records import Start, Transcript
from exactness.writers import LOST
from support.api import BASE, PORTAL
from support.coding import CODINGS
from support.sse import Stream

SILENCE_SECONDS = 30.0    # a connection without a byte for so long is given up, as a page would


def split_id(text):
    """"INCARNATION.POSITION[.end]" -> (incarnation, position, is end)."""
    parts = text.split(".")
    return parts[0], int(parts[1]), parts[2:] == ["end"]


class Viewer:
    def __init__(self, fire, log, form):
        self.fire = fire
        self.log = log
        self.form = form                 # text, json, batch or portal
        self.name = fire.name(form + "-viewer")
        self.rng = fire.rng(self.name)
        self.through_proxy = self.rng.random() < 0.5
        self.stalls = self.rng.random() < 0.25
        self.http2 = self.rng.random() < 0.3
        self.coding = self.rng.choice(("identity", *CODINGS))
        self.last_id = ""
        self.incarnation = ""
        self.finished = False
        self.start = Start("from", 0)
        self.query = {}
        self.first_id = ""
        self.choose_start()
        self.transcript = Transcript(self.name, log.key, self.start, form in ("text", "portal"))
        fire.history.transcripts.append(self.transcript)

    def choose_start(self):
        """From the front, from a position that is surely stored, from the tail, or by an id."""
        low = self.log.acked
        how = self.rng.choice(("front", "from", "tail", "id", "query id"))
        n = self.rng.randrange(low + 1)
        if self.form == "portal":
            if how in ("from", "tail"):
                self.query = {"num": n}
                self.start.n = n
            return
        if how == "from":
            self.query = {"from": n}
            self.start.n = n
        elif how == "tail":
            n = self.rng.randrange(0, 30)
            self.query = {"tail": n}
            self.start.how, self.start.n = "tail", n
        elif how in ("id", "query id") and self.log.incarnation:
            self.start.how, self.start.n = "id", n
            self.start.incarnation = self.log.incarnation
            cursor = f"{self.log.incarnation}.{n}"
            if how == "id":
                self.first_id = cursor
            else:
                self.query = {"last_event_id": cursor}

    def url(self):
        if self.form == "portal":
            kind, name = self.log.key.split("/")
            query = {"type": kind, "id": name, **self.query}
            path = f"{PORTAL}/"
        else:
            query = {"format": self.form, **self.query}
            path = f"{BASE}/{self.log.key}/events"
        return path + "?" + "&".join(f"{key}={value}" for key, value in query.items())

    async def run(self):
        while not self.finished:
            try:
                await self.connect()
            except LOST:
                pass
            self.fire.count("reconnects of viewers")
            await pause(self.rng, 0.0, 0.25)
        self.fire.count("viewers finished")

    async def connect(self):
        """One connection, until it breaks, closes or says that all is over."""
        cursor = self.last_id or self.first_id
        headers = {"Accept-Encoding": self.coding}
        if cursor:
            headers["Last-Event-ID"] = cursor
        if self.transcript.seen_nothing() and self.start.how == "tail":
            self.start.low, self.start.low_of = self.log.acked, self.log.incarnation
        port = self.fire.port(self.through_proxy)
        if self.http2:
            stream = await self.fire.shared.stream(port, self.url(), headers)
        else:
            stream = await Stream.open(port, self.url(), headers,
                                       receive_buffer=4096 if self.stalls else None)
        async with stream:
            if stream.response.status == 204:
                self.transcript.note("stopped")
                self.finished = True
            elif stream.response.status != 200:
                self.fire.problem(f"viewer {self.name}: {cursor!r} was answered "
                                  f"{stream.response!r}")
                self.finished = True
            else:
                coding = stream.response.header("Content-Encoding", "identity")
                self.fire.count(f"streams in {coding}")
                self.fire.count("streams on " + ("HTTP/2" if self.http2 else "HTTP/1.1"))
                stream.parser.last_id = self.last_id
                await self.watch(stream)
        if self.http2 and stream.connection.goaways:    # as a page does that was told `retry:`
            await pause(self.rng, 1.0, 4.0)

    async def watch(self, stream):
        while (event := await stream.next(SILENCE_SECONDS)) is not None:
            stream.raw.clear()
            if event.own_id:
                self.last_id = event.id
            self.take(event)
            if self.stalls and not self.fire.is_over and self.rng.random() < 0.01:
                self.fire.count("stalls")
                await self.stall(stream)

    async def stall(self, stream):
        if self.http2:
            stream.reads = False
        await pause(self.rng, 1.0, 6.0)
        if self.http2 and not stream.over:
            await stream.resume()

    def take(self, event):
        self.fire.count("events delivered")
        handler = getattr(self, "on_" + event.event, None)
        if handler is None:
            self.fire.problem(f"viewer {self.name}: an event nobody knows, {event!r}")
        else:
            handler(event)

    def on_message(self, event):
        if self.form == "portal" and event.data in ("[DONE]", "[NONE]"):
            if event.data == "[DONE]":
                incarnation, position, is_end = split_id(event.id)
                self.transcript.note("end", incarnation, position)
                if not is_end:
                    self.fire.problem(f"viewer {self.name}: [DONE] has the id {event.id!r}")
            return
        incarnation, position, _ = split_id(event.id)
        self.incarnation = incarnation
        if not event.own_id:
            self.fire.problem(f"viewer {self.name}: an entry without an id: {event!r}")
        if self.form in ("text", "portal"):
            self.transcript.entry(incarnation, position - 1, event.data)
        elif self.form == "json":
            entry = json.loads(event.data)
            self.transcript.entry(incarnation, entry["n"], entry["text"])
            self.expect_id(event, position, entry["n"] + 1)
        else:
            batch = json.loads(event.data)
            for offset, entry in enumerate(batch["entries"]):
                self.transcript.entry(incarnation, entry["n"], entry["text"])
                self.expect_id(event, entry["n"], batch["from"] + offset)
            self.expect_id(event, position, batch["from"] + len(batch["entries"]))

    def expect_id(self, event, got, wanted):
        if got != wanted:
            self.fire.problem(f"viewer {self.name}: numbers disagree, {got} and {wanted}: "
                              f"{event!r}")

    def on_ping(self, _event):
        pass

    def on_gap(self, event):
        self.transcript.note("gap", self.incarnation, 0, json.loads(event.data))

    def on_reset(self, event):
        said = json.loads(event.data)
        self.transcript.note("reset", said["incarnation"], 0, said["cause"])

    def on_deleted(self, _event):
        self.transcript.note("deleted", self.incarnation)

    def on_end(self, event):
        said = json.loads(event.data)
        incarnation, position, is_end = split_id(event.id)
        if not is_end or position != said["position"]:
            self.fire.problem(f"viewer {self.name}: `end` with the wrong id: {event!r}")
        self.transcript.note("end", incarnation, said["position"],
                             (said["outcome"], said["exit_code"], said["reason"]))
