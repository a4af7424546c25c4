"""The end of a log, and exactly-once appends (api.md "Writing")."""

import unittest

from support.api import BASE, JSON, NDJSON, new_log
from support.case import ServerCase


class EndTest(ServerCase):
    async def test_end_is_stored(self):
        log = new_log()
        await self.api.append(log, "x\n")
        answer = await self.api.end(log, "failed", exit_code=-9, reason="killed é")
        self.assertEqual(answer.status, 200)
        info = (await self.api.meta(log)).json()
        self.assertEqual((info["state"], info["outcome"], info["exit_code"], info["reason"]),
                         ("ended", "failed", -9, "killed é"))

    async def test_every_outcome(self):
        for outcome in ("succeeded", "failed", "cancelled", "lost"):
            log = new_log()
            await self.api.create(log)
            self.assertEqual((await self.api.end(log, outcome)).status, 200)
            self.assertEqual((await self.api.meta(log)).json()["outcome"], outcome)

    async def test_idempotent_for_the_same_outcome(self):
        log = new_log()
        await self.api.create(log)
        await self.api.end(log, "succeeded", exit_code=0)
        ended = (await self.api.meta(log)).json()["ended"]
        self.assertEqual((await self.api.end(log, "succeeded", exit_code=0)).status, 200)
        self.assertEqual((await self.api.meta(log)).json()["ended"], ended)

    async def test_conflict_for_another_outcome(self):
        log = new_log()
        await self.api.create(log)
        await self.api.end(log, "succeeded")
        self.check_problem(await self.api.end(log, "failed"), 409)
        self.assertEqual((await self.api.meta(log)).json()["outcome"], "succeeded")

    async def test_unknown_log(self):
        self.check_problem(await self.api.end(new_log()), 404)

    async def test_bad_bodies(self):
        log = new_log()
        await self.api.create(log)
        for body, word in (("", ""), ("{}", "outcome"), ('{"outcome": "great"}', "outcome"),
                           ('{"outcome": "failed", "exit_code": "1"}', "exit_code"),
                           ('{"outcome": "failed", "exit_code": 1.5}', "exit_code"),
                           ('{"outcome": "failed", "reason": 1}', "reason"), ("nonsense", "")):
            with self.subTest(body=body):
                answer = await self.api.request("POST", f"{BASE}/{log}/end",
                                                {"Content-Type": JSON}, body.encode())
                self.check_problem(answer, 400, word)
        self.assertEqual((await self.api.meta(log)).json()["state"], "open")

    async def test_append_to_an_ended_log(self):
        log = new_log()
        await self.api.append(log, "x\n")
        await self.api.end(log)
        self.check_problem(await self.api.append(log, "y\n"), 409)
        self.assertEqual(await self.api.texts(log), ["x"])

    async def test_end_with_the_last_entry(self):
        log = new_log()
        answer = await self.api.append(log, "x\ny\n", query="?end=failed")
        self.assertEqual((answer.status, answer.json()["position"]), (200, 2))
        info = (await self.api.meta(log)).json()
        self.assertEqual((info["state"], info["outcome"], info["position"]), ("ended", "failed", 2))

    async def test_end_by_an_empty_append(self):
        log = new_log()
        await self.api.append(log, "x\n")
        self.assertEqual((await self.api.append(log, b"", query="?end=lost")).status, 200)
        self.assertEqual((await self.api.meta(log)).json()["outcome"], "lost")

    async def test_end_of_a_chunked_body_comes_with_its_last_entry(self):
        log = new_log()
        async with await self.api.stream(log) as stream, await self.api.upload(
                log, "?end=succeeded") as upload:
            await upload.send(b"one\ntwo")
            self.assertEqual((await stream.next()).data, "one")
            await upload.finish()
            self.assertEqual((await stream.next()).data, "two")
            self.assertEqual((await stream.next()).event, "end")

    async def test_a_wrong_entry_leaves_the_log_open(self):
        log = new_log()
        answer = await self.api.append(log, '{"text": "a"}\n{"text": 1}\n', NDJSON, "?end=failed")
        self.check_problem(answer, 400)
        meta = await self.api.meta(log)
        self.assertTrue(meta.status == 404 or meta.json()["state"] == "open")

    async def test_a_cut_body_leaves_the_log_open(self):
        log = new_log()
        async with await self.api.stream(log) as stream, await self.api.upload(
                log, "?end=succeeded") as upload:
            await upload.send(b"one\n")
            await stream.next()
            upload.connection.abort()
            self.assertTrue(await stream.quiet(0.3))
        self.assertEqual((await self.api.meta(log)).json()["state"], "open")


