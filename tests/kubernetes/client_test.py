"""src/kubernetes against a real API server: answers, watches, cuts, credentials."""

import base64
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from probe import Probe
from testbed import Cluster

MAPS = "/api/v1/namespaces/default/configmaps"


class ClusterCase(unittest.TestCase):
    flags = {}
    limits = ()

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start(NODES="", SCHEDULER="0", **cls.flags)
        cls.config = cls.cluster.folder / "kubeconfig"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.cluster.folder))
        self.probe = self.open(self.config, limits=self.limits)

    def open(self, config, **more):
        probe = Probe(config, **more)
        self.addCleanup(probe.stop)
        return probe

    def kubectl(self, *words):
        return self.cluster.kubectl(self.config, *words).decode()

    def make(self, *names):
        for name in names:
            self.kubectl("create", "configmap", name)
            self.addCleanup(self.kubectl, "delete", "configmap", name, "--ignore-not-found")

    def reflect(self, probe=None, watch_seconds=300):
        """A reflector of the config maps that has told all that there is."""
        (probe or self.probe).do("reflect", "maps", MAPS, str(watch_seconds))
        (probe or self.probe).told("maps", "synced")


class ClientTest(ClusterCase):
    def test_answers_and_refusals(self):
        answer = self.probe.get("/version")
        self.assertEqual((answer["end"], answer["status"]), ("complete", 200))
        self.assertEqual(json.loads(answer["body"])["major"], "1")
        refused = self.probe.get(f"{MAPS}/none")
        self.assertEqual((refused["end"], refused["status"], refused["reason"], refused["message"]),
                         ("refused", 404, "NotFound", 'configmaps "none" not found'))
        self.assertEqual(refused["body"], "")
        old = self.probe.get(f"{MAPS}?resourceVersion=1&resourceVersionMatch=Exact")
        self.assertIn(old["end"], ("refused", "complete"))  # compacted or not yet

    def test_create(self):
        body = json.dumps({"apiVersion": "authorization.k8s.io/v1",
                           "kind": "SelfSubjectAccessReview",
                           "spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}})
        self.probe.do("post", "review", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                      body)
        answer = self.probe.next("review")
        self.assertEqual((answer["end"], answer["status"]), ("complete", 201))
        self.assertTrue(json.loads(answer["body"])["status"]["allowed"])

    def test_a_list_in_pages_and_what_happens_after_it(self):
        names = [f"page-{n:02}" for n in range(45)]  # the probe's pages have 20
        documents = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
                     for name in names]
        manifest = self.folder / "maps.json"
        manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
        self.kubectl("apply", "-f", str(manifest))
        self.addCleanup(self.kubectl, "delete", "-f", str(manifest), "--ignore-not-found")
        self.probe.do("reflect", "maps", MAPS, "300")
        seen = []
        while (message := self.probe.next("maps"))["told"] != "synced":
            seen.append(message["name"])
        self.assertEqual([name for name in seen if name.startswith("page-")], names)
        self.kubectl("label", "configmap", "page-03", "a=b")
        changed = self.probe.told("maps", "object", "page-03")
        self.assertEqual(json.loads(changed["json"])["metadata"]["labels"], {"a": "b"})
        self.kubectl("delete", "configmap", "page-04")
        gone = self.probe.told("maps", "deleted", "page-04")
        self.assertGreater(gone["bytes"], 0)
        stats = self.probe.stats("maps")
        self.assertEqual((stats["objects"], stats["lists"], stats["synced"]), (len(seen) - 1, 1, 1))

    def test_selectors(self):
        self.make("chosen", "other")
        self.kubectl("label", "configmap", "chosen", "app=a-b")
        self.probe.do("reflect", "maps", MAPS, "300", "app in (a-b, c)")
        self.assertEqual(self.probe.next("maps")["name"], "chosen")
        self.assertEqual(self.probe.next("maps")["told"], "synced")
        # Which does not fit any more is gone for who selects.
        self.kubectl("label", "configmap", "chosen", "app=z", "--overwrite")
        self.probe.told("maps", "deleted", "chosen")

    def test_watches_that_end_are_gone_on_with(self):
        self.reflect(watch_seconds=1)
        known = set()
        while (stats := self.probe.stats("maps"))["watches"] < 4:
            name = f"watched-{len(known):02}"
            self.make(name)
            message = self.probe.told("maps", "object", name)
            self.assertNotIn(message["uid"], known)
            known.add(message["uid"])
        self.assertEqual((stats["lists"], stats["expired"], stats["synced"]), (1, 0, 1))
        self.assertEqual(self.probe.stats()["cut"], 0)

    def test_a_forbidden_list_is_tried_again(self):
        self.kubectl("create", "serviceaccount", "nobody")
        self.addCleanup(self.kubectl, "delete", "serviceaccount", "nobody")
        config = self.with_token(self.kubectl("create", "token", "nobody").strip())
        probe = self.open(config)
        probe.do("reflect", "maps", MAPS, "300")
        trouble = probe.told("maps", "trouble")
        self.assertEqual((trouble["end"], trouble["status"], trouble["reason"]),
                         ("refused", 403, "Forbidden"))
        self.kubectl("create", "rolebinding", "nobody", "--clusterrole=view",
                     "--serviceaccount=default:nobody")
        self.addCleanup(self.kubectl, "delete", "rolebinding", "nobody")
        probe.told("maps", "recovered")
        probe.told("maps", "synced")

    def with_token(self, token):
        """A kubeconfig that has this token instead of the administrator's."""
        path = self.folder / "with-token"
        text = self.config.read_text()
        old = (self.cluster.folder / "token").read_text().strip()
        self.assertIn(old, text)
        path.write_text(text.replace(old, token))
        return path

    def other_authority(self):
        path = self.folder / "other.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{path}.key",
                        "-subj", "/CN=other", "-out", path], check=True, capture_output=True)
        return path

    def test_what_is_in_the_way_is_told(self):
        path = self.folder / "config"
        text = self.config.read_text()
        cases = {
            "nobody listens": text.replace(f":{self.cluster.port}", ":1"),
            "another authority": text.replace(f"{self.cluster.folder}/pki/ca.crt",
                                              str(self.other_authority())),
            "another name": text.replace("clusters: [{name: testbed, cluster: {",
                                         "clusters: [{name: testbed, cluster: {"
                                         "tls-server-name: other.example, "),
        }
        expected = {"nobody listens": "Failed to connect", "another authority": "certificate",
                    "another name": "other.example"}
        for name, config in cases.items():
            with self.subTest(name):
                path.write_text(config)
                answer = self.open(path).get("/version")
                self.assertEqual((answer["end"], answer["status"]), ("unreachable", 0))
                self.assertIn(expected[name], answer["message"])
        path.write_text(text.replace("certificate-authority", "tls-server-name: kubernetes, "
                                     "certificate-authority"))
        self.assertEqual(self.open(path).get("/version")["end"], "complete")
        path.write_text(text.replace(f'certificate-authority: "{self.cluster.folder}/pki/ca.crt"',
                                     "insecure-skip-tls-verify: true"))
        self.assertEqual(self.open(path).get("/version")["end"], "complete")


