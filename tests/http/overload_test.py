"""Clients that attack by being slow, and more clients than descriptors: whoever is served goes on.

The slow clients are slowhttptest's, which opens many connections and gives or takes a few bytes a
second on each.
"""

import asyncio
import contextlib
import os
import resource
import signal
import unittest

from support.api import BASE, Api, new_log
from support.case import AsyncCase
from support.http import Connection, request_bytes
from support.server import Server
from support.tls import Certificate

SLOW_CLIENTS = 150
ATTACK_SECONDS = 20  # it ends earlier, when the server has closed all of them


async def metric(api, name):
    for line in (await api.get("/metrics")).text().splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no metric {name}")


class OverloadCase(AsyncCase):
    def start(self, tls=None, **options):
        """`tls`: the context of clients."""
        self.server = Server(**options)
        self.addCleanup(self.server.stop)
        self.server.start()
        self.api = Api(self.server.port, tls=tls)

    async def until(self, condition, seconds=30):
        """Waits for a condition that is a coroutine function."""
        for _ in range(int(seconds / 0.05)):
            if await condition():
                return
            await asyncio.sleep(0.05)
        self.fail("it did not come to that")

    @contextlib.asynccontextmanager
    async def served(self):
        """While it is open, lines are written and a viewer gets each at once, in order."""
        log = new_log()
        stop = asyncio.Event()
        async with await self.api.stream(log) as stream:
            async def go_on():
                count = 0
                while not stop.is_set() or count < 20:
                    answer = await self.api.append(log, f"line {count}\n")
                    self.assertEqual(answer.status, 200, answer)
                    self.assertEqual((await stream.next()).data, f"line {count}")
                    count += 1
                    await asyncio.sleep(0.02)
                return count
            task = asyncio.ensure_future(go_on())
            try:
                yield
            finally:
                stop.set()
                print("lines meanwhile:", await task)


