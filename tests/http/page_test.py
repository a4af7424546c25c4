"""Pages of entries and raw downloads (api.md "Reading")."""

import json
import unittest

from support.api import BASE, NDJSON, new_log
from support.case import ServerCase


class PageTest(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.log = None

    async def asyncSetUp(self):
        """One log of 2,500 entries for all tests of the class."""
        if type(self).log is None:
            type(self).log = new_log()
            for first in range(0, 2500, 250):
                await self.api.append(self.log, "".join(f"t{n}\n" for n in range(first,
                                                                                 first + 250)))

    async def numbers(self, query):
        page = (await self.api.page(self.log, query)).json()
        numbers = [entry["n"] for entry in page["entries"]]
        self.assertEqual([entry["text"] for entry in page["entries"]], [f"t{n}" for n in numbers])
        return numbers

    async def test_members(self):
        page = (await self.api.page(self.log, "?from=3&limit=2")).json()
        info = (await self.api.meta(self.log)).json()
        for member in ("incarnation", "first", "position", "state"):
            self.assertEqual(page[member], info[member], member)
        self.assertEqual(page["position"], 2500)
        entry = page["entries"][0]
        self.assertEqual((entry["n"], entry["text"]), (3, "t3"))
        self.assertRegex(entry["time"], r"Z$")

    async def test_default_is_the_first_thousand(self):
        self.assertEqual(await self.numbers(""), list(range(1000)))

    async def test_from_and_limit(self):
        self.assertEqual(await self.numbers("?from=249&limit=3"), [249, 250, 251])
        self.assertEqual(await self.numbers("?from=2498&limit=9"), [2498, 2499])
        self.assertEqual(await self.numbers("?from=2500"), [])
        self.assertEqual(await self.numbers("?limit=1"), [0])

    async def test_beyond_the_head(self):
        answer = await self.api.page(self.log, "?from=9999")
        self.assertEqual((answer.status, answer.json()["entries"]), (200, []))

    async def test_tail(self):
        self.assertEqual(await self.numbers("?tail=3"), [2497, 2498, 2499])
        self.assertEqual(await self.numbers("?tail=0"), [])
        self.assertEqual(len(await self.numbers("?tail=9000")), 2500)

    async def test_before(self):
        self.assertEqual(await self.numbers("?before=250&limit=3"), [247, 248, 249])
        self.assertEqual(await self.numbers("?before=2&limit=10"), [0, 1])
        self.assertEqual(await self.numbers("?before=0&limit=10"), [])

    async def test_bad_parameters(self):
        for query, word in (("?from=x", "from"), ("?from=-1", "from"), ("?limit=0x10", "limit"),
                            ("?tail=1.5", "tail"), ("?before=", "before"), ("?limit=-3", "limit"),
                            ("?from=99999999999999999999999", "from")):
            with self.subTest(query=query):
                self.check_problem(await self.api.page(self.log, query), 400, word)

    async def test_unknown_log(self):
        self.check_problem(await self.api.page(new_log()), 404)

    async def test_as_plain_text(self):
        answer = await self.api.page(self.log, "?from=7&limit=2", {"Accept": "text/plain"})
        self.assertEqual(answer.header("Content-Type").split(";")[0], "text/plain")
        self.assertEqual(answer.body, b"t7\nt8\n")

    async def test_as_ndjson(self):
        answer = await self.api.page(self.log, "?from=7&limit=2", {"Accept": NDJSON})
        self.assertEqual(answer.header("Content-Type").split(";")[0], NDJSON)
        entries = [json.loads(line) for line in answer.body.splitlines()]
        page = (await self.api.page(self.log, "?from=7&limit=2")).json()
        self.assertEqual(entries, page["entries"])
        self.assertTrue(answer.body.endswith(b"}\n"))

    async def test_accept_is_negotiated(self):
        for accept, kind in (("*/*", "application/json"), ("text/*", "text/plain"),
                             ("text/plain;q=0.1, application/json", "application/json"),
                             ("application/x-ndjson;q=0.5, text/plain;q=0.4", NDJSON)):
            answer = await self.api.page(self.log, "?limit=1", {"Accept": accept})
            self.assertEqual(answer.header("Content-Type").split(";")[0], kind, accept)
            self.assertIn("accept", (answer.header("Vary") or "").lower())

    async def test_ended_log(self):
        log = new_log()
        await self.api.append(log, "x\n", query="?end=failed")
        page = (await self.api.page(log)).json()
        self.assertEqual((page["state"], page["position"], len(page["entries"])), ("ended", 1, 1))

    async def test_empty_log(self):
        log = new_log()
        await self.api.create(log)
        page = (await self.api.page(log)).json()
        self.assertEqual((page["first"], page["position"], page["entries"]), (0, 0, []))


class RawTest(ServerCase):
    async def make(self, texts, end=False):
        log = new_log()
        await self.api.append_objects(log, [{"text": text, "time": f"2024-01-01T00:00:{n:02}Z"}
                                            for n, text in enumerate(texts)])
        if end:
            await self.api.end(log)
        return log

    async def raw(self, log, query="", headers=None):
        return await self.api.get(f"{BASE}/{log}/raw{query}", headers)

    async def test_texts_and_line_ends(self):
        log = await self.make(["a", "", "b\r\nc", "d\0é"])
        answer = await self.raw(log)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.body, "a\n\nb\r\nc\nd\0é\n".encode())

    async def test_is_a_download(self):
        log = await self.make(["<script>alert(1)</script>"])
        answer = await self.raw(log)
        self.assertEqual(answer.header("Content-Type").split(";")[0], "text/plain")
        self.assertRegex(answer.header("Content-Disposition"), r"^attachment")
        self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")

    async def test_from_and_to(self):
        log = await self.make(["a", "b", "c", "d"])
        self.assertEqual((await self.raw(log, "?from=1&to=3")).body, b"b\nc\n")
        self.assertEqual((await self.raw(log, "?from=3")).body, b"d\n")
        self.assertEqual((await self.raw(log, "?to=1")).body, b"a\n")
        self.assertEqual((await self.raw(log, "?from=4")).body, b"")
        self.assertEqual((await self.raw(log, "?from=2&to=2")).body, b"")
        self.check_problem(await self.raw(log, "?from=x"), 400, "from")

    async def test_timestamps(self):
        log = await self.make(["a", "b"])
        lines = (await self.raw(log, "?timestamps=1")).text().splitlines()
        self.assertRegex(lines[0], r"^2024-01-01T00:00:00(\.0+)?Z a$")
        self.assertRegex(lines[1], r"^2024-01-01T00:00:01(\.0+)?Z b$")

    async def test_unknown_and_empty_logs(self):
        self.check_problem(await self.raw(new_log()), 404)
        log = new_log()
        await self.api.create(log)
        answer = await self.raw(log)
        self.assertEqual((answer.status, answer.body), (200, b""))

    async def test_ranges_of_an_ended_log(self):
        log = await self.make([f"line {n}" for n in range(60)], end=True)
        whole = await self.raw(log)
        self.assertEqual(whole.header("Accept-Ranges"), "bytes")
        self.assertEqual(whole.header("Content-Length"), str(len(whole.body)))
        size = len(whole.body)
        for asked, first, last in (("bytes=0-0", 0, 0), ("bytes=5-20", 5, 20),
                                   (f"bytes={size - 1}-", size - 1, size - 1),
                                   ("bytes=-7", size - 7, size - 1), ("bytes=3-99999", 3, size - 1),
                                   ("bytes=-99999", 0, size - 1)):
            with self.subTest(asked=asked):
                part = await self.raw(log, headers={"Range": asked})
                self.assertEqual(part.status, 206)
                self.assertEqual(part.header("Content-Range"), f"bytes {first}-{last}/{size}")
                self.assertEqual(part.body, whole.body[first:last + 1])

    async def test_range_that_is_not_there(self):
        log = await self.make(["abc"], end=True)
        answer = await self.raw(log, headers={"Range": "bytes=4-"})
        self.assertEqual((answer.status, answer.header("Content-Range")), (416, "bytes */4"))

    async def test_ranges_that_are_passed_over(self):
        log = await self.make(["abc"], end=True)
        for asked in ("lines=1-2", "bytes=x-y", "bytes=3-1", "nonsense"):
            self.assertEqual((await self.raw(log, headers={"Range": asked})).status, 200, asked)

    async def test_ranges_on_an_open_log_are_passed_over(self):
        log = await self.make(["abc"])
        answer = await self.raw(log, headers={"Range": "bytes=1-2"})
        self.assertEqual((answer.status, answer.body), (200, b"abc\n"))

    async def test_if_range(self):
        log = await self.make(["abc"], end=True)
        tag = (await self.raw(log)).header("ETag")
        self.assertIsNotNone(tag)
        part = await self.raw(log, headers={"Range": "bytes=1-1", "If-Range": tag})
        self.assertEqual((part.status, part.body), (206, b"b"))
        whole = await self.raw(log, headers={"Range": "bytes=1-1", "If-Range": '"old"'})
        self.assertEqual((whole.status, whole.body), (200, b"abc\n"))

    async def test_range_deep_in_a_long_log(self):
        log = new_log()
        lines = [f"{n:06} " + "x" * 90 + "\n" for n in range(20000)]
        for first in range(0, 20000, 2000):
            await self.api.append(log, "".join(lines[first:first + 2000]))
        await self.api.end(log)
        whole = "".join(lines).encode()
        for first in (0, 999_999, 1_500_003, len(whole) - 10):
            part = await self.raw(log, headers={"Range": f"bytes={first}-{first + 200}"})
            self.assertEqual(part.body, whole[first:first + 201])

    async def test_head_has_the_length(self):
        log = await self.make(["abc", "d"], end=True)
        answer = await self.api.request("HEAD", f"{BASE}/{log}/raw")
        self.assertEqual((answer.status, answer.header("Content-Length")), (200, "6"))

    async def test_range_is_for_get_only(self):
        log = await self.make(["abc", "d"], end=True)
        answer = await self.api.request("HEAD", f"{BASE}/{log}/raw", {"Range": "bytes=1-2"})
        self.assertEqual((answer.status, answer.header("Content-Length")), (200, "6"))

    async def test_if_none_match(self):
        log = await self.make(["abc", "d"], end=True)
        tag = (await self.raw(log)).header("ETag")
        for known in (tag, "W/" + tag, f'"other", {tag}', "*"):
            answer = await self.raw(log, headers={"If-None-Match": known, "Range": "bytes=0-1"})
            self.assertEqual((answer.status, answer.header("ETag")), (304, tag), known)
        self.assertEqual((await self.raw(log, headers={"If-None-Match": '"x"'})).status, 200)


if __name__ == "__main__":
    unittest.main()
