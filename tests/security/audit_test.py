"""The audit log: what changed of users, tokens, links and grants, by name and without secrets."""

import asyncio
import os
import pwd
import re
import signal
import unittest

from support.access import PASSWORD, add_user, create_token, run_cli
from support.api import BASE, JSON
from support.case import ServerCase

ANN = {"X-User": "ann"}
READ_ALL = {"user": "joe", "logs": "*", "may": ["read"]}
ADMIN = {"user": "ann", "logs": "*", "may": "admin"}


class AuditTest(ServerCase):
    settings = {"access.enabled": True, "access.recheck": "100ms", "grant": [ADMIN],
                "trusted_proxies": ["127.0.0.1"], "proxy_auth.user_header": "X-User",
                "log_level": "error"}

    def audited(self):
        """Lines of the audit log without their time."""
        return [line.partition("level=audit ")[2] for line in self.server.log_text().splitlines()
                if "level=audit" in line]

    async def wait_for(self, pattern):
        async with asyncio.timeout(60):
            while True:
                for line in self.audited():
                    if re.search(pattern, line):
                        return line
                await asyncio.sleep(0.02)

    async def test_users(self):
        add_user(self.server, "eve", "dev", "ops")
        await self.wait_for(r'msg="?user added"? user=eve groups=dev,ops')
        run_cli(self.server, "user", "logout", "eve")
        await self.wait_for(r"user=eve groups=dev,ops password=same sessions=ended")
        run_cli(self.server, "user", "password", "eve", text="another one\n")
        await self.wait_for(r"user=eve groups=dev,ops password=new sessions=ended")
        run_cli(self.server, "user", "remove", "eve")
        await self.wait_for(r'user removed"? user=eve')
        text = self.server.log_text()
        self.assertNotIn(PASSWORD, text)
        self.assertNotIn("argon2id", text)

    async def test_who_ran_the_command_is_told(self):
        """The operating system's user; whom sudo names, as what the environment says."""
        me = rf"by={pwd.getpwuid(os.getuid()).pw_name} uid={os.getuid()}"
        add_user(self.server, "max")
        await self.wait_for(rf"user added.* user=max .*{me} at=20\d\d-[^ ]*Z$")
        run_cli(self.server, "user", "remove", "max", sudo_user="ann")
        await self.wait_for(rf"user removed.* user=max {me} sudo_user=ann at=20")
        run_cli(self.server, "token", "create", "who", "--may", "read", "--logs", "*",
                sudo_user="eve by=root")
        await self.wait_for(rf"token created.* name=who .*{me} at=20")
        mine = [line for line in self.audited() if re.search("user=max|name=who", line)]
        self.assertEqual(len(mine), 3, mine)

    async def test_a_file_that_was_edited_is_told_without_a_name(self):
        add_user(self.server, "hand")
        await self.wait_for("user added.* user=hand")
        users = self.server.folder / "data" / "access" / "users"
        kept = [line for line in users.read_text(encoding="utf-8").splitlines(True)
                if not line.startswith("hand\t")]
        users.write_text("".join(kept), encoding="utf-8")
        line = await self.wait_for("user removed.* user=hand")
        self.assertRegex(line, "user=hand by=unknown$")

    async def test_what_was_changed_while_no_server_ran_is_told_by_the_next_one(self):
        self.server.terminate()
        self.assertEqual(await asyncio.to_thread(self.server.wait), 0)
        before = len(self.audited())
        add_user(self.server, "night", "ops")
        run_cli(self.server, "user", "remove", "night")
        self.server.start()
        await self.wait_for("user removed.* user=night by=")
        told = [line for line in self.audited()[before:] if "user=night" in line]
        self.assertEqual(len(told), 2, told)
        self.assertRegex(told[0], "user added.* user=night groups=ops by=.* uid=.* at=20")

    async def test_tokens(self):
        token = create_token(self.server, "ci", "write", "deploy/*", expires="90d")
        line = await self.wait_for(r'token created"? token=[0-9a-f]{12} name=ci may=write ')
        self.assertRegex(line, r"logs=deploy/\* expires=20\d\d-")
        run_cli(self.server, "token", "revoke", "ci")
        await self.wait_for(r'token revoked"? token=[0-9a-f]{12} name=ci may=write ')
        self.assertNotIn(token[9:], self.server.log_text())

    async def test_links(self):
        await self.api.append("deploy/1", "one\n", headers=ANN)
        made = await self.api.request("POST", f"{BASE}/deploy/1/links",
                                      {"Content-Type": JSON, **ANN}, '{"expires_s":60}')
        self.assertEqual(made.status, 201)
        who = r"user=ann proof=[\w-]+ credential=\S* client=127\.0\.0\.1"
        await self.wait_for(rf'link created"? log=deploy/1 seconds=60 {who}')
        refused = await self.api.request("POST", f"{BASE}/deploy/1/links",
                                         {"Content-Type": JSON, **ANN}, '{"expires_s":0}')
        self.assertEqual(refused.status, 400)
        revoked = await self.api.request("DELETE", "/api/v1/links", ANN)
        self.assertEqual(revoked.status, 204)
        await self.wait_for(rf'links revoked"? {who}')
        self.assertEqual(sum("link created" in line for line in self.audited()), 1)
        self.assertNotIn(made.json()["link"], self.server.log_text())

    async def regrant(self, *grants):
        before = len(self.audited())
        self.server.settings["grant"] = list(grants)
        self.server.write_config()
        self.server.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(60):
            while not any("grants in force" in line for line in self.audited()[before:]):
                await asyncio.sleep(0.02)
        return [line for line in self.audited()[before:]
                if re.search("grant (added|removed)", line)]

    async def test_grants(self):
        added = await self.regrant(READ_ALL, ADMIN)     # in another order
        self.assertEqual(len(added), 1, added)
        self.assertRegex(added[0], r'grant added"? user=joe logs=\*/\* may=read')
        self.assertEqual(await self.regrant(ADMIN, READ_ALL), [])
        changed = await self.regrant(ADMIN, {**READ_ALL, "labels": ["team=web"]})
        self.assertEqual(len(changed), 2, changed)
        self.assertRegex(changed[0], r'grant removed"? user=joe logs=\*/\* may=read')
        self.assertRegex(changed[1], r'grant added"? user=joe .*labels="?team=web"? may=read')
        self.assertEqual(len(await self.regrant(ADMIN)), 1)


if __name__ == "__main__":
    unittest.main()
