"""The files that tidy.py looks at, and what kind each is."""

import functools
import os
import pathlib

SKIPPED_FOLDERS = {".git", ".cache", "build", "dist", "node_modules", "__pycache__", "venv"}
CPP = {".cc", ".h"}
SCRIPT = {".ts", ".mts", ".js", ".mjs", ".py", ".sh"}
TEXT = {".md", ".txt", ".cmake", ".json", ".toml", ".html", ".css", ".yml", ".yaml", ".service"}


class Tree:
    """All text files below a root, as paths relative to it with '/' between."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(self._walk())

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            for name in names:
                path = (pathlib.Path(folder) / name).relative_to(self.root).as_posix()
                if self.kind(path):
                    yield path

    @functools.cache
    def kind(self, path):
        """"cpp", "script", "shell" or "text"; None for files that are no text or not ours."""
        suffix = pathlib.PurePath(path).suffix
        if suffix == ".sh":
            return "shell"
        if suffix in CPP:
            return "cpp"
        if suffix in SCRIPT:
            return "script"
        if suffix in TEXT or path in (".gitignore", ".clang-format", ".clang-tidy"):
            return "text"
        if suffix == "" and path.startswith(("scripts/", ".ci/")):
            return "shell"
        return None

    def of(self, *kinds):
        """The files of these kinds."""
        return [path for path in self.files if self.kind(path) in kinds]

    def code(self):
        """Everything that people write as code: C++, TypeScript, Python and shell."""
        return self.of("cpp", "script", "shell")

    @functools.cache
    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        """(number, line) pairs, counted from 1."""
        return enumerate(self.text(path).split("\n"), 1)
