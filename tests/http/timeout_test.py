"""Clients that take their time: headers, bodies, idle connections, answers that nobody reads."""

import asyncio
import unittest

from support.api import BASE, new_log
from support.case import ServerCase
from support.http import request_bytes


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


if __name__ == "__main__":
    unittest.main()
