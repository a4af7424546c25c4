"""Running the load generators, and what their numbers come to."""

import contextlib
import dataclasses
import json
import ssl
import statistics
import subprocess
import urllib.request

from servers import BUILD, cores, prepare_child

LOAD_SECONDS = 240


class LoadFailed(Exception):
    pass


class Load:
    """A load generator that runs."""

    def __init__(self, command, core=None, first=False):
        self.command = [str(BUILD / command[0]), *map(str, command[1:])]
        self.process = subprocess.Popen(
            self.command, preexec_fn=lambda: prepare_child(core, first), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def first_line(self):
        return self.process.stdout.readline()

    def result(self):
        """What it printed last."""
        try:
            out, problem = self.process.communicate(timeout=LOAD_SECONDS)
        except subprocess.TimeoutExpired:
            self.end()
            raise LoadFailed(f"{' '.join(self.command)}: does not end") from None
        if self.process.returncode != 0:
            raise LoadFailed(f"{' '.join(self.command)}: {problem.strip()}")
        return json.loads(out.splitlines()[-1])

    def end(self):
        """Kills it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def run(command, core=None):
    """What a program below the build directory printed."""
    return Load(command, core).result()


def load_command(mode, server, options):
    command = ["tailrace-load", mode, "--port", server.port, "--pid", server.pid]
    for name, value in options.items():
        if value is True:
            command.append("--" + name.replace("_", "-"))
        elif value is not False:
            command += ["--" + name.replace("_", "-"), value]
    return command + (["--tls"] if server.tls else [])


def load(mode, server, **options):
    """Runs tailrace-load on the client's core; what it measured."""
    return run(load_command(mode, server, options), cores()[1])


@contextlib.contextmanager
def background(mode, server, first=False, **options):
    """The same beside what is done in the context. `first`: before all others on its core."""
    running = Load(load_command(mode, server, options), cores()[1], first)
    try:
        yield running
    finally:
        running.end()


def request(server, method, path, body=None, kind="application/json"):
    scheme, context = "http", None
    if server.tls:
        scheme, context = "https", ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    call = urllib.request.Request(f"{scheme}://127.0.0.1:{server.port}{path}", method=method,
                                  data=body.encode() if body is not None else None,
                                  headers={"Content-Type": kind})
    with urllib.request.urlopen(call, timeout=60, context=context) as answer:
        return answer.read()


def metric(server, name):
    """Sum of a metric over its labels."""
    lines = request(server, "GET", "/metrics").decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines
               if line.startswith((name + " ", name + "{")))


@dataclasses.dataclass
class Figure:
    """One line of the table: what was measured in each round, side by side."""

    name: str
    what: str
    unit: str
    ours: list
    against: str = ""
    limit: list = dataclasses.field(default_factory=list)  # empty: there is nothing beside it
    goal: str = ""  # of the ratio, as in ">= 0.8"; empty: shown for the sake of the others
    goal_of_ours: bool = False  # the goal is one of our own number, in the unit
    note: str = ""

    def ratios(self):
        return [a / b for a, b in zip(self.ours, self.limit) if b]

    def ratio(self):
        """The median of the rounds' ratios, each of two neighbours in time; None: no limit."""
        return statistics.median(self.ratios()) if self.ratios() else None

    def value(self):
        return statistics.median(self.ours)

    def verdict(self):
        if not self.goal:
            return "no goal"
        sign, bound = self.goal.split()[:2]
        value = self.value() if self.goal_of_ours else self.ratio()
        reached = value >= float(bound) if sign == ">=" else value <= float(bound)
        return "reached" if reached else "missed"

    def as_json(self):
        return {**dataclasses.asdict(self), "ratio": self.ratio(), "verdict": self.verdict(),
                "ours_median": self.value(),
                "limit_median": statistics.median(self.limit) if self.limit else None}


def human(value, unit):
    if unit in ("ms", "%", ""):
        return f"{value:.3g} {unit}".strip()
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


COLUMNS = ("name", "what", "ours", "against", "limit", "ratio", "goal", "verdict", "rounds",
           "spread")


def row(figure):
    spread = figure.ratios() or figure.ours
    against, limit, ratio = "-", "-", "-"
    if figure.limit:
        against, limit = figure.against, human(statistics.median(figure.limit), figure.unit)
        ratio = f"{figure.ratio():.3g}"
    goal = figure.goal + (f" {figure.unit}" if figure.goal_of_ours and figure.goal else "")
    return (figure.name, figure.what, human(figure.value(), figure.unit), against, limit, ratio,
            goal.strip() or "-", figure.verdict(), str(len(figure.ours)),
            f"{min(spread):.3g} .. {max(spread):.3g}")


def table(figures):
    """A Markdown table, aligned, so that it can be read in a terminal and pasted."""
    rows = [COLUMNS] + [row(figure) for figure in figures]
    widths = [max(len(line[i]) for line in rows) for i in range(len(COLUMNS))]
    rows.insert(1, tuple("-" * width for width in widths))
    lines = [[cell.ljust(width) for cell, width in zip(line, widths)] for line in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
