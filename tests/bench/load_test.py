"""tailrace-load against servers that are right, wrong, or silent."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import unittest

from bench_case import LOAD, BenchCase

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"event: end\ndata: {}\nid: abc.2.end\n\n"


def event(mark, position):
    return f"data: #a{mark:09} text\nid: abc.{position}\n\n".encode()


def chunked(*parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


@contextlib.contextmanager
def serving(answer, hold):
    """A port where each connection gets these bytes, and then the end unless it is held."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as held:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection = held.enter_context(listener.accept()[0])
                    connection.recv(65536)
                    connection.sendall(answer)
                    if not hold:
                        connection.close()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def replay(answer, *options, hold=False):
    with serving(answer, hold) as port:
        return subprocess.run([LOAD, "replay", "--port", str(port), "--from", "0", *options],
                              text=True, capture_output=True, timeout=120, check=False)


class LoadTest(BenchCase):
    def expect_wrong(self, answer, message, *options):
        done = replay(answer, *options)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(message, done.stderr)
        self.assertIn("viewer 0 of /api/v1/logs/bench/load/events", done.stderr)

    def test_right_stream_is_measured(self):
        body = chunked(event(0, 1), event(1, 2), END)
        done = replay(HEAD + body, "--expect", "2", "--viewers", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["bytes"], 3 * len(HEAD + body))

    def test_wrong_streams_are_told(self):
        self.expect_wrong(HEAD + chunked(event(0, 1), event(2, 2), END), "mark '#a000000002'")
        self.expect_wrong(HEAD + chunked(event(0, 1), event(0, 2), END), "mark '#a000000000'")
        self.expect_wrong(HEAD + chunked(event(0, 1), event(1, 3), END), "position 3")
        self.expect_wrong(HEAD + chunked(event(0, 2), event(1, 3), END), "position 2")
        self.expect_wrong(HEAD + chunked(event(0, 1), event(1, 2)), "no end was told")
        self.expect_wrong(HEAD + chunked(event(0, 1), event(1, 2), END)[:-5], "was cut")
        self.expect_wrong(HEAD + chunked(event(0, 1), event(1, 2), END), "of 3", "--expect", "3")
        self.expect_wrong(HEAD + b"zz\r\n", "no chunk's size")
        self.expect_wrong(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "status 503")

    def test_coding_that_was_not_asked_for_is_told(self):
        coded = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
        self.expect_wrong(coded + chunked(b"x"), "unexpected coding")
        self.expect_wrong(coded + chunked(b"not gzip"), "damaged", "--coding", "gzip")
        self.expect_wrong(HEAD + chunked(END), "no zstd", "--coding", "zstd")

    @unittest.skipIf(os.environ.get("TAILRACE_SANITIZE") == "thread", "it holds signals back")
    def test_it_never_runs_for_ever(self):
        done = replay(HEAD + chunked(event(0, 1))[:-5], "--give-up", "1", hold=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not finished", done.stderr)

    def test_help_names_each_mode(self):
        text = subprocess.run([LOAD, "--help"], text=True, capture_output=True, timeout=60,
                              check=True).stdout
        for mode in ("one-at-a-time", "paced", "firehose", "storm", "replay", "spread"):
            self.assertIn(mode, text)
