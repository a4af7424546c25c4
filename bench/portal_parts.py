"""The parts of `scripts/bench portal`; each takes a World and gives a dictionary."""

import asyncio
import json
import subprocess
import sys
import time

from portal_world import Viewer, p50_p99, watching
from servers import ROOT, prepare_child

LINES = 20_000
PROBES = 10


async def follow(world, who, count, lines, seconds):
    """`count` viewers at the end of a log to which five lines a second are written. Of Tailrace's
    more than ten are a crowd that only reads; what ten see is measured, half of whom came before it
    and half after."""
    number = await asyncio.to_thread(world.new_log, who, lines)
    probes = count if who != "tailrace" else min(count, PROBES)
    viewers = [Viewer(*world.place(who, number, lines)) for _ in range(probes)]
    async with watching(viewers[::2]):
        await world.write_one(number)  # Tailrace reads the log because of it, at the latest
        await asyncio.sleep(2)
        with world.crowd(count - probes, number, lines):
            async with watching(viewers[1::2]):
                await asyncio.sleep(3)
                for viewer in viewers:
                    viewer.delays_ms.clear()
                before = await asyncio.to_thread(world.spent, who)
                written = 0
                while time.monotonic() < before[0] + seconds:
                    await world.write_one(number)  # slow itself if the database has much to do
                    written += 1
                    await asyncio.sleep(0.2)
                await asyncio.sleep(2)
                cost = await asyncio.to_thread(world.since, before, who)
    served = sum(len(viewer.delays_ms) > 0 for viewer in viewers) + count - probes
    delays = [delay for viewer in viewers for delay in viewer.delays_ms]
    return {"who": who, "viewers": count, "lines": lines, "served": served,
            "got": len(delays) / (max(written, 1) * probes), **cost,
            "queries_per_delivery": cost["queries"] * probes / (max(len(delays), 1) * count),
            **p50_p99(delays)}


async def backlog(world, who, lines, patience):
    """One viewer who reads a log that Tailrace has not seen, from its first line; and again."""
    number = await asyncio.to_thread(world.new_log, who, lines)
    await asyncio.to_thread(world.start_tailrace)
    result = {"who": who, "lines": lines}
    for name in ("seconds", "again_seconds"):
        viewer = Viewer(*world.place(who, number))
        begin = time.monotonic()
        try:
            await asyncio.wait_for(viewer.run(until=lines), patience)
        except TimeoutError:
            viewer.stop()
        result[name] = time.monotonic() - begin
        if name == "seconds":
            result["got"] = viewer.lines
        if who != "tailrace":
            break
    return result


def spawn_bare(world, what, number, seconds, *more):
    return subprocess.Popen(
        [sys.executable, str(ROOT / "bench" / "bare_mongodb.py"), what, world.portal.mongodb.uri,
         world.portal.database, str(number), str(seconds), *map(str, more)],
        stdout=subprocess.PIPE, text=True, preexec_fn=prepare_child)


async def delay(world, mode, count, lines, seconds, interval_ms):
    """From before the insert to the screen, beside a bare reader of the same documents."""
    number = await asyncio.to_thread(world.new_log, "tailrace", lines)
    probes = min(count, PROBES)
    viewers = [Viewer(*world.place("tailrace", number, lines)) for _ in range(probes)]
    bare = spawn_bare(world, mode, number, seconds + 12, interval_ms)
    try:
        await asyncio.to_thread(bare.stdout.readline)
        async with watching(viewers[::2]):
            # Not with the time in it: the bare reader takes all that is new.
            await world.write_one(number)
            await asyncio.sleep(2)
            with world.crowd(count - probes, number, lines):
                async with watching(viewers[1::2]):
                    await asyncio.sleep(2)
                    for viewer in viewers:
                        viewer.delays_ms.clear()
                    before = await asyncio.to_thread(world.spent, "tailrace")
                    writer = spawn_bare(world, "write", number, seconds, 20)
                    wrote = json.loads((await asyncio.to_thread(writer.communicate))[0])
                    cost = await asyncio.to_thread(world.since, before, "tailrace")
                    await asyncio.sleep(1)
        ages = json.loads((await asyncio.to_thread(bare.communicate))[0].splitlines()[-1])
    finally:
        if bare.poll() is None:
            bare.kill()
            bare.communicate()
    delays = [delay for viewer in viewers for delay in viewer.delays_ms]
    if len(delays) != len(wrote) * probes:
        raise RuntimeError(f"{len(delays)} of {len(wrote) * probes} lines came")
    read, stored = (p50_p99([age[i] for age in ages[1:]]) for i in (0, 1))
    return {"mode": mode, "viewers": count, "insert": p50_p99(wrote), "bare": read,
            "bare_stored": stored, "ours": p50_p99(delays), **cost}
