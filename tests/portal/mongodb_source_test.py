"""Documents that a portal's code writes into MongoDB appear as logs (docs/mongodb.md)."""

import asyncio
import os
import pathlib
import subprocess
import time

from bson import ObjectId

from support.mongodb_case import MongoSourceCase
from support.server import binary_path


class Documents:
    """What holds however new documents are learnt of."""

    async def test_live_from_the_first_line_to_the_end(self):
        number = self.new_id()
        async with await self.portal(number) as stream:
            for text in ("one", "two\nlines", "[DONE]"):
                self.insert(number, text)
                self.assertEqual((await stream.next()).data, text)
            self.assertEqual(await stream.to_end(), [])
        info = (await self.api.meta(f"deploy/{number}")).json()
        self.assertEqual((info["position"], info["outcome"]), (2, "succeeded"))

    async def test_num_counts_as_skip_does(self):
        number = self.new_id()
        texts = [f"line {n}" for n in range(30)]
        self.insert(number, *texts)
        await self.until_texts(number, texts)
        query = {"type": "deploy", "id": number}
        for num in (0, 1, 17, 29):
            by_skip = [line["log"] for line in self.lines.find(query).skip(num)]
            async with await self.portal(number, num=num) as stream:
                self.assertEqual([(await stream.next()).data for _ in by_skip], by_skip)

    async def test_both_spellings_are_one_log(self):
        number = self.new_id()
        for n in range(6):
            self.insert(number if n % 2 else str(number), f"line {n}")
        await self.until_texts(number, [f"line {n}" for n in range(6)])

    async def test_both_spellings_keep_their_order_when_read_while_they_are_written(self):
        for _ in range(8):
            number, texts = self.new_id(), [f"line {n}" for n in range(60)]

            def write(number=number, texts=texts):
                for n, text in enumerate(texts):
                    self.insert(number if n % 2 else str(number), text)
            writing = asyncio.create_task(asyncio.to_thread(write))
            while not writing.done():
                await self.initial(number)
            await writing
            await self.until_texts(number, texts)

    async def test_a_log_that_nobody_has_written(self):
        number = self.new_id()
        self.assertEqual((await self.api.meta(f"deploy/{number}")).status, 404)
        self.assertEqual((await self.initial(number)).json(),
                         {"log": "", "num": 0, "done": False})
        self.insert(number, "one")
        await self.until_texts(number, ["one"])

    async def test_other_fields_are_kept(self):
        number = self.new_id()
        self.insert(number, "one", host="web-1", tries=3)
        await self.until_texts(number, ["one"])
        entry = (await self.api.entries(f"deploy/{number}"))[0]
        document = self.lines.find_one({"type": "deploy", "id": number})
        self.assertEqual(entry["fields"], {"_id": {"$oid": str(document["_id"])},
                                           "host": "web-1", "tries": 3})

    async def test_late_documents_with_smaller_ids_come_last(self):
        number = self.new_id()
        late = [ObjectId() for _ in range(3)]
        self.insert(number, "one", "two")
        await self.until_texts(number, ["one", "two"])
        for n, document_id in enumerate(reversed(late)):
            self.lines.insert_one({"_id": document_id, "type": "deploy", "id": number,
                                   "log": f"late {n}"})
            await self.until_texts(number, ["one", "two", *(f"late {m}" for m in range(n + 1))])

    async def test_edits_and_deletions_change_nothing(self):
        number = self.new_id()
        self.insert(number, "one", "two", "three")
        await self.until_texts(number, ["one", "two", "three"])
        self.lines.update_one({"type": "deploy", "id": number, "log": "two"},
                              {"$set": {"log": "edited"}})
        self.lines.delete_one({"type": "deploy", "id": number, "log": "one"})
        self.insert(number, "four")
        await self.until_texts(number, ["one", "two", "three", "four"])

    async def test_a_document_that_comes_again_is_not_repeated(self):
        number = self.new_id()
        self.insert(number, "one", "two")
        await self.until_texts(number, ["one", "two"])
        again = self.lines.find_one_and_delete({"type": "deploy", "id": number, "log": "one"})
        self.lines.insert_one(again)
        self.insert(number, "three")
        await self.until_texts(number, ["one", "two", "three"])

    async def test_behind_the_end_comes_nothing(self):
        number = self.new_id()
        before = await self.metric('ignored_total{cause="after_end"}')
        self.insert(number, "one", "[DONE]", "two")
        await self.until_texts(number, ["one"])
        self.insert(number, "three")

        async def is_counted():
            return await self.metric('ignored_total{cause="after_end"}') > before
        await self.until(is_counted)
        self.assertEqual(await self.api.texts(f"deploy/{number}"), ["one"])

    async def test_names_that_cannot_be_a_log_are_counted_and_said_once(self):
        before = await self.metric('ignored_total{cause="name"}')
        for name in ("a b", 1.5, None, "x/y"):
            self.insert(name, "nobody's")

        async def are_counted():
            return await self.metric('ignored_total{cause="name"}') == before + 4
        await self.until(are_counted)
        self.assertEqual(self.server.log_text().count("belongs to no log"), 1)

    async def test_what_is_not_a_string_counts_all_the_same(self):
        number = self.new_id()
        self.lines.insert_one({"type": "deploy", "id": number})
        self.insert(number, 5, "two")
        await self.until_texts(number, ["", "5", "two"])

    async def test_hostile_texts_are_stored_as_they_came(self):
        number = self.new_id()
        texts = ["", "a\r\nb\rc\0d", "\x1b[31mred\u2028", "<script>", "x" * 3_000_000]
        self.insert(number, *texts)
        await self.until_texts(number, texts)

    async def test_a_deleted_log_comes_again_from_the_collection(self):
        number = self.new_id()
        self.insert(number, "one", "two")
        await self.until_texts(number, ["one", "two"])
        self.assertEqual((await self.api.delete(f"deploy/{number}")).status, 204)
        self.assertEqual(await self.api.texts(f"deploy/{number}"), ["one", "two"])

    async def test_many_viewers_cost_one_reader(self):
        number = self.new_id()
        self.insert(number, "one")
        await self.until_texts(number, ["one"])
        imports = await self.metric("imports_total")
        streams = [await self.portal(number) for _ in range(400)]
        begin, before = time.monotonic(), self.operations()
        for n in range(10):
            self.insert(number, f"line {n}")
        self.insert(number, "[DONE]")
        for stream in streams:
            async with stream:
                self.assertEqual([event.data for event in await stream.to_end()],
                                 ["one", *(f"line {n}" for n in range(10)), "[DONE]"])
        self.assertEqual(await self.metric("imports_total"), imports)
        # By itself the reader asks seven times a second at most, and once for each line.
        self.assertLess(self.operations() - before, 100 + 10 * (time.monotonic() - begin))

    def operations(self):
        """Queries and continued ones that the MongoDB server has served."""
        counters = self.client.admin.command("serverStatus")["opcounters"]
        return counters["query"] + counters["getmore"]


