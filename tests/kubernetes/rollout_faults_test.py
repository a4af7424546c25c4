"""Rollouts while the API server is away or forgets, and what keeps pods from being made."""

import asyncio
import datetime
import os
import re
import signal
import subprocess
import time
import unittest
import unittest.mock

from follow_compare import compare
from rollout_case import CHATTER, RolloutCase, manifest

AWAY_SECONDS = 120
CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
  const int result = syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += OFFSET;
  return result;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


class FaultCase(RolloutCase):
    @classmethod
    def setUpClass(cls):
        if "TAILRACE_LONG_TESTS" not in os.environ:
            raise unittest.SkipTest("four clusters, minutes; `scripts/test --kubernetes` runs it")
        super().setUpClass()

    async def expired(self):
        """How often history was gone (410)."""
        text = (await self.api.get("/metrics")).body.decode()
        return int(float(re.search(
            r'^tailrace_kubernetes_expired_total{cluster="testbed"} (\S+)$', text, re.M)[1]))

    async def check_whole(self, on, log, pods):
        """It has succeeded as kubectl says, and has every line that the kubelet's files have."""
        meta, entries = await on.ended(log)
        self.assertEqual(meta["outcome"], "succeeded", meta)
        self.assertEqual((await on.kubectl_status())[0], 0)
        on.check_counted(entries, pods)
        on.check_told_once(entries)
        self.assertEqual([entry["text"] for entry in entries if "lost" in entry], [])
        return entries

    def restart(self):
        self.cluster.part("kill", "apiserver")
        self.cluster.part("start", "apiserver")


class ExpiryTest(FaultCase):
    """What the watches would go on from is gone."""

    async def through_a_rollout(self, on):
        await on.apply(manifest("web", command=CHATTER, replicas=2, deadline=600,
                                ready=on.gated("go")))
        await on.entry(on.log(1), " line 10$")
        # A new API server knows no history from before a change: everything is listed again.
        os.kill(self.server.process.pid, signal.SIGSTOP)
        try:
            self.restart()  # On this thread: what it starts ends with the thread.
            await on.kubectl("annotate", "deployment", "web", "round=again")
            await on.kubectl("label", "pods", "--all", "round=again")
            self.restart()
        finally:
            os.kill(self.server.process.pid, signal.SIGCONT)

        async def listed_again():
            return await self.expired() > 0
        await on.eventually(listed_again, "410")
        on.gate("go").touch()
        await self.check_whole(on, on.log(1), 2)
        # And the next one.
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        await self.check_whole(on, on.log(2), 2)

    async def test_410_in_mid_rollout(self):
        await self.at_once(self.through_a_rollout)


class ClockTest(FaultCase):
    """Ours is an hour ahead of the kubelet's, then three seconds behind it: no more, or the
    cluster's certificate would not be valid yet. Lines have the kubelet's time, and are gone on
    with by it."""

    def start(self, offset_seconds):
        """The server again, under a library that shifts the time of day and nothing else."""
        self.server.kill()
        library = self.cluster.folder / f"clock{offset_seconds}.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)], check=True,
                       input=CLOCK.replace("OFFSET", str(offset_seconds)), text=True)
        with unittest.mock.patch.dict(os.environ, LD_PRELOAD=str(library)):
            self.server.start()

    async def wrong(self, on):
        self.start(3600)
        await on.apply(manifest("web", command=CHATTER, replicas=2, deadline=600,
                                ready=on.gated("go")))
        await on.entry(on.log(1), " line 20$")
        created = datetime.datetime.fromisoformat((await on.api.meta(on.log(1))).json()["created"])
        self.assertGreater(created.timestamp(), time.time() + 1800, "the clock is right")
        self.start(-3)
        await on.entry(on.log(1), " line 100$")
        on.gate("go").touch()
        entries = await self.check_whole(on, on.log(1), 2)
        compare(self, self.cluster, on.namespace, entries, whole=False)

    async def test_a_wrong_clock(self):
        await self.at_once(self.wrong)


class AwayTest(FaultCase):
    async def for_minutes(self, on):
        """Containers go on printing meanwhile."""
        await on.apply(manifest("web", command=CHATTER, replicas=2, deadline=1800,
                                ready=on.gated("go")))
        await on.entry(on.log(1), " line 10$")
        self.cluster.part("kill", "apiserver")
        await asyncio.sleep(AWAY_SECONDS)  # What is tested is that it is so long.
        self.assertEqual((await on.api.meta(on.log(1))).json()["state"], "open")
        self.cluster.part("start", "apiserver")
        await on.entry(on.log(1), " line 1500$")
        on.gate("go").touch()
        entries = await self.check_whole(on, on.log(1), 2)
        compare(self, self.cluster, on.namespace, entries, whole=False)

    async def test_the_api_server_is_away(self):
        await self.at_once(self.for_minutes)


class ObstaclesTest(FaultCase):
    """Each is told once, and again when it has repeated; in seconds, not at the deadline."""

    async def a_quota(self, on):
        await on.kubectl("create", "quota", "few", "--hard=pods=1")
        await on.apply(manifest("web", replicas=2, deadline=600))
        told = await on.entry(on.log(1), "exceeded quota: few")
        self.assertEqual(told["stream"], "event")
        self.assertIn(told["level"], ("warning", "error"))  # an event or a condition, as it comes
        await on.kubectl("delete", "quota", "few")
        # Its controller would wait longer and longer; a change makes it look at once.
        await on.kubectl("scale", "deployment", "web", "--replicas=3")
        entries = await self.check_whole(on, on.log(1), 3)
        self.check_not_repeated(on, entries)

    async def no_node(self, on):
        web = manifest("web", deadline=600)
        web["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "none"}
        await on.apply(web)
        told = await on.entry(on.log(1), "didn't match Pod's node affinity/selector")
        self.assertEqual((told["stream"], told["level"]), ("event", "warning"))
        await on.kubectl("label", "node", "127.0.0.1", "disk=none")
        entries = await self.check_whole(on, on.log(1), 1)
        self.check_not_repeated(on, entries)

    async def back_off(self, on):
        """Of a container that ends again and again: with counts, each higher than the last."""
        await on.apply(manifest("web", command="test -e $TESTBED_SHARED/back-off-up && "
                                "exec sleep 3600; exit 3", deadline=600, ready=on.gated("up")))
        await on.entry(on.log(1), r"BackOff: .*\(\d+ times\)")
        on.gate("up").touch()
        meta, entries = await on.ended(on.log(1))
        self.assertEqual(meta["outcome"], "succeeded")
        self.check_not_repeated(on, entries)

    def check_not_repeated(self, on, entries):
        """No text comes twice from one source but with another count."""
        warned = [(entry["source"], entry["text"]) for entry in entries
                  if entry.get("stream") == "event" and entry.get("level") in ("warning", "error")
                  and not entry["text"].startswith("container ")]
        self.assertEqual(len(warned), len(set(warned)), warned)

    async def test_what_is_told(self):
        await self.at_once(self.a_quota, self.no_node, self.back_off)
