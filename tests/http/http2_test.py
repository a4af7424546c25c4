"""HTTP/2 by prior knowledge: every family of endpoints says what it says over HTTP/1.1."""

import asyncio
import gzip
import json
import subprocess

from support.api import BASE, JSON, NDJSON, PORTAL, TEXT, new_log
from support.case import ServerCase
from support.http import TIMEOUT_SECONDS
from support.http2 import Http2Connection


class Http2Case(ServerCase):
    async def connect(self, **options):
        connection = await Http2Connection.open(self.server.port, **options)
        self.addCleanup(connection.abort)
        return connection

    async def metric(self, name):
        text = (await self.api.get("/metrics")).text()
        values = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith(name)]
        self.assertEqual(len(values), 1, name)
        return float(values[0])


    async def metric_becomes(self, name, value):
        """What is closed is counted no more once the server has seen it."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while await self.metric(name) != value:
                await asyncio.sleep(0.02)


class Http2EndpointsTest(Http2Case):
    def without_ids(self, response):
        return sorted((name.lower(), value) for name, value in response.headers
                      if name.lower() not in ("x-request-id", "date", "connection",
                                              "transfer-encoding"))

    async def check_same(self, connection, path, headers=None, method="GET"):
        """Status, headers and body of both protocols."""
        http2 = await connection.request(method, path, headers)
        http1 = await self.api.request(method, path, headers)
        self.assertEqual(http2.status, http1.status, path)
        self.assertEqual(http2.body, http1.body, path)
        self.assertEqual(self.without_ids(http2), self.without_ids(http1), path)
        self.assertTrue(http2.header("x-request-id"), path)
        return http2

    async def test_reading_is_the_same(self):
        log = new_log()
        await self.api.append(log, "".join(f"line {n}\n" for n in range(3000)),
                              query="?end=succeeded")
        connection = await self.connect()
        for path in (f"/{log}", f"/{log}/entries?limit=10", f"/{log}/entries?limit=3000",
                     f"/{log}/raw", f"/{log}/raw?timestamps=1", f"/{log}/entries?from=x",
                     f"?type={log.split('/')[0]}&q={log.split('/')[1]}", "/no", "/no/such"):
            await self.check_same(connection, BASE + path)
        await self.check_same(connection, f"{BASE}/{log}/raw", {"Range": "bytes=5-19"})
        await self.check_same(connection, f"{BASE}/{log}/raw", {"Range": "bytes=999999-"})
        await self.check_same(connection, f"{BASE}/{log}/raw", method="HEAD")
        await self.check_same(connection, f"{BASE}/{log}", method="HEAD")
        await self.check_same(connection, f"{BASE}/{log}", method="OPTIONS")
        await self.check_same(connection, f"{BASE}/{log}", method="PATCH")
        await self.check_same(connection, f"{PORTAL}/initial?type=no&id=such")
        await self.check_same(connection, f"{PORTAL}/")
        etag = (await self.check_same(connection, f"{BASE}/{log}")).header("etag")
        not_modified = await self.check_same(connection, f"{BASE}/{log}", {"If-None-Match": etag})
        self.assertEqual(not_modified.status, 304)
        for path in ("/", "/healthz", "/readyz", "/logs/a/b", "/nothing"):
            await self.check_same(connection, path, {"Accept-Encoding": "gzip"})

    async def test_writing(self):
        log = new_log()
        connection = await self.connect()
        created = await connection.request("PUT", f"{BASE}/{log}", {"Content-Type": JSON},
                                           json.dumps({"title": "t"}).encode())
        self.assertEqual(created.status, 201)
        entries = f"{BASE}/{log}/entries"
        answer = await connection.request("POST", entries, {"Content-Type": TEXT}, b"one\ntwo\n")
        self.assertEqual((answer.status, answer.json()["stored"]), (200, 2))
        coded = {"Content-Type": NDJSON, "Content-Encoding": "gzip"}
        answer = await connection.request("POST", entries, coded, gzip.compress(b'{"text":"3"}\n'))
        self.assertEqual((answer.status, answer.json()["position"]), (200, 3))
        refused = await connection.request("POST", entries, {"Content-Type": "image/png"}, b"x")
        self.check_problem(refused, 415)
        ended = await connection.request("POST", f"{BASE}/{log}/end", {"Content-Type": JSON},
                                         b'{"outcome":"failed"}')
        self.assertEqual(ended.status, 200)
        self.assertEqual(await self.api.texts(log), ["one", "two", "3"])
        deleted = await connection.request("DELETE", f"{BASE}/{log}")
        self.assertEqual(deleted.status, 204)

    async def test_a_stream_from_the_first_line_to_the_end(self):
        log = new_log()
        connection = await self.connect()
        stream = await connection.stream(f"{BASE}/{log}/events")
        head = await stream.head()
        self.assertEqual((head.status, head.header("content-type")), (200, "text/event-stream"))
        self.assertEqual(head.header("x-accel-buffering"), "no")
        self.assertIsNone(head.header("connection"))
        self.assertIsNone(head.header("transfer-encoding"))
        for n in range(20):
            await connection.request("POST", f"{BASE}/{log}/entries", {"Content-Type": TEXT},
                                     f"line {n}\n".encode())
            self.assertEqual((await stream.next()).data, f"line {n}")
        await self.api.end(log)
        self.assertEqual((await stream.next()).event, "end")
        await stream.to_end()
        self.assertTrue(2000 <= stream.parser.retries[0] <= 4000, stream.parser.retries)

    async def test_a_stream_is_resumed(self):
        log = new_log()
        await self.api.append(log, "".join(f"{n}\n" for n in range(5000)))
        first = await self.connect()
        stream = await first.stream(f"{BASE}/{log}/events?format=json")
        for _ in range(1234):
            event = await stream.next()
        first.abort()
        second = await self.connect()
        stream = await second.stream(f"{BASE}/{log}/events?format=json",
                                     {"Last-Event-ID": event.id})
        self.assertEqual((await stream.next()).json()["n"], event.json()["n"] + 1)
        await self.api.end(log)
        texts = [event.json()["text"] for event in await stream.to_end()
                 if event.event == "message"]
        self.assertEqual(texts, [str(n) for n in range(event.json()["n"] + 1, 5000)])

    async def test_compressed_streams(self):
        log = new_log()
        await self.api.append(log, "".join(f"old {n}\n" for n in range(300)))
        connection = await self.connect()
        stream = await connection.begin("GET", f"{BASE}/{log}/events?format=batch",
                                        {"Accept-Encoding": "gzip"})
        await self.api.append(log, "new\n", query="?end=succeeded")
        answer = await stream.answer()
        self.assertEqual(answer.header("content-encoding"), "gzip")
        text = gzip.decompress(answer.body).decode()
        self.assertIn('"text":"old 299"', text)
        self.assertLess(text.index('"new"'), text.index("event: end"))

    async def test_the_portal_and_the_list(self):
        log = new_log()
        kind, name = log.split("/")
        connection = await self.connect()
        listed = await connection.stream(f"{BASE}/events")
        portal = await connection.stream(f"{PORTAL}/?type={kind}&id={name}")
        await listed.head()
        await self.api.append(log, "x\n", query="?end=succeeded")
        self.assertEqual([event.data for event in await portal.to_end()], ["x", "[DONE]"])
        event = await listed.next()
        while event.json()["id"] != name:
            event = await listed.next()
        self.assertEqual(event.event, "created")
        listed.cancel()
        self.assertEqual((await connection.request("GET", "/healthz")).body, b"ok\n")

    async def test_curl_speaks_it(self):
        log = new_log()
        text = "".join(f"line {n}\n" for n in range(50_000))
        url = f"http://127.0.0.1:{self.server.port}{BASE}/{log}"
        curl = ["curl", "-sS", "--http2-prior-knowledge", "--max-time", "60"]
        run = await asyncio.create_subprocess_exec(
            *curl, "-H", "Content-Type: text/plain", "-H", "Expect: 100-continue",
            "--data-binary", "@-", f"{url}/entries?end=succeeded", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        answer, _ = await run.communicate(text.encode())
        self.assertEqual(json.loads(answer)["stored"], 50_000)
        for option in ([], ["--compressed"]):
            run = await asyncio.create_subprocess_exec(*curl, *option, f"{url}/raw",
                                                       stdout=subprocess.PIPE)
            raw, _ = await run.communicate()
            self.assertEqual(raw.decode(), text)
        run = await asyncio.create_subprocess_exec(
            *curl, "--compressed", "-o", "-", "-w", "%{http_version}", f"{url}/events?tail=1",
            stdout=subprocess.PIPE)
        got, _ = await run.communicate()
        self.assertIn(b"data: line 49999\n", got)
        self.assertTrue(got.endswith(b"2"))


class Http2RequestsTest(Http2Case):
    settings = {"limits.header_bytes": "4KiB", "limits.body_bytes": "1MiB"}

    async def test_large_heads_and_bodies_are_refused_and_the_connection_goes_on(self):
        connection = await self.connect()
        watcher = await connection.stream(f"{BASE}/{new_log()}/events")
        await watcher.head()
        answer = await connection.request("GET", "/healthz", {"x": "y" * 5000})
        self.check_problem(answer, 431, "4096")
        answer = await connection.request("GET", "/" + "p" * 3990)
        self.assertIn(answer.status, (414, 431))
        upload = await connection.begin("POST", f"{BASE}/a/b/entries", {
            "Content-Type": TEXT, "Content-Length": str(2 << 20)}, end=False)
        self.check_problem(await upload.answer(), 413)
        answer = await connection.request("PUT", f"{BASE}/{new_log()}", {"Content-Type": JSON},
                                          b" " * 400_000)
        self.check_problem(answer, 413)
        self.assertEqual((await connection.request("GET", "/healthz")).status, 200)
        self.assertFalse(watcher.over)

    async def test_expect_100_continue(self):
        connection = await self.connect()
        exchange = await connection.begin(
            "POST", f"{BASE}/{new_log()}/entries",
            {"Content-Type": TEXT, "Content-Length": "2", "Expect": "100-continue"}, end=False)
        await connection.until(lambda: exchange.interim)
        self.assertEqual(exchange.interim, ["100"])
        await exchange.send(b"x\n", end=True)
        self.assertEqual((await exchange.answer()).status, 200)

    async def test_an_answer_before_the_end_of_the_body(self):
        connection = await self.connect()
        exchange = await connection.begin("POST", f"{BASE}/bad%20name/x/entries",
                                          {"Content-Type": TEXT}, end=False)
        self.check_problem(await exchange.answer(), 400)
        await connection.until(lambda: exchange.reset is not None)
        self.assertEqual(exchange.reset, 0)

    async def test_requests_of_one_connection_do_not_wait_for_each_other(self):
        connection = await self.connect()
        log = new_log()
        slow = await connection.begin("POST", f"{BASE}/{log}/entries", {"Content-Type": TEXT},
                                      end=False)
        await slow.send(b"first\n")
        streams = [await connection.stream(f"{BASE}/{log}/events") for _ in range(5)]
        for stream in streams:
            self.assertEqual((await stream.next()).data, "first")
        answers = await asyncio.gather(*(
            connection.request("POST", f"{BASE}/{log}-{n}/entries", {"Content-Type": TEXT},
                               f"{n}\n".encode()) for n in range(40)))
        self.assertEqual({answer.status for answer in answers}, {200})
        pages = await asyncio.gather(*(connection.json(f"{BASE}/{log}-{n}/entries")
                                       for n in range(40)))
        self.assertEqual([page["entries"][0]["text"] for page in pages],
                         [str(n) for n in range(40)])
        await slow.send(b"last\n", end=True)
        self.assertEqual((await slow.answer()).json()["stored"], 2)
        for stream in streams:
            self.assertEqual((await stream.next()).data, "last")

    async def test_trailers_and_cookies(self):
        connection = await self.connect()
        exchange = await connection.begin(
            "POST", f"{BASE}/{new_log()}/entries",
            [("content-type", TEXT), ("cookie", "a=1"), ("cookie", "b=2")], end=False)
        await exchange.send(b"x\n")
        connection.protocol.send_headers(exchange.number, [("checksum", "1")], end_stream=True)
        await connection.flush()
        self.assertEqual((await exchange.answer()).json()["stored"], 1)

    async def test_an_upload_comes_as_fast_as_the_disk_takes_it(self):
        """Many megabytes of one body, while others upload and watch on the same connection."""
        log = new_log()
        connection = await self.connect()
        before = self.server.rss_bytes()
        watcher = await connection.stream(f"{BASE}/{log}-other/events")
        line = b"z" * 999 + b"\n"
        upload = await connection.begin("POST", f"{BASE}/{log}/entries", {"Content-Type": TEXT},
                                        end=False)
        for n in range(30):
            await upload.send(line * 1000)
            if n % 5 == 0:
                answer = await connection.request("POST", f"{BASE}/{log}-other/entries",
                                                  {"Content-Type": TEXT}, f"{n}\n".encode())
                self.assertEqual(answer.status, 200)
                self.assertEqual((await watcher.next()).data, str(n))
        await upload.send(b"", end=True)
        self.assertEqual((await upload.answer(60)).json()["stored"], 30_000)
        self.check_memory(before, 120 << 20)


class Http2TimeoutsTest(Http2Case):
    settings = {"limits.body_timeout": "300ms", "limits.chunked_body_timeout": "400ms",
                "limits.header_timeout": "1500ms", "limits.idle_timeout": "2500ms",
                "limits.write_timeout": "500ms", "streams.heartbeat": "200ms"}

    async def test_a_body_that_does_not_come(self):
        connection = await self.connect()
        for headers in ({"Content-Length": "10"}, {}):
            exchange = await connection.begin("POST", f"{BASE}/{new_log()}/entries",
                                              {"Content-Type": TEXT, **headers}, end=False)
            await exchange.send(b"x\n")
            problem = self.check_problem(await exchange.answer(), 408)
            self.assertEqual(problem["stored"], 1)

    async def test_an_idle_connection_is_told_and_closed(self):
        connection = await self.connect()
        self.assertEqual((await connection.request("GET", "/healthz")).status, 200)
        await connection.closed()
        self.assertEqual(connection.goaways, [(1, 0)])

    async def test_a_connection_with_a_quiet_stream_stays(self):
        connection = await self.connect()
        stream = await connection.stream(f"{BASE}/{new_log()}/events")
        await connection.until(lambda: len(stream.parser.comments) >= 6)
        self.assertFalse(connection.goaways)

    async def test_a_head_that_does_not_come(self):
        connection = await self.connect()
        watcher = await self.connect()
        stream = await watcher.stream(f"{BASE}/{new_log()}/events")
        await connection.request("GET", "/healthz")
        # HEADERS without END_HEADERS, and nothing behind it.
        connection.writer.write(b"\0\0\1\1\1\0\0\0\3\x82")
        await connection.closed()
        self.assertEqual(connection.goaways[-1][1], 11)
        self.assertGreaterEqual(
            await self.metric('tailrace_http2_cut_total{cause="slow_head"}'), 1)
        self.assertFalse(stream.over)

    async def test_an_answer_that_nobody_takes(self):
        log = new_log()
        await self.api.append(log, ("y" * 999 + "\n") * 3000)
        connection = await self.connect(stream_window=1000)
        stalled = await connection.begin("GET", f"{BASE}/{log}/raw", reads=False)
        stream = await connection.stream(f"{BASE}/{new_log()}/events")
        await connection.until(lambda: stalled.reset is not None)
        self.assertEqual(stalled.reset, 8)
        self.assertFalse(stream.over)


class Http2DrainTest(Http2Case):
    async def test_viewers_are_told_and_requests_are_finished(self):
        log = new_log()
        connection = await self.connect()
        stream = await connection.stream(f"{BASE}/{log}/events")
        await stream.head()
        upload = await connection.begin("POST", f"{BASE}/{log}/entries", {"Content-Type": TEXT},
                                        end=False)
        await upload.send(b"kept\n")
        self.assertEqual((await stream.next()).data, "kept")
        self.server.terminate()
        await stream.to_end()
        self.assertEqual(len(stream.parser.retries), 2)
        self.assertGreaterEqual(stream.parser.retries[1], 2000)
        problem = self.check_problem(await upload.answer(), 503)
        self.assertEqual(problem["stored"], 1)
        await connection.closed()
        self.assertEqual([error for _, error in connection.goaways], [0, 0])
        self.assertEqual(connection.goaways[0][0], (1 << 31) - 1)
        self.assertEqual(connection.goaways[1][0], upload.number)
