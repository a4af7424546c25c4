"""scripts/bench portal [--quick] [--long] [--keep] [--table] [--patience SECONDS] [PART…]

Tailrace beside the live logs of examples/portal (a Django view under uWSGI, a Sanic service), on
the same MongoDB. Without a part: all but the last one.

  backlog:WHO           a log of 20,000 lines from the first one on; --patience: 60 s at most
  follow:WHO:VIEWERS    who is served, how late a line is, queries a second, CPU of both sides
  delay:MODE:VIEWERS    from the insert to the screen by change stream or polling (MODE: stream,
                        poll), beside a bare reader of the same documents; with :memory behind
                        it, MongoDB, Tailrace and the bare reader store in memory
  store:SHAPE           lines a second that a store in MongoDB takes in, beside the embedded one
                        (SHAPE: bulk, 1,000 lines a request; single, one line a request)
  expired:one           how long a stream goes on after its viewer has lost the right to it
  expired:all           the same, where all viewers of a kind lose it
  silent                --long: a log without lines for ten minutes, in Chromium through nginx

WHO: django, sanic, tailrace. What a part found is kept in build/bench/portal-parts.json as long as
the program is the same, so parts may be run one by one; --keep writes the table of all of them to
bench/results/.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import pathlib
import resource
import sys
import tempfile
import time

import portal_figures
import portal_parts
import portal_silent
import portal_store
import results
import revoked
from portal_world import World
from servers import BUILD

PARTS = ("backlog:tailrace", "backlog:django", "backlog:sanic", "follow:django:10",
         "follow:sanic:10", "follow:django:100", "follow:sanic:100", "follow:tailrace:1",
         "follow:tailrace:10", "follow:tailrace:100", "follow:tailrace:1000",
         "follow:tailrace:10000", "delay:stream:10", "delay:stream:100", "delay:poll:10",
         "delay:poll:100", "delay:stream:100:memory", "delay:poll:100:memory",
         "store:bulk", "store:single", "expired:one", "expired:all")
KEPT = BUILD / "portal-parts.json"


@contextlib.contextmanager
def in_memory():
    """Whatever is stored meanwhile is stored in memory, where no sync takes time."""
    before, tempfile.tempdir = tempfile.tempdir, "/dev/shm"
    os.environ["TMPDIR"] = tempfile.tempdir
    try:
        yield
    finally:
        del os.environ["TMPDIR"]
        tempfile.tempdir = before


def run_part(part, arguments):
    kind, *words = part.split(":")
    quick = arguments.quick
    lines = 2_000 if quick else portal_parts.LINES
    if kind == "expired":
        return [figure.as_json() for figure in revoked.figures(*words, quick)]
    if kind == "silent":
        return portal_silent.silent(20 if quick else 600)
    if kind == "store":
        return portal_store.store(*words, 1 if quick else 10)
    if kind == "backlog":
        who, = words
        with World(own=who != "tailrace") as world:
            patience = 10 if quick else arguments.patience
            return asyncio.run(portal_parts.backlog(world, who, lines, patience))
    if kind == "follow":
        who, count = words
        with World(own=who != "tailrace") as world:
            return asyncio.run(portal_parts.follow(world, who, int(count), lines,
                                                   3 if quick else 20))
    mode, count, *memory = words
    if mode == "poll":  # SecantusDB, of tests, looks at each document of a collection it is asked
        lines = 100     # about: with more of them it is measured, and not the polling
    with in_memory() if memory else contextlib.nullcontext(), \
            World({"mongodb.mode": mode}, own=False) as world:
        return asyncio.run(portal_parts.delay(world, mode, int(count), lines, 3 if quick else 20,
                                              portal_figures.POLL_MS))


def program():
    """Names what is measured."""
    return hashlib.sha256(pathlib.Path(os.environ["TAILRACE_BINARY"]).read_bytes()).hexdigest()


def remembered():
    """What was found of this program, and the commit at which that began."""
    try:
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        kept = {}
    same = kept.get("program") == program()
    return kept if same else {"program": program(), "commit": results.commit(), "parts": {}}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench portal", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only to see it work")
    parser.add_argument("--long", action="store_true", help="silent too: ten minutes more")
    parser.add_argument("--keep", action="store_true", help="write to bench/results/ as well")
    parser.add_argument("--table", action="store_true", help="only of what was found before")
    parser.add_argument("--patience", type=float, default=60, metavar="SECONDS")
    parser.add_argument("parts", nargs="*", metavar="PART")
    arguments = parser.parse_args()
    os.environ.setdefault("TAILRACE_BINARY", str(BUILD / "tailrace"))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    wanted = arguments.parts or [*PARTS, *(["silent"] if arguments.long else [])]
    if arguments.table:
        wanted = []
    load_before, start = os.getloadavg()[0], time.time()
    for part in wanted:
        found = run_part(part, arguments)
        print(part, json.dumps(found), file=sys.stderr, flush=True)
        BUILD.mkdir(parents=True, exist_ok=True)
        kept = remembered()     # others may run beside it
        kept["parts"][part] = found
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    kept = remembered()
    order = {part: place for place, part in enumerate([*PARTS, "silent"])}
    parts = dict(sorted(kept["parts"].items(), key=lambda one: order.get(one[0], len(order))))
    result = portal_figures.PortalResult(parts, arguments.quick, load_before, start)
    result.commit = kept["commit"]
    print(result.markdown())
    result.write(arguments.keep, "portal")


if __name__ == "__main__":
    main()
