"""Clients that take their time: headers, bodies, idle connections, answers that nobody reads."""

import asyncio
import unittest

from support.api import BASE, new_log
from support.case import ServerCase
from support.http import request_bytes
from support.http2 import Http2Connection


class TimeoutTest(ServerCase):
    settings = {"limits.header_timeout": "400ms", "limits.body_timeout": "400ms",
                "limits.chunked_body_timeout": "2s", "limits.idle_timeout": "500ms",
                "limits.write_timeout": "500ms"}

    async def test_slow_header(self):
        """A byte now and then does not help: the whole block has its time."""
        async with await self.api.connect() as connection:
            try:
                for byte in b"GET /healthz HTTP/1.1\r\nHost: a-name-that-takes-long\r\n":
                    await connection.send(bytes([byte]))
                    await asyncio.sleep(0.05)
            except ConnectionError:
                pass
            whole = await connection.rest(5)
        self.assertTrue(whole == b"" or whole.startswith(b"HTTP/1.1 408 "), whole)

    async def test_silent_connection(self):
        async with await self.api.connect() as connection:
            self.assertEqual(await connection.rest(5), b"")

    async def test_idle_keep_alive(self):
        async with await self.api.connect() as connection:
            self.assertEqual((await connection.request("GET", "/healthz")).status, 200)
            self.assertEqual(await connection.rest(5), b"")

    async def test_silent_body_with_a_length(self):
        log = new_log()
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/{log}/entries", {
                "Content-Type": "text/plain", "Content-Length": "100"}) + b"one\n")
            whole = await connection.rest(5)
        self.assertTrue(whole.startswith(b"HTTP/1.1 408 "), whole)

    async def test_a_quiet_job_goes_on(self):
        """A chunked body may go on for hours: it has a longer time of its own."""
        log = new_log()
        async with await self.api.upload(log) as upload:
            await upload.send(b"one\n")
            await asyncio.sleep(0.9)
            await upload.send(b"two\n")
            self.assertEqual((await upload.finish()).json()["stored"], 2)

    async def test_silent_chunked_body(self):
        log = new_log()
        async with await self.api.upload(log) as upload:
            await upload.send(b"one\n")
            whole = await upload.connection.rest(5)
        self.assertTrue(whole.startswith(b"HTTP/1.1 408 "), whole)
        self.assertIn(b'"stored":1', whole)
        self.assertEqual(await self.api.texts(log), ["one"])

    async def test_slow_body_that_goes_on_is_fine(self):
        log = new_log()
        async with await self.api.upload(log) as upload:
            for n in range(8):
                await upload.send(f"{n}\n".encode())
                await asyncio.sleep(0.15)
            self.assertEqual((await upload.finish()).json()["stored"], 8)

    async def test_streams_are_not_idle(self):
        log = new_log()
        await self.api.create(log)
        async with await self.api.stream(log) as stream:
            self.assertTrue(await stream.quiet(1.2))
            await self.api.append(log, "x\n")
            self.assertEqual((await stream.next()).data, "x")

    async def test_answer_that_nobody_reads(self):
        log = new_log()
        for _ in range(12):
            await self.api.append(log, ("x" * 1000 + "\n") * 2000)
        async with await self.api.connect(receive_buffer=4096, limit=1024) as connection:
            await connection.send(f"GET {BASE}/{log}/raw HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await asyncio.sleep(1.5)
            got = await connection.rest()
        self.assertLess(len(got), 24_000_000)


class TrickleTest(ServerCase):
    """Never silent for long, and yet too slow."""

    settings = {"limits.body_timeout": "1s", "limits.write_timeout": "1s",
                "limits.least_rate": "1000B"}

    async def until_answered(self, connection, piece):
        """Sends it again and again until there is an answer; what that was. So often that pieces
        come between the time limit and its answer."""
        answer = asyncio.ensure_future(connection.rest(20))
        for _ in range(4000):
            if answer.done():
                break
            try:
                await connection.send(piece)
            except ConnectionError:
                break
            await asyncio.sleep(0.003)
        return await answer

    async def slow(self, where):
        return await self.metric(f'tailrace_slow_clients_total{{in="{where}"}}')

    async def metric(self, name):
        for line in (await self.api.get("/metrics")).text().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name}")

    async def test_body_that_trickles(self):
        log = new_log()
        before = await self.slow("body")
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/{log}/entries", {
                "Content-Type": "text/plain", "Content-Length": "100000"}))
            whole = await self.until_answered(connection, b"a\n")
        self.assertTrue(whole.startswith(b"HTTP/1.1 408 "), whole)
        self.assertEqual(await self.slow("body"), before + 1)

    async def test_body_that_is_slow_but_not_that_slow(self):
        log = new_log()
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/{log}/entries", {
                "Content-Type": "text/plain", "Content-Length": "100000"}))
            for _ in range(20):
                await connection.send(b"x" * 4999 + b"\n")
                await asyncio.sleep(0.1)
            self.assertEqual((await connection.response()).json()["stored"], 20)

    async def test_chunked_body_may_trickle(self):
        log = new_log()
        async with await self.api.upload(log) as upload:
            for n in range(25):
                await upload.send(f"{n}\n".encode())
                await asyncio.sleep(0.1)
            self.assertEqual((await upload.finish()).json()["stored"], 25)

    async def test_body_that_trickles_on_http2(self):
        log = new_log()
        before = await self.slow("body")
        async with await Http2Connection.open(self.server.port) as connection:
            exchange = await connection.begin("POST", f"{BASE}/{log}/entries", {
                "content-type": "text/plain", "content-length": "100000"}, end=False)
            for _ in range(4000):
                if exchange.response is not None:
                    break
                await exchange.send(b"a\n")
                await asyncio.sleep(0.003)
            self.assertEqual((await exchange.head()).status, 408)
        self.assertEqual(await self.slow("body"), before + 1)


if __name__ == "__main__":
    unittest.main()
