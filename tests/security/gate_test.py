"""Grants as the server applies them: what is forbidden looks as if it were not there, lists and
streams show what is granted, and a stream ends when its grant goes."""

import asyncio
import signal
import time
import unittest

from support.api import BASE, PORTAL, TEXT, new_log
from support.case import ServerCase
from support.http import Connection, ProtocolError, chunk, request_bytes
from support.http2 import Http2Connection
from support.sse import Stream

WRITE_ALL = {"anyone": True, "logs": "*/*", "may": "write"}
READ_PUBLIC = {"anyone": True, "logs": ["public/*"], "may": ["read"]}
READ_WEB = {"anyone": True, "labels": ["team=web"], "may": ["read"]}


class GateTest(ServerCase):
    """Everybody may write everything and read some of it."""

    settings = {"access.enabled": True, "grant": [WRITE_ALL, READ_PUBLIC, READ_WEB]}

    async def make(self, log, **body):
        answer = await self.api.create(log, body)
        self.assertIn(answer.status, (200, 201), answer)
        self.assertEqual((await self.api.append(log, "one\n")).status, 200)

    def check_same(self, one, other, *names):
        """But for the logs' names and what is different in every answer."""
        def plain(response):
            text = response.body.decode()
            for name in names:
                text = text.replace(name, "NAME")
            headers = sorted((name, value) for name, value in response.headers
                             if name not in ("Date", "X-Request-Id", "Content-Length"))
            return response.status, headers, text
        self.assertEqual(plain(one), plain(other))

    async def test_reads_of_unknown_and_forbidden_logs_look_the_same(self):
        await self.make("secret/1")
        for rest in ("", "/entries", "/raw", "/events", "/events?wait=0", "/entries?tail=1",
                     "/search?q=x", "/search?q=(&regex=1"):
            forbidden = await self.api.get(f"{BASE}/secret/1{rest}")
            unknown = await self.api.get(f"{BASE}/secret/2{rest}")
            self.check_same(forbidden, unknown, "secret/1", "secret/2")
            self.assertEqual(forbidden.status, 401, forbidden)

    async def test_by_labels_unknown_and_forbidden_look_the_same(self):
        await self.make("site/ops", labels={"team": "ops"})
        await self.make("site/web", labels={"team": "web"})
        self.assertEqual((await self.api.texts("site/web")), ["one"])
        for rest in ("", "/entries", "/raw", "/search?q=x", "/search?q=(&regex=1", "/search",
                     "/events"):
            forbidden = await self.api.get(f"{BASE}/site/ops{rest}")
            unknown = await self.api.get(f"{BASE}/site/not{rest}")
            self.check_same(forbidden, unknown, "site/ops", "site/not")

    async def test_portal_reads_are_guarded_by_their_query(self):
        await self.make("secret/3")
        await self.make("public/3")
        for path in (f"{PORTAL}/?type=secret&id=3", f"{PORTAL}/initial?type=secret&id=3",
                     f"{PORTAL}?type=secret&id=4", f"{PORTAL}/initial/?id=3&type=secret",
                     f"{PORTAL}/?type=secret&id=3&type=public", f"{PORTAL}/?type=sec%72et&id=%33"):
            self.check_problem(await self.api.get(path), 401)
        answer = await self.api.get(f"{PORTAL}/initial?type=public&id=3")
        self.assertEqual(answer.json()["log"], "one")
        answer = await self.api.get(f"{PORTAL}/initial?type=public&type=secret&id=3")
        self.assertEqual(answer.json()["log"], "one", "the first one counts, for both")

    async def test_lists_show_what_is_granted(self):
        await self.make("list/web", labels={"team": "web"})
        await self.make("list/ops", labels={"team": "ops"})
        await self.make("public/list")
        logs = (await self.api.get(f"{BASE}?limit=1000")).json()["logs"]
        names = {f"{log['type']}/{log['id']}" for log in logs}
        self.assertIn("list/web", names)
        self.assertIn("public/list", names)
        self.assertNotIn("list/ops", names)
        self.assertFalse([name for name in names if name.startswith("secret/")])

    async def test_list_streams_show_what_is_granted(self):
        stream = await Stream.open(self.server.port, f"{BASE}/events")
        self.assertEqual(stream.response.status, 200)
        await self.make("live/ops", labels={"team": "ops"})
        await self.make("secret/live")
        await self.make("live/web", labels={"team": "web"})
        await self.api.end("secret/live")
        await self.api.end("live/web")
        events = await stream.take(2)
        self.assertEqual([(event.event, event.json()["id"]) for event in events],
                         [("created", "web"), ("ended", "web")])
        self.assertNotIn(b"secret", stream.raw)
        self.assertNotIn(b"ops", stream.raw)

    async def test_what_only_an_admin_may(self):
        await self.make("public/9")
        for log in ("public/9", "public/10"):
            self.check_problem(await self.api.delete(log), 401)
        self.check_problem(await self.api.get("/metrics"), 401)
        self.assertEqual((await self.api.get("/healthz")).status, 200)
        self.assertEqual((await self.api.get("/readyz")).status, 200)

    async def test_a_challenge_comes_with_401(self):
        answer = await self.api.get(f"{BASE}/secret/1")
        self.assertIn("Bearer", answer.header("WWW-Authenticate"))
        self.assertEqual(answer.header("Cache-Control"), "no-store")


