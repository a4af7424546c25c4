"""Appends: media types, members of entries, answers, errors in the middle (api.md "Writing")."""

import json
import unittest

from support.api import BASE, JSON, NDJSON, TEXT, new_log
from support.case import ServerCase


class TextAppendTest(ServerCase):
    async def check_lines(self, body, *texts):
        log = new_log()
        answer = await self.api.append(log, body)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["stored"], len(texts))
        self.check_texts(await self.api.entries(log), *texts)

    async def test_answer(self):
        log = new_log()
        answer = await self.api.append(log, "one\ntwo\n")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.header("Content-Type"), "application/json")
        told = answer.json()
        self.assertEqual(set(told), {"incarnation", "position", "stored"})
        self.assertEqual((told["position"], told["stored"]), (2, 2))
        told = (await self.api.append(log, "three\n")).json()
        self.assertEqual((told["position"], told["stored"]), (3, 1))

    async def test_lf_and_crlf_end_a_line(self):
        await self.check_lines("one\ntwo\r\nthree\n", "one", "two", "three")

    async def test_last_line_without_its_end(self):
        await self.check_lines("one\ntwo", "one", "two")

    async def test_lone_cr_stays(self):
        await self.check_lines("a\rb\n\rc\n", "a\rb", "\rc")

    async def test_cr_before_crlf_stays(self):
        await self.check_lines("a\r\r\nb\n", "a\r", "b")

    async def test_cr_at_the_very_end_stays(self):
        await self.check_lines("a\r", "a\r")

    async def test_empty_lines_are_entries(self):
        await self.check_lines("\n\na\n\r\n", "", "", "a", "")

    async def test_nul_bom_and_tabs_stay(self):
        await self.check_lines("\ufeffa\0b\tc\n", "\ufeffa\0b\tc")

    async def test_ill_formed_utf8_is_kept_and_shown_repaired(self):
        log = new_log()
        raw = b"a\xff\xfeb\xe2\x82\nc\xf0\x9f\x98z\n"
        await self.api.append(log, raw)
        self.check_texts(await self.api.entries(log), "a\ufffd\ufffdb\ufffd", "c\ufffdz")
        self.assertEqual((await self.api.get(f"{BASE}/{log}/raw")).body, raw)

    async def test_empty_body_creates_the_log(self):
        log = new_log()
        answer = await self.api.append(log, b"")
        self.assertEqual((answer.status, answer.json()["stored"]), (200, 0))
        self.assertEqual((await self.api.meta(log)).json()["position"], 0)

    async def test_charset_parameter(self):
        log = new_log()
        answer = await self.api.append(log, "é\n", kind="text/plain; charset=UTF-8")
        self.assertEqual(answer.status, 200)
        self.assertEqual(await self.api.texts(log), ["é"])

    async def test_unknown_media_type(self):
        for kind in ("image/png", "text/html", "application/xml"):
            self.check_problem(await self.api.append(new_log(), "x\n", kind), 415)

    async def test_time_is_given(self):
        log = new_log()
        await self.api.append(log, "x\n")
        entry = (await self.api.entries(log))[0]
        self.assertRegex(entry["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")

    async def test_unfinished_line_of_a_chunked_body(self):
        log = new_log()
        async with await self.api.upload(log) as upload:
            for piece in (b"on", b"e\r", b"\ntw", b"o"):
                await upload.send(piece)
            self.assertEqual((await upload.finish()).json()["stored"], 2)
        self.assertEqual(await self.api.texts(log), ["one", "two"])


class JsonAppendTest(ServerCase):
    async def test_all_members(self):
        log = new_log()
        sent = {"text": "t", "time": "2024-02-29T12:34:56.123456789Z", "stream": "stderr",
                "source": "web-1/app", "level": "warn"}
        self.assertEqual((await self.api.append_objects(log, [sent])).status, 200)
        entry = (await self.api.entries(log))[0]
        self.assertEqual({name: entry[name] for name in sent}, sent)
        self.assertEqual(entry["n"], 0)

    async def test_time_in_nanoseconds_and_with_offset(self):
        log = new_log()
        await self.api.append_objects(log, [{"text": "a", "time": 1709210096123456789},
                                            {"text": "b", "time": "2024-02-29T13:34:56.5+01:00"}])
        times = [entry["time"] for entry in await self.api.entries(log)]
        self.assertEqual(times[0], "2024-02-29T12:34:56.123456789Z")
        self.assertRegex(times[1], r"^2024-02-29T12:34:56\.50*Z$")

    async def test_unknown_members_are_kept_under_fields(self):
        log = new_log()
        extra = {"pod": "web-1", "n2": 12, "deep": {"list": [1, 2.5, None, True, "é\n"]}}
        await self.api.append_objects(log, [{"text": "t", **extra}])
        self.assertEqual((await self.api.entries(log))[0]["fields"], extra)

    async def test_one_object(self):
        log = new_log()
        answer = await self.api.append(log, '{"text": "only"}', JSON)
        self.assertEqual(answer.json()["stored"], 1)
        self.assertEqual(await self.api.texts(log), ["only"])

    async def test_array(self):
        log = new_log()
        answer = await self.api.append(log, ' [ {"text": "a"} ,\n{"text": "b\\nc"} ] \n', JSON)
        self.assertEqual(answer.json()["stored"], 2)
        self.assertEqual(await self.api.texts(log), ["a", "b\nc"])
        self.assertEqual((await self.api.append(log, "[]", JSON)).json()["stored"], 0)

    async def test_ndjson_without_a_last_line_end(self):
        log = new_log()
        answer = await self.api.append(log, '{"text": "a"}\r\n\n{"text": "b"}', NDJSON)
        self.assertEqual(answer.json()["stored"], 2)

    async def test_text_with_everything(self):
        log = new_log()
        text = "a\nb\rc\r\nd\0e\ufefff\u2028g\U0001f642h\\\"\x1b[0m"
        for ascii_only in (True, False):
            body = json.dumps([{"text": text}], ensure_ascii=ascii_only)
            self.assertEqual((await self.api.append(log, body, JSON)).status, 200)
        self.assertEqual(await self.api.texts(log), [text, text])

    async def test_null_members_are_absent_or_refused(self):
        log = new_log()
        answer = await self.api.append(log, '{"text": "a", "stream": null}', JSON)
        self.assertIn(answer.status, (200, 400))

    async def check_bad(self, line, *words):
        """Entries before the wrong one are committed, and it is said how many."""
        log = new_log()
        body = '{"text": "a"}\n{"text": "b"}\n' + line + '\n{"text": "z"}\n'
        problem = self.check_problem(await self.api.append(log, body.encode("latin-1"), NDJSON),
                                     400, *words)
        stored = await self.api.entries(log) if problem["stored"] else []
        self.assertEqual(len(stored), problem["stored"])
        self.check_texts(stored, *["a", "b"][:len(stored)])
        return problem

    async def test_errors_name_field_and_reason(self):
        await self.check_bad('{"text": 7}', "text")
        await self.check_bad('{"stream": "x"}', "text")
        await self.check_bad('{"text": "c", "time": "yesterday"}', "time")
        await self.check_bad('{"text": "c", "time": 1.5}', "time")
        await self.check_bad('{"text": "c", "stream": 1}', "stream")
        await self.check_bad('{"text": "c", "source": {}}', "source")
        await self.check_bad('{"text": "c", "level": []}', "level")

    async def test_what_is_not_json(self):
        for line in ("{", "nonsense", "[1]", '"text"', "7", '{"text": "c"} {"text": "d"}',
                     '{"text": "\xff"}', '{"text": "\\ud800"}', '{"text": "a\tb"}',
                     '{"text": "a",}'):
            with self.subTest(line=line):
                await self.check_bad(line)

    async def test_truncated_json(self):
        for kind, body in ((JSON, '[{"text": "a"}, {"text": "b"'), (JSON, '{"text": "a"'),
                           (NDJSON, '{"text": "a"}\n{"text": "b"'), (JSON, "")):
            with self.subTest(kind=kind, body=body):
                answer = await self.api.append(new_log(), body, kind)
                self.check_problem(answer, 400)

    async def test_what_came_before_in_a_chunked_body_is_committed(self):
        log = new_log()
        async with await self.api.stream(log) as stream, await self.api.upload(
                log, kind=NDJSON) as upload:
            await upload.send(b'{"text": "a"}\n{"text": "b"}\n')
            self.assertEqual([event.data for event in await stream.take(2)], ["a", "b"])
            await upload.send(b'{"text": 1}\n')
            answer = await upload.connection.response()
        self.assertEqual(self.check_problem(answer, 400, "text")["stored"], 2)
        self.assertEqual(await self.api.texts(log), ["a", "b"])


class LiveUploadTest(ServerCase):
    """A chunked body is committed as it comes."""

    async def test_seen_while_the_body_is_open(self):
        log = new_log()
        async with await self.api.stream(log) as stream, await self.api.upload(log) as upload:
            for number in range(5):
                await upload.send(f"line {number}\n".encode())
                self.assertEqual((await stream.next()).data, f"line {number}")
            told = (await upload.finish()).json()
        self.assertEqual((told["position"], told["stored"]), (5, 5))

    async def test_a_cut_body_leaves_its_whole_lines(self):
        log = new_log()
        async with await self.api.stream(log) as stream, await self.api.upload(log) as upload:
            await upload.send(b"whole\nha")
            self.assertEqual((await stream.next()).data, "whole")
            upload.connection.abort()
            self.assertTrue(await stream.quiet(0.3))
        self.assertEqual(await self.api.texts(log), ["whole"])

    async def test_two_uploads_interleave_by_line(self):
        log = new_log()
        async with await self.api.upload(log) as one, await self.api.upload(log) as two, \
                await self.api.stream(log) as stream:
            for number in range(20):
                upload, name = ((one, "one"), (two, "two"))[number % 2]
                await upload.send(f"{name} {number}\n".encode())
                self.assertEqual((await stream.next()).data, f"{name} {number}")
            await one.finish()
            await two.finish()

    async def test_ended_under_an_upload(self):
        log = new_log()
        async with await self.api.stream(log) as stream, await self.api.upload(log) as upload:
            await upload.send(b"one\n")
            await stream.next()
            await self.api.end(log)
            await upload.send(b"two\n")
            answer = await upload.finish()
        self.assertEqual(self.check_problem(answer, 409)["stored"], 1)
        self.assertEqual(await self.api.texts(log), ["one"])


class PathTest(ServerCase):
    async def test_unknown_query_value_of_end(self):
        log = new_log()
        answer = await self.api.append(log, "x\n", query="?end=exploded")
        self.check_problem(answer, 400, "end")
        self.assertEqual((await self.api.meta(log)).status, 404)

    async def test_text_type_is_the_one_of_a_plain_post(self):
        log = new_log()
        answer = await self.api.request("POST", f"{BASE}/{log}/entries", {"Content-Type": TEXT},
                                        b"x")
        self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main()
