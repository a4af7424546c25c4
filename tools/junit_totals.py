#!/usr/bin/env python3
"""Prints "PASSED FAILED" of a JUnit file that ctest wrote.

A test that could not be run counts as failed; one that says itself that it is skipped as neither.
"""

import sys
import xml.etree.ElementTree


def verdict(case):
    """"passed", "failed" or "skipped"."""
    if case.get("status") == "run":
        return "passed"
    skipped = case.find("skipped")
    message = skipped.get("message", "") if skipped is not None else ""
    by_itself = message.startswith(("SKIP_RETURN_CODE", "SKIP_REGULAR_EXPRESSION"))
    return "skipped" if by_itself or case.get("status") == "disabled" else "failed"


def main():
    try:
        cases = xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        print(f"no test results: {error}", file=sys.stderr)
        print("0 1")
        return
    verdicts = [(verdict(case), case.get("name")) for case in cases]
    for what, name in verdicts:
        if what != "passed":
            print(f"{what}: {name}", file=sys.stderr)
    print(sum(what == "passed" for what, _ in verdicts),
          sum(what == "failed" for what, _ in verdicts))


if __name__ == "__main__":
    main()
