"""deploy/kubernetes/role.yaml is enough for the program, and none of its rules is too much."""

import asyncio
import json

from support.api import BASE, Api
from support.case import AsyncCase
from support.server import Server
from testbed import ROOT, Cluster

ROLE = ROOT / "deploy" / "kubernetes" / "role.yaml"
ACCOUNT = "system:serviceaccount:shop:tailrace"
PATIENCE_SECONDS = 120
# Metadata of every request, once it is answered or, for watches, has begun to be.
AUDIT = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}
PRINTS = ["sh", "-c", "echo hello; sleep 3600"]


def workload(kind, name):
    template = {"metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 0,
                         "containers": [{"name": "app", "image": "shop/a", "command": PRINTS}]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def job():
    container = {"name": "app", "image": "shop/a", "command": ["echo", "hello"]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"},
            "spec": {"template": template}}


class RoleTest(AsyncCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        policy = cls.cluster.folder / "audit-policy.json"
        policy.write_text(json.dumps(AUDIT))
        cls.audit = cls.cluster.folder / "audit.log"
        cls.cluster.start(APISERVER_FLAGS=f"--audit-policy-file={policy} "
                                          f"--audit-log-path={cls.audit}")
        cls.config = cls.cluster.namespace("shop")
        cls.kubectl("apply", "-f", str(ROLE))

    @classmethod
    def kubectl(cls, *words):
        return cls.cluster.kubectl(cls.config, *words).decode()

    def rules(self):
        """(group, resource, verb) of all that the Role allows."""
        role = json.loads(self.kubectl("get", "role", "tailrace", "-o", "json"))
        return {(group, resource, verb) for rule in role["rules"] for group in rule["apiGroups"]
                for resource in rule["resources"] for verb in rule["verbs"]}

    def requests(self):
        """The same of what the account has asked for, and what was refused of it."""
        used, refused = set(), []
        for line in self.audit.read_text().splitlines():
            event = json.loads(line)
            code = event.get("responseStatus", {}).get("code", 0)
            if event["user"]["username"] != ACCOUNT or not code:
                continue
            what = event.get("objectRef", {})
            resource = "/".join(filter(None, [what.get("resource"), what.get("subresource")]))
            if code in (401, 403):
                refused.append(event["requestURI"])
            elif resource:
                used.add((what.get("apiGroup", ""), resource, event["verb"]))
        return used, refused

    def serve(self):
        token = self.cluster.folder / "account-token"
        token.write_text(self.kubectl("create", "token", "tailrace"))
        text = self.config.read_text()
        at = text.index("users:")
        config = self.cluster.folder / "account-config"
        config.write_text(text[:at] + 'users: [{name: me, user: {tokenFile: "account-token"}}]\n')
        settings = {"enabled": True, "kubeconfig": str(config), "namespaces": ["shop"],
                    "stability_window": "0s"}
        server = Server(settings={f"kubernetes.{name}": value
                                  for name, value in settings.items()})
        self.addCleanup(server.stop)
        return server.start()

    async def test_the_role_is_what_is_needed(self):
        server = self.serve()
        api = Api(server.port)
        names = {"Deployment": "web", "StatefulSet": "data", "DaemonSet": "agent"}
        objects = [*(workload(kind, name) for kind, name in names.items()), job()]
        manifest = self.cluster.folder / "workloads.json"
        manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        self.kubectl("apply", "-f", str(manifest))
        ended = {}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(ended) < len(objects):
                    await asyncio.sleep(0.1)
                    logs = (await api.get(BASE)).json()["logs"]
                    ended = {log["labels"]["name"]: log["outcome"] for log in logs
                             if log["state"] == "ended"}
        except TimeoutError:
            self.fail(f"only {ended} have ended\n{server.log_tail()}\n{self.requests()}")
        self.assertEqual(ended, dict.fromkeys([*names.values(), "once"], "succeeded"))
        used, refused = self.requests()
        self.assertEqual(refused, [])
        self.assertEqual(used, self.rules())
