"""The portal's endpoints (api.md "The portal's endpoints")."""

import asyncio
import unittest

from support.api import PORTAL, new_log
from support.case import ServerCase


def query_of(log, **more):
    kind, name = log.split("/")
    return "?" + "&".join(f"{key}={value}" for key, value in
                          {"type": kind, "id": name, **more}.items())


class SentinelTest(ServerCase):
    settings = {"streams.none_interval": "200ms"}

    async def test_entries_then_done(self):
        log = new_log()
        incarnation = (await self.api.append_objects(
            log, [{"text": "one"}, {"text": "a\nb\rc\0"}], "?end=failed")).json()["incarnation"]
        async with await self.api.portal(query_of(log)) as stream:
            self.assertEqual(stream.response.header("Content-Type"), "text/event-stream")
            self.assertEqual(stream.response.header("X-Accel-Buffering"), "no")
            events = await stream.to_end()
        self.assertEqual([(event.event, event.data, event.id) for event in events],
                         [("message", "one", f"{incarnation}.1"),
                          ("message", "a\nb\nc\u2400", f"{incarnation}.2"),
                          ("message", "[DONE]", f"{incarnation}.2.end")])

    async def test_num(self):
        log = new_log()
        await self.api.append(log, "a\nb\nc\n", query="?end=succeeded")
        for num, wanted in ((1, ["b", "c", "[DONE]"]), (3, ["[DONE]"])):
            async with await self.api.portal(query_of(log, num=num)) as stream:
                self.assertEqual([event.data for event in await stream.to_end()], wanted)

    async def test_none_while_idle(self):
        log = new_log()
        await self.api.append(log, "a\n")
        async with await self.api.portal(query_of(log)) as stream:
            events = await stream.take(3)
            self.assertEqual([event.data for event in events], ["a", "[NONE]", "[NONE]"])
            self.assertEqual({event.event for event in events}, {"message"})
            self.assertEqual(events[2].id, events[0].id)
            await self.api.append(log, "b\n", query="?end=succeeded")
            rest = [event.data for event in await stream.to_end()]
        self.assertEqual([data for data in rest if data != "[NONE]"], ["b", "[DONE]"])

    async def test_none_while_the_log_is_waited_for(self):
        log = new_log()
        async with await self.api.portal(query_of(log)) as stream:
            self.assertEqual((await stream.next()).data, "[NONE]")
            await self.api.append(log, "a\n")
            event = await stream.next()
            while event.data == "[NONE]":
                event = await stream.next()
            self.assertEqual(event.data, "a")

    async def test_missing_parameters(self):
        for query in ("", "?type=a", "?id=b", "?type=&id=b", "?num=0"):
            async with await self.api.portal(query) as stream:
                self.assertEqual(stream.response.status, 200, query)
                self.assertEqual([event.data for event in await stream.to_end()], ["[DONE]"])

    async def test_num_that_is_no_number(self):
        for num in ("x", "-1", "1.5", "1e1"):
            answer = await self.api.get(f"{PORTAL}/{query_of(new_log(), num=num)}")
            self.check_problem(answer, 400, "num")

    async def test_bad_names(self):
        answer = await self.api.get(f"{PORTAL}/?type=a%20b&id=x")
        self.check_problem(answer, 400, "type")

    async def test_reconnect_goes_on_where_it_was(self):
        log = new_log()
        await self.api.append(log, "a\nb\nc\n")
        async with await self.api.portal(query_of(log, num=1)) as stream:
            last = (await stream.next()).id
        async with await self.api.portal(query_of(log, num=1), {"Last-Event-ID": last}) as stream:
            self.assertEqual((await stream.next()).data, "c")

    async def test_behind_done(self):
        log = new_log()
        await self.api.append(log, "a\n", query="?end=succeeded")
        async with await self.api.portal(query_of(log)) as stream:
            last = (await stream.to_end())[-1].id
        answer = await self.api.get(f"{PORTAL}/{query_of(log)}", {"Last-Event-ID": last})
        self.assertEqual((answer.status, answer.body), (204, b""))

    async def test_entries_that_look_like_sentinels(self):
        log = new_log()
        await self.api.append(log, "[NONE]\n[DONE]\nx\n", query="?end=succeeded")
        async with await self.api.portal(query_of(log)) as stream:
            events = await stream.to_end()
        self.assertEqual([event.id.split(".", 1)[1] for event in events], ["1", "2", "3", "3.end"])

    async def test_plain_by_parameter(self):
        log = new_log()
        await self.api.append(log, "a\n")
        async with await self.api.portal(query_of(log, sentinel=0)) as stream:
            self.assertEqual((await stream.next()).data, "a")
            self.assertTrue(await stream.quiet(0.6))
            await self.api.append(log, "b\n", query="?end=succeeded")
            self.assertEqual([event.data for event in await stream.to_end()], ["b"])
            self.assertTrue(stream.closed)


