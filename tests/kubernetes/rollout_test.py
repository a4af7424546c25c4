"""Each rollout of a Deployment is a log that ends with kubectl's verdict."""

import asyncio
import datetime
import json
import os
import unittest

from rollout_case import CHATTER, RolloutCase, manifest


class MissedCase(RolloutCase):
    """Of a rollout that began and ended while the server was down there is a log afterwards."""

    def stop(self):
        self.server.terminate()
        self.server.wait()

    async def start(self, on):
        on.server.start()
        await on.eventually(self.synced, "all is listed")

    async def synced(self):
        text = (await self.api.get("/metrics")).body.decode()
        return 'tailrace_kubernetes_synced{cluster="testbed"} 1' in text

    async def check_missed(self, on, log, window):
        """With all lines until it would have ended, so many seconds behind the verdict, and no
        later ones. Kubernetes tells whole seconds."""
        meta, entries = await on.ended(log)
        self.assertEqual(meta["outcome"], "succeeded", meta)
        self.assertTrue(any("while it was not followed" in note for note in on.notes(entries)),
                        on.notes(entries))
        self.assertRegex(entries[-1]["text"], r"^succeeded after \d+ s: ")
        on.check_counted(entries, pods=1)
        on.check_told_once(entries)
        name = log.split(".")[1]
        shown = json.loads(await on.kubectl("get", "deployment", name, "-o", "json"))
        verdict, = (datetime.datetime.fromisoformat(condition["lastUpdateTime"])
                    for condition in shown["status"]["conditions"]
                    if condition["type"] == "Progressing")
        last = max(datetime.datetime.fromisoformat(entry["time"])
                   for entry in entries if entry.get("stream") != "event")
        behind = (last - verdict).total_seconds()
        self.assertTrue(max(0, window - 3) < behind <= window + 1, (verdict, last))


