"""Where a stream begins, resumes and stops (api.md "The stream")."""

import unittest

from support.api import BASE, new_log
from support.case import ServerCase


class CursorTest(ServerCase):
    async def asyncSetUp(self):
        self.log = new_log()
        told = await self.api.append(self.log, "".join(f"t{n}\n" for n in range(10)))
        self.incarnation = told.json()["incarnation"]

    async def first(self, query="", cursor=None):
        """The first event's data (an entry's text), or its kind if it is no entry."""
        headers = {"Last-Event-ID": cursor} if cursor is not None else {}
        async with await self.api.stream(self.log, query, headers) as stream:
            event = await stream.next()
            return event.data if event.event == "message" else event.event

    async def test_from_the_front(self):
        self.assertEqual(await self.first(), "t0")
        self.assertEqual(await self.first("?from=0"), "t0")

    async def test_from(self):
        self.assertEqual(await self.first("?from=4"), "t4")
        self.assertEqual(await self.first(f"?from={self.incarnation}.4"), "t4")

    async def test_tail(self):
        self.assertEqual(await self.first("?tail=1"), "t9")
        self.assertEqual(await self.first("?tail=3"), "t7")
        self.assertEqual(await self.first("?tail=500"), "t0")

    async def test_tail_0_is_what_comes(self):
        async with await self.api.stream(self.log, "?tail=0") as stream:
            await stream.until_raw(b"\n\n")
            self.assertTrue(await stream.quiet(0.2))
            await self.api.append(self.log, "t10\n")
            self.assertEqual((await stream.next()).data, "t10")

    async def test_last_event_id(self):
        self.assertEqual(await self.first("", f"{self.incarnation}.7"), "t7")
        self.assertEqual(await self.first("", "7"), "t7")
        self.assertEqual(await self.first(f"?last_event_id={self.incarnation}.7"), "t7")
        self.assertEqual(await self.first("?last_event_id=7"), "t7")

    async def test_the_first_that_is_there_wins(self):
        mark = self.incarnation
        self.assertEqual(await self.first("?last_event_id=1&from=2&tail=1", f"{mark}.6"), "t6")
        self.assertEqual(await self.first("?tail=1&from=2&last_event_id=5"), "t5")
        self.assertEqual(await self.first("?tail=1&from=2"), "t2")

    async def test_an_empty_last_event_id_is_none(self):
        self.assertEqual(await self.first("?from=3", ""), "t3")

    async def test_resume_at_each_id(self):
        for n in range(10):
            self.assertEqual(await self.first("", f"{self.incarnation}.{n}"), f"t{n}")

    async def test_at_the_head_of_an_open_log(self):
        async with await self.api.stream(self.log, "", {
                "Last-Event-ID": f"{self.incarnation}.10"}) as stream:
            await stream.until_raw(b"\n\n")
            self.assertTrue(await stream.quiet(0.2))
            await self.api.append(self.log, "t10\n")
            event = await stream.next()
            self.assertEqual((event.data, event.id), ("t10", f"{self.incarnation}.11"))

    async def test_bad_cursors_of_the_query(self):
        for query, word in (("?from=x", "from"), ("?from=-1", "from"), ("?tail=x", "tail"),
                            ("?from=1e3", "from"), ("?tail=-1", "tail")):
            answer = await self.api.get(f"{BASE}/{self.log}/events{query}")
            self.check_problem(answer, 400, word)

    async def test_a_garbage_last_event_id_kills_no_tab(self):
        """A browser sends what an earlier server at this address told it: never an error."""
        for cursor in ("garbage", "a.b.c.d", "..", "abcdef.99999999999999999999999", "x.1.begin"):
            headers = {"Last-Event-ID": cursor}
            async with await self.api.stream(self.log, "", headers) as stream:
                self.assertEqual(stream.response.status, 200, cursor)
                events = await stream.take(2)
                self.assertEqual((events[0].event, events[1].data), ("reset", "t0"), cursor)


