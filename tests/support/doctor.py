"""`tailrace doctor` under test, and what an nginx has to tell so that it finds nothing."""

import concurrent.futures
import json
import os
import subprocess
import unittest

from support.server import binary_path

AT_ONCE = 8             # probes; the server answers 16
SHORT, CUT = "0", "3s"  # silence; enough for a time-out of one second

HEAD = "proxy_set_header X-Forwarded-Proto $scheme; "
FOR = HEAD + "proxy_set_header X-Forwarded-For $remote_addr; "
TELL = FOR + "proxy_set_header X-Forwarded-Host $http_host; "
HOST = "proxy_set_header Host $http_host; "


def run(*words, environment=None):
    return subprocess.run([binary_path(), "doctor", *words], capture_output=True, text=True,
                          env={**os.environ, **(environment or {})}, timeout=120, check=False)


class DoctorCase(unittest.TestCase):
    def doctor(self, *words, code=0, environment=None):
        done = run(*words, environment=environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def examine(self, *words, code=0, environment=None):
        """What --json says of each address."""
        done = run(*words, "--json", environment=environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    @staticmethod
    def faults(seen):
        return [one["id"] for one in seen["findings"] if one["fault"]]

    def check_all(self, ports, cases, proxy=()):
        """`cases`: name: (…, finding or None, advice). Several at once, as each takes seconds."""
        def one(name):
            silence = CUT if "cuts" in name else SHORT
            return run(f"http://127.0.0.1:{ports[name]}", "--json", "--silence", silence, *proxy)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = dict(zip(cases, pool.map(one, cases)))
        for name, (*_, finding, advice) in cases.items():
            with self.subTest(name):
                done = answers[name]
                said = done.stdout + done.stderr
                self.assertEqual(done.returncode, 1 if finding else 0, said)
                seen = json.loads(done.stdout)
                self.assertEqual(self.faults(seen), [finding] if finding else [], said)
                if finding:
                    found = next(one for one in seen["findings"] if one["id"] == finding)
                    self.assertIn(advice, found["advice"][0])
                    self.assertEqual(len(found["advice"]), 1, said)
