"""The Helm chart: helm's own checks, an API server's, and that its Role is the documented one.

kubeconform is not asked: the schemas that it compares with are made of an API server's OpenAPI
document, and the API server that is here checks all fields by its own, and what they mean besides.
Of the one kind that it does not know the Prometheus operator's types are asked.
"""

import json
import os
import re
import subprocess
import unittest

from testbed import ROOT, Cluster, helm_path, monitorcheck_path

CHART = ROOT / "deploy" / "helm" / "tailrace"
RENDERED = ROOT / "deploy" / "kubernetes" / "tailrace.yaml"
DOCUMENT = ROOT / "docs" / "kubernetes.md"
VARIANTS = {
    "as it is": "",
    "all namespaces": "kubernetes.clusterWide=true",
    "two namespaces": "kubernetes.namespaces={shop,other}",
    "everything on": "ingress.enabled=true,ingress.tlsSecret=tls,ingress.className=nginx,"
                     "networkPolicy.from[0].podSelector.matchLabels.app=proxy,"
                     "kubernetes.selector=team in (a),podLabels.a=b,podAnnotations.c=d",
    "clusters are asked": "kubernetes.accessReview.enabled=true",
    "everything off": "kubernetes.enabled=false,persistence.enabled=false,access.enabled=false,"
                      "access.insecureNoAuth=true,networkPolicy.enabled=false",
}


def documented():
    """The commands that the document gives for clusters, each block a shell script."""
    part = DOCUMENT.read_text(encoding="utf-8").partition("## In a cluster\n")[2]
    return re.findall(r"^```sh\n(.*?)^```$", part.partition("\n## ")[0], re.M | re.S)


def run(cluster, script, namespace):
    """As a reader does; the service accounts that are in the namespace then."""
    config = cluster.folder / "kubeconfig"
    done = subprocess.run(["sh", "-e", "-c", script], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "KUBECONFIG": str(config),
                               "PATH": f"{cluster.commands}:{os.environ['PATH']}"})
    if done.returncode != 0:
        raise AssertionError(f"{script}{done.stderr}")
    found = cluster.kubectl(config, "get", "serviceaccounts", "-n", namespace, "-o", "name")
    return found.decode().split()


class ChartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helm_program = helm_path()
        if not (cls.helm_program.is_file() and monitorcheck_path().is_file()):
            raise unittest.SkipTest("no helm or monitorcheck; `scripts/test --kubernetes` "
                                    "builds them")
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start(NODES="", SCHEDULER="0")
        cls.config = cls.cluster.namespace("shop")
        cls.cluster.namespace("other")

    def helm(self, *words):
        done = subprocess.run([self.helm_program, *words], cwd=ROOT, capture_output=True,
                              text=True)
        return done.returncode, done.stdout + done.stderr

    def template(self, values):
        code, text = self.helm("template", "it", str(CHART), "--namespace", "shop",
                               "--kube-version", "1.30", "--set", values)
        self.assertEqual(code, 0, text)
        return text

    def apply(self, text, *words):
        """What the API server makes of the objects."""
        path = self.cluster.folder / "chart.yaml"
        path.write_text(text)
        out = self.cluster.kubectl(self.config, "apply", "--server-side", "--dry-run=server",
                                   "--validate=strict", "-o", "json", "-f", str(path), *words)
        return json.loads(out)["items"]

    def test_lint(self):
        code, text = self.helm("lint", "--strict", str(CHART))
        self.assertEqual(code, 0, text)

    def test_an_api_server_takes_every_variant(self):
        kinds = {"as it is": {"Role": 1, "RoleBinding": 1, "PersistentVolumeClaim": 1},
                 "all namespaces": {"ClusterRole": 1, "ClusterRoleBinding": 1},
                 "two namespaces": {"Role": 2, "RoleBinding": 2},
                 "everything on": {"Ingress": 1, "NetworkPolicy": 1},
                 "clusters are asked": {"Role": 1, "ClusterRole": 1, "ClusterRoleBinding": 1},
                 "everything off": {"Role": 0, "PersistentVolumeClaim": 0, "NetworkPolicy": 0}}
        for name, values in VARIANTS.items():
            with self.subTest(name):
                found = [item["kind"] for item in self.apply(self.template(values))]
                self.assertEqual(found.count("Deployment"), 1)
                self.assertEqual({kind: found.count(kind) for kind in kinds[name]}, kinds[name])

    def test_the_service_monitor_is_one(self):
        text = self.template("serviceMonitor.enabled=true,serviceMonitor.labels.release=it")
        monitor, = (part for part in text.split("\n---\n") if "kind: ServiceMonitor" in part)
        self.assertIn("release: it", monitor)

        def check(text):
            done = subprocess.run([monitorcheck_path()], input=text, capture_output=True, text=True)
            return done.returncode, done.stderr
        self.assertEqual(check(monitor), (0, ""))
        for word in ("matchLabels", "endpoints", "port", "interval", "selector"):
            code, said = check(monitor.replace(f"{word}:", f"{word}s:", 1))
            self.assertEqual(code, 1, word)
            self.assertIn("unknown field", said)
        self.assertIn("no ServiceMonitor", check(monitor.replace("kind: Ser", "kind: Per"))[1])

    def test_the_role_is_the_one_that_is_tested(self):
        chart = {item["kind"]: item for item in self.apply(self.template(""))}
        role = (ROOT / "deploy" / "kubernetes" / "role.yaml").read_text(encoding="utf-8")
        plain = {item["kind"]: item for item in self.apply(role)}
        self.assertEqual(chart["Role"]["rules"], plain["Role"]["rules"])
        for variant in ("all namespaces", "two namespaces"):
            for item in self.apply(self.template(VARIANTS[variant])):
                if item["kind"] in ("Role", "ClusterRole"):
                    self.assertEqual(item["rules"], plain["Role"]["rules"])

    def test_the_role_for_access_reviews_is_the_one_that_is_tested(self):
        chart = {item["kind"]: item
                 for item in self.apply(self.template(VARIANTS["clusters are asked"]))}
        text = "\n---\n".join(
            (ROOT / "deploy" / "kubernetes" / name).read_text(encoding="utf-8")
            for name in ("role.yaml", "access-review.yaml"))
        plain = {item["kind"]: item for item in self.apply(text)}
        self.assertEqual(chart["ClusterRole"]["rules"], plain["ClusterRole"]["rules"])

    def test_the_documents_command(self):
        self.cluster.add_command("helm", f'"{self.helm_program}"')
        script, = (block for block in documented() if "helm" in block)
        self.assertIn("serviceaccount/tailrace", run(self.cluster, script, "tailrace"))

    def test_the_rendered_one_is_the_charts(self):
        head = [line for line in RENDERED.read_text(encoding="utf-8").splitlines(keepends=True)
                if line.startswith("#")]
        command, = [line for line in head if "helm template" in line]
        code, text = self.helm(*command.removeprefix("#").split()[1:])
        self.assertEqual(code, 0, text)
        self.assertEqual(RENDERED.read_text(encoding="utf-8").partition("---\n")[2],
                         text.partition("---\n")[2])

    def test_the_pod_has_no_rights(self):
        """The strictest of Kubernetes' own standards for pods admits it."""
        self.cluster.kubectl(self.config, "label", "namespace", "shop",
                             "pod-security.kubernetes.io/enforce=restricted")
        deployment = next(item for item in self.apply(self.template(""))
                          if item["kind"] == "Deployment")
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "it"},
               "spec": deployment["spec"]["template"]["spec"]}
        pod["spec"]["serviceAccountName"] = "default"
        accepted = self.apply(json.dumps({"apiVersion": "v1", "kind": "List",
                                          "items": [pod, {**pod, "metadata": {"name": "two"}}]}))
        self.assertEqual(len(accepted), 2)
        self.assertTrue(all(container["securityContext"]["readOnlyRootFilesystem"]
                            for container in pod["spec"]["containers"]))

    def test_nobody_is_let_in_by_mistake(self):
        code, text = self.helm("template", "it", str(CHART), "--kube-version", "1.30",
                               "--set", "access.enabled=false")
        self.assertNotEqual(code, 0)
        self.assertIn("set access.insecureNoAuth if everybody may", text)


