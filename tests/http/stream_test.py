"""The live stream of a log: heads, formats and ids, byte by byte (api.md "The stream")."""

import asyncio
import json
import unittest

from support.api import BASE, new_log
from support.case import ServerCase
from support.sse import sse_text


class StreamHeadTest(ServerCase):
    async def test_headers(self):
        log = new_log()
        await self.api.create(log)
        async with await self.api.stream(log) as stream:
            head = stream.response
            self.assertEqual(head.status, 200)
            self.assertEqual(head.header("Content-Type"), "text/event-stream")
            self.assertEqual(head.header("Cache-Control"), "no-cache, no-transform")
            self.assertEqual(head.header("X-Accel-Buffering"), "no")
            self.assertEqual(head.header("Vary"), "Accept-Encoding, Cookie")
            self.assertIsNone(head.header("Content-Length"))
            self.assertIsNone(head.header("Content-Encoding"))

    async def test_first_bytes_leave_at_once(self):
        """Also when there is nothing to tell, and before the log exists."""
        for query in ("", "?format=json", "?format=batch"):
            async with await self.api.stream(new_log(), query) as stream:
                await stream.until_raw(b"\n\n")
                self.assertRegex(stream.raw, rb"^retry: \d{4}\n\n$")

    async def test_retry_is_jittered(self):
        log = new_log()
        await self.api.create(log)
        told = []
        for _ in range(40):
            async with await self.api.stream(log) as stream:
                await stream.until_raw(b"\n\n")
                told += stream.parser.retries
        self.assertEqual(len(told), 40)
        self.assertTrue(all(2000 <= retry <= 4000 for retry in told), told)
        self.assertGreater(len(set(told)), 20)
        self.assertGreater(max(told) - min(told), 800)

    async def test_head_request(self):
        log = new_log()
        await self.api.create(log)
        answer = await self.api.request("HEAD", f"{BASE}/{log}/events")
        self.assertEqual((answer.status, answer.header("Content-Type"), answer.body),
                         (200, "text/event-stream", b""))

    async def test_http_1_0(self):
        """No chunks: the body ends with the connection."""
        log = new_log()
        await self.api.append(log, "x\n", query="?end=succeeded")
        async with await self.api.connect() as connection:
            await connection.send(f"GET {BASE}/{log}/events HTTP/1.0\r\n\r\n".encode())
            head, _, body = (await connection.rest()).partition(b"\r\n\r\n")
        self.assertNotIn(b"chunked", head.lower())
        self.assertRegex(body, rb"^retry: \d+\n\ndata: x\nid: \w+\.1\n\n")

    async def test_cache_busters_are_harmless(self):
        log = new_log()
        await self.api.append(log, "x\n")
        async with await self.api.stream(log, "?_=123&nobody=knows") as stream:
            self.assertEqual((await stream.next()).data, "x")

    async def test_unknown_format(self):
        answer = await self.api.get(f"{BASE}/{new_log()}/events?format=xml")
        self.check_problem(answer, 400, "format")


