"""Rules that look at lines."""

import re

MAX_FILE_LINES = 500
MAX_LINE_COLUMNS = 100
DEBIAN_NODE = 18

MARKS = ("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK")
LEFTOVER = re.compile(r"(?<![\w-])(" + "|".join(MARKS) + r")(?![\w-])")
MERGE_MARK = re.compile(r"^(<{7} |={7}$|>{7} |\|{7} )")

CPP_CODE = re.compile(
    r"^(#\s*(include|if|ifdef|endif|define)\b"
    r"|(return|break|continue|delete|throw)\b[^.]*;$"
    r"|(if|for|while|switch)\s*\(.*\)\s*\{?$"
    r"|[\w:<>,*&.\[\] ()-]*[\w\])]\s*(\(.*\)|[-+|&]?=[^=].*)\s*;$"
    r"|\}( else \{)?;?$)"
)
PYTHON_CODE = re.compile(
    r"^(import \w+$|from [\w.]+ import \w+|return [\w.(\[]*\)?$|def \w+\(.*:$|class \w+.*:$"
    r"|(if|for|while) [^,]*:$|[\w.\[\]]+ = \S+$|[\w.]+\(\S*\)$)"
)

HOSTS = ["npm" "js.org", "py" "pi.org", "python" "hosted.org", "debian" ".org", "crates" ".io",
         "golang" ".org", "node" "source.com", "unp" "kg.com", "jsd" "elivr.net"]
HOST = re.compile("|".join(re.escape(host) for host in HOSTS), re.I)
MACHINE_PATH = re.compile(r"(?<![\w.:~/}\])$*-])/(work|root|home|tmp|var/tmp)/[\w.]")


def file_length(tree):
    """Code files have at most 500 lines."""
    for path in tree.code():
        count = tree.text(path).count("\n")
        if count > MAX_FILE_LINES:
            yield path, count, f"{count} lines, at most {MAX_FILE_LINES}"


def line_length(tree):
    """Lines of code and build files have at most 100 columns."""
    files = tree.code() + [p for p in tree.files if p.endswith((".cmake", "CMakeLists.txt"))]
    for path in files:
        for number, line in tree.lines(path):
            if len(line) > MAX_LINE_COLUMNS:
                yield path, number, f"{len(line)} columns, at most {MAX_LINE_COLUMNS}"


def node_version(tree):
    """npm packages run on Debian 12's Node 18, whatever newer one stands on this machine."""
    for path in tree.files:
        if not path.endswith("package-lock.json"):
            continue
        for number, line in tree.lines(path):
            match = re.search(r'"node": "([^"]+)"', line)
            if match and not any(admits_node(part) for part in match.group(1).split("||")):
                yield path, number, f"needs Node {match.group(1)}, Debian has {DEBIAN_NODE}"


def admits_node(range_part):
    """Whether one alternative of an npm version range, as they are in use, admits Debian's Node."""
    wanted = re.match(r"\s*(>=|\^|~)?\s*(\d+)", range_part)
    if wanted is None:
        return True
    major = int(wanted.group(2))
    return major <= DEBIAN_NODE if wanted.group(1) == ">=" else major == DEBIAN_NODE


def whitespace(tree):
    """No tabs, no blanks at line ends, one newline at the end of the file."""
    for path in tree.code():
        for number, line in tree.lines(path):
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line"
            if line.startswith("\t"):
                yield path, number, "tab"
        text = tree.text(path)
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield path, text.count("\n"), "the file must end with one newline"


def leftovers(tree):
    """No marks of unfinished work, no merge markers."""
    for path in tree.files:
        if path.endswith("package-lock.json"):
            continue
        for number, line in tree.lines(path):
            match = LEFTOVER.search(line)
            if match and path != "HACKING.md":
                yield path, number, f"{match.group(1)}: do it or write an issue"
            if MERGE_MARK.match(line):
                yield path, number, "merge marker"


def comments(tree, path):
    """(line number, text) of whole-line comments; an indented one is an example."""
    python = path.endswith(".py")
    for number, line in tree.lines(path):
        stripped = line.strip()
        text = stripped[2:]
        if text.startswith("  "):
            continue
        if python and stripped.startswith("# "):
            yield number, text.strip()
        elif not python and stripped.startswith("//") and not text.startswith("/"):
            yield number, text.strip()


def commented_code(tree):
    """Code that is not used is deleted, not commented out."""
    for path in tree.of("cpp", "script"):
        pattern = PYTHON_CODE if path.endswith(".py") else CPP_CODE
        for number, comment in comments(tree, path):
            if pattern.match(comment):
                yield path, number, f"commented-out code: {comment}"


def is_test(path):
    return "test" in path.split("/")[-1] or path.startswith(("tests/", "bench/", "fuzz/"))


def debug_prints(tree):
    """The program talks through its log; only the command line and CHECK print."""
    printing = re.compile(r"std::(cout|cerr|clog)\b|\b(v?f?printf|puts|fputs|perror)\(")
    for path in tree.of("cpp"):
        allowed = path.startswith("src/app/") or path == "src/base/check.cc" or is_test(path)
        for number, line in tree.lines(path):
            if not allowed and printing.search(line):
                yield path, number, "prints past the log"
    for path in tree.of("script"):
        word = r"\bbreakpoint\(\)|\bpdb\b" if path.endswith(".py") else r"\bdebugger\b"
        if path.startswith("web/src/") and not is_test(path):
            word += r"|\bconsole\.(log|debug)\("
        for number, line in tree.lines(path):
            if re.search(word, line) and not path.startswith("tools/tidy"):
                yield path, number, "debugging leftover"


def sleeps(tree):
    """C++ tests wait for what they wait for; they do not sleep."""
    pattern = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")
    for path in tree.of("cpp"):
        if not path.endswith("_test.cc"):
            continue
        for number, line in tree.lines(path):
            if pattern.search(line):
                yield path, number, "a test must not sleep"


def ownership(tree):
    """One owner: no object that deletes or shares itself."""
    pattern = re.compile(r"\benable_shared_from_this\b|\bdelete this\b")
    for path in tree.of("cpp"):
        for number, line in tree.lines(path):
            if pattern.search(line):
                yield path, number, "an object does not own itself"


def hosts_and_paths(tree):
    """No package host and no path of one machine."""
    for path in tree.files:
        for number, line in tree.lines(path):
            match = HOST.search(line)
            if match:
                yield path, number, f"names a package host: {match.group()}"
            match = None if path.startswith("tools/tidy") else MACHINE_PATH.search(line)
            if match:
                yield path, number, f"path of one machine: {match.group()}"
