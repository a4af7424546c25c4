"""Runs the client verbs of the real binary against a server of the test."""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import uuid

from support.server import Server, binary_path, free_port

PATIENCE_SECONDS = 240 if os.environ.get("TAILRACE_SANITIZE") else 60
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def die_with_test():
    """In the child: the kernel kills it when the test is killed, so that nothing stays behind."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def new_log(kind="cli"):
    return f"{kind}/{uuid.uuid4().hex[:12]}"


class CommandCase(unittest.TestCase):
    """A server (not started unless `starts`), and a home directory for spools of its own."""

    starts = True
    maxDiff = 4000

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-cli-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.server = Server(port=free_port())
        self.addCleanup(self.server.stop)
        if self.starts:
            self.server.start()

    def environment(self, **more):
        plain = {name: value for name, value in os.environ.items()
                 if not name.startswith("TAILRACE_")}
        return {**plain, "HOME": str(self.home), "TAILRACE_SPOOL_DIR": str(self.home / "spool"),
                "TAILRACE_URL": f"http://127.0.0.1:{self.server.port}", **more}

    def start(self, *words, **options):
        """The verb as a process with pipes, killed with the test. The pipes are not buffered:
        communicate() would not get what a readline() before it had read too much."""
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   "bufsize": 0, "env": self.environment(), "cwd": self.home, **options}
        process = subprocess.Popen([binary_path(), *words], preexec_fn=die_with_test, **options)
        self.addCleanup(self.finish_off, process)
        return process

    @staticmethod
    def finish_off(process):
        if process.poll() is None:
            process.kill()
        _, err = process.communicate()
        if b": runtime error: " in (err or b""):
            raise AssertionError(err.decode(errors="replace"))

    def run_verb(self, *words, code=0, stdin=b"", **more):
        """Runs the verb to its end; returns stdout and stderr as bytes."""
        process = self.start(*words, env=self.environment(**more))
        out, err = process.communicate(stdin, timeout=PATIENCE_SECONDS)
        self.assertNotIn(b": runtime error: ", err)
        self.assertEqual(process.returncode, code, err.decode(errors="replace"))
        return out, err

    def entries(self, log):
        process = self.start("tail", log, "--json")
        out, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return [json.loads(line) for line in out.splitlines()]

    def texts(self, log):
        return [entry["text"] for entry in self.entries(log)]

    def info(self, log):
        out, _ = self.run_verb("list", "--json", "--search", log)
        found = [one for one in map(json.loads, out.splitlines())
                 if f"{one['type']}/{one['id']}" == log]
        self.assertEqual(len(found), 1, out)
        return found[0]

    def eventually(self, condition, what):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"not within {PATIENCE_SECONDS} s: {what}")
            time.sleep(0.02)

    def spools(self):
        return sorted((self.home / "spool").glob("*.spool"))
