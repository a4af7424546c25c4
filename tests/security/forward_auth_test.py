"""Forward-auth: the portal's session is Tailrace's session; and what a portal that is down, slow
or lying can do, which is little."""

import asyncio
import os
import pathlib
import tempfile
import unittest

from support.api import BASE, PORTAL, Api, new_log
from support.case import AsyncCase
from support.doctor import run as doctor
from support.login_portal import LoginPortal
from support.server import Server, free_port
from support.sse import Stream

GRANTS = [{"user": "joe", "logs": "*/*", "may": ["read", "write"]},
          {"group": "ops", "logs": "ops/*", "may": ["read"]},
          {"anyone": True, "logs": "public/*", "may": ["read"]}]
QUICK = {"forward_auth.timeout": "20s", "forward_auth.cache": "1s", "forward_auth.grace": "2s",
         "forward_auth.retry": "100ms", "access.recheck": "200ms"}


class ForwardCase(AsyncCase):
    more = {}

    async def asyncSetUp(self):
        self.portal = await LoginPortal({"sessionid=joe": "joe",
                                         "sessionid=ann": "ann:ops,dev"}).start()
        settings = {"access.enabled": True, "workers": 2, "forward_auth.url": self.portal.url,
                    "grant": GRANTS, **QUICK, **self.more}
        self.server = await asyncio.to_thread(Server(settings=settings).start)
        self.api = Api(self.server.port)

    async def asyncTearDown(self):
        self.portal.gate.set()
        await self.portal.stop()
        code = await asyncio.to_thread(self.server.stop)
        self.assertIsNone(code, "the server died")

    async def get(self, path, cookie="sessionid=joe", **headers):
        return await self.api.get(path, {"Cookie": cookie, **headers})

    async def make(self, log, cookie="sessionid=joe"):
        answer = await self.api.append(log, "one\n", headers={"Cookie": cookie})
        self.assertEqual(answer.status, 200, answer)

    async def stream(self, log, cookie="sessionid=joe"):
        return await Stream.open(self.server.port, f"{BASE}/{log}/events", {"Cookie": cookie})


