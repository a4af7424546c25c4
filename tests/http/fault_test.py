"""Overload and faults: 429 and 503 with Retry-After, never 500; readers go on (api.md)."""

import asyncio
import resource
import unittest

from support.api import BASE, Api, new_log
from support.case import AsyncCase, ServerCase
from support.http import Connection
from support.server import Server


class FullDiskTest(AsyncCase):
    """No file may grow beyond 4 MB, so that writing the store fails at some point."""

    def setUp(self):
        super().setUp()
        self.server = Server(rlimits={resource.RLIMIT_FSIZE: 4 << 20})
        self.addCleanup(self.server.stop)
        self.server.start()
        self.api = Api(self.server.port)

    async def append_until_refused(self, log):
        """The number of entries that were acknowledged, and the refusal."""
        acknowledged = 0
        for n in range(400):
            answer = await self.api.append(log, "".join(f"{n * 100 + i:06} {hash((n, i)):x}"
                                                        + "x" * 300 + "\n" for i in range(100)))
            if answer.status != 200:
                return acknowledged, answer
            acknowledged = answer.json()["position"]
        self.fail("12 MB went into files of 4 MB")

    async def test_writes_are_refused_and_readers_go_on(self):
        log = new_log()
        async with await self.api.stream(log, "?format=batch") as stream:
            acknowledged, answer = await self.append_until_refused(log)
            self.assertGreater(acknowledged, 0)
            self.assertEqual(answer.status, 503, answer)
            self.assertEqual(answer.header("Content-Type"), "application/problem+json")
            self.assertRegex(answer.header("Retry-After"), r"^\d+$")
            seen = 0
            while seen < acknowledged:
                seen += len((await stream.next()).json()["entries"])
            self.assertEqual(seen, acknowledged)
            self.assertTrue(await stream.quiet(0.3))
        self.assertEqual(len(await self.api.entries(log)), acknowledged)
        for method, path in (("PUT", ""), ("POST", "/end"), ("DELETE", "")):
            other = await self.api.request(method, f"{BASE}/{log}{path}",
                                           {"Content-Type": "application/json"},
                                           b'{"outcome": "failed"}' if path else None)
            self.assertEqual(other.status, 503, other)
            self.assertIsNotNone(other.header("Retry-After"))
        self.assertEqual((await self.api.get("/healthz")).status, 200)

    async def test_after_reopening_all_that_was_acknowledged_is_there(self):
        log = new_log()
        acknowledged, _ = await self.append_until_refused(log)
        self.server.kill()
        self.server.rlimits = {}
        self.server.start()
        entries = await self.api.entries(log)
        self.assertGreaterEqual(len(entries), acknowledged)
        self.assertEqual([int(entry["text"][:6]) for entry in entries], list(range(len(entries))))
        self.assertEqual((await self.api.append(log, "x\n")).status, 200)


class OverloadTest(ServerCase):
    settings = {"store.pending_limit_bytes": "64KiB"}

    async def write(self, log, number):
        """Repeats until it is stored; says how often it was put off."""
        headers = {"Tailrace-Producer": f"p{number}", "Tailrace-Sequence": "0"}
        body = f"{number} " + "x" * 20_000 + "\n"
        for refused in range(1000):
            answer = await self.api.append(log, body, headers=headers)
            if answer.status == 200:
                return refused
            self.check_problem(answer, 429)
            self.assertRegex(answer.header("Retry-After"), r"^\d+$")
            await asyncio.sleep(0.01)
        self.fail("put off a thousand times")

    async def test_everything_gets_in_once(self):
        log = new_log()
        put_off = await asyncio.gather(*(self.write(log, number) for number in range(60)))
        print("put off:", sum(put_off))
        numbers = sorted(int(text.split()[0]) for text in await self.api.texts(log))
        self.assertEqual(numbers, list(range(60)))


class DescriptorTest(AsyncCase):
    """More connections than descriptors: the rest wait, and nothing spins or dies."""

    async def test_those_that_wait_are_served_when_others_go(self):
        server = Server(rlimits={resource.RLIMIT_NOFILE: 128}, settings={"workers": 1})
        self.addCleanup(server.stop)
        server.start()
        connections = [await Connection.open(server.port) for _ in range(200)]
        used = server.cpu_seconds()
        await asyncio.sleep(1)
        self.assertLess(server.cpu_seconds() - used, 0.5)
        self.assertTrue(server.alive())
        for connection in connections[:150]:
            connection.abort()
        for connection in connections[150:]:
            answer = await connection.request("GET", "/healthz")
            self.assertEqual(answer.status, 200)
            connection.abort()

    async def test_connection_limit(self):
        server = Server(settings={"limits.connections": 5})
        self.addCleanup(server.stop)
        server.start()
        connections = [await Connection.open(server.port) for _ in range(8)]
        for connection in connections[:4]:
            self.assertEqual((await connection.request("GET", "/healthz")).status, 200)
            connection.abort()
        for connection in connections[5:]:
            self.assertEqual((await connection.request("GET", "/healthz")).status, 200)


if __name__ == "__main__":
    unittest.main()
