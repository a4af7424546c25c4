"""HTTP/1.1 as such: keep-alive, pipelining, Expect, HEAD, OPTIONS, 404, 405 (RFC 9110, 9112)."""

import asyncio
import re
import unittest

from support.api import BASE, new_log
from support.case import ServerCase
from support.http import chunk, request_bytes


class ConnectionTest(ServerCase):
    async def test_keep_alive(self):
        async with await self.api.connect() as connection:
            for _ in range(5):
                answer = await connection.request("GET", "/healthz")
                self.assertEqual(answer.status, 200)
                self.assertIsNone(answer.header("Connection"))

    async def test_connection_close(self):
        async with await self.api.connect() as connection:
            answer = await connection.request("GET", "/healthz", {"Connection": "close"})
            self.assertEqual((answer.status, answer.header("Connection")), (200, "close"))
            self.assertEqual(await connection.rest(), b"")

    async def test_http_1_0(self):
        async with await self.api.connect() as connection:
            await connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
            whole = await connection.rest()
        self.assertTrue(whole.startswith(b"HTTP/1.1 200 "), whole)
        self.assertNotIn(b"chunked", whole.lower())

    async def test_date(self):
        answer = await self.api.get("/healthz")
        self.assertRegex(answer.header("Date"), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")

    async def test_pipelining(self):
        log = new_log()
        requests = b"".join(request_bytes("POST", f"{BASE}/{log}/entries",
                                          {"Content-Type": "text/plain"}, f"{n}\n".encode())
                            for n in range(20))
        requests += request_bytes("GET", f"{BASE}/{log}/raw")
        async with await self.api.connect() as connection:
            await connection.send(requests)
            positions = [(await connection.response()).json()["position"] for _ in range(20)]
            self.assertEqual(positions, list(range(1, 21)))
            self.assertEqual((await connection.response()).body,
                             b"".join(f"{n}\n".encode() for n in range(20)))

    async def test_pipelining_of_different_answers(self):
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("GET", f"{BASE}/{new_log()}")
                                  + request_bytes("HEAD", "/healthz")
                                  + request_bytes("GET", "/nowhere")
                                  + request_bytes("GET", "/healthz"))
            statuses = [(await connection.response(no_body=n == 1)).status for n in range(4)]
        self.assertEqual(statuses, [404, 200, 404, 200])

    async def test_one_byte_at_a_time(self):
        log = new_log()
        body = chunk(b"hel") + chunk(b"lo\n") + chunk(b"")
        request = request_bytes("POST", f"{BASE}/{log}/entries", {
            "Content-Type": "text/plain", "Transfer-Encoding": "chunked"}) + body
        async with await self.api.connect() as connection:
            for byte in request:
                await connection.send(bytes([byte]))
                await asyncio.sleep(0)
            self.assertEqual((await connection.response()).json()["stored"], 1)
        self.assertEqual(await self.api.texts(log), ["hello"])

    async def test_chunk_extensions_and_trailers_are_passed_over(self):
        log = new_log()
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/{log}/entries", {
                "Content-Type": "text/plain", "Transfer-Encoding": "chunked"}))
            await connection.send(b"2;name=value;q=\"x\"\r\na\n\r\n0002\r\nb\n\r\n"
                                  b"0\r\nX-T: 1\r\n\r\n")
            self.assertEqual((await connection.response()).json()["stored"], 2)
            self.assertEqual((await connection.request("GET", "/healthz")).status, 200)

    async def test_blank_line_before_a_request(self):
        async with await self.api.connect() as connection:
            await connection.send(b"\r\n" + request_bytes("GET", "/healthz"))
            self.assertEqual((await connection.response()).status, 200)

    async def test_absolute_target(self):
        async with await self.api.connect() as connection:
            await connection.send(b"GET http://example.org/healthz HTTP/1.1\r\nHost: other\r\n\r\n")
            self.assertEqual((await connection.response()).status, 200)

    async def test_half_closed_client_gets_its_answer(self):
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("GET", "/healthz"))
            connection.writer.write_eof()
            self.assertEqual((await connection.response()).status, 200)

    async def test_half_closed_client_gets_the_answers_to_all_that_it_sent(self):
        log = new_log()
        post = request_bytes("POST", f"{BASE}/{log}/entries", {"Content-Type": "text/plain"}, b"x")
        async with await self.api.connect() as connection:
            await connection.send(post + request_bytes("GET", f"{BASE}/{log}/entries") + post
                                  + request_bytes("GET", "/healthz") + b"GET / HT")
            connection.writer.write_eof()
            statuses = [(await connection.response()).status for _ in range(4)]
            self.assertEqual(statuses, [200, 200, 200, 200])
            self.assertEqual(await connection.rest(), b"")

    async def test_a_large_answer_to_a_slow_reader(self):
        log = new_log()
        lines = [f"{n:05} " + "z" * 500 for n in range(9000)]
        for first in range(0, len(lines), 1000):
            await self.api.append(log, "\n".join(lines[first:first + 1000]))
        async with await self.api.connect(receive_buffer=4096) as connection:
            await connection.send(request_bytes("GET", f"{BASE}/{log}/entries?limit=9000")
                                  + request_bytes("GET", "/healthz"))
            await asyncio.sleep(0.2)
            answer = await connection.response()
            self.assertEqual([entry["text"] for entry in answer.json()["entries"]], lines)
            self.assertEqual((await connection.response()).body, b"ok\n")

    async def test_an_answer_before_the_body_is_complete(self):
        """A refused upload is answered, whatever the client still sends."""
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/-bad/x/entries", {
                "Content-Type": "text/plain", "Content-Length": "1000000"}))
            answer = await connection.response()
            self.check_problem(answer, 400)
            try:
                for _ in range(10):
                    await connection.send(b"x" * 100_000)
                self.assertEqual((await connection.request("GET", "/healthz")).status, 200)
            except (ConnectionError, Exception) as error:
                self.assertEqual(answer.header("Connection"), "close", error)


