"""What the scenarios share: logs, paths, and how figures are picked out of rounds."""

import itertools

from measure import load, request

TEXT_BYTES = 200
# Of a viewer's bytes that are no text: "data: ", the id's line, the empty line, the chunk's frame.
EVENT_BYTES = TEXT_BYTES + 30
_names = itertools.count()


def number():
    """One that was not given before in this run."""
    return next(_names)


def new_log(server):
    """The path of an empty log that exists."""
    path = f"/api/v1/logs/bench/{number()}"
    request(server, "PUT", path)
    return path


def paths(log, query=""):
    return {"view": f"{log}/events{query}", "post": f"{log}/entries"}


def ours(server, query=""):
    """Options of the load generator for a new log of Tailrace."""
    return {**paths(new_log(server), query), "from": 0}


def nchan():
    """The same for a new channel of nchan."""
    channel = number()
    return {"view": f"/sub?id={channel}", "post": f"/pub?id={channel}", "body": "message",
            "form": "events"}


BARE = {"view": "/", "post": "/", "body": "framed", "form": "events"}


def stored_log(server, entries):
    """The path of an open log with so many entries, all of them of producer 0."""
    log = new_log(server)
    load("fill", server, post=f"{log}/entries", lines=5000, expect=entries,
         text_bytes=TEXT_BYTES)
    return log


def end_log(server, log):
    request(server, "POST", f"{log}/end", '{"outcome":"succeeded"}')


def pick(rounds, key, scale=1.0):
    return [one[key] * scale for one in rounds]
