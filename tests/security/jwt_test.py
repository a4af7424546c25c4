"""Tokens of another issuer through the whole server: what they open, what is refused, and how keys
change. The key is made by openssl; the unit tests know all algorithms."""

import asyncio
import json
import pathlib
import shutil
import tempfile
import time
import unittest

from support.api import BASE, Api, new_log
from support.case import AsyncCase
from support.issuer import Issuer, encode
from support.login_portal import LoginPortal
from support.server import Server
from support.sse import Stream

GRANTS = [{"user": "joe", "logs": "joe/*", "may": "admin"},
          {"group": "ops", "logs": "ops/*", "may": ["read", "write"]}]


class JwtTest(AsyncCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-jwt-"))
        cls.issuer = Issuer(cls.folder, "one")
        cls.next = Issuer(cls.folder, "two")
        cls.stranger = Issuer(cls.folder, "three")
        cls.keys = cls.folder / "keys.json"
        cls.publish(cls.issuer)
        settings = {"access.enabled": True, "grant": GRANTS, "access.recheck": "200ms",
                    "jwt.keys": str(cls.keys), "jwt.issuer": "https://issuer.test",
                    "jwt.audience": ["tailrace"], "jwt.cookie": "id_token",
                    "jwt.unknown_key": "100ms", "jwt.refresh": "1s", "jwt.clock_skew": "0s"}
        cls.server = Server(settings=settings).start()
        cls.api = Api(cls.server.port)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.folder)

    @classmethod
    def publish(cls, *issuers):
        fresh = cls.folder / "fresh"
        fresh.write_text(json.dumps({"keys": [issuer.jwk() for issuer in issuers]}))
        fresh.rename(cls.keys)

    def bearer(self, token):
        return {"Authorization": f"Bearer {token}"}

    async def make(self, kind="joe", **claims):
        log = new_log(kind)
        answer = await self.api.append(log, "one\n", headers=self.bearer(
            self.issuer.token(**claims)))
        self.assertEqual(answer.status, 200, answer)
        return log

    async def test_user_and_groups(self):
        log = await self.make()
        ops = await self.make("ops", groups=["ops", "dev"], sub="ann")
        token = self.issuer.token()
        self.assertEqual((await self.api.meta(log, self.bearer(token))).status, 200)
        self.assertEqual((await self.api.meta(ops, self.bearer(token))).status, 404)
        cookie = {"Cookie": f"a=b; id_token={token}"}
        self.assertEqual((await self.api.meta(log, cookie)).status, 200)

    async def test_escapes(self):
        log = await self.make()
        good = self.issuer.token()
        head, payload, signature = good.split(".")
        public = self.issuer.openssl("pkey", "-in", str(self.issuer.file), "-pubout")
        confused = encode({"alg": "HS256", "kid": "one"}) + "." + payload
        mac = bytes.fromhex(self.issuer.openssl(
            "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{public.hex()}", "-r",
            data=confused.encode()).decode().split()[0])
        now = int(time.time())
        other = {"iss": "https://issuer.test", "aud": "tailrace", "sub": "joe", "exp": now + 9}
        cases = {
            "none": encode({"alg": "none"}) + "." + payload + ".",
            "none, signed": encode({"alg": "none"}) + "." + payload + "." + signature,
            "public key as a MAC's": confused + "." + encode(mac),
            "other claims": f"{head}.{encode(other)}.{signature}",
            "unknown key": self.stranger.token(),
            "known name, other key": self.stranger.token({"kid": "one"}),
            "its own key": self.stranger.token({"jwk": self.stranger.jwk(), "kid": "one"}),
            "expired": self.issuer.token(exp=now - 1), "no end": self.issuer.token(exp=None),
            "not yet": self.issuer.token(nbf=now + 60), "issuer": self.issuer.token(iss="x"),
            "audience": self.issuer.token(aud="other"), "no audience": self.issuer.token(aud=None),
            "no user": self.issuer.token(sub=None), "user's kind": self.issuer.token(sub=1),
            "crit": self.issuer.token({"crit": ["x"]}), "path kid": self.issuer.token(
                {"kid": "../../../../dev/null"}), "cut": good[:-3], "long": good + "A" * 9000,
            "sql kid": self.stranger.token({"kid": "one' OR '1'='1"})}
        for what, token in cases.items():
            with self.subTest(what=what):
                answer = await self.api.meta(log, self.bearer(token))
                self.assertEqual(answer.status, 401, answer)
                self.assertNotIn(token.split(".")[1].encode(), answer.body)
                answer = await self.api.meta(log, {"Cookie": f"id_token={token}"})
                self.assertEqual(answer.status, 401, "a wrong cookie is nobody's")
        self.assertNotIn(payload, self.server.log_text())

    async def test_a_stream_ends_with_its_token(self):
        log = await self.make()
        token = self.issuer.token(exp=int(time.time()) + 2)
        async with await Stream.open(self.server.port, f"{BASE}/{log}/events",
                                     self.bearer(token)) as stream:
            if stream.response.status == 200:     # not so slow a machine
                self.assertEqual((await stream.to_end())[-1].event, "expired")
        self.assertEqual((await self.api.meta(log, self.bearer(token))).status, 401)

    async def test_keys_change_while_the_server_runs(self):
        log = await self.make()
        async with await Stream.open(self.server.port, f"{BASE}/{log}/events",
                                     self.bearer(self.issuer.token())) as stream:
            await stream.take(1)
            self.publish(self.next)
            try:
                token = self.next.token()
                while (await self.api.meta(log, self.bearer(token))).status != 200:
                    pass    # each asks for the key, at most every 100 ms
                self.assertEqual((await stream.to_end())[-1].event, "expired")
            finally:
                self.publish(self.issuer, self.next)
        token = self.issuer.token()
        while (await self.api.meta(log, self.bearer(token))).status != 200:
            pass

    async def test_a_broken_set_changes_nothing(self):
        log = await self.make()
        self.keys.write_text("nonsense")
        try:
            self.assertEqual((await self.api.meta(log, self.bearer(self.next.token(
                {"kid": "four"})))).status, 401)
            self.assertEqual((await self.api.meta(log, self.bearer(
                self.issuer.token()))).status, 200)
        finally:
            self.publish(self.issuer, self.next)