class RegrantCase(ServerCase):
    """Grants that change while the server runs. Each test begins with all of them."""

    settings = {"access.enabled": True}
    all = {"anyone": True, "logs": "*", "may": "admin"}

    @classmethod
    def setUpClass(cls):
        cls.settings = {**cls.settings, "grant": [cls.all]}
        super().setUpClass()

    async def asyncSetUp(self):
        await self.regrant(self.all)

    async def regrant(self, *grants):
        """Returns when all workers have been told."""
        def told():
            return self.server.log_text().count("grants in force")
        before = told()
        self.server.settings["grant"] = list(grants)
        self.server.write_config()
        self.server.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(60):
            while told() == before:
                await asyncio.sleep(0.01)


class RevokedTest(RegrantCase):
    async def check_expires(self, stream, *grants):
        began = time.monotonic()
        await self.regrant(*grants)
        events = await stream.to_end()
        self.assertEqual([event.event for event in events], ["expired"])
        self.assertIsNone(events[0].id or None, "the cursor stays where it was")
        return time.monotonic() - began

    async def test_streams_end_with_their_grant(self):
        await self.api.append("rv/1", "one\n")
        other = await Stream.open(self.server.port, f"{BASE}/other/1/events")
        for form in ("text", "json", "batch"):
            await self.regrant(self.all)
            stream = await Stream.open(self.server.port, f"{BASE}/rv/1/events?from=1&format={form}")
            await self.check_expires(stream, {"anyone": True, "logs": "other/*", "may": "read"})
            self.check_problem(await self.api.get(f"{BASE}/rv/1/events"), 401)
        await self.regrant(self.all)
        await self.api.append("other/1", "still there\n")
        self.assertEqual((await other.next()).data, "still there")

    async def test_streams_that_wait_for_their_log_end_too(self):
        stream = await Stream.open(self.server.port, f"{BASE}/none/yet/events")
        await self.check_expires(stream, {"anyone": True, "logs": "other/*", "may": "read"})

    async def test_list_streams_end_when_nothing_is_left(self):
        stream = await Stream.open(self.server.port, f"{BASE}/events")
        await self.regrant({"anyone": True, "logs": "other/*", "may": "read"})
        await self.api.get("/healthz")
        await self.check_expires(stream)

    async def test_the_portals_page_connects_again_and_is_told_by_status(self):
        await self.api.append("portal/1", "one\n")
        stream = await Stream.open(self.server.port, f"{PORTAL}/?type=portal&id=1&num=1")
        await self.check_expires(stream)
        self.check_problem(await self.api.get(f"{PORTAL}/?type=portal&id=1"), 401)

    async def test_a_plain_portal_stream_is_cut_and_not_ended(self):
        """Where a whole answer means that the log has ended."""
        await self.api.append("portal/2", "one\n")
        stream = await Stream.open(self.server.port,
                                   f"{PORTAL}/?type=portal&id=2&num=1&sentinel=0")
        await self.regrant()
        with self.assertRaises(ProtocolError):
            await stream.to_end()

    async def begin_long(self, path):
        """An answer of 8 MB or more, of which nothing but the head is read for now."""
        connection = await Connection.open(self.server.port, receive_buffer=4096)
        headers = {"Accept": "application/x-ndjson", "Accept-Encoding": "identity"}
        await connection.send(request_bytes("GET", path, headers))
        answer = await connection.head()
        self.assertEqual(answer.status, 200, answer)
        return connection, answer

    async def test_long_searches_and_downloads_are_cut_with_their_grant(self):
        for log in ("long/1", "other/long"):
            await self.api.append(log, ("a" * 200 + "\n") * 40_000)
        search, raw = "search?q=a&limit=100000", "raw?from=0"
        begun = [await self.begin_long(f"{BASE}/long/1/{what}") for what in (search, raw, "raw")]
        kept, answer_kept = await self.begin_long(f"{BASE}/other/long/{search}")
        async with await Http2Connection.open(self.server.port) as http2:
            exchange = await http2.begin("GET", f"{BASE}/long/1/{search}",
                                         {"accept": "application/x-ndjson"}, reads=False)
            self.assertEqual((await exchange.head()).status, 200)
            await self.regrant({"anyone": True, "logs": "other/*", "may": "read"})
            await http2.until(lambda: exchange.over)
            self.assertFalse(exchange.closed, "it looks whole")
        for connection, answer in begun:
            with self.assertRaises((ProtocolError, ConnectionError)):
                async for piece in connection.body(answer):
                    self.assertNotIn(b'{"end":', piece)
            connection.abort()
        self.check_problem(await self.api.get(f"{BASE}/long/1/{search}"), 401)
        pieces = [piece async for piece in kept.body(answer_kept)]
        kept.abort()
        self.assertIn(b'"complete":true,"searched":40000,"total":40000', pieces[-1])

    async def test_another_incarnation_is_not_seen_by_labels_of_the_one_before(self):
        await self.api.create("turn/1", {"labels": {"team": "web"}})
        await self.api.append("turn/1", "first\n")
        web = {"anyone": True, "labels": "team=web", "may": "read"}
        write = {"anyone": True, "logs": "*", "may": "write"}
        await self.regrant(web, write)
        cursor = (await (await Stream.open(self.server.port,
                                           f"{BASE}/turn/1/events")).next()).id
        await self.regrant(self.all)
        await self.api.delete("turn/1")
        await self.api.create("turn/1", {"labels": {"team": "ops"}})
        await self.api.append("turn/1", "second\n")
        await self.regrant(web, write)
        answer = await self.api.get(f"{BASE}/turn/1/events", {"Last-Event-ID": cursor})
        self.check_problem(answer, 401)

    async def test_a_configuration_with_a_mistake_changes_nothing(self):
        await self.api.append("kept/1", "one\n")
        config = self.server.folder / "tailrace.toml"
        config.write_text("[access]\nenabled = true\n[[grant]]\nuser = 1\n", encoding="utf-8")
        self.server.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(60):
            while "the old grants stay" not in self.server.log_text():
                await asyncio.sleep(0.01)
        self.assertIn("tailrace.toml:4: grant: user must be", self.server.log_text())
        self.assertEqual(await self.api.texts("kept/1"), ["one"])


