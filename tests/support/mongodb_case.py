"""A Tailrace whose logs come from a MongoDB collection, as a portal's code writes it."""

import asyncio
import random
import re

from support.api import PORTAL, Api
from support.case import AsyncCase
from support.mongodb import MongoDb
from support.server import Server

SETTLE_SECONDS = 60


class MongoSourceCase(AsyncCase):
    """One MongoDB and one Tailrace for each class."""

    settings = {}
    mode = "auto"
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.mongodb = MongoDb().start()
        cls.client = cls.mongodb.client()
        cls.lines = cls.client[cls.mongodb.database]["sse_logs"]
        cls.lines.create_index([("type", 1), ("id", 1)])
        cls.server = cls.make_server(cls.mongodb.uri).start()
        cls.api = Api(cls.server.port)

    @classmethod
    def make_server(cls, uri):
        return Server(settings={"mongodb.uri": uri, "mongodb.database": cls.mongodb.database,
                                "mongodb.mode": cls.mode, **cls.settings})

    @classmethod
    def tearDownClass(cls):
        log = cls.server.log_tail()
        code = cls.server.stop()
        cls.client.close()
        cls.mongodb.stop()
        if code is not None:
            raise AssertionError(f"the server died with {code} during the tests:\n{log}")

    def new_id(self):
        return random.randrange(1 << 40)

    def insert(self, number, *texts, **fields):
        """Documents of the log deploy/NUMBER, in this order; `number` as it is to be written."""
        self.lines.insert_many([{"type": "deploy", "id": number, "log": text, **fields}
                                for text in texts])

    async def metric(self, name):
        text = (await self.api.get("/metrics")).body.decode()
        return float(re.search(rf"^tailrace_mongodb_{re.escape(name)} (\S+)$", text, re.M)[1])

    async def until(self, condition):
        """Waits until the coroutine function says true."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while not await condition():
                await asyncio.sleep(0.02)

    async def until_texts(self, number, wanted):
        """Waits until the log has as many entries as wanted, and compares them."""
        async def is_there():
            info = await self.api.meta(f"deploy/{number}")
            return info.status == 200 and info.json()["position"] >= len(wanted)
        await self.until(is_there)
        self.assertEqual(await self.api.texts(f"deploy/{number}"), list(wanted))

    async def portal(self, number, **more):
        query = "&".join(f"{key}={value}" for key, value in
                         {"type": "deploy", "id": number, **more}.items())
        return await self.api.portal("?" + query)

    async def initial(self, number):
        return await self.api.get(f"{PORTAL}/initial?type=deploy&id={number}")
