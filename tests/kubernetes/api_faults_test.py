"""The API server is killed and credentials are renewed while rollouts are followed."""

import asyncio
import collections
import json

from support.api import BASE, Api
from support.case import AsyncCase
from support.server import Server
from testbed import ROOT, Cluster

ROLE = ROOT / "deploy" / "kubernetes" / "role.yaml"
PATIENCE_SECONDS = 120
LINES = 150
# Twenty a second; the rollout is over only when they have all been printed.
PRINTS = f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo line $i; sleep 0.05; done; sleep 3600"
DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
    "spec": {"replicas": 2, "minReadySeconds": 15, "selector": {"matchLabels": {"app": "web"}},
             "template": {"metadata": {"labels": {"app": "web"}},
                          "spec": {"terminationGracePeriodSeconds": 0,
                                   "containers": [{"name": "app", "image": "shop/web:1",
                                                   "command": ["sh", "-c", PRINTS]}]}}}}


class ApiFaultsTest(AsyncCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.config = cls.cluster.namespace("shop")
        cls.kubectl("apply", "-f", str(ROLE))
        # A second account with the same Role.
        cls.kubectl("create", "serviceaccount", "renewed")
        cls.kubectl("create", "rolebinding", "renewed", "--role=tailrace",
                    "--serviceaccount=shop:renewed")
        cls.token = cls.cluster.folder / "account-token"
        cls.renew("tailrace")
        text = cls.config.read_text()
        config = cls.cluster.folder / "account-config"
        config.write_text(text[:text.index("users:")]
                          + "users: [{name: me, user: {tokenFile: account-token}}]\n")
        settings = {"enabled": True, "kubeconfig": str(config), "namespaces": ["shop"],
                    "stability_window": "0s"}
        cls.server = Server(settings={f"kubernetes.{name}": value
                                      for name, value in settings.items()})
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()
        cls.api = Api(cls.server.port)

    @classmethod
    def kubectl(cls, *words):
        return cls.cluster.kubectl(cls.config, *words).decode()

    @classmethod
    def renew(cls, account):
        cls.token.write_text(cls.kubectl("create", "token", account))

    async def eventually(self, ask, what):
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (answer := await ask()):
                    await asyncio.sleep(0.1)
                return answer
        except TimeoutError:
            self.fail(f"not within {PATIENCE_SECONDS} s: {what}\n{self.server.log_tail()}")

    async def lines(self, log):
        """What containers have printed so far, by source."""
        found = collections.defaultdict(list)
        if (await self.api.meta(log)).status == 200:
            for entry in await self.api.entries(log):
                if entry.get("stream") != "event":
                    found[entry["source"]].append(entry["text"])
        return found

    async def check_ended(self, log):
        """The log is complete: every line of both pods once, and the verdict."""
        async def ask():
            answer = await self.api.meta(log)
            return answer.status == 200 and answer.json()["state"] == "ended" and answer.json()
        meta = await self.eventually(ask, f"{log} ends")
        self.assertEqual(meta["outcome"], "succeeded", meta)
        found = await self.lines(log)
        self.assertEqual(len(found), 2)
        for source, texts in found.items():
            self.assertEqual(texts, [f"line {n}" for n in range(1, LINES + 1)], source)

    async def test_killed_and_renewed_in_mid_rollout(self):
        log = "rollout/shop.web.1"
        path = self.cluster.folder / "web.json"
        path.write_text(json.dumps(DEPLOYMENT))
        self.kubectl("apply", "-f", str(path))

        async def begun():
            found = await self.lines(log)
            return len(found) == 2 and all(len(texts) > 5 for texts in found.values())

        await self.eventually(begun, "lines of both pods")
        self.renew("renewed")
        await asyncio.to_thread(self.cluster.part, "kill", "apiserver")
        await asyncio.to_thread(self.cluster.part, "start", "apiserver")
        self.kubectl("delete", "serviceaccount", "tailrace")
        await self.check_ended(log)

        # The next one, with the new credentials and all watches again in place.
        self.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        await self.check_ended("rollout/shop.web.2")
        metrics = (await self.api.get("/metrics")).body.decode()
        self.assertIn('tailrace_kubernetes_synced{cluster="testbed"} 1', metrics)
        self.assertIn('tailrace_kubernetes_reachable{cluster="testbed"} 1', metrics)
        logs = (await self.api.get(BASE)).json()["logs"]
        self.assertEqual({one["id"] for one in logs}, {"shop.web.1", "shop.web.2"})
