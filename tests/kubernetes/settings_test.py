"""What [kubernetes] follows when it is told to: clusters, namespaces, workloads, old pods."""

import asyncio
import os
import re
import unittest

from rollout_case import CHATTER, Place, RolloutCase, manifest
from support.api import BASE, Api
from support.server import Server
from testbed import ROOT, Cluster

ROLE = ROOT / "deploy" / "kubernetes" / "role.yaml"
CHANGE_CAUSE = "kubernetes.io/change-cause"


class SettingsCase(RolloutCase):
    """Each scenario starts the servers that it asks."""

    server = None
    api = None

    @classmethod
    def setUpClass(cls):
        if "TAILRACE_LONG_TESTS" not in os.environ:
            raise unittest.SkipTest("three clusters; `scripts/test --kubernetes` runs it")
        cls.cluster = cls.up()

    @classmethod
    def up(cls):
        cluster = Cluster()
        cls.addClassCleanup(cluster.stop)
        return cluster.start(**cls.flags)

    async def serve(self, on, is_all_listed=True, **settings):
        """From now on these places ask a server of their own, which knows what there is: of what
        was over before that it would make no log."""
        ours = {"enabled": True, "kubeconfig": str(self.cluster.folder / "kubeconfig"),
                **self.settings, **settings}
        server = Server(settings={f"kubernetes.{name}": value for name, value in ours.items()})
        self.addCleanup(server.stop)
        server.start()
        for place in on:
            place.server, place.api = server, Api(server.port)
        if is_all_listed:
            await on[0].eventually(lambda: self.synced(on[0].api), "all is listed")
        return server

    async def synced(self, api):
        """All watches of all clusters are under way."""
        text = (await api.get("/metrics")).body.decode()
        return set(re.findall(r"^tailrace_kubernetes_synced{.*} (\S+)$", text, re.M)) == {"1"}

    async def place(self, namespace):
        return await asyncio.to_thread(Place, self, namespace)

    async def check_succeeded(self, on, log):
        meta, entries = await on.ended(log)
        self.assertEqual(meta["outcome"], "succeeded", meta)
        return meta, entries

    async def names(self, on):
        """(namespace, name) of every log that the server of this place has."""
        return {(log["labels"]["namespace"], log["labels"]["name"])
                for log in (await on.api.get(f"{BASE}?limit=1000")).json()["logs"]}


