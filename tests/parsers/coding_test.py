"""Node over a proxy that cuts: a compressed stream, joined in the middle, loses nothing."""

import asyncio
import json
import pathlib
import shutil
import unittest

from support.api import BASE, new_log
from support.case import ServerCase, seeded_rng
from support.proxy import CuttingProxy

FOLDER = pathlib.Path(__file__).resolve().parent
LINES = [f"{n} the quick brown fox jumps over the lazy dog" for n in range(2000)]


class ReconnectTest(ServerCase):
    settings = {"streams.retry_min": "100ms", "streams.retry_max": "200ms"}

    async def test_eventsource_over_fetch(self):
        node = shutil.which("node")
        if not (node and (FOLDER / "node_modules").is_dir()):
            self.skipTest("npm ci was not run in tests/parsers (scripts/deps test does)")
        rng = seeded_rng("eventsource")
        proxy = await CuttingProxy(self.server.port, rng,
                                   lambda: (1 << 20, rng.randrange(2_000, 20_000))).start()
        log = new_log()
        await self.api.append(log, "\n".join(LINES) + "\n")
        start = rng.randrange(1000)
        process = await asyncio.create_subprocess_exec(
            node, str(FOLDER / "reconnect.mjs"),
            f"http://127.0.0.1:{proxy.port}{BASE}/{log}/events?from={start}", cwd=FOLDER,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        expected = list(LINES)
        for _ in range(20):
            burst = [f"{len(expected) + n} {rng.getrandbits(256):x}"
                     for n in range(rng.choice((1, 5, 100)))]
            await self.api.append(log, "\n".join(burst) + "\n")
            expected += burst
        await self.api.end(log)
        async with asyncio.timeout(120):
            out, err = await process.communicate()
        self.assertEqual(process.returncode, 0, err.decode()[-2000:])
        seen = [json.loads(line) for line in out.decode().splitlines()]
        self.assertEqual([text for text, _ in seen], expected[start:])
        self.assertEqual([int(last_id.split(".")[1]) for _, last_id in seen],
                         list(range(start + 1, len(expected) + 1)))
        self.assertGreater(proxy.cuts, 0)
        await proxy.stop()
        self.assertGreater(await self.sent_compressed(), 0, "fetch asks for gzip")

    async def sent_compressed(self):
        text = (await self.api.get("/metrics")).text()
        prefix = 'tailrace_stream_bytes_total{coding="gzip"} '
        return next(float(line.removeprefix(prefix)) for line in text.splitlines()
                    if line.startswith(prefix))


if __name__ == "__main__":
    unittest.main()
