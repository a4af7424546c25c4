"""`tailrace exec` at a terminal: keys that are signals, and the terminal's own state afterwards."""

import fcntl
import os
import pty
import signal
import subprocess
import termios
import threading

from cli_case import CommandCase, PATIENCE_SECONDS, die_with_test, new_log
from support.server import binary_path

CTRL_C = b"\x03"

# Says how many interrupts it has had when a line comes, and exits. Not by a signal handler: Python
# runs those between two steps of its own, so that one which comes just before a read waits for it.
COUNTER = """
import os, signal, sys, threading
seen = 0
def say(line):
    os.write(1, line.encode() + b"\\n")
def count():
    global seen
    while True:
        signal.sigwait({signal.SIGINT})
        seen += 1
        say(f"interrupted {seen}")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
threading.Thread(target=count, daemon=True).start()
say("ready")
sys.stdin.readline()
say(f"total {seen}")
"""


class Terminal:
    """A terminal whose session the verb leads, and all that was written to it."""

    def __init__(self, case):
        self.case = case
        self.keys, self.side = pty.openpty()
        self.seen = b""
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read_all, daemon=True)
        self.reader.start()
        case.addCleanup(self.close)

    def read_all(self):
        while True:
            try:
                data = os.read(self.keys, 65536)
            except OSError:
                return
            with self.changed:
                self.seen += data
                self.changed.notify_all()
            if not data:
                return

    def close(self):
        os.close(self.side)
        self.reader.join(PATIENCE_SECONDS)
        os.close(self.keys)

    def start(self, *words):
        def lead_session():
            die_with_test()
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = subprocess.Popen([binary_path(), *words], stdin=self.side, stdout=self.side,
                                   stderr=self.side, env=self.case.environment(),
                                   cwd=self.case.home, preexec_fn=lead_session)
        self.case.addCleanup(self.case.finish_off, process)
        return process

    def type(self, keys):
        os.write(self.keys, keys)

    def wait_for(self, text):
        with self.changed:
            found = self.changed.wait_for(lambda: text in self.seen, PATIENCE_SECONDS)
        self.case.assertTrue(found, f"{text!r} did not come: {self.seen!r}")

    def settings(self):
        return termios.tcgetattr(self.side)


class InterruptTest(CommandCase):
    def test_ctrl_c_reaches_the_command_once(self):
        log = new_log()
        terminal = Terminal(self)
        process = terminal.start("exec", log, "--", "python3", "-c", COUNTER)
        terminal.wait_for(b"ready")
        terminal.type(CTRL_C)
        terminal.wait_for(b"interrupted 1")
        terminal.type(CTRL_C)
        terminal.wait_for(b"interrupted 2")
        terminal.type(b"\n")
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        self.assertEqual(self.texts(log), ["ready", "interrupted 1", "interrupted 2", "total 2"])
        self.assertEqual(self.info(log)["outcome"], "succeeded")

    def test_ctrl_c_cancels(self):
        for more in ((), ("--pty",)):
            log = new_log()
            terminal = Terminal(self)
            process = terminal.start("exec", log, *more, "--", "sh", "-c",
                                     "echo ready; exec sleep 100")
            terminal.wait_for(b"ready")
            terminal.type(CTRL_C)
            self.assertEqual(process.wait(PATIENCE_SECONDS), 130)
            info = self.info(log)
            self.assertEqual((info["outcome"], info["reason"]),
                             ("cancelled", "cancelled by SIGINT"))


class InterruptAwayTest(CommandCase):
    starts = False

    def test_a_second_ctrl_c_stops_the_waiting(self):
        log = new_log()
        terminal = Terminal(self)
        process = terminal.start("exec", log, "--", "sh", "-c", "echo ready; exec sleep 100")
        terminal.wait_for(b"ready")
        terminal.type(CTRL_C)
        terminal.wait_for(b"Ctrl-C: do not wait")
        self.assertIsNone(process.poll())
        terminal.type(CTRL_C)
        self.assertEqual(process.wait(PATIENCE_SECONDS), 130)
        spool, = self.spools()
        terminal.wait_for(f"tailrace push --spool {spool}".encode())
        self.server.start()
        self.run_verb("push", "--spool", str(spool))
        self.assertEqual(self.texts(log), ["ready"])
        self.assertEqual(self.info(log)["outcome"], "cancelled")


class TerminalStateTest(CommandCase):
    def test_restored_when_the_command_crashes(self):
        terminal = Terminal(self)
        before = terminal.settings()
        process = terminal.start("exec", new_log(), "--pty", "--", "sh", "-c",
                                 "stty raw -echo; kill -SEGV $$")
        self.assertEqual(process.wait(PATIENCE_SECONDS), 128 + signal.SIGSEGV)
        self.assertEqual(terminal.settings(), before)

    def test_restored_when_exec_itself_crashes(self):
        terminal = Terminal(self)
        before = terminal.settings()
        process = terminal.start("exec", new_log(), "--pty", "--", "sh", "-c",
                                 "echo ready; exec sleep 100")
        terminal.wait_for(b"ready")
        self.assertNotEqual(terminal.settings(), before)
        process.send_signal(signal.SIGSEGV)
        process.wait(PATIENCE_SECONDS)
        self.assertEqual(terminal.settings(), before)

    def test_restored_after_a_command_that_does_not_start(self):
        terminal = Terminal(self)
        before = terminal.settings()
        process = terminal.start("exec", new_log(), "--pty", "--quiet", "--", "no-such-command")
        self.assertEqual(process.wait(PATIENCE_SECONDS), 127)
        self.assertEqual(terminal.settings(), before)
        terminal.wait_for(b"no-such-command: command not found")
