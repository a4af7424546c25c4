"""What retention has cut is told as a gap, never passed over (api.md "The stream")."""

import asyncio
import json
import unittest

from support.api import BASE, new_log
from support.case import ServerCase


class RetentionTest(ServerCase):
    settings = {"retention.max_log_bytes": "200KiB", "retention.interval": "1s",
                "store.block_bytes": "16KiB"}

    async def make(self):
        """A log of 10,000 entries whose front has been cut; its information."""
        log = new_log()
        for first in range(0, 10_000, 100):
            await self.api.append(log, "".join(f"{n:05} " + "x" * 94 + "\n"
                                               for n in range(first, first + 100)))
        for _ in range(300):
            info = (await self.api.meta(log)).json()
            if info["first"] > 0:
                return log, info
            await asyncio.sleep(0.1)
        self.fail("retention did not cut anything")

    async def test_cut_front(self):
        log, info = await self.make()
        first = info["first"]
        self.assertEqual(info["position"], 10_000)
        self.assertLess(first, 10_000)
        for form in ("text", "json", "batch"):
            async with await self.api.stream(log, f"?format={form}") as stream:
                events = await stream.take(2)
            self.assertEqual(events[0].event, "gap")
            gap = events[0].json()
            self.assertEqual((gap["from"], gap["cause"]), (0, "retention"))
            self.assertGreaterEqual(gap["to"], first)
            self.assertEqual(events[1].event, "message")
            place = {"text": lambda data: int(data[:5]), "json": lambda data: json.loads(data)["n"],
                     "batch": lambda data: json.loads(data)["from"]}[form](events[1].data)
            self.assertEqual(place, gap["to"])

    async def test_cursor_inside_what_was_cut(self):
        log, info = await self.make()
        cursor = f"{info['incarnation']}.7"
        async with await self.api.stream(log, "", {"Last-Event-ID": cursor}) as stream:
            gap, event = await stream.take(2)
        self.assertEqual((gap.event, gap.json()["from"]), ("gap", 7))
        self.assertEqual(int(event.data[:5]), gap.json()["to"])
        self.assertEqual(event.id, f"{info['incarnation']}.{gap.json()['to'] + 1}")

    async def test_pages_and_raw(self):
        log, _ = await self.make()
        page = (await self.api.page(log, "?from=0&limit=3")).json()
        self.assertEqual([entry["n"] for entry in page["entries"]],
                         list(range(page["first"], page["first"] + 3)))
        raw = (await self.api.get(f"{BASE}/{log}/raw")).text()
        self.assertTrue(raw.endswith("09999 " + "x" * 94 + "\n"))
        lines = raw.splitlines()
        self.assertEqual([int(line[:5]) for line in lines],
                         list(range(10_000 - len(lines), 10_000)))

    async def test_cut_once_is_told_once(self):
        """A viewer that saw the gap and is cut right behind it is not told again."""
        log, _ = await self.make()
        await self.api.end(log)
        async with await self.api.stream(log) as stream:
            gap = await stream.next()
        self.assertEqual(gap.event, "gap")
        if gap.own_id:
            async with await self.api.stream(log, "", {"Last-Event-ID": gap.id}) as stream:
                self.assertEqual((await stream.next()).event, "message")


class LostTest(ServerCase):
    """Lines that were lost upstream (api.md: `"lost": k` or null)."""

    async def test_lost_lines_are_a_gap_before_their_entry(self):
        log = new_log()
        await self.api.append_objects(log, [{"text": "a"}, {"text": "b", "lost": 7},
                                            {"text": "c", "lost": None}])
        for form in ("text", "json"):
            async with await self.api.stream(log, f"?format={form}") as stream:
                events = await stream.take(5)
            self.assertEqual([event.event for event in events],
                             ["message", "gap", "message", "gap", "message"])
            self.assertEqual([events[1].json()["lost"], events[3].json()["lost"]], [7, None])

    async def test_positions_go_on(self):
        log = new_log()
        await self.api.append_objects(log, [{"text": "a", "lost": 3}, {"text": "b"}])
        entries = await self.api.entries(log)
        self.assertEqual([entry["n"] for entry in entries], [0, 1])
        async with await self.api.stream(log) as stream:
            events = await stream.take(3)
        self.assertEqual([event.event for event in events], ["gap", "message", "message"])
        self.assertEqual([event.id.split(".")[1] for event in events[1:]], ["1", "2"])


if __name__ == "__main__":
    unittest.main()