class StreamedTest(Documents, MongoSourceCase):
    async def test_edits_and_deletions_are_counted(self):
        number = self.new_id()
        self.insert(number, "one")
        edits, deletions = 'ignored_total{cause="edit"}', 'ignored_total{cause="delete"}'
        before = await self.metric(edits), await self.metric(deletions)
        self.lines.update_one({"id": number}, {"$set": {"log": "edited"}})
        self.lines.delete_one({"id": number})

        async def are_counted():
            return (await self.metric(edits), await self.metric(deletions)) == (before[0] + 1,
                                                                                before[1] + 1)
        await self.until(are_counted)

    async def test_a_dropped_collection(self):
        number = self.new_id()
        self.insert(number, "one")
        await self.until_texts(number, ["one"])
        before = await self.metric("resets_total")
        self.lines.drop()

        async def is_noticed():
            return await self.metric("resets_total") > before and await self.metric("connected")
        await self.until(is_noticed)
        self.insert(number, "two")
        await self.until_texts(number, ["one", "two"])


class PolledTest(Documents, MongoSourceCase):
    mode = "poll"


class OldDocumentsTest(MongoSourceCase):
    async def stop_server(self):
        self.server.terminate()
        await asyncio.to_thread(self.server.wait)

    async def test_an_old_log_is_read_when_it_is_opened(self):
        number = self.new_id()
        texts = [f"line {n}" for n in range(2_500)]
        await self.stop_server()
        self.insert(number, *texts[:1_000])
        self.insert(str(number), *texts[1_000:])
        self.insert(number, "[DONE]", "behind the end")
        pathlib.Path(self.server.data, "mongodb-source.json").unlink()
        self.server.start()
        listed = (await self.api.get("/api/v1/logs")).json()["logs"]
        self.assertNotIn(str(number), [log["id"] for log in listed])
        answers = await asyncio.gather(*(self.initial(number) for _ in range(5)))
        for answer in answers:
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.json(),
                             {"log": "\n".join(texts), "num": 2_500, "done": True})
        self.assertEqual((await self.api.meta(f"deploy/{number}")).json()["state"], "ended")
        self.assertEqual(await self.metric("imports_total"), 1)

    async def test_what_was_written_while_nobody_followed(self):
        """A log that was being written when Tailrace was stopped, and one begun since."""
        known, new = self.new_id(), self.new_id()
        self.insert(known, "one")
        await self.until_texts(known, ["one"])
        await self.stop_server()
        self.insert(known, "two", "[DONE]")
        self.insert(new, "first")
        self.server.start()
        await self.until_texts(known, ["one", "two"])
        await self.until_texts(new, ["first"])

    async def test_far_behind(self):
        """The stream has more of a log to tell than is remembered of it, and all of that was read
        already because somebody opened the log."""
        number = self.new_id()
        self.insert(number, "first")
        await self.until_texts(number, ["first"])
        await self.stop_server()
        texts = ["first", *(f"line {n}" for n in range(12_000))]
        self.insert(number, *texts[1:])
        other = self.new_id()
        self.insert(other, *texts)
        self.server.start()
        await self.initial(other)
        self.server.kill()
        self.server.start()
        await self.initial(other)
        await self.until_texts(number, texts)
        await self.until_texts(other, texts)
        self.insert(other, "last")
        await self.until_texts(other, [*texts, "last"])


