"""What a followed pod costs in memory: scripts/bench kubernetes [PODS…], 20 and 200 unless given.

One Deployment with so many pods, in the real Kubernetes of tests/kubernetes/testbed; each pod
has one container that prints a line and waits. The figure is the growth of the server's own
memory from a state in which nothing is followed to one in which all containers are, divided by the
pods. What the store keeps of their lines and events is in it. All kubelets are one user's, who may
have so many inotify instances (fs.inotify.max_user_instances): each follows one container. The
kubelets end the streams of the others at once, and these are asked once a second.
"""

import asyncio
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "kubernetes")]

# pylint: disable=wrong-import-position
from rollout_case import CALM, manifest
from support.api import Api
from support.server import Server
from testbed import Cluster

PODS_A_NODE = 100  # a kubelet's limit is 110
PATIENCE_SECONDS = 600
QUIET_ROUNDS = 10


def memory_bytes(server):
    """Of the process alone, in memory or swapped out."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    said = dict(re.findall(r"^(\w+):\s+(\d+) kB", status, re.M))
    return (int(said["RssAnon"]) + int(said["VmSwap"])) * 1024


async def gauges(api):
    text = (await api.get("/metrics")).body.decode()
    return {name: int(float(value)) for name, value in re.findall(
        r'^tailrace_kubernetes_(\w+)(?:\{cluster="testbed"\})? (\S+)$', text, re.M)}


async def followed(api, count):
    """Until so many containers are followed and nothing was stored for a while."""
    quiet, last = 0, None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while quiet < QUIET_ROUNDS:
            await asyncio.sleep(1)
            now = await gauges(api)
            key = (now["followers"], now["pods"], now["entries_total"])
            quiet = quiet + 1 if now["followers"] == count and key == last else 0
            last = key
    return now


async def measure(cluster, config, pods):
    settings = {"enabled": True, "kubeconfig": str(cluster.folder / "kubeconfig")}
    server = Server(settings={f"kubernetes.{name}": value for name, value in settings.items()})
    try:
        server.start()
        api = Api(server.port)
        await followed(api, 0)
        before = memory_bytes(server)
        name = f"pods-{pods}"
        web = manifest(name, command=CALM, replicas=pods, deadline=PATIENCE_SECONDS, ready="false")
        # Probed once and then hardly ever: what is measured is following.
        web["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["periodSeconds"] = 3600
        path = cluster.folder / "pods.json"
        path.write_text(json.dumps(web), encoding="utf-8")
        cluster.kubectl(config, "apply", "-f", str(path))
        now = await followed(api, pods)
        grown = memory_bytes(server) - before
        print(f"{pods:5} pods followed: {grown / pods / 1024:6.1f} KiB each; "
              f"{now['streams']} streams, {now['object_bytes'] / pods / 1024:.1f} KiB of it "
              "what is known of objects", flush=True)
        cluster.kubectl(config, "delete", "deployment", name, "--wait=false")
        await followed(api, 0)
    finally:
        server.stop()


async def main(counts):
    cluster = Cluster()
    try:
        nodes = 1 + (max(counts) - 1) // PODS_A_NODE
        cluster.start(NODES=" ".join(f"127.0.0.{n + 1}" for n in range(nodes)))
        config = cluster.namespace("shop")
        for pods in counts:
            await measure(cluster, config, pods)
    finally:
        cluster.stop()


if __name__ == "__main__":
    asyncio.run(main([int(word) for word in sys.argv[1:]] or [20, 200]))
