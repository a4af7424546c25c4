"""Deployments of a real Kubernetes, watched in an event stream and a browser while they print."""

import asyncio
import os
import pathlib
import re
import signal
import sys

from page import PATIENCE_SECONDS, Page
from support.api import BASE, Api
from support.case import AsyncCase, seeded_rng
from support.proxy import CuttingProxy
from support.server import Server, binary_path, prepare_child
from testbed import ROOT, Cluster

LOG = "deploy/web"
QUICKSTART = ROOT / "docs" / "kubernetes-quickstart.md"
ROW_CHARACTERS = 16384  # web/src/lines/text-view.ts shows no more of a line unless asked
MANIFEST = pathlib.Path(__file__).with_name("web.yaml")
RESTARTS = "status.containerStatuses[0].restartCount"
# What the kubelet sometimes adds to the stream of a pod that is deleted; it has no newline.
FALSE_LAST_LINE = re.compile(r'rpc error: code = NotFound desc = .*not found$')


def quickstart():
    """What the document says to run: the commands of its blocks, each a shell script."""
    return re.findall(r"^```sh\n(.*?)^```$", QUICKSTART.read_text(encoding="utf-8"), re.M | re.S)


def shown(text):
    """An entry's text as its row has it at first."""
    if len(text) <= ROW_CHARACTERS:
        return text
    return f"{text[:ROW_CHARACTERS]}Show {len(text) - ROW_CHARACTERS:,} more characters"


