"""Health, metrics, and the process as a whole: drain, listening, its data directory."""

import asyncio
import json
import os
import pathlib
import re
import subprocess
import unittest

from support.api import BASE, Api, new_log
from support.case import AsyncCase, ServerCase
from support.http import Connection, ProtocolError, request_bytes
from support.server import Server, binary_path, can_connect, free_port
from support.sse import Stream


class HealthTest(ServerCase):
    async def test_health_and_readiness(self):
        for path in ("/healthz", "/readyz"):
            self.assertEqual((await self.api.get(path)).status, 200)

    async def test_nothing_stays_in_shared_memory_if_it_is_killed(self):
        """libmongoc makes a file for each process that loads it, MongoDB or not."""
        self.assertFalse(pathlib.Path(f"/dev/shm/mongoc-{self.server.process.pid}").exists())

    async def test_metrics_are_prometheus_text(self):
        log = new_log()
        await self.api.append(log, "x\ny\n")
        async with await self.api.stream(log) as stream:
            await stream.take(2)
            answer = await self.api.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.header("Content-Type").startswith("text/plain; version=0.0.4"))
        line = re.compile(r"^(#.*|[a-zA-Z_:][\w:]*(\{[^}]*\})? [-+0-9.eE]+(Inf|NaN)?)$")
        for text in answer.text().splitlines():
            self.assertRegex(text, line)

    async def test_metrics_tell_what_is_promised(self):
        """Viewer and ingest lag, commits, gaps, reconnects, bytes by coding."""
        text = (await self.api.get("/metrics")).text()
        for word in ("viewer", "lag", "commits", "gap", "resumed|reconnect", "bytes", "coding"):
            self.assertRegex(text, word)

    async def test_commits_and_viewers_are_counted(self):
        async def values(word):
            text = (await self.api.get("/metrics")).text()
            return {name: float(value) for name, value in
                    re.findall(rf"^(\w*{word}\w*(?:{{[^}}]*}})?) (\S+)$", text, re.M)}
        before = await values("commits")
        log = new_log()
        await self.api.append(log, "x\n")
        after = await values("commits")
        self.assertTrue(any(after[name] > before.get(name, 0) for name in after), after)
        before = await values("viewers")
        async with await self.api.stream(log) as stream:
            await stream.take(1)
            after = await values("viewers")
        self.assertTrue(any(after[name] > before.get(name, 0) for name in after), after)


class DrainCase(AsyncCase):
    settings = {"streams.drain_window": "4s"}

    def setUp(self):
        super().setUp()
        self.server = Server(settings=self.settings).start()
        self.api = Api(self.server.port)
        self.addCleanup(self.server.stop)

    async def exit_code(self):
        return await asyncio.to_thread(self.server.wait, 30)

    async def until_draining(self):
        self.server.terminate()
        while "draining" not in self.server.log_text():
            await asyncio.sleep(0.02)


