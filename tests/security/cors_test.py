"""Other sites' pages: what a browser is told that they may do, for every kind of answer."""

import unittest

from support.api import BASE, new_log
from support.case import AsyncCase, ServerCase
from support.http2 import Http2Connection
from support.server import Server
from support.sse import Stream

PORTAL = "https://portal.example"
LOCAL = "http://localhost:3000"
HOSTILE = ("null", "*", "https://evil.test", "https://portal.example.evil.test",
           "https://evilportal.example", "http://portal.example", "https://portal.example:8443",
           "https://portal.example:443", "https://PORTAL.example", "https://portal.example/",
           "https://portal.example@evil.test", "https://portal.example.", "file://",
           "https://portal.example, https://evil.test", "http://localhost",
           "http://localhost:30000",
           "https://evil.test#https://portal.example", "https://portal.example%00.evil.test")
GRANTS = [{"anyone": True, "logs": "public/*", "may": ["read", "write"]}]


class CorsTest(ServerCase):
    settings = {"cors.origins": [PORTAL, "http://LOCALHOST:3000"], "access.enabled": True,
                "grant": GRANTS}

    def check_allowed(self, answer, origin, what=""):
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), origin, what)
        self.assertEqual(answer.header("Access-Control-Allow-Credentials"), "true", what)
        self.assertIn("Origin", ", ".join(answer.all("Vary")), what)

    def check_refused(self, answer, what=""):
        names = [name.lower() for name, _ in answer.headers]
        self.assertFalse([name for name in names if name.startswith("access-control")], what)
        self.assertIn("Origin", ", ".join(answer.all("Vary")), what)

    async def every_kind(self, origin):
        """Pages, errors of each kind, refusals, streams: (what, answer)."""
        log = new_log("public")
        headers = {"Origin": origin}
        yield "append", await self.api.append(log, "a\n", headers=headers)
        for what, path in (("log", f"{BASE}/{log}"), ("page", f"{BASE}/{log}/entries"),
                           ("raw", f"{BASE}/{log}/raw"), ("list", BASE), ("health", "/healthz"),
                           ("index", "/"), ("401", f"{BASE}/secret/1"),
                           ("401 stream", f"{BASE}/secret/1/events"), ("404", "/nothing"),
                           ("400", f"{BASE}/{log}/entries?from=x")):
            yield what, await self.api.get(path, headers)
        yield "405", await self.api.request("PATCH", f"{BASE}/{log}", headers)
        for what, path in (("stream", f"{BASE}/{log}/events"), ("list stream", f"{BASE}/events")):
            async with await Stream.open(self.server.port, path, headers) as stream:
                yield what, stream.response

    async def test_allowed_origins(self):
        for origin in (PORTAL, LOCAL):
            async for what, answer in self.every_kind(origin):
                self.check_allowed(answer, origin, f"{what} {answer}")

    async def test_hostile_origins(self):
        for origin in HOSTILE:
            answer = await self.api.get(f"{BASE}/public/x/entries", {"Origin": origin})
            self.check_refused(answer, f"{origin} {answer}")
        async for what, answer in self.every_kind("https://portal.example.evil.test"):
            self.check_refused(answer, f"{what} {answer}")

    async def test_two_origins_are_none(self):
        answer = await self.api.get(BASE, [("Origin", PORTAL), ("Origin", PORTAL)])
        self.check_refused(answer)

    async def test_without_an_origin_caches_are_told_all_the_same(self):
        self.check_refused(await self.api.get(BASE))

    async def preflight(self, origin, method="DELETE", path=f"{BASE}/public/x"):
        return await self.api.request("OPTIONS", path, {
            "Origin": origin, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type"})

    async def test_preflight_needs_no_login(self):
        for path in (f"{BASE}/secret/1", f"{BASE}/public/x"):
            answer = await self.preflight(PORTAL, path=path)
            self.assertEqual(answer.status, 204)
            self.check_allowed(answer, PORTAL)
            self.assertIn("DELETE", answer.header("Access-Control-Allow-Methods"))
            names = answer.header("Access-Control-Allow-Headers").lower()
            for name in ("authorization", "content-type", "last-event-id", "tailrace-producer",
                         "tailrace-sequence", "content-encoding"):
                self.assertIn(name, names)
            self.assertLessEqual(int(answer.header("Access-Control-Max-Age")), 600)

    async def test_preflight_of_a_hostile_origin(self):
        for origin in HOSTILE:
            self.check_refused(await self.preflight(origin), origin)

    async def test_over_http2(self):
        async with await Http2Connection.open(self.server.port) as connection:
            answer = await connection.request("GET", BASE, {"origin": PORTAL})
            self.check_allowed(answer, PORTAL)
            self.check_refused(await connection.request("GET", BASE, {"origin": "null"}))


class NothingByDefaultTest(ServerCase):
    async def test_no_origin_is_allowed(self):
        for origin in (PORTAL, "null", f"http://127.0.0.1:{self.server.port}"):
            for method in ("GET", "OPTIONS"):
                answer = await self.api.request(method, BASE, {
                    "Origin": origin, "Access-Control-Request-Method": "GET"})
                self.assertFalse([name for name, _ in answer.headers
                                  if name.lower().startswith("access-control")])


class HeadersTest(ServerCase):
    settings = {"pages.frame_ancestors": ["https://Portal.Example:443", LOCAL]}

    async def test_of_pages(self):
        for path in ("/", "/logs/a/b"):
            answer = await self.api.get(path)
            policy = dict(part.strip().split(" ", 1)
                          for part in answer.header("Content-Security-Policy").split(";"))
            self.assertEqual(policy["default-src"], "'none'")
            self.assertEqual(policy["script-src"], "'self'")
            self.assertEqual(policy["style-src"], "'self'")
            self.assertEqual(policy["frame-ancestors"], f"'self' {PORTAL} {LOCAL}")
            self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")
            self.assertEqual(answer.header("Referrer-Policy"), "same-origin")
            self.assertEqual(answer.header("Cross-Origin-Opener-Policy"), "same-origin")
            self.assertEqual(answer.header("Cross-Origin-Resource-Policy"), "cross-origin")

    async def test_of_everything_else(self):
        log = new_log()
        await self.api.append(log, "<script>alert(1)</script>\n")
        for path in (f"{BASE}/{log}", f"{BASE}/{log}/raw", f"{BASE}/{log}/entries", BASE,
                     f"{BASE}/x/y", "/metrics", f"{BASE}/{log}/entries?from=x"):
            answer = await self.api.get(path)
            self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff", path)
            self.assertEqual(answer.header("Cross-Origin-Resource-Policy"), "same-origin", path)
        async with await Stream.open(self.server.port, f"{BASE}/{log}/events") as stream:
            self.assertEqual(stream.response.header("X-Content-Type-Options"), "nosniff")


class BadSettingTest(AsyncCase):
    async def test_what_is_no_origin_is_told(self):
        for name, value in (("cors.origins", "*"), ("cors.origins", "null"),
                            ("pages.frame_ancestors", "https://a/b"), ("cors.origins", "portal")):
            server = Server(settings={name: [value]}).spawn()
            try:
                self.assertEqual(server.wait(), 1)
                self.assertIn(f"{name}: '{value}' is no origin", server.log_text())
            finally:
                server.stop()


if __name__ == "__main__":
    unittest.main()
