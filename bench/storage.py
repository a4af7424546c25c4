"""Scenarios: what is stored, and what is read from the store."""

from common import TEXT_BYTES, end_log, new_log, number, pick, stored_log
from measure import Figure, load, metric, run
from servers import BareSend, Nginx, Tailrace, work_folder


# Who write to one log at a time, where it is not one.
PRODUCERS = 4


def disk(what, file, lines, seconds):
    return run(["bench_disk", what, file, lines, seconds])


def ingest_batches(plan):
    """One log; on each connection the next batch when the last one is on disk."""
    with Tailrace(pinned=False) as server, work_folder() as folder:
        for lines, goal in ((100, ""), (1000, ">= 0.8"), (10_000, "")):
            seconds = plan.seconds(1.5)
            rounds, bare = {1: [], PRODUCERS: []}, []
            for _ in plan.rounds():
                for producers, mine in rounds.items():
                    mine.append(load("ingest", server, post=f"{new_log(server)}/entries",
                                     producers=producers, lines=lines, text_bytes=TEXT_BYTES,
                                     seconds=seconds))
                bare.append(disk("append", folder / "appended", lines, seconds))
            for producers, mine in rounds.items():
                suffix = "" if producers == 1 else f"-by-{producers}"
                yield Figure(f"ingest-{lines}{suffix}",
                             f"durable ingest, one log, batches of {lines:,}, connections: "
                             f"{producers}", "/s", pick(mine, "per_second"), "append + fdatasync",
                             pick(bare, "per_second"), goal)


        mine, bare = [], []
        for _ in plan.rounds():
            before = metric(server, "tailrace_store_commits_total")
            mine.append(load("upload", server, post=f"{new_log(server)}/entries", lines=100,
                             text_bytes=TEXT_BYTES, seconds=seconds))
            commits = metric(server, "tailrace_store_commits_total") - before
            bare.append(disk("append", folder / "appended",
                             max(1, round(mine[-1]["entries"] / commits)), seconds))
        yield Figure("ingest-upload", "durable ingest, one chunked upload that goes on", "/s",
                     pick(mine, "per_second"), "append + fdatasync, as large as its commits",
                     pick(bare, "per_second"), ">= 0.8")


def ingest_many(plan):
    """1,000 logs; in each the next line when the last one is on disk."""
    seconds = plan.seconds(2)
    many = {"producers": 1000, "lines": 1, "seconds": seconds}
    mine, http, store, bare, sqlite, grouped = [], [], [], [], [], []
    with (Tailrace(pinned=False) as server, BareSend(durable=True, pinned=False) as limit,
          work_folder() as folder):
        for n in plan.rounds():
            path = f"/api/v1/logs/many-{number()}/{{}}/entries"
            mine.append(load("ingest", server, post=path, **many))
            http.append(load("ingest", limit, post="/", body="message", **many))
            store.append(run(["bench_store", folder / f"store-{n}", seconds]))
            bare.append(disk("append", folder / "appended", 1000, seconds))
            for lines, rounds in ((1, sqlite), (1000, grouped)):
                rounds.append(disk("sqlite", folder / f"{lines}-{n}.db", lines, seconds))
    what = "durable ingest, 1,000 logs, one line each at a time"
    in_process = f"{what}, the store alone"
    file = "append + fdatasync of 1,000 lines"
    key = "per_second"
    yield Figure("ingest-many", what, "/s", pick(mine, key), file, pick(bare, key), ">= 0.3")
    yield Figure("ingest-many-http", what, "/s", pick(mine, key),
                 "recv, append + fdatasync, send()", pick(http, key))
    yield Figure("ingest-many-sqlite", what, "/s", pick(mine, key),
                 "SQLite, WAL, FULL, a line a transaction", pick(sqlite, key), ">= 5")
    yield Figure("ingest-many-store", in_process, "/s", pick(store, key), file, pick(bare, key),
                 ">= 0.3")
    yield Figure("ingest-many-store-sqlite", in_process, "/s", pick(store, key),
                 "SQLite, 1,000 lines a transaction", pick(grouped, key))
    yield Figure("ingest-many-store-p99", f"{in_process}: p99 of a line, settling included", "ms",
                 pick(store, "p99_s", 1e3), "its median", pick(store, "p50_s", 1e3))


def replay(plan):
    """A stored log to one viewer; nginx sends a file with the same bytes."""
    entries = plan.replay_bytes() // (TEXT_BYTES + 1)
    what = f"replay of {plan.replay_bytes() >> 20} MiB"
    with Tailrace() as server, Nginx() as limit:
        log = stored_log(server, entries)
        end_log(server, log)
        for name, path, form, goal in (("stream", f"{log}/events", "tailrace", ">= 0.5"),
                                       ("raw", f"{log}/raw", "text", "")):
            options = {"expect": entries, "form": form}
            load("replay", server, view=path, save=limit.files / name, **options)
            mine, bare, coded = [], [], {"gzip": [], "zstd": []}
            for coding in coded if name == "stream" else ():  # this once, all is decoded
                load("replay", server, view=path, coding=coding, **options)
            for _ in plan.rounds():
                mine.append(load("replay", server, view=path, **options))
                bare.append(load("replay", limit, view=f"/files/{name}", expect=entries,
                                 form="text"))
                for coding, rounds in coded.items() if name == "stream" else ():
                    rounds.append(load("replay", server, view=path, coding=coding,
                                       check_every=0, form=form))
            yield Figure(f"replay-{name}", f"{what}, {name}: bytes a second", "B/s",
                         pick(mine, "per_second"), "nginx sendfile", pick(bare, "per_second"),
                         goal)
            yield Figure(f"replay-{name}-cpu", f"{what}, {name}: bytes per CPU second", "B/s",
                         pick(mine, "per_cpu_second"), "nginx sendfile",
                         pick(bare, "per_cpu_second"))
            for coding, rounds in coded.items() if name == "stream" else ():
                yield Figure(f"replay-{coding}", f"{what}, {coding}: entries a second", "/s",
                             [entries / one["seconds"] for one in rounds], "nginx sendfile, plain",
                             [entries / one["seconds"] for one in bare],
                             ">= 1" if coding == "gzip" else "")


def replay_first(plan):
    """The same to a log's first reader: a new log each round, of which nothing was rendered yet."""
    entries = plan.replay_bytes() // (TEXT_BYTES + 1)
    forms = (("stream", "/events", "tailrace"), ("raw", "/raw", "text"))
    mine, bare = {"stream": [], "raw": []}, {"stream": [], "raw": []}
    with Tailrace() as server, Nginx() as limit:
        for n in (-1, *plan.rounds()):  # the first one only writes nginx's files
            log = stored_log(server, entries)
            end_log(server, log)
            for name, path, form in forms:
                options = {"view": log + path, "expect": entries, "form": form}
                if n < 0:
                    load("replay", server, save=limit.files / name, **options)
                    continue
                mine[name].append(load("replay", server, **options))
                bare[name].append(load("replay", limit, view=f"/files/{name}", expect=entries,
                                       form="text"))
    for name, _, _ in forms:
        what = f"replay of {plan.replay_bytes() >> 20} MiB to its first reader, {name}"
        for key, suffix, goal in (("per_second", "", ">= 0.5"), ("per_cpu_second", "-cpu", "")):
            unit = "a second" if not suffix else "per CPU second"
            yield Figure(f"replay-first-{name}{suffix}", f"{what}: bytes {unit}", "B/s",
                         pick(mine[name], key), "nginx sendfile", pick(bare[name], key), goal)