class LateDispatchTest(RegrantCase):
    """Every request waits for the store, which knows the labels that permit it; what follows on
    its connection waits too."""

    by_labels = {"anyone": True, "labels": "team=web", "may": "admin"}

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.log = new_log("late")
        await self.api.create(self.log, {"labels": {"team": "web"}})
        await self.regrant(self.by_labels)

    async def test_bodies_are_stored_once(self):
        async with await self.api.connect() as connection:
            for number in range(10):
                body = (f"{number}\n" * 20_000).encode()
                answer = await connection.request("POST", f"{BASE}/{self.log}/entries",
                                                  {"Content-Type": TEXT}, body)
                self.assertEqual(answer.status, 200, answer)
        self.assertEqual(await self.api.texts(self.log),
                         [str(number) for number in range(10) for _ in range(20_000)])

    async def test_chunked_and_invited_bodies(self):
        async with await self.api.connect() as connection:
            await connection.send(
                f"POST {BASE}/{self.log}/entries HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain"
                "\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n".encode())
            self.assertEqual((await connection.head()).status, 100)
            await connection.send(chunk(b"a\nb\n") + chunk(b""))
            self.assertEqual((await connection.response()).status, 200)
            answer = await connection.request("PUT", f"{BASE}/{self.log}")
            self.assertEqual(answer.status, 200, "a body that is not there has an end, too")
        self.assertEqual(await self.api.texts(self.log), ["a", "b"])

    async def test_pipelined_requests_are_answered_in_order(self):
        requests = b"".join(
            request_bytes("POST", f"{BASE}/{self.log}/entries", {"Content-Type": TEXT},
                          f"{number}\n".encode()) + request_bytes("GET", f"{BASE}/{self.log}")
            for number in range(20))
        async with await self.api.connect() as connection:
            await connection.send(requests)
            for number in range(20):
                self.assertEqual((await connection.response()).json()["position"], number + 1)
                self.assertEqual((await connection.response()).json()["position"], number + 1)

    async def test_refused_bodies_are_not_stored(self):
        await self.regrant(self.all)
        other = new_log("late")
        await self.api.create(other, {"labels": {"team": "ops"}})
        await self.regrant(self.by_labels)
        self.check_problem(await self.api.append(other, "x\n" * 1000), 401)
        self.check_problem(await self.api.append(new_log("late"), "x\n" * 1000), 401)
        await self.regrant(self.all)
        self.assertEqual(await self.api.texts(other), [])

    async def test_over_http2(self):
        async with await Http2Connection.open(self.server.port) as client:
            for number in range(5):
                answer = await client.request("POST", f"{BASE}/{self.log}/entries",
                                              {"content-type": TEXT}, f"{number}\n".encode())
                self.assertEqual(answer.status, 200, answer)
            answer = await client.request("PUT", f"{BASE}/{self.log}")
            self.assertEqual(answer.status, 200, answer)
            answer = await client.request("DELETE", f"{BASE}/{self.log}")
            self.assertEqual(answer.status, 204, answer)


if __name__ == "__main__":
    unittest.main()
