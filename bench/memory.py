"""Scenarios: what a viewer costs that only waits. New servers each round: memory is not given
back."""

from common import nchan, new_log, pick
from measure import Figure, load
from servers import Nginx, Tailrace, resident_bytes

KEY = "bytes_each"


def idle(plan, tls=False, **options):
    """Memory of a new server for each viewer beyond the first 200."""
    with Tailrace(tls=tls) as server:
        return load("idle", server, warm=200, viewers=plan.crowd(10_000),
                    view=f"{new_log(server)}/events", **options)


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


def memory_tls(plan):
    """Under TLS."""
    mine, plain = [], []
    for _ in plan.rounds():
        mine.append(idle(plan, tls=True))
        plain.append(idle(plan))
    yield Figure("memory-tls", f"{what(plan)}, TLS, HTTP/1.1", "B", pick(mine, KEY), "plain",
                 pick(plain, KEY), "<= 16384", goal_of_ours=True)


def memory_http2(plan):
    """As streams of HTTP/2 connections."""
    mine, plain = [], []
    for _ in plan.rounds():
        mine.append(idle(plan, http2=True, streams=100))
        plain.append(idle(plan))
    yield Figure("memory-http2", f"{what(plan)}, HTTP/2, 100 on a connection", "B",
                 pick(mine, KEY), "HTTP/1.1", pick(plain, KEY), "<= 1024", goal_of_ours=True)
