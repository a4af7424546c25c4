"""Logs of other workloads than Deployments, and what annotations call them."""

import asyncio
import re

from rollout_case import CALM, CHATTER, RolloutCase, manifest

FAILS_ONCE = ("echo try; test -e $TESTBED_SHARED/tried-$NAME || "
              "{ touch $TESTBED_SHARED/tried-$NAME; exit 1; }")


def pod_template(command, app="web", restart="Always", env=None):
    container = {"name": "app", "image": "shop/web:1", "command": ["sh", "-c", command],
                 "env": [{"name": name, "value": value} for name, value in (env or {}).items()]}
    return {"metadata": {"labels": {"app": app}},
            "spec": {"terminationGracePeriodSeconds": 2, "restartPolicy": restart,
                     "containers": [container]}}


def workload(kind, name, **spec):
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": "web"}},
                     "template": pod_template(CHATTER), **spec}}


def job_spec(command, **spec):
    return {"template": pod_template(command, restart="Never"), **spec}


class KindsTest(RolloutCase):
    async def follow(self, on, what, revisions):
        """So many logs of this namespace have ended, all as kubectl says; the entries of each."""
        code, said = await on.kubectl_status(what)
        self.assertEqual(code, 0, said)

        async def all_ended():
            logs = await on.logs()
            return len(logs) == revisions and all(log["state"] == "ended" for log in logs) and logs
        logs = await on.eventually(all_ended, f"{revisions} logs of {what}")
        self.assertEqual({log["outcome"] for log in logs}, {"succeeded"}, logs)
        newest = f"{logs[0]['type']}/{logs[0]['id']}"
        return logs, await on.api.entries(newest)

    async def stateful_set(self, on):
        await on.apply(workload("StatefulSet", "web", replicas=2, serviceName="web"))
        await self.follow(on, "statefulset/web", 1)
        await on.kubectl("set", "image", "statefulset/web", "app=shop/web:2")
        logs, entries = await self.follow(on, "statefulset/web", 2)
        self.assertEqual({log["labels"]["kind"] for log in logs}, {"StatefulSet"})
        self.assertEqual(set(on.check_counted(entries)), {"web-0/app", "web-1/app"})
        self.assertIn("2 replicas, app shop/web:2", entries[0]["text"])

    async def daemon_set(self, on):
        await on.apply(workload("DaemonSet", "web"))
        await self.follow(on, "daemonset/web", 1)
        await on.kubectl("set", "image", "daemonset/web", "app=shop/web:2")
        logs, entries = await self.follow(on, "daemonset/web", 2)
        self.assertEqual([log["id"] for log in logs],
                         [f"{on.namespace}.web.{revision}" for revision in (2, 1)])
        on.check_counted(entries, pods=1)

    async def job(self, on):
        """It fails once, and succeeds with its second pod."""
        spec = job_spec(FAILS_ONCE, backoffLimit=2)
        spec["template"]["spec"]["containers"][0]["env"] = [
            {"name": "NAME", "value": on.namespace}]
        await on.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "web"},
                        "spec": spec})
        meta, entries = await on.ended(f"rollout/{on.namespace}.web")
        self.assertEqual((meta["outcome"], meta["reason"]), ("succeeded", 'job "web" is complete'))
        self.assertEqual(list(on.lines(entries).values()), [["try"], ["try"]])

    async def job_that_fails(self, on):
        await on.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "web"},
                        "spec": job_spec("echo fatal: no; exit 2", backoffLimit=0)})
        meta, entries = await on.ended(f"rollout/{on.namespace}.web")
        self.assertEqual(meta["outcome"], "failed")
        self.assertIn("BackoffLimitExceeded", meta["reason"])
        self.assertIn("first error line: ", entries[-1]["text"])
        self.assertEqual(list(on.lines(entries).values()), [["fatal: no"]])

    async def cron_job(self, on):
        annotations = {"tailrace.dev/log": f"nightly/{on.namespace}"}
        await on.apply({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "web"},
                        "spec": {"schedule": "0 0 1 1 *", "suspend": True,
                                 "jobTemplate": {"metadata": {"annotations": annotations},
                                                 "spec": job_spec("echo night")}}})
        await on.kubectl("create", "job", "now", "--from=cronjob/web")
        meta, entries = await on.ended(f"nightly/{on.namespace}")
        self.assertEqual((meta["outcome"], meta["labels"]["cronjob"]), ("succeeded", "web"))
        self.assertEqual(list(on.lines(entries).values()), [["night"]])

    async def bare_pod(self, on):
        pod = {"apiVersion": "v1", "kind": "Pod",
               "metadata": {"name": "web", "annotations": {"tailrace.dev/log": "pod/bare",
                                                           "tailrace.dev/title": "A pod"}},
               "spec": pod_template("echo one; echo two", restart="Never")["spec"]}
        other = {**pod, "metadata": {"name": "other"}}
        await on.apply(pod, other)
        meta, entries = await on.ended("pod/bare")
        self.assertEqual((meta["outcome"], meta["title"]), ("succeeded", "A pod"))
        self.assertEqual(dict(on.lines(entries)), {"web/app": ["one", "two"]})
        self.assertEqual([log["id"] for log in await on.logs()], ["bare"])

    async def annotated(self, on):
        """The portal's log is joined; the next revision does not go into the ended one."""
        name = f"deploy/{on.namespace}"
        await on.api.create(name, {"title": "Release 42", "labels": {"ticket": "T-1"}})
        await on.api.append(name, "the portal begins\n")
        await on.apply(manifest("web", command=CALM, ready=on.gated("go"), deadline=600,
                                annotations={"tailrace.dev/log": name}))
        await on.entry(name, " line 1$")
        # It goes on with its log, and what it says of it is no word against ours.
        self.assertEqual((await on.api.append(name, "the portal goes on\n")).status, 200)
        again = await on.api.create(name, {"labels": {"ticket": "T-1", "build": "7"}})
        self.assertEqual((again.status, again.json()["labels"]["namespace"]), (200, on.namespace))
        for change in ({"ticket": "T-2"}, {"namespace": "other"}):
            self.check_refused(await on.api.create(name, {"labels": change}), name)
        on.gate("go").touch()
        meta, entries = await on.ended(name)
        self.assertEqual([meta["title"], *(meta["labels"][label]
                                           for label in ("ticket", "build", "revision"))],
                         ["Release 42", "T-1", "7", "1"])
        self.assertEqual(entries[0]["text"], "the portal begins")
        self.assertIn("the portal goes on", [entry["text"] for entry in entries])
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        meta, _ = await on.ended(f"{name}.2")
        self.assertEqual((meta["outcome"], meta["labels"]["revision"]), ("succeeded", "2"))

    def check_refused(self, answer, log):
        self.assertEqual(answer.status, 409, answer)
        self.assertRegex(answer.json()["detail"],
                         f"^log {re.escape(log)} (is written by Tailrace itself|has ended)")

    async def nobody_elses(self, on):
        """Its log takes nothing from others, before its end and behind it, whoever may write."""
        log = on.log(1)
        await on.apply(manifest("web", command=CALM, ready=on.gated("go"), deadline=600))
        await on.entry(log, " line 1$")
        before = (await on.api.meta(log)).json()

        async def refused():
            for answer in (await on.api.append(log, "a lie\n"),
                           await on.api.append(log, "", query="?end=succeeded"),
                           await on.api.end(log, "failed"),
                           await on.api.create(log, {"title": "another"}),
                           await on.api.create(log, {"labels": {"namespace": "other"}}),
                           await on.api.create(log, {"labels": {"team": "other"}})):
                self.check_refused(answer, log)
        await refused()
        # What changes nothing is answered as for any log.
        for body in (None, {"labels": {}}, {"labels": before["labels"], "title": before["title"]}):
            self.assertEqual((await on.api.create(log, body)).status, 200)
        on.gate("go").touch()
        meta, entries = await on.ended(log)
        self.assertEqual((meta["outcome"], meta["labels"]), ("succeeded", before["labels"]))
        self.assertNotIn("a lie", [entry["text"] for entry in entries])
        await refused()
        self.assertEqual((await on.api.meta(log)).json(), meta)

    async def created_again(self, on):
        """Another Deployment of the same name is no part of the first one's log."""
        await on.apply(manifest("web"))
        await on.ended(on.log(1))
        await on.kubectl("delete", "deployment", "web")
        await on.apply(manifest("web"))

        async def two():
            return len(logs := await on.logs()) == 2 and logs
        logs = await on.eventually(two, "a second log")
        newest = logs[0]
        self.assertEqual(newest["id"], f"{on.namespace}.web.1-{newest['labels']['uid'][:8]}")
        await on.ended(f"rollout/{newest['id']}")

    async def test_all(self):
        await self.at_once(self.stateful_set, self.daemon_set, self.job, self.job_that_fails,
                           self.cron_job, self.bare_pod, self.annotated, self.nobody_elses,
                           self.created_again)


class FirstLookTest(RolloutCase):
    """What a server finds that comes later than the rollouts."""

    async def look(self, on):
        await on.apply(manifest("old"))
        self.assertEqual((await on.kubectl_status("deployment/old"))[0], 0)
        await on.apply(manifest("web", command=CHATTER, ready=on.gated("open")))
        await asyncio.to_thread(self.server.start)
        await on.entry(on.log(1), "line 20$")
        on.gate("open").touch()
        meta, entries = await on.ended(on.log(1))
        self.assertEqual(meta["outcome"], "succeeded")
        on.check_counted(entries, pods=1)
        self.assertEqual([log["labels"]["name"] for log in await on.logs()], ["web"])

    async def test_what_is_under_way_makes_a_log_and_what_is_complete_makes_none(self):
        self.server.kill()
        await self.at_once(self.look)