class FormatTest(ServerCase):
    async def asyncSetUp(self):
        self.log = new_log()
        self.incarnation = (await self.api.create(self.log)).json()["incarnation"]

    async def body_of(self, *texts, query=""):
        """Bytes behind the first `retry:` once the log has these entries and has ended."""
        await self.api.append_objects(self.log, [{"text": text} for text in texts],
                                      "?end=succeeded")
        async with await self.api.stream(self.log, query) as stream:
            await stream.to_end()
            return stream.raw.split(b"\n\n", 1)[1].decode()

    async def test_text_byte_by_byte(self):
        body = await self.body_of("one", "", " lead", "a\nb\rc\r\nd", "e\n", "\n", "\r\r\n",
                                  "n\0l", "data: x", ":c")
        i = self.incarnation
        self.assertEqual(body, (
            f"data: one\nid: {i}.1\n\n"
            f"data: \nid: {i}.2\n\n"
            f"data:  lead\nid: {i}.3\n\n"
            f"data: a\ndata: b\ndata: c\ndata: d\nid: {i}.4\n\n"
            f"data: e\ndata: \nid: {i}.5\n\n"
            f"data: \ndata: \nid: {i}.6\n\n"
            f"data: \ndata: \ndata: \nid: {i}.7\n\n"
            f"data: n\u2400l\nid: {i}.8\n\n"
            f"data: data: x\nid: {i}.9\n\n"
            f"data: :c\nid: {i}.10\n\n"
            'event: end\n'
            'data: {"outcome":"succeeded","exit_code":null,"reason":null,"position":10}\n'
            f"id: {i}.10.end\n\n"))

    async def test_ids_are_safe(self):
        await self.api.append(self.log, "x\n", query="?end=succeeded")
        async with await self.api.stream(self.log) as stream:
            for event in await stream.to_end():
                self.assertTrue(event.own_id)
                self.assertRegex(event.id, r"^[A-Za-z0-9._-]{1,127}$")

    async def test_hostile_texts(self):
        texts = ["\ufeffbom", "a\u2028b\u2029c\x85d\x0be\x0cf", "\x1b[31mred\x1b[0m", "id: 9",
                 "event: end", "retry: 1", "é" * 5000, "\t", ":", "\U0001f642"]
        await self.api.append_objects(self.log, [{"text": text} for text in texts])
        async with await self.api.stream(self.log) as stream:
            events = await stream.take(len(texts))
        self.assertEqual([event.data for event in events], texts)
        self.assertEqual({event.event for event in events}, {"message"})

    async def test_ill_formed_utf8(self):
        raw = [b"\xff", b"a\xc3", b"\xed\xa0\x80b", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xe2\x28\xa1",
               b"\xf4\x90\x80\x80"]
        await self.api.append(self.log, b"\n".join(raw))
        wanted = [line.decode("utf-8", "replace") for line in raw]
        async with await self.api.stream(self.log) as stream:
            self.assertEqual([event.data for event in await stream.take(len(raw))], wanted)
            self.assertEqual(stream.raw.decode("utf-8").count("\ufffd"),
                             "".join(wanted).count("\ufffd"))
        async with await self.api.stream(self.log, "?format=json") as stream:
            events = await stream.take(len(raw))
            self.assertEqual([event.json()["text"] for event in events], wanted)

    async def test_json_is_the_entry_of_a_page(self):
        entries = [{"text": "a\r\nb\0c", "stream": "stderr", "source": "s/1", "level": "warn",
                    "time": "2024-02-29T12:34:56.000000001Z", "extra": [1]}, {"text": ""}]
        await self.api.append_objects(self.log, entries)
        paged = await self.api.entries(self.log)
        async with await self.api.stream(self.log, "?format=json") as stream:
            events = await stream.take(2)
        self.assertEqual([event.json() for event in events], paged)
        self.assertEqual([event.event for event in events], ["message", "message"])
        self.assertEqual([event.id for event in events],
                         [f"{self.incarnation}.1", f"{self.incarnation}.2"])
        self.assertEqual(stream.raw.count(b"data:"), 2)

    async def test_batch(self):
        await self.api.append(self.log, "a\nb\nc\n")
        await self.api.append(self.log, "d\n")
        paged = await self.api.entries(self.log)
        async with await self.api.stream(self.log, "?format=batch&from=1") as stream:
            entries = []
            while len(entries) < 3:
                event = await stream.next()
                self.assertEqual(event.event, "message")
                batch = event.json()
                self.assertEqual(batch["from"], 1 + len(entries))
                entries += batch["entries"]
                self.assertEqual(event.id, f"{self.incarnation}.{1 + len(entries)}")
        self.assertEqual(entries, paged[1:])

    async def test_batch_is_one_event_for_what_came_together(self):
        async with await self.api.stream(self.log, "?format=batch") as stream:
            await stream.until_raw(b"\n\n")
            await self.api.append(self.log, "".join(f"{n}\n" for n in range(500)))
            event = await stream.next()
        self.assertEqual(len(event.json()["entries"]), 500)

    async def test_long_log_in_every_format(self):
        texts = [f"{n} \r\n" + "x" * (n % 300) for n in range(6000)]
        for first in range(0, 6000, 1500):
            await self.api.append_objects(self.log, [{"text": text}
                                                     for text in texts[first:first + 1500]])
        await self.api.end(self.log)
        for form in ("text", "json", "batch"):
            async with await self.api.stream(self.log, f"?format={form}&from=17") as stream:
                events = await stream.to_end()
            self.assertEqual((events[-1].event, events[-1].id),
                             ("end", f"{self.incarnation}.6000.end"))
            seen = []
            for event in events[:-1]:
                data = event.data if form == "text" else event.json()
                seen += ([data] if form == "text" else [data["text"]] if form == "json" else
                         [entry["text"] for entry in data["entries"]])
            self.assertEqual(seen, [sse_text(text) if form == "text" else text
                                    for text in texts[17:]], form)