class KeyServerTest(AsyncCase):
    """Keys from a URL: asked for once for all who wait, and when there are new ones."""

    async def test_keys_from_a_url(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-jwt-"))
        one, two = Issuer(folder, "one"), Issuer(folder, "two")
        keys = [one]

        def answer(_cookie, _head):
            body = json.dumps({"keys": [issuer.jwk() for issuer in keys]}).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        key_server = await LoginPortal().start()
        key_server.answer = answer
        key_server.gate.clear()
        server = Server(settings={"access.enabled": True, "grant": GRANTS, "workers": 2,
                                  "jwt.keys": key_server.url, "jwt.unknown_key": "100ms",
                                  "jwt.issuer": "https://issuer.test",
                                  "jwt.audience": ["tailrace"]})
        await asyncio.to_thread(server.start)
        try:
            api = Api(server.port)

            def ask(issuer):
                return api.meta("joe/1", {"Authorization": f"Bearer {issuer.token()}"})
            waiting = [asyncio.create_task(ask(one)) for _ in range(8)]
            while not key_server.open:
                await asyncio.sleep(0.01)
            self.assertEqual((await api.get("/healthz")).status, 200)
            key_server.gate.set()
            self.assertEqual({(await task).status for task in waiting}, {404})
            self.assertEqual((await ask(two)).status, 401)
            keys.append(two)
            while (await ask(two)).status != 404:
                await asyncio.sleep(0.02)
            key_server.answer = lambda _cookie, _head: b"nonsense"
            self.assertEqual((await ask(one)).status, 404)
        finally:
            key_server.gate.set()
            await key_server.stop()
            await asyncio.to_thread(server.stop)
            shutil.rmtree(folder)


class BadSettingTest(unittest.TestCase):
    def test_each_is_named(self):
        base = {"access.enabled": True, "jwt.keys": "/nonexistent", "jwt.issuer": "x",
                "jwt.audience": ["y"]}
        for change, said in (({}, "jwt.keys: /nonexistent: cannot be read"),
                             ({"jwt.issuer": ""}, "jwt.issuer: must be given"),
                             ({"jwt.keys": "http://x/keys"}, "jwt.keys: must be https"),
                             ({"access.enabled": False}, "jwt.keys: of no use without access")):
            server = Server(settings={**base, **change}).spawn()
            try:
                self.assertNotEqual(server.wait(), 0)
                self.assertIn(said, server.log_text())
            finally:
                server.stop()


if __name__ == "__main__":
    unittest.main()
