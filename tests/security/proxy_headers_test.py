"""A proxy names the user in fields: only a trusted one, and its clients cannot have a say in it;
with real nginx and HAProxy between."""

import asyncio
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from support.api import BASE, PORTAL, Api, new_log
from support.case import AsyncCase
from support.http import Connection, ProtocolError
from support.nginx import Nginx, free_ports
from support.server import Server
from support.sse import Stream

PROXY = "127.0.0.2"     # the address from which proxies speak to the server; tests use 127.0.0.1
GRANTS = [{"user": "joe", "logs": "joe/*", "may": ["read", "write"]},
          {"user": "root", "logs": "root/*", "may": ["read", "write"]},
          {"group": "admins", "logs": "root/*", "may": ["read", "write"]}]
# What a client says to be root or an admin.
SMUGGLED = [b"X-Remote-User: root", b"x-remote-user: root", b"X_Remote_User: root",
            b"X-Remote_User: root", b"X-Remote-User: root\r\nX-Remote-User: root",
            b"X-Remote-User : root", b"X-Remote-User\t: root", b"X-Remote-User:\troot",
            b" X-Remote-User: root", b"A: b\r\n X-Remote-User: root", b"A: b\nX-Remote-User: root",
            b"A: b\rX-Remote-User: root", b"A: b\0\r\nX-Remote-User: root",
            b"X-Remote-User: joe, root", b"X-Remote-Groups: admins", b"X_Remote_Groups: admins",
            b"X-Remote-Groups: dev\r\nx-remote-groups: admins", b"X-Remote-User;: root",
            b"Connection: X-Remote-User", b"Connection: close, X-Remote-Groups\r\n"
            b"X-Remote-Groups: admins", b"X-Remote-User\xc2\xa0: root",
            b"X\xe2\x80\x90Remote-User: root",
            b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\nX-Remote-User: root",
            b"Forwarded: for=127.0.0.2", b"X-Forwarded-For: 127.0.0.2\r\nX-Remote-User: root",
            b"X-Real-IP: 127.0.0.2\r\nX-Remote-User: root", b"Via: 1.1 127.0.0.2"]
NGINX = {"plain": f"proxy_bind {PROXY}; proxy_set_header X-Remote-User joe;"
                  "proxy_set_header X-Remote-Groups '';",
         "underscores": f"proxy_bind {PROXY}; underscores_in_headers on;"
                        "ignore_invalid_headers off;"
                        "proxy_set_header X-Remote-User joe; proxy_set_header X-Remote-Groups dev;"}
HAPROXY = """
global
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:{port}
  http-request set-header X-Remote-User joe
  http-request del-header X-Remote-Groups
  default_backend out
backend out
  server one 127.0.0.1:{target} source {source}
"""


