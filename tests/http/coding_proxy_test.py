"""Compressed streams behind proxies: nginx as people configure it, and one that cuts anywhere."""

import asyncio
import contextlib
import unittest

from support.api import Api, BASE, new_log
from support.case import ServerCase, seeded_rng
from support.coding import CODINGS
from support.http import ProtocolError
from support.nginx import Nginx
from support.proxy import CuttingProxy

LINES = "".join(f"{n} the quick brown fox jumps over the lazy dog\n" for n in range(2000))
LOST = (OSError, ProtocolError, TimeoutError)


class Viewer:
    """Comes back with its last id, as a browser does, until the end."""

    def __init__(self, log, coding, position=0):
        self.log = log
        self.coding = coding
        self.position = position
        self.last_id = ""
        self.texts = []
        self.connects = 0
        self.ended = False

    async def watch(self, port_now):
        while not self.ended:
            with contextlib.suppress(*LOST):
                await self.connect(Api(port_now()))

    async def connect(self, api):
        self.connects += 1
        headers = {"Accept-Encoding": self.coding}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        async with await api.stream(self.log, f"?from={self.position}", headers) as stream:
            if stream.response.header("Content-Encoding") != self.coding:
                raise AssertionError(stream.response)
            while (event := await stream.next()) is not None:
                self.last_id = event.id or self.last_id
                self.ended = event.event == "end"
                if event.event == "message":
                    self.texts.append(event.data)


class NginxTest(ServerCase):
    # How a location is written by who thinks of compression, and by who does not.
    CONFIGURED = {
        "as it comes": "",
        "keep-alive": "proxy_http_version 1.1; proxy_set_header Connection '';",
        "gzip on": "gzip on; gzip_proxied any; gzip_types text/event-stream text/plain;",
        "gzip itself": "gzip on; gzip_proxied any; gzip_types text/event-stream text/plain;"
                       " proxy_set_header Accept-Encoding ''; proxy_http_version 1.1;",
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nginx = Nginx(cls.server.port, cls.CONFIGURED).start()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.stop()
        super().tearDownClass()

    async def test_no_line_waits_for_another(self):
        for name, port in self.nginx.ports.items():
            log = new_log()
            await self.api.append(log, LINES)
            async with await Api(port).stream(log, "?from=1500",
                                              {"Accept-Encoding": "gzip"}) as stream:
                self.assertEqual(stream.response.header("Content-Encoding"), "gzip", name)
                await stream.until_raw(b"1999 the quick")
                for n in range(5):
                    await self.api.append(log, f"live {n}\n")
                    await stream.until_raw(f"data: live {n}\n".encode())
                await self.api.end(log)
                events = await stream.to_end()
            self.assertEqual(events[-1].event, "end", name)
            self.assertEqual(len(events), 500 + 5 + 1, name)

    async def test_nothing_is_lost_when_nginx_restarts(self):
        log = new_log()
        await self.api.append(log, LINES)
        port = self.nginx.ports["keep-alive"]
        viewers = [Viewer(log, coding, start) for coding in CODINGS for start in (0, 1234)]
        watching = asyncio.gather(*(viewer.watch(lambda: port) for viewer in viewers))
        for round_ in range(3):
            await self.api.append(log, "".join(f"{round_}.{n}\n" for n in range(100)))
            await self.seen(viewers, f"{round_}.99")
            await asyncio.to_thread(self.nginx.restart)
        await self.api.end(log)
        await watching
        expected = LINES.splitlines() + [f"{r}.{n}" for r in range(3) for n in range(100)]
        for viewer in viewers:
            self.assertEqual(viewer.texts, expected[viewer.position:])
            self.assertGreater(viewer.connects, 3)

    async def seen(self, viewers, text):
        while not all(viewer.texts and viewer.texts[-1] == text for viewer in viewers):
            await asyncio.sleep(0.01)

    async def test_downloads_stay_as_they_are(self):
        log = new_log()
        await self.api.append(log, LINES, query="?end=succeeded")
        for name, port in self.nginx.ports.items():
            for accepted in ("identity", "gzip"):
                answer = await Api(port).get(f"{BASE}/{log}/raw", {"Accept-Encoding": accepted})
                coding = answer.header("Content-Encoding")
                self.assertEqual(coding, None if accepted == "identity" else "gzip", name)


class CuttingProxyTest(ServerCase):
    async def test_nothing_is_lost_wherever_it_cuts(self):
        rng = seeded_rng("cuts")
        proxy = await CuttingProxy(self.server.port, rng,
                                   lambda: (1 << 20, rng.randrange(400, 20_000))).start()
        log = new_log()
        await self.api.append(log, LINES)
        viewers = [Viewer(log, coding, start) for coding in CODINGS
                   for start in (0, rng.randrange(2000), 1999)]
        watching = asyncio.gather(*(viewer.watch(lambda: proxy.port) for viewer in viewers))
        expected = LINES.splitlines()
        for _ in range(30):
            burst = [f"{len(expected) + n} {rng.getrandbits(64):x}"
                     for n in range(rng.choice((1, 3, 200)))]
            await self.api.append(log, "\n".join(burst) + "\n")
            expected += burst
        await self.api.end(log)
        async with asyncio.timeout(120):
            await watching
        for viewer in viewers:
            self.assertEqual(viewer.texts, expected[viewer.position:])
        self.assertGreater(proxy.cuts, 0)
        await proxy.stop()


if __name__ == "__main__":
    unittest.main()
