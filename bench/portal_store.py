"""What a store takes in: lines a second that are stored safely, of a store in MongoDB, of a bare
client that only inserts such documents into the same server, and of the embedded store."""

import asyncio
import concurrent.futures
import sys
import time

from servers import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from support.api import BASE, TEXT, Api  # noqa: E402
from support.mongodb import MongoDb  # noqa: E402
from support.server import Server  # noqa: E402

LINE = "a line of a deployment that has gone on for a while, as long as most of them are\n"
# Producers, each with a log of its own, and lines in one of their requests.
SHAPES = {"bulk": (4, 1000), "single": (64, 1)}


async def produce(api, log, lines, until):
    """Appends one request after the other over one connection."""
    body, stored = (LINE * lines).encode(), 0
    async with await api.connect() as connection:
        while time.monotonic() < until:
            answer = await connection.request("POST", f"{BASE}/{log}/entries",
                                              {"Content-Type": TEXT}, body)
            if answer.status != 200:
                raise RuntimeError(f"{log}: {answer}")
            stored += answer.json()["stored"]
    return stored


async def lines_a_second(settings, shape, seconds):
    producers, lines = SHAPES[shape]
    server = Server(settings=settings).start()
    try:
        api = Api(server.port)
        await asyncio.gather(*(api.append(f"deploy/{n}", LINE) for n in range(producers)))
        begin = time.monotonic()
        stored = await asyncio.gather(*(produce(api, f"deploy/{n}", lines, begin + seconds)
                                        for n in range(producers)))
        return sum(stored) / (time.monotonic() - begin)
    finally:
        server.stop()


def insert(mongodb, name, lines, until):
    """Documents as the store's, without a transaction, each insert acknowledged by a majority."""
    count = 0
    with mongodb.client(w="majority") as client:
        collection = client[mongodb.database][name]
        while time.monotonic() < until:
            collection.insert_many([{
                "_id": f"{name}.{count + n:012}", "type": "deploy", "id": 1, "log": LINE,
                "time": None, "position": count + n, "incarnation": name, "offset": 0,
                "encoded_end": 0, "stored": 0} for n in range(lines)])
            count += lines
    return count


def bare_lines_a_second(mongodb, shape, seconds):
    producers, lines = SHAPES[shape]
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(producers) as pool:
        counts = pool.map(lambda n: insert(mongodb, f"bare{n}", lines, begin + seconds),
                          range(producers))
        return sum(counts) / (time.monotonic() - begin)


def store(shape, seconds):
    """One after the other."""
    mongodb = MongoDb().start()
    try:
        head, _, query = mongodb.uri.partition("?")
        uri = f"{head.rstrip('/')}/{mongodb.database}?{query}&socketTimeoutMS=60000"
        shared = asyncio.run(lines_a_second({"store.uri": uri}, shape, seconds))
        bare = bare_lines_a_second(mongodb, shape, seconds)
    finally:
        mongodb.stop()
    embedded = asyncio.run(lines_a_second({}, shape, seconds))
    producers, lines = SHAPES[shape]
    return {"shape": shape, "producers": producers, "lines": lines, "mongodb": shared,
            "bare": bare, "embedded": embedded}