class ImportVerbTest(MongoSourceCase):
    def import_all(self, *options, uri=None):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.server.folder),
                       "TAILRACE_URL": f"http://127.0.0.1:{self.server.port}",
                       "TAILRACE_MONGODB_URI": uri or self.mongodb.uri,
                       "TAILRACE_MONGODB_DATABASE": self.mongodb.database}
        return subprocess.run([binary_path(), "import", "mongodb", *options], env=environment,
                              cwd=self.server.folder, capture_output=True, text=True, timeout=60,
                              check=False)

    async def test_all_logs_are_read(self):
        numbers = [self.new_id() for _ in range(3)]
        for number in numbers:
            self.insert(number, "one")
            self.insert(str(number), "two", "[DONE]")
        self.lines.insert_one({"type": "build", "id": "x", "log": "of another type"})
        done = await asyncio.to_thread(self.import_all, "--type", "deploy")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(sorted(done.stdout.splitlines()[:-1]),
                         sorted(f"deploy/{number}  2 lines, ended" for number in numbers))
        self.assertEqual(done.stdout.splitlines()[-1], "3 of 3 logs are there")
        listed = (await self.api.get("/api/v1/logs?type=deploy")).json()["logs"]
        self.assertEqual({log["id"] for log in listed}, {str(number) for number in numbers})

    async def test_nobody_there(self):
        done = await asyncio.to_thread(
            self.import_all, uri="mongodb://u:secret@127.0.0.1:1/?serverSelectionTimeoutMS=100")
        self.assertEqual(done.returncode, 69)
        self.assertNotIn("secret", done.stdout + done.stderr)


class RedactedTest(MongoSourceCase):
    settings = {"redact.patterns": ["token=([a-z0-9]+)"]}

    async def test_secrets_are_not_stored(self):
        number = self.new_id()
        self.insert(number, "token=abc123 ok", note="token=def456")
        await self.until_texts(number, ["token=*** ok"])
        entry = (await self.api.entries(f"deploy/{number}"))[0]
        self.assertEqual(entry["fields"]["note"], "token=***")
