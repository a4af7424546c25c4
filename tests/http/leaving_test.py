"""Clients that are gone at the worst moment: the server must outlive all of them."""

import socket
import struct
import unittest

from support.api import BASE, PORTAL, Api, new_log
from support.case import AsyncCase
from support.http import request_bytes
from support.server import Server

ROUNDS = 60


class LeavingTest(AsyncCase):
    def setUp(self):
        super().setUp()
        self.server = Server(settings={"workers": 1})
        self.addCleanup(self.server.stop)
        self.path = str(self.server.folder / "socket")
        self.server.listen.append("unix:" + self.path)
        self.server.start()
        self.api = Api(self.server.port)

    def requests(self, log):
        yield request_bytes("GET", f"{BASE}/events")
        yield request_bytes("GET", f"{BASE}/{log}/events")
        yield request_bytes("GET", f"{BASE}/{log}/events?wait=0")
        yield request_bytes("GET", f"{PORTAL}/?type=a&id=b")
        yield request_bytes("GET", f"{BASE}/{log}/raw")
        yield request_bytes("GET", f"{BASE}/{log}/entries")
        yield request_bytes("GET", f"{BASE}/{log}/search?q=x")
        yield request_bytes("GET", "/metrics")
        yield request_bytes("PUT", f"{BASE}/{new_log()}")
        yield request_bytes("POST", f"{BASE}/{new_log()}/entries",
                            {"Content-Type": "text/plain"}, b"x\n" * 1000)

    async def check(self, leave):
        log = new_log()
        await self.api.append(log, "x\n" * 1000)
        for request in self.requests(log):
            with self.subTest(request=request[:60]):
                for _ in range(ROUNDS):
                    leave(request)
                self.assertEqual((await self.api.get("/healthz")).status, 200)
        self.server.check_end()

    async def test_nobody_reads_the_answer(self):
        """Over a unix socket, the first byte that is written already finds nobody."""
        def leave(request):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.path)
                client.sendall(request)
        await self.check(leave)

    async def test_resets(self):
        def leave(request):
            with socket.create_connection(("127.0.0.1", self.server.port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.sendall(request)
        await self.check(leave)


if __name__ == "__main__":
    unittest.main()
