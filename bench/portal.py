"""scripts/bench portal [--quick] [PART…]

The live logs of examples/portal (a Django view under uWSGI, a Sanic service) and Tailrace's, on the
same MongoDB, one after the other: how many viewers get their lines, how late, at how many queries
and how much CPU, and how long a log of 20,000 lines takes. Writes build/bench/portal.json. A part
is backlog:WHO or follow:WHO:VIEWERS with django, sanic or tailrace; without any: all of them.
expired alone: how long a stream goes on after its viewer has lost the right to it.
"""

import argparse
import asyncio
import http.cookiejar
import json
import math
import os
import pathlib
import re
import resource
import statistics
import sys
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import revoked  # noqa: E402
from measure import table as measure_table  # noqa: E402
from support.portal import Portal  # noqa: E402
from support.server import Server  # noqa: E402

LINES = 20_000
LINE = "a line of a deployment that has gone on for a while, as long as most of them are: "
SENT = re.compile(rb"sent (\d+)\n")
PARTS = ("backlog:tailrace", "backlog:django", "backlog:sanic", "follow:django:10",
         "follow:sanic:10", "follow:django:100", "follow:sanic:100", "follow:tailrace:10",
         "follow:tailrace:100", "follow:tailrace:1000", "follow:tailrace:10000")
TICKS = os.sysconf("SC_CLK_TCK")


class Viewer:
    """One open stream of a log, read to its end or until it is closed."""

    def __init__(self, port, path, cookie=""):
        self.port, self.path, self.cookie = port, path, cookie
        self.delays_ms = []
        self.lines = 0
        self.answered = asyncio.Event()
        self.writer = None

    async def run(self, until=None):
        reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write((f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                           f"Accept: text/event-stream\r\n{self.cookie}\r\n").encode())
        rest = b""
        while data := await reader.read(1 << 16):
            now_ns = time.time_ns()
            if b"200" in data[:20]:
                self.answered.set()
            rest += data
            whole, _, rest = rest.rpartition(b"\n")
            whole += b"\n"
            self.lines += whole.count(b"data: ") - whole.count(b"data: [")
            self.delays_ms += [(now_ns - int(sent)) / 1e6 for sent in SENT.findall(whole)]
            if until is not None and self.lines >= until:
                break
        self.writer.close()

    def stop(self):
        if self.writer is not None:
            self.writer.transport.abort()


