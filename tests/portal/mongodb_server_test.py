"""What other tests take for granted of their MongoDB server (support/mongodb.py)."""

import unittest

from support.mongodb import MongoDb


class MongoDbServerTest(unittest.TestCase):
    def setUp(self):
        self.mongodb = MongoDb().start()
        self.addCleanup(self.mongodb.stop)
        self.client = self.mongodb.client()
        self.addCleanup(self.client.close)
        self.lines = self.client[self.mongodb.database]["sse_logs"]

    def texts(self, **query):
        return [line["log"] for line in self.lines.find(query)]

    def test_reads_in_the_order_of_the_writes(self):
        for number in range(20):
            self.lines.insert_one({"type": "deploy", "id": 1, "log": f"line {number}"})
        self.lines.insert_one({"type": "deploy", "id": "1", "log": "in the other spelling"})
        self.assertEqual([line["log"] for line in
                          self.lines.find({"type": "deploy", "id": 1}).skip(18)],
                         ["line 18", "line 19"])
        self.assertEqual(self.texts(id="1"), ["in the other spelling"])

    def test_keeps_what_it_acknowledged(self):
        if self.mongodb.foreign:
            self.skipTest("a foreign server is not killed")
        self.lines.insert_one({"type": "deploy", "id": 1, "log": "before"})
        self.mongodb.kill()
        self.mongodb.run()
        self.lines.insert_one({"type": "deploy", "id": 1, "log": "after"})
        self.assertEqual(self.texts(), ["before", "after"])

    def test_change_stream_goes_on_behind_its_token(self):
        with self.lines.watch() as changes:
            self.lines.insert_many([{"log": "one"}, {"log": "two"}])
            self.assertEqual(next(changes)["fullDocument"]["log"], "one")
            token = changes.resume_token
        with self.lines.watch(resume_after=token) as changes:
            self.assertEqual(next(changes)["fullDocument"]["log"], "two")


if __name__ == "__main__":
    unittest.main()