class ExpectTest(ServerCase):
    async def test_100_continue(self):
        log = new_log()
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/{log}/entries", {
                "Content-Type": "text/plain", "Content-Length": "2", "Expect": "100-continue"}))
            interim = await connection.head()
            self.assertEqual(interim.raw_head, b"HTTP/1.1 100 Continue\r\n\r\n")
            await connection.send(b"x\n")
            self.assertEqual((await connection.response()).json()["stored"], 1)

    async def test_refused_without_the_body(self):
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/-bad/x/entries", {
                "Content-Type": "text/plain", "Content-Length": "2", "Expect": "100-continue"}))
            self.check_problem(await connection.response(), 400)

    async def test_body_that_comes_without_waiting(self):
        log = new_log()
        async with await self.api.connect() as connection:
            await connection.send(request_bytes("POST", f"{BASE}/{log}/entries", {
                "Content-Type": "text/plain", "Expect": "100-continue"}, b"x\n"))
            answer = await connection.head()
            if answer.status == 100:
                answer = await connection.head()
            self.assertEqual(answer.status, 200)

    async def test_unknown_expectation(self):
        answer = await self.api.append(new_log(), "x\n", headers={"Expect": "a-miracle"})
        self.assertIn(answer.status, (200, 417))


class MethodTest(ServerCase):
    async def test_head_has_the_headers_of_get(self):
        log = new_log()
        await self.api.append(log, "x\n", query="?end=succeeded")
        for path in ("/healthz", f"{BASE}/{log}", f"{BASE}/{log}/entries", f"{BASE}/{log}/raw",
                     BASE, "/metrics"):
            with self.subTest(path=path):
                got = await self.api.get(path)
                head = await self.api.request("HEAD", path)
                self.assertEqual((head.status, head.body), (200, b""))
                self.assertEqual(head.header("Content-Type"), got.header("Content-Type"))
                self.assertEqual(head.header("ETag"), got.header("ETag"))

    async def test_connection_goes_on_after_head(self):
        async with await self.api.connect() as connection:
            for _ in range(3):
                self.assertEqual((await connection.request("HEAD", "/healthz")).status, 200)

    async def test_options(self):
        log = new_log()
        for path, methods in ((f"{BASE}/{log}", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
                              (f"{BASE}/{log}/entries", {"GET", "HEAD", "POST", "OPTIONS"}),
                              (f"{BASE}/{log}/end", {"POST", "OPTIONS"}),
                              (f"{BASE}/{log}/events", {"GET", "HEAD", "OPTIONS"}),
                              (BASE, {"GET", "HEAD", "OPTIONS"})):
            with self.subTest(path=path):
                answer = await self.api.request("OPTIONS", path)
                self.assertIn(answer.status, (200, 204))
                self.assertEqual(set(re.split(r",\s*", answer.header("Allow"))), methods)

    async def test_options_of_the_server(self):
        answer = await self.api.request("OPTIONS", "*")
        self.assertIn(answer.status, (200, 204))

    async def test_405_says_what_is_allowed(self):
        log = new_log()
        for method, path in (("DELETE", f"{BASE}/{log}/entries"), ("POST", f"{BASE}/{log}"),
                             ("GET", f"{BASE}/{log}/end"), ("PUT", f"{BASE}/{log}/events"),
                             ("POST", "/healthz"), ("PATCH", f"{BASE}/{log}"), ("POST", BASE)):
            with self.subTest(method=method, path=path):
                answer = await self.api.request(method, path)
                self.check_problem(answer, 405)
                self.assertNotIn(method, re.split(r",\s*", answer.header("Allow")))

    async def test_unknown_method(self):
        for method in ("BREW", "get", "TRACE", "CONNECT"):
            async with await self.api.connect() as connection:
                await connection.send(f"{method} /healthz HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                self.assertIn((await connection.response()).status, (400, 405, 501), method)

    async def test_404(self):
        for path in ("/api/v2/logs", "/api/v1", f"{BASE}/a", f"{BASE}/a/b/c", f"{BASE}/a/b/raw/",
                     "/api/v1/sse", "/healthz/", "/..%2fetc%2fpasswd", "//healthz",
                     f"{BASE}/a/../healthz"):
            with self.subTest(path=path):
                self.check_problem(await self.api.get(path), 404)


if __name__ == "__main__":
    unittest.main()