class SlowClientTest(OverloadCase):
    scheme = "http"
    settings = {"workers": 1, "limits.header_timeout": "2s", "limits.body_timeout": "2s",
                "limits.write_timeout": "2s"}

    def setUp(self):
        super().setUp()
        self.start(settings=self.settings)

    async def attack(self, path, *options):
        process = await asyncio.create_subprocess_exec(
            "slowhttptest", "-c", str(SLOW_CLIENTS), "-r", str(SLOW_CLIENTS), "-p", "3",
            "-l", str(ATTACK_SECONDS), "-u", f"{self.scheme}://127.0.0.1:{self.server.port}{path}",
            *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    async def connections(self):
        return await metric(self.api, "tailrace_connections")

    async def refused(self):
        return await metric(self.api, 'tailrace_http_answers_total{code="408"}')

    async def all_came(self, refused):
        """On a busy machine the first ones may be gone when the last ones come."""
        gone = await self.refused() - refused
        return await self.connections() + gone > SLOW_CLIENTS

    async def check(self, path, *options):
        """How many clients were told 408, after all of them are gone."""
        async def all_gone():
            return await self.connections() <= 2   # the viewer, and who asks

        async with self.served():
            before = await self.refused()
            process = await self.attack(path, *options)
            await self.until(lambda: self.all_came(before))
            await self.until(all_gone)
            after = await self.refused()
        self.end(process)
        await process.communicate()
        return after - before

    async def test_slow_headers(self):
        self.assertEqual(await self.check("/", "-H", "-i", "1"), SLOW_CLIENTS)

    async def test_slow_bodies(self):
        path = f"{BASE}/{new_log()}/entries"
        self.assertEqual(await self.check(path, "-B", "-i", "5", "-s", "100000", "-f",
                                          "text/plain"), SLOW_CLIENTS)

    async def test_slow_readers(self):
        log = new_log()
        for _ in range(4):
            await self.api.append(log, ("x" * 1000 + "\n") * 2000)
        await self.check(f"{BASE}/{log}/raw", "-X", "-w", "512", "-y", "1024", "-n", "2", "-z",
                         "32", "-k", "1")


class SlowTlsClientTest(SlowClientTest):
    scheme = "https"
    test_slow_readers = None    # with so small a buffer slowhttptest does not finish its handshakes

    def setUp(self):
        AsyncCase.setUp(self)
        certificate = Certificate()
        self.addCleanup(certificate.remove)
        self.start(certificate.client(), settings={**self.settings, **certificate.settings()})

    async def all_came(self, refused):
        """Handshakes take their time: the first ones may be gone when the last ones come."""
        return await self.refused() >= refused + SLOW_CLIENTS


class CrowdTest(OverloadCase):
    """Clients whose first requests lie there when the loop looks: more than a turn reads."""

    CLIENTS = 200

    async def at_once(self, first_bytes):
        """Connections that are open, and have these bytes to be read in one turn."""
        self.start(settings={"workers": 1})
        crowd = [await Connection.open(self.server.port) for _ in range(self.CLIENTS)]
        for connection in crowd:
            self.addCleanup(connection.abort)

        async def accepted():
            return await metric(self.api, "tailrace_connections") > self.CLIENTS
        await self.until(accepted)
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            for number, connection in enumerate(crowd):
                await connection.send(first_bytes(number))
                if self.half_closed(number):
                    connection.writer.write_eof()
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        return crowd

    @staticmethod
    def half_closed(number):
        return number % 3 == 0

    async def test_all_are_answered_in_full(self):
        log = new_log()

        def two_appends(number):
            return b"".join(request_bytes("POST", f"{BASE}/{log}/entries",
                                          {"Content-Type": "text/plain"},
                                          f"{number} {part}\n".encode()) for part in "ab")
        for connection in await self.at_once(two_appends):
            for _ in range(2):
                self.assertEqual((await connection.response()).json()["stored"], 1)
        texts = await self.api.texts(log)
        self.assertEqual(sorted(texts), sorted(f"{number} {part}" for part in "ab"
                                               for number in range(self.CLIENTS)))
        for number in range(self.CLIENTS):
            self.assertLess(texts.index(f"{number} a"), texts.index(f"{number} b"))

    async def test_heads_that_come_in_two_pieces(self):
        request = request_bytes("GET", "/healthz")
        self.half_closed = lambda number: False
        crowd = await self.at_once(lambda number: request[:1 + number % (len(request) - 1)])
        for number, connection in enumerate(crowd):
            await connection.send(request[1 + number % (len(request) - 1):])
        for connection in crowd:
            self.assertEqual((await connection.response()).status, 200)

    async def test_who_goes_before_it_is_their_turn_is_forgotten(self):
        self.half_closed = lambda number: False
        crowd = await self.at_once(lambda number: request_bytes("GET", "/healthz"))
        for connection in crowd:
            connection.abort()

        async def all_gone():
            return await metric(self.api, "tailrace_connections") <= 1
        await self.until(all_gone)


class DescriptorStormTest(OverloadCase):
    async def test_those_served_go_on(self):
        """Three hundred clients come and go again and again, where there is room for a hundred."""
        self.start(rlimits={resource.RLIMIT_NOFILE: 128}, settings={"workers": 1})
        async with self.served():
            for _ in range(5):
                crowd = [await Connection.open(self.server.port) for _ in range(300)]
                await asyncio.sleep(0.3)
                for connection in crowd:
                    connection.abort()
        self.assertEqual((await self.api.get("/healthz")).status, 200)
        rests = await metric(self.api, 'tailrace_accept_rests_total{cause="connections"}')
        rests += await metric(self.api, 'tailrace_accept_rests_total{cause="descriptors"}')
        self.assertGreater(rests, 0)

    async def test_a_full_table_is_said_once_and_counted(self):
        self.start(settings={"workers": 1})
        used = len(os.listdir(f"/proc/{self.server.process.pid}/fd"))
        resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
        crowd = [await Connection.open(self.server.port) for _ in range(100)]
        await asyncio.sleep(1)
        for connection in crowd:
            connection.abort()

        async def counted():
            return await metric(self.api,
                                'tailrace_accept_rests_total{cause="descriptors"}') >= 2
        await self.until(counted)
        self.assertEqual(self.server.log_text().count("no descriptor left"), 1)


if __name__ == "__main__":
    unittest.main()
