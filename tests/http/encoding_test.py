"""Content-Encoding of request bodies: gzip and zstd (api.md "Writing")."""

import gzip
import random
import re
import shutil
import subprocess
import unittest

from support.api import BASE, NDJSON, TEXT, new_log
from support.case import ServerCase
from support.http import chunk, request_bytes


def zstd(data):
    """Python 3.11 has none of its own; curl and the build need the library, not its program."""
    try:
        import zstandard
        return zstandard.ZstdCompressor().compress(data)
    except ImportError:
        program = shutil.which("zstd")
        if not program:
            raise unittest.SkipTest("neither the module zstandard nor the program zstd is there")
        return subprocess.run([program, "-cq"], input=data, capture_output=True, check=True).stdout


def lines_of(count, seed=1):
    rng = random.Random(seed)
    return [f"line {number} {rng.randrange(1 << 64):x}" for number in range(count)]


class EncodingTest(ServerCase):
    settings = {"limits.body_bytes": "4MiB"}

    async def check_encoded(self, coding, body, lines):
        log = new_log()
        answer = await self.api.append(log, body, headers={"Content-Encoding": coding})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["stored"], len(lines))
        self.check_texts(await self.api.entries(log), *lines)

    async def test_gzip(self):
        lines = lines_of(3000)
        await self.check_encoded("gzip", gzip.compress("\n".join(lines).encode()), lines)

    async def test_zstd(self):
        lines = lines_of(3000)
        await self.check_encoded("zstd", zstd("\n".join(lines).encode()), lines)

    async def test_name_in_any_case(self):
        await self.check_encoded("GZip", gzip.compress(b"x\n"), ["x"])

    async def test_several_members_and_frames(self):
        await self.check_encoded("gzip", gzip.compress(b"a\nb") + gzip.compress(b"c\nd\n"),
                                 ["a", "bc", "d"])
        await self.check_encoded("zstd", zstd(b"a\nb") + zstd(b"c\nd\n"), ["a", "bc", "d"])

    async def test_ndjson(self):
        log = new_log()
        body = gzip.compress(b'{"text": "a\\r\\nb"}\n')
        await self.api.append(log, body, NDJSON, headers={"Content-Encoding": "gzip"})
        self.assertEqual(await self.api.texts(log), ["a\r\nb"])

    async def test_chunked_and_compressed_is_seen_as_it_comes(self):
        log = new_log()
        async with await self.api.stream(log) as stream, await self.api.upload(
                log, headers={"Content-Encoding": "gzip"}) as upload:
            for number in range(3):
                await upload.send(gzip.compress(f"line {number}\n".encode()))
                self.assertEqual((await stream.next()).data, f"line {number}")
            self.assertEqual((await upload.finish()).json()["stored"], 3)

    async def test_unknown_coding(self):
        for coding in ("br", "deflate", "gzip, gzip", "x"):
            answer = await self.api.append(new_log(), b"x\n",
                                           headers={"Content-Encoding": coding})
            self.check_problem(answer, 415)
            self.assertEqual(answer.header("Accept-Encoding"), "gzip, zstd")

    async def test_broken_bodies(self):
        good = gzip.compress(b"a\nb\nc\n" * 100)
        for coding, body in (("gzip", b"plain text\n"), ("gzip", good[:-4]), ("gzip", b""),
                             ("gzip", good[:-8] + b"\0\0\0\0" + good[-4:]),
                             ("zstd", b"plain text\n"), ("zstd", zstd(b"a\n" * 500)[:-3]),
                             ("gzip", good + b"garbage")):
            with self.subTest(coding=coding, body=body[:20]):
                log = new_log()
                answer = await self.api.append(log, body, headers={"Content-Encoding": coding})
                stored = self.check_problem(answer, 400)["stored"]
                meta = await self.api.meta(log)
                self.assertEqual(stored, meta.json()["position"] if meta.status == 200 else 0)

    async def test_a_bomb_is_stopped(self):
        log = new_log()
        bomb = gzip.compress(b"\0" * (64 << 20))
        before = self.server.rss_bytes()
        answer = await self.api.append(log, bomb, headers={"Content-Encoding": "gzip"})
        self.check_problem(answer, 413)
        self.check_memory(before, 32 << 20)

    async def commits(self):
        text = (await self.api.get("/metrics")).text()
        return int(re.search(r"^tailrace_store_commits_total (\d+)", text, re.M).group(1))

    async def test_a_few_bytes_that_become_many_are_stored_piece_by_piece(self):
        """A chunked body has no limit, so no more of it may be unpacked than one commit takes."""
        line = b"x" * 999 + b"\n"
        packed = gzip.compress(line * 24_000)
        self.assertLess(len(packed), 60_000)     # the server reads it at once
        log = new_log()
        before = await self.commits()
        async with await self.api.upload(log, headers={"Content-Encoding": "gzip"}) as upload:
            await upload.connection.send(chunk(packed) + chunk(b""))
            answer = await upload.connection.response()
        self.assertEqual((answer.status, answer.json()["stored"]), (200, 24_000))
        self.assertGreater(await self.commits() - before, 15)

    async def test_the_next_request_behind_such_a_body_is_answered(self):
        log = new_log()
        packed = gzip.compress((b"y" * 99 + b"\n") * 30_000)
        post = request_bytes("POST", f"{BASE}/{log}/entries",
                             {"Content-Type": TEXT, "Content-Encoding": "gzip"}, packed)
        async with await self.api.connect() as connection:
            await connection.send(post + post + request_bytes("GET", f"{BASE}/{log}"))
            positions = [(await connection.response()).json()["position"] for _ in range(3)]
        self.assertEqual(positions, [30_000, 60_000, 60_000])