class ExactlyOnceTest(ServerCase):
    async def send(self, log, sequence, body, name="p", query=""):
        headers = {"Tailrace-Producer": name, "Tailrace-Sequence": str(sequence)}
        return await self.api.append(log, body, query=query, headers=headers)

    async def test_repetition_is_skipped(self):
        log = new_log()
        first = await self.send(log, 0, "a\nb\n")
        again = await self.send(log, 0, "a\nb\n")
        self.assertEqual((first.status, first.json()), (again.status, again.json()))
        self.assertEqual(first.json()["stored"], 2)
        self.assertEqual(await self.api.texts(log), ["a", "b"])

    async def test_overlap_stores_the_rest(self):
        log = new_log()
        await self.send(log, 0, "a\nb\nc\n")
        answer = (await self.send(log, 1, "b\nc\nd\ne\n")).json()
        self.assertEqual((answer["position"], answer["stored"]), (5, 4))
        self.assertEqual(await self.api.texts(log), ["a", "b", "c", "d", "e"])

    async def test_repetition_inside(self):
        log = new_log()
        await self.send(log, 0, "a\nb\nc\nd\n")
        self.assertEqual((await self.send(log, 1, "b\n")).json()["stored"], 1)
        self.assertEqual(len(await self.api.texts(log)), 4)

    async def test_sequence_ahead(self):
        log = new_log()
        await self.send(log, 0, "a\nb\n")
        answer = await self.send(log, 3, "d\n")
        self.assertEqual(self.check_problem(answer, 409)["expected"], 2)
        self.assertEqual(await self.api.texts(log), ["a", "b"])

    async def test_sequence_ahead_of_nothing(self):
        log = new_log()
        answer = await self.send(log, 1, "b\n")
        self.assertEqual(self.check_problem(answer, 409)["expected"], 0)

    async def test_producers_count_for_themselves(self):
        log = new_log()
        await self.send(log, 0, "a\n", "p")
        await self.send(log, 0, "b\n", "q")
        await self.api.append(log, "c\n")
        await self.send(log, 1, "d\n", "q")
        await self.send(log, 1, "e\n", "p")
        self.assertEqual(await self.api.texts(log), ["a", "b", "c", "d", "e"])

    async def test_logs_count_for_themselves(self):
        one, two = new_log(), new_log()
        await self.send(one, 0, "a\n")
        self.assertEqual((await self.send(two, 0, "b\n")).json()["position"], 1)

    async def test_repetition_of_the_end(self):
        log = new_log()
        first = await self.send(log, 0, "a\n", query="?end=failed")
        again = await self.send(log, 0, "a\n", query="?end=failed")
        self.assertEqual((again.status, again.json()), (200, first.json()))
        self.assertEqual((await self.send(log, 0, "a\n")).status, 200)
        self.check_problem(await self.send(log, 0, "a\n", query="?end=succeeded"), 409)
        self.check_problem(await self.send(log, 1, "b\n"), 409)
        self.assertEqual(await self.api.texts(log), ["a"])

    async def test_chunked_body_that_was_cut(self):
        log = new_log()
        headers = {"Tailrace-Producer": "p", "Tailrace-Sequence": "0"}
        async with await self.api.stream(log) as stream:
            async with await self.api.upload(log, headers=headers) as upload:
                await upload.send(b"a\nb\nc\nhal")
                self.assertEqual(len(await stream.take(3)), 3)
            answer = (await self.send(log, 0, "a\nb\nc\nhalf\ne\n")).json()
        self.assertEqual((answer["stored"], answer["position"]), (5, 5))
        self.assertEqual(await self.api.texts(log), ["a", "b", "c", "half", "e"])

    async def test_json_bodies_count_entries(self):
        log = new_log()
        headers = {"Tailrace-Producer": "p", "Tailrace-Sequence": "0"}
        body = '[{"text": "a\\nb"}, {"text": "c"}]'
        for _ in range(2):
            answer = await self.api.append(log, body, JSON, headers=headers)
            self.assertEqual(answer.json()["position"], 2)
        headers["Tailrace-Sequence"] = "2"
        answer = await self.api.append(log, '{"text": "d"}', JSON, headers=headers)
        self.assertEqual(answer.json()["position"], 3)

    async def test_bad_headers(self):
        for headers, word in (({"Tailrace-Sequence": "0"}, "tailrace-producer"),
                              ({"Tailrace-Producer": "p"}, "tailrace-sequence"),
                              ({"Tailrace-Producer": "p", "Tailrace-Sequence": "-1"},
                               "tailrace-sequence"),
                              ({"Tailrace-Producer": "p", "Tailrace-Sequence": "1e3"},
                               "tailrace-sequence"),
                              ({"Tailrace-Producer": "", "Tailrace-Sequence": "0"},
                               "tailrace-producer"),
                              ({"Tailrace-Producer": "p" * 257, "Tailrace-Sequence": "0"},
                               "tailrace-producer")):
            with self.subTest(headers=headers):
                log = new_log()
                answer = await self.api.append(log, "x\n", headers=headers)
                self.assertIn(answer.status, (400, 413), answer)
                self.check_problem(answer, answer.status, word)
                self.assertEqual((await self.api.meta(log)).status, 404)


class RestartTest(ServerCase):
    """What was answered is there after kill -9."""

    async def test_producers_counts_and_outcomes_survive(self):
        log, ended = new_log(), new_log()
        headers = {"Tailrace-Producer": "p", "Tailrace-Sequence": "0"}
        first = (await self.api.append(log, "a\nb\n", headers=headers)).json()
        await self.api.append(ended, "x\n", query="?end=cancelled")
        info = (await self.api.meta(ended)).json()
        self.server.kill()
        self.server.start()
        again = (await self.api.append(log, "a\nb\n", headers=headers)).json()
        self.assertEqual(again, first)
        self.assertEqual(await self.api.texts(log), ["a", "b"])
        self.assertEqual((await self.api.meta(ended)).json(), info)


if __name__ == "__main__":
    unittest.main()
