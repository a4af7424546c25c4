"""A slow viewer costs nobody anything, and a full server says so gently."""

import asyncio
import base64
import random
import unittest

from support.api import BASE, new_log
from support.case import ServerCase
from support.coding import CODINGS


class SlowViewerTest(ServerCase):
    settings = {"workers": 1, "store.cache_bytes": "8MiB", "streams.feed_bytes": "1MiB",
                "streams.catch_up_cache_bytes": "4MiB"}

    async def write(self, log, megabytes):
        # Half of it does not shrink, so that it fills a socket that nobody reads compressed, too.
        noise = base64.b64encode(random.Random(1).randbytes(375_000)).decode()
        body = "".join(noise[n:n + 500] + "y" * 499 + "\n" for n in range(0, 500_000, 500))
        for _ in range(megabytes):
            self.assertEqual((await self.api.append(log, body)).status, 200)

    async def test_viewers_that_never_read_cost_no_memory(self):
        log = new_log()
        await self.write(log, 8)           # caches and allocators have what they will have
        stuck = [await self.api.stream(log, "?tail=0", {"Accept-Encoding": coding},
                                       receive_buffer=4096)
                 for coding in ("identity", *CODINGS) for _ in range(10)]
        before = self.server.rss_bytes()
        async with await self.api.stream(log, "?tail=0&format=batch") as reader:
            await self.write(log, 40)
            seen = 0
            while seen < 40_000:
                seen += len((await reader.next()).json()["entries"])
        # 40 MB went past 30 viewers that hold none of it. The store's write buffer grows by as
        # much, and the threads that compress have their contexts.
        self.check_memory(before, 96 << 20)
        for stream in stuck:
            stream.abort()

    async def test_others_go_on(self):
        """While a zero window holds one viewer of a log, another one gets each line at once."""
        log = new_log()
        await self.write(log, 6)
        async with await self.api.stream(log, "", receive_buffer=4096), await self.api.stream(
                log, "?tail=0") as other:
            for n in range(50):
                await self.api.append(log, f"line {n}\n")
                self.assertEqual((await other.next()).data, f"line {n}")

    async def test_a_viewer_that_slept_gets_everything(self):
        log = new_log()
        async with await self.api.stream(log, "", receive_buffer=4096) as stream:
            await self.write(log, 6)
            await self.api.append(log, "last\n", query="?end=succeeded")
            await asyncio.sleep(0.3)
            events = await stream.to_end(60)
        self.assertEqual([event.event for event in events].count("message"), 6001)
        self.assertEqual((events[-2].data, events[-1].event), ("last", "end"))
        self.assertEqual([int(event.id.split(".")[1]) for event in events[:-1]],
                         list(range(1, 6002)))


class FullTest(ServerCase):
    settings = {"limits.viewers": 3}

    async def test_one_viewer_too_many_is_told_to_come_back(self):
        log = new_log()
        await self.api.append(log, "x\n")
        streams = [await self.api.stream(log) for _ in range(3)]
        for stream in streams:
            await stream.take(1)
        for _ in range(5):
            async with await self.api.stream(log) as late:
                self.assertEqual(late.response.status, 200)
                self.assertEqual(late.response.header("Content-Type"), "text/event-stream")
                self.assertEqual(await late.to_end(), [])
                self.assertRegex(late.raw, rb"^retry: \d+\n\n$")
                self.assertTrue(3000 <= late.parser.retries[0] <= 15000)
        streams.pop().abort()
        for _ in range(100):
            async with await self.api.stream(log) as stream:
                if await stream.next():
                    break
            await asyncio.sleep(0.02)
        else:
            self.fail("a place that became free was not given away")
        for stream in streams:
            stream.abort()


class ManyViewersTest(ServerCase):
    async def test_500_viewers_of_a_log_that_ends(self):
        log = new_log()
        await self.api.create(log)
        streams = await asyncio.gather(*(self.api.stream(log) for _ in range(500)))
        for n in range(5):
            await self.api.append(log, f"line {n}\n")
        await self.api.append(log, "last\n", query="?end=succeeded")
        wanted = [f"line {n}" for n in range(5)] + ["last"]
        for stream in streams:
            events = await stream.to_end()
            self.assertEqual([event.data for event in events[:-1]], wanted)
            self.assertEqual(events[-1].event, "end")
            stream.abort()

    async def test_a_log_that_ends_as_viewers_join(self):
        """Whoever joins at that moment sees all entries and one end."""
        for _ in range(30):
            log = new_log()
            await self.api.append(log, "a\nb\n")
            streams, _ = await asyncio.gather(
                asyncio.gather(*(self.api.stream(log) for _ in range(6))),
                self.api.append(log, "c\n", query="?end=succeeded"))
            for stream in streams:
                events = await stream.to_end()
                self.assertEqual([event.data for event in events[:-1]], ["a", "b", "c"])
                self.assertEqual([event.event for event in events].count("end"), 1)
                stream.abort()

    async def test_logs_that_are_deleted_as_viewers_join(self):
        """Whoever joins sees one incarnation at a time, each from its front."""
        log = new_log()
        await self.api.append(log, "0\n")
        viewers = [asyncio.ensure_future(self.watch(log)) for _ in range(8)]
        for _ in range(15):
            await self.api.delete(log)
            await self.api.append(log, "0\n1\n2\n")
        await self.api.append(log, "3\n", query="?end=succeeded")
        for transcript in await asyncio.gather(*viewers):
            for texts in transcript.values():
                self.assertEqual(texts, [str(n) for n in range(len(texts))])
            self.assertIn(["0", "1", "2", "3"], list(transcript.values()))

    async def watch(self, log):
        """incarnation -> texts, over as many connections as it takes until the end."""
        transcript = {}
        cursor = ""
        while True:
            async with await self.api.stream(log, "", {"Last-Event-ID": cursor}) as stream:
                while (event := await stream.next()) is not None:
                    cursor = event.id
                    if event.event == "end":
                        return transcript
                    if event.event == "message":
                        transcript.setdefault(event.id.split(".")[0], []).append(event.data)


if __name__ == "__main__":
    unittest.main()
