"""Writes the C++ source that holds all files of a directory: embed_assets.py DIRECTORY OUTPUT.cc

The bytes come in by the assembler's .incbin, which costs nothing to compile. Each file also gets a
gzip variant beside OUTPUT, unless that saves nothing. The source names the hashes of the contents,
so it differs whenever they do.
"""

import gzip
import hashlib
import pathlib
import sys

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


def blob(symbol: str, file: pathlib.Path) -> str:
    """Declares tailrace_asset_SYMBOL and ..._end, with the file's bytes between them."""
    name = f"tailrace_asset_{symbol}"
    assembly = [
        ".pushsection .rodata",
        f".global {name}, {name}_end",
        f"{name}:",
        f'.incbin \\"{file.resolve()}\\"',
        f"{name}_end:",
        ".byte 0",  # Keeps the symbols of an empty file, and of two neighbours, apart.
        ".popsection",
    ]
    lines = "\n".join(f'    "{line}\\n"' for line in assembly)
    declarations = f'extern "C" const char {name}[];\nextern "C" const char {name}_end[];\n'
    return f"__asm__(\n{lines});\n{declarations}"


def view(symbol: str) -> str:
    name = f"tailrace_asset_{symbol}"
    return f"std::string_view({name}, static_cast<size_t>({name}_end - {name}))"


def main() -> None:
    directory, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = sorted(file for file in directory.rglob("*") if file.is_file())
    gzip_directory = output.parent / "gzip"
    gzip_directory.mkdir(parents=True, exist_ok=True)
    blobs, rows = [], []
    for number, file in enumerate(files):
        content = file.read_bytes()
        path = "/" + file.relative_to(directory).as_posix()
        tag = hashlib.sha256(content).hexdigest()[:24]
        blobs.append(blob(str(number), file))
        gzip_view = "{}"
        packed = gzip.compress(content, 9, mtime=0)
        if len(packed) < len(content):
            packed_file = gzip_directory / f"{number}.gz"
            packed_file.write_bytes(packed)
            blobs.append(blob(f"{number}_gz", packed_file))
            gzip_view = view(f"{number}_gz")
        # Vite's names have a hash in them, but for the one file that other people's pages name.
        fixed = not path.startswith("/assets/") or path == "/assets/tailrace-log.js"
        immutable = "false" if fixed else "true"
        content_type = CONTENT_TYPES.get(file.suffix, "application/octet-stream")
        rows.append(
            f'      Asset{{"{path}", "{content_type}",\n'
            f'            "W/\\"{tag}\\"", {view(str(number))},\n'
            f"            {gzip_view}, {immutable}}},\n"
        )
    output.write_text(
        '// Made by cmake/embed_assets.py.\n#include "server/assets.h"\n\n#include <array>\n\n'
        + "".join(blobs)
        + "\nnamespace tailrace {\n\nconst Asset* FindAsset(std::string_view path) {\n"
        + f"  static const std::array<Asset, {len(rows)}> assets = {{\n"
        + "".join(rows)
        + "  };\n  for (const Asset& asset : assets) {\n"
        + "    if (asset.path == path) return &asset;\n  }\n"
        + "  return nullptr;\n}\n\n}  // namespace tailrace\n"
    )


main()
