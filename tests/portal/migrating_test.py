"""docs/migrating.md shows what is in examples/portal, word for word."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "migrating.md"
# A link to a file of the example, and the first block behind it.
SHOWN = re.compile(r"\]\(\.\./(examples/portal/[\w./]+\.(?:conf|toml|py|ini))\)"
                   r"(?:(?!\]\(\.\./examples/portal/|^```).)*?"
                   r"^```(?:nginx|toml|python|ini)\n(.*?)^```$", re.M | re.S)


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


if __name__ == "__main__":
    unittest.main()
