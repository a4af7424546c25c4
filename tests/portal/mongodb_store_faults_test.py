"""Producers repeat what was not answered, and each line is stored once, whatever dies: Tailrace,
MongoDB, the network between."""

import asyncio
import unittest

from support.api import Api
from support.case import seeded_rng
from support.http import ProtocolError
from support.mongodb_store_case import MongoStoreCase, Producer
from support.proxy import CuttingProxy

LINES_A_ROUND = 50


class Faults:
    """Producers write one log by all servers, and viewers follow it there, while `disturb` is
    called."""

    rounds = 3

    async def check(self, apis=None):
        rng = seeded_rng(self.id())
        number = self.new_id()
        log = f"deploy/{number}"
        apis = apis or self.apis
        producers = [Producer(apis, log, f"p{n}", rng) for n in range(3)]
        for _ in range(self.rounds):
            running = [asyncio.ensure_future(producer.run(LINES_A_ROUND)) for producer in producers]
            await asyncio.sleep(rng.random() * 0.3)
            await self.disturb(rng)
            await asyncio.gather(*running)
        texts = [line["log"] for line in self.documents(number)]
        for producer in producers:
            own = [text for text in texts if text.startswith(producer.name + " ")]
            self.assertEqual(own, producer.sent)
        self.assertEqual(len(texts), sum(len(producer.sent) for producer in producers))
        self.assertEqual([line["position"] for line in self.documents(number)],
                         list(range(len(texts))))
        for api in apis:
            self.assertEqual(await self.read(api, log), texts)
        return log, texts

    async def read(self, api, log):
        return await api.texts(log)


class KilledTailraceTest(Faults, MongoStoreCase):
    """One of two, in the middle of its commits."""

    async def disturb(self, rng):
        server = rng.choice(self.tailraces)
        server.kill()
        server.start()

    async def test_nothing_is_lost_or_repeated(self):
        await self.check()


class KilledMongoDbTest(Faults, MongoStoreCase):
    rounds = 1

    async def disturb(self, _rng):
        self.mongodb.kill()
        await asyncio.to_thread(self.mongodb.run)

    async def test_nothing_is_lost_or_repeated(self):
        """Viewers stay: they get the rest when it is back."""
        if self.mongodb.foreign:
            self.skipTest("a foreign server is not killed")
        log, texts = await self.check()

        async def is_ready():
            answers = [await api.get("/readyz") for api in self.apis]
            return all(answer.status == 200 for answer in answers)
        await self.until(is_ready)
        async with await self.apis[1].stream(log) as stream:
            self.assertEqual([event.data for event in await stream.take(len(texts))], texts)
            await self.disturb(None)
            await self.apis[0].append(log, "after\n")
            self.assertEqual((await stream.next()).data, "after")


class CutNetworkTest(Faults, MongoStoreCase):
    """All connections of one of the two break after some bytes."""

    async def disturb(self, _rng):
        await asyncio.sleep(0.2)

    calm = False

    async def read(self, api, log):
        """What reading costs no longer breaks the new connections."""
        self.calm = True

        async def is_read():
            return (await api.page(log, "?limit=1000")).status == 200
        await self.until(is_read)
        return await api.texts(log)

    def limits(self, rng):
        low, high = (1 << 40, 1 << 41) if self.calm else (4_000, 60_000)
        return rng.randrange(low, high), rng.randrange(low, high)

    async def test_nothing_is_lost_or_repeated(self):
        if self.mongodb.foreign:
            self.skipTest("a foreign server's other addresses are not known")
        rng = seeded_rng(self.id())
        proxy = await CuttingProxy(self.mongodb.port, rng, lambda: self.limits(rng)).start()
        server = self.make_server(self.uri(proxy.port))
        self.addCleanup(server.stop)
        await asyncio.to_thread(server.start)
        try:
            await self.check([self.apis[0], Api(server.port)])
            self.assertGreater(proxy.cuts, 0)
        finally:
            server.kill()
            await proxy.stop()


class AwayTest(MongoStoreCase):
    servers = 1
    settings = {"store.pending_limit_bytes": "64KiB"}

    async def test_it_waits_says_so_and_closes_all_the_same(self):
        if self.mongodb.foreign:
            self.skipTest("a foreign server is not killed")
        api, server = self.apis[0], self.tailraces[0]
        log = f"deploy/{self.new_id()}"
        await api.append(log, "before\n")
        self.mongodb.kill()
        body = "x" * 999 + "\n"
        waiting = [asyncio.ensure_future(api.append(log, body)) for _ in range(40)]

        async def is_not_ready():
            return (await api.get("/readyz")).status == 503
        await self.until(is_not_ready)
        self.assertIn("MongoDB", (await api.get("/readyz")).json()["detail"])

        async def is_counted():  # a try may be under way just now
            return await self.metric(api, "store_waiting") == 1
        await self.until(is_counted)

        async def is_full():
            waiting.append(asyncio.ensure_future(api.append(log, body)))
            done = [task for task in waiting if task.done()]
            return any(task.result().status == 429 for task in done)
        await self.until(is_full)
        self.assertEqual({task.result().status for task in waiting if task.done()}, {429})
        await asyncio.to_thread(self.mongodb.run)
        answers = [answer.status for answer in await asyncio.gather(*waiting)]
        self.assertEqual(await api.texts(log), ["before"] + ["x" * 999] * answers.count(200))
        self.assertEqual(set(answers), {200, 429})

        async def is_ready():  # the watch of others' changes comes back by itself, a little later
            return (await api.get("/readyz")).status == 200
        await self.until(is_ready)
        self.mongodb.kill()
        late = asyncio.ensure_future(api.append(log, body))
        await self.until(is_not_ready)
        server.terminate()

        async def is_draining():
            return "draining" in server.log_text()
        await self.until(is_draining)
        server.terminate()  # without waiting for those who wait
        self.assertEqual(await asyncio.to_thread(server.wait), 0)
        try:
            self.assertEqual((await late).status, 503)
        except (ProtocolError, ConnectionError):
            pass  # closed without an answer: nobody knows whether it was stored
        await asyncio.to_thread(self.mongodb.run)
        server.start()


if __name__ == "__main__":
    unittest.main()
