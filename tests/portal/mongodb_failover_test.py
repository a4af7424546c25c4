"""What a replica set's step-down looks like on the wire (support/step_down.py): commands that are
refused, or run and not acknowledged, connections that close, resume tokens that nobody knows any
more. Nothing is lost and nothing repeated."""

import asyncio
import contextlib
import unittest

import mongodb_faults_test
import mongodb_store_faults_test
from support.api import BASE, Api
from support.case import seeded_rng
from support.http import ProtocolError
from support.mongodb_case import MongoSourceCase
from support.mongodb_store_case import MongoStoreCase
from support.sse import Stream
from support.step_down import StepDownProxy


class StepsDown:
    """`self.proxy` stands between one Tailrace and MongoDB."""

    async def make_proxy(self):
        if self.mongodb.foreign:
            self.skipTest("a foreign server's other addresses are not known")
        self.rng = seeded_rng(self.id())
        self.proxy = await StepDownProxy(self.mongodb.port, self.rng).start()

    async def until_true(self, condition):
        async def is_true():
            return condition()
        await self.until(is_true)

    async def step_down(self, meanwhile=None):
        """Until each kind of trouble was met."""
        proxy = self.proxy
        before = (proxy.refused, proxy.interrupted, proxy.closed)
        proxy.is_down = True
        if meanwhile:
            await meanwhile()
        await self.until_true(lambda: proxy.refused > before[0] and proxy.interrupted > before[1]
                              and proxy.closed > before[2])
        proxy.is_down = False

    async def lose_history(self, meanwhile):
        """What happens `meanwhile` is told by no change stream."""
        async def forget():
            await meanwhile()
            self.proxy.lose_history()
        await self.step_down(forget)
        await self.until_true(lambda: self.proxy.forgotten > 0)
        self.proxy.has_lost_history = False


class SourceCase(StepsDown, MongoSourceCase):
    """The portal's code writes without the proxy."""

    mode = "stream"

    async def asyncSetUp(self):
        await self.make_proxy()
        self.server.kill()
        self.server.settings["mongodb.uri"] = (
            f"mongodb://127.0.0.1:{self.proxy.port}/?directConnection=true")
        self.server.start()

    async def asyncTearDown(self):
        self.server.kill()
        await self.proxy.stop()
        self.server.settings["mongodb.uri"] = self.mongodb.uri
        self.server.start()


class SourceFailoverTest(mongodb_faults_test.Faults, SourceCase):
    rounds = 2

    async def disturb(self):
        await self.step_down()

    async def test_nothing_is_lost_or_repeated(self):
        await self.check()


class SourceHistoryLostTest(SourceCase):
    async def test_open_logs_are_compared(self):
        number, texts = self.new_id(), [f"line {n}" for n in range(40)]
        self.insert(number, *texts[:10])
        await self.until_texts(number, texts[:10])
        before = await self.metric("resets_total")

        async def write():
            await asyncio.to_thread(self.insert, number, *texts[10:30])
        await self.lose_history(write)
        await self.until_texts(number, texts[:30])

        async def is_counted():     # whoever asks for the log has it read, and may be first
            return await self.metric("resets_total") > before
        await self.until(is_counted)
        self.insert(number, *texts[30:])
        await self.until_texts(number, texts)


class StoreCase(StepsDown, MongoStoreCase):
    """`self.behind`: the API of a Tailrace behind the proxy, besides the one in `self.apis`."""

    servers = 1

    async def asyncSetUp(self):
        await self.make_proxy()
        server = self.make_server(self.uri(self.proxy.port))
        self.addCleanup(server.stop)
        await self.start(server)
        self.behind = Api(server.port)

    async def asyncTearDown(self):
        await self.proxy.stop()

    async def start(self, server):
        """By this thread, whose end would be the server's; the proxy runs meanwhile."""
        server.spawn()

        async def is_ready():
            try:
                return (await Api(server.port).get("/readyz")).status == 200
            except OSError:
                return False
        await self.until(is_ready)


class StoreFailoverTest(mongodb_store_faults_test.Faults, StoreCase):
    rounds = 2

    async def disturb(self, _rng):
        await self.step_down()

    async def test_nothing_is_lost_or_repeated(self):
        await self.check([self.apis[0], self.behind])


class StoreHistoryLostTest(StoreCase):
    async def test_viewers_get_what_no_change_stream_told(self):
        log = f"deploy/{self.new_id()}"
        texts = [f"line {n}" for n in range(30)]
        await self.apis[0].append(log, "".join(f"{text}\n" for text in texts[:10]))
        self.seen = []
        viewer = asyncio.ensure_future(self.watch(log))
        await self.until_true(lambda: self.seen == texts[:10])

        async def write():
            for text in texts[10:20]:
                await self.apis[0].append(log, f"{text}\n")
        await self.lose_history(write)
        await self.until_true(lambda: len(self.seen) >= 20)
        for text in texts[20:]:
            await self.apis[0].append(log, f"{text}\n")
        await self.until_true(lambda: len(self.seen) >= 30)
        await self.apis[0].end(log)
        await viewer
        self.assertEqual(self.seen, texts)

    async def watch(self, log):
        """As a browser: a stream that ends without `end`, since the store could not be read just
        then, is asked for again behind what came."""
        last = ""
        while True:
            stream = await Stream.open(self.behind.port, f"{BASE}/{log}/events",
                                       {"Last-Event-ID": last} if last else {})
            with contextlib.suppress(ProtocolError, ConnectionError):
                while event := await stream.next():
                    if event.event == "end":
                        return
                    self.assertEqual(event.event, "message")
                    self.seen.append(event.data)
                    last = event.id
            stream.abort()
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
