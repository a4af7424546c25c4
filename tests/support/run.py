"""Runs tests as `python3 -m unittest -v` does; in a build with sanitizers (cmake/Sanitizers.cmake)
it fails besides when any process below wrote a report, whoever read its stderr or killed it.

    python3 -m support.run module.Class …
"""

import os
import pathlib
import sys
import tempfile
import unittest

# Warnings would be of sockets that a test leaves to the end of its process.
HOW = {"module": None, "verbosity": 2, "warnings": "ignore"}
OPTIONS = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


def send_reports_to(folder):
    """The processes that start from now on write each report into a file of this folder."""
    for name in OPTIONS:
        given = os.environ.get(name)
        os.environ[name] = (given + ":" if given else "") + f"log_path={folder}/report"


def print_reports(folder):
    """How many files there are."""
    reports = sorted(pathlib.Path(folder).iterdir())
    for report in reports:
        print(f"\n{report.name} (behind the dot: the process)\n"
              + report.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
    return len(reports)


def main():
    if not os.environ.get("TAILRACE_SANITIZE"):
        unittest.main(**HOW)
    with tempfile.TemporaryDirectory(prefix="tailrace-reports-") as folder:
        send_reports_to(folder)
        passed = unittest.main(**HOW, exit=False).result.wasSuccessful()
        reports = print_reports(folder)
    if reports:
        print(f"\nsanitizers: reports of {reports} processes", file=sys.stderr)
    sys.exit(0 if passed and reports == 0 else 1)


if __name__ == "__main__":
    main()
