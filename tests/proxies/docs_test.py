"""docs/proxies.md shows the files that the other tests here use."""

import re
import unittest

from support.front import DOCS


class DocsTest(unittest.TestCase):
    def test_every_file_is_shown_as_it_is(self):
        page = (DOCS.parent / "proxies.md").read_text(encoding="utf-8")
        shown = dict(re.findall(r"\[`([\w.-]+)`\]\(proxies/\1\):\n```\w*\n(.*?)```\n", page, re.S))
        files = {path.name: path.read_text(encoding="utf-8") for path in DOCS.iterdir()}
        self.assertEqual(sorted(shown), sorted(files))
        for name, text in files.items():
            self.assertEqual(shown[name], text, name)