class EndAndDeleteTest(ServerCase):
    async def test_end_is_told_after_the_last_entry_and_then_closed(self):
        log = new_log()
        incarnation = (await self.api.append(log, "a\n")).json()["incarnation"]
        async with await self.api.stream(log) as stream:
            await stream.take(1)
            await self.api.append(log, "b\n")
            await self.api.end(log, "failed", exit_code=3, reason="r\n")
            events = await stream.to_end()
            self.assertTrue(stream.closed)
        self.assertEqual([event.event for event in events], ["message", "end"])
        self.assertEqual(events[1].id, f"{incarnation}.2.end")
        self.assertEqual(events[1].json(), {"outcome": "failed", "exit_code": 3, "reason": "r\n",
                                            "position": 2})

    async def test_end_of_an_empty_log(self):
        log = new_log()
        incarnation = (await self.api.create(log)).json()["incarnation"]
        await self.api.end(log, "cancelled")
        async with await self.api.stream(log) as stream:
            events = await stream.to_end()
        self.assertEqual([(event.event, event.id) for event in events],
                         [("end", f"{incarnation}.0.end")])

    async def test_every_viewer_is_told_in_every_format(self):
        log = new_log()
        await self.api.append(log, "a\n")
        streams = [await self.api.stream(log, f"?format={form}")
                   for form in ("text", "json", "batch") for _ in range(3)]
        await self.api.append(log, "b\n", query="?end=succeeded")
        for stream in streams:
            events = await stream.to_end()
            self.assertEqual([event.event for event in events].count("end"), 1)
            self.assertEqual(events[-1].event, "end")
            stream.abort()

    async def test_deleted_is_told_and_then_closed(self):
        log = new_log()
        await self.api.append(log, "a\n")
        async with await self.api.stream(log) as stream:
            await stream.take(1)
            await self.api.delete(log)
            events = await stream.to_end()
        self.assertEqual([event.event for event in events], ["deleted"])
        self.assertIsInstance(json.loads(events[0].data), dict)

    async def test_deleted_while_behind(self):
        """A viewer that has not read everything is told too, and nothing of the next log."""
        log = new_log()
        for _ in range(8):
            await self.api.append(log, ("x" * 1000 + "\n") * 500)
        async with await self.api.stream(log, receive_buffer=4096) as stream:
            await stream.take(1)
            await self.api.delete(log)
            await self.api.append(log, "new\n")
            kinds = [event.event for event in await stream.to_end()]
        self.assertEqual(kinds[-1], "deleted")
        self.assertNotIn("reset", kinds)

    async def test_deletion_under_a_waiting_viewer_of_an_ended_log(self):
        log = new_log()
        await self.api.append(log, "a\n", query="?end=succeeded")
        await self.api.delete(log)
        async with await self.api.stream(log) as stream:
            await stream.until_raw(b"\n\n")
            await self.api.append(log, "b\n")
            self.assertEqual((await stream.next()).data, "b")


class WaitTest(ServerCase):
    async def test_log_that_comes_later(self):
        for query in ("", "?from=0", "?format=text&wait=1"):
            log = new_log()
            async with await self.api.stream(log, query) as stream:
                await stream.until_raw(b"\n\n")
                self.assertTrue(await stream.quiet(0.2))
                incarnation = (await self.api.append(log, "a\n")).json()["incarnation"]
                event = await stream.next()
                self.assertEqual((event.data, event.id), ("a", f"{incarnation}.1"))

    async def test_created_empty_first(self):
        log = new_log()
        async with await self.api.stream(log) as stream:
            await self.api.create(log)
            await self.api.append(log, "a\n")
            self.assertEqual((await stream.next()).data, "a")

    async def test_tail(self):
        """Of a log that comes later everything is behind the tail."""
        log = new_log()
        async with await self.api.stream(log, "?tail=0") as early:
            await self.api.append(log, "a\nb\nc\n")
            self.assertEqual([event.data for event in await early.take(3)], ["a", "b", "c"])
        for tail, wanted in ((0, []), (2, ["b", "c"]), (9, ["a", "b", "c"])):
            for wait in (0, 1):
                async with await self.api.stream(log, f"?tail={tail}&wait={wait}") as stream:
                    got = await stream.take(len(wanted))
                    self.assertEqual([event.data for event in got], wanted)
                    self.assertTrue(await stream.quiet(0.1))

    async def test_who_has_an_answer_gets_all_that_comes_after_it(self):
        """Also while the server is busy looking up many logs."""
        async def watch(log):
            await self.api.append(log, "before\n")
            async with await self.api.stream(log, "?tail=0") as stream:
                await self.api.append(log, "after\n")
                async with asyncio.timeout(60):  # pings come all the same
                    self.assertEqual((await stream.next()).data, "after")
        for _ in range(20):
            await asyncio.gather(*(watch(new_log()) for _ in range(20)))

    async def test_wait_0(self):
        log = new_log()
        self.check_problem(await self.api.get(f"{BASE}/{log}/events?wait=0"), 404)
        await self.api.create(log)
        async with await self.api.stream(log, "?wait=0") as stream:
            self.assertEqual(stream.response.status, 200)


if __name__ == "__main__":
    unittest.main()
