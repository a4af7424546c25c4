"""What is measured. Each function yields its figures; docs/benchmarks.md says why they are so."""

import itertools

from measure import Figure, load, request, run
from servers import BareSend, Nginx, Tailrace, work_folder

TEXT_BYTES = 200
_names = itertools.count()


def new_log(server):
    """The path of an empty log that exists."""
    path = f"/api/v1/logs/bench/{next(_names)}"
    request(server, "PUT", path)
    return path


def tailrace_paths(server, query=""):
    log = new_log(server)
    return {"view": f"{log}/events{query}", "post": f"{log}/entries", "body": "lines"}


def nchan_paths():
    channel = next(_names)
    return {"view": f"/sub?id={channel}", "post": f"/pub?id={channel}", "body": "message"}


BARE_PATHS = {"view": "/", "post": "/", "body": "framed"}


def pick(rounds, key, scale=1.0):
    return [one[key] * scale for one in rounds]


def one_at_a_time(plan):
    """One append, wait until 1,000 viewers have it, the next."""
    ours, bare, durable = [], [], []
    with Tailrace() as server, BareSend() as limit, BareSend(durable=True) as synced:
        for _ in range(plan.rounds(5)):
            options = {"viewers": 1000, "seconds": plan.seconds(2)}
            ours.append(load("one-at-a-time", server, **tailrace_paths(server), **options))
            bare.append(load("one-at-a-time", limit, **BARE_PATHS, **options))
            durable.append(load("one-at-a-time", synced, **BARE_PATHS, **options))
    what = "1,000 viewers, one entry at a time"
    yield Figure("fan-out", f"{what}: deliveries per CPU second", "bare send()", "/s",
                 pick(ours, "per_cpu_second"), pick(bare, "per_cpu_second"), ">= 0.8")
    yield Figure("fan-out-wall", f"{what}: deliveries a second", "bare send(), nothing stored",
                 "/s", pick(ours, "per_second"), pick(bare, "per_second"), ">= 0.8")
    yield Figure("fan-out-durable", f"{what}: deliveries a second", "write, fdatasync, bare send()",
                 "/s", pick(ours, "per_second"), pick(durable, "per_second"))


def latency(plan):
    """20 entries a second to 1,000 viewers."""
    ours, bare, durable = [], [], []
    with Tailrace() as server, BareSend() as limit, BareSend(durable=True) as synced:
        for _ in range(plan.rounds(3)):
            options = {"viewers": 1000, "seconds": plan.seconds(5), "rate": 20}
            ours.append(load("paced", server, **tailrace_paths(server), **options))
            bare.append(load("paced", limit, **BARE_PATHS, **options))
            durable.append(load("paced", synced, **BARE_PATHS, **options))
    for key, name, goal in (("p99_s", "p99", "<= 1.25"), ("p50_s", "p50", "")):
        what = f"{name} latency, 1,000 viewers, 20 entries/s"
        yield Figure(f"latency-{name}", what, "bare send(), nothing stored", "ms",
                     pick(ours, key, 1e3), pick(bare, key, 1e3), goal)
        yield Figure(f"latency-{name}-durable", what, "write, fdatasync, bare send()", "ms",
                     pick(ours, key, 1e3), pick(durable, key, 1e3))


# nchan hands each message to all subscribers before it answers; it needs no window, and a long one
# would only take long to drain.
NCHAN_FIREHOSE = {"producers": 4, "lines": 1, "window": 64}
OUR_FIREHOSE = {"producers": 4, "lines": 100, "window": 4096}


def firehose(plan, viewers):
    """Producers as fast as they are answered, 200-byte entries."""
    text, batch, nchan = [], [], []
    with Tailrace() as server, Nginx() as rival:
        for _ in range(plan.rounds(3)):
            options = {"viewers": viewers, "seconds": plan.seconds(3)}
            text.append(load("firehose", server, **tailrace_paths(server), **OUR_FIREHOSE,
                             **options))
            nchan.append(load("firehose", rival, **nchan_paths(), **NCHAN_FIREHOSE, **options))
            batch.append(load("firehose", server, **tailrace_paths(server, "?format=batch"),
                              **OUR_FIREHOSE, **options))
    key = "per_cpu_second"
    what = f"firehose, {viewers:,} viewers"
    yield Figure(f"firehose-{viewers}", f"{what}: events per CPU second", "nchan, one worker", "/s",
                 pick(text, key), pick(nchan, key), ">= 20")
    yield Figure(f"firehose-{viewers}-batch", f"{what}, format=batch: entries per CPU second",
                 "nchan, one worker", "/s", pick(batch, key), pick(nchan, key), ">= 3.75e6 /s",
                 goal_of_ours=True, note="the goal is 3x the 1.25 M/s a core of S2-lite")


def firehose_1000(plan):
    return firehose(plan, 1000)


def firehose_5000(plan):
    return firehose(plan, 5000)


