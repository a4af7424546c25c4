"""scripts/bench profile NAME: where the server's CPU time goes in a scenario, as a flame graph.

perf samples each Tailrace that the scenario starts, on all its threads and in the kernel. Width is
the share of samples; a frame stands on its caller; point at one to read it whole.
"""

import collections
import html
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib

import servers
from servers import BUILD

SAMPLES_A_SECOND = 1999
PARANOID = pathlib.Path("/proc/sys/kernel/perf_event_paranoid")
WIDTH, FRAME_HEIGHT, LETTER = 1400, 17, 6.6
SMALLEST_SHARE = 0.001
# Each sample brings 8 KiB of stack; what does not fit is lost. Only root may have so much.
BUFFER = ("-m", "32M") if os.geteuid() == 0 else ()


class NotPermitted(Exception):
    pass


class Recorder:
    """Starts perf for each server, and ends it before the server is stopped."""

    def __init__(self, folder):
        self.folder = folder
        self.files = []
        self.processes = []

    def started(self, server):
        file = self.folder / f"{len(self.files)}.data"
        self.files.append(file)
        self.processes.append(subprocess.Popen(
            ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES_A_SECOND), "--call-graph",
             "dwarf,8192", *BUFFER, "-p", str(server.pid), "-o", file],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        server.at_exit(lambda process=self.processes[-1]: servers.stop(process, signal.SIGINT))

    def stacks(self):
        """How many samples have which stack: (thread, outermost, …, innermost)."""
        counts = collections.Counter()
        for file in self.files:
            command = ["perf", "script", "-i", file, "-F", "comm,ip,sym", "--no-inline"]
            script = subprocess.run(command, text=True, capture_output=True, errors="replace",
                                    check=False)
            counts.update(fold(script.stdout))
        return counts


def check_permitted():
    if shutil.which("perf") is None:
        raise NotPermitted("perf is missing (scripts/deps bench installs it)")
    tried = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-o", "/dev/null", "true"],
                           text=True, capture_output=True, check=False)
    if tried.returncode != 0:
        raise NotPermitted(f"perf may not sample here (kernel.perf_event_paranoid is "
                           f"{PARANOID.read_text().strip()}): {tried.stderr.strip()}")


def fold(script):
    """The output of perf script: a line with the thread's name, its frames, an empty line."""
    for sample in script.split("\n\n"):
        lines = sample.strip("\n").splitlines()
        if len(lines) < 2:
            continue
        frames = [short(re.sub(r"^\s*[0-9a-f]+ ", "", line).strip()) for line in lines[1:]]
        yield (lines[0].strip(), *reversed(frames))


def short(symbol):
    """Without arguments and with fewer template arguments: names fit their frames."""
    symbol = re.sub(r"\+0x[0-9a-f]+$", "", symbol).replace("tailrace::", "")
    while (shorter := re.sub(r"(?<=\w)<[^<>]*>", "", symbol)) != symbol:
        symbol = shorter
    return re.sub(r"\(.*\)( const)?( \[clone.*)?$", "", symbol) or symbol


class Frame:
    def __init__(self):
        self.samples = 0
        self.callees = collections.defaultdict(Frame)

    def depth(self, smallest):
        below = [one.depth(smallest) for one in self.callees.values() if one.samples >= smallest]
        return 1 + max(below, default=0)


def tree(stacks):
    root = Frame()
    for stack, samples in stacks.items():
        root.samples += samples
        frame = root
        for name in stack:
            frame = frame.callees[name]
            frame.samples += samples
    return root


def draw(stacks, title):
    """An SVG with a frame for each function."""
    root = tree(stacks)
    smallest = root.samples * SMALLEST_SHARE
    height = (root.depth(smallest) + 2) * FRAME_HEIGHT
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           f'font-family="monospace" font-size="11">',
           f'<text x="6" y="14">{html.escape(title)}, {root.samples} samples</text>']

    def add(frame, left, level):
        for name, callee in sorted(frame.callees.items()):
            if callee.samples < smallest:
                continue
            width = WIDTH * callee.samples / root.samples
            out.append(rectangle(name, callee.samples / root.samples, left, width,
                                 height - (level + 1) * FRAME_HEIGHT))
            add(callee, left, level + 1)
            left += width
    add(root, 0.0, 0)
    return "\n".join([*out, "</svg>", ""])


def rectangle(name, share, left, width, top):
    hue = zlib.crc32(name.encode()) % 60  # red to yellow; the same name has the same colour
    label = name[:max(0, int(width / LETTER) - 1)] if width > 30 else ""
    return (f'<g><title>{html.escape(name)}: {share:.1%}</title>'
            f'<rect x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.2):.1f}" '
            f'height="{FRAME_HEIGHT - 1}" fill="hsl({hue},75%,68%)"/>'
            f'<text x="{left + 3:.1f}" y="{top + 12}">{html.escape(label)}</text></g>')


def hottest(stacks, count=15):
    """Lines with the functions that most samples were taken in themselves."""
    alone = collections.Counter()
    for stack, samples in stacks.items():
        alone[stack[-1]] += samples
    total = sum(alone.values())
    return [f"{samples / total:6.1%}  {name}" for name, samples in alone.most_common(count)]


def profile(name, measure):
    """Runs the scenario under perf; returns the exit code."""
    try:
        check_permitted()
    except NotPermitted as problem:
        print(problem, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        recorder = Recorder(pathlib.Path(folder))
        servers.Tailrace.on_start = recorder.started
        _, failed = measure()
        stacks = recorder.stacks()
    if failed or not stacks:
        print(f"nothing was sampled: {failed}", file=sys.stderr)
        return 1
    file = BUILD / f"{name}.svg"
    file.write_text(draw(stacks, f"tailrace in {name}"), encoding="utf-8")
    print("\n".join(hottest(stacks)))
    print(file)
    return 0
