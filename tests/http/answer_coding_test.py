"""Compressed pages and downloads: chosen by Accept-Encoding, told, and the same text."""

import asyncio
import gzip
import json
import unittest

import httpx
import requests
import zstandard

from support.api import BASE, NDJSON, PORTAL, new_log
from support.case import ServerCase

TEXT = "".join(f"{n} the quick brown fox jumps over the lazy dog\n" for n in range(20_000))
BROWSER = {"User-Agent": "Mozilla/5.0 (X11)"}


def decoded(response):
    coding = response.header("Content-Encoding")
    if coding == "gzip":
        return gzip.decompress(response.body)  # one member; checks sum and length
    if coding == "zstd":
        reader = zstandard.ZstdDecompressor().stream_reader(response.body,
                                                            read_across_frames=True)
        return reader.read()
    assert coding is None, coding
    return response.body


class AnswerCodingTest(ServerCase):
    async def asyncSetUp(self):
        self.log = new_log()
        await self.api.append(self.log, TEXT, query="?end=succeeded")

    async def get(self, path, accepted, **headers):
        return await self.api.get(path, {"Accept-Encoding": accepted, **headers})

    def paths(self):
        kind, name = self.log.split("/")
        log = f"{BASE}/{self.log}"
        return [f"{log}/raw", f"{log}/raw?timestamps=1", f"{log}/entries?limit=500",
                f"{PORTAL}/initial?type={kind}&id={name}"]

    async def test_all_forms_are_the_same_text(self):
        for path in self.paths():
            plain = await self.api.get(path)
            self.assertIsNone(plain.header("Content-Encoding"))
            self.assertIn("Accept-Encoding", plain.header("Vary"))
            for accepted, coding in (("gzip", "gzip"), ("zstd", "zstd"), ("gzip, zstd", "gzip")):
                answer = await self.get(path, accepted)
                self.assertEqual(answer.header("Content-Encoding"), coding, path)
                self.assertEqual(answer.header("Vary"), plain.header("Vary"), path)
                self.assertEqual(decoded(answer), plain.body, path)
                self.assertLess(len(answer.body) * 3, len(plain.body), path)

    async def test_forms_of_a_page(self):
        path = f"{BASE}/{self.log}/entries?limit=500"
        for kind in ("application/json", NDJSON, "text/plain"):
            plain = await self.api.get(path, {"Accept": kind})
            answer = await self.get(path, "gzip", Accept=kind)
            self.assertEqual(answer.header("Content-Encoding"), "gzip")
            self.assertEqual(decoded(answer), plain.body)
            self.assertTrue(answer.header("Content-Type").startswith(kind))
            self.assertEqual(int(answer.header("Content-Length")), len(answer.body))

    async def test_a_browser_gets_zstd_and_weights_count(self):
        path = self.paths()[0]
        for accepted, coding in (("gzip, deflate, br, zstd", "zstd"),
                                 ("gzip;q=1, zstd;q=0.5", "gzip"), ("zstd;q=0, gzip", "gzip"),
                                 ("gzip;q=0", None), ("br", None), ("identity, gzip;q=0.1", None),
                                 ("*", "zstd"), ("", None)):
            answer = await self.get(path, accepted, **BROWSER)
            self.assertEqual(answer.header("Content-Encoding"), coding, accepted)
            self.assertEqual(decoded(answer).decode(), TEXT)

    async def test_small_answers_stay_plain(self):
        for path in (f"{BASE}/{self.log}", f"{BASE}/{self.log}/entries?limit=1",
                     f"{BASE}/{self.log}/raw?from=0&to=0"):
            answer = await self.get(path, "gzip")
            body = decoded(answer)
            self.assertLess(len(body), 1024)
            if answer.header("Content-Length"):  # its size was known before
                self.assertIsNone(answer.header("Content-Encoding"), path)

    async def test_the_list_is_compressed(self):
        for _ in range(20):
            await self.api.append(new_log("listed"), "x\n")
        path = f"{BASE}?type=listed"
        plain = await self.api.get(path)
        answer = await self.get(path, "gzip")
        self.assertEqual(answer.header("Content-Encoding"), "gzip")
        self.assertEqual(json.loads(decoded(answer)), plain.json())

    async def test_head_has_the_fields_and_no_body(self):
        for path in self.paths():
            got = await self.get(path, "gzip")
            head = await self.api.request("HEAD", path, {"Accept-Encoding": "gzip"})
            self.assertEqual(head.status, 200)
            self.assertEqual(head.body, b"")
            for name in ("Content-Encoding", "Vary", "ETag", "Content-Type"):
                self.assertEqual(head.header(name), got.header(name), (path, name))

    async def test_a_range_is_of_the_plain_form(self):
        path = self.paths()[0]
        whole = TEXT.encode()
        part = await self.get(path, "gzip, zstd", Range="bytes=1000-1999")
        self.assertEqual(part.status, 206)
        self.assertIsNone(part.header("Content-Encoding"))
        self.assertEqual(part.body, whole[1000:2000])
        self.assertIn("Accept-Encoding", part.header("Vary"))
        coded = await self.get(path, "gzip")
        self.assertEqual(coded.header("Accept-Ranges"), "none")
        # Whoever has half of the coded form must not be given the rest of the plain one.
        again = await self.get(path, "gzip", **{"Range": "bytes=1000-",
                                                "If-Range": coded.header("ETag")})
        self.assertEqual(again.status, 200)
        self.assertEqual(again.body, whole)

    async def test_each_form_has_its_own_tag(self):
        path = self.paths()[0]
        tags = {accepted: (await self.get(path, accepted)).header("ETag")
                for accepted in ("identity", "gzip", "zstd")}
        self.assertEqual(len(set(tags.values())), 3)
        for accepted, tag in tags.items():
            same = await self.get(path, accepted, **{"If-None-Match": tag})
            self.assertEqual(same.status, 304)
            self.assertEqual(same.header("ETag"), tag)
            self.assertIn("Accept-Encoding", same.header("Vary"))
            other = await self.get(path, "gzip" if accepted != "gzip" else "zstd",
                                   **{"If-None-Match": tag})
            self.assertEqual(other.status, 200)

    async def test_an_old_client_gets_it_until_the_connection_closes(self):
        async with await self.api.connect() as connection:
            await connection.send(f"GET {self.paths()[0]} HTTP/1.0\r\nHost: x\r\n"
                                  "Accept-Encoding: gzip\r\n\r\n".encode())
            head, _, body = (await connection.rest()).partition(b"\r\n\r\n")
        self.assertIn(b"Content-Encoding: gzip", head)
        self.assertEqual(gzip.decompress(body).decode(), TEXT)

    async def test_clients_of_others_decode_it(self):
        for path in self.paths():
            plain = (await self.api.get(path)).body
            url = f"http://127.0.0.1:{self.api.port}{path}"
            answer = await asyncio.to_thread(requests.get, url, timeout=60)
            self.assertIn(answer.headers["Content-Encoding"], ("gzip", "zstd"))
            self.assertEqual(answer.content, plain)
            async with httpx.AsyncClient() as client:
                self.assertEqual((await client.get(url)).content, plain)
            curl = await asyncio.create_subprocess_exec("curl", "-sS", "--compressed", url,
                                                        stdout=asyncio.subprocess.PIPE)
            self.assertEqual((await curl.communicate())[0], plain)


class NoCompressionTest(ServerCase):
    arguments = ("--compress=false",)

    async def test_nothing_is_compressed(self):
        log = new_log()
        await self.api.append(log, TEXT, query="?end=succeeded")
        for path in ("raw", "entries", "events"):
            answer = await self.api.get(f"{BASE}/{log}/{path}", {"Accept-Encoding": "gzip, zstd"})
            self.assertIsNone(answer.header("Content-Encoding"), path)


if __name__ == "__main__":
    unittest.main()