class DrainTest(DrainCase):
    async def test_idle_server_exits_with_0(self):
        self.server.terminate()
        self.assertEqual(await self.exit_code(), 0)

    async def test_viewers_are_told_to_come_back_over_the_window(self):
        log = new_log()
        await self.api.append(log, "x\n")
        streams = [await self.api.stream(log) for _ in range(24)]
        streams += [await self.api.stream(new_log()) for _ in range(6)]
        for stream in streams[:24]:
            await stream.take(1)
        for stream in streams[24:]:
            await stream.until_raw(b"\n\n")
        self.server.terminate()
        told = []
        for stream in streams:
            self.assertEqual(await stream.to_end(), [])
            self.assertTrue(stream.closed)
            self.assertEqual(len(stream.parser.retries), 2)
            told.append(stream.parser.retries[-1])
        self.assertEqual(await self.exit_code(), 0)
        self.assertGreaterEqual(min(told), 1000)
        self.assertGreater(len(set(told)), 15)
        self.assertGreater(max(told) - min(told), 1500, told)

    async def test_appends_in_flight_are_answered(self):
        log = new_log()
        uploads = [await self.api.upload(log) for _ in range(4)]
        for number, upload in enumerate(uploads):
            await upload.send(f"first {number}\n".encode())
        async with await self.api.stream(log) as stream:
            await stream.take(4)
            self.server.terminate()
            await stream.to_end()
        async def finish(upload):
            try:
                await upload.send(b"second\n")
                await upload.connection.send(b"0\r\n\r\n")
            except ConnectionError:
                pass
            return await upload.connection.response()
        answers = [await finish(upload) for upload in uploads]
        self.assertEqual(await self.exit_code(), 0)
        self.server.start()
        texts = await self.api.texts(log)
        stored = 0
        for answer in answers:
            self.assertIn(answer.status, (200, 503), answer)
            stored += answer.json()["stored"]
            if answer.status == 503:
                self.assertIsNotNone(answer.header("Retry-After"))
        self.assertEqual(len(texts), stored)

    async def test_new_requests_while_draining(self):
        """503 with Retry-After, or no connection; streams get 200 and a retry."""
        log = new_log()
        async with await self.api.upload(log) as upload, await Connection.open(
                self.server.port) as idle, await Connection.open(self.server.port) as viewer:
            await upload.send(b"x\n")
            self.assertEqual((await idle.request("GET", "/readyz")).status, 200)
            async with await self.api.stream(log) as stream:
                await stream.take(1)
                self.server.terminate()
                await stream.to_end()          # it drains now
            try:
                answer = await idle.request("GET", "/readyz")
                self.assertEqual(answer.status, 503)
                self.assertIsNotNone(answer.header("Retry-After"))
            except (ConnectionError, ProtocolError):
                pass
            try:
                await viewer.send(request_bytes("GET", f"{BASE}/{log}/events"))
                answer = await viewer.response()
                self.assertEqual(answer.status, 200)
                self.assertRegex(answer.body, rb"^retry: \d+\n\n$")
            except (ConnectionError, ProtocolError):
                pass
        self.assertEqual(await self.exit_code(), 0)

    async def open_stalled_download(self):
        """A client that does not read on, so that a drain goes on."""
        log = new_log()
        await self.api.append(log, ("x" * 999 + "\n") * 20_000)
        reader = await self.api.connect(receive_buffer=4096)
        await reader.send(request_bytes("GET", f"{BASE}/{log}/raw"))
        await reader.head()
        return reader

    async def test_a_second_signal_ends_it_at_once(self):
        async with await self.open_stalled_download():
            await self.until_draining()
            self.server.terminate()
            self.assertEqual(await asyncio.to_thread(self.server.wait, 20), 0)

    async def test_clients_that_come_and_say_nothing_do_not_hold_the_exit(self):
        async with await self.open_stalled_download():
            await self.until_draining()
            async with await self.api.connect() as silent:
                self.assertEqual(await silent.rest(10), b"")
            self.assertTrue(self.server.alive())
        self.assertEqual(await self.exit_code(), 0)

    async def test_list_viewers_are_told_to_come_back(self):
        stream = await Stream.open(self.server.port, f"{BASE}/events")
        await stream.until_raw(b"\n\n")
        self.server.terminate()
        self.assertEqual(await stream.to_end(), [])
        self.assertTrue(stream.closed)
        self.assertEqual(len(stream.parser.retries), 2)
        self.assertEqual(await self.exit_code(), 0)

    async def test_a_silent_upload_does_not_hold_the_exit_for_ever(self):
        async with await self.api.upload(new_log()) as upload:
            await upload.send(b"x\nhalf")
            self.server.terminate()
            self.assertEqual(await self.exit_code(), 0)


class HalfRequestTest(DrainCase):
    settings = {"workers": 1}   # so that it has read one connection when it answers the other

    async def test_a_request_that_is_half_there_is_answered(self):
        async with await self.api.connect() as connection:
            await connection.send(b"GET /healthz HTTP/1.1\r\n")
            self.assertEqual((await self.api.get("/healthz")).status, 200)
            await self.until_draining()
            await connection.send(b"Host: x\r\n\r\n")
            answer = await connection.response()
        self.assertEqual((answer.status, answer.header("Connection")), (200, "close"))
        self.assertEqual(await self.exit_code(), 0)


