"""Exactness under fire as a test: a minute, or what TAILRACE_FIRE_SECONDS says."""

import os
import unittest

from exactness.fire import fight_and_check


class FireTest(unittest.TestCase):
    def test_nothing_is_lost_doubled_or_invented(self):
        seconds = float(os.environ.get("TAILRACE_FIRE_SECONDS", "60"))
        self.assertEqual(fight_and_check(seconds), [])


if __name__ == "__main__":
    unittest.main()
