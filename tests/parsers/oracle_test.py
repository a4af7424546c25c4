"""Foreign parsers as oracles: hostile text goes in, clients that we did not write give it back.

Each class is one client. What it must tell is api.md's rule (CR and CRLF as LF, NUL as U+2400,
ill-formed UTF-8 as U+FFFD, as Python's errors="replace" does); where a client itself departs from
WHATWG HTML 9.2.6, its class says exactly how in `as_client`. Left out, since what they lose can't
be told: parse-sse (events with empty data), @server-sent-stream/parser and aiosseclient (text
around U+2028), aiohttp-sse-client2 (lines beyond 128 KiB).
"""

import asyncio
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

from hostile import hostile_texts, is_text_line, is_utf8
from support.api import BASE, NDJSON, Api, new_log
from support.case import seeded_rng
from support.server import Server
from support.sse import SseParser, sse_text

FOLDER = pathlib.Path(__file__).resolve().parent
TEXTS = 400


def in_runs(texts, rng):
    """Cuts the texts, in order, into runs that one body can carry: (is text/plain, texts)."""
    runs = []
    for text in texts:
        plain = is_text_line(text)
        if runs and runs[-1][0] == plain and rng.random() < 0.95:
            runs[-1][1].append(text)
        else:
            runs.append((plain, [text]))
    return runs


async def fill(api, log, texts, rng):
    """Appends all texts and ends the log."""
    for plain, run in in_runs(texts, rng):
        if plain:
            answer = await api.append(log, b"\n".join(run) + b"\n")
        else:
            body = "".join(json.dumps({"text": text.decode("utf-8")},
                                      ensure_ascii=rng.random() < 0.5) + "\n" for text in run)
            answer = await api.append(log, body, NDJSON)
        if answer.status != 200:
            raise AssertionError(f"append of {run[:3]!r}: {answer!r}")
    await api.end(log, "failed", exit_code=1, reason="a\r\nb")


class OracleCase(unittest.TestCase):
    client = ""
    form = "text"

    @classmethod
    def setUpClass(cls):
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.stop)

    def command(self, url):
        """What runs the client; it prints [event, data, id] a line."""
        node = shutil.which("node")
        if not (node and (FOLDER / "node_modules").is_dir()):
            self.skipTest("npm ci was not run in tests/parsers (scripts/deps test does)")
        return [node, str(FOLDER / "clients.mjs"), self.client, url]

    def told(self, url):
        done = subprocess.run(self.command(url), capture_output=True, timeout=120, check=False,
                              cwd=FOLDER)
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
        return [json.loads(line) for line in done.stdout.decode("utf-8").split("\n")[:-1]]

    def as_client(self, text):
        """What the client makes of a text that a faithful one would tell as `text`."""
        return text

    def check(self, texts, rng):
        api = Api(self.server.port)
        log = new_log("hostile")
        asyncio.run(fill(api, log, texts, rng))
        incarnation = asyncio.run(api.meta(log)).json()["incarnation"]
        url = f"http://127.0.0.1:{self.server.port}{BASE}/{log}/events?format={self.form}"
        events = self.told(url)
        for index, text in enumerate(texts):
            wanted = ["message", self.as_client(self.shown(index, text)),
                      f"{incarnation}.{index + 1}"]
            self.assertLess(index, len(events), "events are missing")
            got = self.normal(events[index])
            if got != wanted:
                self.fail(f"entry {index}, {text[:120]!r}: told {str(got)[:300]}, "
                          f"wanted {str(wanted)[:300]}")
        self.assertEqual(len(events), len(texts) + 1)
        kind, data, last_id = events[-1]
        self.assertEqual((kind, last_id), ("end", f"{incarnation}.{len(texts)}.end"))
        self.assertEqual(json.loads(data), {"outcome": "failed", "exit_code": 1,
                                            "reason": "a\r\nb", "position": len(texts)})

    def shown(self, _index, text):
        return sse_text(text)

    def normal(self, event):
        return event

    def hostile(self, rng):
        """Texts that one of the two media types can carry."""
        return [text for text in hostile_texts(rng, TEXTS) if is_text_line(text) or is_utf8(text)]

    def run_hostile(self):
        rng = seeded_rng(type(self).__name__)
        self.check(self.hostile(rng), rng)