class DeploymentRolloutTest(MissedCase):
    """Without a stability window: the verdict is kubectl's and nothing else."""

    async def check_verdict(self, on, log, outcome, reason):
        """The log ends as kubectl says. Its meta data and entries."""
        (code, said), (meta, entries) = await asyncio.gather(on.kubectl_status(),
                                                             on.ended(log))
        self.assertEqual(code == 0, meta["outcome"] == "succeeded", said)
        self.assertEqual(meta["outcome"], outcome, meta)
        self.assertIn(reason, meta["reason"])
        self.assertTrue(entries[-1]["text"].startswith(f"{outcome} after "), entries[-1])
        on.check_told_once(entries)
        return meta, entries

    async def roll_out(self, on, **options):
        """The first revision."""
        await on.apply(manifest("web", **options))
        return await self.check_verdict(on, on.log(1), "succeeded", "successfully rolled out")

    async def set_image(self, on):
        """Live: the stream has the new pods' lines while they print, and then the end."""
        meta, entries = await self.roll_out(on, command=CHATTER, replicas=2,
                                            annotations={"team": "shop"})
        on.check_counted(entries, pods=2)
        old = set(on.lines(entries))
        stream = await on.api.stream(on.log(2), "?format=json")
        self.addCleanup(stream.abort)
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        live = [event.json() for event in await stream.to_end(timeout=60)
                if event.event == "message"]
        meta, entries = await self.check_verdict(on, on.log(2), "succeeded",
                                                 "successfully rolled out")
        self.assertEqual(live, entries)
        self.assertFalse(old & set(on.check_counted(entries, pods=2)))
        self.assertEqual(entries[0]["text"], f"deployment web in {on.namespace}: revision 2, "
                                             "2 replicas, app shop/web:2")
        labels = {"cluster": "testbed", "namespace": on.namespace, "name": "web",
                  "kind": "Deployment", "revision": "2", "image": "shop/web:2", "team": "shop"}
        self.assertEqual(meta["labels"], {**meta["labels"], **labels})

    async def a_probe_that_fails(self, on):
        await on.apply(manifest("web", ready="false", deadline=15))
        _, entries = await self.check_verdict(on, on.log(1), "failed",
                                              "exceeded its progress deadline; ")
        self.assertTrue(any("Readiness probe failed" in text for text in on.notes(entries)))

    async def a_crash_loop(self, on):
        """Every life's lines, and each exit behind its own. The kubelet keeps one earlier life; on
        a machine too busy to read in time others are missing, and then a gap is said."""
        script = ("n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n >n; echo life $n; "
                  "sleep 1; exit 3")
        await on.apply(manifest("web", command=script, deadline=15, ready="false"))
        _, entries = await self.check_verdict(on, on.log(1), "failed", "exited with code 3 (Error)")
        (source, lines), = on.lines(entries).items()
        self.assertGreaterEqual(len(lines), 2)
        lives = [int(line.removeprefix("life ")) for line in lines]
        keys = [entry["fields"]["key"] for entry in entries if "stream" in entry]
        # A read that was meant for one life may have got the next one's log, and then says so.
        moved = any(key.startswith("move/") for key in keys)
        self.assertEqual(sorted(lives) if moved else lives, sorted(set(lives)))
        if sorted(lives) != list(range(1, len(lives) + 1)):
            self.assertTrue(any("lost" in entry for entry in entries),
                            f"lives {lives}\n{on.notes(entries)}")
        kinds = [entry["fields"]["key"].partition("/")[0] if "stream" in entry else "line"
                 for entry in entries if entry["source"] == source]
        whole = [kind for kind in kinds if kind in ("start", "line", "exit")]
        if not moved:
            self.assertEqual(whole, (["start", "line", "exit"] * len(lines))[:len(whole)])
        self.assertGreaterEqual(whole.count("exit"), len(lines) - 1)  # the last one may still run

    async def an_image_that_cannot_be_pulled(self, on):
        """Said at once, not at the deadline."""
        await on.apply(manifest("web", image="missing/web:9", deadline=15))
        await on.entry(on.log(1), "waits: ErrImagePull")
        self.assertEqual((await on.api.meta(on.log(1))).json()["state"], "open")
        await self.check_verdict(on, on.log(1), "failed", "missing/web:9")

    async def rollback(self, on):
        await self.roll_out(on)
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        await self.check_verdict(on, on.log(2), "succeeded", "successfully rolled out")
        await on.kubectl("rollout", "undo", "deployment/web")
        _, entries = await self.check_verdict(on, on.log(3), "succeeded", "successfully rolled out")
        self.assertIn("shop/web:1", entries[0]["text"])
        on.check_counted(entries, pods=1)

    async def pause(self, on):
        await on.apply(manifest("web", ready=on.gated("open")))
        await on.entry(on.log(1), "0 of 1 updated replicas are available")
        await on.kubectl("rollout", "pause", "deployment/web")
        await on.entry(on.log(1), "the rollout is paused")
        await on.kubectl("rollout", "resume", "deployment/web")
        await on.entry(on.log(1), "the rollout goes on")
        on.gate("open").touch()
        await self.check_verdict(on, on.log(1), "succeeded", "successfully rolled out")

    async def superseded(self, on):
        await self.roll_out(on)
        await on.kubectl("set", "image", "deployment/web", "app=missing/web:2")
        await on.entry(on.log(2), "waits: ")
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:3")
        meta, _ = await on.ended(on.log(2))
        self.assertEqual((meta["outcome"], meta["reason"]),
                         ("cancelled", "superseded by revision 3"))
        await self.check_verdict(on, on.log(3), "succeeded", "successfully rolled out")

    async def scaled_to_nothing(self, on):
        await on.apply(manifest("web", ready="false", replicas=2))
        await on.entry(on.log(1), "0 of 2 updated replicas are available")
        await on.kubectl("scale", "deployment/web", "--replicas=0")
        _, entries = await self.check_verdict(on, on.log(1), "succeeded", "successfully rolled out")
        self.assertIn("scaled to 0 replicas", on.notes(entries))

    async def deleted(self, on):
        """What the pods print while they stop is kept."""
        await on.apply(manifest("web", command=CHATTER, ready="false"))
        await on.entry(on.log(1), "line 1$")
        await on.kubectl("delete", "deployment", "web", "--wait=false")
        meta, entries = await on.ended(on.log(1))
        self.assertEqual((meta["outcome"], meta["reason"]),
                         ("cancelled", 'deployment "web" was deleted'))
        (source, lines), = on.check_counted(entries).items()
        self.assertEqual(lines[-1], source.partition("/")[0] + " stops")

    async def a_pod_is_deleted_meanwhile(self, on):
        await on.apply(manifest("web", command=CHATTER, ready=on.gated("open")))
        first = (await on.entry(on.log(1), "line 5$"))["source"].partition("/")[0]
        await on.kubectl("delete", "pod", first, "--wait=false")
        await on.entry(on.log(1), f"{first} stops")
        on.gate("open").touch()
        _, entries = await self.check_verdict(on, on.log(1), "succeeded", "successfully rolled out")
        on.check_counted(entries, pods=2)
        self.assertIn("the pod is being deleted", on.notes(entries))

    async def the_server_is_away_for_one(self, on):
        await self.roll_out(on, command=CHATTER)
        self.stop()
        try:
            await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
            self.assertEqual((await on.kubectl_status())[0], 0)
            await asyncio.sleep(2)  # Longer than the log would have been open.
        finally:
            await self.start(on)
        await self.check_missed(on, on.log(2), window=0)

    async def test_a_server_that_was_away(self):
        await self.at_once(self.the_server_is_away_for_one)

    async def test_all(self):
        await self.at_once(
            self.set_image, self.a_probe_that_fails, self.a_crash_loop,
            self.an_image_that_cannot_be_pulled, self.rollback, self.pause, self.superseded,
            self.scaled_to_nothing, self.deleted, self.a_pod_is_deleted_meanwhile)


# 4 MB of numbered lines at once.
NOISE = ("awk -v h=$HOSTNAME 'BEGIN { "
         "for (i = 1; i <= 4000; i++) printf \"%s line %d %01000d\\n\", h, i, 0 }'")