class PlainTest(ServerCase):
    settings = {"streams.portal_sentinel": False, "streams.none_interval": "100ms"}

    async def test_configured(self):
        log = new_log()
        await self.api.append(log, "a\nb\n", query="?end=failed")
        async with await self.api.portal(query_of(log)) as stream:
            self.assertEqual([event.data for event in await stream.to_end()], ["a", "b"])
            self.assertTrue(stream.closed)

    async def test_sentinel_by_parameter(self):
        log = new_log()
        await self.api.append(log, "a\n", query="?end=failed")
        async with await self.api.portal(query_of(log, sentinel=1)) as stream:
            self.assertEqual([event.data for event in await stream.to_end()], ["a", "[DONE]"])


class SnapshotTest(ServerCase):
    async def snapshot(self, log):
        answer = await self.api.get(f"{PORTAL}/initial{query_of(log)}")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.header("Content-Type"), "application/json")
        return answer.json()

    async def test_open_log(self):
        log = new_log()
        await self.api.append_objects(log, [{"text": "a"}, {"text": "b\r\nc"}, {"text": ""}])
        self.assertEqual(await self.snapshot(log), {"log": "a\nb\r\nc\n", "num": 3, "done": False})

    async def test_ended_log(self):
        log = new_log()
        await self.api.append(log, "a\nb\n", query="?end=succeeded")
        self.assertEqual(await self.snapshot(log), {"log": "a\nb", "num": 2, "done": True})

    async def test_log_that_is_not_there_yet(self):
        self.assertEqual(await self.snapshot(new_log()), {"log": "", "num": 0, "done": False})

    async def test_long_log(self):
        log = new_log()
        lines = [f"{n} " + "x" * 100 for n in range(20000)]
        for first in range(0, 20000, 5000):
            await self.api.append(log, "\n".join(lines[first:first + 5000]))
        got = await self.snapshot(log)
        self.assertEqual((got["num"], got["done"]), (20000, False))
        self.assertEqual(got["log"], "\n".join(lines))

    async def test_then_the_stream_goes_on_from_num(self):
        log = new_log()
        writer = asyncio.ensure_future(self.write(log, 40))
        await asyncio.sleep(0)
        while (await self.snapshot(log))["num"] < 10:
            pass
        first = await self.snapshot(log)
        async with await self.api.portal(query_of(log, num=first["num"])) as stream:
            rest = [event.data for event in await stream.to_end()]
        await writer
        rest = [data for data in rest if data not in ("[NONE]", "[DONE]")]
        seen = first["log"].split("\n") + rest
        self.assertEqual(seen, [f"line {n}" for n in range(40)])

    async def write(self, log, count):
        for n in range(count):
            query = "?end=succeeded" if n == count - 1 else ""
            await self.api.append(log, f"line {n}\n", query=query)


if __name__ == "__main__":
    unittest.main()