def memory(plan):
    """What a viewer costs that only waits. New servers each round: memory is not given back."""
    ours, nchan = [], []
    options = {"warm": 200, "viewers": 10_000}
    for _ in range(plan.rounds(3)):
        with Tailrace() as server:
            ours.append(load("idle", server, view=tailrace_paths(server)["view"], **options))
        with Nginx() as rival:
            nchan.append(load("idle", rival, view=nchan_paths()["view"], **options))
    yield Figure("memory", "RSS of an idle viewer, HTTP/1.1, 10,000 of them", "nchan", "B",
                 pick(ours, "bytes_each"), pick(nchan, "bytes_each"), "<= 1536 B",
                 goal_of_ours=True)


def ingest_batches(plan):
    """One log, one connection, the next batch when the last one is on disk."""
    with Tailrace(pinned=False) as server, work_folder() as folder:
        for lines, goal in ((100, ""), (1000, ">= 0.8"), (10_000, "")):
            options = {"lines": lines, "text_bytes": TEXT_BYTES, "seconds": plan.seconds(2)}
            ours, bare = [], []
            for _ in range(plan.rounds(3)):
                ours.append(load("ingest", server, post=f"{new_log(server)}/entries", **options))
                bare.append(load("append", file=folder / "appended", **options))
            yield Figure(f"ingest-{lines}", f"durable ingest, one log, batches of {lines:,}",
                         "append + fdatasync", "/s", pick(ours, "per_second"),
                         pick(bare, "per_second"), goal)


def ingest_many(plan):
    """1,000 logs; in each the next line when the last one is on disk."""
    many = {"producers": 1000, "lines": 1, "seconds": plan.seconds(3)}
    ours, http, store, bare, sqlite, grouped = [], [], [], [], [], []
    with (Tailrace(pinned=False) as server, BareSend(durable=True, pinned=False) as limit,
          work_folder() as folder):
        for n in range(plan.rounds(3)):
            path = f"/api/v1/logs/many-{next(_names)}/{{}}/entries"
            ours.append(load("ingest", server, post=path, **many))
            http.append(load("ingest", limit, post="/", body="message", **many))
            store.append(run(["bench_store", folder / f"store-{n}", many["seconds"]]))
            bare.append(load("append", file=folder / "appended", lines=1000,
                             seconds=many["seconds"]))
            for lines, rounds in ((1, sqlite), (1000, grouped)):
                rounds.append(load("sqlite", file=folder / f"{lines}-{n}.db", lines=lines,
                                   seconds=many["seconds"]))
    what = "durable ingest, 1,000 logs, one line each at a time"
    in_process = f"{what}, the store alone"
    key = "per_second"
    yield Figure("ingest-many", what, "append + fdatasync of 1,000 lines", "/s", pick(ours, key),
                 pick(bare, key), ">= 0.3")
    yield Figure("ingest-many-http", what, "recv, append + fdatasync, send()", "/s",
                 pick(ours, key), pick(http, key))
    yield Figure("ingest-many-sqlite", what, "SQLite, WAL, FULL, a line a transaction", "/s",
                 pick(ours, key), pick(sqlite, key), ">= 5")
    yield Figure("ingest-many-store", in_process, "append + fdatasync of 1,000 lines", "/s",
                 pick(store, key), pick(bare, key), ">= 0.3")
    yield Figure("ingest-many-store-sqlite", in_process, "SQLite, 1,000 lines a transaction", "/s",
                 pick(store, key), pick(grouped, key))


def stored_log(server, entries):
    """The path of an ended log with so many entries."""
    log = new_log(server)
    load("fill", server, post=f"{log}/entries", lines=5000, expect=entries, text_bytes=TEXT_BYTES)
    request(server, "POST", f"{log}/end", '{"outcome":"succeeded"}')
    return log


def replay(plan):
    """A stored log to one viewer; nginx sends a file with the same bytes."""
    entries = plan.replay_bytes // (TEXT_BYTES + 1)
    megabytes = plan.replay_bytes >> 20
    with Tailrace() as server, Nginx() as limit:
        log = stored_log(server, entries)
        for name, path, goal in (("stream", f"{log}/events", ">= 0.5"), ("raw", f"{log}/raw", "")):
            file = limit.files / name
            load("replay", server, view=path, expect=entries, file=file)  # warms the page cache
            ours, bare = [], []
            for _ in range(plan.rounds(3)):
                ours.append(load("replay", server, view=path, expect=entries))
                bare.append(load("replay", limit, view=f"/files/{name}", expect=entries))
            what = f"replay of {megabytes} MiB, {name}"
            yield Figure(f"replay-{name}", f"{what}: bytes a second", "nginx sendfile", "B/s",
                         pick(ours, "per_second"), pick(bare, "per_second"), goal)
            yield Figure(f"replay-{name}-cpu", f"{what}: bytes per CPU second", "nginx sendfile",
                         "B/s", pick(ours, "per_cpu_second"), pick(bare, "per_cpu_second"))


SCENARIOS = {
    "fan-out": one_at_a_time,
    "latency": latency,
    "firehose-1000": firehose_1000,
    "firehose-5000": firehose_5000,
    "memory": memory,
    "ingest": ingest_batches,
    "ingest-many": ingest_many,
    "replay": replay,
}
