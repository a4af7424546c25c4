"""Search in a log: what is found, its forms, its limits, and clients that go or do not read."""

import asyncio
import json
import re
import unittest
from urllib.parse import urlencode

from support.api import BASE, JSON, NDJSON, new_log
from support.case import ServerCase, seeded_rng
from support.coding import decoder_for
from support.http import request_bytes
from support.http2 import Http2Connection

ESC = "\x1b"


def path_of(log, **query):
    return f"{BASE}/{log}/search?{urlencode(query, doseq=True)}"


def lines_of(body):
    return [json.loads(line) for line in body.splitlines()]


def matches_of(lines):
    return {line["n"]: line["columns"] for line in lines if "n" in line}


async def metric(api, name):
    text = (await api.get("/metrics")).text()
    return float(re.search(rf"^{name} (.*)$", text, re.M)[1])


class SearchCase(ServerCase):
    async def make(self, *texts, **more):
        log = new_log()
        answer = await self.api.append_objects(log, [{"text": text, **more} for text in texts])
        self.assertEqual(answer.status, 200, answer)
        return log

    async def search(self, log, **query):
        answer = await self.api.get(path_of(log, **query))
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    async def found(self, log, **query):
        return matches_of((await self.search(log, **query))["matches"])


class SearchTest(SearchCase):
    async def test_members(self):
        log = await self.make("an error", "fine", "Error, error")
        info = (await self.api.meta(log)).json()
        self.assertEqual(await self.search(log, q="error"), {
            "incarnation": info["incarnation"], "first": 0, "position": 3, "state": "open",
            "from": 0, "to": 3, "complete": True, "searched": 3, "total": 2,
            "matches": [{"n": 0, "columns": [[3, 8]]}, {"n": 2, "columns": [[0, 5], [7, 12]]}]})

    async def test_nothing_found_and_nothing_there(self):
        log = await self.make("a")
        answer = await self.search(log, q="b")
        self.assertEqual((answer["total"], answer["matches"]), (0, []))
        empty = new_log()
        await self.api.create(empty)
        answer = await self.search(empty, q="b")
        self.assertEqual((answer["total"], answer["to"], answer["complete"]), (0, 0, True))
        self.check_problem(await self.api.get(path_of(new_log(), q="b")), 404)

    async def test_case_and_regex(self):
        log = await self.make("a.b", "A.B", "axb", "ÄRGER", "ärger")
        self.assertEqual(list(await self.found(log, q="a.b")), [0, 1])
        self.assertEqual(list(await self.found(log, q="a.b", case=1)), [0])
        self.assertEqual(list(await self.found(log, q="a.b", regex=1)), [0, 1, 2])
        self.assertEqual(list(await self.found(log, q="^a.b$", regex=1, case=1)), [0, 2])
        self.assertEqual(list(await self.found(log, q="ärg")), [3, 4])
        self.assertEqual(list(await self.found(log, q="ärg", case=1)), [4])

    async def test_columns_are_those_of_javascript(self):
        """UTF-16 code units of the text as a page has it, escape sequences counted."""
        texts = ["x\U0001f680 needle", f"{ESC}[31mnee{ESC}[0mdle{ESC}[m", "näedle needle\tneedle",
                 "\0needle"]
        log = await self.make(*texts)
        entries = await self.api.entries(log)
        found = await self.found(log, q="needle")
        self.assertEqual(list(found), [0, 1, 2, 3])
        for n, columns in found.items():
            units = entries[n]["text"].encode("utf-16-le")
            for begin, end in columns:
                cut = units[2 * begin:2 * end].decode("utf-16-le")
                self.assertEqual(re.sub(f"{ESC}\\[[0-9]*m", "", cut), "needle")
        self.assertEqual(found[1], [[5, 15]])
        self.assertEqual(len(found[2]), 2)

    async def test_what_nobody_sees_is_not_found(self):
        log = await self.make(f"{ESC}[31mx{ESC}]8;;http://hidden{ESC}\\link{ESC}]8;;{ESC}\\")
        for query, count in (("31", 0), ("hidden", 0), ("xlink", 1)):
            self.assertEqual(len(await self.found(log, q=query)), count, query)

    async def test_ill_formed_text_is_searched_as_pages_show_it(self):
        log = new_log()
        await self.api.append(log, b"a\xffneedle \xe2\x82z\n")
        self.assertEqual(await self.found(log, q="needle"), {0: [[2, 8]]})
        self.assertEqual(await self.found(log, q="\ufffdz"), {0: [[9, 11]]})
        self.assertEqual(await self.found(log, q="a.n", regex=1), {0: [[0, 3]]})

    async def test_range_and_limit(self):
        log = await self.make(*["a"] * 50)
        answer = await self.search(log, q="a", **{"from": 10, "to": 30, "limit": 5})
        self.assertEqual(list(matches_of(answer["matches"])), list(range(10, 15)))
        self.assertEqual((answer["total"], answer["from"], answer["to"]), (20, 10, 30))
        answer = await self.search(log, q="a", **{"from": 10, "limit": 5, "total": 0})
        self.assertEqual((answer["complete"], answer["cause"], answer["searched"],
                          answer["total"]), (False, "limit", 15, 5))
        answer = await self.search(log, q="a", limit=0)
        self.assertEqual((answer["total"], answer["matches"]), (50, []))
        answer = await self.search(log, q="a", **{"from": 99, "to": 120})
        self.assertEqual((answer["from"], answer["to"], answer["total"]), (50, 50, 0))

    async def test_by_stream_source_and_level(self):
        log = new_log()
        await self.api.append_objects(log, [
            {"text": "a", "stream": "stdout", "source": "web", "level": "info"},
            {"text": "a", "stream": "stderr", "source": "web", "level": "ERROR"},
            {"text": "a", "stream": "stderr", "source": "db"},
            {"text": "b", "stream": "stderr", "source": "db"}])
        for query, right in (({"stream": "stderr"}, [1, 2]), ({"source": "web"}, [0, 1]),
                             ({"source": ["web", "db"]}, [0, 1, 2]), ({"level": "error"}, [1]),
                             ({"level": ""}, [2]), ({"stream": "stderr", "source": "web"}, [1]),
                             ({"source": "We"}, [])):
            self.assertEqual(list(await self.found(log, q="a", **query)), right, query)
        answer = await self.search(log, stream="stderr")
        self.assertEqual(matches_of(answer["matches"]), {1: [], 2: [], 3: []})

    async def test_bad_parameters(self):
        log = await self.make("a")
        for query, field in (({}, "q"), ({"q": ""}, "q"), ({"q": "a" * 1025}, "q"),
                             ({"q": "(", "regex": 1}, "q"), ({"q": "(?=a)", "regex": 1}, "q"),
                             ({"q": "a{1001}", "regex": 1}, "q"),
                             ({"q": "(\\pL\\pN){20}x", "regex": 1}, "q"),
                             ({"q": b"\xff"}, "q"), ({"q": "a", "regex": "yes"}, "regex"),
                             ({"q": "a", "case": 2}, "case"), ({"q": "a", "from": "x"}, "from"),
                             ({"q": "a", "to": -1}, "to"), ({"q": "a", "limit": "x"}, "limit"),
                             ({"q": "a", "limit": 100001}, "limit"),
                             ({"q": "a", "total": "x"}, "total")):
            with self.subTest(query=query):
                problem = self.check_problem(await self.api.get(path_of(log, **query)), 400, field)
                self.assertEqual(problem["field"], field)
        answer = await self.api.request("POST", path_of(log, q="a"))
        self.check_problem(answer, 405)
        head = await self.api.request("HEAD", path_of(log, q="a"))
        self.assertEqual((head.status, head.body), (200, b""))

    async def test_against_a_loop_over_the_entries(self):
        rng = seeded_rng("search")
        pieces = ["a", "b", "ab", "A", " ", "ä", f"{ESC}[1m", "\U0001f680", "x" * 50]
        texts = ["".join(rng.choices(pieces, k=rng.randrange(12))) for _ in range(3000)]
        log = new_log()
        for n in range(0, 3000, 500):
            await self.api.append_objects(log, [{"text": text} for text in texts[n:n + 500]])
        seen = [text.replace(f"{ESC}[1m", "") for text in texts]
        for query, regex, case in (("ab", 0, 1), ("ab", 0, 0), ("a+b", 1, 1), ("^ä|b$", 1, 0),
                                   ("a b", 0, 0), ("xxa", 0, 0), ("a\\s*\U0001f680", 1, 1)):
            wanted = re.compile(query if regex else re.escape(query), 0 if case else re.I)
            right = [n for n, text in enumerate(seen) if wanted.search(text)]
            answer = await self.search(log, q=query, regex=regex, case=case, limit=3000)
            self.assertEqual(list(matches_of(answer["matches"])), right, query)
            self.assertEqual(answer["total"], len(right), query)


