"""Logs that are kept in MongoDB, by two Tailraces at once (docs/mongodb-store.md)."""

import asyncio
import json
import os
import pathlib
import re
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

import bson

from support.api import Api
from support.mongodb_store_case import MongoStoreCase, Producer
from support.case import seeded_rng
from support.server import Server, binary_path

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The example's own code, in a process of its own: what it reads of a log, and what its view sends.
OWN_CODE = """
import json, sys
from django.conf import settings
settings.configure(MONGODB=sys.argv[1], MONGODB_DATABASE=sys.argv[2], INSTALLED_APPS=[])
from portal import lines, views
print(json.dumps([lines.so_far("deploy", sys.argv[3]),
                  list(views.follow("deploy", sys.argv[3], 0))]))
"""


def events(texts):
    return ["".join(f"data: {line}\n" for line in text.split("\n")) + "\n" for text in texts]


class TwoServersTest(MongoStoreCase):
    async def test_what_one_takes_viewers_of_both_see(self):
        number = self.new_id()
        log = f"deploy/{number}"
        async with await self.apis[1].stream(log) as early, await self.apis[0].stream(log) as own:
            for n in range(20):
                api = self.apis[n % 2]
                answer = await api.append(log, f"line {n}\n")
                self.assertEqual(answer.json()["position"], n + 1)
                for stream in (early, own):
                    self.assertEqual((await stream.next()).data, f"line {n}")
            self.assertEqual((await self.apis[0].end(log, "failed", exit_code=3)).status, 200)
            for stream in (early, own):
                end = await stream.next()
                self.assertEqual((end.event, json.loads(end.data)["exit_code"]), ("end", 3))
        infos = [(await api.meta(log)).json() for api in self.apis]
        self.assertEqual(infos[0], infos[1])
        self.assertEqual((await self.apis[1].append(log, "late\n")).status, 409)

    async def test_both_append_to_one_log_at_once(self):
        rng = seeded_rng(self.id())
        number = self.new_id()
        log = f"deploy/{number}"
        producers = [Producer([api], log, f"p{n}", rng)
                     for n, api in enumerate(self.apis * 2)]
        async with await self.apis[0].stream(log) as a, await self.apis[1].stream(log) as b:
            await asyncio.gather(*(producer.run(40) for producer in producers))
            total = sum(len(producer.sent) for producer in producers)
            seen = [[event.data for event in await stream.take(total)] for stream in (a, b)]
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], await self.apis[0].texts(log))
        self.assertEqual(seen[0], [line["log"] for line in self.documents(number)])
        self.assertEqual([line["position"] for line in self.documents(number)],
                         list(range(total)))
        for producer in producers:
            own = [text for text in seen[0] if text.startswith(producer.name + " ")]
            self.assertEqual(own, producer.sent)

    async def test_a_producer_may_change_servers(self):
        rng = seeded_rng(self.id())
        log = f"deploy/{self.new_id()}"
        producer = Producer(self.apis, log, "agent", rng)
        await producer.run(60)
        for api in self.apis:
            self.assertEqual(await api.texts(log), producer.sent)
        ahead = await self.apis[1].append(log, "x\n", headers={
            "Tailrace-Producer": "agent", "Tailrace-Sequence": "1000"})
        self.assertEqual((ahead.status, ahead.json()["expected"]), (409, len(producer.sent)))

    async def test_deleted_here_and_made_anew_there(self):
        log = f"deploy/{self.new_id()}"
        old = (await self.apis[0].append(log, "old\nold\n")).json()["incarnation"]
        async with await self.apis[1].stream(log) as stream:
            await stream.take(2)
            self.assertEqual((await self.apis[0].delete(log)).status, 204)
            self.assertEqual((await stream.next()).event, "deleted")
        new = (await self.apis[0].append(log, "new\n")).json()["incarnation"]
        self.assertNotEqual(old, new)
        self.assertEqual(await self.apis[1].texts(log), ["new"])

    async def test_lists_are_the_same(self):
        logs = [f"deploy/{self.new_id()}" for _ in range(4)]
        for n, log in enumerate(logs):
            await self.apis[n % 2].create(log, {"title": f"Job {n}", "labels": {"a.b": "$x"}})
        for api in self.apis:
            found = (await api.get("/api/v1/logs?limit=4&label=a.b=$x")).json()["logs"]
            self.assertEqual([f"{each['type']}/{each['id']}" for each in found], logs[::-1])

    async def test_hostile_texts_come_back_as_they_went(self):
        number = self.new_id()
        raw = b"a\xff\xfeb\nnul\0\n[DONE]\n\xf0\x9f\x9a\x80\n"
        self.assertEqual((await self.apis[0].append(f"deploy/{number}", raw)).status, 200)
        for api in self.apis:
            answer = await api.get(f"/api/v1/logs/deploy/{number}/raw")
            self.assertEqual(answer.body, raw)
        self.assertEqual([line["log"] for line in self.documents(number)],
                         ["a\ufffd\ufffdb", "nul\0", "[DONE] ", "\U0001f680"])

    async def test_many_lines_are_read_in_pieces(self):
        log = f"deploy/{self.new_id()}"
        lines = [f"line {n} " + "x" * (n % 90) for n in range(5000)]
        body = "".join(line + "\n" for line in lines)
        self.assertEqual((await self.apis[0].append(log, body)).json()["position"], 5000)
        async with await self.apis[1].stream(log) as stream:
            self.assertEqual([event.data for event in await stream.take(5000)], lines)
        await self.apis[0].end(log)
        raw = body.encode()
        begin = len(raw) // 3
        part = await self.apis[1].get(f"/api/v1/logs/{log}/raw",
                                      {"Range": f"bytes={begin}-{begin + 999}"})
        self.assertEqual(part.body, raw[begin:begin + 1000])


