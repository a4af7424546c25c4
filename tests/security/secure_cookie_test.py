"""The session's cookie where the browser speaks TLS, here or to a proxy that says so."""

import re
import unittest

from support.access import add_user, cookie_of, log_in
from support.api import Api
from support.case import AsyncCase
from support.server import Server
from support.tls import Certificate

GRANTS = [{"user": "ann", "logs": "*", "may": "admin"}]
# RFC 6265bis §4.1.3.2: a browser keeps a __Host- cookie only if it is Secure, for the path / and
# without a domain; so nobody who can write to a neighbour's host or to http can plant one.
SECURE = (r"^__Host-tailrace=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Lax; "
          r"Max-Age=604800; Secure$")
PLAIN = r"^tailrace=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800$"


class SecureCookieTest(AsyncCase):
    @classmethod
    def setUpClass(cls):
        cls.certificate = Certificate()
        cls.addClassCleanup(cls.certificate.remove)
        cls.server = Server(settings={"access.enabled": True, "grant": GRANTS,
                                      "trusted_proxies": ["127.0.0.2"],
                                      **cls.certificate.settings()})
        cls.addClassCleanup(cls.server.stop)
        cls.server.listen = [f"https://127.0.0.1:{cls.server.port}"]
        cls.server.start()
        add_user(cls.server, "ann")
        cls.server.kill()
        cls.server.start()      # and knows her
        cls.api = Api(cls.server.port, tls=cls.certificate.client())

    async def test_attributes(self):
        answer = await log_in(self.api, "ann")
        self.assertRegex(answer.header("Set-Cookie"), SECURE)
        cookie = {"Cookie": cookie_of(answer)}
        self.assertEqual((await self.api.get("/api/v1/session", cookie)).json()["user"], "ann")
        gone = await self.api.request("POST", "/api/v1/logout", cookie)
        self.assertRegex(gone.header("Set-Cookie"),
                         r"^__Host-tailrace=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure$")
        self.assertIsNone((await self.api.get("/api/v1/session", cookie)).json()["user"])

    async def test_a_cookie_of_the_plain_name_is_nobodys(self):
        """Whoever can write to http could plant that one (session fixation)."""
        answer = await log_in(self.api, "ann")
        secret = cookie_of(answer).partition("=")[2]
        for planted in (f"tailrace={secret}", f"__Secure-tailrace={secret}",
                        f"__host-tailrace={secret}"):
            session = await self.api.get("/api/v1/session", {"Cookie": planted})
            self.assertIsNone(session.json()["user"], planted)


class SecureByProxyTest(AsyncCase):
    """The server speaks http to a proxy on 127.0.0.1, which is trusted."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings={"access.enabled": True, "grant": GRANTS,
                                      "trusted_proxies": ["127.0.0.1"]})
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()
        add_user(cls.server, "ann")
        cls.server.kill()
        cls.server.start()
        cls.api = Api(cls.server.port)

    async def test_the_proxys_word_counts(self):
        for proto, pattern in (("https", SECURE), ("http", PLAIN), (None, PLAIN)):
            headers = {"X-Forwarded-Proto": proto} if proto else {}
            answer = await log_in(self.api, "ann", headers=headers)
            self.assertEqual(answer.status, 200, answer)
            self.assertRegex(answer.header("Set-Cookie"), re.compile(pattern), proto)


if __name__ == "__main__":
    unittest.main()
