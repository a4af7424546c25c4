"""Compressed streams: decoded by clients that are not ours, live, whole and with a valid end."""

import asyncio
import gzip
import shutil
import unittest
import zlib

from support.api import BASE, new_log
from support.case import ServerCase
from support.coding import CODINGS

LINES = "".join(f"{n} the quick brown fox jumps over the lazy dog\n" for n in range(2000))


class StreamCodingTest(ServerCase):
    settings = {"streams.heartbeat": "300ms", "workers": 1}

    async def raw_stream(self, log, query="", coding="gzip", agent="test"):
        connection = await self.api.connect()
        await connection.send(
            f"GET {BASE}/{log}/events{query} HTTP/1.0\r\nHost: x\r\nUser-Agent: {agent}\r\n"
            f"Accept-Encoding: {coding}\r\n\r\n".encode())
        return connection

    @staticmethod
    def split(raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        return head.decode().lower(), body

    async def test_whole_log_is_one_valid_member(self):
        log = new_log()
        await self.api.append(log, LINES)
        await self.api.append(log, "last\n", query="?end=succeeded")
        connection = await self.raw_stream(log)
        head, body = self.split(await connection.rest())
        self.assertIn("content-encoding: gzip", head)
        plain = gzip.decompress(body).decode()  # checks sum and length
        self.assertTrue(plain.startswith("retry: "))
        self.assertEqual(plain.count("data: "), 2002)
        self.assertIn("event: end\n", plain)
        self.assertLess(len(body) * 3, len(plain))

    async def test_joined_in_the_middle_and_live(self):
        log = new_log()
        await self.api.append(log, LINES)
        connection = await self.raw_stream(log, "?from=1990")
        decoder = zlib.decompressobj(31)
        head = await connection.reader.readuntil(b"\r\n\r\n")
        self.assertIn(b"Content-Encoding: gzip", head)
        plain = b""
        while b"1999 the quick" not in plain:
            plain += decoder.decompress(await asyncio.wait_for(connection.reader.read(4096), 10))
        for n in range(5):  # each lone line comes at once and whole
            await self.api.append(log, f"live {n}\n")
            while f"data: live {n}\n".encode() not in plain:
                piece = await asyncio.wait_for(connection.reader.read(4096), 10)
                plain += decoder.decompress(piece)
        await self.api.end(log)
        plain += decoder.decompress(await connection.rest())
        self.assertTrue(decoder.eof)
        self.assertEqual(plain.count(b"data: "), 10 + 5 + 1)

    async def test_no_line_waits_for_another(self):
        """Whatever was compressed before it, a line can be read before the next one is written."""
        lines = ["x", "y" * 95, "z" * 96, "a line of the usual length, as logs have them " * 4,
                 "{" * 70_000, "last"]
        for coding in CODINGS:
            for form in ("text", "json", "batch"):
                log = new_log()
                await self.api.append(log, LINES)
                async with await self.api.stream(log, f"?from=1000&format={form}",
                                                 {"Accept-Encoding": coding}) as stream:
                    self.assertEqual(stream.response.header("Content-Encoding"), coding)
                    await self.until_event(stream, "1999 the quick")
                    for line in lines:
                        await self.api.append(log, line + "\n")
                        await self.until_event(stream, line)
                    await self.api.end(log)
                    events = await stream.to_end()
                    self.assertEqual(events[-1].event, "end")

    async def until_event(self, stream, text):
        while text not in (await stream.next()).data:
            pass

    async def test_a_heartbeat_is_a_part_as_well(self):
        log = new_log()
        await self.api.append(log, LINES)
        for coding in CODINGS:
            async with await self.api.stream(log, "?from=2000",
                                             {"Accept-Encoding": coding}) as stream:
                await stream.until_raw(b"\n:\n\n:\n\n")
                await self.api.append(log, f"after {coding}\n")
                await stream.until_raw(f"after {coding}".encode())
                stream.raw.clear()

    async def test_all_viewers_share_what_is_compressed_once(self):
        log = new_log()
        await self.api.append(log, LINES)
        await self.api.append(log, "first\n")
        streams = [await self.api.stream(log, "?tail=1", {"Accept-Encoding": "gzip"})
                   for _ in range(20)]
        for stream in streams:
            await stream.until_raw(b"first")
        before = await self.compressed()
        for n in range(10):
            await self.api.append(log, f"shared {n}\n")
            for stream in streams:
                await stream.until_raw(f"shared {n}\n".encode())
        made = await self.compressed() - before
        self.assertEqual(made, 10)
        for stream in streams:
            stream.abort()

    async def compressed(self):
        return await self.metric('tailrace_segments_compressed_total{coding="gzip"}')

    async def metric(self, name):
        text = (await self.api.get("/metrics")).text()
        return next(float(line.removeprefix(name)) for line in text.splitlines()
                    if line.startswith(name + " "))

    async def test_metrics_tell_what_it_saves_and_costs(self):
        log = new_log()
        await self.api.append(log, LINES, query="?end=succeeded")
        for coding in CODINGS:
            names = [f'tailrace_{what}_total{{coding="{coding}"}}' for what in (
                "stream_bytes", "stream_plain_bytes", "segments_coded_bytes",
                "segments_plain_bytes", "segments_compressed", "segments_cpu_microseconds")]
            before = [await self.metric(name) for name in names]
            async with await self.api.stream(log, "", {"Accept-Encoding": coding}) as stream:
                plain = sum(len(event.data) for event in await stream.to_end())
            sent, of_plain, coded, coded_of, segments, cpu = [
                await self.metric(name) - old for name, old in zip(names, before)]
            self.assertGreater(of_plain, plain)
            self.assertLess(sent, of_plain / 3)
            self.assertLess(coded, coded_of / 3)
            self.assertGreaterEqual(segments, 1)
            self.assertGreater(cpu, 0)

    async def test_a_client_that_says_nothing_gets_plain_text(self):
        log = new_log()
        await self.api.append(log, "a\n", query="?end=succeeded")
        for coding in ("identity", "br", "gzip;q=0", "gzip;q=0.1, identity"):
            head, body = self.split(await (await self.raw_stream(log, "", coding)).rest())
            self.assertNotIn("content-encoding", head, coding)
            self.assertIn(b"data: a\n", body)

    async def test_browsers_get_zstd_and_others_gzip(self):
        log = new_log()
        await self.api.append(log, LINES, query="?end=succeeded")
        accepted = "gzip, deflate, br, zstd"
        for agent, coding in (("Mozilla/5.0 (X11)", "zstd"), ("node", "gzip")):
            head, _ = self.split(await (await self.raw_stream(log, "", accepted, agent)).rest())
            self.assertIn(f"content-encoding: {coding}", head)

    async def test_zstd_frames_decode_with_the_command_line_tool(self):
        if shutil.which("zstd") is None:
            self.skipTest("zstd is not installed")
        log = new_log()
        await self.api.append(log, LINES)
        await self.api.append(log, "last\n", query="?end=succeeded")
        _, body = self.split(await (await self.raw_stream(log, "", "zstd")).rest())
        process = await asyncio.create_subprocess_exec(
            "zstd", "-dc", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        plain, _ = await process.communicate(body)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(plain.count(b"data: "), 2002)

    async def test_curl_shows_each_line_when_it_comes(self):
        log = new_log()
        await self.api.append(log, LINES)
        url = f"http://127.0.0.1:{self.api.port}{BASE}/{log}/events?from=1990"
        process = await asyncio.create_subprocess_exec("curl", "-sSN", "--compressed", url,
                                                       stdout=asyncio.subprocess.PIPE)
        async with asyncio.timeout(60):
            await process.stdout.readuntil(b"1999 the quick brown fox jumps over the lazy dog\n")
            for n in range(5):
                await self.api.append(log, f"live {n}\n")
                await process.stdout.readuntil(f"data: live {n}\n".encode())
            await self.api.end(log)
            rest, _ = await process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"event: end\n", rest)

    async def test_curl_decodes_it(self):
        log = new_log()
        await self.api.append(log, LINES, query="?end=succeeded")
        process = await asyncio.create_subprocess_exec(
            "curl", "-sS", "--compressed", f"http://127.0.0.1:{self.api.port}{BASE}/{log}/events",
            stdout=asyncio.subprocess.PIPE)
        plain, _ = await process.communicate()
        self.assertEqual(process.returncode, 0)
        self.assertEqual(plain.count(b"data: "), 2001)


if __name__ == "__main__":
    unittest.main()
