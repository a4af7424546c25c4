"""Viewers that are far behind: many at once, of one log and at many places of it."""

import asyncio
import re
import unittest

from support.api import BASE, new_log
from support.case import ServerCase

LINES = 8_000       # of 1,000 bytes each: 8 MB


class CatchUpTest(ServerCase):
    settings = {"workers": 1, "store.cache_bytes": "8MiB", "streams.feed_bytes": "64KiB",
                "streams.catch_up_cache_bytes": "4MiB"}

    async def write(self, log, query=""):
        for part in range(0, LINES, 1000):
            body = "".join(f"{n:09} {'z' * 989}\n" for n in range(part, part + 1000))
            last = query if part + 1000 == LINES else ""
            self.assertEqual((await self.api.append(log, body, query=last)).status, 200)

    async def metric(self, name):
        text = (await self.api.get("/metrics")).text()
        return int(float(re.search(rf"^{name} (\S+)", text, re.M).group(1)))

    async def read_all(self, log, query="", first=0, **options):
        """Every line once and in order, then the end."""
        async with await self.api.stream(log, query, **options) as stream:
            at = first
            while (event := await stream.next()) is not None:
                if event.event == "end":
                    self.assertEqual(at, LINES)
                    return
                self.assertEqual(event.event, "message")
                self.assertEqual((event.data[:9], len(event.data)), (f"{at:09}", 999))
                at += 1
            self.fail("the stream broke off")

    async def test_who_reads_together_reads_the_store_once(self):
        log = new_log()
        await self.write(log, "?end=succeeded")
        before = await self.metric("tailrace_catch_up_reads_total")
        await asyncio.gather(*(self.read_all(log) for _ in range(25)))
        reads = await self.metric("tailrace_catch_up_reads_total") - before
        # A read gives 128 to 384 KiB. One viewer alone needs 21 at least; 25 of them 525 and more.
        self.assertLess(reads, 160)

    async def test_a_log_that_is_read_again_comes_from_files(self):
        log = new_log()
        await self.write(log, "?end=succeeded")
        for _ in range(2):
            await self.read_all(log)
        reads = await self.metric("tailrace_catch_up_reads_total")
        from_files = await self.metric("tailrace_catch_up_file_reads_total")
        await self.read_all(log)
        self.assertEqual(await self.metric("tailrace_catch_up_reads_total"), reads)
        self.assertGreater(await self.metric("tailrace_catch_up_file_reads_total"), from_files)
        self.assertGreater(await self.metric("tailrace_catch_up_disk_bytes"), 8_000_000)
        for first in (1, 777, 4321):        # in the middle of a block, then as all others
            cursor = {"Last-Event-ID": await self.cursor(log, first)}
            await self.read_all(log, "", first, headers=cursor)
        self.assertLess(await self.metric("tailrace_catch_up_reads_total") - reads, 10)
        self.assertEqual(await self.metric("tailrace_catch_up_file_errors_total"), 0)

    async def cursor(self, log, position):
        return f"{(await self.api.meta(log)).json()['incarnation']}.{position}"

    async def test_viewers_at_many_places_share_a_bounded_memory(self):
        """Each stops with its socket full in another segment; together they would be 70 MB."""
        log = new_log()
        await self.write(log, "?end=succeeded")
        await self.read_all(log)                    # allocators have what they will have
        before = self.server.rss_bytes()
        incarnation = (await self.api.meta(log)).json()["incarnation"]
        stuck = [await self.api.stream(log, "", {"Last-Event-ID": f"{incarnation}.{n * 26}"},
                                       receive_buffer=4096) for n in range(300)]
        for stream in stuck:
            await stream.next()
        self.check_memory(before, 40 << 20)
        for stream in stuck:
            stream.abort()

    async def test_live_lines_arrive_while_others_catch_up(self):
        old, live = new_log(), new_log()
        await self.write(old, "?end=succeeded")
        async with await self.api.stream(live) as viewer:
            readers = asyncio.gather(*(self.read_all(old) for _ in range(8)))
            for n in range(50):
                await self.api.append(live, f"line {n}\n")
                self.assertEqual((await viewer.next()).data, f"line {n}")
            await readers

    async def test_a_log_that_is_deleted_while_it_is_read_from_files(self):
        log = new_log()
        await self.write(log, "?end=succeeded")
        for _ in range(2):
            await self.read_all(log)
        streams = [await self.api.stream(log, "", receive_buffer=4096) for _ in range(5)]
        for stream in streams:
            await stream.next()
        await self.api.delete(log)
        await self.api.append(log, "new\n")
        for stream in streams:
            events = await stream.to_end(60)
            self.assertTrue(events == [] or events[-1].event in ("message", "deleted"))
            for n, event in enumerate(event for event in events if event.event == "message"):
                self.assertEqual(event.data[:9], f"{n + 1:09}")
        async with await self.api.stream(log) as stream:
            self.assertEqual((await stream.next()).data, "new")

    async def test_downloads_are_the_same_each_time(self):
        log = new_log()
        await self.write(log, "?end=succeeded")
        wanted = b"".join(b"%09d %s\n" % (n, b"z" * 989) for n in range(LINES))
        for _ in range(4):
            self.assertEqual((await self.api.get(f"{BASE}/{log}/raw")).body, wanted)


if __name__ == "__main__":
    unittest.main()