class FormTest(SearchCase):
    settings = {"limits.page_entries": 1000}

    async def get(self, log, accept=None, **query):
        return await self.api.get(path_of(log, **query), {"Accept": accept} if accept else None)

    async def test_as_lines(self):
        log = await self.make("a", "b", "a")
        answer = await self.get(log, NDJSON, q="a")
        self.assertEqual(answer.header("Content-Type"), NDJSON)
        self.assertEqual(answer.header("X-Accel-Buffering"), "no")
        lines = lines_of(answer.body)
        self.assertEqual((lines[0]["position"], lines[0]["from"], lines[0]["to"]), (3, 0, 3))
        self.assertEqual(matches_of(lines), {0: [[0, 1]], 2: [[0, 1]]})
        self.assertEqual(lines[-1], {"end": {"complete": True, "searched": 3, "total": 2}})

    async def test_a_long_log_is_streamed_unless_an_object_is_wanted(self):
        short, long = new_log(), new_log()
        await self.api.append(short, "a\n" * 1000)
        await self.api.append(long, "a\n" * 1001)
        for log, accept, kind in ((short, None, JSON), (long, None, NDJSON), (long, "*/*", NDJSON),
                                  (long, JSON, JSON), (short, NDJSON, NDJSON),
                                  (long, f"{JSON}, {NDJSON};q=0.5", JSON)):
            answer = await self.get(log, accept, q="a", limit=10)
            self.assertEqual(answer.header("Content-Type"), kind, accept)
            self.assertIn("accept", answer.header("Vary").lower())
        self.assertEqual((await self.get(long, JSON, q="a", limit=10)).json()["total"], 1001)
        # What is long is what is searched.
        self.assertEqual((await self.get(long, q="a", **{"from": 500})).json()["total"], 501)

    async def test_compressed(self):
        log = new_log()
        await self.api.append(log, "a needle\n" * 5000)
        path = path_of(log, q="needle", limit=5000)
        plain = lines_of((await self.api.get(path, {"Accept": NDJSON})).body)
        for coding in ("gzip", "zstd"):
            answer = await self.api.get(path, {"Accept": NDJSON, "Accept-Encoding": coding})
            self.assertEqual(answer.header("Content-Encoding"), coding)
            decoder = decoder_for(answer)
            lines = lines_of(decoder.feed(answer.body))
            decoder.end()
            self.assertEqual(matches_of(lines), matches_of(plain))
            self.assertEqual(lines[-1], plain[-1])

    async def test_other_protocols(self):
        log = await self.make(*["a"] * 5)
        path = path_of(log, q="a")
        async with await self.api.connect() as connection:
            await connection.send(f"GET {path} HTTP/1.0\r\nAccept: {NDJSON}\r\n\r\n".encode())
            answer = await connection.response()
            self.assertIsNone(answer.header("Transfer-Encoding"))
            self.assertEqual(lines_of(answer.body)[-1]["end"]["total"], 5)
        async with await Http2Connection.open(self.server.port) as connection:
            answer = await connection.request("GET", path, {"accept": NDJSON})
            self.assertEqual(lines_of(answer.body)[-1]["end"]["total"], 5)


