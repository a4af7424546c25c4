"""kube_probe.cc from Python: the program's own client of the Kubernetes API."""

import json
import os
import pathlib
import queue
import subprocess
import threading

from support.server import binary_path, prepare_child

PATIENCE_SECONDS = 120


def probe_path():
    given = os.environ.get("TAILRACE_KUBE_PROBE")
    beside = pathlib.Path(binary_path()).parent / "tests" / "kubernetes" / "kube_probe"
    return given or str(beside)


class Probe:
    """Messages of an id are waited for in the order in which they come; others are kept."""

    def __init__(self, config, context="", limits=(), environment=None):
        words = [probe_path(), str(config), context, *map(str, limits)]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=environment, preexec_fn=lambda: prepare_child({}))
        self.messages = queue.Queue()
        self.kept = []
        threading.Thread(target=self.read, daemon=True).start()
        self.first = self.next("start")

    def read(self):
        for line in self.process.stdout:
            self.messages.put(line)
        self.messages.put(None)

    def do(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def next(self, name, wanted=lambda message: True):
        """The next message of the id that is wanted; those before it are dropped."""
        for at, message in enumerate(self.kept):
            if message["id"] == name and wanted(message):
                before = [old for old in self.kept[:at] if old["id"] != name]
                self.kept = before + self.kept[at + 1:]
                return message
        self.kept = [old for old in self.kept if old["id"] != name]
        seen = []
        while True:
            try:
                line = self.messages.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                raise AssertionError(f"not told within {PATIENCE_SECONDS} s; of {name} came "
                                     f"{seen}") from None
            if line is None:
                raise AssertionError(f"the probe ended, code {self.process.wait()}; {seen}")
            message = json.loads(line)
            if message["id"] != name:
                self.kept.append(message)
            elif wanted(message):
                return message
            else:
                seen.append(str(message)[:200])

    def told(self, name, what, object_name=None):
        """The next message of this kind, about this object."""
        return self.next(name, lambda message: message.get("told") == what
                         and object_name in (None, message.get("name")))

    def get(self, path):
        self.do("get", "get", path)
        return self.next("get")

    def stats(self, name="client"):
        self.do("stats")
        return self.next(name, lambda message: "told" not in message)

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"the probe ended with code {code}")
