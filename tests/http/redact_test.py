"""Secrets are masked before they are stored ([redact])."""

import json
import unittest

from support.api import BASE, NDJSON, new_log
from support.case import ServerCase
from support.server import Server


class RedactTest(ServerCase):
    settings = {"redact.builtin": True, "redact.patterns": [r"card (\d{4})"],
                "limits.entry_bytes": 4096}

    async def everything(self, log):
        """All ways out of the server, put together."""
        parts = [(await self.api.get(f"{BASE}/{log}/{what}")).body
                 for what in ("entries", "raw", "events?format=json")]
        return b"\n".join(parts + [(await self.api.meta(log)).body])

    async def test_nothing_of_a_secret_comes_out(self):
        log = new_log()
        await self.api.create(log, {"title": "deploy --password fi4ebird"})
        await self.api.append(log, "DB_PASSWORD=fi4ebird\nusing card 9981\n")
        await self.api.append(log, json.dumps({"text": "go", "token": "fi4ebird"}) + "\n",
                              NDJSON)
        await self.api.end(log, "failed", reason="password=fi4ebird refused")
        out = await self.everything(log)
        self.assertNotIn(b"fi4ebird", out)
        self.assertNotIn(b"9981", out)
        raw = (await self.api.get(f"{BASE}/{log}/raw")).text()
        self.assertEqual(raw, "DB_PASSWORD=***\nusing card ***\ngo\n")

    async def test_a_long_line_is_split_as_without_and_hides_what_lies_across_the_cut(self):
        log = new_log()
        for cut in (0, 5, 20):
            line = "x" * (4096 - 20 + cut) + " password=fi4ebird_fi4ebird " + "y" * 5000
            answer = (await self.api.append(log, line + "\n")).json()
            self.assertEqual(answer["stored"], len(line) // 4096 + 1)
        await self.api.end(log)
        self.assertNotIn(b"fi4e", await self.everything(log))

    async def test_a_repeated_request_is_stored_once(self):
        log = new_log()
        headers = {"Tailrace-Producer": "p", "Tailrace-Sequence": "0"}
        for stored in (3, 3):
            answer = await self.api.append(log, "a\ntoken=abcdef\nb\n", headers=headers)
            self.assertEqual((answer.json()["position"], answer.json()["stored"]), (3, stored))

    async def test_metric(self):
        log = new_log()
        name = "tailrace_redacted_secrets_total"
        before = await self.metric(name)
        await self.api.append(log, "token=a1 token=b2\nnothing\n")
        self.assertEqual(await self.metric(name), before + 2)

    async def metric(self, name):
        text = (await self.api.get("/metrics")).text()
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name)))


class BadPatternTest(unittest.TestCase):
    def test_the_error_names_setting_and_pattern(self):
        server = Server(settings={"redact.patterns": ["fine", "a(b"]}).spawn()
        try:
            self.assertEqual(server.wait(), 1)
            self.assertRegex(server.log_text(), r"redact\.patterns: 'a\(b' is no pattern")
        finally:
            server.stop()


if __name__ == "__main__":
    unittest.main()
