"""Requests that two programs could read differently are refused and the connection is closed."""

import re
import unittest

from support.api import BASE, new_log
from support.case import ServerCase
from support.http import parse_head

INNER = b"GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n"


class SmugglingTest(ServerCase):
    settings = {"limits.body_timeout": "1500ms", "limits.chunked_body_timeout": "1500ms",
                "limits.header_timeout": "1500ms"}

    async def check_refused(self, raw, statuses=(400,)):
        """One answer, an error, and the end of the connection; nothing behind it is answered."""
        async with await self.api.connect() as connection:
            try:
                await connection.send(raw)
            except ConnectionError:
                pass
            whole = await connection.rest()
        self.assertIn(b"\r\n\r\n", whole, raw)
        head = parse_head(whole[:whole.index(b"\r\n\r\n") + 4])
        self.assertIn(head.status, statuses, (raw, whole))
        self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d\d\d ", whole)), 1, (raw, whole))
        self.assertEqual(head.header("Connection"), "close")
        self.assertEqual(head.header("Content-Type"), "application/problem+json")

    def post(self, headers, body):
        return (f"POST {BASE}/{new_log()}/entries HTTP/1.1\r\nHost: x\r\n"
                "Content-Type: text/plain\r\n").encode() + headers + b"\r\n" + body

    async def test_both_lengths(self):
        for headers in (b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
                        b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"):
            await self.check_refused(self.post(headers, b"0\r\n\r\n" + INNER))

    async def test_two_lengths(self):
        await self.check_refused(self.post(b"Content-Length: 5\r\nContent-Length: 2\r\n",
                                           b"x\n" + INNER))
        await self.check_refused(self.post(b"Content-Length: 5, 2\r\n", b"x\n" + INNER))

    async def test_lengths_that_are_none(self):
        for value in (b"+2", b"-2", b"0x2", b"2 ", b"2 2", b"", b"two", b"2.0", b"2_0", b"\xb2",
                      b"99999999999999999999999"):
            if value == b"2 ":
                continue                      # blanks around a value are no part of it
            with self.subTest(value=value):
                await self.check_refused(self.post(b"Content-Length: " + value + b"\r\n",
                                                   b"x\n" + INNER), (400, 413))

    async def test_transfer_codings(self):
        for value in (b"identity", b"chunked, identity", b"chunked, chunked", b"xchunked", b"gzip",
                      b"gzip, chunked", b"chunked;q=1", b"\x0bchunked", b"\"chunked\"", b""):
            with self.subTest(value=value):
                await self.check_refused(self.post(b"Transfer-Encoding: " + value + b"\r\n",
                                                   b"0\r\n\r\n" + INNER), (400, 501))

    async def test_two_transfer_codings(self):
        await self.check_refused(self.post(
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n" + INNER),
            (400, 501))

    async def test_chunked_in_http_1_0(self):
        raw = self.post(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER)
        await self.check_refused(raw.replace(b"HTTP/1.1", b"HTTP/1.0", 1))

    async def test_bad_chunks(self):
        for body in (b"x\r\n", b"-1\r\na", b"+1\r\na\r\n", b"0x1\r\na\r\n", b" 1\r\na\r\n",
                     b"1\na\n0\n\n", b"2\r\nabc\r\n0\r\n\r\n", b"1\r\na\n0\r\n\r\n",
                     b"FFFFFFFFFFFFFFFFF\r\n", b"1 \r\na\r\n", b"\r\n", b"1;a\nb\r\na\r\n",
                     b"1\ra\r\n0\r\n\r\n"):
            with self.subTest(body=body):
                await self.check_refused(self.post(b"Transfer-Encoding: chunked\r\n", body))

    async def test_bare_cr_and_lf(self):
        for raw in (b"GET /healthz HTTP/1.1\nHost: x\n\n",
                    b"GET /healthz HTTP/1.1\r\nHost: x\n\r\n",
                    b"GET /healthz HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
                    b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n",
                    b"GET /healthz HTTP/1.1\rHost: x\r\n\r\n",
                    b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\nB: c\r\n\r\n"):
            with self.subTest(raw=raw):
                await self.check_refused(raw)

    async def test_folded_lines(self):
        for fold in (b" ", b"\t"):
            await self.check_refused(b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n" + fold
                                     + b"c\r\n\r\n")
            await self.check_refused(b"GET /healthz HTTP/1.1\r\n" + fold + b"Host: x\r\n\r\n")

    async def test_header_names(self):
        for line in (b"Host : x", b" Host: x", b"Ho st: x", b": x", b"nonsense", b"H\0st: x",
                     b"Content-Length : 5", b"X(Y): z", b"\xc3\xa9: x"):
            with self.subTest(line=line):
                await self.check_refused(b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + line
                                         + b"\r\n\r\n")

    async def test_header_values(self):
        for value in (b"a\0b", b"a\x01b", b"a\x7fb"):
            await self.check_refused(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + value
                                     + b"\r\n\r\n")

    async def test_hosts(self):
        for hosts in (b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nHost: a\r\n", b"Host: a b\r\n",
                      b"Host: a,b\r\n", b"Host: a/b\r\n", b"Host: a@b\r\n"):
            with self.subTest(hosts=hosts):
                await self.check_refused(b"GET /healthz HTTP/1.1\r\n" + hosts + b"\r\n")

    async def test_request_lines(self):
        for line in (b"GET  /healthz HTTP/1.1", b"GET /healthz  HTTP/1.1", b"GET /healthz",
                     b"GET /a b HTTP/1.1", b"GET\t/healthz HTTP/1.1", b"GET /healthz HTTP/1.1 ",
                     b"GET healthz HTTP/1.1", b"GET /h\0 HTTP/1.1", b"GET /\x01 HTTP/1.1",
                     b"GET /%zz HTTP/1.1", b"GET /healthz HTTP/2.0", b"GET /healthz HTTP/1.2345",
                     b"GET /healthz http/1.1", b"GET /healthz HTTP/9.9", b"\x16\x03\x01\x02\0\x01"):
            with self.subTest(line=line):
                await self.check_refused(line + b"\r\nHost: x\r\n\r\n", (400, 501, 505))

    async def test_what_came_before_a_bad_chunk_is_told(self):
        log = new_log()
        async with await self.api.upload(log) as upload:
            await upload.send(b"one\ntwo\nhalf")
            await upload.connection.send(b"zz\r\n")
            answer = await upload.connection.response()
            self.assertEqual(self.check_problem(answer, 400, "chunk")["stored"], 2)
            self.assertEqual(await upload.connection.rest(), b"")
        self.assertEqual(await self.api.texts(log), ["one", "two"])

    async def test_nothing_of_a_refused_request_is_stored(self):
        log = new_log()
        raw = (f"POST {BASE}/{log}/entries HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
               "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nx\n\r\n0\r\n\r\n")
        await self.check_refused(raw.encode())
        self.assertEqual((await self.api.meta(log)).status, 404)

    async def test_a_get_with_a_body_does_not_become_two_requests(self):
        async with await self.api.connect() as connection:
            await connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                  + str(len(INNER)).encode() + b"\r\n\r\n" + INNER)
            await connection.response()
            connection.writer.write_eof()
            self.assertEqual(await connection.rest(), b"")


if __name__ == "__main__":
    unittest.main()