class ListenTest(AsyncCase):
    async def test_several_addresses(self):
        ports = [free_port(), free_port()]
        server = Server(port=ports[0], listen=[f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}"])
        self.addCleanup(server.stop)
        server.start()
        log = new_log()
        await Api(ports[0]).append(log, "x\n")
        self.assertEqual(await Api(ports[1]).texts(log), ["x"])

    async def test_ipv6_loopback(self):
        port = free_port()
        server = Server(port=port, listen=[f"127.0.0.1:{port}", f"[::1]:{port}"])
        self.addCleanup(server.stop)
        try:
            server.start()
        except RuntimeError as error:
            if "assign" in str(error):
                self.skipTest("this machine has no IPv6 loopback")
            raise
        self.assertEqual((await Api(port, "::1").get("/healthz")).status, 200)

    def refused(self, server):
        """The error of a server that must not start."""
        self.addCleanup(server.stop)
        server.spawn()
        self.assertNotIn(server.wait(30), (0, -6, -11))
        return server.log_text()

    async def test_beyond_loopback_without_authentication(self):
        port = free_port()
        for address in (f"0.0.0.0:{port}", f"[::]:{port}"):
            said = self.refused(Server(port=port, listen=[address]))
            self.assertIn("--insecure-no-auth", said)
            self.assertFalse(can_connect(port))

    async def test_insecure_no_auth(self):
        port = free_port()
        server = Server(port=port, listen=[f"0.0.0.0:{port}"], arguments=["--insecure-no-auth"])
        self.addCleanup(server.stop)
        server.start()
        self.assertTrue(can_connect(port))

    async def test_address_in_use(self):
        first = Server().start()
        self.addCleanup(first.stop)
        said = self.refused(Server(port=first.port))
        self.assertIn(str(first.port), said)

    async def test_unknown_settings(self):
        said = self.refused(Server(settings={"streams.hartbeat": "1s"}))
        self.assertIn("heartbeat", said)
        done = subprocess.run([binary_path(), "serve", "--lisen", "127.0.0.1:1"], timeout=30,
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("lisen", done.stderr)


class DataTest(AsyncCase):
    """The data directory, changed from outside while no server runs."""

    def setUp(self):
        super().setUp()
        self.server = Server(settings={"workers": 1})
        self.addCleanup(self.server.stop)
        self.server.start()
        self.api = Api(self.server.port)

    async def test_second_process_on_the_same_data(self):
        second = Server(data=self.server.data)
        self.addCleanup(second.stop)
        second.spawn()
        self.assertNotIn(second.wait(30), (0, -6, -11))
        self.assertIn(self.server.data, second.log_text())
        self.assertEqual((await self.api.get("/readyz")).status, 200)

    async def test_everything_survives_a_drain(self):
        log = new_log()
        await self.api.append(log, "a\nb\n")
        info = (await self.api.meta(log)).json()
        self.server.terminate()
        self.assertEqual(self.server.wait(), 0)
        self.server.start()
        self.assertEqual((await self.api.meta(log)).json(), info)
        self.assertEqual(await self.api.texts(log), ["a", "b"])

    async def test_data_that_is_a_file(self):
        path = self.server.folder / "file"
        path.write_text("x")
        other = Server(data=path)
        self.addCleanup(other.stop)
        other.spawn()
        self.assertNotIn(other.wait(30), (0, -6, -11))
        self.assertIn(str(path), other.log_text())

    async def test_unknown_format_version(self):
        await self.api.append(new_log(), "x\n")
        self.server.terminate()
        self.server.wait()
        marks = [path for path in pathlib.Path(self.server.data).rglob("*")
                 if path.is_file() and path.stat().st_size < 200 and "format" in path.name.lower()]
        if not marks:
            self.skipTest("the format version is not in a file of its own")
        text = marks[0].read_text()
        marks[0].write_text(re.sub(r"\d+", "987", text, count=1))
        self.server.spawn()
        self.assertNotIn(self.server.wait(30), (0, -6, -11))
        self.assertIn("987", self.server.log_text())

    async def fill(self, log, count, size):
        """So many lines of random digits; what was written."""
        lines = [f"{n:06} {os.urandom(size // 2).hex()}" for n in range(count)]
        for first in range(0, len(lines), 2000):
            await self.api.append(log, "\n".join(lines[first:first + 2000]))
        await self.api.end(log)
        return lines

    def damage(self, suffix):
        """Stops the server, flips bytes in the middle of the biggest such file, starts it again."""
        self.server.terminate()
        self.assertEqual(self.server.wait(), 0)
        files = [path for path in pathlib.Path(self.server.data).rglob("*" + suffix)]
        self.assertTrue(files, f"no file *{suffix}")
        biggest = max(files, key=lambda path: path.stat().st_size)
        with open(biggest, "r+b") as file:
            file.seek(biggest.stat().st_size // 2)
            was = file.read(64)
            file.seek(-64, os.SEEK_CUR)
            file.write(bytes(byte ^ 0xff for byte in was))
        self.server.start()

    async def test_damaged_data_file_is_a_gap_and_the_rest_stays(self):
        log = new_log()
        lines = await self.fill(log, 90_000, 1000)      # more than the store holds back in memory
        for _ in range(100):
            if list(pathlib.Path(self.server.data).rglob("*.blob")):
                break
            await asyncio.sleep(0.2)
        await asyncio.sleep(1)
        self.damage(".blob")
        await self.check_gap(log, lines)

    async def test_damaged_write_ahead_log_is_said(self):
        """Either the lost positions are a gap, or the server refuses to start and says why."""
        log = new_log()
        lines = await self.fill(log, 20_000, 120)
        try:
            self.damage(".log")
        except RuntimeError as error:
            self.assertIn(self.server.data, str(error))
            return
        await self.check_gap(log, lines)

    async def check_download(self, log, lines, gap):
        """What is lost has its place in it, so that everything else keeps its own."""
        whole = ("\n".join(lines) + "\n").encode()
        offset = sum(len(line) + 1 for line in lines[:gap["from"]])
        end = sum(len(line) + 1 for line in lines[:gap["to"]])
        download = await self.api.get(f"{BASE}/{log}/raw")
        self.assertEqual(len(download.body), len(whole))
        self.assertIn(b" are lost: damaged]", download.body[offset:end])
        self.assertTrue(download.body[:offset] == whole[:offset])
        self.assertTrue(download.body[end:] == whole[end:])
        for first in (offset + 5, end + 5):
            part = await self.api.get(f"{BASE}/{log}/raw", {"Range": f"bytes={first}-{first + 99}"})
            self.assertIn(part.status, (200, 206))
            body = part.body[first:first + 100] if part.status == 200 else part.body
            self.assertEqual(body, download.body[first:first + 100])

    async def check_gap(self, log, lines):
        async with await self.api.stream(log, "?format=text") as stream:
            events = await stream.to_end(60)
        at = 0
        gaps = []
        for event in events:
            if event.event == "gap":
                gap = json.loads(event.data)
                self.assertEqual((gap["from"], gap["cause"]), (at, "damaged"))
                self.assertLess(gap["from"], gap["to"])
                gaps.append(gap)
                at = gap["to"]
            elif event.event == "message":
                self.assertEqual(event.data, lines[at])
                at += 1
                self.assertEqual(event.id.split(".")[1], str(at))
        self.assertEqual((events[-1].event, at), ("end", len(lines)))
        self.assertEqual(len(gaps), 1)
        await self.check_download(log, lines, gaps[0])
        self.assertEqual((await self.api.get("/readyz")).status, 200)


if __name__ == "__main__":
    unittest.main()
