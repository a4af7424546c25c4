"""A Tailrace that starts before the MongoDB of its store does: it listens, says that it is
starting, and comes up by itself."""

import asyncio
import unittest

from support.api import BASE, JSON, PORTAL, Api
from support.case import AsyncCase
from support.http2 import Http2Connection
from support.mongodb import MongoDb
from support.server import Server, free_port

WAIT_SECONDS = 60
STREAMS = (f"{BASE}/deploy/1/events", f"{BASE}/deploy/1/events?tail=5", f"{BASE}/events",
           f"{BASE}/deploy/1/events?wait=0", f"{PORTAL}/?type=deploy&id=1",
           f"{PORTAL}/?type=deploy&id=1&sentinel=0")


class OpeningCase(AsyncCase):
    """The server runs, and nobody is where its database should be."""

    settings = {}

    async def asyncSetUp(self):
        self.database_port = free_port()
        uri = (f"mongodb://127.0.0.1:{self.database_port}/popop"
               "?directConnection=true&socketTimeoutMS=60000")
        self.server = Server(settings={"store.uri": uri, **self.settings}).spawn()
        self.addCleanup(self.server.stop)
        self.api = Api(self.server.port)
        await self.until_log("the store waits for its database")
        await self.until_log("listening")

    async def until_log(self, text):
        async with asyncio.timeout(WAIT_SECONDS):
            while text not in self.server.log_text():
                self.assertTrue(self.server.alive(), self.server.log_tail())
                await asyncio.sleep(0.02)

    async def until_ready(self):
        async with asyncio.timeout(WAIT_SECONDS):
            while (await self.api.get("/readyz")).status != 200:
                await asyncio.sleep(0.02)

    def start_database(self):
        mongodb = MongoDb()
        if mongodb.foreign:
            self.skipTest("a foreign server is not started later")
        mongodb.port = self.database_port
        mongodb.start()
        self.addCleanup(mongodb.stop)

    async def check_streams_are_soft(self, paths, headers=None):
        for path in paths:
            answer = await self.api.get(path, headers)
            self.assertEqual(answer.status, 200, path)
            self.assertEqual(answer.header("Content-Type"), "text/event-stream")
            self.assertRegex(answer.body, rb"^retry: ([3-9]|1[0-5])\d{3}\n\n$", path)


class OpeningTest(OpeningCase):
    async def check_starting(self):
        """503 for what has a client that reads it, 200 and `retry:` for browsers' streams."""
        self.assertEqual((await self.api.get("/healthz")).status, 200)
        ready = await self.api.get("/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIn("MongoDB", ready.json()["detail"])
        for method, path, body in (("GET", "deploy/1", None), ("GET", "deploy/1/entries", None),
                                   ("GET", "deploy/1/raw", None), ("PUT", "deploy/1", None),
                                   ("GET", "deploy/1/search?q=x", None),
                                   ("POST", "deploy/1/entries", "x\n"),
                                   ("POST", "deploy/1/end", '{"outcome":"failed"}'),
                                   ("DELETE", "deploy/1", None)):
            kind = {"Content-Type": "text/plain" if path.endswith("entries") else JSON}
            answer = await self.api.request(method, f"{BASE}/{path}", kind if body else {}, body)
            self.assertEqual(answer.status, 503, f"{method} {path}: {answer}")
            self.assertTrue(answer.header("Retry-After"), f"{method} {path}")
        for path in (BASE, f"{PORTAL}/initial?type=deploy&id=1"):
            self.assertEqual((await self.api.get(path)).status, 503, path)
        await self.check_streams_are_soft(STREAMS)
        async with await Http2Connection.open(self.server.port) as http2:
            answer = await http2.request("GET", STREAMS[0])
            self.assertEqual((answer.status, answer.body[:7]), (200, b"retry: "))
        metrics = (await self.api.get("/metrics")).text()
        self.assertRegex(metrics, r"(?m)^tailrace_store_waiting 1$")

    async def test_it_comes_up_with_its_database(self):
        await self.check_starting()
        self.start_database()
        await self.until_ready()
        await self.until_log("the store is in MongoDB")
        self.assertEqual((await self.api.append("deploy/1", "one\n")).status, 200)
        async with await self.api.stream("deploy/1") as stream:
            self.assertEqual((await stream.next()).data, "one")
            await self.api.append("deploy/1", "two\n")
            self.assertEqual((await stream.next()).data, "two")
        metrics = (await self.api.get("/metrics")).text()
        self.assertRegex(metrics, r"(?m)^tailrace_store_waiting 0$")
        self.assertRegex(metrics, r"(?m)^tailrace_store_logs 1$")
        waits = self.server.log_text().count("the store waits for its database")
        self.assertLess(waits, 10, "a reason is told once, not with each try")

    async def test_passwords_are_not_told(self):
        server = Server(settings={"store.uri": "mongodb://u:secret@127.0.0.1:1/"}).spawn()
        self.addCleanup(server.stop)
        async with asyncio.timeout(WAIT_SECONDS):
            while "waits for its database" not in server.log_text():
                await asyncio.sleep(0.02)
        self.assertIn("u:***@127.0.0.1:1", server.log_text())
        self.assertNotIn("secret", server.log_text())
        ready = await Api(server.port).get("/readyz")
        self.assertNotIn("secret", ready.text())

    async def test_it_stops_while_it_waits(self):
        self.server.terminate()
        self.assertEqual(await asyncio.to_thread(self.server.wait), 0)


class OpeningByLabelsTest(OpeningCase):
    """Whether the log may be seen is not known without the store."""

    settings = {"access.enabled": True, "grant": [
        {"anyone": True, "labels": "team=web", "may": "read"}]}

    async def test_nobody_is_told_that_there_is_no_such_log(self):
        self.assertEqual((await self.api.get(f"{BASE}/deploy/1")).status, 503)
        await self.check_streams_are_soft((STREAMS[0], STREAMS[4]))


if __name__ == "__main__":
    unittest.main()
