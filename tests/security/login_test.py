"""Local users: login, its cookie, guessing, forged requests, and what ends a session."""

import asyncio
import json
import re
import unittest

from support.access import (PASSWORD, As, add_user, cookie_of, log_in, log_in_by_form, run_cli)
from support.api import BASE, PORTAL
from support.case import ServerCase
from support.http2 import Http2Connection
from support.sse import Stream

GRANTS = [{"user": "ann", "logs": "*", "may": "admin"},
          {"group": "dev", "logs": "dev/*", "may": "read"},
          {"anyone": True, "logs": "public/*", "may": "read"}]


class LoginCase(ServerCase):
    settings = {"access.enabled": True, "access.recheck": "100ms", "grant": GRANTS}
    users = (("ann",), ("bob", "dev"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users:
            add_user(cls.server, *user)
        cls.wait_for_users(len(cls.users))

    @classmethod
    def wait_for_users(cls, count):
        """The server has noticed."""
        cls.wait_for_log(f"users={count}")

    @classmethod
    def wait_for_log(cls, text):
        async def wait():
            async with asyncio.timeout(60):
                while text not in cls.server.log_text():
                    await asyncio.sleep(0.01)
        asyncio.run(wait())

    async def as_user(self, name):
        answer = await log_in(self.api, name)
        self.assertEqual(answer.status, 200, answer)
        return As(self.server.port, {"Cookie": cookie_of(answer)})


class LoginTest(LoginCase):
    async def test_the_cookie(self):
        answer = await log_in(self.api, "ann")
        self.assertEqual(answer.json(), {"user": "ann"})
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        self.assertRegex(answer.header("Set-Cookie"),
                         r"^tailrace=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Lax; "
                         r"Max-Age=604800$")
        sessions = (self.server.folder / "data/access/sessions").read_text()
        self.assertNotIn(cookie_of(answer).partition("=")[2], sessions)

    async def test_who_is_logged_in(self):
        ann = await self.as_user("ann")
        self.assertEqual((await ann.get("/api/v1/session")).json(),
                         {"user": "ann", "groups": [], "proof": "session", "access": True,
                          "login": True})
        nobody = (await self.api.get("/api/v1/session")).json()
        self.assertEqual((nobody["user"], nobody["proof"]), (None, "none"))

    async def test_grants_of_users_and_groups(self):
        ann = await self.as_user("ann")
        bob = await self.as_user("bob")
        self.assertEqual((await ann.append("dev/1", "one\n")).status, 200)
        self.assertEqual((await ann.append("ops/1", "one\n")).status, 200)
        self.assertEqual(await bob.texts("dev/1"), ["one"])
        self.check_problem(await bob.append("dev/1", "two\n"), 403, "write dev/1")
        self.check_problem(await bob.get(f"{BASE}/ops/1"), 404, "there is no log ops/1")
        self.check_problem(await bob.get(f"{BASE}/ops/unknown"), 404, "there is no log")
        self.check_problem(await bob.delete("dev/1"), 403)
        logs = (await bob.get(BASE)).json()["logs"]
        self.assertEqual({log["type"] for log in logs} - {"dev", "public"}, set())

    async def test_wrong_user_or_password_look_the_same(self):
        wrong = await log_in(self.api, "ann", "not the password")
        unknown = await log_in(self.api, "nobody")
        self.check_problem(wrong, 401, "user or password is wrong")
        self.assertEqual(wrong.body, unknown.body)
        self.assertIsNone(wrong.header("Set-Cookie"))

    async def test_bad_bodies(self):
        kind = {"Content-Type": "application/json"}
        for body in ("", "[]", "{", '{"user":1}', '{"user":"a","pass":"b"}', '{"user":null}'):
            answer = await self.api.request("POST", "/api/v1/login", kind, body)
            self.assertIn(answer.status, (400,), answer)
        answer = await self.api.request("POST", "/api/v1/login", kind, "x" * 20_000)
        self.check_problem(answer, 413)

    async def test_by_the_page_without_scripts(self):
        page = await self.api.get("/login?next=logs/dev/1")
        self.assertEqual(page.status, 200)
        self.assertIn('name="next" value="logs/dev/1"', page.text())
        self.assertIn('action="api/v1/login"', page.text())
        self.assertNotIn("<script", page.text())
        self.assertIn("form-action 'self'", page.header("Content-Security-Policy"))
        self.assertEqual(page.header("Cache-Control"), "no-store")
        self.assertEqual((await self.api.get("/login.css")).status, 200)
        answer = await log_in_by_form(self.api, "ann", next="logs/dev/1")
        self.assertEqual((answer.status, answer.header("Location")), (303, "../../logs/dev/1"))
        self.assertIn("tailrace=", answer.header("Set-Cookie"))

    async def test_a_failed_login_comes_back_to_the_page(self):
        answer = await log_in_by_form(self.api, "ann", "wrong wrong", next="logs/dev/1")
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"), "../../login?failed=1&next=logs/dev/1")
        page = await self.api.get("/login?failed=1&next=logs/dev/1")
        self.assertIn('<p role="alert">User or password is wrong.</p>', page.text())

    async def test_a_login_leads_nowhere_else(self):
        for target in ("//evil.example", "https://evil.example", "/\\evil.example", "logs/a",
                       "logs/../x/y", 'logs/a/b"><script>', "javascript:alert(1)",
                       "logs/a/b\r\nX: y", "logs/a/b/../../../x", "logs//evil.example/x"):
            answer = await log_in_by_form(self.api, "ann", next=target)
            self.assertEqual(answer.header("Location"), "../../", target)
            query = "".join(f"%{byte:02X}" for byte in target.encode())
            page = await self.api.get(f"/login?next={query}")
            self.assertIn('name="next" value=""', page.text(), target)

    async def test_pages_lead_to_the_login(self):
        settings = await self.api.get("/logs/dev/1")
        self.assertEqual(settings.status, 200, "anyone may read something here")

    async def test_every_login_has_a_new_session(self):
        """No fixation: what the client brings is never taken over, and is void after a login."""
        fixed = {"Cookie": "tailrace=" + "A" * 43}
        answer = await log_in(self.api, "ann", headers=fixed)
        self.assertNotIn("A" * 43, answer.header("Set-Cookie"))
        self.assertEqual((await self.api.get("/api/v1/session", fixed)).json()["user"], None)
        first = {"Cookie": cookie_of(answer)}
        again = await log_in(self.api, "ann", headers=first)
        self.assertNotEqual(cookie_of(again), cookie_of(answer))
        self.assertEqual((await self.api.get("/api/v1/session", first)).json()["user"], None)

    async def test_a_cookie_that_is_not_ours_is_none(self):
        for cookie in ("tailrace=", "tailrace=x", "tailrace", "tailrace=" + "B" * 43,
                       "tailrace=%00", "tailrace=" + "C" * 5_000, "=; ;;=", "x" * 8_000):
            answer = await self.api.get("/api/v1/session", {"Cookie": cookie})
            self.assertEqual(answer.json()["proof"], "none", cookie[:40])

    async def test_over_http2_in_fields_of_their_own(self):
        name, _, value = cookie_of(await log_in(self.api, "ann")).partition("=")
        async with await Http2Connection.open(self.server.port) as connection:
            exchange = await connection.begin(
                "GET", "/api/v1/session",
                [("cookie", "a=b"), ("cookie", f"{name}={value}"), ("cookie", "c=d")])
            self.assertEqual((await exchange.answer()).json()["user"], "ann")

    async def test_logout(self):
        ann = await self.as_user("ann")
        answer = await ann.request("POST", "/api/v1/logout")
        self.assertEqual(answer.status, 204, answer)
        self.assertRegex(answer.header("Set-Cookie"), r"^tailrace=; Path=/; .*Max-Age=0")
        self.assertEqual((await ann.get("/api/v1/session")).json()["proof"], "none")
        answer = await ann.request("POST", "/api/v1/logout", {"Accept": "text/html"})
        self.assertEqual((answer.status, answer.header("Location")), (303, "../../login"))

    async def test_logout_everywhere(self):
        one = await self.as_user("ann")
        two = await self.as_user("ann")
        bob = await self.as_user("bob")
        await two.request("POST", "/api/v1/logout?everywhere=1")
        self.assertEqual((await one.get("/api/v1/session")).json()["proof"], "none")
        self.assertEqual((await bob.get("/api/v1/session")).json()["user"], "bob")

    async def test_audit_has_no_secrets(self):
        answer = await log_in(self.api, "ann")
        await log_in(self.api, "ann", "a secret that is wrong")
        ann = As(self.server.port, {"Cookie": cookie_of(answer)})
        await ann.append("gone/1", "x\n")
        await ann.delete("gone/1")
        await ann.request("POST", "/api/v1/logout")
        log = self.server.log_text()
        self.assertRegex(log, r'level=audit msg=login user=ann client=127.0.0.1 result="logged in"')
        self.assertRegex(log, r"level=audit msg=login user=ann client=127.0.0.1 result=failed")
        self.assertRegex(log, r'level=audit msg="log deleted" log=gone/1 .* user=ann')
        self.assertRegex(log, r"level=audit msg=logout user=ann")
        for secret in (cookie_of(answer).partition("=")[2], PASSWORD, "a secret that is wrong"):
            self.assertNotIn(secret, log)

    async def test_metrics(self):
        ann = await self.as_user("ann")
        text = (await ann.get("/metrics")).text()
        self.assertRegex(text, r"tailrace_access_logins_total\{result=\"ok\"\} [1-9]")
        self.assertRegex(text, r"tailrace_access_sessions [1-9]")


class ForgedTest(LoginCase):
    """Requests that a page of another site makes a browser send."""

    users = (("ann",),)
    foreign = ({"Origin": "https://evil.example"}, {"Origin": "null"},
               {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
               {"Origin": "http://127.0.0.1"}, {"Origin": "http://127.0.0.1.evil.example"})

    async def test_unsafe_methods_with_the_cookie(self):
        ann = await self.as_user("ann")
        await ann.append("forged/1", "x\n")
        own = {"Origin": f"http://127.0.0.1:{self.server.port}"}
        for headers in self.foreign:
            host = {"Host": f"127.0.0.1:{self.server.port}"}
            for method, path in (("DELETE", f"{BASE}/forged/1"), ("PUT", f"{BASE}/forged/2"),
                                 ("POST", f"{BASE}/forged/1/entries"),
                                 ("POST", f"{BASE}/forged/1/end"), ("POST", "/api/v1/logout"),
                                 ("POST", "/api/v1/login")):
                answer = await ann.request(method, path, {**headers, **host}, "x")
                self.check_problem(answer, 403)
        self.assertEqual((await ann.get("/api/v1/session")).json()["user"], "ann")
        answer = await ann.request("PUT", f"{BASE}/forged/2",
                                   {**own, "Host": f"127.0.0.1:{self.server.port}"})
        self.assertEqual(answer.status, 201, answer)
        answer = await ann.request("PUT", f"{BASE}/forged/3", {"Sec-Fetch-Site": "same-origin"})
        self.assertEqual(answer.status, 201, answer)

    async def test_a_foreign_login_is_refused(self):
        for headers in self.foreign:
            host = {"Host": f"127.0.0.1:{self.server.port}"}
            answer = await log_in_by_form(self.api, "ann", headers={**headers, **host})
            self.check_problem(answer, 403)
            self.assertIsNone(answer.header("Set-Cookie"))


class GuessingTest(LoginCase):
    settings = {**LoginCase.settings, "access.login_attempts": 3, "access.login_interval": "1h"}
    users = (("ann",),)

    async def test_guessing_is_slowed_down(self):
        for _ in range(3):
            self.check_problem(await log_in(self.api, "ann", "wrong wrong"), 401)
        answer = await log_in(self.api, "ann")
        self.check_problem(answer, 429, "too many failed logins")
        self.assertGreater(int(answer.header("Retry-After")), 3_000)
        answer = await log_in_by_form(self.api, "ann")
        self.assertRegex(answer.header("Location"), r"^\.\./\.\./login\?wait=\d+$")
        page = await self.api.get(answer.header("Location")[5:])
        self.assertIn("Too many failed logins. Try again in", page.text())
        self.assertRegex(self.server.log_text(), "msg=login user=ann .* result=throttled")


class EndingTest(LoginCase):
    """What ends a session ends its streams."""

    async def check_expires(self, api, path, end):
        stream = await Stream.open(self.server.port, path, api.headers)
        self.assertEqual(stream.response.status, 200, stream.response)
        await end()
        events = await stream.to_end()
        self.assertEqual([event.event for event in events], ["expired"])

    async def test_logout_ends_streams(self):
        for path in (f"{BASE}/dev/1/events", f"{PORTAL}/?type=dev&id=1", f"{BASE}/events",
                     f"{BASE}/dev/1/events?format=batch"):
            bob = await self.as_user("bob")
            other = await Stream.open(self.server.port, path,
                                      (await self.as_user("bob")).headers)
            await self.check_expires(bob, path, lambda api=bob: api.request("POST",
                                                                            "/api/v1/logout"))
            other.connection.abort()

    async def test_logout_ends_its_streams_of_an_http2_connection_and_no_others(self):
        bob, again = await self.as_user("bob"), await self.as_user("bob")
        paths = (f"{BASE}/dev/h2/events", f"{BASE}/dev/h2/events?format=json", f"{BASE}/events",
                 f"{PORTAL}/?type=dev&id=h2")
        async with await Http2Connection.open(self.server.port) as http2:
            ending = [await http2.stream(path, {"cookie": bob.headers["Cookie"]})
                      for path in paths]
            staying = await http2.stream(paths[0], {"cookie": again.headers["Cookie"]})
            for stream in (*ending, staying):
                self.assertEqual((await stream.head()).status, 200)
            await bob.request("POST", "/api/v1/logout")
            for path, stream in zip(paths, ending):
                self.assertEqual([event.event for event in await stream.to_end()], ["expired"],
                                 path)
                self.assertTrue(stream.closed, "ended, not reset")
            ann = await self.as_user("ann")
            await ann.append("dev/h2", "one\n")
            self.assertEqual((await staying.next()).data, "one")

    async def test_the_command_line_ends_sessions(self):
        add_user(self.server, "eve", "dev")
        self.server_knows = await self.eventually_logs_in("eve")
        for words in (("user", "logout", "eve"), ("user", "password", "eve"),
                      ("user", "remove", "eve")):
            eve = await self.eventually_logs_in("eve")
            await self.check_expires(
                eve, f"{BASE}/dev/1/events",
                lambda words=words: asyncio.to_thread(run_cli, self.server, *words,
                                                      text=PASSWORD + "\n"))
        self.assertNotIn("eve", run_cli(self.server, "user", "list"))

    async def eventually_logs_in(self, name):
        async with asyncio.timeout(60):
            while (answer := await log_in(self.api, name)).status != 200:
                await asyncio.sleep(0.05)
        return As(self.server.port, {"Cookie": cookie_of(answer)})

    async def test_sessions_survive_a_restart(self):
        ann = await self.as_user("ann")
        await ann.append("kept/1", "x\n")
        gone = await self.as_user("ann")
        await gone.request("POST", "/api/v1/logout")
        self.server.kill()
        self.server.start()
        self.assertEqual(await ann.texts("kept/1"), ["x"])
        self.assertEqual((await gone.get("/api/v1/session")).json()["proof"], "none")

    async def test_the_files_are_private(self):
        await self.as_user("ann")
        folder = self.server.folder / "data/access"
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        for file in folder.iterdir():
            self.assertEqual(file.stat().st_mode & 0o777, 0o600, file)
        users = (folder / "users").read_text()
        self.assertRegex(users, re.compile(r"^ann\t\t\d+\t\$argon2id\$v=19\$m=65536,t=2,p=1\$",
                                           re.M))
        self.assertNotIn(PASSWORD, users)


class ShortSessionTest(LoginCase):
    settings = {**LoginCase.settings, "access.session_idle": "2s", "access.session_max": "4s"}

    async def test_sessions_expire_under_their_streams(self):
        """The stream keeps it from being idle, but not from its end."""
        bob = await self.as_user("bob")
        stream = await Stream.open(self.server.port, f"{BASE}/dev/1/events", bob.headers)
        self.assertEqual([event.event for event in await stream.to_end()], ["expired"])
        self.assertEqual((await bob.get("/api/v1/session")).json()["proof"], "none")


class PageTest(LoginCase):
    settings = {**LoginCase.settings, "grant": GRANTS[:2]}

    async def test_pages_lead_to_the_login_and_back(self):
        for path, location in (("/", "login"), ("/logs/dev/1", "../../login?next=logs/dev/1")):
            answer = await self.api.get(path)
            self.assertEqual((answer.status, answer.header("Location")), (303, location))
            self.assertEqual(answer.header("Cache-Control"), "no-store")
        bob = await self.as_user("bob")
        self.assertEqual((await bob.get("/logs/dev/1")).status, 200)


class BasePathTest(LoginCase):
    settings = {**LoginCase.settings, "grant": GRANTS[:2], "base_path": "/tailrace"}

    async def test_pages_lead_to_the_login_below_the_base_path(self):
        page = {"Accept": "text/html"}
        for before in ("/tailrace", ""):      # a proxy may have taken it off
            answer = await self.api.get(f"{before}/logs/dev/1", page)
            self.assertEqual((answer.status, answer.header("Location")),
                             (303, "../../login?next=logs/dev/1"))


class NoAccessTest(ServerCase):
    """Without access control there is nothing to log in to."""

    async def test_there_is_no_login(self):
        for method, path in (("GET", "/login"), ("POST", "/api/v1/login"),
                             ("POST", "/api/v1/logout")):
            self.check_problem(await self.api.request(method, path), 404)
        self.assertEqual(json.loads((await self.api.get("/api/v1/session")).body),
                         {"user": None, "groups": [], "proof": "none", "access": False,
                          "login": False})


if __name__ == "__main__":
    unittest.main()
