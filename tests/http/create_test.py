"""PUT, GET and DELETE of a log (api.md "Names and limits", "Writing", "Reading")."""

import datetime
import unittest

from support.api import BASE, JSON, new_log
from support.case import ServerCase

INFO_MEMBERS = {"type", "id", "title", "labels", "incarnation", "state", "outcome", "exit_code",
                "reason", "first", "position", "bytes", "created", "updated", "ended"}


class CreateTest(ServerCase):
    async def test_created_then_there(self):
        log = new_log()
        first = await self.api.create(log, {"title": "A title", "labels": {"env": "prod"}})
        self.assertEqual(first.status, 201)
        again = await self.api.create(log)
        self.assertEqual(again.status, 200)
        self.assertEqual(again.json()["incarnation"], first.json()["incarnation"])
        self.assertEqual(again.json()["title"], "A title")

    async def test_body_is_optional(self):
        self.assertEqual((await self.api.request("PUT", f"{BASE}/{new_log()}")).status, 201)
        self.assertEqual((await self.api.create(new_log(), {})).status, 201)

    async def test_appends_to_the_same_log(self):
        log = new_log()
        created = (await self.api.create(log)).json()
        answer = (await self.api.append(log, "one\n")).json()
        self.assertEqual(answer["incarnation"], created["incarnation"])

    async def test_bad_bodies(self):
        for body in ("{", "[]", '"x"', '{"title": 7}', '{"labels": []}', '{"labels": {"a": 1}}',
                     '{"title": "a"} x', "\xff"):
            with self.subTest(body=body):
                log = new_log()
                answer = await self.api.request("PUT", f"{BASE}/{log}", {"Content-Type": JSON},
                                                body.encode("latin-1"))
                self.check_problem(answer, 400)
                self.assertEqual((await self.api.meta(log)).status, 404)

    async def test_problem_names_the_field(self):
        answer = await self.api.create(new_log(), {"labels": {"a": 1}})
        self.check_problem(answer, 400, "labels")
        answer = await self.api.create(new_log(), {"title": ["x"]})
        self.check_problem(answer, 400, "title")

    async def test_the_label_that_only_the_server_sets(self):
        log = new_log()
        mark = {"tailrace.dev/writer": "kubernetes"}
        self.check_problem(await self.api.create(log, {"labels": mark}), 400, "labels")
        self.assertEqual((await self.api.meta(log)).status, 404)
        await self.api.create(log)
        self.check_problem(await self.api.create(log, {"labels": mark}), 400, "labels")

    async def test_longest_names(self):
        log = "T" + "a._-"[:4] + "0" * 59 + "/" + "i.b_c:d~e-" + "9" * 118
        self.assertEqual((await self.api.create(log)).status, 201)
        self.assertEqual((await self.api.meta(log)).json()["type"], log.split("/")[0])
        self.assertEqual((await self.api.meta(log)).json()["id"], log.split("/")[1])

    async def test_names_that_are_not(self):
        bad = ["-a/x", ".a/x", "_a/x", "a" * 65 + "/x", "a:b/x", "a~b/x", "a%20b/x", "%C3%A9/x",
               "a/-x", "a/.x", "a/:x", "a/" + "x" * 129, "a/x%20y", "a/x%2Fy", "a/x%00y", "a/x+y"]
        for log in bad:
            for method, suffix in (("PUT", ""), ("POST", "/entries"), ("GET", ""),
                                   ("GET", "/events"), ("GET", "/entries"), ("GET", "/raw"),
                                   ("POST", "/end"), ("DELETE", "")):
                with self.subTest(log=log, method=method, suffix=suffix):
                    answer = await self.api.request(method, f"{BASE}/{log}{suffix}",
                                                    {"Content-Type": "text/plain"},
                                                    b"x\n" if method == "POST" else None)
                    if "%2F" in log or "%00" in log:
                        self.assertIn(answer.status, (400, 404), answer)
                    else:
                        self.check_problem(answer, 400)

    async def test_problem_says_which_name(self):
        self.check_problem(await self.api.create("-a/x"), 400, "type")
        self.check_problem(await self.api.create("a/-x"), 400, "id")

    async def test_escaped_names_are_the_same_names(self):
        log = new_log()
        await self.api.append(log, "x\n")
        kind, name = log.split("/")
        escaped = f"%{ord(kind[0]):02x}{kind[1:]}/{name[:-1]}%{ord(name[-1]):02X}"
        self.assertEqual((await self.api.meta(escaped)).json()["id"], name)