class LimitTest(ServerCase):
    settings = {"limits.entry_bytes": "1000B", "limits.body_bytes": "20000B",
                "limits.header_bytes": "2048B"}

    async def test_long_lines_are_split_into_partial_entries(self):
        log = new_log()
        text = "".join(f"{number:04}" for number in range(700))       # 2,800 bytes
        answer = await self.api.append(log, f"before\n{text}\nafter\n")
        self.assertEqual(answer.json()["stored"], 5)
        entries = await self.api.entries(log)
        self.assertEqual([entry.get("partial", False) for entry in entries],
                         [False, True, True, False, False])
        self.assertEqual("".join(entry["text"] for entry in entries[1:4]), text)
        self.assertTrue(all(len(entry["text"].encode()) <= 1000 for entry in entries))

    async def test_exactly_the_limit_is_whole(self):
        log = new_log()
        await self.api.append(log, "x" * 1000 + "\n" + "y" * 1001 + "\n")
        entries = await self.api.entries(log)
        self.assertEqual([(len(entry["text"]), entry.get("partial", False)) for entry in entries],
                         [(1000, False), (1000, True), (1, False)])

    async def test_json_texts_are_split_too(self):
        log = new_log()
        await self.api.append_objects(log, [{"text": "é" * 1200, "stream": "stderr",
                                             "source": "s"}])
        entries = await self.api.entries(log)
        self.assertEqual("".join(entry["text"] for entry in entries), "é" * 1200)
        self.assertEqual({(entry["stream"], entry["source"]) for entry in entries},
                         {("stderr", "s")})
        self.assertEqual([entry.get("partial", False) for entry in entries],
                         [True] * (len(entries) - 1) + [False])

    async def test_splits_count_for_a_producer_that_repeats(self):
        log = new_log()
        headers = {"Tailrace-Producer": "p", "Tailrace-Sequence": "0"}
        first = await self.api.append(log, "x" * 2500 + "\n", headers=headers)
        again = await self.api.append(log, "x" * 2500 + "\n", headers=headers)
        self.assertEqual(first.json(), again.json())
        self.assertEqual(len(await self.api.entries(log)), first.json()["position"])

    async def test_body_with_a_length_beyond_the_limit(self):
        log = new_log()
        answer = await self.api.append(log, b"0123456789\n" * 2000)
        self.check_problem(answer, 413, "20000")
        self.assertEqual((await self.api.meta(log)).status, 404)

    async def test_a_chunked_body_may_be_longer(self):
        log = new_log()
        async with await self.api.upload(log) as upload:
            for _ in range(30):
                await upload.send(b"0123456789\n" * 100)
            self.assertEqual((await upload.finish()).json()["stored"], 3000)

    async def test_json_array_beyond_the_limit(self):
        log = new_log()
        async with await self.api.upload(log, kind="application/json") as upload:
            try:
                for _ in range(40):
                    await upload.send(b'{"text": "' + b"x" * 1000)
                await upload.send(b"")
            except ConnectionError:
                pass
            answer = await upload.connection.response()
        self.assertIn(answer.status, (400, 413))

    async def test_header_block_beyond_the_limit(self):
        answer = await self.api.get("/healthz", {"X-Long": "x" * 1500})
        self.assertEqual(answer.status, 200)
        async with await self.api.connect() as connection:
            answer = await connection.request("GET", "/healthz", {"X-Long": "x" * 3000})
            self.check_problem(answer, 431, "2048")
            self.assertEqual(await connection.rest(), b"")

    async def test_endless_header_block(self):
        async with await self.api.connect() as connection:
            await connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
            try:
                for _ in range(400):
                    await connection.send(b"X-A: " + b"b" * 50 + b"\r\n")
            except ConnectionError:
                return
            self.assertEqual((await connection.response()).status, 431)

    async def test_endless_request_line(self):
        async with await self.api.connect() as connection:
            await connection.send(b"GET /" + b"a" * 4000)
            self.assertIn((await connection.response()).status, (414, 431))
            self.assertEqual(await connection.rest(), b"")


class BigEntryTest(ServerCase):
    async def test_ten_megabyte_line(self):
        log = new_log()
        text = "0123456789abcdef" * (10 << 16)
        answer = await self.api.append(log, text + "\n")
        self.assertEqual(answer.json()["stored"], 10)
        async with await self.api.stream(log, "?format=text") as stream:
            events = await stream.take(10)
        self.assertEqual("".join(event.data for event in events), text)
        raw = await self.api.get(f"{BASE}/{log}/raw")
        self.assertEqual(raw.body.replace(b"\n", b""), text.encode())

    async def test_a_page_ends_early_rather_than_grow(self):
        log = new_log()
        for _ in range(3):
            await self.api.append(log, ("x" * (1 << 20) + "\n") * 4, TEXT)
        page = (await self.api.page(log, "?from=0&limit=1000")).json()
        self.assertLess(0, len(page["entries"]))
        self.assertLess(len(page["entries"]), 12)
        self.assertEqual(len(await self.api.entries(log)), 12)


if __name__ == "__main__":
    unittest.main()
