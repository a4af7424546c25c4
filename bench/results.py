"""What a run is written down as."""

import dataclasses
import json
import os
import pathlib
import platform
import subprocess
import time

from measure import table
from servers import BUILD, ROOT

KEPT = ROOT / "bench" / "results"


def commit():
    """Of the tree; with a + if it was changed since."""
    def git(*arguments):
        return subprocess.run(["git", "-C", ROOT, *arguments], text=True, capture_output=True,
                              check=False).stdout.strip()
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (
        "+" if git("status", "--porcelain", "--untracked-files=no") else "")


def machine():
    """What the numbers depend on: processor, cores, memory, kernel, file system."""
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    kind = subprocess.run(["stat", "-f", "-c", "%T", BUILD], text=True, capture_output=True,
                          check=False).stdout.strip()
    return (f"{os.cpu_count()} cores, {models[0] if models else platform.machine()}, "
            f"{memory:.0f} GiB, {platform.system()} {platform.release()}, {kind}")


@dataclasses.dataclass
class Result:
    figures: list
    failed: list
    names: list
    quick: bool
    rounds: int
    load_before: float
    start: float
    seconds: float

    def __post_init__(self):
        self.commit, self.machine = commit(), machine()
        self.time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.start))

    def markdown(self):
        lines = [f"# {self.time}, commit {self.commit}", "",
                 f"- machine: {self.machine}",
                 f"- load average before: {self.load_before:.1f} (more than 0.5: others used it)",
                 f"- {self.rounds} rounds{', quick' if self.quick else ''}, "
                 f"{self.seconds:.0f} s: {' '.join(self.names)}", ""]
        if self.figures:
            lines += [table(self.figures), ""]
        for verdict in ("reached", "missed", "no goal"):
            names = [figure.name for figure in self.figures if figure.verdict() == verdict]
            lines.append(f"- {verdict}: {len(names)}" +
                         (f" ({', '.join(names)})" if verdict == "missed" and names else ""))
        lines += [f"- **{one['name']} failed**: {one['error']}" for one in self.failed]
        lines += [f"- {figure.name}: {figure.note}" for figure in self.figures if figure.note]
        return "\n".join(lines) + "\n"

    def json(self):
        return json.dumps({"time": self.time, "commit": self.commit, "machine": self.machine,
                           "load_average_before": self.load_before, "seconds": self.seconds,
                           "rounds": self.rounds, "quick": self.quick, "names": self.names,
                           "figures": [figure.as_json() for figure in self.figures],
                           "failed": self.failed}, indent=1) + "\n"

    def write(self, keep, name="results"):
        """Below the build directory; with `keep` into the repository too."""
        places = [BUILD / name]
        if keep:
            KEPT.mkdir(exist_ok=True)
            place = f"{self.time[:16].replace(':', '')}-{self.commit.rstrip('+')}"
            places.append(KEPT / (place if name == "results" else f"{place}-{name}"))
        for place in places:
            place.with_name(place.name + ".json").write_text(self.json(), encoding="utf-8")
            place.with_name(place.name + ".md").write_text(self.markdown(), encoding="utf-8")
            print(f"{place}.md")
