"""Scenario: a search through a stored log, beside grep through a file of the same lines."""

import http.client
import json
import subprocess
import time
import urllib.parse

from common import TEXT_BYTES, end_log, pick, stored_log
from measure import Figure, metric, request
from servers import Tailrace, cores, prepare_child, work_folder

NEEDLE = "Connection refused by 10.20.30.40"
NEEDLES = 100
# What is looked for, and how grep is told so.
SEARCHES = (("text", {"q": NEEDLE, "case": 1}, ["-F", "--", NEEDLE]),
            ("folded", {"q": NEEDLE.lower()}, ["-i", "-F", "--", NEEDLE.lower()]),
            ("regex", {"q": "refused by [0-9.]+$", "regex": 1, "case": 1},
             ["-E", "--", "refused by [0-9.]+$"]))


def search(server, log, query):
    """Seconds to the first match and to the end, and the total."""
    path = f"{log}/search?{urllib.parse.urlencode(query)}"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    start = time.monotonic()
    connection.request("GET", path, headers={"Accept": "application/x-ndjson"})
    first, end = None, None
    for line in connection.getresponse():
        if first is None and line.startswith(b'{"n":'):
            first = time.monotonic() - start
        if line.startswith(b'{"end":'):
            end = json.loads(line)["end"]
    seconds = time.monotonic() - start
    connection.close()
    if end is None or not end["complete"]:
        raise RuntimeError(f"{path}: the search did not come to its end: {end}")
    return {"first_ms": (first or seconds) * 1000, "seconds": seconds, "total": end["total"]}


def grep(file, words):
    start = time.monotonic()
    done = subprocess.run(["grep", "-c", *words, file], env={"LC_ALL": "C.UTF-8"}, check=True,
                          preexec_fn=lambda: prepare_child(cores()[0], False),
                          stdout=subprocess.PIPE)
    return {"seconds": time.monotonic() - start, "total": int(done.stdout)}


def through_a_log(plan):
    entries = plan.replay_bytes() // (TEXT_BYTES + 1)
    lines = entries + NEEDLES
    with Tailrace() as server, work_folder() as folder:
        log = stored_log(server, entries)
        request(server, "POST", f"{log}/entries", f"{'x' * 100} {NEEDLE}\n" * NEEDLES, "text/plain")
        end_log(server, log)
        file = folder / "log"
        file.write_bytes(request(server, "GET", f"{log}/raw"))
        often = file.open("rb").readline().decode().split()[-1]
        what = f"search in {lines:,} lines"
        for name, query, words in SEARCHES:
            search(server, log, query)
            mine, cpu, bare = [], [], []
            for _ in plan.rounds():
                before = metric(server, "tailrace_search_cpu_microseconds_total")
                mine.append(search(server, log, query))
                spent = metric(server, "tailrace_search_cpu_microseconds_total") - before
                cpu.append(lines / (spent / 1e6))
                bare.append(grep(file, words))
                if mine[-1]["total"] != bare[-1]["total"]:
                    raise RuntimeError(f"{name}: {mine[-1]} beside {bare[-1]}")
            yield Figure(f"search-{name}", f"{what}, {name}: lines a second", "/s",
                         [lines / one["seconds"] for one in mine], "grep -c on a file",
                         [lines / one["seconds"] for one in bare])
            yield Figure(f"search-{name}-cpu", f"{what}, {name}: lines per CPU second", "/s", cpu)
        first = [search(server, log, {"q": often, "limit": 100}) for _ in plan.rounds()]
        yield Figure("search-first", f"{what}: time to the first match", "ms",
                     pick(first, "first_ms"), goal="<= 300", goal_of_ours=True)
