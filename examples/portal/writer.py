"""Writes a log into the portal's MongoDB as its deployments do: a document {type, id, log} a line.

    python3 writer.py TYPE ID [--text-id] [--seconds 0.5]     a deployment that only pretends
    python3 writer.py TYPE ID [--text-id] --from-input        entries from standard input, each a
                                                              JSON string on a line of its own
Behind the last line it writes [DONE]. --text-id writes the id as a string, as the Sanic service
does, instead of as a number.
"""

import argparse
import json
import os
import sys
import time

import pymongo

MONGODB = os.environ.get("PORTAL_MONGODB", "mongodb://127.0.0.1:27017/?directConnection=true")
DATABASE = os.environ.get("PORTAL_DATABASE", "popop")
DONE = "[DONE]"


def pretended():
    yield "Deploying web, revision 42"
    for step in range(1, 21):
        yield f"step {step} of 20: unpacked layer {step}"
    yield "warning: probe failed once\n  GET /healthz: 503\n  trying again"
    yield "web is ready"


def entries_of_input():
    for line in sys.stdin:
        yield json.loads(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("type")
    parser.add_argument("id")
    parser.add_argument("--text-id", action="store_true")
    parser.add_argument("--from-input", action="store_true")
    parser.add_argument("--seconds", type=float, default=0.5)
    arguments = parser.parse_args()
    name = arguments.id if arguments.text_id else int(arguments.id)
    lines = pymongo.MongoClient(MONGODB)[DATABASE]["sse_logs"]

    def write(text):
        lines.insert_one({"type": arguments.type, "id": name, "log": text})

    for entry in entries_of_input() if arguments.from_input else pretended():
        write(entry)
        if not arguments.from_input:
            time.sleep(arguments.seconds)
    write(DONE)


if __name__ == "__main__":
    main()
