"""Who may see a rollout's log is what its cluster says of them: SubjectAccessReview."""

import asyncio
import json
import subprocess

from support.access import As
from support.api import BASE, PORTAL, Api
from support.case import AsyncCase
from support.http import request_bytes
from support.server import Server, binary_path
from support.sse import Stream
from testbed import ROOT, Cluster

FOLDER = ROOT / "deploy" / "kubernetes"
ACCOUNT = "system:serviceaccount:shop:tailrace"
AUDIT = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}
PATIENCE_SECONDS = 90
# The server's users and groups, as the cluster knows them.
PREFIX = "portal:"
QUERIES = {"/search": "?q=deployment", "/events": "?wait=0"}


def deployment(name):
    """There are no nodes: its log stays open."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}},
                                  "spec": {"containers": [{"name": "app", "image": "shop/a"}]}}}}


def log_routes():
    """Paths behind a log's, of all routes that read it."""
    text = subprocess.run([binary_path(), "serve", "--print-routes"], check=True, text=True,
                          capture_output=True).stdout
    for line in text.splitlines():
        method, pattern, verb, thing = line.split(" ")
        if (verb, thing) == ("read", "log"):
            assert method == "GET"
            yield pattern.removeprefix(BASE + "/{type}/{id}")


class AccessReviewTest(AsyncCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        policy = cls.cluster.folder / "audit-policy.json"
        policy.write_text(json.dumps(AUDIT))
        cls.audit = cls.cluster.folder / "audit.log"
        cls.cluster.start(NODES="", SCHEDULER="0",
                          APISERVER_FLAGS=f"--audit-policy-file={policy} "
                                          f"--audit-log-path={cls.audit}")
        cls.configs = {name: cls.cluster.namespace(name) for name in ("shop", "bank")}
        cls.prepare_account()
        cls.kubectl("bank", "create", "role", "logs", "--verb=get", "--resource=pods/log")
        cls.kubectl("shop", "create", "role", "logs", "--verb=get", "--resource=pods/log")
        cls.bind("shop", "ann", f"--user={PREFIX}ann")
        cls.bind("bank", "ops", f"--group={PREFIX}ops")
        for namespace in cls.configs:
            cls.apply(namespace, deployment("web"))
        cls.start_server()

    @classmethod
    def kubectl(cls, namespace, *words):
        return cls.cluster.kubectl(cls.configs[namespace], *words).decode()

    @classmethod
    def apply(cls, namespace, thing):
        path = cls.cluster.folder / f"{namespace}.json"
        path.write_text(json.dumps(thing))
        cls.kubectl(namespace, "apply", "-f", str(path))

    @classmethod
    def bind(cls, namespace, name, subject):
        cls.kubectl(namespace, "create", "rolebinding", name, "--role=logs", subject)

    @classmethod
    def prepare_account(cls):
        """The server's own rights are those of the documents."""
        for namespace in cls.configs:
            cls.kubectl(namespace, "apply", "-f", str(FOLDER / "role.yaml"))
        cls.kubectl("bank", "create", "rolebinding", "other", "--role=tailrace",
                    "--serviceaccount=shop:tailrace")
        cls.kubectl("shop", "apply", "-f", str(FOLDER / "access-review.yaml"))
        cls.kubectl("shop", "create", "clusterrolebinding", "tailrace-access-review",
                    "--clusterrole=tailrace-access-review", "--serviceaccount=shop:tailrace")
        token = cls.cluster.folder / "account-token"
        token.write_text(cls.kubectl("shop", "create", "token", "tailrace"))
        text = cls.configs["shop"].read_text()
        cls.account = cls.cluster.folder / "account-config"
        cls.account.write_text(text[:text.index("users:")]
                               + 'users: [{name: me, user: {tokenFile: "account-token"}}]\n')

    @classmethod
    def start_server(cls):
        settings = {"kubernetes.enabled": True, "kubernetes.kubeconfig": str(cls.account),
                    "kubernetes.namespaces": ["shop", "bank"], "access.enabled": True,
                    "access_review.enabled": True, "access_review.user_prefix": PREFIX,
                    "access_review.groups_prefix": PREFIX, "access_review.grace": "3s",
                    "trusted_proxies": ["127.0.0.1"], "proxy_auth.user_header": "X-User",
                    "proxy_auth.groups_header": "X-Groups", "proxy_auth.max_age": "1h",
                    "grant": [{"signed_in": True, "logs": "*", "may": "read"},
                              {"anyone": True, "logs": "rollout/*", "may": "read"},
                              {"user": "root", "logs": "*", "may": "admin"}]}
        cls.server = Server(settings=settings)
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()
        port = cls.server.port
        cls.nobody = Api(port)
        cls.ann, cls.bob, cls.root = (
            As(port, {"X-User": user, "X-Groups": groups})
            for user, groups in (("ann", "dev"), ("bob", "ops,system:masters"), ("root", "")))

    async def asyncSetUp(self):
        """The cluster answers: another test may have taken it away for a while."""
        async def ask():
            return all([(await api.meta(f"rollout/{namespace}.web.1")).status in (200, 404)
                        for api in (self.ann, self.bob) for namespace in self.configs])
        await self.eventually(ask, "the cluster says who may see what")

    async def eventually(self, ask, what):
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (answer := await ask()):
                    await asyncio.sleep(0.05)
                return answer
        except TimeoutError as error:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}\n"
                                 f"{self.server.log_tail()}") from error

    async def listed(self, api):
        answer = await api.get(f"{BASE}?limit=1000")
        self.assertEqual(answer.status, 200, answer)
        return {f"{log['type']}/{log['id']}" for log in answer.json()["logs"]}

    async def until_seen(self, api, log):
        async def ask():
            return (await api.meta(log)).status == 200
        await self.eventually(ask, f"{log} is seen")

    async def status(self, api, path):
        """Of the head alone: a stream has no end."""
        async with await api.connect() as connection:
            await connection.send(request_bytes("GET", path, getattr(api, "headers", {})))
            return (await connection.head()).status

    async def stream(self, api, log):
        stream = await Stream.open(self.server.port, f"{BASE}/{log}/events?format=json",
                                   getattr(api, "headers", None))
        self.addCleanup(stream.abort)
        return stream

    async def end_of(self, stream):
        """Names of the events before the stream's end, but for its lines."""
        names = [event.event for event in await stream.to_end(timeout=PATIENCE_SECONDS)]
        return [name for name in names if name not in ("message", "ping")]

    async def end_without_a_line(self, stream):
        """How the stream of one who may not see the log ends."""
        events = await stream.to_end(timeout=PATIENCE_SECONDS)
        self.assertIn([event.event for event in events], ([], ["expired"]))

    async def test_everybody_sees_what_the_cluster_says(self):
        """By every way of seeing a log."""
        shop, bank, plain = "rollout/shop.web.1", "rollout/bank.web.1", "test/plain"
        await self.until_seen(self.ann, shop)
        await self.until_seen(self.bob, bank)
        self.assertEqual((await self.root.create(plain)).status, 201)
        sees = {self.ann: {shop, plain}, self.bob: {bank, plain}, self.root: {plain},
                self.nobody: set()}
        routes = list(log_routes())
        self.assertGreaterEqual(len(routes), 5, routes)
        for api, logs in sees.items():
            self.assertEqual(await self.listed(api) & {shop, bank, plain}, logs)
            for log in (shop, bank, plain):
                kind, name = log.split("/")
                paths = [f"{BASE}/{log}{rest}{QUERIES.get(rest, '')}" for rest in routes]
                paths += [f"{PORTAL}{rest}?type={kind}&id={name}" for rest in ("/", "/initial")]
                refusal = 401 if api is self.nobody and log == plain else 404
                if api is self.nobody and log != plain:
                    refusal = 401
                for path in paths:
                    self.assertEqual(await self.status(api, path),
                                     200 if log in logs else refusal, (path, log))
        used, refused, rules = self.reviews()
        self.assertEqual(refused, [])
        self.assertEqual(used, rules)

    def reviews(self):
        """What the account did in the API group, what was refused of it, and what it may."""
        used, refused = set(), []
        for line in self.audit.read_text().splitlines():
            event = json.loads(line)
            code = event.get("responseStatus", {}).get("code", 0)
            if event["user"]["username"] != ACCOUNT or not code:
                continue
            what = event.get("objectRef", {})
            if code in (401, 403):
                refused.append(event["requestURI"])
            elif what.get("apiGroup") == "authorization.k8s.io":
                used.add((what["resource"], event["verb"]))
        role = json.loads(self.kubectl("shop", "get", "clusterrole", "tailrace-access-review",
                                       "-o", "json"))
        rules = {(resource, verb) for rule in role["rules"] for resource in rule["resources"]
                 for verb in rule["verbs"]}
        return used, refused, rules

    async def test_a_link_gives_no_more_than_its_holder_has(self):
        log = "rollout/shop.web.1"
        await self.until_seen(self.ann, log)
        answer = await self.root.request("POST", f"{BASE}/{log}/links", {"Content-Type":
                                         "application/json"}, b"{}")
        self.assertIn(answer.status, (200, 201), answer)
        link = "link=" + answer.json()["link"]
        self.assertEqual((await self.nobody.get(f"{BASE}/{log}/raw?{link}")).status, 404)

    async def test_the_live_list(self):
        streams = {}
        for name, api in (("ann", self.ann), ("bob", self.bob)):
            streams[name] = await Stream.open(self.server.port, f"{BASE}/events", api.headers)
            self.addCleanup(streams[name].abort)
        for namespace in self.configs:
            await asyncio.to_thread(self.apply, namespace, deployment("listed"))
        # The last one is for all, and so the end of what is looked at.
        await self.until_seen(self.ann, "rollout/shop.listed.1")
        await self.until_seen(self.bob, "rollout/bank.listed.1")
        self.assertEqual((await self.root.create("test/listed")).status, 201)
        for name, own in (("ann", "shop.listed.1"), ("bob", "bank.listed.1")):
            told = []
            while "listed" not in told:
                event = await streams[name].next(timeout=PATIENCE_SECONDS)
                if event.event == "created":
                    told.append(event.json()["id"])
            self.assertEqual([log for log in told if "listed" in log], [own, "listed"], name)

    async def test_who_waits_for_a_log_sees_it_only_if_he_may(self):
        """A stream that was there before its log is asked about when the log comes."""
        log = "rollout/shop.awaited.1"
        ann, bob = [await self.stream(api, log) for api in (self.ann, self.bob)]
        await asyncio.to_thread(self.apply, "shop", deployment("awaited"))
        await self.end_without_a_line(bob)
        # She is told to come back unless the answer about her is known.
        while (event := await ann.next(timeout=PATIENCE_SECONDS)) is None:
            ann = await self.stream(self.ann, log)
        self.assertIn("deployment awaited in shop", event.json()["text"])
        self.assertEqual(await self.status(self.bob, f"{BASE}/{log}/events"), 404)

    async def test_a_right_that_is_taken_away(self):
        """Ends the streams that run, and the log is as one that there is not."""
        log = "rollout/shop.web.1"
        eve = As(self.server.port, {"X-User": "eve", "X-Groups": ""})
        self.assertEqual((await eve.meta(log)).status, 404)
        await asyncio.to_thread(self.bind, "shop", "eve", f"--user={PREFIX}eve")
        await self.until_seen(eve, log)
        stream = await self.stream(eve, log)
        other = await self.stream(self.ann, log)
        await stream.next()
        await asyncio.to_thread(self.kubectl, "shop", "delete", "rolebinding", "eve")
        self.assertEqual(await self.end_of(stream), ["expired"])
        self.assertEqual((await eve.meta(log)).status, 404)
        self.assertNotIn(log, await self.listed(eve))
        self.assertEqual((await other.next()).event, "message", "that of another goes on")

    async def test_the_api_server_is_away(self):
        """What was allowed is seen for the grace and then no more, until it is back."""
        log = "rollout/bank.web.1"
        await self.until_seen(self.bob, log)
        stream = await self.stream(self.bob, log)
        await stream.next()
        await asyncio.to_thread(self.cluster.part, "kill", "apiserver")
        try:
            self.assertEqual(await self.end_of(stream), [], "not expired: it is told to come back")
            self.assertEqual((await self.bob.meta(log)).status, 503)
            self.assertEqual((await self.ann.meta(log)).status, 503)
            self.assertEqual(await self.listed(self.bob) & {log}, set())
            self.assertEqual((await self.root.create("test/away")).status // 100, 2)
            self.assertIn("test/away", await self.listed(self.bob))
            refused = await self.stream(self.bob, log)
            self.assertEqual(await self.end_of(refused), [])
        finally:
            await asyncio.to_thread(self.cluster.part, "start", "apiserver")
        await self.until_seen(self.bob, log)
        self.assertIn(log, await self.listed(self.bob))
        metrics = (await self.root.get("/metrics")).body.decode()
        self.assertRegex(metrics, r'access_review_answers_total\{answer="failed"\} [1-9]')