class DoctorTest(ForwardCase):
    more = {"grant": GRANTS[:1]}

    async def doctor(self, *words):
        return await asyncio.to_thread(doctor, f"http://127.0.0.1:{self.server.port}",
                                       "--silence", "0", *words)

    async def test_it_comes_as_a_browser_does_that_is_logged_in(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "cookie"
            file.write_text("sessionid=joe\n", encoding="ascii")
            done = await self.doctor("--cookie-file", str(file))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            file.write_text("sessionid=nobody\n", encoding="ascii")
            done = await self.doctor("--cookie-file", str(file))
            self.assertEqual(done.returncode, 77, done.stdout + done.stderr)
            self.assertNotIn("nobody", done.stdout + done.stderr)
            file.write_text("\n", encoding="ascii")
            done = await self.doctor("--cookie-file", str(file))
            self.assertEqual(done.returncode, 2)
            self.assertIn("has no cookie in its first line", done.stderr)
        self.assertEqual((await self.doctor()).returncode, 77)


class SessionTest(ForwardCase):
    async def test_who_is_who(self):
        log, ops = new_log("deploy"), new_log("ops")
        await self.make(log)
        await self.make(ops)
        self.assertEqual((await self.get(f"{BASE}/{log}")).status, 200)
        self.assertEqual((await self.get(f"{BASE}/{ops}", "sessionid=ann")).status, 200)
        self.assertEqual((await self.get(f"{BASE}/{log}", "sessionid=ann")).status, 404)
        for stranger in ("sessionid=x", "sessionid=JOE", "sessionid=joe2", "other=joe"):
            self.assertEqual((await self.get(f"{BASE}/{log}", stranger)).status, 401, stranger)
        self.assertEqual((await self.api.get(f"{BASE}/{log}")).status, 401)
        page = await self.get(f"{PORTAL}/initial?type={log.split('/')[0]}&id={log.split('/')[1]}")
        self.assertEqual(page.json()["log"], "one")

    async def test_an_upload_waits_for_the_answer_and_loses_nothing(self):
        self.portal.gate.clear()
        log = new_log("deploy")
        body = "".join(f"line {n}\n" for n in range(3000))
        task = asyncio.create_task(
            self.api.append(log, body, headers={"Cookie": "sessionid=joe"}))
        while not self.portal.open:
            await asyncio.sleep(0.01)
        self.portal.gate.set()
        self.assertEqual((await task).json()["stored"], 3000)

    async def test_what_is_asked(self):
        await self.get("/api/v1/logs?limit=1", "sessionid=joe; theme=1", Authorization="Basic abc")
        head = self.portal.heads[-1]
        self.assertTrue(head.startswith("GET /auth/check HTTP/1.1\r\n"), head)
        for line in ("Cookie: sessionid=joe; theme=1", "Authorization: Basic abc",
                     "X-Original-URI: /api/v1/logs?limit=1", "X-Original-Method: GET",
                     "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http"):
            self.assertIn(line + "\r\n", head)

    async def test_one_question_for_many_requests(self):
        self.portal.gate.clear()
        tasks = [asyncio.create_task(self.get("/api/v1/logs")) for _ in range(60)]
        while not self.portal.open:
            await asyncio.sleep(0.01)
        self.portal.gate.set()
        self.assertEqual({(await task).status for task in tasks}, {200})
        self.assertEqual(self.portal.most_open, 1)
        # One; a machine so slow that requests come a cache time later asks again for those.
        self.assertLessEqual(self.portal.asked("sessionid=joe"), 5)

    async def test_a_stream_lives_as_long_as_the_session_at_the_portal(self):
        log = new_log("deploy")
        await self.make(log)
        async with await self.stream(log) as stream:
            await stream.take(1)
            before = self.portal.asked("sessionid=joe")
            while self.portal.asked("sessionid=joe") < before + 3:
                await asyncio.sleep(0.05)     # it is asked again and again
            await self.make(log)
            self.assertEqual((await stream.take(1))[0].data, "one")
            del self.portal.users["sessionid=joe"]      # logs out
            events = await stream.to_end()
            self.assertEqual([event.event for event in events], ["expired"])
        self.assertEqual((await self.get(f"{BASE}/{log}")).status, 401)

    async def test_another_name_for_the_same_cookie_is_another_viewer(self):
        log = new_log("deploy")
        await self.make(log)
        async with await self.stream(log) as stream:
            await stream.take(1)
            self.portal.users["sessionid=joe"] = "mallory"
            self.assertEqual((await stream.to_end())[-1].event, "expired")

    async def test_a_slow_portal_keeps_nobody_else_waiting(self):
        await self.get("/api/v1/logs", "sessionid=ann")
        self.portal.gate.clear()
        slow = [asyncio.create_task(self.get(f"{BASE}/deploy/1", f"sessionid={n}"))
                for n in range(40)]
        while not self.portal.open:
            await asyncio.sleep(0.01)
        for _ in range(5):
            self.assertEqual((await self.api.get("/healthz")).status, 200)
            self.assertFalse(any(task.done() for task in slow))
        self.portal.gate.set()
        self.assertEqual({(await task).status for task in slow}, {401})
        self.assertLessEqual(self.portal.most_open, 16)


class AuthRequestTest(ForwardCase):
    """Whom nginx's auth_request asks, as oauth2-proxy: its own fields, and 202."""

    more = {"forward_auth.user_header": "X-Auth-Request-User",
            "forward_auth.groups_header": "X-Auth-Request-Groups"}

    async def test_its_log_out_is_told(self):
        signed_in = {"_oauth2_proxy_0=a; _oauth2_proxy_1=b"}

        def answer(cookie, _head):
            if cookie not in signed_in:
                return LoginPortal.status(401)
            return (b"HTTP/1.1 202 Accepted\r\nX-Auth-Request-User: joe\r\n"
                    b"X-Auth-Request-Groups: dev\r\nRemote-User: root\r\n"
                    b"Content-Length: 0\r\n\r\n")
        self.portal.answer = answer
        cookie, = signed_in
        log = new_log("deploy")
        await self.make(log, cookie)
        session = (await self.get("/api/v1/session", cookie)).json()
        self.assertEqual((session["user"], session["groups"]), ("joe", ["dev"]))
        async with await self.stream(log, cookie) as stream:
            await stream.take(1)
            signed_in.clear()
            self.assertEqual([event.event for event in await stream.to_end()], ["expired"])
        self.assertEqual((await self.get(f"{BASE}/{log}", cookie)).status, 401)


class TroubleTest(ForwardCase):
    """What comes of a credential that cannot be checked."""

    more = {"forward_auth.timeout": "2s"}

    async def check_soft(self, answer, what=""):
        self.assertEqual(answer.status, 503, f"{what} {answer}")
        self.assertIsNotNone(answer.header("Retry-After"))

    async def check_all_soft(self, what, cookie):
        await self.check_soft(await self.get("/api/v1/logs", cookie), what)
        answer = await self.get(f"{BASE}/deploy/x/events", cookie)
        self.assertEqual(answer.status, 200, what)
        self.assertRegex(answer.body, rb"^retry: ?\d+\n\n$", what)

    async def test_a_portal_that_lies(self):
        async def endless(writer):
            writer.write(b"HTTP/1.1 200 OK\r\nRemote-User: joe\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

        async def endless_head(writer):
            writer.write(b"HTTP/1.1 200 OK\r\nRemote-User: joe\r\n")
            while True:
                writer.write(b"X-Y: " + b"z" * 4000 + b"\r\n")
                await writer.drain()

        ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
        lies = {"garbage": b"\0\1\2 nonsense\r\n\r\n" * 10, "http09": b"ok\r\n\r\n",
                "two users": ok + b"Remote-User: joe\r\nRemote-User: root\r\n\r\n",
                "no text": ok + b"Remote-User: j\x01oe\r\n\r\n",
                "server error": LoginPortal.status(500), "missing": LoginPortal.status(404),
                "switching": b"HTTP/1.1 101 x\r\nRemote-User: joe\r\n\r\n",
                "cut": b"HTTP/1.1 200 OK\r\nRemote-User: joe\r\nContent-Length: 100\r\n\r\nx",
                "huge": ok[:-3] + b"99999999\r\nRemote-User: joe\r\n\r\n" + b"x" * 200000,
                "head only": b"HTTP/1.1 200 OK\r\nRemote-User: joe\r\n",
                "endless": endless, "endless head": endless_head}
        before = self.server.rss_bytes()
        for what, lie in lies.items():
            with self.subTest(what=what):
                self.portal.answer = self.teller(lie, what == "cut" or what == "head only")
                await self.check_all_soft(what, f"sessionid=joe; lie={what.replace(' ', '_')}")
        if not os.environ.get("TAILRACE_SANITIZE"):
            self.assertLess(self.server.rss_bytes() - before, 32 << 20)

    def teller(self, lie, close):
        if not callable(lie) and not close:
            return lambda _cookie, _head: lie

        async def write(writer):
            if callable(lie):
                await lie(writer)
            writer.write(lie)
            await writer.drain()

        portal = self.portal

        async def reply(head, writer):
            await write(writer)
            return False
        portal.reply = reply
        return portal.by_users

    async def test_a_redirect_is_not_followed_and_means_nobody(self):
        elsewhere = ("HTTP/1.1 302 x\r\n"
                     f"Location: http://127.0.0.1:{self.portal.port}/elsewhere\r\n"
                     "Remote-User: joe\r\nContent-Length: 0\r\n\r\n").encode()
        self.portal.answer = lambda _cookie, _head: elsewhere
        self.assertEqual((await self.get("/api/v1/logs/deploy/1")).status, 401)
        self.assertFalse([head for head in self.portal.heads if "elsewhere" in head.split()[1]])

    async def test_a_portal_that_never_answers(self):
        self.portal.gate.clear()
        await self.check_all_soft("silent", "sessionid=joe")
        self.assertEqual((await self.api.get("/healthz")).status, 200)

    async def test_down_and_up_again(self):
        log = new_log("deploy")
        await self.make(log)
        port = self.portal.port
        async with await self.stream(log) as stream:
            await stream.take(1)
            self.portal.answer = lambda _cookie, _head: LoginPortal.status(502)
            await self.check_all_soft("down", "sessionid=new")
            # Who was let in stays so for the grace time (2 s), and no longer.
            self.assertIn((await self.get(f"{BASE}/{log}")).status, (200, 503))
            self.assertEqual((await stream.to_end())[-1].event, "expired")
        self.assertEqual(port, self.portal.port)
        self.portal.answer = self.portal.by_users
        while (await self.get(f"{BASE}/{log}")).status == 503:
            await asyncio.sleep(0.05)
        self.assertEqual((await self.get(f"{BASE}/{log}")).status, 200)

    async def test_secrets_stay_out_of_the_log_and_of_errors(self):
        self.portal.answer = lambda _cookie, _head: b"nonsense"
        answer = await self.get("/api/v1/logs", "sessionid=hushhush",
                                Authorization="Basic hushhush")
        self.assertEqual(answer.status, 503)
        self.assertNotIn(b"hush", answer.body)
        self.assertNotIn("hush", self.server.log_text())


class BoundsTest(ForwardCase):
    more = {"forward_auth.concurrent": 1, "forward_auth.waiting": 2,
            "forward_auth.cache_entries": 16}

    async def test_more_questions_than_may_wait_are_soft(self):
        self.portal.gate.clear()
        tasks = [asyncio.create_task(self.get(f"{BASE}/deploy/1", f"sessionid=n{n}"))
                 for n in range(30)]
        while sum(task.done() for task in tasks) < 20:
            await asyncio.sleep(0.01)
        self.portal.gate.set()
        statuses = [(await task).status for task in tasks]
        self.assertEqual(set(statuses), {503, 401})
        self.assertGreaterEqual(statuses.count(503), 20)
        self.assertEqual(self.portal.most_open, 1)


class NobodyThereTest(AsyncCase):
    async def test_nobody_listens(self):
        settings = {"access.enabled": True, "grant": GRANTS,
                    "forward_auth.url": f"http://127.0.0.1:{free_port()}/", **QUICK}
        server = await asyncio.to_thread(Server(settings=settings).start)
        try:
            api = Api(server.port)
            answer = await api.get("/api/v1/logs", {"Cookie": "a=b"})
            self.assertEqual(answer.status, 503)
            self.assertEqual((await api.get(f"{BASE}/deploy/1/events",
                                            {"Cookie": "a=b"})).status, 200)
            self.assertEqual((await api.get(f"{BASE}/deploy/1")).status, 401)
        finally:
            await asyncio.to_thread(server.stop)


if __name__ == "__main__":
    unittest.main()
