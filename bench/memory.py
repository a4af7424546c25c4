"""Scenarios: what a viewer costs that only waits. New servers each round: memory is not given
back."""

from common import nchan, new_log, pick
from measure import Figure, load
from servers import Nginx, Tailrace, resident_bytes

KEY = "bytes_each"


STREAMS = 100  # of an HTTP/2 connection


def idle(plan, tls=False, viewers=10_000, **options):
    """Memory of a new server for each viewer beyond the first 200."""
    with Tailrace(tls=tls) as server:
        return load("idle", server, warm=200, viewers=plan.crowd(viewers),
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
    """As streams of HTTP/2 connections. What a further stream takes: connections with 100 streams,
    less as many connections with one stream each."""
    shared, alone, further, plain = [], [], [], []
    for _ in plan.rounds():
        shared += pick([idle(plan, http2=True, streams=STREAMS)], KEY)
        alone += pick([idle(plan, viewers=1_000, http2=True, streams=1)], KEY)
        further.append((STREAMS * shared[-1] - alone[-1]) / (STREAMS - 1))
        plain += pick([idle(plan)], KEY)
    yield Figure("memory-http2", f"{what(plan)}, a further HTTP/2 stream of a connection", "B",
                 further, "HTTP/1.1", plain, "<= 1024", goal_of_ours=True)
    yield Figure("memory-http2-share", f"{what(plan)}, HTTP/2, with its share of a connection of "
                 f"{STREAMS}", "B", shared)
    yield Figure("memory-http2-connection", "RSS of an HTTP/2 connection with one idle viewer, "
                 f"{plan.crowd(1_000):,} of them", "B", alone)
