#!/usr/bin/env python3
"""Runs clang-tidy-16 (.clang-tidy) over our C++, but only where something changed since it passed.

tools/clang_tidy.py BUILD_DIR [--heavy] [FILE…]

What passed is remembered in the user's cache folder by the hash of the file, of all of our headers
that it includes, of .clang-tidy and of its command: 2 to 4 s a file and core are saved each time.
--heavy adds the tests, and checks that are too slow for every day (the static analyzer).
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
HEAVY_CHECKS = "clang-analyzer-core.*,clang-analyzer-cplusplus.*,clang-analyzer-unix.*"
# libstdc++ 12 hides std::expected from clang (cmake/Warnings.cmake).
CLANG_FLAGS = ["-U__cpp_concepts", "-D__cpp_concepts=202002L", "-Wno-builtin-macro-redefined",
               "-Wno-unknown-warning-option", "-Wno-error"]


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base) / "tailrace-clang-tidy"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@functools.cache
def own_files(path):
    """The file and all of our headers below it, each once, sorted."""
    found, todo = set(), [path]
    while todo:
        file = todo.pop()
        if file in found:
            continue
        found.add(file)
        for name in INCLUDE.findall(file.read_text(encoding="utf-8", errors="replace")):
            for folder in (ROOT / "src", file.parent):
                if (folder / name).is_file():
                    todo.append((folder / name).resolve())
                    break
    return sorted(found)


def clang_arguments(entry):
    """The compiler's arguments, without what only gcc knows."""
    words = [word for word in shlex.split(entry["command"]) if not word.endswith("/ccache")]
    return ["-std=c++2b" if word == "-std=c++23" else word for word in words] + CLANG_FLAGS


def key_of(path, entry, heavy):
    digest = hashlib.sha256()
    digest.update((ROOT / ".clang-tidy").read_bytes())
    digest.update(pathlib.Path(__file__).read_bytes())
    # Build directories differ between people; what the compiler sees does not.
    options = [word for word in shlex.split(entry["command"]) if word.startswith(("-D", "-std"))]
    digest.update(json.dumps([options, heavy]).encode())
    for file in own_files(path):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def check(path, database, heavy):
    """clang-tidy's complaints about one file; empty if there are none."""
    command = ["clang-tidy-16", "--quiet", "-p", str(database), str(path)]
    if heavy:
        command.append(f"--checks={HEAVY_CHECKS}")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def entries_of(build):
    """Our own translation units of a build, by path."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(entry["file"]).resolve()
        inside = ROOT in path.parents and (ROOT / "build") not in path.parents
        if inside and path.suffix == ".cc" and path.is_file():
            entries[path] = entry
    return entries


def write_database(build, entries):
    """The same compile commands as clang reads them; returns the folder."""
    folder = build / "clang-tidy"
    folder.mkdir(exist_ok=True)
    changed = [{"file": str(path), "directory": entry["directory"],
                "arguments": clang_arguments(entry)} for path, entry in entries.items()]
    (folder / "compile_commands.json").write_text(json.dumps(changed), encoding="utf-8")
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--heavy", action="store_true")
    parser.add_argument("-j", dest="jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_intermixed_args()
    build = arguments.build.resolve()
    entries = entries_of(build)
    usual = [path for path in entries if arguments.heavy or not path.stem.endswith("_test")]
    chosen = [path.resolve() for path in arguments.files] or sorted(usual)
    database = write_database(build, entries)
    cache = cache_folder()
    stamps = {path: cache / key_of(path, entries[path], arguments.heavy) for path in chosen}
    todo = [path for path in chosen if not stamps[path].exists()]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        answers = pool.map(lambda path: check(path, database, arguments.heavy), todo)
        for path, answer in zip(todo, answers):
            if answer:
                failed += 1
                print(answer)
            else:
                stamps[path].touch()
    print(f"{len(chosen)} files, {len(todo)} looked at, {failed} with findings")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
