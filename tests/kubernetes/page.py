"""A page in a headless browser that a test watches (page.mjs drives it)."""

import asyncio
import json
import os
import pathlib

from support.server import prepare_child

SCRIPT = pathlib.Path(__file__).with_name("page.mjs")
PATIENCE_SECONDS = 120
LINE_BYTES = 4 << 20


class Page:
    """`seen` are the (line, text) pairs of rows in the order in which they came into the page.

    TAILRACE_PICTURES names a folder for pictures; without it none are taken.
    """

    def __init__(self, process):
        self.process = process
        self.status = None
        self.seen = []
        self.last = {}

    @classmethod
    async def open(cls, url, **options):
        """`options`: link, browser (page.mjs). With a link it is the list at first."""
        if folder := os.environ.get("TAILRACE_PICTURES"):
            options["folder"] = folder
        words = ["node", str(SCRIPT), url, json.dumps(options)]
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES, preexec_fn=lambda: prepare_child({}))
        page = cls(process)
        await page.until(lambda: page.status or "list" in page.last, "the page is there")
        return page

    async def read(self):
        """Takes in one message; False at the end."""
        text = await self.process.stdout.readline()
        if not text:
            return False
        message = json.loads(text)
        if "line" in message:
            self.seen.append((message["line"], message["text"]))
        elif "status" in message:
            self.status = message["status"]
        else:
            self.last = message
        return True

    async def until(self, condition, what):
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not condition():
                    if not await self.read():
                        raise AssertionError(f"the browser ended before {what}")
        except TimeoutError as error:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}; the page says "
                                 f"{self.status!r}, {len(self.seen)} rows came") from error

    async def picture(self, name):
        self.process.stdin.write(f"{name}\n".encode())
        await self.until(lambda: self.last.get("picture") == name, f"picture {name}")

    async def close(self):
        """The (line, text) pairs that are in the document, and what the browser complained of."""
        self.process.stdin.close()
        await self.until(lambda: "rows" in self.last, "the page is closed")
        await self.process.wait()
        return [tuple(row) for row in self.last["rows"]], self.last["troubles"]

    async def finish_off(self):
        """Whatever state it is in. Chromium goes when its driver goes."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
