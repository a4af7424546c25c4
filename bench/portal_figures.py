"""What the parts of `scripts/bench portal` come to: rows with goals, a table of all followers."""

import dataclasses
import json
import time

import results
from measure import Figure

POLL_MS = 150       # mongodb.poll_interval
GOAL_MS = {"stream": 100, "poll": 300}
WAYS = {"stream": "by change stream", "poll": "by polling"}


def followers(parts):
    """100 followers against ten of the portal's own."""
    ours = parts.get("follow:tailrace:100")
    for who, what in (("django", "the portal's own view"), ("sanic", "its Sanic service")):
        own = parts.get(f"follow:{who}:10")
        if not ours or not own:
            continue
        lines = f"a log of {ours['lines']:,} lines"
        if own.get("p99_ms"):
            yield Figure(f"portal-p99-{who}", f"100 followers of {lines}: p99 of a line's delay",
                         "ms", [ours["p99_ms"]], f"10 followers by {what}", [own["p99_ms"]],
                         "<= 1")
        for name, key, unit, scale, meaning in (
                ("queries", "queries_per_delivery", "", 1, "queries for a line on a screen"),
                ("cpu", "cpu_cores", "%", 100, "CPU of the server"),
                ("database", "database_cores", "%", 100, "CPU of MongoDB")):
            yield Figure(f"portal-{name}-{who}", f"100 followers of {lines}: {meaning}", unit,
                         [ours[key] * scale], f"10 followers by {what}", [own[key] * scale],
                         "<= 1" if name != "cpu" else "",
                         note="its own waits for the database all the time" * (name == "cpu"))


def readers(parts):
    many, one = parts.get("follow:tailrace:10000"), parts.get("follow:tailrace:1")
    if not many or not one:
        return
    yield Figure("portal-one-reader", "10,000 viewers of a log: queries of MongoDB a second", "",
                 [many["queries_per_second"]], "one viewer", [one["queries_per_second"]],
                 "<= 1.1", note=f"{many['served']:,} of {many['viewers']:,} connections were there")
    yield Figure("portal-viewers", "viewers of one log that are held", "", [many["served"]],
                 goal=">= 10000", goal_of_ours=True)
    if "p99_ms" in many:
        yield Figure("portal-viewers-p99", "10,000 viewers: p99 of a line's delay, of ten of them",
                     "ms", [many["p99_ms"]], "one viewer", [one["p99_ms"]])


def backlogs(parts):
    ours = parts.get("backlog:tailrace")
    for who, what in (("django", "the portal's own view"), ("sanic", "its Sanic service")):
        own = parts.get(f"backlog:{who}")
        if not ours or not own:
            continue
        note = ""
        if own["got"] < own["lines"]:
            note = f"{what} had {own['got']:,} of {own['lines']:,} lines when it was stopped"
        yield Figure(f"portal-backlog-{who}", f"a log of {ours['lines']:,} lines, opened for the "
                     "first time", "s", [ours["seconds"]], what, [own["seconds"]], "<= 1",
                     goal_of_ours=True, note=note)
    if ours:
        yield Figure("portal-backlog-again", f"the same, opened again", "s",
                     [ours["again_seconds"]], goal="<= 1", goal_of_ours=True)


def delays(parts):
    for part, one in parts.items():
        if not part.startswith("delay:"):
            continue
        mode, count, *memory = part.split(":")[1:]
        where = ", all stored in memory" if memory else ""
        insert, ours = one["insert"], one["ours"]
        read, stored = one["bare"], one["bare_stored"]
        note = (f"p50 {ours['p50_ms']:.1f} ms, {stored['p50_ms']:.1f} ms of the bare reader that "
                f"stores too; one that only reads: p50 {read['p50_ms']:.1f} ms, p99 "
                f"{read['p99_ms']:.1f} ms; the insert itself: p50 {insert['p50_ms']:.1f} ms, p99 "
                f"{insert['p99_ms']:.1f} ms")
        yield Figure("-".join(["portal-delay", mode, count, *memory]),
                     f"{WAYS[mode]}, {count} viewers{where}: p99 from before the insert to the "
                     "screen", "ms", [ours["p99_ms"]],
                     f"a bare reader {WAYS[mode]} that stores", [stored["p99_ms"]],
                     f"<= {GOAL_MS[mode]}", goal_of_ours=True, note=note)


def stores(parts):
    for part, one in parts.items():
        if part.startswith("store:"):
            yield Figure(f"portal-store-{one['shape']}", f"lines a second, {one['producers']} "
                         f"producers with {one['lines']:,} a request: the store in MongoDB", "",
                         [one["mongodb"]], "bare inserts into the same MongoDB", [one["bare"]],
                         note=f"the embedded store: {one['embedded']:,.0f}")


def silence(parts):
    found = parts.get("silent")
    if not found:
        return
    for name in ("proxy_pass", "uwsgi_pass"):
        ours, own = found[name], found["sanic"]
        yield Figure(f"portal-silent-{name.partition('_')[0]}",
                     f"a log that is silent for {found['seconds']} s, through nginx ({name}): "
                     "the stream lasts", "s", [ours["lasted_s"]], "the Sanic service's own",
                     [own["lasted_s"]], f">= {found['seconds']}", goal_of_ours=True,
                     note=f"cut {ours['cuts']} times, the line after it came: {ours['last_line']}; "
                     f"its own: cut {own['cuts']} times, the browser gave up: {own['gave_up']}")


def all_figures(parts):
    for rows in (followers, readers, backlogs, delays, stores, silence):
        yield from rows(parts)
    names = [field.name for field in dataclasses.fields(Figure)]
    for row in [*parts.get("expired:one", []), *parts.get("expired:all", [])]:
        yield Figure(**{name: row[name] for name in names})


def follower_table(parts):
    rows = [one for part, one in parts.items() if part.startswith("follow:")]
    if not rows:
        return []
    out = ["| followers of a log of 20,000 lines | served | delay p50 | p99 | queries/s | its "
           "cores | MongoDB's |", "|---|---:|---:|---:|---:|---:|---:|"]
    for one in rows:
        p50, p99 = (f"{one[name]:.0f} ms" if name in one else "-" for name in ("p50_ms", "p99_ms"))
        out.append(f"| {one['who']}, {one['viewers']:,} | {one['served']:,} | {p50} | {p99} | "
                   f"{one['queries_per_second']:.1f} | {one['cpu_cores']:.2f} | "
                   f"{one['database_cores']:.2f} |")
    return [*out, ""]


class PortalResult(results.Result):
    def __init__(self, parts, quick, load_before, start):
        self.parts = parts
        super().__init__(list(all_figures(parts)), [], ["portal", *parts], quick, 1, load_before,
                         start, time.time() - start)

    def markdown(self):
        return "\n".join([super().markdown(), *follower_table(self.parts)])

    def json(self):
        return json.dumps({**json.loads(super().json()), "parts": self.parts}, indent=1) + "\n"