class DeploymentTest(AsyncCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.cluster.add_command("tailrace", f'"{pathlib.Path(binary_path()).resolve()}"')

    async def asyncSetUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.server.start()
        self.api = Api(self.server.port)
        self.namespace = self.id().rpartition(".test_")[-1].replace("_", "-")
        self.config = self.cluster.namespace(self.namespace)
        self.page = await Page.open(f"http://127.0.0.1:{self.server.port}/logs/{LOG}")
        self.addAsyncCleanup(self.page.finish_off)
        self.stream = await self.api.stream(LOG)
        self.addCleanup(self.stream.abort)

    def kubectl(self, *words):
        return self.cluster.kubectl(self.config, *words)

    def of_pod(self, path):
        """A field of the only pod."""
        return self.kubectl("get", "pods", "-o", f"jsonpath={{.items[0].{path}}}").decode()

    async def shell(self, script):
        """Runs commands as a reader of the document does, in a process group of their own."""
        plain = {name: value for name, value in os.environ.items()
                 if not name.startswith("TAILRACE_")}
        environment = {**plain, "PATH": f"{self.cluster.commands}:{os.environ['PATH']}",
                       "KUBECONFIG": str(self.config),
                       "TAILRACE_URL": f"http://127.0.0.1:{self.server.port}",
                       "TAILRACE_SPOOL_DIR": str(self.server.folder / "spool")}
        process = await asyncio.create_subprocess_exec(
            "sh", "-e", "-c", script, env=environment, stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True, preexec_fn=lambda: prepare_child({}))
        self.addAsyncCleanup(self.finish_off, process)
        return process

    @staticmethod
    async def finish_off(process):
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def eventually(self, condition):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await asyncio.to_thread(condition):
                await asyncio.sleep(0.1)

    async def check_ended(self, process, texts, code=0, outcome="succeeded"):
        """Page and store have these lines, each once and in order, and the outcome."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            self.assertEqual(await process.wait(), code)
        await self.page.until(lambda: self.page.status == outcome.title(), outcome)
        numbered = list(enumerate(map(shown, texts), 1))
        await self.page.until(lambda: len(self.page.seen) >= len(texts), "all rows came")
        self.assertEqual(self.page.seen, numbered)
        await self.page.picture(f"{self.namespace}-end")
        rows, troubles = await self.page.close()
        self.assertEqual((rows, troubles), (numbered, []))
        meta = (await self.api.meta(LOG)).json()
        self.assertEqual((meta["state"], meta["outcome"], meta["position"]),
                         ("ended", outcome, len(texts)))
        self.assertEqual(await self.api.texts(LOG), texts)

    def roll_out(self):
        self.kubectl("apply", "-f", str(MANIFEST))
        self.kubectl("rollout", "status", "deployment/web", "--timeout=60s")

    async def test_the_quickstart(self):
        """The document's commands as they stand there; the container ends by itself."""
        process = await self.shell(quickstart()[0])
        await self.page.until(lambda: self.page.seen, "a row")
        meta = (await self.api.meta(LOG)).json()
        self.assertEqual((meta["state"], self.page.status), ("open", "Live"))
        self.assertLess(meta["position"], 100)
        await self.page.until(lambda: len(self.page.seen) >= 20, "rows come")
        await self.page.picture(f"{self.namespace}-live")
        events = await self.stream.to_end(timeout=2 * PATIENCE_SECONDS)
        texts = [event.data for event in events if event.event == "message"]
        self.assertEqual(texts, [f"line {n}" for n in range(1, 101)])
        self.assertEqual([event.event for event in events[100:]], ["end"])
        await self.check_ended(process, texts)
        # Kubernetes has started the container again, and nobody follows that.
        await self.eventually(lambda: int(self.of_pod(RESTARTS)) > 0)
        raw = (await self.api.get(f"{BASE}/{LOG}/raw")).body
        self.assertEqual(raw, self.kubectl("logs", "deployment/web", "--previous"))

    async def test_each_line_at_once_until_deleted(self):
        """The next line is written only when the last one is in the stream and in the page."""
        self.roll_out()
        pod = self.of_pod("metadata.name")
        process = await self.shell(quickstart()[0].splitlines()[-1])
        texts = ["started", "one", "", "Grüße, 世界 \t ✓", "x" * 20_000] + [
            f"line {n}" for n in range(10)]
        with open(self.cluster.shared / f"{pod}.log", "a", encoding="utf-8") as output:
            for count, text in enumerate(texts):
                if count > 0:
                    print(text, file=output, flush=True)
                self.assertEqual((await self.stream.next()).data, text)
                await self.page.until(lambda: len(self.page.seen) > count, f"row {count + 1}")
                self.assertEqual(self.page.seen[-1], (count + 1, shown(text)))
        self.assertEqual(self.page.status, "Live")
        await self.page.picture(f"{self.namespace}-live")
        raw = (await self.api.get(f"{BASE}/{LOG}/raw")).body
        self.assertEqual(raw, "".join(f"{text}\n" for text in texts).encode())
        self.assertEqual(raw, self.kubectl("logs", "deployment/web"))

        printed = len(texts)
        self.kubectl("delete", "deployment", "web")
        rest = await self.stream.to_end(timeout=PATIENCE_SECONDS)
        self.assertEqual(rest.pop().event, "end")
        if len(rest) > 1 and FALSE_LAST_LINE.match(rest[-1].data):
            texts.append(rest.pop().data)
        self.assertEqual([event.data for event in rest], ["stopping"])
        texts.insert(printed, "stopping")
        await self.check_ended(process, texts)

    async def test_a_connection_that_is_cut(self):
        """Under exec, the document's other command, the log ends as kubectl does, and says why."""
        self.roll_out()
        proxy = CuttingProxy(self.cluster.port, seeded_rng("cut"), lambda: 2 * (sys.maxsize,))
        await proxy.start()
        self.addAsyncCleanup(proxy.stop)
        server = f"--server=https://127.0.0.1:{proxy.port}"
        self.kubectl("config", "set-cluster", "testbed", server)
        process = await self.shell(quickstart()[1])
        self.assertEqual((await self.stream.next()).data, "started")
        await self.page.until(lambda: self.page.seen, "a row")
        await proxy.stop()
        rest = await self.stream.to_end(timeout=PATIENCE_SECONDS)
        self.assertEqual(rest.pop().event, "end")
        said = [event.data for event in rest]
        self.assertRegex(said[-1], "^error: ")
        await self.check_ended(process, ["started", *said], code=1, outcome="failed")
