"""Streams behind real proxies: lines at once, nothing lost when one of them restarts, the end.

The configurations are those of docs/proxies/; besides, what people have who never read them.
"""

import asyncio
import contextlib
import pathlib
import re

from support.api import BASE, Api, new_log
from support.case import AsyncCase
from support.front import Caddy, HaProxy, Nginx, documented
from support.http import TIMEOUT_SECONDS, Connection, ProtocolError, request_bytes
from support.http2 import Http2Connection
from support.server import Server, free_port
from support.sse import Stream
from support.tls import Certificate

LOST = (OSError, ProtocolError, TimeoutError, AssertionError)
STREAM = {"Accept": "text/event-stream"}


class FrontCase(AsyncCase):
    """`make_front` of the class starts the proxy in front of `server`."""

    settings = {"trusted_proxies": ["127.0.0.1"], "log_level": "debug"}
    prefix = ""             # of every path
    certificate = None
    https = False

    @classmethod
    def setUpClass(cls):
        if cls.https:
            cls.certificate = Certificate()
        cls.server = Server(settings=cls.settings).start()
        cls.direct = Api(cls.server.port)
        cls.front = cls.make_front(free_port())
        cls.front.start()
        cls.tls = cls.certificate.client() if cls.https else None

    @classmethod
    def tearDownClass(cls):
        cls.front.stop()
        cls.server.stop()
        if cls.certificate:
            cls.certificate.remove()

    async def open(self, path, headers=None):
        """A stream through the proxy."""
        stream = await PrefixedApi(self.prefix, self.front.port, tls=self.tls).stream_of(
            path, headers)
        self.addCleanup(stream.abort)
        return stream

    async def ask(self, method, path, headers=None, body=None, address=None):
        local = (address, 0) if address else None
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.front.port, ssl=self.tls, local_addr=local,
            server_hostname="localhost" if self.tls else None)
        async with Connection(reader, writer) as connection:
            await connection.send(request_bytes(method, self.prefix + path, headers, body,
                                                host="logs.example.org"))
            return await connection.response(no_body=method == "HEAD")


class PrefixedApi(Api):
    def __init__(self, prefix, port, tls=None):
        super().__init__(port, tls=tls)
        self.prefix = prefix

    async def stream_of(self, path, headers=None):
        return await Stream.open(self.port, self.prefix + path, headers, tls=self.tls)


class LiveTests:
    """What every proxy has to show."""

    async def test_lines_come_at_once(self):
        for headers in ({}, {"Accept-Encoding": "gzip"}):
            log = new_log()
            stream = await self.open(f"{BASE}/{log}/events", headers)
            self.assertEqual(stream.response.status, 200)
            self.assertEqual(stream.response.header("Content-Type"), "text/event-stream")
            for n in range(5):  # the next is written when the one before has been seen
                await self.direct.append(log, f"live {n}\n")
                self.assertEqual((await stream.next()).data, f"live {n}")
            await self.direct.end(log)
            self.assertEqual([event.event for event in await stream.to_end()], ["end"])

    async def test_nothing_is_lost_when_the_proxy_restarts(self):
        log = new_log()
        texts = []
        last = ""
        ended = asyncio.Event()
        seen = asyncio.Condition()

        async def watch():
            nonlocal last
            while not ended.is_set():
                with contextlib.suppress(*LOST):
                    stream = await self.open(f"{BASE}/{log}/events",
                                             {"Last-Event-ID": last} if last else {})
                    if stream.response.status != 200:
                        continue
                    while (event := await stream.next()) is not None:
                        last = event.id or last
                        async with seen:
                            if event.event == "message":
                                texts.append(event.data)
                            if event.event == "end":
                                ended.set()
                            seen.notify_all()
                await asyncio.sleep(0.01)

        watching = asyncio.ensure_future(watch())
        for round_ in range(3):
            await self.direct.append(log, "".join(f"{round_}.{n}\n" for n in range(100)))
            async with seen:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await seen.wait_for(lambda: texts and texts[-1] == f"{round_}.99")
            self.front.restart()  # not in a thread, whose end would be the end of the proxy
        await self.direct.end(log)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await watching
        self.assertEqual(texts, [f"{r}.{n}" for r in range(3) for n in range(100)])
        answer = await self.ask("GET", f"{BASE}/{log}/events", {**STREAM, "Last-Event-ID": last})
        self.assertEqual(answer.status, 204)

    async def test_pages_and_uploads(self):
        log = new_log()
        body = b"".join(b"%d\n" % n for n in range(20_000))
        answer = await self.ask("POST", f"{BASE}/{log}/entries", {"Content-Type": "text/plain"},
                                body)
        self.assertEqual(answer.json()["stored"], 20_000)
        self.assertEqual((await self.ask("GET", f"{BASE}/{log}/raw")).body, body)
        self.assertEqual((await self.ask("GET", "/")).status, 200)


