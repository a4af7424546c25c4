"""Rules about the documents."""

import pathlib
import re

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^\s*(```|~~~)")
SCRIPT = re.compile(r"(?<![\w/.-])((?:scripts|tools|\.ci)/[\w.-]+)")


def prose(tree, path):
    """(number, line) outside fenced code."""
    inside = False
    for number, line in tree.lines(path):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, line


def documents(tree):
    return [path for path in tree.files if path.endswith(".md")]


def anchors(text):
    """The names that a page's headings get in its HTML form."""
    for heading in re.findall(r"^#+ +(.*)$", text, re.M):
        kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        yield kept.replace(" ", "-")


def links(tree):
    """Relative links lead to files and headings that are there."""
    for path in documents(tree):
        folder = (tree.root / path).parent
        for number, line in prose(tree, path):
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                file = (folder / name) if name else (tree.root / path)
                if not file.exists():
                    yield path, number, f"broken link: {target}"
                elif anchor and file.suffix == ".md":
                    if anchor not in anchors(file.read_text(encoding="utf-8")):
                        yield path, number, f"no such heading: {target}"


def adr_index(tree):
    """docs/adr/README.md lists every decision, and each one has a date and its parts."""
    index = "docs/adr/README.md"
    known = tree.text(index) if index in tree.files else ""
    for path in documents(tree):
        name = pathlib.PurePosixPath(path).name
        if not re.fullmatch(r"docs/adr/\d{4}-[\w-]+\.md", path):
            continue
        if name not in known:
            yield path, 1, f"is not listed in {index}"
        text = tree.text(path)
        if not re.search(r"\b20\d\d-\d\d-\d\d\b", text):
            yield path, 1, "has no date"


CONFIG_HEADERS = ("src/server/server_config.h", "src/store/store_options.h")
BOUND = re.compile(r"uint64_t\s+(\w+_(?:bytes|ms|s)|connections|viewers|page_entries|turn_sends)"
                   r"\s*=\s*([\d']+)(?:ULL)?(?:\s*<<\s*(\d+))?\s*;")
UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "ms": 1}


def documented(cell, name):
    """A table cell such as "16 KiB" or "10,000" in the unit of the setting; None if it is none."""
    match = re.fullmatch(r"([\d,]+) ?(\w*)", cell)
    units = {**UNITS, "s": 1000 if name.endswith("_ms") else 1}
    if not match or match.group(2) not in units:
        return None
    return int(match.group(1).replace(",", "")) * units[match.group(2)]


def bounds(tree):
    """docs/bounds.md names every bound with the default that the code has."""
    page = "docs/bounds.md"
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", tree.text(page) if page in tree.files else "",
                      re.M)
    told = {name: documented(cell, name) for name, cell in rows}
    for path in CONFIG_HEADERS:
        text = tree.text(path) if path in tree.files else ""
        for match in BOUND.finditer(text):
            name, value = match.group(1), int(match.group(2).replace("'", ""))
            value <<= int(match.group(3) or 0)
            if told.get(name) != value:
                line = text.count("\n", 0, match.start()) + 1
                yield path, line, f"{name} is {value}, {page} says {told.get(name)}"


def commands_exist(tree):
    """Scripts that the documents name are there."""
    for path in documents(tree):
        for number, line in tree.lines(path):
            for name in SCRIPT.findall(line):
                name = name.rstrip(".")
                if not (tree.root / name).exists():
                    yield path, number, f"there is no {name}"
