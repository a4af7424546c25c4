"""Exactness under fire: writers, readers and killers at once, then the proof that nothing was lost.

    python3 -m exactness.fire [--binary PATH] [--seconds N] [--seed S]      (from tests/)

Exits 0 if every viewer's transcript equals the stored log and every promise to a producer was kept;
otherwise prints the seed and the first difference of each liar, and exits 1.
"""

import argparse
import asyncio
import os
import random
import sys
import time

from exactness.checker import check
from exactness.plan import Fire, Log, pause
from exactness.readers import page_reader, raw_reader, stored_log
from exactness.records import History
from exactness.shared import SharedConnections
from exactness.viewers import Viewer
from exactness.writers import LOST, write_log
from support.api import BASE
from support.http import Connection
from support.proxy import CuttingProxy
from support.server import Server

MAX_RUNNING_LOGS = 5      # besides the ones that are deleted
DELETABLE_LOGS = 2
FINISH_SECONDS = 60.0     # for viewers to see the ends after the last kill


class Battle:
    def __init__(self, seconds, seed):
        self.seconds = seconds
        self.rng = random.Random(f"{seed}/battle")
        self.history = History()
        self.server = Server(settings=self.random_settings())
        self.fire = Fire(seed, self.history, self.server.port)
        self.fire.shared = SharedConnections(self.fire)
        self.watching = set()       # tasks of viewers and readers
        self.over = False

    def random_settings(self):
        """Small buffers and blocks move the seams between memory and disk to where viewers are."""
        choose = self.rng.choice
        settings = {"workers": choose((1, 2, 3)), "reader_threads": choose((1, 4)),
                    "store.block_bytes": choose(("1KiB", "16KiB", "256KiB")),
                    "streams.feed_bytes": choose(("4KiB", "32KiB", "1MiB")),
                    "streams.catch_up_read_bytes": choose(("4KiB", "32KiB", "128KiB")),
                    "streams.catch_up_cache_bytes": choose(("0B", "64KiB", "32MiB")),
                    "streams.catch_up_disk_bytes": choose(("0B", "2MiB", "2GiB")),
                    "streams.turn_sends": choose((1, 5, 1000)),
                    "streams.turn_bytes": choose(("4KiB", "1MiB")),
                    "streams.heartbeat": choose(("200ms", "15s")),
                    "streams.none_interval": choose(("100ms", "15s"))}
        print(settings, flush=True)
        return settings

    async def run(self):
        await asyncio.to_thread(self.server.start)
        proxy = await CuttingProxy(self.server.port, self.fire.rng("proxy"), self.luck).start()
        self.fire.proxied = proxy.port
        try:
            await self.fight()
            await self.finish()
        finally:
            self.fire.count("connections cut", proxy.cuts)
            self.fire.shared.close()
            await proxy.stop()
            self.server.stop()

    def luck(self):
        """Bytes that the proxy's next connection may carry, up and down: from one on, and now and
        then so many that the largest body or event passes whole."""
        return tuple(1 + int(3000 * self.rng.random() * self.rng.paretovariate(0.5))
                     for _ in range(2))

    async def fight(self):
        ends_at = time.monotonic() + self.seconds
        deletable = [Log(f"fire/deleted-{i}", self.fire.rng(f"d{i}"), 1e6, True)
                     for i in range(DELETABLE_LOGS)]
        self.writing = [self.open_log(log) for log in deletable]
        killers = [asyncio.ensure_future(work)
                   for work in (self.kill(), self.delete(deletable), self.join())]
        number = 0
        while time.monotonic() < ends_at and not self.history.problems:
            running = [log for log in self.fire.logs if log.state != "ended"]
            if len(running) < MAX_RUNNING_LOGS + DELETABLE_LOGS:
                life = self.rng.uniform(3, min(20, self.seconds))
                self.writing.append(self.open_log(Log(f"fire/{number}", self.rng, life)))
                number += 1
            await asyncio.sleep(0.2)
        self.over = True
        await asyncio.gather(*killers)

    def open_log(self, log):
        """Its writers, and a few readers that may come before it exists."""
        self.fire.logs.append(log)
        for _ in range(self.rng.randrange(1, 4)):
            self.watch(log)
        self.add(page_reader(self.fire, log), f"page reader of {log.key}")
        if not log.deletable:
            self.add(raw_reader(self.fire, log), f"raw reader of {log.key}")
        return asyncio.get_running_loop().create_task(write_log(self.fire, log),
                                                      name=f"writers of {log.key}")

    def watch(self, log):
        forms = ("text", "json", "batch") if log.deletable else ("text", "json", "batch", "portal")
        viewer = Viewer(self.fire, log, self.rng.choice(forms))
        self.add(viewer.run(), f"{viewer.name} of {log.key}")

    def add(self, coroutine, name):
        self.watching.add(asyncio.get_running_loop().create_task(coroutine, name=name))

    async def join(self):
        """Viewers that come later, most of them while the log ends."""
        while not self.over:
            await pause(self.rng, 0.1, 0.6)
            now = time.monotonic()
            near = [log for log in self.fire.logs if abs(log.ends_at - now) < 1.0]
            logs = near if near and self.rng.random() < 0.7 else self.fire.logs[-12:]
            alive = sum(not task.done() for task in self.watching)
            if alive < 60:
                self.watch(self.rng.choice(logs))

    async def kill(self):
        while not self.over:
            await pause(self.rng, 1.5, 5.0)
            if self.rng.random() < 0.25:
                await self.drain()
            else:
                await asyncio.to_thread(self.server.kill)
                self.fire.count("kills")
            await pause(self.rng, 0.0, 0.5)
            if self.rng.random() < 0.25:      # and once more, while it recovers
                self.server.spawn()
                await pause(self.rng, 0.0, 0.3)
                await asyncio.to_thread(self.server.kill)
            await asyncio.to_thread(self.server.start)

    async def drain(self):
        """SIGTERM; perhaps kill -9 before it is done."""
        self.server.terminate()
        self.fire.count("drains")
        if self.rng.random() < 0.3:
            await pause(self.rng, 0.0, 0.2)
            await asyncio.to_thread(self.server.kill)
            return
        code = await asyncio.to_thread(self.server.wait)
        if code != 0:
            self.fire.problem(f"SIGTERM: exit code {code}:\n" + self.server.log_tail())

    async def delete(self, logs):
        rng = self.fire.rng("deleter")
        while not self.over:
            await pause(rng, 2.0, 6.0)
            log = rng.choice(logs)
            try:
                async with await Connection.open(self.fire.direct) as connection:
                    meta = await connection.request("GET", f"{BASE}/{log.key}")
                    if meta.status == 200:
                        self.history.deleted.add(meta.json()["incarnation"])
                        await connection.request("DELETE", f"{BASE}/{log.key}")
                        self.fire.count("deletions")
            except LOST:
                pass

    async def finish(self):
        """No more kills: everybody comes to the end. Then one more crash, and the store is read."""
        self.fire.is_over = True
        for log in self.fire.logs:
            log.ends_at = min(log.ends_at, time.monotonic())
        await self.all_done(self.writing, "writers")
        await self.all_done(self.watching, "viewers")
        if not self.server.alive():
            self.history.problems.append("the server died by itself:\n" + self.server.log_tail())
            return
        await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(self.server.start)
        for log in self.fire.logs:
            stored = await stored_log(self.server.port, log, self.rng)
            if stored:
                self.history.stored[stored.incarnation] = stored
                self.history.deleted.discard(stored.incarnation)

    async def all_done(self, tasks, what):
        _, late = await asyncio.wait(tasks, timeout=FINISH_SECONDS)
        for task in late:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        if late:
            self.history.problems.append(
                f"{len(late)} {what} did not come to an end within {FINISH_SECONDS:.0f} s: "
                + ", ".join(sorted(task.get_name() for task in late)[:20]))
        for result in results:
            if isinstance(result, Exception):
                raise result


def report(battle, problems, seed):
    for what, n in sorted(battle.fire.counts.items()):
        print(f"  {what}: {n}")
    entries = sum(len(log.texts) for log in battle.history.stored.values())
    print(f"  logs: {len(battle.history.stored)}, entries stored: {entries}, "
          f"transcripts: {len(battle.history.transcripts)}")
    for problem in problems:
        print(f"PROBLEM (seed {seed}): {problem}")
    print("exactness under fire: " + (f"{len(problems)} problems" if problems else "ok"))


def fight_and_check(seconds, seed=None):
    """The whole of it; what the checker objects to."""
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    print(f"seed {seed}, {seconds:.0f} s", flush=True)
    battle = Battle(seconds, seed)
    asyncio.run(battle.run())
    problems = check(battle.history)
    report(battle, problems, seed)
    return problems


def main():
    parser = argparse.ArgumentParser(description="Exactness under fire")
    parser.add_argument("--binary", help="the server's program (default: TAILRACE_BINARY)")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, help="repeats a run's decisions")
    arguments = parser.parse_args()
    if arguments.binary:
        os.environ["TAILRACE_BINARY"] = arguments.binary
    return 1 if fight_and_check(arguments.seconds, arguments.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
