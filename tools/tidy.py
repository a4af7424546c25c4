#!/usr/bin/env python3
"""Checks that the tree keeps its own rules; each rule is one CTest (tests/CMakeLists.txt).

tools/tidy.py              all rules
tools/tidy.py RULE…        these
tools/tidy.py --list       their names
tools/tidy.py --root DIR   another tree (tidy_test.py uses it)

A rule is a function from Tree to (file, line, message) triples; its first docstring line says what
it wants. tidy_test.py shows each of them a bad example.
"""

import argparse
import pathlib
import sys

import tidy_code
import tidy_docs
import tidy_structure
import tidy_text
from tidy_tree import Tree

RULES = {
    "layers": tidy_structure.layers,
    "tests-in-target": tidy_structure.sources_in_targets,
    "dead-headers": tidy_structure.dead_headers,
    "heavy-headers": tidy_structure.heavy_headers,
    "pragma-once": tidy_structure.pragma_once,
    "function-length": tidy_code.function_length,
    "file-length": tidy_text.file_length,
    "line-length": tidy_text.line_length,
    "whitespace": tidy_text.whitespace,
    "leftovers": tidy_text.leftovers,
    "commented-code": tidy_text.commented_code,
    "debug-prints": tidy_text.debug_prints,
    "sleeps": tidy_text.sleeps,
    "ownership": tidy_text.ownership,
    "hosts-and-paths": tidy_text.hosts_and_paths,
    "format": tidy_code.formatted,
    "links": tidy_docs.links,
    "node-version": tidy_text.node_version,
    "adr-index": tidy_docs.adr_index,
    "bounds": tidy_docs.bounds,
    "commands-exist": tidy_docs.commands_exist,
}


def run(names, tree):
    """Prints what breaks the rules; returns how many places do."""
    found = 0
    for name in names:
        for path, line, message in RULES[name](tree):
            print(f"{path}:{line}: {message} [{name}]")
            found += 1
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rules", nargs="*", metavar="RULE", choices=[[], *RULES])
    parser.add_argument("--list", action="store_true", help="print the names of the rules")
    parser.add_argument("--root", default=pathlib.Path(__file__).parent.parent)
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(RULES))
        return 0
    names = arguments.rules or list(RULES)
    tree = Tree(pathlib.Path(arguments.root).resolve())
    if not tree.files:
        print("no files found")
        return 2
    found = run(names, tree)
    print(f"{len(names)} rules, {len(tree.files)} files, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
