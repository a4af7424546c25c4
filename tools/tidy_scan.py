"""Blanks comments, strings and the like, so that what is left can be read by brace."""

import re

CPP_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/
      |R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"
      |"(?:[^"\\\n]|\\.)*"
      |(?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)*'
      |^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*""",
    re.S | re.M | re.X,
)
TS_PLAIN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""", re.S)
TS_REGEX = re.compile(r"/(?![/*])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
REGEX_MAY_FOLLOW = re.compile(r"(?:^|[(,=:\[!&|?{};\n]|\breturn)\s*$")


def blank(text):
    """The same number of lines, and of characters in each, without their content."""
    return re.sub(r"[^\n]", " ", text)


def blank_cpp(text):
    """C++ without comments, literals and preprocessor lines."""
    return CPP_TOKEN.sub(lambda match: blank(match.group()), text)


def template_end(text, at):
    """Behind the template literal that begins at `at`."""
    at += 1
    while at < len(text) and text[at] != "`":
        if text[at] == "\\":
            at += 2
        elif text.startswith("${", at):
            at = expression_end(text, at + 2)
        else:
            at += 1
    return at + 1


def expression_end(text, at):
    """Behind the brace that closes a template's `${`."""
    depth = 1
    while at < len(text) and depth:
        plain = TS_PLAIN.match(text, at)
        if plain:
            at = plain.end()
        elif text[at] == "`":
            at = template_end(text, at)
        else:
            depth += (text[at] == "{") - (text[at] == "}")
            at += 1
    return at


def blank_typescript(text):
    """TypeScript without comments, strings, templates and regular expressions."""
    out = []
    at = 0
    while at < len(text):
        match = TS_PLAIN.match(text, at)
        if not match and text[at] == "/" and REGEX_MAY_FOLLOW.search("".join(out[-40:])):
            match = TS_REGEX.match(text, at)
        if match:
            end = match.end()
        elif text[at] == "`":
            end = template_end(text, at)
        else:
            out.append(text[at])
            at += 1
            continue
        out.extend(blank(text[at:end]))
        at = end
    return "".join(out)