class ResetTest(ServerCase):
    async def events(self, log, query="", cursor=None, count=2):
        headers = {"Last-Event-ID": cursor} if cursor is not None else {}
        async with await self.api.stream(log, query, headers) as stream:
            return await stream.take(count)

    async def check_reset(self, events, incarnation, cause):
        self.assertEqual(events[0].event, "reset")
        self.assertEqual(events[0].json(), {"incarnation": incarnation, "cause": cause})
        self.assertEqual((events[1].data, events[1].id), ("a", f"{incarnation}.1"))

    async def test_cursor_of_another_incarnation(self):
        log = new_log()
        incarnation = (await self.api.append(log, "a\nb\n")).json()["incarnation"]
        await self.check_reset(await self.events(log, "", "zzzzzz.1"), incarnation, "recreated")
        await self.check_reset(await self.events(log, "?last_event_id=zzzzzz.0"), incarnation,
                               "recreated")
        await self.check_reset(await self.events(log, "?from=zzzzzz.1"), incarnation, "recreated")

    async def test_cursor_ahead(self):
        log = new_log()
        incarnation = (await self.api.append(log, "a\nb\n")).json()["incarnation"]
        await self.check_reset(await self.events(log, "", f"{incarnation}.3"), incarnation, "ahead")
        await self.check_reset(await self.events(log, "?from=3"), incarnation, "ahead")
        await self.check_reset(await self.events(log, "", "99999"), incarnation, "ahead")

    async def test_recreated_under_a_viewer_that_was_cut(self):
        log = new_log()
        old = (await self.api.append(log, "x\ny\nz\n")).json()["incarnation"]
        await self.api.delete(log)
        new = (await self.api.append(log, "a\nb\n")).json()["incarnation"]
        await self.check_reset(await self.events(log, "", f"{old}.2"), new, "recreated")

    async def test_recreated_behind_an_end_that_was_seen(self):
        """That viewer is done: its page reconnects by itself only to be stopped."""
        log = new_log()
        told = await self.api.append(log, "x\n", query="?end=succeeded")
        await self.api.delete(log)
        await self.api.append(log, "a\n")
        answer = await self.api.get(f"{BASE}/{log}/events", {
            "Last-Event-ID": f"{told.json()['incarnation']}.1.end"})
        self.assertEqual(answer.status, 204)

    async def test_recreated_while_waited_for(self):
        log = new_log()
        old = (await self.api.append(log, "x\ny\n")).json()["incarnation"]
        await self.api.delete(log)
        async with await self.api.stream(log, "", {"Last-Event-ID": f"{old}.2"}) as stream:
            await stream.until_raw(b"\n\n")
            new = (await self.api.append(log, "a\nb\n")).json()["incarnation"]
            await self.check_reset(await stream.take(2), new, "recreated")

    async def test_in_json_and_batch(self):
        log = new_log()
        incarnation = (await self.api.append(log, "a\nb\n")).json()["incarnation"]
        for form in ("json", "batch"):
            events = await self.events(log, f"?format={form}&from=5")
            self.assertEqual(events[0].json(), {"incarnation": incarnation, "cause": "ahead"})
            self.assertEqual(events[1].event, "message")

    async def test_cut_right_behind_the_reset(self):
        """Whatever the page's last id is then, it gets everything from 0 on."""
        log = new_log()
        await self.api.append(log, "a\nb\n")
        reset = (await self.events(log, "", "zzzzzz.7", 1))[0]
        events = [event for event in await self.events(log, "", reset.id, 2)
                  if event.event == "message"]
        self.assertEqual(events[0].data, "a")


class StopTest(ServerCase):
    """The end id and 204, which stops a browser."""

    async def asyncSetUp(self):
        self.log = new_log()
        told = await self.api.append(self.log, "a\nb\n", query="?end=succeeded")
        self.incarnation = told.json()["incarnation"]

    async def test_behind_the_end(self):
        cursor = f"{self.incarnation}.2.end"
        for query, headers in (("", {"Last-Event-ID": cursor}), (f"?last_event_id={cursor}", {}),
                               ("?from=0&format=json", {"Last-Event-ID": cursor})):
            answer = await self.api.get(f"{BASE}/{self.log}/events{query}", headers)
            self.assertEqual((answer.status, answer.body), (204, b""))

    async def test_at_the_last_entry(self):
        async with await self.api.stream(self.log, "", {
                "Last-Event-ID": f"{self.incarnation}.2"}) as stream:
            events = await stream.to_end()
        self.assertEqual([(event.event, event.id) for event in events],
                         [("end", f"{self.incarnation}.2.end")])

    async def test_at_the_last_entry_by_query(self):
        for query in ("?from=2", "?tail=0"):
            async with await self.api.stream(self.log, query) as stream:
                self.assertEqual([event.event for event in await stream.to_end()], ["end"])

    async def test_before_the_end(self):
        async with await self.api.stream(self.log, "", {
                "Last-Event-ID": f"{self.incarnation}.1"}) as stream:
            self.assertEqual([event.event for event in await stream.to_end()], ["message", "end"])

    async def test_end_id_of_another_position(self):
        """No such id was ever given out: the log has not ended there."""
        answer = None
        async with await self.api.stream(self.log, "", {
                "Last-Event-ID": f"{self.incarnation}.1.end"}) as stream:
            answer = stream.response.status
            if answer == 200:
                self.assertEqual((await stream.to_end())[-1].event, "end")
        self.assertIn(answer, (200, 204))


class HeartbeatTest(ServerCase):
    settings = {"streams.heartbeat": "300ms", "streams.none_interval": "250ms"}

    async def test_comment_in_text(self):
        log = new_log()
        await self.api.create(log)
        async with await self.api.stream(log) as stream:
            while len(stream.parser.comments) < 3:
                self.assertTrue(await stream.more(3))
            self.assertEqual(stream.pending, [])

    async def test_ping_in_json_and_batch(self):
        log = new_log()
        await self.api.append(log, "a\n")
        for form in ("json", "batch"):
            async with await self.api.stream(log, f"?format={form}") as stream:
                events = await stream.take(4)
            self.assertEqual([event.event for event in events], ["message"] + ["ping"] * 3)
            self.assertEqual({event.id for event in events}, {events[0].id})

    async def test_while_waiting_for_a_log(self):
        async with await self.api.stream(new_log()) as stream:
            while not stream.parser.comments:
                self.assertTrue(await stream.more(3))

    async def test_list_events(self):
        from support.sse import Stream
        async with await Stream.open(self.server.port, f"{BASE}/events") as stream:
            while not (stream.parser.comments or stream.pending):
                self.assertTrue(await stream.more(3))


if __name__ == "__main__":
    unittest.main()
