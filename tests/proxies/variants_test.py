"""Caddy and HAProxy at a sub-path, over a unix socket and behind another proxy, with the
configurations of docs/proxies/; and the versions of the PROXY protocol that HAProxy speaks."""

import asyncio
import pathlib

from support.api import BASE, Api, new_log
from support.case import AsyncCase
from support.front import Caddy, HaProxy, Nginx, documented
from support.http import Connection
from support.http2 import Http2Connection
from support.server import Server, free_port, wait_until_ready
from support.tls import Certificate
from live_test import FrontCase, LiveTests, OriginTests, SubPathTests, UploadTests


class SubPathCase(FrontCase):
    settings = {**FrontCase.settings, "base_path": "/tailrace"}
    prefix = "/tailrace"


class CaddySubPathTest(SubPathCase, LiveTests, OriginTests, SubPathTests):
    """docs/proxies/Caddyfile-sub-path."""

    @classmethod
    def make_front(cls, port):
        return Caddy(documented("Caddyfile-sub-path", {
            "http://portal.example.org": f"http://:{port}",
            "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}"}), port)


class HaProxySubPathTest(SubPathCase, LiveTests, OriginTests, SubPathTests):
    """docs/proxies/haproxy-sub-path.cfg."""

    @classmethod
    def make_front(cls, port):
        return HaProxy(documented("haproxy-sub-path.cfg", {
            "bind :80": f"bind 127.0.0.1:{port}",
            "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}"}), port)


class UnixSocketCase(FrontCase):
    settings = {"trusted_proxies": ["unix"], "log_level": "debug"}

    @classmethod
    def listen(cls):
        """Where the server listens too from now on."""
        path = str(pathlib.Path(cls.server.folder, "http.sock"))
        cls.server.kill()
        cls.server.listen.append("unix:" + path)
        cls.server.start()
        return path


class CaddyUnixSocketTest(UnixSocketCase, LiveTests, OriginTests, UploadTests):
    """docs/proxies/Caddyfile-unix-socket."""

    @classmethod
    def make_front(cls, port):
        return Caddy(documented("Caddyfile-unix-socket", {
            "http://logs.example.org": f"http://:{port}",
            "unix//run/tailrace/http.sock": f"unix/{cls.listen()}"}), port)


class HaProxyUnixSocketTest(UnixSocketCase, LiveTests, OriginTests, UploadTests):
    """docs/proxies/haproxy-unix-socket.cfg."""

    @classmethod
    def make_front(cls, port):
        return HaProxy(documented("haproxy-unix-socket.cfg", {
            "bind :80": f"bind 127.0.0.1:{port}",
            "unix@/run/tailrace/http.sock": f"unix@{cls.listen()}"}), port)


class Nested:
    """`inner` behind an nginx with its defaults, which tells who its clients are."""

    def __init__(self, inner, port):
        self.inner = inner
        self.port = port
        self.outer = Nginx(f"""
            gzip_types text/event-stream text/plain; gzip_proxied any; gzip_min_length 0;
            server {{
              listen 127.0.0.1:{port};
              location / {{
                proxy_pass http://127.0.0.1:{inner.port};
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto $scheme;
                proxy_set_header X-Forwarded-Host $http_host;
              }}
            }}""", port)

    def start(self):
        self.inner.start()
        self.outer.start()

    def restart(self):
        self.inner.restart()
        self.outer.restart()

    def stop(self):
        self.outer.stop()
        self.inner.stop()


class NestedTests:
    async def test_whoever_is_not_the_proxy_in_front_is_not_believed(self):
        """Asked past the outer one, from another address."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.front.inner.port,
                                                       local_addr=("127.0.0.43", 0))
        async with Connection(reader, writer) as connection:
            answer = await connection.request("GET", f"{BASE}/no/such",
                                              {"X-Forwarded-For": "6.6.6.6"})
        name = answer.header("X-Request-Id")
        self.assertRegex(self.server.log_text(), rf"request={name} .* client=127\.0\.0\.43 ")


class CaddyNestedTest(FrontCase, LiveTests, OriginTests, NestedTests):
    """docs/proxies/Caddyfile-behind-proxy."""

    @classmethod
    def make_front(cls, port):
        inner = free_port()
        return Nested(Caddy(documented("Caddyfile-behind-proxy", {
            "http://logs.example.org": f"http://:{inner}", "10.0.0.5": "127.0.0.1",
            "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}"}), inner), port)


class HaProxyNestedTest(FrontCase, LiveTests, OriginTests, NestedTests):
    """docs/proxies/haproxy-behind-proxy.cfg."""

    @classmethod
    def make_front(cls, port):
        inner = free_port()
        return Nested(HaProxy(documented("haproxy-behind-proxy.cfg", {
            "bind :80": f"bind 127.0.0.1:{inner}", "10.0.0.5": "127.0.0.1",
            "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}"}), inner), port)


class ProxyProtocolTlsTest(AsyncCase):
    """docs/proxies/haproxy-tcp.cfg in front of a server with TLS, by both versions."""

    @classmethod
    def setUpClass(cls):
        cls.certificate = Certificate()
        cls.server = Server(settings={"proxy_protocol": True, "trusted_proxies": ["127.0.0.1"],
                                      "log_level": "debug", **cls.certificate.settings()})
        cls.server.spawn()
        cls.fronts = {}
        for version, word in ((1, "send-proxy"), (2, "send-proxy-v2")):
            port = free_port()
            cls.fronts[version] = HaProxy(documented("haproxy-tcp.cfg", {
                "bind :80": f"bind 127.0.0.1:{port}", "send-proxy-v2": word,
                "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}"}), port).start()
            wait_until_ready(port, tls=True)

    @classmethod
    def tearDownClass(cls):
        for front in cls.fronts.values():
            front.stop()
        cls.server.stop()
        cls.certificate.remove()

    async def test_the_client_is_named_and_speaks_http2(self):
        context = self.certificate.client(protocols=("h2",))
        for version, front in self.fronts.items():
            log = new_log()
            async with await Http2Connection.open(front.port, host="localhost",
                                                  ssl=context) as connection:
                stream = await connection.stream(f"{BASE}/{log}/events")
                api = Api(front.port, tls=self.certificate.client())
                for n in range(3):
                    await api.append(log, f"{n}\n")
                    self.assertEqual((await stream.next()).data, str(n))
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", front.port, local_addr=(f"127.0.0.5{version}", 0),
                ssl=self.certificate.client(), server_hostname="localhost")
            async with Connection(reader, writer) as connection:
                answer = await connection.request("GET", f"{BASE}/no/such")
            name = answer.header("X-Request-Id")
            self.assertRegex(self.server.log_text(),
                             rf"request={name} .* client=127\.0\.0\.5{version} ")
