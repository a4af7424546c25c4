"""Tailraces that keep their logs in one MongoDB database."""

import asyncio
import random
import re

from support.api import Api
from support.case import AsyncCase
from support.http import ProtocolError
from support.mongodb import MongoDb
from support.server import Server

SETTLE_SECONDS = 90


class MongoStoreCase(AsyncCase):
    """One MongoDB and `servers` Tailraces for each class."""

    servers = 2
    settings = {}
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.mongodb = MongoDb().start()
        cls.client = cls.mongodb.client(serverSelectionTimeoutMS=5000)
        cls.database = cls.client[cls.mongodb.database]
        cls.tailraces = [cls.make_server().start() for _ in range(cls.servers)]
        cls.apis = [Api(server.port) for server in cls.tailraces]

    @classmethod
    def uri(cls, port=None):
        """Of the database, directly or by a proxy on 127.0.0.1."""
        head, _, query = cls.mongodb.uri.partition("?")
        if port:
            head = f"mongodb://127.0.0.1:{port}/"
        # A loaded machine has its time.
        return f"{head.rstrip('/')}/{cls.mongodb.database}?{query}&socketTimeoutMS=60000"

    @classmethod
    def make_server(cls, uri=None):
        return Server(settings={"store.uri": uri or cls.uri(), **cls.settings})

    @classmethod
    def tearDownClass(cls):
        logs = [server.log_tail() for server in cls.tailraces]
        codes = [server.stop() for server in cls.tailraces]
        cls.client.close()
        cls.mongodb.stop()
        for code, log in zip(codes, logs):
            if code is not None:
                raise AssertionError(f"a server died with {code} during the tests:\n{log}")

    def new_id(self):
        return random.randrange(1 << 40)

    def documents(self, number, **more):
        """What the portal's code finds, in its order."""
        return list(self.database["sse_logs"].find({"type": "deploy", "id": number, **more}))

    async def metric(self, api, name):
        text = (await api.get("/metrics")).body.decode()
        return float(re.search(rf"^tailrace_{re.escape(name)} (\S+)$", text, re.M)[1])

    async def until(self, condition):
        """Waits until the coroutine function says true."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while not await condition():
                await asyncio.sleep(0.02)


class Producer:
    """Appends lines in small requests, each repeated until it is answered; each line is stored
    once, whichever of `apis` takes it."""

    def __init__(self, apis, log, name, rng):
        self.apis = apis
        self.log = log
        self.name = name
        self.rng = rng
        self.sent = []
        self.repeated = 0

    async def run(self, count):
        begun = len(self.sent)
        while len(self.sent) < begun + count:
            lines = [f"{self.name} {len(self.sent) + n}" for n in range(self.rng.randrange(1, 5))]
            await self.deliver(lines)
            self.sent += lines

    async def deliver(self, lines):
        body = "".join(line + "\n" for line in lines)
        headers = {"Tailrace-Producer": self.name, "Tailrace-Sequence": str(len(self.sent))}
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                try:
                    api = self.rng.choice(self.apis)
                    async with asyncio.timeout(10):
                        answer = await api.append(self.log, body, headers=headers)
                    if answer.status == 200:
                        return
                    if answer.status not in (429, 503):
                        raise AssertionError(answer)
                except (OSError, TimeoutError, ProtocolError):
                    pass
                self.repeated += 1
                await asyncio.sleep(0.02)
