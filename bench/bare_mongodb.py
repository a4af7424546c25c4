"""What MongoDB and its driver do without Tailrace: python3 bare_mongodb.py write|stream|poll URI
DATABASE NUMBER SECONDS [RATE or MILLISECONDS]. The last line printed is JSON.

write: RATE documents a second, whose text is the time before the insert; how long each insert took.
stream, poll: one reader, by a change stream or by a query each so many milliseconds, that does
nothing but look how old each document is when it has it, and again when it has written it to a
file and fdatasync() has returned, which is the least that somebody must do who stores it first.
"""

import json
import os
import sys
import tempfile
import time

import pymongo


def write(lines, number, end, rate):
    took_ms = []
    due = time.monotonic()
    while time.monotonic() < end:
        time.sleep(max(0, due - time.monotonic()))
        due = max(due + 1 / rate, time.monotonic())
        sent_ns = time.time_ns()
        lines.insert_one({"type": "deploy", "id": number, "log": f"sent {sent_ns}"})
        took_ms.append((time.time_ns() - sent_ns) / 1e6)
    return took_ms


class Ages:
    """(before, after) it was stored, of each document."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()
        self.found = []

    def add(self, document):
        sent_ns = int(document["log"].split()[1])
        read_ns = time.time_ns()
        self.file.write(document["log"].encode() + b"\n")
        self.file.flush()
        os.fdatasync(self.file.fileno())
        self.found.append(((read_ns - sent_ns) / 1e6, (time.time_ns() - sent_ns) / 1e6))


def stream(lines, end):
    ages = Ages()
    with lines.watch([{"$match": {"operationType": "insert"}}], max_await_time_ms=500) as changes:
        print("ready", flush=True)
        while time.monotonic() < end:
            change = changes.try_next()
            if change is not None:
                ages.add(change["fullDocument"])
    return ages.found


def poll(lines, end, interval_ms):
    ages = Ages()
    newest = lines.find_one(sort=[("_id", -1)])["_id"]
    print("ready", flush=True)
    due = time.monotonic()
    while time.monotonic() < end:
        time.sleep(max(0, due - time.monotonic()))
        due = max(due + interval_ms / 1000, time.monotonic())
        for document in lines.find({"_id": {"$gt": newest}}).sort("_id", 1):
            newest = document["_id"]
            ages.add(document)
    return ages.found


def main():
    what, uri, database, number, seconds = sys.argv[1:6]
    lines = pymongo.MongoClient(uri)[database]["sse_logs"]
    end = time.monotonic() + float(seconds)
    if what == "write":
        found = write(lines, int(number), end, float(sys.argv[6]))
    elif what == "stream":
        found = stream(lines, end)
    else:
        found = poll(lines, end, float(sys.argv[6]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