class OriginTests:
    """Of proxies that tell who their client is."""

    async def test_the_client_is_who_the_proxy_says(self):
        answer = await self.ask("GET", f"{BASE}/no/such", {"X-Forwarded-For": "6.6.6.6"},
                                address="127.0.0.42")
        self.assertEqual(answer.status, 404)
        name = answer.header("X-Request-Id")
        self.assertRegex(self.server.log_text(), rf"request={name} .* client=127\.0\.0\.42 ")


class UploadTests:
    """Of proxies that pass an upload on as it comes."""

    async def test_an_upload_is_seen_while_it_goes_on(self):
        log = new_log()
        api = PrefixedApi(self.prefix, self.front.port, tls=self.tls)
        stream = await self.open(f"{BASE}/{log}/events")
        async with await api.upload(log) as upload:
            for n in range(3):
                await upload.send(b"%d\n" % n)
                self.assertEqual((await stream.next()).data, str(n))
            self.assertEqual((await upload.finish()).json()["stored"], 3)


class SubPathTests:
    """Of proxies that pass on what is below /tailrace."""

    async def test_everything_that_a_page_asks_for_is_below(self):
        page = await self.ask("GET", "/logs/a/b")
        links = re.findall(r' (?:href|src)="([^"]*)"', page.text())
        self.assertTrue(all(link.startswith("/tailrace/assets/") for link in links), links)
        for link in links:
            asset = await self.ask("GET", link.removeprefix("/tailrace"))
            self.assertEqual(asset.status, 200, link)
        again = await self.ask("GET", "/logs/a/b", {"If-None-Match": page.header("ETag")})
        self.assertEqual(again.status, 304)

    async def test_the_path_alone_leads_there(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.front.port)
        async with Connection(reader, writer) as connection:
            answer = await connection.request("GET", self.prefix)
        self.assertIn(answer.status, (301, 308))
        self.assertTrue(answer.header("Location").endswith("/tailrace/"), answer)


class Http2Tests:
    """Of proxies that offer HTTP/2 to browsers."""

    async def test_http2_to_the_browser(self):
        context = self.certificate.client(protocols=("h2",))
        logs = [new_log() for _ in range(20)]
        async with await Http2Connection.open(self.front.port, host="localhost",
                                              ssl=context) as connection:
            streams = [await connection.stream(f"{BASE}/{log}/events") for log in logs]
            for log, stream in zip(logs, streams):
                await self.direct.append(log, "x\n")
                self.assertEqual((await stream.next()).data, "x")


class AwayTests:
    """Of proxies that are told what to say while Tailrace restarts."""

    async def answer_while_away(self, headers, path):
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:  # HAProxy notices by its next check
                answer = await self.ask("GET", path, headers)
                if answer.status != 503 or "Accept" not in headers:
                    return answer
                await asyncio.sleep(0.05)

    async def test_a_browser_is_told_when_to_come_back(self):
        self.server.kill()
        try:
            retries = set()
            for _ in range(12):
                answer = await self.answer_while_away(STREAM, f"{BASE}/a/b/events")
                self.assertEqual(answer.status, 200)
                self.assertRegex(answer.header("Content-Type"), "^text/event-stream")
                self.assertIn("no-store", answer.header("Cache-Control"))
                retry = re.fullmatch(r"retry: (\d+)\n\n", answer.text())
                self.assertTrue(retry, answer.text())
                self.assertTrue(3000 <= int(retry[1]) < 10_000, retry[1])
                retries.add(retry[1])
            self.assertGreater(len(retries), 3)
            answer = await self.answer_while_away({}, f"{BASE}/a/b")
            self.assertIn(answer.status, (502, 503))
        finally:
            self.server.start()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while (await self.ask("GET", "/readyz")).status != 200:
                await asyncio.sleep(0.05)