class InfoTest(ServerCase):
    async def test_all_members(self):
        log = new_log()
        await self.api.create(log, {"title": "Tïtle", "labels": {"b": "2", "a": "1"}})
        await self.api.append(log, "four\nsix666\n")
        info = (await self.api.meta(log)).json()
        self.assertLessEqual(INFO_MEMBERS, set(info))
        self.assertEqual(info["title"], "Tïtle")
        self.assertEqual(info["labels"], {"a": "1", "b": "2"})
        self.assertEqual((info["state"], info["outcome"], info["exit_code"], info["reason"],
                          info["ended"]), ("open", None, None, None, None))
        self.assertEqual((info["first"], info["position"], info["bytes"]), (0, 2, 12))
        self.assertRegex(info["incarnation"], r"^[A-Za-z0-9_-]+$")

    async def test_times(self):
        log = new_log()
        await self.api.create(log)
        first = (await self.api.meta(log)).json()
        await self.api.append(log, "x\n")
        await self.api.end(log, "failed", exit_code=2, reason="because")
        info = (await self.api.meta(log)).json()
        times = {name: datetime.datetime.fromisoformat(info[name][:26] + "+00:00")
                 for name in ("created", "updated", "ended") if info[name].endswith("Z")}
        self.assertEqual(len(times), 3, info)
        self.assertEqual(first["created"], info["created"])
        self.assertLessEqual(times["created"], times["updated"])
        self.assertLessEqual(times["updated"], times["ended"])
        self.assertEqual((info["state"], info["outcome"], info["exit_code"], info["reason"]),
                         ("ended", "failed", 2, "because"))

    async def test_headers(self):
        log = new_log()
        await self.api.append(log, "x\n")
        answer = await self.api.meta(log)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.header("Content-Type"), "application/json")
        self.assertRegex(answer.header("ETag"), r'^(W/)?"[^"]+"$')

    async def test_etag_changes_with_the_log(self):
        log = new_log()
        await self.api.append(log, "x\n")
        one = (await self.api.meta(log)).header("ETag")
        self.assertEqual((await self.api.meta(log)).header("ETag"), one)
        await self.api.append(log, "y\n")
        two = (await self.api.meta(log)).header("ETag")
        await self.api.end(log)
        three = (await self.api.meta(log)).header("ETag")
        self.assertEqual(len({one, two, three}), 3)

    async def test_if_none_match(self):
        log = new_log()
        await self.api.append(log, "x\n")
        tag = (await self.api.meta(log)).header("ETag")
        same = await self.api.meta(log, {"If-None-Match": tag})
        self.assertEqual((same.status, same.body, same.header("ETag")), (304, b"", tag))
        self.assertEqual((await self.api.meta(log, {"If-None-Match": '"x", ' + tag})).status, 304)
        self.assertEqual((await self.api.meta(log, {"If-None-Match": '"other"'})).status, 200)
        await self.api.append(log, "y\n")
        self.assertEqual((await self.api.meta(log, {"If-None-Match": tag})).status, 200)

    async def test_unknown_log(self):
        self.check_problem(await self.api.meta(new_log()), 404)


class DeleteTest(ServerCase):
    async def test_gone_and_new_incarnation(self):
        log = new_log()
        old = (await self.api.append(log, "one\ntwo\n")).json()
        answer = await self.api.delete(log)
        self.assertIn(answer.status, (200, 204))
        for suffix in ("", "/entries", "/raw"):
            self.check_problem(await self.api.get(f"{BASE}/{log}{suffix}"), 404)
        new = (await self.api.append(log, "three\n")).json()
        self.assertNotEqual(new["incarnation"], old["incarnation"])
        self.assertEqual(new["position"], 1)
        self.assertEqual(await self.api.texts(log), ["three"])

    async def test_unknown_log(self):
        self.check_problem(await self.api.delete(new_log()), 404)

    async def test_producers_are_forgotten(self):
        log = new_log()
        headers = {"Tailrace-Producer": "p", "Tailrace-Sequence": "0"}
        await self.api.append(log, "a\nb\n", headers=headers)
        await self.api.delete(log)
        again = (await self.api.append(log, "a\nb\n", headers=headers)).json()
        self.assertEqual((again["position"], again["stored"]), (2, 2))

    async def test_gone_from_the_list(self):
        log = new_log()
        await self.api.append(log, "x\n")
        await self.api.delete(log)
        listed = (await self.api.get(f"{BASE}?q={log.split('/')[1]}")).json()
        self.assertEqual(listed["logs"], [])


if __name__ == "__main__":
    unittest.main()
