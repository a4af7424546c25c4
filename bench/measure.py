"""Running the load generators, and what their numbers come to."""

import dataclasses
import json
import statistics
import subprocess
import urllib.request

from servers import BUILD, cores, prepare_child

LOAD_SECONDS = 240


class LoadFailed(Exception):
    pass


def load(mode, server=None, **options):
    """Runs bench_load MODE on the client's core; what it measured."""
    command = ["bench_load", mode]
    if server is not None:
        options = {"port": server.port, "pid": server.pid, **options}
    for name, value in options.items():
        command += ["--" + name.replace("_", "-"), str(value)]
    return run(command, cores()[1])


def run(command, core=None):
    """What a program of build/bench/bin printed."""
    command = [str(BUILD / "bin" / command[0]), *map(str, command[1:])]
    done = subprocess.run(command, preexec_fn=lambda: prepare_child(core), text=True,
                          capture_output=True, timeout=LOAD_SECONDS, check=False)
    if done.returncode != 0:
        raise LoadFailed(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def request(server, method, path, body=None, kind="application/json"):
    call = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", method=method,
                                  data=body.encode() if body is not None else None,
                                  headers={"Content-Type": kind})
    with urllib.request.urlopen(call, timeout=60) as answer:
        return answer.read()


@dataclasses.dataclass
class Figure:
    """One line of the table: what was measured in each round, side by side."""

    name: str
    what: str
    against: str
    unit: str
    ours: list
    limit: list
    goal: str = ""  # of the ratio, as in ">= 0.8"; empty: shown for the sake of the others
    goal_of_ours: bool = False  # the goal is one of our own number
    note: str = ""

    def ratios(self):
        return [a / b for a, b in zip(self.ours, self.limit)]

    def ratio(self):
        """The median of the rounds' ratios, each of two neighbours in time."""
        return statistics.median(self.ratios())

    def reached(self):
        """None: there is no goal."""
        if not self.goal:
            return None
        sign, bound = self.goal.split()[:2]
        value = statistics.median(self.ours) if self.goal_of_ours else self.ratio()
        return value >= float(bound) if sign == ">=" else value <= float(bound)

    def as_json(self):
        return {**dataclasses.asdict(self), "ratio": self.ratio(), "reached": self.reached(),
                "ours_median": statistics.median(self.ours),
                "limit_median": statistics.median(self.limit)}


def human(value, unit):
    if unit == "ms":
        return f"{value:.2f} ms"
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


COLUMNS = ("name", "what", "ours", "against", "limit", "ratio", "goal", "", "rounds", "spread")


def row(figure):
    ratios = figure.ratios()
    verdict = {None: "", True: "reached", False: "missed"}[figure.reached()]
    return (figure.name, figure.what, human(statistics.median(figure.ours), figure.unit),
            figure.against, human(statistics.median(figure.limit), figure.unit),
            f"{figure.ratio():.3g}", figure.goal, verdict, str(len(ratios)),
            f"{min(ratios):.3g} .. {max(ratios):.3g}")


def table(figures):
    """A Markdown table, aligned, so that it can be read in a terminal and pasted."""
    rows = [COLUMNS] + [row(figure) for figure in figures]
    widths = [max(len(line[i]) for line in rows) for i in range(len(COLUMNS))]
    rows.insert(1, tuple("-" * width for width in widths))
    lines = [[cell.ljust(width) for cell, width in zip(line, widths)] for line in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
