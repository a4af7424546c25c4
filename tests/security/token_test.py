"""Tokens of producers and scripts, and the command line that sends them."""

import asyncio
import os
import re
import subprocess
import unittest

from support.access import create_token, run_cli, with_token
from support.api import BASE, new_log
from support.case import ServerCase
from support.server import binary_path
from support.sse import Stream


class TokenTest(ServerCase):
    settings = {"access.enabled": True, "access.recheck": "100ms"}

    async def create(self, name, may, *logs, expires=None):
        """A token that the server knows already."""
        token = create_token(self.server, name, may, *logs, expires=expires)
        api = with_token(self.server.port, token)
        async with asyncio.timeout(60):
            while (await api.get("/api/v1/session")).status != 200:
                await asyncio.sleep(0.02)
        return api, token

    async def test_a_token_is_shown_once_and_stored_as_a_digest(self):
        _, token = await self.create("once", "read", "once/*")
        self.assertRegex(token, r"^tailrace_[A-Za-z0-9_-]{43}$")
        for file in (self.server.folder / "data/access").iterdir():
            self.assertNotIn(token[9:], file.read_text())
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        listed = run_cli(self.server, "token", "list")
        self.assertRegex(listed,
                         r"(?m)^[0-9a-f]{12}  once  read  once/\*  created .* expires never")
        self.assertNotIn(token[9:], listed)
        self.assertNotIn(token[9:], self.server.log_text())

    async def test_it_may_what_its_scope_says(self):
        api, _ = await self.create("ci", "write,read", "ci/*", "build/4*")
        log = new_log("ci")
        self.assertEqual((await api.append(log, "one\n")).status, 200)
        self.assertEqual(await api.texts(log), ["one"])
        self.check_problem(await api.delete(log), 403)
        self.check_problem(await api.append(new_log("other"), "one\n"), 403)
        self.check_problem(await api.get(f"{BASE}/other/1"), 404)

    async def test_unknown_tokens_are_refused(self):
        for value in ("Bearer tailrace_", "Bearer tailrace_" + "A" * 43, "bearer tailrace_x"):
            answer = await self.api.get("/api/v1/session", {"Authorization": value})
            self.check_problem(answer, 401, "unknown, expired or revoked")
        for value in ("Bearer", "Bearer ", "Basic eA==", "", "tailrace_x", "Bearer x y"):
            answer = await self.api.get(f"{BASE}/a/b", {"Authorization": value})
            self.check_problem(answer, 401)

    async def test_a_token_expires_under_its_stream(self):
        api, _ = await self.create("short", "read", "short/*", expires="8s")
        stream = await Stream.open(self.server.port, f"{BASE}/short/1/events", api.headers)
        self.assertEqual(stream.response.status, 200)
        self.assertEqual([event.event for event in await stream.to_end()], ["expired"])
        self.check_problem(await api.get(f"{BASE}/short/1"), 401)

    async def test_a_token_is_revoked_under_its_stream(self):
        api, _ = await self.create("away", "read", "away/*")
        other, _ = await self.create("stays", "read", "away/*")
        stream = await Stream.open(self.server.port, f"{BASE}/away/1/events", api.headers)
        kept = await Stream.open(self.server.port, f"{BASE}/away/1/events", other.headers)
        await asyncio.to_thread(run_cli, self.server, "token", "revoke", "away")
        self.assertEqual([event.event for event in await stream.to_end()], ["expired"])
        self.check_problem(await api.get(f"{BASE}/away/1"), 401)
        self.assertEqual((await other.get("/api/v1/session")).status, 200)
        kept.connection.abort()

    async def test_last_use_is_kept(self):
        await self.create("used", "read", "used/*")
        self.server.terminate()
        self.server.wait()
        self.server.start()
        self.assertRegex(run_cli(self.server, "token", "list"),
                         r"(?m)^.*  used  .* used \d{4}-\d\d-\d\dT\d\d:\d\dZ$")

    async def test_mistakes_on_the_command_line(self):
        create_token(self.server, "twice", "read", "a/b")
        for words, said in ((("token", "create", "x", "--may", "reed", "--logs", "a/b"), "reed"),
                            (("token", "create", "x", "--may", "read", "--logs", "a"), "TYPE/ID"),
                            (("token", "create", "twice", "--may", "read", "--logs", "a/b"),
                             "there is a token"),
                            (("token", "revoke", "nothing"), "there is no token"),
                            (("user", "add", "a b"), "is no name"),
                            (("user", "remove", "nobody"), "there is no user"),
                            (("user", "add", "short"), "a password has")):
            with self.assertRaisesRegex(AssertionError, said):
                run_cli(self.server, *words, text="short\n")


class ClientTest(ServerCase):
    """push, tail and exec show the token, and nobody else sees it."""

    settings = {"access.enabled": True, "access.recheck": "100ms"}

    def run_client(self, *words, token_file=None, token=None, text=""):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("TAILRACE_")}
        environment["TAILRACE_URL"] = f"http://127.0.0.1:{self.server.port}"
        if token:
            environment["TAILRACE_TOKEN"] = token
        if token_file:
            words = (words[0], "--token-file", str(token_file), *words[1:])
        return subprocess.run([binary_path(), *words], input=text, text=True, check=False,
                              capture_output=True, env=environment, timeout=120)

    async def test_tokens_by_file_and_environment(self):
        token = create_token(self.server, "client", "read,write", "cli/*")
        file = self.server.folder / "token"
        file.write_text(token + "\n")
        async with asyncio.timeout(60):
            while (await with_token(self.server.port, token).get("/api/v1/session")).status != 200:
                await asyncio.sleep(0.02)
        done = await asyncio.to_thread(self.run_client, "push", "cli/1", "-", token_file=file,
                                       text="one\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = await asyncio.to_thread(self.run_client, "exec", "cli/1", "--", "sh", "-c",
                                       "tr '\\0' ' ' < /proc/$PPID/cmdline; echo", token_file=file)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(token, done.stdout, "the title of the process")
        done = await asyncio.to_thread(self.run_client, "tail", "cli/1", token=token)
        self.assertEqual(done.stdout.splitlines()[0], "one")
        done = await asyncio.to_thread(self.run_client, "tail", "cli/1")
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertIn("TAILRACE_TOKEN", done.stderr)
        done = await asyncio.to_thread(self.run_client, "tail", "cli/1", token_file="/none")
        self.assertIn("TAILRACE_TOKEN_FILE: /none has no token", done.stderr)
        self.assertNotRegex(self.server.log_text(), re.escape(token[9:]))


if __name__ == "__main__":
    unittest.main()