class LongLogTest(SearchCase):
    """A log large enough that a search has many slices, and its answer fills a socket."""

    settings = {"limits.searches": 2, "limits.search_matches": 1_000_000, "workers": 1}
    COUNT = 400_000

    async def asyncSetUp(self):
        if not hasattr(type(self), "log"):
            type(self).log = new_log()
            body = "".join(f"line {n} of a log that is long\n" for n in range(20_000))
            for _ in range(self.COUNT // 20_000):
                await self.api.append(self.log, body)

    async def until_free(self):
        for _ in range(600):
            if await metric(self.api, "tailrace_searches") == 0:
                return
            await asyncio.sleep(0.05)
        self.fail("a search goes on that nobody waits for")

    async def begin(self, **options):
        """A search of which nothing more than the head is read."""
        connection = await self.api.connect(**options)
        path = path_of(self.log, q="l[io]n[eg]", regex=1, limit=1_000_000)
        await connection.send(request_bytes("GET", path, {"Accept": NDJSON}))
        answer = await connection.head()
        self.assertEqual(answer.status, 200, answer)
        return connection

    async def test_matches_come_while_the_search_goes_on(self):
        async with await self.api.connect() as connection:
            path = path_of(self.log, q="LINE 7", limit=1_000_000)
            await connection.send(request_bytes("GET", path, {"Accept": NDJSON}))
            answer = await connection.head()
            pieces = [piece async for piece in connection.body(answer)]
        lines = lines_of(b"".join(pieces))
        right = [n for n in range(self.COUNT) if str(n % 20_000).startswith("7")]
        self.assertEqual(list(matches_of(lines)), right)
        self.assertEqual(lines[-1]["end"],
                         {"complete": True, "searched": self.COUNT, "total": len(right)})
        self.assertIn(b'{"n":7,', pieces[0])
        self.assertLess(len(pieces[0]), 80_000)
        progress = [line["progress"] for line in lines if "progress" in line]
        self.assertGreater(len(progress), 5)    # pieces are bounded
        self.assertEqual(sorted(progress, key=lambda each: each["position"]), progress)

    async def test_the_head_is_that_of_the_begin(self):
        log = new_log()
        await self.api.append(log, "a\n" * 20_000)
        async with await self.api.connect(receive_buffer=4096) as connection:
            path = path_of(log, q="a", limit=20_000)
            await connection.send(request_bytes("GET", path, {"Accept": NDJSON}))
            answer = await connection.head()
            await self.api.append(log, "a\n" * 5)
            body = b"".join([piece async for piece in connection.body(answer)])
        self.assertEqual(lines_of(body)[-1]["end"]["total"], 20_000)

    async def test_who_goes_ends_the_search(self):
        for leave in ("close", "reset"):
            before = await metric(self.api, "tailrace_searches_started_total")
            for _ in range(5):
                connection = await self.begin(receive_buffer=4096)
                if leave == "reset":
                    connection.abort()
                else:
                    connection.writer.close()
                await self.until_free()
            after = await metric(self.api, "tailrace_searches_started_total")
            self.assertEqual(after - before, 5)
        async with await Http2Connection.open(self.server.port) as connection:
            exchange = await connection.begin(
                "GET", path_of(self.log, q="line", limit=1_000_000), {"accept": NDJSON},
                reads=False)
            await exchange.head()
            exchange.cancel()
            await connection.flush()
            await self.until_free()

    async def test_who_does_not_read_holds_it_back(self):
        cpu = "tailrace_search_cpu_microseconds_total"
        before = self.server.rss_bytes()
        stuck = [await self.begin(receive_buffer=4096) for _ in range(2)]
        spent = -1
        while spent != await metric(self.api, cpu):     # until it goes no further
            spent = await metric(self.api, cpu)
            await asyncio.sleep(0.3)
        self.assertEqual(await metric(self.api, "tailrace_searches"), 2)
        self.check_memory(before, 48 << 20)
        # So many are all that go at the same time; others are told so, at once.
        refused = await self.api.get(path_of(self.log, q="x"))
        self.check_problem(refused, 429, "searches")
        self.assertIsNotNone(refused.header("Retry-After"))
        self.assertGreaterEqual(await metric(self.api, "tailrace_searches_refused_total"), 1)
        self.assertEqual((await self.api.page(self.log, "?tail=1")).status, 200)
        for connection in stuck:
            connection.abort()
        await self.until_free()
        self.assertEqual((await self.api.get(path_of(self.log, q="x", limit=1))).status, 200)

    async def test_a_log_that_is_deleted_meanwhile(self):
        log = new_log()
        await self.api.append(log, "a\n" * 100_000)
        async with await self.api.connect(receive_buffer=4096) as connection:
            path = path_of(log, q="a", limit=1_000_000)
            await connection.send(request_bytes("GET", path, {"Accept": NDJSON}))
            answer = await connection.head()
            self.assertEqual((await self.api.delete(log)).status, 204)
            await self.api.append(log, "a\n")
            lines = lines_of(b"".join([piece async for piece in connection.body(answer)]))
        end = lines[-1]["end"]
        self.assertEqual((end["complete"], end["cause"]), (False, "deleted"))
        self.assertLess(end["total"], 100_000)


class RetentionTest(SearchCase):
    settings = {"retention.max_log_bytes": "200KiB", "retention.interval": "1s",
                "store.block_bytes": "16KiB"}

    async def test_what_retention_cut_is_a_gap(self):
        log = new_log()
        for _ in range(50):
            await self.api.append(log, ("a" * 100 + "\n") * 100)
        for _ in range(300):
            if (await self.api.meta(log)).json()["first"] > 0:
                break
            await asyncio.sleep(0.1)
        answer = await self.search(log, q="a", limit=1)
        first = matches_of(answer["matches"]).popitem()[0]
        self.assertGreater(first, 0)
        self.assertEqual(answer["gaps"], [{"from": 0, "to": first, "cause": "retention"}])
        self.assertEqual(answer["total"], 5000 - first)


if __name__ == "__main__":
    unittest.main()
