"""`tailrace rollout --direct`: a rollout straight to the terminal, as kubectl would judge it."""

import asyncio
import os
import re
import signal

from support.server import binary_path, prepare_child
from rollout_case import CHATTER, PATIENCE_SECONDS, RolloutCase, manifest

# What the container itself has printed; events of it have the same source.
LINE = re.compile(rb"^(web-\S+)/app (\1 line \d+|life)$")

SLOW_LINES = 20_000  # far more than a pipe takes


class DirectTest(RolloutCase):
    """A server follows the same cluster: what it has is what the verb has to show."""

    async def verb(self, on, *words, config=None):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("TAILRACE_")}
        process = await asyncio.create_subprocess_exec(
            binary_path(), "rollout", "--direct", *words, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**environment, "KUBECONFIG": str(config or on.config)},
            preexec_fn=lambda: prepare_child({}))
        self.addAsyncCleanup(self.ended, process)
        return process

    @staticmethod
    async def ended(process):
        if process.returncode is None:
            process.kill()
            await process.wait()

    async def result(self, process):
        out, why = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        return process.returncode, out, why.decode()

    async def until_said(self, process, pattern):
        """What was printed up to a line that matches."""
        said = b""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not re.search(pattern, said, re.M):
                line = await process.stdout.readline()
                self.assertTrue(line, said)
                said += line
        return said

    def printed(self, out):
        """Texts by source."""
        found = {}
        for line in out.splitlines():
            if match := LINE.match(line):
                found.setdefault(match[1].decode() + "/app", []).append(match[2].decode())
        return found

    async def success(self, on):
        waiting = await self.verb(on, "deploy/web", "--wait")
        await on.apply(manifest("web", command=CHATTER, replicas=2, ready=on.gated("go")))
        said = await self.until_said(waiting, rb"/app \S+ line 20$")
        self.assertIsNone(waiting.returncode)
        on.gate("go").touch()
        code, rest, why = await self.result(waiting)
        self.assertEqual((code, why), (0, ""))
        self.assertEqual((await on.kubectl_status())[0], 0)
        lines = self.printed(said + rest)
        self.assertEqual(len(lines), 2, list(lines))
        _, entries = await on.ended(on.log(1))
        for source, texts in on.check_counted(entries, pods=2).items():
            # They do not end at the same moment, but what they have is the same.
            both = min(len(texts), len(lines[source]))
            self.assertGreater(both, 10)
            self.assertEqual(lines[source][:both], texts[:both])
            self.assertEqual(lines[source], [f"{source.partition('/')[0]} line {n}"
                                             for n in range(1, len(lines[source]) + 1)])
        # It is over: kubectl's words, at once.
        code, out, why = await self.result(await self.verb(on, "deployment/web"))
        self.assertEqual((code, why), (0, ""))
        self.assertIn(b"successfully rolled out", out)

    async def a_deadline(self, on):
        await on.apply(manifest("web", ready="false", deadline=15))
        code, out, _ = await self.result(await self.verb(on, "deploy/web"))
        self.assertEqual(code, 1)
        self.assertIn(b"exceeded its progress deadline", out)
        status, _ = await on.kubectl_status()
        self.assertEqual(status, 1)

    async def a_crash_loop(self, on):
        await on.apply(manifest("web", command="echo life; sleep 1; exit 3", ready="false",
                                deadline=15))
        code, out, _ = await self.result(await self.verb(on, "deploy/web"))
        self.assertEqual(code, 1)
        self.assertIn(b"exited with code 3 (Error)", out)
        (_, lives), = self.printed(out).items()
        self.assertGreater(lives.count("life"), 1)

    async def interrupted(self, on):
        await on.apply(manifest("web", command=CHATTER, ready="false"))
        process = await self.verb(on, "deploy/web")
        await self.until_said(process, rb"/app \S+ line 5$")
        process.send_signal(signal.SIGINT)
        code, _, _ = await self.result(process)
        self.assertEqual(code, -signal.SIGINT)

    async def superseded(self, on):
        await on.apply(manifest("web", ready="false"))
        process = await self.verb(on, "deploy/web")
        await self.until_said(process, rb"/app \S+ line 1$")
        await on.kubectl("set", "image", "deployment/web", "app=shop/web:2")
        code, out, _ = await self.result(process)
        self.assertEqual(code, 130)
        self.assertIn(b"superseded by revision 2", out)

    async def not_there(self, on):
        code, out, why = await self.result(await self.verb(on, "statefulset/web"))
        self.assertEqual((code, out), (66, b""))
        self.assertIn(f"no StatefulSet web in namespace {on.namespace}", why)

    async def a_terminal_that_stops(self, on):
        """Nothing is read of its output until the rollout is long over."""
        process = await self.verb(on, "deploy/web", "--wait")
        script = (f"i=0; while [ $i -lt {SLOW_LINES} ]; do i=$((i+1)); echo $HOSTNAME line $i; "
                  f"done; touch {on.gate('printed')}; exec sleep 3600")
        await on.apply(manifest("web", command=script, ready=on.gated("printed")))
        _, entries = await on.ended(on.log(1))
        self.assertIsNone(process.returncode)
        code, out, why = await self.result(process)
        self.assertEqual((code, why), (0, ""))
        (source, lines), = self.printed(out).items()
        pod = source.partition("/")[0]
        self.assertEqual(lines, [f"{pod} line {n}" for n in range(1, SLOW_LINES + 1)])
        # All of them were printed before the verdict.
        stored = [entry["text"] for entry in entries if entry["text"].startswith(f"{pod} line ")]
        self.assertEqual(stored, lines)

    def other_config(self, on, name, *changes):
        text = on.config.read_text()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = self.cluster.folder / f"{on.namespace}-{name}"
        path.write_text(text)
        return path

    async def nobody_there(self, on):
        config = self.other_config(on, "away", (f":{self.cluster.port}", ":1"))
        code, out, why = await self.result(await self.verb(on, "deploy/web", config=config))
        self.assertEqual((code, out), (69, b""))
        self.assertIn("cluster testbed cannot be listed", why)

    async def not_allowed(self, on):
        """An account without any rights."""
        token = await on.kubectl("create", "token", "default")
        text = on.config.read_text()
        config = self.other_config(
            on, "stranger", (text[text.index("users:"):],
                             f"users: [{{name: me, user: {{token: {token.strip()}}}}}]\n"))
        code, out, why = await self.result(await self.verb(on, "deploy/web", config=config))
        self.assertEqual((code, out), (77, b""))
        self.assertIn('cannot get resource "deployments"', why)

    async def test_a_rollout_on_the_terminal(self):
        await self.at_once(self.success, self.a_deadline, self.a_crash_loop, self.interrupted,
                           self.superseded, self.not_there, self.a_terminal_that_stops,
                           self.nobody_there, self.not_allowed)
