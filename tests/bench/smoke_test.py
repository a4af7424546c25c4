"""One tiny round of a scenario that needs no rival."""

import json
import subprocess
import sys

from bench_case import BUILD, ROOT, BenchCase


def bench(*arguments):
    return subprocess.run([sys.executable, ROOT / "bench" / "run.py", *arguments], text=True,
                          capture_output=True, timeout=240, check=False)


class SmokeTest(BenchCase):
    def test_round_gives_table_and_files(self):
        done = bench("neighbour", "--quick")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| neighbour-p99 ", done.stdout)
        result = json.loads((BUILD / "results.json").read_text(encoding="utf-8"))
        self.assertTrue(result["figures"])
        for figure in result["figures"]:
            self.assertIn(figure["verdict"], ("reached", "missed", "no goal"))
        self.assertEqual(result["failed"], [])
        self.assertTrue(result["machine"] and result["commit"] and result["time"])

    def test_unknown_name_is_told(self):
        done = bench("nonsense")
        self.assertEqual(done.returncode, 2)
        self.assertIn("fan-out", done.stderr)