# What has names of its user's own.
FREE_FORM = {"labels", "annotations", "matchLabels", "selector", "data", "limits", "requests",
             "nodeSelector", "managedFields"}


def mistyped(item):
    """The object with a field that is none, in one place after the other."""
    places = [[]]
    for place in places:
        inside = item
        for name in place:
            inside = inside[name]
        for name, value in (inside.items() if isinstance(inside, dict) else enumerate(inside)):
            if isinstance(value, (dict, list)) and name not in FREE_FORM:
                places.append([*place, name])
        if isinstance(inside, dict):
            inside["mistyped"] = "x"
            yield json.loads(json.dumps(item))
            del inside["mistyped"]


class WithoutHelmTest(unittest.TestCase):
    """What needs no helm, so that every run of the tests with a testbed does it. ChartTest shows
    that deploy/kubernetes/tailrace.yaml is what the chart makes; it is skipped without helm."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start(NODES="", SCHEDULER="0")

    def test_an_api_server_takes_the_rendered_chart(self):
        config = self.cluster.namespace("strict")
        out = self.cluster.kubectl(config, "apply", "--server-side", "--dry-run=server",
                                   "--validate=strict", "-o", "json", "-f", str(RENDERED))
        kinds = [item["kind"] for item in json.loads(out)["items"]]
        self.assertEqual(sorted(kinds), [
            "ClusterRole", "ClusterRoleBinding", "ConfigMap", "Deployment", "NetworkPolicy",
            "PersistentVolumeClaim", "Service", "ServiceAccount"])

    def test_a_field_that_is_mistyped_is_refused(self):
        """Wherever it stands: so no field of ours is."""
        config = self.cluster.namespace("mistyped")
        command = ["apply", "--server-side", "--dry-run=server", "--validate=strict"]
        whole = json.loads(self.cluster.kubectl(config, *command, "-o", "json", "-f",
                                                str(RENDERED)))
        wrong = []
        for item in whole["items"]:
            item.pop("status", None)
            item["metadata"] = {name: value for name, value in item["metadata"].items()
                                if name in ("name", "namespace", "labels", "annotations")}
            wrong += mistyped(item)
        path = self.cluster.folder / "mistyped.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": wrong}))
        with self.assertRaises(RuntimeError) as refused:
            self.cluster.kubectl(config, *command, "-f", str(path))
        said = str(refused.exception)
        self.assertGreater(len(wrong), 40)
        self.assertEqual(said.count('unknown field "mistyped"'), len(wrong), said)

    def test_the_documents_other_commands(self):
        self.cluster.namespace("shop")
        without, alone = (block for block in documented() if "helm" not in block)
        self.assertIn("serviceaccount/tailrace", run(self.cluster, without, "tailrace"))
        self.assertIn("serviceaccount/tailrace", run(self.cluster, alone, "shop"))