class OwnCodeTest(MongoStoreCase):
    """What the portal's own code, unchanged, reads of such a log."""

    servers = 1

    async def test_its_view_sends_the_same(self):
        number = self.new_id()
        log = f"deploy/{number}"
        texts = ["one", "two\nlines", "", "last"]
        await self.apis[0].append_objects(log, [{"text": text} for text in texts])
        await self.apis[0].end(log)
        ran = subprocess.run([sys.executable, "-c", OWN_CODE, self.mongodb.uri,
                              self.mongodb.database, str(number)], check=True,
                             cwd=ROOT / "examples/portal/site", stdout=subprocess.PIPE)
        so_far, sent = json.loads(ran.stdout)
        self.assertEqual(so_far, texts + ["[DONE]"])
        self.assertEqual(sent, events(texts + ["[DONE]"]))

    async def test_its_own_documents_do_not_disturb(self):
        """Documents without a position are none of ours."""
        number = self.new_id()
        self.database["sse_logs"].insert_one({"type": "deploy", "id": number, "log": "portal's"})
        await self.apis[0].append(f"deploy/{number}", "ours\n")
        self.assertEqual(await self.apis[0].texts(f"deploy/{number}"), ["ours"])

    async def test_a_document_that_somebody_deletes_is_a_gap(self):
        number = self.new_id()
        await self.apis[0].append(f"deploy/{number}", "one\ntwo\nthree\n")
        self.database["sse_logs"].delete_one({"type": "deploy", "id": number, "log": "two"})
        async with await self.apis[0].stream(f"deploy/{number}") as stream:
            self.assertEqual((await stream.next()).data, "one")
            gap = await stream.next()
            self.assertEqual((gap.event, json.loads(gap.data)["cause"]), ("gap", "damaged"))
            self.assertEqual((await stream.next()).data, "three")

    async def test_a_log_whose_document_is_damaged_does_not_stop_the_others(self):
        log, other = f"deploy/{self.new_id()}", f"deploy/{self.new_id()}"
        await self.apis[0].append(log, "one\n")
        self.database["sse_logs.state"].update_one({"_id": log}, {"$unset": {"position": ""}})
        answers = await asyncio.gather(self.apis[0].append(log, "two\n"),
                                       self.apis[0].append(other, "one\n"))
        self.assertEqual([answer.status for answer in answers], [500, 200])
        self.assertIn("position", answers[0].json()["detail"])
        self.database["sse_logs.state"].delete_one({"_id": log})

    async def test_deleted_logs_leave_no_documents(self):
        number = self.new_id()
        log = f"deploy/{number}"
        await self.apis[0].append(log, "one\ntwo\n", headers={
            "Tailrace-Producer": "p", "Tailrace-Sequence": "0"})
        await self.apis[0].end(log)
        self.assertEqual((await self.apis[0].delete(log)).status, 204)

        async def are_gone():
            return not (self.documents(number) or
                        self.database["sse_logs.garbage"].count_documents({}))
        await self.until(are_gone)
        self.assertEqual(self.database["sse_logs.state"].count_documents({"_id": log}), 0)
        self.assertEqual(self.database["sse_logs.counts"].count_documents(
            {"_id": {"$regex": "/p$"}}), 0)


