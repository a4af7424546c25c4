#!/usr/bin/env python3
"""Verifies what scripts/run --check fetched: the log equals what the job printed, and has ended.

tools/verify_run.py DIR    with printed, info.json, raw, stream (SSE, format=json) and page.html
"""

import json
import pathlib
import sys


def events(stream):
    """(event name, data) of an SSE stream whose data is one line each."""
    for block in stream.replace("\r\n", "\n").split("\n\n"):
        fields = [line.partition(": ") for line in block.split("\n")]
        data = [value for name, _, value in fields if name == "data"]
        name = next((value for name, _, value in fields if name == "event"), "message")
        if data:
            yield name, data[0]


def complaints(folder):
    """What is not as it should be."""
    printed = (folder / "printed").read_bytes()
    raw = (folder / "raw").read_bytes()
    info = json.loads((folder / "info.json").read_text(encoding="utf-8"))
    told = list(events((folder / "stream").read_text(encoding="utf-8")))
    entries = [json.loads(data) for name, data in told if name == "message"]
    verdicts = [json.loads(data) for name, data in told if name == "end"]
    if info["state"] != "ended" or info["outcome"] != "succeeded" or info["exit_code"] != 0:
        yield f"the log did not end well: {info}"
    if info["position"] < 1:
        yield "the log is empty"
    # A line that came in two parts is two entries, so line ends are not compared.
    if printed.replace(b"\n", b"") != raw.replace(b"\n", b""):
        yield f"the log has {len(raw)} bytes, the job printed {len(printed)}"
    if [entry["n"] for entry in entries] != list(range(info["position"])):
        yield f"the stream has {len(entries)} entries, the log {info['position']}"
    if len(verdicts) != 1 or verdicts[0]["position"] != info["position"]:
        yield f"the end was told as {verdicts}"
    if "<script" not in (folder / "page.html").read_text(encoding="utf-8"):
        yield "the page has no script"


def main():
    found = list(complaints(pathlib.Path(sys.argv[1])))
    for complaint in found:
        print(f"scripts/run --check: {complaint}", file=sys.stderr)
    if not found:
        print("scripts/run --check: the log arrived complete and has ended")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
