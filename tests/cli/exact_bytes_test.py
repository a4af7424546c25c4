"""What goes in by exec and push is what `/raw` gives back, byte for byte."""

import http.client
import resource

from cli_case import CommandCase, PATIENCE_SECONDS, new_log
from support.case import seeded_rng

# Writes whole lines, each by one write that a pipe takes at once: then no pause can make a line
# partial, which `/raw` would show as two.
WRITER = """
import os
for line in open("data", "rb"):
    os.write(1, line)
"""


def hostile_bytes(rng, size):
    """Random bytes in lines below 4096 bytes. CR LF is a line's end, whose CR is not stored."""
    data = bytearray(rng.randbytes(size))
    for at in range(4000, size, 4000):
        data[at] = ord("\n")
    data += "é \U0001f680\xa0\n".encode() + b"\xc3\n\xff\xfe\n\x00\n\xed\xa0\x80\n\n"
    while b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    return bytes(data)


class ExactBytesTest(CommandCase):
    def raw(self, log):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                timeout=PATIENCE_SECONDS)
        self.addCleanup(connection.close)
        connection.request("GET", f"/api/v1/logs/{log}/raw")
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        return response.read()

    def setUp(self):
        super().setUp()
        self.data = hostile_bytes(seeded_rng("exact bytes"), 1 << 20)
        (self.home / "data").write_bytes(self.data)

    def check(self, log):
        self.assertTrue(self.raw(log) == self.data, "the raw text is not what was written")

    def test_exec(self):
        log = new_log()
        out, _ = self.run_verb("exec", log, "--", "python3", "-c", WRITER)
        self.assertTrue(out == self.data, "the output was changed")
        self.check(log)

    def test_push_of_a_file_and_of_a_pipe(self):
        log = new_log()
        self.run_verb("push", log, "data")
        self.check(log)
        log = new_log()
        self.run_verb("push", log, "-", stdin=self.data)
        self.check(log)

    def test_over_a_spool_that_is_sent_later(self):
        log = new_log()
        self.server.kill()
        self.run_verb("exec", log, "--wait", "0", "--", "python3", "-c", WRITER)
        self.server.start()
        self.run_verb("push", "--spool", str(self.spools()[0]))
        self.check(log)


class OverloadTest(CommandCase):
    starts = False

    def test_a_full_disk_of_the_server_is_waited_out(self):
        log = new_log()
        self.server.rlimits = {resource.RLIMIT_FSIZE: 4 << 20}
        self.server.start()
        script = "import random\nfor n in range(20000): print(n, random.randbytes(200).hex())"
        with (self.home / "out").open("wb") as written:
            process = self.start("exec", log, "--", "python3", "-c", script, stdout=written)
        while b"503" not in (line := process.stderr.readline()):
            self.assertTrue(line, "503 was not said")
        self.server.kill()
        self.server.rlimits = {}
        self.server.start()
        _, err = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"the server is back", err)
        written = (self.home / "out").read_text().splitlines()
        self.assertEqual(len(written), 20000)
        self.assertTrue(self.texts(log) == written, "the log is not what was written")
