"""Where the bench is: its modules, and the programs beside the one under test."""

import os
import pathlib
import sys
import unittest

from support.server import binary_path

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(binary_path()).parent
LOAD = BUILD / "tailrace-load"

os.environ["TAILRACE_BENCH_BUILD"] = str(BUILD)
sys.path.insert(0, str(ROOT / "bench"))


class BenchCase(unittest.TestCase):
    maxDiff = None