class StabilityTest(RolloutCase):
    settings = {"stability_window": "8s", "drain_window": "10s"}
    retention = {"max_log_bytes": "1MiB", "interval": "1s"}

    async def a_crash_loop_that_kubectl_calls_a_success(self, on):
        await on.apply(manifest("web", command="echo error: no database; sleep 1; exit 3"))
        self.assertEqual((await on.kubectl_status())[0], 0)
        meta, entries = await on.ended(on.log(1))
        self.assertEqual(meta["outcome"], "failed")
        self.assertRegex(meta["reason"], r"^unstable: web-.*/app exited with code 3 \(Error\)")
        self.assertIn("first error line: ", entries[-1]["text"])
        self.assertIn("successfully rolled out", " ".join(on.notes(entries)))

    async def the_server_is_killed_meanwhile(self, on):
        """It goes on in the same log: no line twice, none lost, nothing told twice."""
        await on.apply(manifest("web", command=CHATTER, replicas=3, ready=on.gated("open")))
        for n in (20, 60):
            await on.entry(on.log(1), f"line {n}$")
            on.server.kill()
            on.server.start()
        await on.entry(on.log(1), "line 90$")
        on.gate("open").touch()
        meta, entries = await on.ended(on.log(1))
        self.assertEqual(meta["outcome"], "succeeded")
        on.check_counted(entries, pods=3)
        on.check_told_once(entries)

    async def the_front_is_cut_and_the_server_is_killed(self, on):
        """What stood there, such as where a quiet container's life began, is not needed."""
        waits = "until test -e $TESTBED_SHARED/{}-{}; do sleep 0.1; done; "
        more = waits.format(on.namespace, "more") + "echo $HOSTNAME line {}; sleep 3600"
        web = manifest("web", command="echo $HOSTNAME line 1; " + more.format(2),
                       ready=on.gated("open"), deadline=600)
        containers = web["spec"]["template"]["spec"]["containers"]
        noise = waits.format(on.namespace, "noise") + NOISE + "; " + more.format(4001)
        containers.append({"name": "noise", "image": "shop/noise:1",
                           "command": ["sh", "-c", noise]})
        await on.apply(web)
        log = on.log(1)
        await on.entry(log, " line 1$")
        await on.entry(log, "container noise started")
        front = await on.api.entries(log)
        on.gate("noise").touch()
        await on.entry(log, " line 4000 ")

        async def cut():
            return (await on.api.meta(log)).json()["first"] > len(front)
        await on.eventually(cut, "the front is cut")
        before = await on.api.entries(log, first=front[-1]["n"] + 1)
        on.server.kill()
        on.server.start()
        on.gate("more").touch()
        await on.entry(log, " line 2$")
        await on.entry(log, " line 4001$")
        on.gate("open").touch()
        meta, entries = await on.ended(log)
        self.assertEqual(meta["outcome"], "succeeded")
        behind = [entry for entry in entries if entry["n"] > before[-1]["n"]]
        self.assertEqual(behind[0]["n"], before[-1]["n"] + 1)
        self.assertEqual({source.partition("/")[2]: [line.partition(" ")[2] for line in lines]
                          for source, lines in on.lines(behind).items()},
                         {"app": ["line 2"], "noise": ["line 4001"]})
        on.check_told_once([*front, *before, *behind])

    async def test_a_front_that_is_cut(self):
        await self.at_once(self.the_front_is_cut_and_the_server_is_killed)

    async def test_a_crash_loop(self):
        await self.at_once(self.a_crash_loop_that_kubectl_calls_a_success)

    async def test_a_killed_server(self):
        await self.at_once(self.the_server_is_killed_meanwhile)


class MissedTest(MissedCase):
    settings = {"stability_window": "8s", "drain_window": "10s"}

    @classmethod
    def setUpClass(cls):
        if "TAILRACE_LONG_TESTS" not in os.environ:
            raise unittest.SkipTest("a cluster of its own; `scripts/test --kubernetes` runs it")
        super().setUpClass()

    async def the_server_is_away_for_whole_rollouts(self, on):
        """Of the newest revision of each there is a log afterwards."""
        await on.apply(manifest("web", command=CHATTER))
        await on.ended(on.log(1))
        self.stop()
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        await on.apply(manifest("new", command=CHATTER))
        await on.apply(manifest("late", ready="false", deadline=3))
        for name, code in (("web", 0), ("new", 0), ("late", 1)):
            self.assertEqual((await on.kubectl_status(f"deployment/{name}"))[0], code, name)
        await asyncio.sleep(12)  # Longer than the log would have been open.
        for _ in range(2):  # and the next start knows that it is told
            await self.start(on)
            for log in (on.log(2), on.log(1, "new")):
                await self.check_missed(on, log, window=8)
            meta, entries = await on.ended(on.log(1, "late"))
            self.assertEqual(meta["outcome"], "failed", meta)
            self.assertIn("exceeded its progress deadline", meta["reason"])
            on.check_counted(entries, pods=1)
            self.assertEqual({log["id"] for log in await on.logs()},
                             {log.partition("/")[2] for log in (
                                 on.log(1), on.log(2), on.log(1, "new"), on.log(1, "late"))})
            self.stop()
        on.server.start()

    async def test_a_server_that_was_away(self):
        await self.at_once(self.the_server_is_away_for_whole_rollouts)
