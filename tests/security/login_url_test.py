"""Pages send who is not logged in to where people log in elsewhere, and tell it the way back."""

import asyncio
import os
import subprocess
import unittest

from support.access import add_user, cookie_of, log_in_by_form
from support.api import BASE
from support.case import ServerCase
from support.server import binary_path

GRANTS = [{"user": "ann", "logs": "*", "may": "admin"}]
PORTAL = "https://portal.example/accounts/login/?next={path}"


class LoginUrlCase(ServerCase):
    settings = {"access.enabled": True, "access.login": False, "access.login_url": PORTAL,
                "grant": GRANTS, "forward_auth.url": "http://127.0.0.1:9/check",
                "trusted_proxies": ["127.0.0.1"]}

    async def leads_to(self, path, location, headers=None):
        answer = await self.api.get(path, headers)
        self.assertEqual((answer.status, answer.header("Location")), (303, location), path)
        self.assertEqual(answer.header("Cache-Control"), "no-store")


class ElsewhereTest(LoginUrlCase):
    async def test_pages_and_the_pages_own_way_to_log_in_lead_there(self):
        at = "https://portal.example/accounts/login/?next="
        await self.leads_to("/", at + "/")
        await self.leads_to("/logs/dev/1", at + "/logs/dev/1")
        await self.leads_to("/login", at + "/")
        await self.leads_to("/login?next=logs/dev/1", at + "/logs/dev/1")
        # Local users are off.
        await self.leads_to("/login?local", at + "/")
        self.check_problem(await self.api.request("POST", "/api/v1/login"), 404)
        self.assertTrue((await self.api.get("/api/v1/session")).json()["login"])

    async def test_only_pages(self):
        for path in (f"{BASE}/dev/1", f"{BASE}/dev/1/events", BASE):
            self.check_problem(await self.api.get(path), 401)

    async def test_the_way_back_leads_nowhere_else(self):
        at = "https://portal.example/accounts/login/?next=/"
        for path in ("https://evil.example/", "//evil.example", "logs/../x", "api/v1/logs",
                     "logs/a/b%0d%0aX:%20y", "logs/a/b\"", "javascript:x"):
            await self.leads_to(f"/login?next={path.replace('%', '%25')}", at)
        answer = await self.api.get("/logs/a/b%0d%0aX:%20y")
        self.assertNotEqual(answer.status, 200)
        self.assertIsNone(answer.header("X"))


class AddressTest(LoginUrlCase):
    settings = {**LoginUrlCase.settings, "base_path": "/tailrace",
                "access.login_url": "/oauth2/start?rd={url}"}

    async def test_the_whole_address_as_the_client_knows_it(self):
        told = {"X-Forwarded-Host": "logs.example.org", "X-Forwarded-Proto": "https",
                "X-Forwarded-For": "203.0.113.9"}
        at = "/oauth2/start?rd=https%3A//logs.example.org/tailrace/"
        await self.leads_to("/tailrace/", at, told)
        await self.leads_to("/tailrace/logs/dev/1", at + "logs/dev/1", told)
        await self.leads_to("/logs/dev/1", at + "logs/dev/1", told)     # its path was taken off
        await self.leads_to("/tailrace/login?next=logs/dev/1", at + "logs/dev/1", told)


class BothTest(LoginUrlCase):
    settings = {**LoginUrlCase.settings, "access.login": True, "access.recheck": "100ms"}

    async def test_local_users_have_their_own_page(self):
        await self.leads_to("/login", "https://portal.example/accounts/login/?next=/")
        page = await self.api.get("/login?local&next=logs/dev/1")
        self.assertEqual(page.status, 200)
        self.assertIn('action="api/v1/login"', page.text())
        answer = await log_in_by_form(self.api, "ann", "wrong")
        self.assertEqual(answer.header("Location"), "../../login?failed=1")
        self.assertEqual((await self.api.get("/login?failed=1")).status, 200)
        add_user(self.server, "ann")
        async with asyncio.timeout(60):
            while "users=1" not in self.server.log_text():
                await asyncio.sleep(0.02)
        answer = await log_in_by_form(self.api, "ann")
        page = await self.api.get("/logs/dev/1", {"Cookie": cookie_of(answer)})
        self.assertEqual(page.status, 200)


class WrongSettingTest(unittest.TestCase):
    def test_it_is_refused_by_name(self):
        for words in (["--access", "--access-login-url", "//evil"],
                      ["--access", "--access-login-url", "/in?next={where}"],
                      ["--access-login-url", "/in"]):
            environment = {name: value for name, value in os.environ.items()
                           if not name.startswith("TAILRACE_")}
            done = subprocess.run([binary_path(), "serve", "--print-config", *words], check=False,
                                  capture_output=True, text=True, timeout=60, env=environment)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("access.login_url: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