class CredentialsTest(ClusterCase):
    def config_of(self, user, name="config"):
        path = self.folder / name
        text = self.config.read_text()
        at = text.index("users:")
        path.write_text(text[:at] + f"users: [{{name: me, user: {json.dumps(user)}}}]\n"
                        + text[text.index("\n", at) + 1:])
        return path

    def who(self, probe):
        """The user as whom the API server knows us."""
        body = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
        probe.do("post", "who", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
        answer = probe.next("who")
        if answer["end"] != "complete":
            return answer
        return json.loads(answer["body"])["status"]["userInfo"]["username"]

    def certificate(self, name):
        """PEMs of a client certificate for this user, and its key."""
        pki = self.cluster.folder / "pki"
        key, pem = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        script = ('openssl ecparam -name prime256v1 -genkey -noout -out "$1" && '
                  'openssl req -new -key "$1" -subj "/CN=$3" | openssl x509 -req -CA "$4/ca.crt" '
                  '-CAkey "$4/ca.key" -CAcreateserial -days 9 -out "$2"')
        subprocess.run(["sh", "-c", script, "-", key, pem, name, pki], check=True,
                       capture_output=True)
        return pem, key

    def new_token(self, account):
        return self.kubectl("create", "token", account).strip()

    def accounts(self, *names):
        for name in names:
            self.kubectl("create", "serviceaccount", name)
            self.addCleanup(self.kubectl, "delete", "serviceaccount", name, "--ignore-not-found")

    def test_client_certificates_as_files_and_data(self):
        pem, key = self.certificate("carla")
        user = {"client-certificate": pem.name, "client-key": key.name}
        self.assertEqual(self.who(self.open(self.config_of(user))), "carla")
        user = {"client-certificate-data": base64.b64encode(pem.read_bytes()).decode(),
                "client-key-data": base64.b64encode(key.read_bytes()).decode()}
        self.assertEqual(self.who(self.open(self.config_of(user))), "carla")

    def test_impersonation(self):
        token = (self.cluster.folder / "token").read_text().strip()
        probe = self.open(self.config_of({"token": token, "as": "someone"}))
        self.assertEqual(self.who(probe), "someone")

    def plugin(self, version):
        """A user whose plugin says what is in the token file, and the file of its runs."""
        runs = self.folder / f"runs-{version}"
        name = f"client.authentication.k8s.io/{version}"
        answer = json.dumps({"kind": "ExecCredential", "apiVersion": name,
                             "status": {"token": "TOKEN"}})
        script = f'echo run >>"{runs}"; echo \'{answer}\' | sed "s/TOKEN/$(cat "$1")/"'
        return {"exec": {"apiVersion": name, "command": "sh", "interactiveMode": "Never",
                         "args": ["-c", script, "-", str(self.folder / "token")]}}, runs

    def test_credentials_that_are_renewed(self):
        """A token's file, and plugins: each is asked again when the API server refuses."""
        self.accounts("one", "two")
        token = self.folder / "token"
        token.write_text(first := self.new_token("one"))
        in_file = self.open(self.config_of({"tokenFile": "token"}))
        probes, all_runs = [in_file], []
        for version in ("v1", "v1beta1"):
            user, runs = self.plugin(version)
            probes.append(self.open(self.config_of(user)))
            all_runs.append(runs)
        for probe in 3 * probes:
            self.assertEqual(self.who(probe), "system:serviceaccount:default:one")
        self.assertEqual([runs.read_text() for runs in all_runs], 2 * ["run\n"])

        # Before the minute is over after which the file is looked at anyway.
        token.write_text(self.new_token("two"))
        self.kubectl("delete", "serviceaccount", "one")
        old = self.open(self.config_of({"token": first}))
        while isinstance(answer := self.who(old), str):
            pass  # the API server caches
        self.assertEqual((answer["end"], answer["status"], answer["reason"]),
                         ("refused", 401, "Unauthorized"))
        for probe in 3 * probes:
            self.assertEqual(self.who(probe), "system:serviceaccount:default:two")
        self.assertEqual([runs.read_text() for runs in all_runs], 2 * ["run\nrun\n"])

    def test_in_a_pod(self):
        self.accounts("podded")
        account = self.folder / "account"
        account.mkdir()
        (account / "token").write_text(self.new_token("podded"))
        (account / "ca.crt").write_bytes((self.cluster.folder / "ca.crt").read_bytes())
        (account / "namespace").write_text("default")
        environment = {**os.environ, "SERVICE_ACCOUNT": str(account),
                       "KUBERNETES_SERVICE_HOST": "127.0.0.1",
                       "KUBERNETES_SERVICE_PORT": str(self.cluster.port)}
        probe = self.open("in-cluster", environment=environment)
        self.assertEqual(self.who(probe), "system:serviceaccount:default:podded")




class AwayTest(ClusterCase):
    limits = (1000, 2000)  # silence, and the time to give a sign

    def test_killed_and_started_again(self):
        self.make("stays", "goes")
        self.reflect()
        self.probe.do("stream", "watch", f"{MAPS}?watch=true", str(self.folder / "watch"))
        self.probe.next("watch", lambda message: message.get("open") == 200)
        self.cluster.part("kill", "apiserver")
        self.assertEqual(self.probe.next("watch")["end"], "cut")
        self.assertEqual(self.probe.told("maps", "trouble")["end"], "cut")
        trouble = self.probe.told("maps", "trouble")
        self.assertEqual(trouble["end"], "unreachable")
        self.assertIn(f"port {self.cluster.port}", trouble["message"])
        self.assertEqual(self.probe.stats()["reachable"], 0)
        self.cluster.part("start", "apiserver")
        self.probe.told("maps", "recovered")
        self.make("new")
        self.assertEqual(self.probe.told("maps", "object")["name"], "new")
        self.kubectl("delete", "configmap", "goes")
        self.probe.told("maps", "deleted", "goes")
        self.assertEqual(self.probe.stats()["reachable"], 1)

    def test_what_happened_meanwhile_is_told(self):
        """A new API server knows no history: 410, and the list shows the difference."""
        self.make("kept", "removed")
        self.reflect()
        os.kill(self.probe.process.pid, signal.SIGSTOP)
        self.cluster.part("kill", "apiserver")
        self.cluster.part("start", "apiserver")
        self.kubectl("delete", "configmap", "removed")
        self.make("added")
        self.cluster.part("kill", "apiserver")
        self.cluster.part("start", "apiserver")
        os.kill(self.probe.process.pid, signal.SIGCONT)
        seen = {}
        while len(seen) < 2:
            message = self.probe.next("maps", lambda one: one["told"] in ("object", "deleted"))
            seen[message["name"]] = message["told"]
        self.assertEqual(seen, {"removed": "deleted", "added": "object"})
        self.probe.told("maps", "synced")
        stats = self.probe.stats("maps")
        self.assertEqual((stats["expired"], stats["lists"], stats["synced"]), (1, 2, 1))

    def test_a_server_that_hangs_is_noticed(self):
        self.reflect()
        self.make("before")
        self.probe.told("maps", "object", "before")
        process = self.cluster.pid("apiserver")
        os.kill(process, signal.SIGSTOP)
        try:
            trouble = self.probe.told("maps", "trouble")
        finally:
            os.kill(process, signal.SIGCONT)
        self.assertEqual(trouble["end"], "cut")
        self.assertIn("gives no sign", trouble["message"])
        self.probe.told("maps", "recovered")
        self.make("after")
        self.probe.told("maps", "object", "after")
