"""Nothing is lost and nothing repeated, whatever dies: Tailrace, MongoDB, the network between."""

import asyncio
import pathlib

from pymongo.errors import PyMongoError

from support.case import seeded_rng
from support.mongodb_case import MongoSourceCase
from support.proxy import CuttingProxy

LOGS = 3
LINES_A_ROUND = 150


class Faults:
    """While a portal writes some logs, `disturb` is called several times; then every log must have
    exactly the collection's lines, in its order."""

    rounds = 4

    def write(self, numbers, begin, end):
        for line in range(begin, end):
            for number in numbers:
                self.insert_surely(number, f"{number} line {line}")

    def insert_surely(self, number, text):
        """As a portal's code would: the driver repeats what was not acknowledged."""
        in_doubt = False
        while True:
            try:
                if not in_doubt or not self.lines.count_documents(
                        {"type": "deploy", "id": number, "log": text}):
                    self.insert(number, text)
                return
            except PyMongoError:
                in_doubt = True

    async def check(self):
        self.rng = seeded_rng(self.id())
        numbers = [self.new_id() for _ in range(LOGS)]
        for number in range(self.rounds):
            writing = asyncio.ensure_future(asyncio.to_thread(
                self.write, numbers, number * LINES_A_ROUND, (number + 1) * LINES_A_ROUND))
            await asyncio.sleep(self.rng.random() * 0.5)
            await self.disturb()
            await writing
        for number in numbers:
            self.insert(number, "[DONE]")
            wanted = [line["log"] for line in self.lines.find({"type": "deploy", "id": number})]
            await self.until_texts(number, wanted[:-1])

            async def is_ended(number=number):
                return (await self.api.meta(f"deploy/{number}")).json()["state"] == "ended"
            await self.until(is_ended)

    async def restart(self):
        self.server.kill()
        self.server.start()


class KilledTailraceTest(Faults, MongoSourceCase):
    async def disturb(self):
        await self.restart()

    async def test_nothing_is_lost_or_repeated(self):
        await self.check()


class KilledTailraceThatPollsTest(KilledTailraceTest):
    mode = "poll"


class LostCheckpointTest(Faults, MongoSourceCase):
    async def disturb(self):
        self.server.kill()
        pathlib.Path(self.server.data, "mongodb-source.json").unlink(missing_ok=True)
        self.server.start()

    async def test_nothing_is_lost_or_repeated(self):
        await self.check()


class KilledMongoDbTest(Faults, MongoSourceCase):
    async def disturb(self):
        if not self.mongodb.foreign:
            self.mongodb.kill()
            self.mongodb.run()

    async def test_nothing_is_lost_or_repeated(self):
        await self.check()


class KilledMongoDbThatIsPolledTest(KilledMongoDbTest):
    mode = "poll"


class CutNetworkTest(Faults, MongoSourceCase):
    """All connections between the two break after some bytes."""

    async def disturb(self):
        await asyncio.sleep(0.2)

    async def test_nothing_is_lost_or_repeated(self):
        if self.mongodb.foreign:
            self.skipTest("a foreign server's other addresses are not known")
        rng = seeded_rng(self.id())
        proxy = await CuttingProxy(self.mongodb.port, rng, lambda: (
            rng.randrange(2_000, 60_000), rng.randrange(2_000, 200_000))).start()
        self.server.kill()
        self.server.settings["mongodb.uri"] = (
            f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true")
        self.server.start()
        await self.check()
        self.assertGreater(proxy.cuts, 0)
        self.server.kill()
        await proxy.stop()
        self.server.start()


class AwayTest(MongoSourceCase):
    """While MongoDB is away, what is stored is shown, and what is not is 'come again'."""

    async def test_requests_are_answered(self):
        if self.mongodb.foreign:
            self.skipTest("a foreign server is not killed")
        known, unknown = self.new_id(), self.new_id()
        self.insert(known, "one")
        self.insert(unknown, "first", "[DONE]")
        await self.until_texts(known, ["one"])
        await self.until_texts(unknown, ["first"])
        self.assertEqual((await self.api.delete(f"deploy/{unknown}")).status, 204)
        self.mongodb.kill()

        async def is_noticed():
            return not await self.metric("connected")
        await self.until(is_noticed)
        self.assertEqual(await self.api.texts(f"deploy/{known}"), ["one"])
        self.check_unavailable(await self.initial(unknown))
        own = "build/1"
        self.assertEqual((await self.api.append(own, "by HTTP\n")).status, 200)
        self.assertEqual(await self.api.texts(own), ["by HTTP"])
        async with await self.portal(unknown) as stream:
            self.mongodb.run()
            self.assertEqual([event.data for event in await stream.to_end()
                              if event.data != "[NONE]"], ["first", "[DONE]"])

    def check_unavailable(self, answer):
        self.assertEqual(answer.status, 503)
        self.assertIsNotNone(answer.header("Retry-After"))
