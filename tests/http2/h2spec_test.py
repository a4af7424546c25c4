"""h2spec (github.com/summerwind/h2spec): 145 cases of RFC 7540 and 7541 from outside."""

import fcntl
import hashlib
import os
import pathlib
import subprocess
import tempfile
import xml.etree.ElementTree

from support.case import ServerCase
from support.tls import Certificate

ROOT = pathlib.Path(__file__).resolve().parents[2]
# nghttp2 ignores a HEADERS frame of a stream that it takes for a closed one, as is its right where
# streams are closed by the number of a later one (RFC 9113 5.1.1).
ALLOWED = {"Sends stream identifier that is numerically smaller than previous"}
# Some cases measure an answer and need its end; others break a rule behind a request and need it to
# be under way still. So what fails with an answer that ends at once may pass with an endless one.
SHORT = "/api/v1/logs/h2spec/log/entries"
ENDLESS = "/api/v1/logs/h2spec/log/events"
TIMEOUT_SECONDS = "30" if os.environ.get("TAILRACE_SANITIZE") else "5"


def h2spec():
    """The program, built once for each set of pinned versions (h2spec/go.sum)."""
    source = ROOT / "tests" / "http2" / "h2spec"
    versions = hashlib.sha256((source / "go.sum").read_bytes()).hexdigest()[:12]
    folder = ROOT / "build" / "go"
    program = folder / f"h2spec-{versions}"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            # A name of its own until it is whole.
            fresh = folder / f"fresh-{os.getpid()}"
            subprocess.run(["go", "build", "-p", "2", "-o", fresh,
                            "github.com/summerwind/h2spec/cmd/h2spec"], cwd=source, check=True,
                           env={**os.environ, "GOFLAGS": "-mod=readonly"})
            fresh.rename(program)
    return program


class H2specCase(ServerCase):
    def failed(self, path, options):
        """The cases that fail with requests for this path, and h2spec's words about them."""
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.xml"
            run = subprocess.run([h2spec(), "-h", "127.0.0.1", "-P", path, "-o", TIMEOUT_SECONDS,
                                  "-j", report, *options], stdout=subprocess.PIPE, text=True,
                                 check=False)
            cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase")
            bad = {case.get("classname") for case in cases
                   if case.find("failure") is not None or case.find("error") is not None}
        self.assertIn("145 tests", run.stdout)
        self.assertIn(" 0 skipped", run.stdout)
        return bad, run.stdout.partition("\nFailures:")[2]

    def run_h2spec(self, *options):
        bad, failures = self.failed(SHORT, options)
        if not bad <= ALLOWED:
            also, more = self.failed(ENDLESS, options)
            bad &= also
            failures += more
        self.assertLessEqual(bad, ALLOWED, failures)


class H2specTest(H2specCase):
    def test_clear_text(self):
        self.run_h2spec("-p", str(self.server.port))


class H2specTlsTest(H2specCase):
    @classmethod
    def setUpClass(cls):
        certificate = Certificate()
        cls.addClassCleanup(certificate.remove)
        cls.settings = certificate.settings()
        super().setUpClass()

    def test_tls(self):
        self.run_h2spec("-p", str(self.server.port), "-t", "-k")
