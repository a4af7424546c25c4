"""The PROXY protocol: HAProxy's own, and headers that nobody should send."""

import asyncio
import socket
import struct

from support.api import Api, new_log
from support.case import AsyncCase
from support.front import HaProxy, documented
from support.http import TIMEOUT_SECONDS, Connection, request_bytes
from support.http2 import Http2Connection
from support.server import Server, free_port, wait_until_ready
from support.tls import Certificate

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ADDRESSES = bytes([203, 0, 113, 9, 127, 0, 0, 1, 0x12, 0x34, 0, 80])
PROXY = "127.0.0.65"        # a trusted one
LINE = b"PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\n"


def binary(command=0x21, family=0x11, rest=ADDRESSES):
    return SIGNATURE + struct.pack(">BBH", command, family, len(rest)) + rest


class ProxyCase(AsyncCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings={
            "proxy_protocol": True, "trusted_proxies": ["127.0.0.64/26", "unix"],
            "log_level": "debug", "limits.header_timeout": "3s", **cls.settings}).start()
        cls.api = Api(cls.server.port)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code is not None:
            raise AssertionError(f"the server died with {code}")

    async def connect(self, address=PROXY):
        return Connection(*await asyncio.open_connection("127.0.0.1", self.server.port,
                                                         local_addr=(address, 0)))

    def client_of(self, answer):
        name = answer.header("X-Request-Id")
        for line in self.server.log_text().splitlines():
            if f" request={name} " in line:
                return line.partition(" client=")[2].split(" ")[0]
        raise AssertionError(f"{name} is not in the log")


class ProxyProtocolTest(ProxyCase):
    async def client_by(self, header, headers=None):
        async with await self.connect() as connection:
            await connection.send(header + request_bytes("GET", "/healthz", headers))
            return self.client_of(await connection.response())

    async def test_both_versions_name_the_client(self):
        self.assertEqual(await self.client_by(LINE), "203.0.113.9")
        self.assertEqual(await self.client_by(binary()), "203.0.113.9")
        self.assertEqual(await self.client_by(b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n"),
                         "2001:db8::7")

    async def test_who_speaks_for_himself_or_for_nobody_is_the_proxy(self):
        for header in (b"PROXY UNKNOWN\r\n", binary(command=0x20, family=0, rest=b""),
                       binary(family=0x00, rest=b""), binary(family=0x31, rest=b"x" * 216)):
            self.assertEqual(await self.client_by(header), PROXY)

    async def test_one_byte_at_a_time(self):
        for header in (LINE, binary()):
            async with await self.connect() as connection:
                data = header + request_bytes("GET", "/healthz")
                for n in range(len(data)):
                    await connection.send(data[n:n + 1])
                answer = await connection.response()
                self.assertEqual(self.client_of(answer), "203.0.113.9")

    async def test_fields_of_a_client_behind_it_are_not_believed(self):
        told = {"X-Forwarded-For": "6.6.6.6"}
        self.assertEqual(await self.client_by(LINE, told), "203.0.113.9")
        # Another trusted proxy, HTTP's own, behind the one of bytes.
        header = b"PROXY TCP4 127.0.0.66 127.0.0.1 1 2\r\n"
        self.assertEqual(await self.client_by(header, told), "6.6.6.6")

    async def test_a_wrong_header_ends_the_connection_without_a_word(self):
        async def ended(data):
            async with await self.connect() as connection:
                await connection.send(data)
                self.assertEqual(await connection.rest(), b"", data)

        wrong = (request_bytes("GET", "/healthz"), LINE[:-2] + b"\n", b"PROXY TCP9 x\r\n",
                 binary(command=0x33), binary(family=0x77), binary(rest=ADDRESSES[1:]),
                 binary(rest=ADDRESSES + b"\x20\0\x09x"))
        late = (LINE[:20], binary()[:14], b"")
        await asyncio.gather(*(ended(data) for data in wrong + late))
        text = (await self.api.get("/metrics")).text()
        self.assertRegex(text, r"tailrace_proxy_headers_refused_total 10\n")
        self.assertIn("PROXY header refused", self.server.log_text())

    async def test_from_others_it_is_not_even_read(self):
        async with await self.connect("127.0.0.1") as connection:
            answer = await connection.request("GET", "/healthz")
            self.assertEqual(self.client_of(answer), "127.0.0.1")
        async with await self.connect("127.0.0.1") as connection:
            await connection.send(LINE + request_bytes("GET", "/healthz"))
            self.assertEqual((await connection.response()).status, 400)

    async def test_http2_follows_too(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port,
                                                       local_addr=(PROXY, 0))
        writer.write(LINE)
        async with Http2Connection(reader, writer, 1 << 20, 1 << 24, "x") as connection:
            answer = await connection.request("GET", "/healthz")
            self.assertEqual(self.client_of(answer), "203.0.113.9")


class ProxyTlsTest(ProxyCase):
    @classmethod
    def setUpClass(cls):
        cls.certificate = Certificate()
        cls.settings = cls.certificate.settings()
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.certificate.remove()
        super().tearDownClass()

    def ask(self):
        with socket.create_connection(("127.0.0.1", self.server.port), TIMEOUT_SECONDS,
                                      (PROXY, 0)) as plain:
            plain.sendall(LINE)  # its bytes and the first ones of TLS may come together
            with self.certificate.client().wrap_socket(plain,
                                                       server_hostname="localhost") as secured:
                secured.sendall(request_bytes("GET", "/healthz", {"Connection": "close"}))
                got = b""
                while data := secured.recv(1 << 16):
                    got += data
        return got

    async def test_tls_follows_the_header(self):
        answer = await asyncio.to_thread(self.ask)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
        self.assertIn(" client=203.0.113.9 ", self.server.log_text())


class HaProxyTcpTest(AsyncCase):
    """docs/proxies/haproxy-tcp.cfg."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings={"proxy_protocol": True, "trusted_proxies": ["127.0.0.1"],
                                      "log_level": "debug"})
        cls.server.spawn()
        port = free_port()
        text = documented("haproxy-tcp.cfg", {"bind :80": f"bind 127.0.0.1:{port}",
                                              "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}"})
        cls.front = HaProxy(text, port).start()
        wait_until_ready(port)
        cls.api = Api(port)

    @classmethod
    def tearDownClass(cls):
        cls.front.stop()
        cls.server.stop()

    async def test_the_client_is_named_and_lines_come_at_once(self):
        log = new_log()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.front.port,
                                                       local_addr=("127.0.0.42", 0))
        async with Connection(reader, writer) as connection:
            answer = await connection.request("PUT", f"/api/v1/logs/{log}")
        self.assertEqual(answer.status, 201)
        self.assertIn(" client=127.0.0.42 ", self.server.log_text())
        async with await self.api.stream(log) as stream:
            for n in range(3):
                await self.api.append(log, f"{n}\n")
                self.assertEqual((await stream.next()).data, str(n))
            await self.api.end(log)
            self.assertEqual([event.event for event in await stream.to_end()], ["end"])
