"""Who a request is said to come from: the log of answers tells."""

import asyncio
import pathlib
import re
import tempfile

from support.case import AsyncCase
from support.http import Connection, request_bytes
from support.http2 import Http2Connection
from support.server import Server

TOLD = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https",
        "Forwarded": "for=6.6.6.7"}


class OriginTest(AsyncCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tailrace-origin-")
        cls.path = str(pathlib.Path(cls.folder.name, "tailrace.sock"))
        cls.server = Server(settings={"trusted_proxies": ["127.0.0.64/26", "unix"],
                                      "log_level": "debug"})
        cls.server.listen.append("unix:" + cls.path)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def client_of(self, answer):
        """Whom the server's log names for this answer."""
        line = re.search(rf" request={answer.header('X-Request-Id')} .* client=(\S+)",
                         self.server.log_text())
        return line[1]

    async def ask(self, reader, writer, headers):
        connection = Connection(reader, writer)
        async with connection:
            return await connection.request("GET", "/healthz", headers)

    async def from_address(self, address, headers):
        return self.client_of(await self.ask(*await asyncio.open_connection(
            "127.0.0.1", self.server.port, local_addr=(address, 0)), headers))

    async def test_a_trusted_proxy_is_believed(self):
        self.assertEqual(await self.from_address("127.0.0.65", TOLD), "203.0.113.9")

    async def test_nobody_else_is(self):
        for address in ("127.0.0.1", "127.0.0.63", "127.0.0.128"):
            self.assertEqual(await self.from_address(address, TOLD), address)

    async def test_without_a_word_it_is_the_proxy(self):
        self.assertEqual(await self.from_address("127.0.0.65", {}), "127.0.0.65")

    async def test_unix_sockets_are_a_place_to_trust(self):
        answer = await self.ask(*await asyncio.open_unix_connection(self.path), TOLD)
        self.assertEqual(self.client_of(answer), "203.0.113.9")
        answer = await self.ask(*await asyncio.open_unix_connection(self.path), {})
        self.assertEqual(self.client_of(answer), "unix")

    async def test_http2_has_origins_too(self):
        async with await Http2Connection.open(self.server.port) as connection:
            answer = await connection.request("GET", "/healthz", TOLD)
        self.assertEqual(self.client_of(answer), "127.0.0.1")


class ForwardedTest(AsyncCase):
    async def test_the_setting_says_which_field_counts(self):
        server = Server(settings={"trusted_proxies": ["127.0.0.1"], "log_level": "debug",
                                  "forwarded_headers": "forwarded"}).start()
        try:
            async with await Connection.open(server.port) as connection:
                await connection.send(request_bytes("GET", "/healthz", TOLD))
                await connection.response()
            self.assertIn(" client=6.6.6.7 ", server.log_text())
        finally:
            server.stop()