class TwoClustersTest(SettingsCase):
    """One server follows both. What is equally called in both does not mix."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.east, cls.west = cls.cluster, cls.up()

    def kubeconfig(self):
        """Both clusters, under names of our own."""
        named = {"east": self.east, "west": self.west}
        users = {name: (cluster.folder / "token").read_text().strip()
                 for name, cluster in named.items()}
        lines = ["apiVersion: v1", "kind: Config", "current-context: east", "clusters:"]
        lines += [f'- {{name: at-{name}, cluster: {{server: "https://127.0.0.1:{cluster.port}", '
                  f'certificate-authority: "{cluster.folder}/ca.crt"}}}}'
                  for name, cluster in named.items()]
        lines += ["users:", *(f'- {{name: in-{name}, user: {{token: "{token}"}}}}'
                              for name, token in users.items())]
        lines += ["contexts:", *(f"- {{name: {name}, context: {{cluster: at-{name}, "
                                 f"user: in-{name}}}}}" for name in named)]
        path = self.east.folder / "both"
        path.write_text("\n".join(lines) + "\n")
        return path

    async def place_in(self, cluster):
        self.cluster = cluster
        return await self.place("shop")

    async def test_both(self):
        places = {"east": await self.place_in(self.east), "west": await self.place_in(self.west)}
        server = await self.serve(list(places.values()), kubeconfig=str(self.kubeconfig()),
                                  contexts=list(places))
        api = Api(server.port)
        for name, on in places.items():
            await on.apply(manifest("web", command=CHATTER, image=f"shop/{name}:1"))

        async def ask():
            logs = (await api.get(f"{BASE}?label=namespace=shop")).json()["logs"]
            return len(logs) == 2 and all(log["state"] == "ended" for log in logs) and logs
        logs = await places["east"].eventually(ask, "both have ended")
        self.assertEqual({log["outcome"] for log in logs}, {"succeeded"}, logs)
        self.assertEqual({log["labels"]["cluster"]: log["labels"]["image"] for log in logs},
                         {"east": "shop/east:1", "west": "shop/west:1"})
        # The one that came later has a name of its own.
        ids = {log["id"]: log["labels"]["uid"] for log in logs}
        uid = ids[(set(ids) - {"shop.web.1"}).pop()]
        self.assertEqual(set(ids), {"shop.web.1", f"shop.web.1-{uid[:8]}"})
        for log in logs:
            name = log["labels"]["cluster"]
            on = places[name]
            found = (await api.get(f"{BASE}?label=cluster={name}")).json()["logs"]
            self.assertEqual([one["id"] for one in found], [log["id"]])
            pods = (await on.kubectl("get", "pods", "-o", "name")).split()
            entries = await api.entries(f"rollout/{log['id']}")
            lines = on.check_counted(entries, pods=1)
            self.assertEqual([f"pod/{source}" for source in lines], [f"{pods[0]}/app"])
        # One that is away holds up nothing of the other.
        await asyncio.to_thread(self.east.part, "kill", "apiserver")
        await places["west"].kubectl("set", "image", "deployment/web", "app=shop/west:2")
        found = await places["west"].eventually(lambda: self.ended_in(api, "west", "2"), "west 2")
        self.assertEqual(found["outcome"], "succeeded")
        await asyncio.to_thread(self.east.part, "start", "apiserver")
        await places["east"].kubectl("set", "image", "deployment/web", "app=shop/east:2")
        found = await places["east"].eventually(lambda: self.ended_in(api, "east", "2"), "east 2")
        self.assertEqual(found["outcome"], "succeeded")

    async def ended_in(self, api, cluster, revision):
        path = f"{BASE}?label=cluster={cluster}&label=revision={revision}"
        logs = (await api.get(path)).json()["logs"]
        return logs[0] if logs and logs[0]["state"] == "ended" else None


class ChoiceTest(SettingsCase):
    async def rolled_out(self, on, name, labels=None):
        web = manifest(name)
        web["metadata"]["labels"] = labels or {}
        await on.apply(web)
        self.assertEqual((await on.kubectl_status(f"deployment/{name}"))[0], 0)

    async def namespaces_and_selector(self, on):
        """Of the two namespaces only, and of those only what matches. The last one is the end of
        what is looked at."""
        other, outside = await self.place("other"), await self.place("outside")
        await self.serve([on, other, outside], namespaces=[on.namespace, "other"],
                         selector="team=shop,tier!=test")
        ours = {"team": "shop"}
        await self.rolled_out(outside, "web", ours)
        await self.rolled_out(on, "bank", {"team": "bank"})
        await self.rolled_out(on, "trial", {"team": "shop", "tier": "test"})
        await self.rolled_out(on, "bare")
        for place in (other, on):
            await self.rolled_out(place, "web", ours)
            await self.check_succeeded(place, place.log(1))
        self.assertEqual(await self.names(on), {(on.namespace, "web"), ("other", "web")})

    async def old_pods(self, on):
        """One server with the switch and one without: both see the same rollout."""
        places = {True: on, False: Place.__new__(Place)}
        vars(places[False]).update(vars(on))
        for switch, place in places.items():
            await self.serve([place], namespaces=[on.namespace], old_pods=switch,
                             stability_window="5s", drain_window="60s")
        await on.apply(manifest("web", command=CHATTER))
        for place in places.values():
            _, entries = await self.check_succeeded(place, place.log(1))
        (old, _), = on.check_counted(entries, pods=1).items()
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        for switch, place in places.items():
            _, entries = await self.check_succeeded(place, place.log(2))
            place.check_told_once(entries)
            told = place.lines(entries).get(old, [])
            place.check_counted([entry for entry in entries if entry["source"] != old], pods=1)
            self.assertEqual(bool(told), switch, told)
            if switch:
                self.check_to_the_end(old.partition("/")[0], told)

    def check_to_the_end(self, pod, told):
        """Its lines since the rollout began, none missing, and what it prints when it is told to
        stop."""
        first = int(told[0].rpartition(" ")[2])
        self.assertEqual(told, [*(f"{pod} line {n}" for n in range(first, first + len(told) - 1)),
                                f"{pod} stops"])

    async def change_cause(self, on):
        """Of each revision its own, right behind the begin, and as a label."""
        await self.serve([on], namespaces=[on.namespace])
        for revision, cause in enumerate(("ticket 7: the first", "ticket 8: <b>&amp; \"more\""), 1):
            await on.apply(manifest("web", image=f"shop/web:{revision}",
                                    annotations={CHANGE_CAUSE: cause}))
            meta, entries = await self.check_succeeded(on, on.log(revision))
            self.assertEqual([entry["text"] for entry in entries[:2]],
                             [f"deployment web in {on.namespace}: revision {revision}, 1 replica, "
                              f"app shop/web:{revision}", f"Reason: {cause}"])
            self.assertEqual(meta["labels"][CHANGE_CAUSE], cause)

    async def test_what_is_chosen(self):
        await self.at_once(self.namespaces_and_selector, self.old_pods, self.change_cause)


class OwnNamespaceTest(SettingsCase):
    """An account that may not list all namespaces, only its own: by the documents' Role."""

    async def account(self, on, *bound):
        """A kubeconfig of its account, which has the Role in its own namespace and these."""
        await on.kubectl("apply", "-f", str(ROLE))
        for other in bound:
            await other.kubectl("apply", "-f", str(ROLE))
            await other.kubectl("create", "rolebinding", "another", "--role=tailrace",
                                f"--serviceaccount={on.namespace}:tailrace")
        token = self.cluster.folder / f"token-{on.namespace}"
        token.write_text(await on.kubectl("create", "token", "tailrace"))
        text = on.config.read_text()
        path = self.cluster.folder / f"account-{on.namespace}"
        path.write_text(text[:text.index("users:")]
                        + f"users: [{{name: me, user: {{tokenFile: {token.name}}}}}]\n")
        return str(path)

    async def roll_out_in(self, *places):
        for place in places:
            await place.apply(manifest("web"))
            self.assertEqual((await place.kubectl_status())[0], 0)

    async def refused_everywhere(self, on):
        """The context's own namespace is followed instead, and it is said."""
        bystander = await self.place("bystander")
        server = await self.serve([on, bystander], kubeconfig=await self.account(on, bystander))
        await self.roll_out_in(bystander, on)
        await self.check_succeeded(on, on.log(1))
        self.assertEqual(await self.names(on), {(on.namespace, "web")})
        self.assertIn(f"only namespace {on.namespace} may be read", server.log_text())

    async def configured(self, on):
        """Those that are named, though the account's own is another."""
        named, outside = await self.place("named"), await self.place("unnamed")
        server = await self.serve([on, named], kubeconfig=await self.account(on, named, outside),
                                  namespaces=[on.namespace, "named"])
        await self.roll_out_in(outside, named, on)
        for place in (named, on):
            await self.check_succeeded(place, place.log(1))
        self.assertEqual(await self.names(on), {("named", "web"), (on.namespace, "web")})
        self.assertNotIn("may be read", server.log_text())

    async def without_events(self, on):
        """What the account may not list in its own namespace either is said and done without."""
        config = await self.account(on)
        await on.kubectl("patch", "role", "tailrace", "--type=json", "-p",
                         '[{"op": "replace", "path": "/rules/0/resources", "value": ["pods"]}]')
        server = await self.serve([on], is_all_listed=False, kubeconfig=config)
        await on.apply(manifest("web", ready=on.gated("go"), deadline=600))
        await on.entry(on.log(1), " line 1$")
        on.gate("go").touch()
        _, entries = await self.check_succeeded(on, on.log(1))
        self.assertEqual(len(on.lines(entries)), 1)
        self.assertIn("events are not followed: ", server.log_text())

    async def test_accounts(self):
        await self.at_once(self.refused_everywhere, self.configured, self.without_events)
