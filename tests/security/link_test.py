"""Links to one log: what they open, and that nothing else comes of them."""

import asyncio
import base64
import pathlib
import re
import subprocess
import unittest

from support.api import BASE, JSON, PORTAL, TEXT, new_log
from support.case import ServerCase
from support.server import binary_path
from support.sse import Stream

PROXY = "127.0.0.1"     # here the test itself is the trusted proxy, and so whoever it says
ANN = {"X-User": "ann"}
JOE = {"X-User": "joe"}
GRANTS = [{"user": "ann", "logs": "*", "may": "admin"},
          {"user": "joe", "logs": "*", "may": ["read", "write"]}]


class LinkTest(ServerCase):
    settings = {"access.enabled": True, "grant": GRANTS, "trusted_proxies": [PROXY],
                "proxy_auth.user_header": "X-User", "access.recheck": "200ms"}

    async def make(self, text="one\n"):
        log = new_log("deploy")
        answer = await self.api.append(log, text, headers=ANN)
        self.assertEqual(answer.status, 200, answer)
        return log

    async def link(self, log, headers=None, body='{"expires_s":60}'):
        return await self.api.request("POST", f"{BASE}/{log}/links",
                                      {"Content-Type": JSON, **(headers or ANN)}, body)

    async def token(self, log):
        answer = await self.link(log)
        self.assertEqual(answer.status, 201, answer)
        return answer.json()["link"]

    async def test_opens_page_and_stream_of_its_log(self):
        log = await self.make()
        made = (await self.link(log)).json()
        page = await self.api.get(made["path"])
        self.assertEqual(page.status, 200)
        cookie = page.header("Set-Cookie")
        self.assertRegex(cookie, rf"^tailrace_link=[\w.-]+; Path={BASE}/{log}; Max-Age=\d+; "
                                 r"HttpOnly; SameSite=Lax$")
        self.assertEqual(page.header("Cache-Control"), "no-store")
        brought = {"Cookie": cookie.split(";")[0]}
        for rest in ("", "/entries", "/raw", "/search?q=x"):
            self.assertEqual((await self.api.get(f"{BASE}/{log}{rest}", brought)).status, 200)
        async with await Stream.open(self.server.port, f"{BASE}/{log}/events", brought) as stream:
            self.assertEqual((await stream.take(1))[0].data, "one")
        kind, name = log.split("/")
        for path in (f"{BASE}/{log}/entries?link={made['link']}",
                     f"{PORTAL}/initial?type={kind}&id={name}&link={made['link']}"):
            self.assertEqual((await self.api.get(path)).status, 200, path)

    async def test_opens_nothing_else(self):
        log, other = await self.make(), await self.make()
        token = await self.token(log)
        for path in (f"{BASE}/{other}", f"{BASE}/{other}/events", "/metrics",
                     f"{BASE}/{log}/../{other.split('/')[1]}", f"{BASE}/deploy/%2e%2e/{other}"):
            answer = await self.api.get(f"{path}?link={token}")
            self.assertIn(answer.status, (400, 401, 403, 404), path)
        listed = await self.api.get(f"{BASE}?limit=1000&link={token}")
        names = [f"{one['type']}/{one['id']}" for one in listed.json()["logs"]]
        self.assertEqual(names, [log])
        for cookie in (f"tailrace_link={token}", f"a=b; tailrace_link={token}"):
            answer = await self.api.get(f"{BASE}/{other}", {"Cookie": cookie})
            self.assertEqual(answer.status, 404)

    async def test_writes_nothing(self):
        log = await self.make()
        token = await self.token(log)
        for method, path, body in (("POST", f"{BASE}/{log}/entries", "x\n"),
                                   ("POST", f"{BASE}/{log}/end", '{"outcome":"failed"}'),
                                   ("PUT", f"{BASE}/{log}", None),
                                   ("DELETE", f"{BASE}/{log}", None),
                                   ("POST", f"{BASE}/{log}/links", None),
                                   ("DELETE", "/api/v1/links", None)):
            answer = await self.api.request(method, f"{path}?link={token}",
                                            {"Cookie": f"tailrace_link={token}",
                                             "Content-Type": TEXT}, body)
            self.assertEqual(answer.status, 401, f"{method} {path}")

    async def test_tampered_links(self):
        log, other = await self.make(), await self.make()
        token = await self.token(log)
        text, mac = token.split(".")
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        version, key, expires, name = plain.split(" ")
        self.assertEqual(name, log)

        def forged(*parts):
            raw = " ".join(parts).encode()
            return base64.urlsafe_b64encode(raw).decode().rstrip("=") + "." + mac
        for wrong in (forged(version, key, expires, other),
                      forged(version, key, str(int(expires) + 1), log),
                      forged(version, key, expires, "*/*"), forged("0", key, expires, log),
                      forged(version, "x" * 8, expires, log), text + ".", "." + mac, text,
                      text + "." + mac[:-1], text + "." + mac + "A", f"{token}.{mac}",
                      text + "." + mac[::-1], "A" * 600, "%00", token + "%20"):
            for target in (log, other):
                answer = await self.api.get(f"{BASE}/{target}?link={wrong}")
                self.assertEqual(answer.status, 401, wrong)

    async def test_ends_with_its_time(self):
        log = await self.make()
        token = (await self.link(log, body='{"expires_s":1}')).json()["link"]
        async with await Stream.open(self.server.port,
                                     f"{BASE}/{log}/events?link={token}") as stream:
            if stream.response.status == 200:     # not so slow a machine
                self.assertEqual((await stream.to_end())[-1].event, "expired")
        self.assertEqual((await self.api.get(f"{BASE}/{log}?link={token}")).status, 401)

    async def test_streams_of_two_links_have_their_own_rights(self):
        one, two = await self.make(), await self.make()
        paths = [f"{BASE}/{log}/events?link={await self.token(log)}" for log in (one, two)]
        async with await Stream.open(self.server.port, paths[0]) as first:
            async with await Stream.open(self.server.port, paths[1]) as second:
                for stream, log in ((first, one), (second, two)):
                    await stream.take(1)
                    await self.api.append(log, "two\n", headers=ANN)
                    self.assertEqual((await stream.take(1))[0].data, "two")

    async def test_who_may_make_them(self):
        log = await self.make()
        self.assertEqual((await self.link(log, JOE)).status, 403)
        self.assertEqual((await self.link(log, {"X-Nobody": "1"})).status, 401)
        for body in ('{"expires_s":0}', '{"expires_s":-1}', '{"expires_s":2592001}', "[]",
                     '{"expires_s":"60"}', '{"expires":60}', '{"expires_s":1e3}', "{"):
            self.check_problem(await self.link(log, body=body), 400)
        day = (await self.link(log, body="")).json()
        self.assertRegex(day["expires"], r"^20\d\d-")

    async def test_keys_are_the_owners_alone_and_links_can_be_revoked(self):
        file = pathlib.Path(self.server.data, "link-keys")
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        log = await self.make()
        token = await self.token(log)
        async with await Stream.open(self.server.port,
                                     f"{BASE}/{log}/events?link={token}") as stream:
            await stream.take(1)
            answer = await self.api.request("DELETE", "/api/v1/links", ANN)
            self.assertEqual(answer.status, 204)
            self.assertEqual((await stream.to_end())[-1].event, "expired")
        self.assertEqual((await self.api.get(f"{BASE}/{log}?link={token}")).status, 401)
        self.assertNotIn(token.split(".")[1], self.server.log_text())


