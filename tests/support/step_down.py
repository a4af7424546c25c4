"""A MongoDB server's front that speaks its wire protocol (OP_MSG) and plays what a replica set's
primary does when it steps down: for a while it is none, refuses commands, or runs one and then
says that it was interrupted; and what it says when its oplog has forgotten a resume token."""

import asyncio
import struct

import bson

HEADER = struct.Struct("<iiii")     # length, request, response to, operation
OP_MSG = 2013
MORE_TO_COME = 2
HELLO = {"hello", "isMaster", "ismaster"}
# The server's error_codes.yml.
NOT_WRITABLE_PRIMARY = (10107, "NotWritablePrimary")
PRIMARY_STEPPED_DOWN = (189, "PrimarySteppedDown")
INTERRUPTED = (11602, "InterruptedDueToReplStateChange")
HISTORY_LOST = (286, "ChangeStreamHistoryLost")
STEPPING_DOWN = (NOT_WRITABLE_PRIMARY, PRIMARY_STEPPED_DOWN, INTERRUPTED)


def command_of(message):
    """The body of an OP_MSG, or None."""
    if HEADER.unpack_from(message)[3] != OP_MSG or message[20] != 0:
        return None
    size, = struct.unpack_from("<i", message, 21)
    return bson.decode(message[21:21 + size])


def answer_to(message, document):
    body = struct.pack("<iB", 0, 0) + bson.encode(document)
    request = HEADER.unpack_from(message)[1]
    return HEADER.pack(HEADER.size + len(body), request, request, OP_MSG) + body


def failure(error, *labels):
    code, name = error
    document = {"ok": 0.0, "code": code, "codeName": name, "errmsg": f"{name} (a test says so)"}
    return {**document, "errorLabels": list(labels)} if labels else document


def is_resumed(command):
    """A change stream that goes on behind a token."""
    stages = command.get("pipeline") or [{}]
    return "aggregate" in command and "resumeAfter" in stages[0].get("$changeStream", {})


class StepDownProxy:
    """Passes everything on to `target`, but for what its flags say."""

    def __init__(self, target, rng):
        self.target = target
        self.rng = rng
        self.server = None
        self.port = None
        self.tasks = set()
        self.is_down = False            # it is no primary now
        self.has_lost_history = False   # no resume token is known any more
        self.refused = 0                # commands that were not run
        self.interrupted = 0            # commands that were run, and answered with an error
        self.closed = 0                 # connections that were closed behind a command
        self.forgotten = 0              # change streams that could not go on
        self.fates = []                 # of the next commands while it is down
        self.cursors = set()            # of change streams
        self.lost = set()               # those whose history is lost

    async def start(self):
        self.server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def handle(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        far_writer = None
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            while True:
                message = await self.message(reader)
                answer = await self.exchange(message, far_reader, far_writer)
                if answer is None:
                    self.closed += 1
                    return
                writer.write(answer)
                await writer.drain()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(task)
            for end in (writer, far_writer):
                if end is not None:
                    end.close()

    @staticmethod
    async def message(reader):
        head = await reader.readexactly(HEADER.size)
        return head + await reader.readexactly(HEADER.unpack(head)[0] - HEADER.size)

    async def exchange(self, message, far_reader, far_writer):
        """The answer to a client's message; None: its connection is closed instead."""
        command = command_of(message)
        verb = next(iter(command)) if command else None
        if command is None or verb in HELLO:
            return await self.forward(message, far_reader, far_writer)
        if self.has_lost_history and (is_resumed(command) or command.get("getMore") in self.lost):
            self.forgotten += 1
            return answer_to(message, failure(HISTORY_LOST, "NonResumableChangeStreamError"))
        if not self.is_down:
            return await self.forward(message, far_reader, far_writer)
        error = failure(self.rng.choice(STEPPING_DOWN),
                        *(["ResumableChangeStreamError"] if verb == "getMore" else []))
        fate = self.next_fate()
        if fate == "refused":
            self.refused += 1
            return answer_to(message, error)
        await self.forward(message, far_reader, far_writer)     # it is done, and nobody is told
        if fate == "closed":
            return None
        self.interrupted += 1
        return answer_to(message, error)

    def next_fate(self):
        """In any order, but each soon: who waits for all of them does not depend on luck."""
        if not self.fates:
            self.fates = ["refused", "refused", "interrupted", "closed"]
            self.rng.shuffle(self.fates)
        return self.fates.pop()

    async def forward(self, message, far_reader, far_writer):
        far_writer.write(message)
        await far_writer.drain()
        flags, = struct.unpack_from("<i", message, HEADER.size)
        if HEADER.unpack_from(message)[3] == OP_MSG and flags & MORE_TO_COME:
            return b""      # it has no answer
        answer = await self.message(far_reader)
        self.note_cursor(message, answer)
        return answer

    def note_cursor(self, message, answer):
        """Which cursors are change streams."""
        command, reply = command_of(message), command_of(answer)
        if not command or not reply or "aggregate" not in command:
            return
        stages = command.get("pipeline") or [{}]
        if "$changeStream" in stages[0] and reply.get("cursor"):
            self.cursors.add(reply["cursor"]["id"])

    def lose_history(self):
        """Change streams that are open cannot go on, nor can others behind their tokens."""
        self.lost |= self.cursors
        self.has_lost_history = True
