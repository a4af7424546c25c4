"""Readers without a stream: pages that follow a log, raw downloads, the last look at the store."""

import hashlib

from exactness.plan import pause
from exactness.records import RawDownload, Start, StoredLog, Transcript
from exactness.writers import LOST
from support.api import BASE, Api
from support.coding import CODINGS, decoder_for
from support.http import Connection, ProtocolError, request_bytes

ACCEPTED = ("identity", *CODINGS)


def decode(answer):
    """The whole body in place of its coded form."""
    decoder = decoder_for(answer)
    answer.body = decoder.feed(answer.body)
    decoder.end()


async def page_reader(fire, log):
    """Reads pages of random sizes behind each other until the log has ended and all is read."""
    name = fire.name("page-reader")
    rng = fire.rng(name)
    transcript = Transcript(name, log.key, Start("from", 0), False, must_finish=False)
    fire.history.transcripts.append(transcript)
    at = 0
    known = ""
    while True:
        try:
            async with await Connection.open(fire.port(rng.random() < 0.3)) as connection:
                answer = await connection.request(
                    "GET", f"{BASE}/{log.key}/entries?from={at}&limit={rng.randrange(1, 300)}",
                    {"Accept-Encoding": rng.choice(ACCEPTED)})
                decode(answer)
        except LOST:
            await pause(rng, 0.05, 0.3)
            continue
        if answer.status not in (200, 404, 503):
            fire.problem(f"{name}: page answered {answer!r}")
            return
        if answer.status == 200:
            page = answer.json()
            if known and page["incarnation"] != known:
                transcript.note("reset", page["incarnation"], 0, "recreated")
                at = 0
                known = page["incarnation"]
                continue
            known = page["incarnation"]
            for entry in page["entries"]:
                transcript.entry(known, entry["n"], entry["text"])
            at += len(page["entries"])
            fire.count("pages")
            if page["state"] == "ended" and at == page["position"]:
                return
        await pause(rng, 0.05, 0.6)


async def raw_reader(fire, log):
    """Downloads the raw text now and then, also through the proxy that cuts it."""
    name = fire.name("raw-reader")
    rng = fire.rng(name)
    last = False
    while not last:
        await pause(rng, 0.5, 3.0)
        last = log.state == "ended"
        await download(fire, log, rng)


async def download(fire, log, rng):
    least = log.acked
    digest = hashlib.md5()
    size = 0
    complete = False
    try:
        async with await Connection.open(fire.port(rng.random() < 0.4)) as connection:
            await connection.send(request_bytes("GET", f"{BASE}/{log.key}/raw",
                                                {"Accept-Encoding": rng.choice(ACCEPTED)}))
            answer = await connection.head()
            if answer.status != 200:
                if answer.status not in (404, 503):
                    fire.problem(f"raw download of {log.key} answered {answer!r}")
                return
            decoder = decoder_for(answer)
            async for piece in connection.body(answer):
                plain = decoder.feed(piece)
                digest.update(plain)
                size += len(plain)
            decoder.end()
            complete = True
    except (OSError, ProtocolError, TimeoutError):
        pass
    fire.count("raw downloads")
    fire.history.downloads.append(RawDownload(log.key, size, digest.hexdigest(), least, complete))


async def stored_log(port, log, rng):
    """The log as pages of a random size give it; None if it is not there."""
    api = Api(port)
    meta = await api.meta(log.key)
    if meta.status == 404:
        return None
    info = meta.json()
    entries = await api.entries(log.key, limit=rng.randrange(50, 2000))
    if [entry["n"] for entry in entries] != list(range(info["position"])):
        raise ProtocolError(f"{log.key}: pages give {len(entries)} entries of {info['position']}")
    return StoredLog(log.key, info["incarnation"], [entry["text"] for entry in entries],
                     (info["outcome"], info["exit_code"], info["reason"]), log.deletable)
