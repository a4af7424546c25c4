"""What a log has of containers' output against the kubelet's own files."""

import collections
import datetime
import gzip
import re

LINE = re.compile(rb"(\S+) (stdout|stderr) ([FP]) (.*)", re.S)


def nanoseconds(stamp):
    """Of an RFC 3339 stamp with any number of digits."""
    whole, fraction, zone = re.fullmatch(r"([^.Z+]+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", stamp).groups()
    seconds = datetime.datetime.fromisoformat(whole + zone.replace("Z", "+00:00")).timestamp()
    return int(seconds) * 10**9 + int((fraction or "0").ljust(9, "0"))


def read_files(folder, restart):
    """(nanoseconds, text) of each line that one life has in the files that are still there."""
    rotated = sorted(path for path in folder.glob(f"{restart}.log.*") if path.suffix != ".tmp")
    lines, parts = [], []
    for path in [*rotated, folder / f"{restart}.log"]:
        opened = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")
        with opened as file:
            for entry in file.read().split(b"\n")[:-1]:
                stamp, _, tag, text = LINE.fullmatch(entry).groups()
                parts.append((nanoseconds(stamp.decode()), text))
                if tag == b"F":
                    lines.append((parts[0][0], b"".join(part for _, part in parts)))
                    parts = []
    if parts:  # The container ended without a newline.
        lines.append((parts[0][0], b"".join(part for _, part in parts)))
    return [(time, text.decode(errors="replace")) for time, text in lines]


def read_log(entries):
    """The same of a log's entries, by source and then by life; pieces are put together."""
    lives = collections.defaultdict(dict)
    unfinished = {}
    for entry in entries:
        source = entry.get("source")
        if entry.get("stream") == "event":
            fields = entry.get("fields", {})
            if fields.get("key", "").startswith("start/"):
                lives[source][fields["restart"]] = lives[source]["last"] = []
            continue
        time, text = unfinished.pop(source, (nanoseconds(entry["time"]), ""))
        if entry.get("partial"):
            unfinished[source] = (time, text + entry["text"])
        else:
            lives[source]["last"].append((time, text + entry["text"]))
    for life in lives.values():
        life.pop("last", None)
    assert not unfinished, unfinished.keys()
    return lives


def compare(test, cluster, namespace, entries, whole=True):
    """Each line of the files once and in order; `whole`: none that came after the log's end is
    allowed either. Returns how many lines of how many lives had files to be compared with."""
    compared = lifes = 0
    for folder in sorted(cluster.folder.glob(f"kubelet-*/pod-logs/{namespace}_*/*")):
        pod = folder.parent.name.split("_")[1]
        lives = read_log(entries).get(f"{pod}/{folder.name}", {})
        for path in folder.glob("*.log"):
            restart = int(path.stem)
            printed, read = read_files(folder, restart), lives.get(restart, [])
            expected = printed if whole else printed[:len(read)]
            if read != expected:
                at = next((n for n, pair in enumerate(zip(read, expected)) if pair[0] != pair[1]),
                          min(len(read), len(expected)))
                test.fail(f"{pod}/{folder.name} life {restart}: {len(read)} lines in the log, "
                          f"{len(expected)} in the files; they differ at {at}: "
                          f"{str(read[at:at + 1])[:200]}, {str(expected[at:at + 1])[:200]}")
            compared += len(read)
            lifes += 1
    return compared, lifes
