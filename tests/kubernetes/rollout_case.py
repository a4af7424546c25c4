"""Rollouts in a real Kubernetes that a server follows by itself: one cluster for each class."""

import asyncio
import collections
import json
import re

from support.api import BASE, Api
from support.case import AsyncCase
from support.server import Server
from testbed import Cluster

PATIENCE_SECONDS = 90
POLL_SECONDS = 0.1
# Prints numbered lines for ever, and says that it is told to stop.
CHATTER = ("exec 2>/dev/null; trap 'echo $HOSTNAME stops; exit 0' TERM; i=0; "
           "while :; do i=$((i+1)); echo $HOSTNAME line $i; sleep 0.05; done")
# Prints one line and waits.
CALM = "trap 'exit 0' TERM; echo $HOSTNAME line 1; sleep 3600 & wait"


def manifest(name, command=CALM, replicas=1, image="shop/web:1", deadline=60, ready=None,
             annotations=None, kind="Deployment", **spec):
    """A Deployment whose container runs a shell command; `ready` is its readiness probe's."""
    container = {"name": "app", "image": image, "command": ["sh", "-c", command]}
    if ready:
        container["readinessProbe"] = {"exec": {"command": ["sh", "-c", ready]},
                                       "periodSeconds": 1, "failureThreshold": 1}
    return {"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "annotations": annotations or {}},
            "spec": {"replicas": replicas, "progressDeadlineSeconds": deadline,
                     "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}},
                                  "spec": {"terminationGracePeriodSeconds": 2,
                                           "containers": [container]}}, **spec}}


class RolloutCase(AsyncCase):
    """`settings` of the class are those of [kubernetes], `retention` is of its own, `flags` are
    cluster.sh's."""

    settings = {"stability_window": "0s", "drain_window": "10s"}
    retention = {}
    flags = {"KUBELET_FLAGS": "--max-restart-backoff=1s"}
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start(**cls.flags)
        ours = {"enabled": True, "kubeconfig": str(cls.cluster.folder / "kubeconfig"),
                **cls.settings}
        cls.server = Server(settings={
            **{f"kubernetes.{name}": value for name, value in ours.items()},
            **{f"retention.{name}": value for name, value in cls.retention.items()}})
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()
        cls.api = Api(cls.server.port)

    async def at_once(self, *scenarios):
        """Runs scenarios beside each other, each in a namespace of its own: most of their time is
        waiting. The method's name is the namespace's."""
        async def run(scenario):
            place = await asyncio.to_thread(Place, self, scenario.__name__.replace("_", "-"))
            await scenario(place)
        done = await asyncio.gather(*map(run, scenarios), return_exceptions=True)
        for scenario, result in zip(scenarios, done):
            with self.subTest(scenario.__name__):
                if result is not None:
                    raise result


class Place:
    """A namespace, what is done in it, and the logs that come of it."""

    def __init__(self, test, namespace):
        self.test = test
        self.cluster = test.cluster
        self.server = test.server
        self.api = test.api
        self.namespace = namespace
        self.config = self.cluster.namespace(namespace)

    async def kubectl(self, *words):
        return (await asyncio.to_thread(self.cluster.kubectl, self.config, *words)).decode()

    async def apply(self, *objects):
        path = self.cluster.folder / f"{self.namespace}.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        await self.kubectl("apply", "-f", str(path))

    def gate(self, name):
        """A file that probes of pods look for."""
        return self.cluster.shared / f"{self.namespace}-{name}"

    def gated(self, name):
        return f"test -e $TESTBED_SHARED/{self.namespace}-{name}"

    async def kubectl_status(self, workload="deployment/web"):
        """What `kubectl rollout status` exits with, and its last line."""
        process = await asyncio.create_subprocess_exec(
            str(self.cluster.commands / "kubectl"), "--kubeconfig", str(self.config), "rollout",
            "status", workload, f"--timeout={PATIENCE_SECONDS}s", stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        said, _ = await process.communicate()
        return process.returncode, said.decode().strip().rpartition("\n")[-1]

    def log(self, revision, name="web"):
        return f"rollout/{self.namespace}.{name}.{revision}"

    async def eventually(self, ask, what):
        """The first answer that is true."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (answer := await ask()):
                    await asyncio.sleep(POLL_SECONDS)
                return answer
        except TimeoutError as error:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}\n"
                                 f"{self.server.log_tail()}") from error

    async def entry(self, log, pattern):
        """The first entry of an open log whose text matches."""
        async def ask():
            answer = await self.api.page(log)
            if answer.status != 200:
                return None
            return next((entry for entry in await self.api.entries(log)
                         if re.search(pattern, entry["text"])), None)
        return await self.eventually(ask, f"{log}: {pattern}")

    async def logs(self, **labels):
        """Meta data of the logs with this namespace's label and others."""
        wanted = "".join(f"&label={name}={value}"
                         for name, value in {"namespace": self.namespace, **labels}.items())
        return (await self.api.get(f"{BASE}?{wanted[1:]}")).json()["logs"]

    async def ended(self, log):
        """The log's meta data, once it has ended, and its entries."""
        async def ask():
            answer = await self.api.meta(log)
            return answer.status == 200 and answer.json()["state"] == "ended" and answer.json()
        meta = await self.eventually(ask, f"{log} ends")
        return meta, await self.api.entries(log)

    def lines(self, entries):
        """What containers printed, by source."""
        found = collections.defaultdict(list)
        for entry in entries:
            if entry.get("stream") != "event":
                found[entry["source"]].append(entry["text"])
        return found

    def notes(self, entries):
        return [entry["text"] for entry in entries if entry.get("stream") == "event"]

    def check_counted(self, entries, pods=None):
        """Each container's lines are numbered from 1 on, none missing and none twice."""
        lines = self.lines(entries)
        for source, texts in lines.items():
            pod = source.partition("/")[0]
            counted = [text for text in texts if text != f"{pod} stops"]
            self.test.assertEqual(counted, [f"{pod} line {n}" for n in range(1, len(counted) + 1)])
            self.test.assertTrue(counted, source)
        if pods is not None:
            self.test.assertEqual(len(lines), pods, list(lines))
        return lines

    def check_told_once(self, entries):
        """No change is told twice."""
        told = collections.Counter(
            json.dumps(entry["fields"], sort_keys=True) for entry in entries
            if entry.get("stream") == "event" and entry["fields"]["key"].startswith(
                ("begin", "verdict", "summary", "event/", "start/", "exit/")))
        self.test.assertEqual([key for key, count in told.items() if count > 1], [])