class CommandTest(ServerCase):
    settings = {"access.enabled": True,
                "grant": [{"anyone": True, "logs": "open/*", "may": "admin"}]}

    async def test_prints_an_address(self):
        log = new_log("open")
        await self.api.append(log, "x\n")
        url = f"http://127.0.0.1:{self.server.port}"

        def run(*words):
            return subprocess.run([binary_path(), "link", *words], capture_output=True, text=True,
                                  env={"TAILRACE_URL": url, "HOME": "/nonexistent"}, check=False)
        done = await asyncio.to_thread(run, log, "--expires", "2h")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, rf"^{re.escape(url)}/logs/{log}\?link=[\w.-]+\n$")
        self.assertEqual((await asyncio.to_thread(run, "secret/1")).returncode, 77)
        self.assertEqual((await asyncio.to_thread(run)).returncode, 2)


class WithoutAccessTest(ServerCase):
    async def test_there_is_nothing_to_sign(self):
        log = new_log()
        await self.api.append(log, "x\n")
        answer = await self.api.request("POST", f"{BASE}/{log}/links", {}, b"")
        self.check_problem(answer, 409, "access control is off")
        self.assertFalse(pathlib.Path(self.server.data, "link-keys").exists())


if __name__ == "__main__":
    unittest.main()
