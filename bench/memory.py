"""Scenarios: what a viewer costs that only waits. New servers each round: memory is not given
back."""

from common import nchan, new_log, pick
from measure import Figure, load
from servers import Nginx, Tailrace, resident_bytes

KEY = "bytes_each"


def idle(plan):
    """Memory of a new server for each viewer beyond the first 200."""
    with Tailrace() as server:
        return load("idle", server, warm=200, viewers=plan.crowd(10_000),
                    view=f"{new_log(server)}/events")


def what(plan):
    return f"RSS of an idle viewer, {plan.crowd(10_000):,} of them"


def memory(plan):
    """Plain HTTP/1.1, and logs without viewers."""
    mine, rival, known = [], [], []
    for _ in plan.rounds():
        mine.append(idle(plan))
        with Nginx() as other:
            rival.append(load("idle", other, view=nchan()["view"], form="events", warm=200,
                              viewers=plan.crowd(10_000)))
        known.append(bytes_of_a_log(plan.crowd(50_000)))
    yield Figure("memory", f"{what(plan)}, HTTP/1.1", "B", pick(mine, KEY), "nchan",
                 pick(rival, KEY), "<= 1536", goal_of_ours=True)
    yield Figure("memory-log", "RSS of a log without viewers", "B", known)


def bytes_of_a_log(logs):
    with Tailrace() as server:
        load("create", server, post="/api/v1/logs/warm/{}", logs=1000, producers=1000)
        before = resident_bytes(server.pid)
        load("create", server, post="/api/v1/logs/known/{}", logs=logs, producers=1000)
        return (resident_bytes(server.pid) - before) / logs
