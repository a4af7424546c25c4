"""Many rollouts one after the other: nothing of one is left when the next has ended."""

import json
import os
import re

from rollout_case import RolloutCase, manifest

LONG = "TAILRACE_LONG_TESTS" in os.environ
ROLLOUTS = int(os.environ.get("TAILRACE_SOAK_ROLLOUTS") or (200 if LONG else 6))
WARM = ROLLOUTS // 10 + 2  # after so many, everything that is made once has been made
KEPT = 2  # old revisions that the cluster keeps
# What is open at the server for us; the kubelet and the controllers have theirs, as many all along.
WATCHED = ("deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "pods", "events")
GROWTH_KB = 32 << 10  # what of so many logs waits in the store's write buffers; chance


class SoakTest(RolloutCase):
    """6 rollouts; 200 of them in `scripts/test --kubernetes`. Events live for seconds here, so that
    what the cluster has is the same all along."""

    flags = {"KUBELET_FLAGS": "--max-restart-backoff=1s", "APISERVER_FLAGS": "--event-ttl=10s"}

    async def metrics(self):
        """Of Tailrace, by name with labels."""
        text = (await self.api.get("/metrics")).body.decode()
        return {name: float(value) for name, value in
                re.findall(r"^([^#\s]\S*(?: [^{}]*\})?) (\S+)$", text, re.M)}

    async def open_at_the_server(self, on):
        """Watches of each resource, and followed logs, by the API server's own count."""
        text = await on.kubectl("get", "--raw", "/metrics")
        found = dict.fromkeys([*WATCHED, "log"], 0)
        for labels, value in re.findall(r"^apiserver_longrunning_requests\{(.*)\} (\d+)$", text,
                                        re.M):
            of = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            if of["subresource"] == "log":
                found["log"] += int(value)
            elif of["verb"] == "WATCH" and of["resource"] in found and not of["subresource"]:
                found[of["resource"]] += int(value)
        return found

    async def usage(self, on, count):
        """What must not grow, once the last rollout is forgotten."""
        async def at_rest():
            now = await self.metrics()
            counts = [now[f'tailrace_kubernetes_{name}{{cluster="testbed"}}']
                      for name in ("followers", "rollouts", "pods")]
            server = await self.open_at_the_server(on)
            return counts == [0, 0, 1] and server["log"] == 0 and (now, server)
        metrics, server = await on.eventually(at_rest, "nothing is followed any more")
        process = f"/proc/{self.server.process.pid}"
        with open(f"{process}/status", encoding="ascii") as status:
            said = dict(re.findall(r"^(\w+):\s+(\d+)", status.read(), re.M))
        used = {"rollouts": count, "rss_kb": int(said["RssAnon"]) + int(said["VmSwap"]),
                "descriptors": len(os.listdir(f"{process}/fd")), "threads": int(said["Threads"]),
                "series": len(metrics),
                "streams": metrics['tailrace_kubernetes_streams{cluster="testbed"}'],
                "workloads": metrics['tailrace_kubernetes_workloads{cluster="testbed"}'],
                "object_bytes": metrics['tailrace_kubernetes_object_bytes{cluster="testbed"}'],
                "server": server}
        print(json.dumps(used), flush=True)
        return {**used, "series": set(metrics)}

    async def one(self, on, revision):
        await on.kubectl("set", "image", "deployment/web", f"app=shop/web:{revision}")
        meta, entries = await on.ended(on.log(revision))
        self.assertEqual(meta["outcome"], "succeeded", meta)
        self.assertEqual(len(on.check_counted(entries, pods=1)), 1)
        on.check_told_once(entries)

    async def soak(self, on):
        await on.apply(manifest("web", revisionHistoryLimit=KEPT))
        await on.ended(on.log(1))
        samples = []
        for revision in range(2, ROLLOUTS + 1):
            await self.one(on, revision)
            if revision in (WARM, 20, 100, ROLLOUTS):
                samples.append(await self.usage(on, revision))
        first, last = samples[0], samples[-1]
        for name in ("threads", "streams", "workloads", "server"):
            self.assertEqual(first[name], last[name], name)
        # Some come with the first thing that they count; none comes with each rollout.
        new = sorted(last["series"] - first["series"])
        self.assertLessEqual(len(new), 5, new)
        self.assertLessEqual(last["descriptors"], first["descriptors"] + 10)  # the store's files
        self.assertLess(last["object_bytes"], first["object_bytes"] + 32_768)
        self.assertLess(last["rss_kb"], first["rss_kb"] + GROWTH_KB)

    async def test_many_rollouts(self):
        await self.at_once(self.soak)
