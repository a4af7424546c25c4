"""Scenarios: viewers who come all at once, read all at once, or do not read at all."""

import signal
import time

from common import end_log, new_log, number, pick, stored_log
from measure import Figure, background, load
from servers import Tailrace, resident_bytes


def peak_bytes(server):
    """The most memory that it had since forget_peak."""
    status = open(f"/proc/{server.pid}/status", encoding="ascii").read()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def forget_peak(server):
    with open(f"/proc/{server.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


BEFORE_SECONDS = 0.1


def storm(plan):
    """10,000 viewers of 100 logs come back within a second of a restart."""
    viewers = plan.crowd(10_000)
    storms, quiet, during = storms_of(plan, viewers)
    _, memory_quiet, memory_during = storms_of(plan, viewers, in_memory=True)
    yield Figure("storm", f"{viewers:,} viewers come within a second: all are served after", "s",
                 pick(storms, "seconds"), goal="<= 3", goal_of_ours=True,
                 note="a refused or cut connection ends the run")
    yield Figure("storm-cost", "the same: CPU of the server for each", "µs",
                 [1e6 / one["per_cpu_second"] for one in storms])
    yield Figure("storm-append-p99", "the same: p99 of appends meanwhile", "ms",
                 pick(during, "p99_s", 1e3), "before", pick(quiet, "p99_s", 1e3), "<= 3")
    yield Figure("storm-append-memory-p99", "the same without a disk", "ms",
                 pick(memory_during, "p99_s", 1e3), "before", pick(memory_quiet, "p99_s", 1e3))


def storms_of(plan, viewers, in_memory=False):
    """What was measured of the storms, and of appends before and during them."""
    logs, storms, quiet, during = 100, [], [], []
    appends = {"rate": 200, "seconds": 1.5, "first": True}
    for _ in plan.rounds():
        with Tailrace(in_memory=in_memory) as server:
            log = f"/api/v1/logs/storm-{number()}/{{}}"
            load("ingest", server, post=f"{log}/entries", producers=logs, lines=10, seconds=0.2)
            server.restart()
            with background("appends", server, **post(server), **appends) as prober:
                quiet.append(prober.result())
            with background("appends", server, **post(server), **appends) as prober:
                time.sleep(BEFORE_SECONDS)  # it is there already, as in the quiet
                with background("storm", server, view=f"{log}/events", logs=logs,
                                viewers=viewers, seconds=1) as coming:
                    during.append(prober.result())
                    storms.append(coming.result())
    return storms, quiet, during


def post(server):
    return {"post": f"{new_log(server)}/entries"}


def replay_storm(plan):
    """1,000 viewers read 10 MB each at once, while 10 others follow another log's end."""
    viewers, entries = plan.crowd(1000), 50_000
    live = {"viewers": 10, "rate": 20, "seconds": plan.seconds(7), "mark": 1, "first": True}
    quiet, during, storms, peaks = [], [], [], []
    for _ in plan.rounds():
        with Tailrace() as server:
            log, old = stored_log(server, entries), stored_log(server, entries)
            end_log(server, old)
            tail = {"view": f"{log}/events?tail=0", "post": f"{log}/entries"}
            with background("paced", server, **tail, **live) as prober:
                quiet.append(prober.result())
            before = resident_bytes(server.pid)
            forget_peak(server)
            with (background("replay", server, view=f"{old}/events", viewers=viewers,
                             expect=entries) as readers,
                  background("paced", server, **{**tail, **live, "mark": 2}) as prober):
                during.append(prober.result())
                storms.append(readers.result())
            peaks.append(peak_bytes(server) - before)
    what = f"{viewers:,} viewers replay 10 MB each at once"
    yield Figure("replay-storm", f"{what}: bytes per CPU second", "B/s",
                 pick(storms, "per_cpu_second"))
    yield Figure("replay-storm-memory", f"{what}: growth of peak RSS", "B", peaks,
                 goal="<= 100e6", goal_of_ours=True)
    yield Figure("replay-storm-p99", f"{what}: p99 latency of 10 live viewers", "ms",
                 pick(during, "p99_s", 1e3), "before", pick(quiet, "p99_s", 1e3), "<= 2")


def stalled(plan):
    """500 viewers that are stopped (SIGSTOP) with 20 MB still to come, beside 500 that read."""
    entries, count = 100_000, plan.crowd(500)
    without, beside, growth = [], [], []
    live = {"viewers": 500, "rate": 20, "seconds": plan.seconds(3)}
    for _ in plan.rounds():
        with Tailrace() as server:
            log = stored_log(server, entries)
            tail = {"view": f"{log}/events?tail=0", "post": f"{log}/entries"}
            without.append(load("paced", server, **tail, **live, mark=1))
            with background("hold", server, view=f"{log}/events", viewers=count,
                            seconds=600, give_up=900) as stopped:
                stopped.first_line()
                stopped.process.send_signal(signal.SIGSTOP)
                load("paced", server, **tail, **live, mark=2)  # sockets fill up
                before = resident_bytes(server.pid)
                beside.append(load("paced", server, **tail, **live, mark=3))
                growth.append((resident_bytes(server.pid) - before) / count)
    what = f"{count} stopped viewers"
    yield Figure("stalled-memory", f"{what}: growth of RSS for each while others are served", "B",
                 growth, goal="<= 256", goal_of_ours=True)
    yield Figure("stalled-p99", f"{what}: p99 latency of 500 others", "ms",
                 pick(beside, "p99_s", 1e3), "without them", pick(without, "p99_s", 1e3),
                 "<= 1.25")
