"""Rules about how the C++ modules hang together."""

import pathlib
import re

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')

# What each module may include besides itself: only what stands below it (ARCHITECTURE.md).
LAYERS = {
    "base": set(),
    "log": {"base"},
    "io": {"base"},
    "http": {"base"},
    "access": {"base", "http"},
    "mongodb": {"base"},
    "kubernetes": {"base", "io"},
    "store": {"base", "log", "mongodb"},
    "feed": {"base", "log", "store"},
    "search": {"base", "log"},
    "ingest": {"base", "log"},
    "rollout": {"base", "log"},
    "source": {"base", "log", "io", "ingest", "kubernetes", "mongodb", "rollout", "store"},
    "server": {
        "base", "log", "io", "http", "access", "kubernetes", "mongodb", "store", "feed", "search",
        "ingest", "rollout", "source"
    },
}
LAYERS["app"] = {*LAYERS}

# Each costs seconds in every file that sees it, so they stay behind our own types.
HEAVY = re.compile(
    r"^(bson/|mongoc/|nlohmann/|rocksdb/"
    r"|CLI/|toml\+\+/|toml\.hpp|simdjson|spdlog/|yaml-cpp/|fmt/|prometheus/)"
)


def includes(tree, path):
    """(line number, target, is quoted) of each #include."""
    for number, line in tree.lines(path):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def module_of(path):
    """src/store/rocksdb/x.h -> store; None outside src/."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def layers(tree):
    """A module includes only modules below it, by "module/file.h"."""
    for path in tree.of("cpp"):
        module = module_of(path)
        if module is None:
            continue
        if module not in LAYERS:
            yield path, 1, f"module {module} has no place among the layers"
            continue
        for number, target, quoted in includes(tree, path):
            if not quoted or target.startswith("gtest/"):
                continue
            used = target.split("/")[0]
            if "/" not in target or used not in LAYERS:
                yield path, number, f'"{target}" is not of the form "module/file.h"'
            elif used != module and used not in LAYERS[module]:
                yield path, number, f"{module} must not know {used}"


def sources_in_targets(tree):
    """Every .cc stands in the CMakeLists.txt of its folder or of one above it, or in cmake/."""
    helpers = [tree.text(name) for name in tree.files if name.endswith(".cmake")]
    for path in tree.of("cpp"):
        if not path.endswith(".cc"):
            continue
        folders = [p.as_posix() for p in pathlib.PurePosixPath(path).parents][:-1]
        lists = [f"{folder}/CMakeLists.txt" for folder in folders]
        name = re.compile(rf"(?<![\w-]){re.escape(pathlib.PurePosixPath(path).name)}(?![\w-])")
        # A folder of programs may name them without suffixes, for a function or a loop.
        base = re.sub(r"_(fuzz|bench)$", "", pathlib.PurePosixPath(path).stem)
        stem = re.compile(rf"(?<![\w-]){re.escape(base)}(?![A-Za-z0-9-])")
        wanted = name if path.startswith("src/") else stem
        if any(f"/{path}" in text for text in helpers):
            continue
        if not any(entry in tree.files and wanted.search(tree.text(entry)) for entry in lists):
            yield path, 1, "is in no target"


def dead_headers(tree):
    """Every header is included by somebody."""
    included = set()
    for path in tree.of("cpp"):
        folder = pathlib.PurePosixPath(path).parent
        for _, target, quoted in includes(tree, path):
            if quoted:
                included |= {f"src/{target}", target, (folder / target).as_posix()}
    for path in tree.of("cpp"):
        if path.endswith(".h") and path not in included:
            yield path, 1, "nobody includes this header"


def heavy_headers(tree):
    """Big library headers are included by .cc files only."""
    for path in tree.of("cpp"):
        if not path.endswith(".h"):
            continue
        for number, target, _ in includes(tree, path):
            if HEAVY.match(target):
                yield path, number, f"<{target}> belongs into a .cc file"


def pragma_once(tree):
    """Headers are guarded by #pragma once."""
    for path in tree.of("cpp"):
        if path.endswith(".h") and not re.search(r"^#pragma once$", tree.text(path), re.M):
            yield path, 1, "#pragma once is missing"