class HaProxy:
    def __init__(self, target):
        self.target = target
        self.port, = free_ports(1)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-haproxy-"))
        self.process = None

    def start(self):
        config = self.folder / "haproxy.cfg"
        config.write_text(HAPROXY.format(port=self.port, target=self.target, source=PROXY))
        program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
        self.process = subprocess.Popen([program, "-db", "-f", str(config)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + 30
        while not Nginx.answers(self.port):
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError("haproxy does not start")
            time.sleep(0.02)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


class ProxyHeadersTest(AsyncCase):
    @classmethod
    def setUpClass(cls):
        settings = {"access.enabled": True, "grant": GRANTS, "trusted_proxies": [PROXY],
                    "proxy_auth.user_header": "X-Remote-User",
                    "proxy_auth.groups_header": "X-Remote-Groups"}
        cls.server = Server(settings=settings).start()
        cls.nginx = Nginx(cls.server.port, NGINX).start()
        cls.haproxy = HaProxy(cls.server.port).start()
        cls.ports = {**cls.nginx.ports, "haproxy": cls.haproxy.port}

    @classmethod
    def tearDownClass(cls):
        cls.haproxy.stop()
        cls.nginx.stop()
        cls.server.stop()

    async def raw(self, port, path, lines):
        """The status, or None if the request was not worth one."""
        async with await Connection.open(port) as connection:
            await connection.send(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + lines +
                                  b"\r\n\r\n")
            try:
                return (await connection.response()).status
            except (ProtocolError, asyncio.IncompleteReadError, ConnectionError):
                return None

    async def test_a_trusted_proxy_is_believed(self):
        log = new_log("joe")
        for name, port in self.ports.items():
            self.assertEqual((await Api(port).append(log, "x\n")).status, 200, name)
            self.assertEqual((await Api(port).meta(log)).status, 200, name)
            self.assertEqual((await Api(port).meta("root/1")).status, 404, name)

    async def test_nobody_else_is(self):
        for lines in SMUGGLED:
            for path in (f"{BASE}/joe/1", f"{BASE}/root/1"):
                status = await self.raw(self.server.port, path, lines)
                self.assertIn(status, (400, 401, None), lines)

    async def test_nothing_can_be_smuggled_through_a_proxy(self):
        headers = {"X-Remote-User": "root"}
        self.assertEqual((await self.raw_as_proxy(headers)), 200)   # it would be worth the trouble
        for name, port in self.ports.items():
            for lines in SMUGGLED:
                with self.subTest(proxy=name, lines=lines):
                    status = await self.raw(port, f"{BASE}/root/1", lines)
                    self.assertIn(status, (400, 401, 404, None))
                    # 401 for two fields of a name is right, being somebody else is not.
                    own = await self.raw(port, f"{BASE}/joe/1", lines)
                    self.assertIn(own, (200, 400, 401, 404, None))

    async def raw_as_proxy(self, headers):
        """As a proxy would: from its address."""
        def ask():
            with socket.create_connection(("127.0.0.1", self.server.port), 10, (PROXY, 0)) as sock:
                fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                sock.sendall(f"PUT {BASE}/root/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                             f"Connection: close\r\n{fields}\r\n".encode())
                return int(sock.recv(100).split()[1])
        status = await asyncio.to_thread(ask)
        return 200 if status in (200, 201) else status

    async def test_spellings_and_repetitions_of_a_trusted_proxy_itself(self):
        for headers, status in (({"X_Remote_User": "root"}, 401), ({"X-Remote-User": ""}, 401),
                                ({"X-Remote-User": "root\r\nX-Remote-User: joe"}, 401),
                                ({"X-Remote-User": "root\r\nX-Remote-User: root"}, 401),
                                ({"X-Remote-User": "joe", "X-Remote-Groups": "dev,admins"}, 200),
                                ({"X-Remote-User": "joe", "X-Remote-Groups": "dev\r\n"
                                  "X-Remote-Groups: admins"}, 401),
                                ({"X-Remote-User": "joe"}, 403)):
            self.assertEqual(await self.raw_as_proxy(headers), status, headers)


class TimeTest(AsyncCase):
    """What a proxy said is good for a while; then its client comes back through it."""

    async def test_a_stream_ends_softly_and_its_client_goes_on(self):
        settings = {"access.enabled": True, "grant": GRANTS, "trusted_proxies": [PROXY],
                    "proxy_auth.user_header": "X-Remote-User", "proxy_auth.max_age": "1s",
                    "access.recheck": "100ms"}
        server = Server(settings=settings).start()
        self.addCleanup(server.stop)
        joe = {"X-Remote-User": "joe"}

        async def again(path, last_id=""):
            more = {"Last-Event-ID": last_id} if last_id else {}
            return await Stream.open(server.port, path, {**joe, **more}, source=PROXY)

        async with await Connection.open(server.port, source=PROXY) as connection:
            fields = {**joe, "Content-Type": "text/plain", "Sec-Fetch-Site": "same-origin"}
            answer = await connection.request("POST", f"{BASE}/joe/1/entries", fields, b"one\n")
            self.assertEqual(answer.status, 200, answer)
        for path in (f"{BASE}/joe/1/events", f"{PORTAL}/?type=joe&id=1", f"{BASE}/events"):
            async with await again(path) as stream:
                events = await stream.to_end()
                self.assertNotIn("expired", [event.event for event in events])
                self.assertTrue(2000 <= stream.parser.retries[-1] <= 4000, stream.parser.retries)
                self.assertTrue(stream.closed)
            async with await again(path, stream.parser.last_id) as stream:
                self.assertEqual(stream.response.status, 200)
        async with await again(f"{PORTAL}/?type=joe&id=1&sentinel=0") as stream:
            with self.assertRaises((ProtocolError, asyncio.IncompleteReadError, ConnectionError)):
                await stream.to_end()     # a whole answer would be the log's end


class UselessSettingTest(unittest.TestCase):
    def test_without_trusted_proxies(self):
        server = Server(settings={"access.enabled": True, "proxy_auth.user_header": "X-U"}).spawn()
        try:
            self.assertNotEqual(server.wait(), 0)
            self.assertIn("of no use without trusted_proxies", server.log_text())
        finally:
            server.stop()


if __name__ == "__main__":
    unittest.main()
