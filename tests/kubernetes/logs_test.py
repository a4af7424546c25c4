"""What containers print is in the rollout's log: each line once and in order, whatever happens."""

import asyncio
import os
import re
import unittest

from follow_compare import compare
from rollout_case import RolloutCase, manifest
from support.server import binary_path, prepare_child

# Prints what it is told to by a command, says so, and waits.
WAIT = "; echo all is printed; trap 'echo stopping; exit 0' TERM; sleep 3600 & wait"
# Lines that are cut into parts: at their ends, in the middle of characters, beside what looks like
# a time stamp; the last one has no newline.
LONG_LINES = r"""
import sys
out = sys.stdout.buffer
for size in (16383, 16384, 16385, 40000, 2 * 16384, 100000):
    out.write(b'x' * size + b'\n')
for before in (16382, 16383, 2 * 16384 - 1):
    out.write(b'y' * before + '世界 ✓'.encode() + b'\n')
out.write(b'z' * 16380 + b'2026-11-23T04:22:50.291539518Z inside\n')
out.write(b'2026-11-23T04:22:50.291539518Z first\n\r\n\n')
out.write(b'm' * 3000000 + b'\n')
out.write(b'no newline' + b'e' * 20000)
"""


class FollowTest(RolloutCase):
    """Each scenario holds its rollout open by a probe until what it is about has happened."""

    flags = {"KUBELET_FLAGS": "--max-restart-backoff=1s --log-size=512Ki"}

    @classmethod
    def setUpClass(cls):
        if "TAILRACE_LONG_TESTS" not in os.environ:
            raise unittest.SkipTest("minutes long; `scripts/test --kubernetes` runs it")
        super().setUpClass()

    async def finish(self, on, whole=True, outcome="succeeded"):
        """Lets the rollout succeed; its entries."""
        on.gate("go").touch()
        meta, entries = await on.ended(on.log(1))
        self.assertEqual(meta["outcome"], outcome, meta)
        on.check_told_once(entries)
        return entries, compare(self, self.cluster, on.namespace, entries, whole)

    def gaps(self, entries):
        return [entry["text"] for entry in entries if "lost" in entry]

    async def printed(self, on, count=1, lines=0):
        """So many containers have said that they have printed all, at least so many lines."""
        async def ask():
            meta = await on.api.meta(on.log(1))
            if meta.status != 200 or meta.json()["position"] < lines:
                return False
            texts = [entry["text"] for entry in await on.api.entries(on.log(1))]
            return sum(text == "all is printed" for text in texts) >= count
        await on.eventually(ask, f"{on.namespace}: {count} have printed all")

    async def rotation(self, on):
        """30,000 lines through several files."""
        script = ("i=0; while [ $i -lt 30 ]; do i=$((i+1)); "
                  "seq -f \"$i %06.0f and some more text\" 1000; sleep 0.3; done" + WAIT)
        await on.apply(manifest("web", command=script, ready=on.gated("go")))
        await self.printed(on, lines=30_001)
        entries, (lines, _) = await self.finish(on)
        self.assertEqual(lines, 30_001)
        self.assertEqual(self.gaps(entries), [])

    async def long_lines(self, on):
        container = {"name": "long", "image": "shop/web:1",
                     "command": ["python3", "-c", LONG_LINES]}
        web = manifest("web", command="sleep 2; echo all is printed; sleep 3600",
                       ready=on.gated("go"))
        web["spec"]["template"]["spec"]["initContainers"] = [container]
        await on.apply(web)
        await self.printed(on)
        entries, (lines, lives) = await self.finish(on)
        self.assertEqual((lines, lives), (16, 2))
        self.assertEqual(self.gaps(entries), [])
        pieces = [entry for entry in entries if entry.get("partial")]
        self.assertEqual(len(pieces), 2)  # of the one beyond an entry's limit

    async def crash_loop(self, on):
        """Lives that end quickly: every one's lines, each exit behind its own."""
        script = ("n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n >n; "
                  "for i in $(seq 20); do echo life $n line $i; done; "
                  "[ $n -gt 5 ] || exit 3" + WAIT)
        await on.apply(manifest("web", command=script, ready=on.gated("go")))
        await self.printed(on)
        entries, _ = await self.finish(on)
        (_, lines), = on.lines(entries).items()
        self.assertEqual(lines, [f"life {n} line {i}" for n in range(1, 7) for i in range(1, 21)]
                         + ["all is printed"])
        self.assertEqual(self.gaps(entries), [], "\n".join(
            f"{entry['time']} {entry.get('source')} {entry['text']}" for entry in entries))
        exits = [text for text in on.notes(entries) if "exited with code 3 (Error)" in text]
        self.assertEqual(len(exits), 5)

    async def deleted_under_follow(self, on):
        """What a pod prints after SIGTERM is there, and no words of the kubelet's."""
        script = ("trap 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $HOSTNAME last $i; done; "
                  "exit 0' TERM; echo $HOSTNAME first; sleep 3600 & wait")
        await on.apply(manifest("web", command=script, replicas=3, ready=on.gated("go")))
        first = [await on.entry(on.log(1), "-..... first$")]
        old = (await on.kubectl("get", "pods", "-o", "name")).split()
        await on.eventually(lambda: self.all_said(on, old, "first"), "all pods print")
        await on.kubectl("delete", *old, "--wait=false")
        names = [name.partition("/")[2] for name in old]
        await on.eventually(lambda: self.all_said(on, old, "last 200"), "all last lines")
        entries, _ = await self.finish(on)
        lines = on.lines(entries)
        self.assertIn(first[0]["source"].partition("/")[0], names)
        for name in names:
            self.assertEqual(lines[f"{name}/app"], [f"{name} first"] + [
                f"{name} last {n}" for n in range(1, 201)])
        self.assertFalse([texts for texts in lines.values() if "rpc error" in str(texts)])
        self.assertEqual(self.gaps(entries), [])

    async def all_said(self, on, pods, what):
        texts = {entry["text"] for entry in await on.api.entries(on.log(1))}
        return all(f"{pod.partition('/')[2]} {what}" in texts for pod in pods)

    async def two_streams(self, on):
        """Both outputs, a quiet container beside a loud one, bytes that are no text."""
        loud = {"name": "loud", "image": "shop/web:1", "command": ["python3", "-c", (
            "import sys, time\nfor n in range(3000):\n"
            "  print('line', n, file=(sys.stdout, sys.stderr)[n % 2], flush=True)\n"
            "sys.stdout.buffer.write(b'\\xff\\x00\\r\\x1b[1m\\n'); sys.stdout.flush(); "
            "time.sleep(3600)")]}
        web = manifest("web", command="sleep 1; echo quiet" + WAIT, ready=on.gated("go"))
        web["spec"]["template"]["spec"]["containers"].append(loud)
        await on.apply(web)
        await self.printed(on)
        await on.entry(on.log(1), "\\[1m$")
        entries, (lines, lives) = await self.finish(on)
        self.assertEqual((lines, lives), (3003, 2))
        self.assertEqual(self.gaps(entries), [])

    async def verb(self, on, *words):
        return await asyncio.create_subprocess_exec(
            binary_path(), "rollout", *words, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "KUBECONFIG": str(on.config),
                 "TAILRACE_URL": f"http://127.0.0.1:{self.server.port}"},
            preexec_fn=lambda: prepare_child({}))

    async def from_the_command_line(self, on):
        """`tailrace rollout`: waits for the rollout, shows it and exits with its verdict."""
        waiting = await self.verb(on, "deploy/web", "--wait")
        await on.apply(manifest("web", ready=on.gated("go")))
        said = b""
        while not re.search(rb"^(web-\S+)/app \1 line 1$", said, re.M):
            line = await asyncio.wait_for(waiting.stdout.readline(), 60)
            self.assertTrue(line, "the verb has ended")
            said += line
        self.assertIsNone(waiting.returncode)
        on.gate("go").touch()
        rest, _ = await waiting.communicate()
        self.assertEqual(waiting.returncode, 0)
        # Once it is over, its log is shown; in the namespace of the context, or the given one.
        again = await self.verb(on, "deployment/web", "-n", on.namespace)
        whole, _ = await again.communicate()
        self.assertEqual((again.returncode, whole), (0, said + rest))
        none = await self.verb(on, "statefulset/web")
        _, why = await none.communicate()
        self.assertEqual(none.returncode, 66)
        self.assertIn(b"no rollout of statefulset/web in namespace " + on.namespace.encode(), why)

    async def test_what_containers_print(self):
        await self.at_once(self.rotation, self.long_lines, self.crash_loop,
                           self.deleted_under_follow, self.two_streams,
                           self.from_the_command_line)

    async def cut(self, on, break_it):
        """Lines come all the while; `break_it` is done twice; afterwards nothing is missing."""
        script = ("i=0; while [ ! -e $TESTBED_SHARED/%s-stop ]; do i=$((i+1)); "
                  "echo $HOSTNAME line $i; sleep 0.02; done" % on.namespace + WAIT)
        await on.apply(manifest("web", command=script, replicas=3, ready=on.gated("go")))
        await on.entry(on.log(1), " line 50$")
        for _ in range(2):
            break_it()  # On this thread: what it starts ends with the thread.
            await asyncio.sleep(2)  # Lines come; how many does not matter.
        on.gate("stop").touch()
        await self.printed(on, 3)
        entries, (lines, lives) = await self.finish(on)
        self.assertEqual(lives, 3)
        self.assertGreater(lines, 300)
        self.assertEqual(self.gaps(entries), [])
        for source, texts in on.lines(entries).items():
            numbers = [int(re.search(r"line (\d+)$", text)[1]) for text in texts[:-1]]
            self.assertEqual(numbers, list(range(1, len(texts))), source)

    async def test_the_api_server_is_killed(self):
        def break_it():
            self.cluster.part("kill", "apiserver")
            self.cluster.part("start", "apiserver")
        await self.at_once(self.api_server_killed_by(break_it))

    def api_server_killed_by(self, break_it):
        async def api_server_killed(on):
            await self.cut(on, break_it)
        return api_server_killed

    async def test_tailrace_is_killed(self):
        def break_it():
            self.server.kill()
            self.server.start()
        async def tailrace_killed(on):
            await self.cut(on, break_it)
        await self.at_once(tailrace_killed)

    async def test_a_burst(self):
        """50 MB from 20 pods at once."""
        async def burst(on):
            script = ("until [ -e $TESTBED_SHARED/%s-burst ]; do sleep 0.1; done; "
                      "seq -f \"$HOSTNAME %%07.0f of a burst of lines that come all at once\" 35000"
                      % on.namespace + WAIT)
            await on.apply(manifest("web", command=script, replicas=20, ready=on.gated("go")))
            async def started():
                answer = await on.api.page(on.log(1))
                return answer.status == 200 and sum(
                    text.endswith(" started") for text in on.notes(
                        await on.api.entries(on.log(1)))) >= 20
            await on.eventually(started, "20 containers start")
            on.gate("burst").touch()
            await self.printed(on, 20, 20 * 35_001)
            entries, (lines, lives) = await self.finish(on)
            self.assertEqual((lines, lives), (20 * 35_001, 20))
            self.assertEqual(self.gaps(entries), [])
        await self.at_once(burst)
