"""scripts/bench [NAME…] [--quick] [--full] [--rounds N]

Measures Tailrace side by side with physical limits and rivals, and prints the ratios. Without a
name: all. --quick: fewer and shorter rounds. --full: replays 1 GiB instead of 256 MiB. The numbers
of every round are written to build/bench/results.json.
"""

import argparse
import json
import os
import platform
import sys
import time

from measure import LoadFailed, table
from scenarios import SCENARIOS
from servers import BUILD


class Plan:
    """How much of everything."""

    def __init__(self, arguments):
        self.quick = arguments.quick
        self.fixed_rounds = arguments.rounds
        self.replay_bytes = 1 << 30 if arguments.full else (64 if self.quick else 256) << 20

    def rounds(self, usual):
        return self.fixed_rounds or (1 if self.quick else usual)

    def seconds(self, usual):
        return min(usual, 1) if self.quick else usual


def measure(names, plan):
    """(figures, what failed)"""
    figures, failed = [], []
    for name in names:
        print(f"== {name}",
              file=sys.stderr, flush=True)
        try:
            figures += SCENARIOS[name](plan)
        except (LoadFailed, OSError, RuntimeError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed.append({"name": name, "error": str(error)})
    return figures, failed


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n\n")[1],
                                     epilog="names: " + ", ".join(SCENARIOS))
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, metavar="N")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in SCENARIOS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)} (there are {', '.join(SCENARIOS)})")
    names = arguments.names or list(SCENARIOS)
    load_before, start = os.getloadavg()[0], time.time()
    figures, failed = measure(names, Plan(arguments))
    took = time.time() - start
    print(table(figures))
    print(f"\n{os.cpu_count()} cores, {platform.system()} {platform.release()}, {took:.0f} s, "
          f"load average before: {load_before:.1f} (more than 0.5: others used the machine)")
    result = {"figures": [figure.as_json() for figure in figures], "failed": failed,
              "cores": os.cpu_count(), "load_average_before": load_before, "seconds": took,
              "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))}
    (BUILD / "results.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
