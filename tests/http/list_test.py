"""The list of logs, paged and live (api.md "Reading")."""

import json
import unittest

from support.api import BASE, new_log
from support.case import ServerCase
from support.http import request_bytes
from support.sse import Stream


class ListTest(ServerCase):
    async def asyncSetUp(self):
        self.kind = new_log("k").replace("/", "-")

    async def listed(self, query=""):
        answer = await self.api.get(f"{BASE}?type={self.kind}{query}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    async def ids(self, query=""):
        return [log["id"] for log in (await self.listed(query))["logs"]]

    async def make(self, *names, **body):
        for name in names:
            await self.api.create(f"{self.kind}/{name}", body)

    async def test_newest_first(self):
        await self.make("a", "b", "c")
        self.assertEqual(await self.ids(), ["c", "b", "a"])

    async def test_order_is_of_creation(self):
        await self.make("a", "b")
        await self.api.append(f"{self.kind}/a", "x\n")
        self.assertEqual(await self.ids(), ["b", "a"])

    async def test_an_item_is_the_log(self):
        await self.make("a", title="A", labels={"x": "y"})
        item = (await self.listed())["logs"][0]
        self.assertEqual(item, (await self.api.meta(f"{self.kind}/a")).json())

    async def test_state(self):
        await self.make("a", "b")
        await self.api.end(f"{self.kind}/a")
        self.assertEqual(await self.ids("&state=ended"), ["a"])
        self.assertEqual(await self.ids("&state=open"), ["b"])

    async def test_labels(self):
        await self.make("a", labels={"env": "prod", "team": "x=1"})
        await self.make("b", labels={"env": "dev"})
        self.assertEqual(await self.ids("&label=env=prod"), ["a"])
        self.assertEqual(await self.ids("&label=env%3Ddev"), ["b"])
        self.assertEqual(await self.ids("&label=team=x=1"), ["a"])
        self.assertEqual(await self.ids("&label=env=prod&label=team=x%3D1"), ["a"])
        self.assertEqual(await self.ids("&label=env=dev&label=team=x=1"), [])
        self.assertEqual(await self.ids("&label=env=pro"), [])

    async def test_q(self):
        await self.make("web-1", title="Nightly Build")
        await self.make("db-1")
        self.assertEqual(await self.ids("&q=web"), ["web-1"])
        self.assertEqual(await self.ids("&q=NIGHTLY%20b"), ["web-1"])
        self.assertEqual(await self.ids("&q=-1"), ["db-1", "web-1"])
        self.assertEqual(await self.ids("&q=nothing"), [])

    async def test_several_q_must_all_be_found(self):
        await self.make("web-1", title="Nightly Build")
        await self.make("web-2", title="Release")
        self.assertEqual(await self.ids("&q=web&q=nightly"), ["web-1"])
        self.assertEqual(await self.ids("&q=nightly&q=web"), ["web-1"])
        self.assertEqual(await self.ids("&q=web&q=x%20y"), [])

    async def test_part_of_id_and_of_title(self):
        await self.make("web-1", title="db")
        await self.make("db-1", title="Web")
        self.assertEqual(await self.ids("&id=WEB"), ["web-1"])
        self.assertEqual(await self.ids("&title=web"), ["db-1"])
        self.assertEqual(await self.ids("&title=web&id=web"), [])

    async def test_outcome(self):
        await self.make("a", "b", "c")
        await self.api.end(f"{self.kind}/a", "failed")
        await self.api.end(f"{self.kind}/b", "succeeded")
        self.assertEqual(await self.ids("&outcome=failed"), ["a"])
        self.assertEqual(await self.ids("&outcome=succeeded&state=ended"), ["b"])
        self.assertEqual(await self.ids("&outcome=failed&state=open"), [])

    async def test_time_of_creation(self):
        await self.make("a", "b", "c")
        middle = (await self.api.meta(f"{self.kind}/b")).json()["created"]
        self.assertEqual(await self.ids(f"&since={middle}"), ["c", "b"])
        self.assertEqual(await self.ids(f"&until={middle}"), ["a"])
        self.assertEqual(await self.ids("&since=2100-01-01T00:00:00Z"), [])
        self.assertEqual(await self.ids("&until=2000-01-01T00:00:00%2B01:00"), [])

    async def test_pages_of_what_was_chosen(self):
        names = [f"n{number}" for number in range(9)]
        await self.make(*names, title="T")
        await self.make("other")
        seen = []
        after = ""
        while after is not None:
            page = await self.listed(f"&title=t&since=2000-01-01T00:00:00Z&limit=2&after={after}")
            seen += [log["id"] for log in page["logs"]]
            after = page["next"]
        self.assertEqual(seen, names[::-1])

    async def test_pages(self):
        names = [f"n{number}" for number in range(7)]
        await self.make(*names)
        seen = []
        after = ""
        for size in (3, 3, 1):
            page = await self.listed(f"&limit=3{after}")
            self.assertEqual(len(page["logs"]), size)
            seen += [log["id"] for log in page["logs"]]
            after = f"&after={page.get('next')}"
        self.assertEqual(seen, names[::-1])
        self.assertFalse(page.get("next"))

    async def test_pages_stand_still_while_logs_come(self):
        await self.make("a", "b", "c", "d")
        page = await self.listed("&limit=2")
        await self.make("e", "f")
        self.assertEqual(await self.ids(f"&limit=9&after={page['next']}"), ["b", "a"])

    async def test_pages_stand_still_while_logs_go(self):
        await self.make("a", "b", "c", "d")
        page = await self.listed("&limit=2")
        await self.api.delete(f"{self.kind}/c")
        self.assertEqual(await self.ids(f"&limit=9&after={page['next']}"), ["b", "a"])

    async def test_bad_parameters(self):
        for query, word in (("&state=closed", "state"), ("&limit=x", "limit"),
                            ("&label=env", "label"), ("&after=%00", "after"),
                            ("&outcome=good", "outcome"), ("&since=2h", "since"),
                            ("&until=today", "until")):
            with self.subTest(query=query):
                answer = await self.api.get(f"{BASE}?type={self.kind}{query}")
                self.check_problem(answer, 400, word)


class ListEventsTest(ServerCase):
    async def open(self, query=""):
        stream = await Stream.open(self.server.port, f"{BASE}/events{query}")
        self.assertEqual(stream.response.status, 200)
        self.assertEqual(stream.response.header("Content-Type"), "text/event-stream")
        await stream.until_raw(b"\n\n")
        return stream

    async def next_about(self, stream, log):
        """The next event that is about this log."""
        while True:
            event = await stream.next()
            self.assertIsNotNone(event)
            if event.event == "ping":
                continue
            said = json.loads(event.data)
            if f"{said['type']}/{said['id']}" == log:
                return event.event, said

    async def test_created_ended_deleted(self):
        log = new_log()
        async with await self.open() as stream:
            self.assertRegex(stream.raw.decode(), r"^retry: \d+\n\n")
            await self.api.create(log, {"title": "T"})
            kind, said = await self.next_about(stream, log)
            self.assertEqual((kind, said["title"], said["state"]), ("created", "T", "open"))
            await self.api.end(log, "failed")
            kind, said = await self.next_about(stream, log)
            self.assertEqual((kind, said["outcome"]), ("ended", "failed"))
            await self.api.delete(log)
            kind, said = await self.next_about(stream, log)
            self.assertEqual(kind, "deleted")

    async def test_log_that_is_created_by_its_first_entry(self):
        log = new_log()
        async with await self.open() as stream:
            await self.api.append(log, "x\n", query="?end=succeeded")
            kinds = [(await self.next_about(stream, log))[0] for _ in range(2)]
        self.assertEqual(kinds, ["created", "ended"])

    async def test_a_viewer_that_never_reads_is_cut_and_others_miss_nothing(self):
        """A log with a long title is an event of 1 kB: more than its socket and the window hold."""
        stuck = await Stream.open(self.server.port, f"{BASE}/events", receive_buffer=4096)
        body = json.dumps({"title": "t" * 1000, "labels": {"l": "x" * 1000}}).encode()
        logs = [new_log() for _ in range(3000)]
        put = [request_bytes("PUT", f"{BASE}/{log}", {"Content-Type": "application/json"}, body)
               for log in logs]
        seen = []
        async with await self.open() as stream, await self.api.connect() as connection:
            for first in range(0, len(put), 20):
                await connection.send(b"".join(put[first:first + 20]))
                for _ in range(20):
                    self.assertEqual((await connection.response()).status, 201)
                while len(seen) < first + 20:
                    event = await stream.next()
                    if event.event != "ping":
                        seen.append(json.loads(event.data))
        self.assertEqual([f"{said['type']}/{said['id']}" for said in seen], logs)
        rest = await stuck.connection.rest()
        self.assertLess(rest.count(b"event: created"), len(logs))


if __name__ == "__main__":
    unittest.main()