class EventsourceTest(OracleCase):
    client = "eventsource"

    def test_hostile_text(self):
        self.run_hostile()


class EventsourceParserTest(OracleCase):
    client = "eventsource-parser"

    def test_hostile_text(self):
        self.run_hostile()


class UndiciTest(OracleCase):
    client = "undici"

    def test_hostile_text(self):
        self.run_hostile()


class LaunchDarklyTest(OracleCase):
    client = "launchdarkly-eventsource"

    def test_hostile_text(self):
        self.run_hostile()


class LeadingLinesCase(OracleCase):
    """Departs from the rules: a BOM at the start of a `data:` line is dropped (each line is decoded
    by itself), and empty lines before the first one that is not are lost.
    """

    def as_client(self, text):
        lines = [line.removeprefix("\ufeff") for line in text.split("\n")]
        return "\n".join(lines).lstrip("\n")


class MicrosoftTest(LeadingLinesCase):
    client = "@microsoft/fetch-event-source"

    def test_hostile_text(self):
        self.run_hostile()


class AzureTest(LeadingLinesCase):
    client = "@azure/core-sse"

    def test_hostile_text(self):
        self.run_hostile()


class EventStreamParserTest(OracleCase):
    client = "event-stream-parser"

    def test_hostile_text(self):
        self.run_hostile()


class PythonCase(OracleCase):
    module = ""

    def command(self, url):
        probe = subprocess.run([sys.executable, "-c", f"import {self.module}"], check=False,
                               capture_output=True)
        if probe.returncode != 0:
            self.skipTest(f"{self.module} is not installed (scripts/deps test does it)")
        return [sys.executable, str(FOLDER / "clients.py"), self.client, url]


class HttpxSseTest(PythonCase):
    client = "httpx-sse"
    module = "httpx_sse"

    def test_hostile_text(self):
        self.run_hostile()


class SseclientPyTest(PythonCase):
    client = "sseclient-py"
    module = "sseclient"

    def test_hostile_text(self):
        self.run_hostile()


class RequestsSseTest(PythonCase):
    """Departs from the rules: strips all blanks behind the colon, not one alone, and all line feeds
    at the end of the data, not the last one alone."""

    client = "requests-sse"
    module = "requests_sse"

    def as_client(self, text):
        return "\n".join(line.lstrip(" ") for line in text.split("\n")).rstrip("\n")

    def test_hostile_text(self):
        self.run_hostile()


class CurlTest(OracleCase):
    """curl brings the raw bytes; the reading of the WHATWG rules is support/sse.py."""

    client = "curl"

    def told(self, url):
        done = subprocess.run(["curl", "-sS", "-N", "--max-time", "100", url], check=True,
                              capture_output=True)
        done.stdout.decode("utf-8")        # well-formed: nothing is left to repair
        self.assertNotIn(b"\0", done.stdout)
        self.assertNotIn(b"\r", done.stdout)
        parser = SseParser()
        return [[event.event, event.data, event.id] for event in parser.feed(done.stdout)]

    def test_hostile_text(self):
        self.run_hostile()

    def test_every_cut(self):
        """The same events, however the bytes come in."""
        whole = "id: a.1\ndata: é\u2028\ndata:  x\r\n\r\nevent: end\rdata: {}\r\r".encode()
        once = [(event.event, event.data) for event in SseParser().feed(whole)]
        parser = SseParser()
        single = [(event.event, event.data) for n in range(len(whole))
                  for event in parser.feed(whole[n:n + 1])]
        self.assertEqual(once, [("message", "é\u2028\n x"), ("end", "{}")])
        self.assertEqual(single, once)


class JsonFormatTest(CurlTest):
    """format=json keeps CR, LF and NUL; only ill-formed UTF-8 is replaced."""

    form = "json"

    def shown(self, index, text):
        return [index, text.decode("utf-8", "replace")]

    def normal(self, event):
        entry = json.loads(event[1])
        return [event[0], [entry["n"], entry["text"]], event[2]]

    test_every_cut = None


if __name__ == "__main__":
    unittest.main()