class NginxDefaultTest(FrontCase, LiveTests):
    """Nothing but proxy_pass: HTTP/1.0 to the server, buffering on, gzip on for event streams."""

    @classmethod
    def make_front(cls, port):
        return Nginx(f"""
            gzip_types text/event-stream text/plain; gzip_proxied any; gzip_min_length 0;
            server {{
              listen 127.0.0.1:{port};
              location / {{ proxy_pass http://127.0.0.1:{cls.server.port}; }}
            }}""", port)


class NginxNestedTest(FrontCase, LiveTests):
    """docs/proxies/nginx-behind-nginx.conf behind one with nothing but proxy_pass."""

    @classmethod
    def make_front(cls, port):
        inner = free_port()
        return Nginx(f"""
            gzip_types text/event-stream text/plain; gzip_proxied any; gzip_min_length 0;
            server {{
              listen 127.0.0.1:{port};
              location / {{ proxy_pass http://127.0.0.1:{inner}; }}
            }}
            """ + documented("nginx-behind-nginx.conf", {
                "listen 80": f"listen 127.0.0.1:{inner}",
                "http://127.0.0.1:8080": f"http://127.0.0.1:{cls.server.port}"}), port)


class NginxTest(FrontCase, LiveTests, OriginTests, UploadTests, Http2Tests, AwayTests):
    """docs/proxies/nginx.conf."""

    https = True

    @classmethod
    def make_front(cls, port):
        return Nginx(documented("nginx.conf", {
            "listen 443": f"listen 127.0.0.1:{port}",
            "http://127.0.0.1:8080": f"http://127.0.0.1:{cls.server.port}",
            "/etc/ssl/logs/fullchain.pem": cls.certificate.cert,
            "/etc/ssl/logs/privkey.pem": cls.certificate.key}), port)


class NginxUnixSocketTest(FrontCase, LiveTests, OriginTests):
    """docs/proxies/nginx-unix-socket.conf."""

    settings = {"trusted_proxies": ["unix"], "log_level": "debug"}

    @classmethod
    def make_front(cls, port):
        path = str(pathlib.Path(cls.server.folder, "http.sock"))
        cls.server.kill()
        cls.server.listen.append("unix:" + path)
        cls.server.start()
        return Nginx(documented("nginx-unix-socket.conf", {
            "listen 80": f"listen 127.0.0.1:{port}",
            "unix:/run/tailrace/http.sock;": f"unix:{path};"}), port)


class NginxSubPathTest(FrontCase, LiveTests, OriginTests, SubPathTests):
    """docs/proxies/nginx-sub-path.conf."""

    settings = {**FrontCase.settings, "base_path": "/tailrace"}
    prefix = "/tailrace"

    @classmethod
    def make_front(cls, port):
        return Nginx(documented("nginx-sub-path.conf", {
            "listen 80": f"listen 127.0.0.1:{port}",
            "http://127.0.0.1:8080": f"http://127.0.0.1:{cls.server.port}"}), port)

    async def test_the_path_alone_leads_to_its_page(self):
        answer = await self.direct.get("/tailrace")
        self.assertEqual(answer.status, 308)
        self.assertEqual(answer.header("Location"), "/tailrace/")

    async def test_probes_need_not_know_it(self):
        self.assertEqual((await self.direct.get("/readyz")).status, 200)
        self.assertEqual((await self.direct.get("/tailrace/readyz")).status, 200)
        self.assertEqual((await self.direct.get("/tailraces/readyz")).status, 404)


class CaddyTest(FrontCase, LiveTests, OriginTests, UploadTests, Http2Tests, AwayTests):
    """docs/proxies/Caddyfile."""

    https = True

    @classmethod
    def make_front(cls, port):
        return Caddy(documented("Caddyfile", {
            "https://logs.example.org": f"https://:{port}",
            "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}",
            "/etc/ssl/logs/fullchain.pem": cls.certificate.cert,
            "/etc/ssl/logs/privkey.pem": cls.certificate.key}), port)


class HaProxyTest(FrontCase, LiveTests, OriginTests, UploadTests, Http2Tests, AwayTests):
    """docs/proxies/haproxy.cfg."""

    https = True

    @classmethod
    def make_front(cls, port):
        bundle = cls.certificate.folder / "bundle.pem"
        bundle.write_text(pathlib.Path(cls.certificate.cert).read_text()
                          + pathlib.Path(cls.certificate.key).read_text())
        return HaProxy(documented("haproxy.cfg", {
            "bind :443": f"bind 127.0.0.1:{port}",
            "127.0.0.1:8080": f"127.0.0.1:{cls.server.port}",
            "/etc/ssl/logs/bundle.pem": str(bundle)}), port)
