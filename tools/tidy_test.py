#!/usr/bin/env python3
"""Shows every rule of tidy.py a tree that breaks it, and one that does not."""

import pathlib
import tempfile
import unittest

import tidy
from tidy_tree import Tree

GOOD = {
    "src/base/CMakeLists.txt": "tailrace_module(base SOURCES a.cc TESTS a_test.cc)\n",
    "src/base/a.h": "// What a is.\n#pragma once\n\nint A();\n",
    "src/base/a.cc": '#include "base/a.h"\n\nint A() { return 1; }\n',
    "src/base/a_test.cc": '#include "base/a.h"\n\nint main() { return A() - 1; }\n',
    "docs/adr/README.md": "- [One](0001-one.md)\n",
    "docs/adr/0001-one.md": "# One\n\n2026-11-23. See [the list](README.md).\n",
    ".clang-format": "BasedOnStyle: Google\nColumnLimit: 100\n",
    "scripts/go": "#!/usr/bin/env bash\ngo() {\n  true\n}\n",
}


def findings(rule, files):
    """What the rule says about GOOD with `files` laid over it."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**GOOD, **files}.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(tidy.RULES[rule](Tree(folder)))


def lines(count, line="  x += 1;\n"):
    return line * count


TEN_MORE = "a" * 101
JOB = "TO" + "DO"
CPP_LONG = "void Long() {\n" + lines(70) + "}\n"
CPP_FITS = "void Fits() {\n" + lines(68) + "}\n"
INIT_LONG = "struct S {\n  S() : a_{1}, b_{2} {\n" + lines(70) + "  }\n};\n"
LAMBDA_TABLE = "namespace n {\nconst auto f = [](int x) {\n" + lines(70) + "};\n}\n"
MANY_FUNCTIONS = "class A {\n" + "  void F() { x(); }\n" * 80 + "};\n"
TS_LONG = "export function long(): void {\n" + lines(70) + "}\n"
TS_ARROW = "const f = (a: number) => {\n" + lines(70) + "};\n"
TS_METHOD = "class A {\n  m(a = `${b}{`): void {\n" + lines(70) + "  }\n}\n"
TS_DESCRIBE = 'describe("a", () => {\n' + '  it("b", () => {\n  });\n' * 40 + "});\n"
PY_LONG = "def long():\n" + lines(70, "    x = 1\n")
SH_LONG = "long() {\n" + lines(70, "  true\n") + "}\n"
CONFIG = "#pragma once\nuint64_t idle_ms = 10'000;\n"

# rule: [(files that break it, file that must be named)]
BAD = {
    "layers": [
        ({"src/base/b.h": '#pragma once\n#include "store/s.h"\n'}, "src/base/b.h"),
        ({"src/feed/f.cc": '#include "http/h.h"\n'}, "src/feed/f.cc"),
        ({"src/store/f.cc": '#include "s.h"\n'}, "src/store/f.cc"),
        ({"src/elsewhere/f.cc": "int x;\n"}, "src/elsewhere/f.cc"),
    ],
    "tests-in-target": [
        ({"src/base/b_test.cc": "int x;\n"}, "src/base/b_test.cc"),
        ({"src/base/a2.cc": "int x;\n"}, "src/base/a2.cc"),
        ({"fuzz/f.cc": "int x;\n"}, "fuzz/f.cc"),
    ],
    "dead-headers": [({"src/base/b.h": "#pragma once\n"}, "src/base/b.h")],
    "heavy-headers": [
        ({"src/base/a.h": "#pragma once\n#include <rocksdb/db.h>\n"}, "src/base/a.h"),
        ({"src/base/a.h": "#pragma once\n#include <nlohmann/json.hpp>\n"}, "src/base/a.h"),
    ],
    "pragma-once": [({"src/base/a.h": "int A();\n"}, "src/base/a.h")],
    "function-length": [
        ({"src/base/a.cc": CPP_LONG}, "src/base/a.cc"),
        ({"src/base/a.cc": INIT_LONG}, "src/base/a.cc"),
        ({"src/base/a.cc": LAMBDA_TABLE}, "src/base/a.cc"),
        ({"web/src/a.ts": TS_LONG}, "web/src/a.ts"),
        ({"web/src/a.ts": TS_ARROW}, "web/src/a.ts"),
        ({"web/src/a.ts": TS_METHOD}, "web/src/a.ts"),
        ({"tools/a.py": PY_LONG}, "tools/a.py"),
        ({"scripts/a": SH_LONG}, "scripts/a"),
    ],
    "file-length": [({"src/base/a.cc": lines(501, "int x;\n")}, "src/base/a.cc")],
    "line-length": [
        ({"src/base/a.cc": f"// {TEN_MORE}\n"}, "src/base/a.cc"),
        ({"cmake/a.cmake": f"# {TEN_MORE}\n"}, "cmake/a.cmake"),
    ],
    "whitespace": [
        ({"src/base/a.cc": "int x; \n"}, "src/base/a.cc"),
        ({"src/base/a.cc": "int x;"}, "src/base/a.cc"),
        ({"src/base/a.cc": "\tint x;\n"}, "src/base/a.cc"),
    ],
    "leftovers": [
        ({"src/base/a.cc": f"// {JOB}: later\n"}, "src/base/a.cc"),
        ({"README.md": f"{JOB}\n"}, "README.md"),
        ({"README.md": "<<<<<<< " + "HEAD\n"}, "README.md"),
    ],
    "commented-code": [
        ({"src/base/a.cc": "// return x;\n"}, "src/base/a.cc"),
        ({"src/base/a.cc": "// Foo(bar, 1);\n"}, "src/base/a.cc"),
        ({"src/base/a.cc": "// if (x) {\n"}, "src/base/a.cc"),
        ({"src/base/a.cc": "// int x = 1;\n"}, "src/base/a.cc"),
        ({"web/src/a.ts": "  // this.render();\n"}, "web/src/a.ts"),
        ({"tools/a.py": "# import os\n"}, "tools/a.py"),
        ({"tools/a.py": "# x = call()\n"}, "tools/a.py"),
    ],
    "debug-prints": [
        ({"src/base/a.cc": "void f() { std::cerr << 1; }\n"}, "src/base/a.cc"),
        ({"src/base/a.cc": 'void f() { printf("x"); }\n'}, "src/base/a.cc"),
        ({"web/src/a.ts": "console.log(1);\n"}, "web/src/a.ts"),
        ({"web/src/a.ts": "debugger;\n"}, "web/src/a.ts"),
        ({"tools/a.py": "breakpoint()\n"}, "tools/a.py"),
    ],
    "sleeps": [
        ({"src/base/a_test.cc": "std::this_thread::sleep_for(1ms);\n"}, "src/base/a_test.cc"),
    ],
    "ownership": [
        ({"src/base/a.cc": "void A::f() { delete this; }\n"}, "src/base/a.cc"),
        ({"src/base/a.h": "struct A : std::enable_shared_from_this<A> {};\n"}, "src/base/a.h"),
    ],
    "hosts-and-paths": [
        ({"web/package-lock.json": '"https://registry.npm' + 'js.org/x"\n'},
         "web/package-lock.json"),
        ({"README.md": "It lies in /" + "work/x.\n"}, "README.md"),
        ({"scripts/go": "cat /" + "tmp/x\n"}, "scripts/go"),
    ],
    "node-version": [
        ({"web/package-lock.json": '{"engines": {\n"node": ">=20.18.1"\n}}\n'},
         "web/package-lock.json"),
        ({"web/package-lock.json": '{"engines": {\n"node": "^20.0.0 || >=22.0.0"\n}}\n'},
         "web/package-lock.json"),
    ],
    "format": [({"src/base/a.cc": "int  A( ){return 1;}\n"}, "src/base/a.cc")],
    "links": [
        ({"README.md": "[x](docs/none.md)\n"}, "README.md"),
        ({"README.md": "[x](docs/adr/README.md#none)\n"}, "README.md"),
        ({"README.md": "![x](docs/none.png)\n"}, "README.md"),
    ],
    "adr-index": [
        ({"docs/adr/0002-two.md": "# Two\n\n2026-11-23\n"}, "docs/adr/0002-two.md"),
        ({"docs/adr/0001-one.md": "# One\n"}, "docs/adr/0001-one.md"),
    ],
    "bounds": [
        ({"src/server/server_config.h": CONFIG, "docs/bounds.md": "| `idle_ms` | 9 s | x |\n"},
         "src/server/server_config.h"),
        ({"src/server/server_config.h": CONFIG}, "src/server/server_config.h"),
    ],
    "commands-exist": [({"README.md": "run `scripts/none`\n"}, "README.md")],
}

# What looks bad at first sight and is not.
FINE = {
    "layers": [{"src/feed/f.cc": '#include <vector>\n#include "store/s.h"\n'}],
    "tests-in-target": [
        {"src/base/x/b.cc": "int x;\n", "src/base/CMakeLists.txt": "a.cc a_test.cc x/b.cc\n"},
        {"fuzz/f_fuzz.cc": "int x;\n", "fuzz/CMakeLists.txt": "fuzzer(f LIBRARIES x)\n"},
    ],
    "function-length": [
        {"src/base/a.cc": CPP_FITS},
        {"src/base/a.cc": MANY_FUNCTIONS},
        {"src/base/a.cc": 'const char* s = R"({)";\n' + MANY_FUNCTIONS},
        {"src/base/a.cc": "int a = 1'000;\nchar b = '{';\n" + MANY_FUNCTIONS},
        {"web/src/a.test.ts": TS_DESCRIBE},
        {"web/src/a.ts": "const a = /[{`]/;\n" + "const b = () => { c(); };\n" * 80},
    ],
    "commented-code": [
        {"src/base/a.cc": "// The store never sees a loop; the codec never sees a socket;\n"},
        {"src/base/a.cc": "// a request (see RFC 9110) that is repeated;\n"},
        {"src/base/a.cc": "// Used so:\n//   Foo(bar, 1);\n"},
        {"tools/a.py": "# Words are split, then counted.\n"},
    ],
    "debug-prints": [{"src/app/main.cc": 'void f() { std::fputs("x", stdout); }\n'}],
    "hosts-and-paths": [{"README.md": "GET /api/home/x and $HOME/tmp/x\n"}],
    "bounds": [
        {"src/server/server_config.h": CONFIG, "docs/bounds.md": "| `idle_ms` | 10 s | x |\n"},
    ],
    "links": [{"README.md": "# A b: c\n\n[x](#a-b-c) [y](https://example.net) `[z](none)`\n"}],
}


class Rules(unittest.TestCase):
    def test_every_rule_has_a_bad_example(self):
        self.assertEqual(set(BAD), set(tidy.RULES))

    def test_each_rule_fires_on_its_bad_examples(self):
        for rule, examples in BAD.items():
            for files, named in examples:
                with self.subTest(rule=rule, files=files):
                    self.assertIn(named, [path for path, _, _ in findings(rule, files)])

    def test_the_good_tree_breaks_no_rule(self):
        for rule in tidy.RULES:
            with self.subTest(rule=rule):
                self.assertEqual(findings(rule, {}), [])

    def test_what_only_looks_bad_is_left_alone(self):
        for rule, examples in FINE.items():
            for files in examples:
                with self.subTest(rule=rule, files=files):
                    self.assertEqual(findings(rule, files), [])


if __name__ == "__main__":
    unittest.main()
