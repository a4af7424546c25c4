"""scripts/bench [NAME…] [--quick] [--rounds N] [--keep]
scripts/bench profile NAME

Measures Tailrace side by side with physical limits and rivals, and prints one table of ratios with
goals and verdicts. Without a name: all. The numbers of every round and the table are written to
build/bench/results.json and .md, and with --keep to bench/results/ as well.
profile: a flame graph of the server in a scenario, one round of it: build/bench/NAME.svg.
"""

import argparse
import os
import sys
import time
import traceback

import flame
import results
from measure import LoadFailed
from scenarios import GROUPS, SCENARIOS


class Plan:
    """How much of everything."""

    def __init__(self, quick, rounds):
        self.quick = quick
        self.count = rounds or (1 if quick else 5)

    def rounds(self):
        return range(self.count)

    def seconds(self, usual):
        return min(usual, 0.5) if self.quick else usual

    def crowd(self, usual):
        """Of viewers or logs, where there are thousands."""
        return usual // 10 if self.quick else usual

    def replay_bytes(self):
        return 64 << 20 if self.quick else 1 << 30


def measure(names, plan):
    """(figures, what failed). A scenario that fails, or an interrupt, loses nothing before it."""
    figures, failed = [], []
    for name in names:
        start = time.time()
        try:
            figures += list(SCENARIOS[name](plan))
        except (LoadFailed, OSError, RuntimeError, ValueError, ArithmeticError) as error:
            traceback.print_exc(file=sys.stderr)
            failed.append({"name": name, "error": str(error)})
        except KeyboardInterrupt:
            return figures, [*failed, {"name": name, "error": "interrupted, as all behind it"}]
        print(f"== {name}: {time.time() - start:.0f} s", file=sys.stderr, flush=True)
    return figures, failed


def expand(names):
    """Scenarios' names, each once, groups taken apart."""
    wanted = [single for name in names or SCENARIOS for single in GROUPS.get(name, [name])]
    return list(dict.fromkeys(wanted))


def parse():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter,
        epilog="names: " + ", ".join(SCENARIOS) + "\ngroups: " +
        "; ".join(f"{name}: {', '.join(parts)}" for name, parts in GROUPS.items()))
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true",
                        help="one short round, a tenth of the largest crowds: only to see it work")
    parser.add_argument("--rounds", type=int, metavar="N", help="default: 5")
    parser.add_argument("--keep", action="store_true", help="write to bench/results/ as well")
    arguments = parser.parse_args()
    if arguments.names[:1] == ["profile"]:
        arguments.profile, arguments.names = True, arguments.names[1:]
        if len(arguments.names) != 1:
            parser.error("profile wants one NAME")
    else:
        arguments.profile = False
    unknown = [name for name in expand(arguments.names) if name not in SCENARIOS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)} (there are "
                     f"{', '.join([*SCENARIOS, *GROUPS])})")
    return arguments


def main():
    arguments = parse()
    plan = Plan(arguments.quick, arguments.rounds or (1 if arguments.profile else None))
    names = expand(arguments.names)
    if arguments.profile:
        return flame.profile(arguments.names[0], lambda: measure(names, plan))
    load_before, start = os.getloadavg()[0], time.time()
    figures, failed = measure(names, plan)
    result = results.Result(figures, failed, names, arguments.quick, plan.count, load_before,
                            start, time.time() - start)
    print(result.markdown())
    result.write(arguments.keep)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