class CopyTest(MongoStoreCase):
    """The commands of docs/mongodb-store.md that copy a log from an embedded store."""

    servers = 1
    KEPT = ("text", "time", "stream", "source", "level", "fields")

    async def test_as_documented(self):
        old = Server().start()
        self.addCleanup(old.stop)
        log = f"deploy/{self.new_id()}"
        entries = [{"text": f"line {n}", "stream": "stderr", "level": "warn", "source": "s",
                    "time": "2020-01-01T00:00:00.5Z", "pod": n} for n in range(1200)]
        entries[7]["text"] = "a \0 b \u00e4 \" \\ \t"
        self.assertEqual((await Api(old.port).append_objects(log, entries)).status, 200)
        text = (ROOT / "docs/mongodb-store.md").read_text(encoding="utf-8")
        block, = re.findall(r"^```sh\n(from=.*?)^```$", text, re.M | re.S)
        block = (block.replace("deploy/42", log).replace(":8080/", f":{old.port}/")
                 .replace(":8081/", f":{self.tailraces[0].port}/"))
        for _ in range(2):
            ran = await asyncio.to_thread(subprocess.run, ["bash", "-c", block], check=False,
                                          capture_output=True, text=True, timeout=120)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        copied = await self.kept(self.apis[0], log)
        self.assertEqual(len(copied), 1200)
        self.assertEqual(copied, await self.kept(Api(old.port), log))

    async def kept(self, api, log):
        return [{name: entry.get(name) for name in self.KEPT} for entry in await api.entries(log)]


class TextIdsTest(MongoStoreCase):
    servers = 1
    settings = {"store.ids": "string", "store.collection": "lines"}

    async def test_ids_are_text(self):
        number = self.new_id()
        await self.apis[0].append(f"deploy/{number}", "one\n")
        found = list(self.database["lines"].find({"type": "deploy", "id": str(number)}))
        self.assertEqual([line["log"] for line in found], ["one"])


class SaysHello(socketserver.BaseRequestHandler):
    """A server that can say who it is, and nothing else."""

    def handle(self):
        hello = bson.encode({"ok": 1, "ismaster": True, "isWritablePrimary": True,
                             "minWireVersion": 0, **self.server.says})
        while len(head := self.request.recv(16, socket.MSG_WAITALL)) == 16:
            length, request, _, operation = struct.unpack("<iiii", head)
            self.request.recv(length - 16, socket.MSG_WAITALL)
            # OP_QUERY has a reply of its own, OP_MSG has itself.
            if operation == 2004:
                kind, body = 1, struct.pack("<iqii", 8, 0, 0, 1) + hello
            else:
                kind, body = 2013, struct.pack("<ib", 0, 0) + hello
            self.request.sendall(struct.pack("<iiii", 16 + len(body), 1, request, kind) + body)


class RefusedTest(unittest.TestCase):
    def serve(self, *arguments):
        with tempfile.TemporaryDirectory() as data:
            return subprocess.run([binary_path(), "serve", "--listen", "127.0.0.1:0", "--data",
                                   data, *arguments], check=False, capture_output=True, text=True,
                                  timeout=60, env={"PATH": os.environ["PATH"]})

    def check_hello(self, says, *words):
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), SaysHello) as server:
            server.says = says
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ran = self.serve("--store", f"mongodb://127.0.0.1:{server.server_address[1]}/")
            server.shutdown()
        self.assertEqual(ran.returncode, 1, ran.stderr)
        for word in words:
            self.assertIn(word, ran.stderr)

    def test_a_stand_alone_server(self):
        self.check_hello({"maxWireVersion": 21}, "store.uri", "stand-alone", "--replSet")

    def test_an_old_server(self):
        self.check_hello({"maxWireVersion": 8, "msg": "isdbgrid"}, "older than MongoDB 4.4")

    def test_settings_that_cannot_be(self):
        for flags, word in ((["--store", "nothing"], "store.uri"),
                            (["--store", "mongodb://h/", "--store-collection", "a$"],
                             "store.collection"),
                            (["--store", "mongodb://h/", "--limit-entry-bytes", "8MiB"],
                             "limits.entry_bytes"),
                            (["--store", "mongodb://h/", "--mongodb-uri", "mongodb://h/"],
                             "store.collection")):
            ran = self.serve(*flags)
            self.assertEqual(ran.returncode, 2, ran.stderr)
            self.assertIn(word, ran.stderr)


if __name__ == "__main__":
    unittest.main()
