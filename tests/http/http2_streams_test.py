"""Many streams on one HTTP/2 connection: none costs the others anything, and floods are cut."""

import asyncio

import h2.errors

from http2_test import Http2Case
from support.api import BASE, TEXT, new_log
from support.http2 import Http2Connection


class Http2StreamsTest(Http2Case):
    settings = {"workers": 1}

    async def test_two_hundred_streams_of_which_one_stalls(self):
        busy = new_log()
        await self.api.append(busy, ("s" * 999 + "\n") * 2000)
        connection = await self.connect(stream_window=1 << 16, connection_window=1 << 18)
        stalled = await connection.stream(f"{BASE}/{busy}/events", reads=False)
        await connection.until(lambda: stalled.unread > 50_000)
        logs = [new_log() for _ in range(199)]
        streams = [await connection.stream(f"{BASE}/{log}/events") for log in logs]
        for round_number in range(3):
            await asyncio.gather(*(self.api.append(log, f"line {round_number}\n")
                                   for log in logs))
            for stream in streams:
                self.assertEqual((await stream.next()).data, f"line {round_number}")
        await self.metric_becomes("tailrace_http2_streams", 200)
        await self.metric_becomes('tailrace_protocol_event_streams{protocol="h2"}', 200)
        self.assertLess(len(stalled.raw), 1 << 17)
        await stalled.resume()
        await self.api.end(busy)
        events = await stalled.to_end(60)
        self.assertEqual(len(events), 2001)

    async def test_no_window_is_eaten_by_streams_that_stall(self):
        """The client's windows are what RFC 9113 begins with: one stream's is the connection's."""
        busy = new_log()
        await self.api.append(busy, ("s" * 999 + "\n") * 500)
        connection = await self.connect(stream_window=65535, connection_window=65535)
        stalled = [await connection.stream(f"{BASE}/{busy}/events", reads=False)
                   for _ in range(2)]
        for stream in stalled:
            await connection.until(lambda: stream.unread > 0)
        log = new_log()
        stream = await connection.stream(f"{BASE}/{log}/events")
        for n in range(50):
            await self.api.append(log, f"line {n}\n")
            self.assertEqual((await stream.next()).data, f"line {n}")
        for other in stalled:
            await other.resume()
        await self.api.end(busy)
        for other in stalled:
            self.assertEqual(len(await other.to_end(60)), 501)

    async def test_streams_share_a_connection_that_is_too_slow(self):
        """All catch up at the same pace, though their socket is full all the time."""
        log = new_log()
        await self.api.append(log, ("f" * 999 + "\n") * 3000)
        connection = await self.connect(stream_window=1 << 24, connection_window=1 << 28)
        streams = [await connection.stream(f"{BASE}/{log}/events") for _ in range(8)]
        await connection.until(
            lambda: sum(len(stream.raw) for stream in streams) > 12_000_000, 60)
        sizes = sorted(len(stream.raw) for stream in streams)
        self.assertGreater(sizes[0], sizes[-1] // 2)
        await self.api.end(log)
        for stream in streams:
            self.assertEqual(len(await stream.to_end(60)), 3001)

    async def test_a_connection_that_never_reads_costs_little(self):
        log = new_log()
        await self.api.append(log, ("y" * 999 + "\n") * 4000)
        stuck = []
        for _ in range(20):
            connection = await self.connect(stream_window=1 << 24, connection_window=1 << 28)
            connection.writer.transport.pause_reading()
            stuck.append([await connection.stream(f"{BASE}/{log}/events") for _ in range(5)])
        watcher = await self.connect()
        stream = await watcher.stream(f"{BASE}/{log}/events?tail=0")
        await stream.head()
        before = self.server.rss_bytes()
        for n in range(20):
            await self.api.append(log, ("y" * 999 + "\n") * 1000 + f"line {n}\n")
            await watcher.until(lambda: stream.events and
                                stream.events[-1].data == f"line {n}")
        self.check_memory(before, 96 << 20)

    async def test_a_closed_tab_ends_its_stream_only(self):
        log = new_log()
        connection = await self.connect()
        gone = await connection.stream(f"{BASE}/{log}/events")
        stays = await connection.stream(f"{BASE}/{log}/events")
        await gone.head()
        gone.cancel()
        await connection.flush()
        for n in range(10):
            await self.api.append(log, f"{n}\n")
            self.assertEqual((await stays.next()).data, str(n))
        await self.metric_becomes("tailrace_viewers ", 1)


class Http2FloodTest(Http2Case):
    """Each flood costs its own connection; a viewer beside it gets every line at once."""

    settings = {"workers": 1, "limits.http2_resets": 100, "limits.http2_control_frames": 100}

    async def flood(self, cause, send, error=h2.errors.ErrorCodes.ENHANCE_YOUR_CALM):
        log = new_log()
        watcher = await self.connect()
        stream = await watcher.stream(f"{BASE}/{log}/events")
        await stream.head()
        cut = f'tailrace_http2_cut_total{{cause="{cause}"}}'
        before = await self.metric(cut)
        attacker = await Http2Connection.open(self.server.port)
        self.addCleanup(attacker.abort)
        await attacker.request("GET", "/healthz")
        # The server may close before all is written.
        await asyncio.gather(send(attacker), return_exceptions=True)
        for n in range(10):
            await self.api.append(log, f"line {n}\n")
            self.assertEqual((await stream.next()).data, f"line {n}")
        await attacker.closed()
        self.assertEqual([code for _, code in attacker.goaways], [error])
        self.assertEqual(await self.metric(cut), before + 1)
        self.assertFalse(watcher.goaways)

    async def test_rapid_reset(self):
        async def send(attacker):
            for _ in range(300):
                exchange = await attacker.begin("GET", f"{BASE}/a/b/entries")
                exchange.cancel()
            await attacker.flush()
        await self.flood("resets", send)

    async def test_pings(self):
        async def send(attacker):
            for _ in range(300):
                attacker.protocol.ping(b"12345678")
            await attacker.flush()
        await self.flood("control_frames", send)

    async def test_settings(self):
        async def send(attacker):
            for _ in range(300):
                attacker.protocol.update_settings({})
            await attacker.flush()
        await self.flood("control_frames", send)

    async def test_data_without_data(self):
        async def send(attacker):
            exchange = await attacker.begin("POST", f"{BASE}/{new_log()}/entries",
                                            {"Content-Type": TEXT}, end=False)
            for _ in range(300):
                attacker.protocol.send_data(exchange.number, b"")
            await attacker.flush()
        await self.flood("control_frames", send)

    async def test_continuations(self):
        async def send(attacker):
            number = attacker.protocol.get_next_available_stream_id()
            stream = number.to_bytes(4, "big")
            field = b"\0\1a\1b"
            frames = b"\0\0\5\1\1" + stream + field
            frames += (b"\0\0\5\x09\0" + stream + field) * 100
            attacker.writer.write(frames)
        await self.flood("continuations", send)

    async def test_header_bombs_are_refused_each(self):
        connection = await self.connect()
        for _ in range(20):
            answer = await connection.request("GET", "/healthz", {"x": "y" * 60_000})
            self.assertEqual(answer.status, 431)
        self.assertEqual((await connection.request("GET", "/healthz")).status, 200)

    async def test_pages_for_nobody(self):
        """A client that asks for hundreds of pages and opens no window gets a few made."""
        log = new_log()
        await self.api.append(log, ("p" * 999 + "\n") * 4000)
        connection = await self.connect(stream_window=100)
        before = self.server.rss_bytes()
        for _ in range(90):
            await connection.begin("GET", f"{BASE}/{log}/entries?limit=4000", reads=False)
        stream = await connection.stream(f"{BASE}/{log}/events?tail=0")
        other = await self.connect()
        self.assertEqual((await other.request("GET", "/healthz")).status, 200)
        self.check_memory(before, 200 << 20)
        for exchange in list(connection.exchanges.values()):
            if exchange is not stream and not exchange.over:
                exchange.cancel()
        await connection.flush()
        self.assertEqual((await stream.head()).status, 200)