def log_in(portal):
    """The session's cookie, as a header line."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(f"{portal.url}/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    form = {"username": portal.user, "password": portal.password, "csrfmiddlewaretoken": token}
    request = urllib.request.Request(f"{portal.url}/login/",
                                     urllib.parse.urlencode(form).encode(),
                                     {"Referer": f"{portal.url}/login/"})
    opener.open(request)
    return "Cookie: " + "; ".join(f"{one.name}={one.value}" for one in jar) + "\r\n"


def cpu_seconds(pids):
    """Of the processes and all that they have started."""
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except FileNotFoundError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICKS + cpu_seconds(children)
    return total


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)] if ordered else None


class Bench:
    def __init__(self, portal, tailrace, quick):
        self.portal, self.tailrace, self.quick = portal, tailrace, quick
        self.client = portal.mongodb.client()
        self.lines = self.client[portal.database]["sse_logs"]
        self.lines.create_index([("type", 1), ("id", 1)])
        self.cookie = log_in(portal)
        self.number = 0

    def place(self, who, number, num=0):
        """(port, path, header) of a log's stream."""
        query = f"/api/v1/sse/logs/?type=deploy&id={number}&num={num}"
        if who == "tailrace":
            return self.tailrace.port, query, ""
        if who == "django":
            return self.portal.ports["front"], query, self.cookie
        return self.portal.ports["service"], query, ""

    def new_log(self, who, lines):
        """A log that `who` can read; the service asks for strings, the site for numbers."""
        self.number += 1
        number = str(self.number) if who == "sanic" else self.number
        for begin in range(0, lines, 1_000):
            self.lines.insert_many([{"type": "deploy", "id": number, "log": f"{LINE}{n}"}
                                    for n in range(begin, min(lines, begin + 1_000))])
        return number

    def queries(self):
        counters = self.client.admin.command("serverStatus")["opcounters"]
        return counters["query"] + counters["getmore"]

    def pids(self, who):
        process = {"tailrace": self.tailrace.process, "django": self.portal.site,
                   "sanic": self.portal.service}[who]
        return [process.pid]

    async def follow(self, who, count, lines=LINES):
        """`count` viewers at the end of a log while five lines a second are written to it; of the
        largest crowd one line in two seconds, because this client gets no more of them read."""
        number = await asyncio.to_thread(self.new_log, who, lines)
        viewers = [Viewer(*self.place(who, number, lines)) for _ in range(count)]
        tasks = []
        for begin in range(0, count, 200):
            tasks += [asyncio.ensure_future(viewer.run()) for viewer in viewers[begin:begin + 200]]
            await asyncio.sleep(0.05)
        await self.write_one(number)  # Tailrace reads the log because of it, at the latest
        await asyncio.sleep(3 + count / 1_000)
        for viewer in viewers:
            viewer.delays_ms.clear()
        database = [self.portal.mongodb.process.pid] if self.portal.mongodb.process else []
        before = (time.monotonic(), self.queries(), cpu_seconds(self.pids(who)),
                  cpu_seconds(database))
        written = 0
        while time.monotonic() < before[0] + (3 if self.quick else 20):
            await self.write_one(number)  # which itself is slow if the database has much to do
            written += 1
            await asyncio.sleep(2 if count >= 5_000 else 0.2)
        await asyncio.sleep(2)
        took = time.monotonic() - before[0]
        result = {"who": who, "viewers": count, "lines": lines,
                  "queries_per_second": (self.queries() - before[1]) / took,
                  "cpu_cores": (cpu_seconds(self.pids(who)) - before[2]) / took,
                  "database_cores": (cpu_seconds(database) - before[3]) / took}
        for viewer in viewers:
            viewer.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        delays = [delay for viewer in viewers for delay in viewer.delays_ms]
        result["served"] = sum(len(viewer.delays_ms) > 0 for viewer in viewers)
        result["got"] = len(delays) / (max(written, 1) * count)
        if delays:
            result |= {"p50_ms": statistics.median(delays), "p99_ms": percentile(delays, 0.99)}
        return result

    async def write_one(self, number):
        await asyncio.to_thread(self.lines.insert_one, {
            "type": "deploy", "id": number, "log": f"sent {time.time_ns()}"})

    async def backlog(self, who, lines):
        """One viewer who reads the log from its first line: how long, 60 s at most."""
        number = await asyncio.to_thread(self.new_log, who, lines)
        viewer = Viewer(*self.place(who, number))
        begin = time.monotonic()
        try:
            await asyncio.wait_for(viewer.run(until=lines), 10 if self.quick else 60)
        except TimeoutError:
            viewer.stop()
        return {"who": who, "lines": lines, "got": viewer.lines,
                "seconds": time.monotonic() - begin}


async def measure(bench, parts, quick):
    result = {"follow": [], "backlog": []}
    lines = 2_000 if quick else LINES
    for part in parts:
        kind, who, *count = part.split(":")
        if kind == "backlog":
            one = await bench.backlog(who, lines)
        else:
            one = await bench.follow(who, int(count[0]), lines)
        result[kind].append(one)
        print(json.dumps(one), file=sys.stderr, flush=True)
    return result


def table(result):
    out = ["| followers of a long log | served | delay p50 | p99 | queries/s | its cores "
           "| database's |",
           "|---|---:|---:|---:|---:|---:|---:|"]
    for one in result["follow"]:
        p50, p99 = (f"{one[name]:.0f} ms" if name in one else "-" for name in ("p50_ms", "p99_ms"))
        out.append(f"| {one['who']}, {one['viewers']} | {one['served']} | {p50} | {p99} | "
                   f"{one['queries_per_second']:.0f} | {one['cpu_cores']:.2f} | "
                   f"{one['database_cores']:.2f} |")
    out += ["", "| a log from its first line | lines | seconds |", "|---|---:|---:|"]
    for one in result["backlog"]:
        out.append(f"| {one['who']} | {one['got']} of {one['lines']} | {one['seconds']:.2f} |")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only to see it work")
    parser.add_argument("parts", nargs="*", metavar="PART")
    arguments = parser.parse_args()
    os.environ.setdefault("TAILRACE_BINARY", str(ROOT / "build/bench/tailrace"))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if arguments.parts == ["expired"]:
        found = list(revoked.figures(arguments.quick))
        notes = [f"- {one.name}: {one.note}" for one in found]
        print("\n".join([measure_table(found), "", *notes]))
        return
    portal = Portal()
    tailrace = None
    try:
        portal.start()
        tailrace = Server(settings={"mongodb.uri": portal.mongodb.uri,
                                    "mongodb.database": portal.database}).start()
        result = asyncio.run(measure(Bench(portal, tailrace, arguments.quick),
                                     arguments.parts or PARTS, arguments.quick))
    finally:
        if tailrace is not None:
            tailrace.stop()
        portal.stop()
    print(table(result))
    (ROOT / "build/bench").mkdir(parents=True, exist_ok=True)
    (ROOT / "build/bench/portal.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
