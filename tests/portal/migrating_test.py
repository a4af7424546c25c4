"""docs/migrating.md: what it shows is in examples/portal, word for word, and its commands do what
it says, one after the other, from the portal's own views to Tailrace and back."""

import json
import os
import pathlib
import re
import subprocess
import time
import unittest

import requests

from portal_case import Log
from support.portal import Portal
from support.server import binary_path, prepare_child, wait_until_ready

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "migrating.md"
# A link to a file of the example, and the first block behind it.
SHOWN = re.compile(r"\]\(\.\./(examples/portal/[\w./]+\.(?:conf|toml|py|ini))\)"
                   r"(?:(?!\]\(\.\./examples/portal/|^```).)*?"
                   r"^```(?:nginx|toml|python|ini)\n(.*?)^```$", re.M | re.S)
PATIENCE_SECONDS = 60
# nginx of the portal under test, by the name that the document has for it.
NGINX = """nginx() {{ PATH="$PATH:/usr/sbin" command nginx -p {folder} -c {folder}/nginx.conf \\
  -e {folder}/error.log "$@"; }}
"""


class MigratingTest(unittest.TestCase):
    def test_blocks_are_parts_of_the_files(self):
        text = DOCUMENT.read_text(encoding="utf-8")
        shown = SHOWN.findall(text)
        for name, block in shown:
            with self.subTest(name):
                self.assertIn(block, (ROOT / name).read_text(encoding="utf-8"))
        blocks = re.findall(r"^```(?:nginx|toml|python|ini)$", text, re.M)
        self.assertEqual(len(shown), len(blocks), "a block without a file")
        self.assertGreater(len(blocks), 3)


class WalkTest(unittest.TestCase):
    """Each sh block of the document, in its order, with other ports and a cookie."""

    def setUp(self):
        self.portal = Portal()
        self.addCleanup(self.portal.stop)
        self.portal.start()
        self.folder = self.portal.folder / "walk"
        (self.folder / "bin").mkdir(parents=True)
        (self.folder / "bin" / "tailrace").symlink_to(pathlib.Path(binary_path()).resolve())
        self.cookie = self.log_in()
        self.text = DOCUMENT.read_text(encoding="utf-8")
        self.blocks = iter(re.findall(r"^```sh\n(.*?)^```$", self.text, re.M | re.S))
        for number in (4711, 4712):
            log = Log(self.portal, "deploy", number, [])
            self.addCleanup(log.finish_off)
            log.write("one", "two")
            log.end()

    def log_in(self):
        with requests.Session() as session:
            url = f"{self.portal.url}/login/"
            page = session.get(url, timeout=PATIENCE_SECONDS).text
            token = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
            session.post(url, {"csrfmiddlewaretoken": token, "username": self.portal.user,
                               "password": self.portal.password},
                         headers={"Origin": self.portal.url}, timeout=PATIENCE_SECONDS)
            return session.cookies["sessionid"]

    def next_block(self):
        text = self.portal.ports.render(next(self.blocks))
        return (NGINX.format(folder=self.portal.front.folder)
                + text.replace("sessionid=…", f"sessionid={self.cookie}"))

    def bash(self, script, start=subprocess.run, **more):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("TAILRACE_")}
        environment["PATH"] = f"{self.folder}/bin:{environment['PATH']}"
        return start(["bash", "-ec", script], cwd=self.folder, env=environment,
                     preexec_fn=lambda: prepare_child({}), **more)

    def run_block(self, block):
        done = self.bash(block, capture_output=True, text=True, check=False,
                         timeout=PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, f"{block}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def reload_until(self, files, wanted):
        """nginx takes over its files when it has read them, some time after the command."""
        self.portal.front.sse = files
        self.portal.front.write_files()
        block = self.next_block()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not wanted(shown := self.run_block(block)):
            self.assertLess(time.monotonic(), deadline, shown)

    def serve(self):
        toml = self.portal.ports.render(re.search(r"^```toml\n(.*?)^```$", self.text,
                                                  re.M | re.S)[1])
        toml = re.sub("(?m)^uri = .*$", f'uri = "{self.portal.mongodb.uri}"', toml)
        toml = toml.replace('"popop"', f'"{self.portal.database}"')
        (self.folder / "tailrace.toml").write_text(toml, encoding="utf-8")
        said = self.folder / "serve.log"
        with open(said, "wb") as log:
            process = self.bash(self.next_block().replace("tailrace serve", "exec tailrace serve"),
                                subprocess.Popen, stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        try:
            wait_until_ready(self.portal.ports["tailrace"])
        except RuntimeError as error:
            raise AssertionError(said.read_text(encoding="utf-8")) from error

    def test_from_the_own_views_to_tailrace_and_back(self):
        self.assertIn("cmake --preset release", next(self.blocks))  # is how this one was built
        self.assertEqual(self.run_block(self.next_block()).split(), ["401", "200", "anna"])
        self.serve()
        initial, _, stream = self.run_block(self.next_block()).partition("}")
        self.assertEqual(json.loads(initial + "}"), {"log": "one\ntwo", "num": 2, "done": True})
        self.assertEqual(re.findall("(?m)^data: (.*)$", stream), ["one", "two", "[DONE]"])
        self.assertEqual(stream.count("id: "), 3)
        self.reload_until("sse_one_log.conf", lambda shown: shown.count("id: ") in (1, 2))
        self.reload_until("sse_tailrace.conf", lambda shown: "id: " in shown)
        self.reload_until("sse_own.conf", lambda shown: "id: " not in shown and "one" in shown)
        self.assertIsNone(next(self.blocks, None), "a block that nobody tries")


if __name__ == "__main__":
    unittest.main()
