"""Rules that need to see where functions begin and end."""

import ast
import re
import subprocess

from tidy_scan import blank_cpp, blank_typescript

MAX_FUNCTION_LINES = 70

SCOPE = re.compile(r"^[^(]*\b(namespace|class|struct|union|enum|extern)\b")
NAME = re.compile(r"([~\w.:]+)\s*(?:<[^<>]*>)?\s*\(")
NO_FUNCTION = re.compile(
    r"^\s*(?:else\s+)?(?:if|for|while|switch|catch|with)\b|\b(?:describe|suite)\("
)
TS_FUNCTION = re.compile(r"(=>|\)(\s*:[^={}]*)?|\bstatic)\s*$")


def cpp_functions(text):
    """(name, first line, last line) of each outermost function body."""
    code = blank_cpp(text)
    scopes = []  # True: a namespace or class, whose members may be functions
    start = 0  # where the declaration begins that the next brace belongs to
    depth, begin = 0, None  # inside a function: braces open, and where it began
    for at, char in enumerate(code):
        if begin is not None:
            depth += (char == "{") - (char == "}")
            if depth == 0 and char == "}":
                rest = code[at + 1 : at + 200].lstrip()
                if rest[:1] in (",", "{"):  # that was a member's initialiser
                    continue
                if rest[:1] != ")":
                    yield function_at(code, begin, at)
                begin, start = None, at + 1
        elif char == "{":
            header = code[start:at]
            if "(" in header and not SCOPE.match(header) and all(scopes):
                begin, depth = start + len(header) - len(header.lstrip()), 1
            else:
                scopes.append(bool(SCOPE.match(header)) and not re.search(r"\benum\b", header))
            start = at + 1
        elif char == "}":
            if scopes:
                scopes.pop()
            start = at + 1
        elif char == ";":
            start = at + 1


def function_at(code, begin, end):
    name = NAME.search(code, begin, end)
    return (name.group(1) if name else "?", code.count("\n", 0, begin) + 1,
            code.count("\n", 0, end) + 1)


def typescript_functions(text):
    """(name, first line, last line) of each function, method and arrow function with a body."""
    code = blank_typescript(text)
    open_braces = []
    start = 0
    for at, char in enumerate(code):
        if char == "{":
            header = code[start:at]
            is_function = TS_FUNCTION.search(header) and not NO_FUNCTION.search(header)
            begin = start + len(header) - len(header.lstrip())
            open_braces.append(begin if is_function else None)
        elif char == "}" and open_braces:
            begin = open_braces.pop()
            if begin is not None:
                yield function_at(code, begin, at)
        if char in "{};":
            start = at + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def shell_functions(text):
    name, first = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        begin = re.match(r"(?:function )?([\w-]+)(?: ?\(\))? *\{$", line)
        if begin:
            name, first = begin.group(1), number
        elif line == "}" and name:
            yield name, first, number
            name = None


def functions(tree, path):
    """The functions of one file, by its kind."""
    text = tree.text(path)
    if tree.kind(path) == "cpp":
        return cpp_functions(text)
    if tree.kind(path) == "shell":
        # A script without suffix may be Python.
        return python_functions(text) if "python" in text.split("\n")[0] else shell_functions(text)
    return python_functions(text) if path.endswith(".py") else typescript_functions(text)


def function_length(tree):
    """Functions have at most 70 lines, signature included."""
    for path in tree.code():
        try:
            for name, first, last in functions(tree, path):
                length = last - first + 1
                if length > MAX_FUNCTION_LINES:
                    yield path, first, f"{name}: {length} lines, at most {MAX_FUNCTION_LINES}"
        except SyntaxError as error:
            yield path, error.lineno or 1, f"cannot be parsed: {error.msg}"


def formatted(tree):
    """C++ is as clang-format-16 lays it out."""
    files = tree.of("cpp")
    if not files:
        return
    done = subprocess.run(["clang-format-16", "--dry-run", "--Werror", *files], cwd=tree.root,
                          capture_output=True, text=True, check=False)
    places = re.findall(r"^(\S+):(\d+):\d+: error", done.stderr, re.M)
    seen = set()
    for path, line in places:
        if path not in seen:
            seen.add(path)
            yield path, int(line), "not formatted; clang-format-16 -i"
    if done.returncode and not places:
        yield ".clang-format", 1, done.stderr.strip()
