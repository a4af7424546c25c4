"""The portal's own views (examples/portal) and a Tailrace on one MongoDB; viewers, and what they
cost whom."""

import asyncio
import contextlib
import http.cookiejar
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from servers import BUILD, ROOT, prepare_child

sys.path.insert(0, str(ROOT / "tests"))

from support.portal import Portal  # noqa: E402
from support.server import Server  # noqa: E402

LINE = "a line of a deployment that has gone on for a while, as long as most of them are: "
SENT = re.compile(rb"sent (\d+)\n")
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


def p50_p99(values):
    return {"p50_ms": percentile(values, 0.5), "p99_ms": percentile(values, 0.99),
            "max_ms": max(values), "count": len(values)} if values else {}


class World:
    """`settings`: more of Tailrace's. A context manager."""

    def __init__(self, settings=None, own=True):
        self.settings, self.own = settings or {}, own
        self.portal = Portal()
        self.tailrace = self.client = self.lines = None
        self.cookie = ""
        self.number = 0

    def __enter__(self):
        try:
            if self.own:
                self.portal.start()
                self.cookie = log_in(self.portal)
            else:
                self.portal.mongodb.start()
            self.client = self.portal.mongodb.client()
            self.lines = self.client[self.portal.database]["sse_logs"]
            self.lines.create_index([("type", 1), ("id", 1)])
            self.start_tailrace()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_tailrace(self):
        """One that has seen nothing, in place of that before."""
        if self.tailrace is not None:
            self.tailrace.stop()
        self.tailrace = Server(settings={"mongodb.uri": self.portal.mongodb.uri,
                                         "mongodb.database": self.portal.database,
                                         **self.settings}).start()

    def __exit__(self, *_):
        if self.tailrace is not None:
            self.tailrace.stop()
        self.portal.stop()

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

    async def write_one(self, number):
        await asyncio.to_thread(self.lines.insert_one, {
            "type": "deploy", "id": number, "log": f"sent {time.time_ns()}"})

    def pids(self, who):
        process = {"tailrace": self.tailrace.process, "django": self.portal.site,
                   "sanic": self.portal.service}[who]
        return [process.pid]

    def spent(self, who):
        """(when, queries, CPU seconds of the server, of the database) so far."""
        counters = self.client.admin.command("serverStatus")["opcounters"]
        process = self.portal.mongodb.process
        return (time.monotonic(), counters["query"] + counters["getmore"],
                cpu_seconds(self.pids(who)), cpu_seconds([process.pid] if process else []))

    def since(self, before, who):
        took, queries, own, database = (b - a for a, b in zip(before, self.spent(who)))
        return {"queries": queries, "queries_per_second": queries / took, "cpu_cores": own / took,
                "database_cores": database / took}

    @contextlib.contextmanager
    def crowd(self, count, number, num):
        """So many viewers of the log by tailrace-load, who only read. They are all there."""
        if count == 0:
            yield
            return
        port, path, _ = self.place("tailrace", number, num)
        command = [str(BUILD / "tailrace-load"), "hold", "--port", str(port), "--viewers",
                   str(count), "--view", path, "--form", "events", "--check-every", "0",
                   "--seconds", "600", "--give-up", "900"]
        load = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                preexec_fn=prepare_child)
        try:
            first = load.stdout.readline()
            if not first or json.loads(first)["viewers"] != count:
                raise RuntimeError(f"not {count} viewers: {first} {load.stderr.read()}")
            yield
            if load.poll() is not None:
                raise RuntimeError(f"the crowd went: {load.stderr.read()}")
        finally:
            load.kill()
            load.communicate()


@contextlib.asynccontextmanager
async def watching(viewers):
    """The viewers read as long as the context lasts."""
    tasks = [asyncio.ensure_future(viewer.run()) for viewer in viewers]
    try:
        yield
    finally:
        for viewer in viewers:
            viewer.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
