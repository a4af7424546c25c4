"""`tailrace exec`: the command is not touched, the log is exact, and the server may be away."""

import os
import pty
import signal
import termios
import time

from cli_case import CommandCase, PATIENCE_SECONDS, new_log


class ExecTest(CommandCase):
    def test_output_streams_and_verdict(self):
        log = new_log()
        out, err = self.run_verb("exec", log, "--title", "A title", "--", "sh", "-c",
                                 "echo out; sleep 0.3; echo err >&2; exit 3", code=3)
        self.assertEqual(out, b"out\n")
        url = f"http://127.0.0.1:{self.server.port}/logs/{log}"
        self.assertEqual(err.decode().splitlines(), [
            url, "err", f"tailrace: {log} failed (exit code 3), 2 lines: {url}"])
        self.assertEqual([(e["stream"], e["text"]) for e in self.entries(log)],
                         [("stdout", "out"), ("stderr", "err")])
        info = self.info(log)
        self.assertEqual((info["title"], info["outcome"], info["exit_code"]),
                         ("A title", "failed", 3))
        self.assertEqual(self.spools(), [])

    def test_output_passes_byte_for_byte(self):
        data = bytes(range(256)) * 5000 + b"no end of line"
        (self.home / "data").write_bytes(data)
        out, _ = self.run_verb("exec", new_log(), "--", "cat", "data")
        self.assertEqual(out, data)

    def test_the_commands_words_are_left_alone(self):
        words = ["", "[a,b]", "--", "--help", "-f", "two words", "%s%%", "'\"", "\\n"]
        out, _ = self.run_verb("exec", new_log(), "--", "printf", "%s|", *words)
        self.assertEqual(out.decode(), "".join(word + "|" for word in words))

    def test_stdin_is_the_commands(self):
        out, _ = self.run_verb("exec", new_log(), "--", "cat", stdin=b"given\n")
        self.assertEqual(out, b"given\n")

    def test_an_unfinished_line_is_partial(self):
        log = new_log()
        process = self.start("exec", log, "--", "sh", "-c", "printf half; read x; echo ' whole'")
        self.eventually(lambda: self.entries(log), "the partial line")
        self.assertTrue(self.entries(log)[0]["partial"])
        process.communicate(b"\n", timeout=PATIENCE_SECONDS)
        entries = self.entries(log)
        self.assertEqual([e["text"] for e in entries], ["half", " whole"])
        self.assertNotIn("partial", entries[1])
        self.assertEqual(self.run_verb("tail", log)[0], b"half whole\n")

    def test_quiet_says_only_what_goes_wrong(self):
        _, err = self.run_verb("exec", new_log(), "--quiet", "--", "echo", "x")
        self.assertEqual(err, b"")
        _, err = self.run_verb("exec", new_log(), "--quiet", "--", "no-such-command", code=127)
        self.assertEqual(err, b"tailrace: no-such-command: command not found\n")

    def test_a_command_that_is_not_there(self):
        log = new_log()
        _, err = self.run_verb("exec", log, "--", "no-such-command", code=127)
        self.assertIn(b"no-such-command: command not found", err)
        self.assertEqual((self.info(log)["outcome"], self.info(log)["exit_code"]), ("failed", 127))
        (self.home / "plain").write_text("")
        self.run_verb("exec", new_log(), "--", "./plain", code=126)

    def test_a_signal_is_sent_on_and_cancels(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            log = new_log()
            process = self.start("exec", log, "--", "sh", "-c", "echo ready; exec sleep 100")
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.send_signal(number)
            process.communicate(timeout=PATIENCE_SECONDS)
            self.assertEqual(process.returncode, 128 + number)
            info = self.info(log)
            self.assertEqual(info["outcome"], "cancelled")
            self.assertIn(number.name, info["reason"])

    def test_killed_by_another_signal_failed(self):
        log = new_log()
        self.run_verb("exec", log, "--", "sh", "-c", "kill -9 $$", code=137)
        info = self.info(log)
        self.assertEqual((info["outcome"], info["reason"]), ("failed", "killed by SIGKILL"))

    def test_a_process_left_behind_does_not_hold_it(self):
        log = new_log()
        started = time.monotonic()
        self.run_verb("exec", log, "--", "sh", "-c", "echo done; sleep 100 &")
        self.assertLess(time.monotonic() - started, PATIENCE_SECONDS / 2)
        self.assertEqual(self.texts(log), ["done"])

    def test_a_closed_stdout_does_not_stop_the_log(self):
        log = new_log()
        process = self.start("exec", log, "--", "seq", "100000")
        process.stdout.close()
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        # On a slow machine a line may come in parts.
        text = "".join(e["text"] + ("" if e.get("partial") else "\n") for e in self.entries(log))
        self.assertEqual(text.splitlines(), [str(n) for n in range(1, 100001)])


class ExecPtyTest(CommandCase):
    def test_the_command_has_a_terminal_and_ours_is_restored(self):
        log = new_log()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        before = termios.tcgetattr(theirs)
        termios.tcsetwinsize(theirs, (33, 111))
        process = self.start("exec", log, "--pty", "--", "sh", "-c",
                             "test -t 0 && test -t 1 && stty size; read x; echo got $x",
                             stdin=theirs, stdout=theirs, stderr=theirs)
        os.write(ours, b"typed\n")
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        self.assertEqual(termios.tcgetattr(theirs), before)
        os.close(theirs)
        texts = self.texts(log)
        self.assertIn("33 111", texts)
        self.assertIn("got typed", texts)

    def test_without_a_terminal_of_our_own(self):
        out, _ = self.run_verb("exec", new_log(), "--pty", "--", "sh", "-c", "cat; test -t 1",
                               stdin=b"piped\n")
        self.assertIn(b"piped", out)


class ExecAwayTest(CommandCase):
    starts = False

    def test_delivers_when_the_server_comes(self):
        log = new_log()
        process = self.start("exec", log, "--", "seq", "5000")
        while process.stdout.readline() != b"5000\n":
            pass
        self.server.start()
        process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.texts(log), [str(n) for n in range(1, 5001)])
        self.assertEqual(self.spools(), [])

    def test_exactly_once_over_kills_of_the_server(self):
        log = new_log()
        self.server.start()
        script = "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; sleep 0.01; done"
        process = self.start("exec", log, "--", "sh", "-c", script)
        for _ in range(3):
            time.sleep(1)  # Time for the writer to be in the middle of something.
            self.server.kill()
            self.server.start()
        process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.texts(log), [f"line {n}" for n in range(1, 401)])

    def test_what_cannot_be_delivered_is_kept_and_can_be_sent(self):
        log = new_log()
        _, err = self.run_verb("exec", log, "--wait", "0", "--", "sh", "-c", "seq 10; exit 4",
                               code=4)
        spool, = self.spools()
        self.assertIn(b"10 lines are not delivered", err)
        self.assertIn(f"tailrace push --spool {spool}".encode(), err)
        self.server.start()
        self.run_verb("push", "--spool", str(spool))
        self.assertEqual(self.texts(log), [str(n) for n in range(1, 11)])
        self.assertEqual(self.info(log)["exit_code"], 4)
        self.assertEqual(self.spools(), [])

    def test_a_producer_that_was_killed_leaves_a_log_that_is_lost(self):
        log = new_log()
        process = self.start("exec", log, "--", "sh", "-c", "echo one; exec sleep 100")
        process.stdout.readline()
        spool, = self.spools()
        self.eventually(lambda: spool.stat().st_size > 4096, "the line in the spool")
        process.kill()
        process.wait()
        self.server.start()
        self.run_verb("push", "--spool", str(spool))
        self.assertEqual(self.texts(log), ["one"])
        self.assertEqual(self.info(log)["outcome"], "lost")

    def test_a_full_spool_costs_lines_that_are_said(self):
        log = new_log()
        process = self.start("exec", log, "--quiet", "--spool-limit", "64KiB", "--", "sh", "-c",
                             "seq 20000; read x; echo last")
        while process.stdout.readline() != b"20000\n":
            pass
        self.server.start()
        _, err = process.communicate(b"\n", timeout=PATIENCE_SECONDS)
        self.assertIn(b"lines are being lost: the spool is full", err)
        entries = self.entries(log)
        lost = sum(entry.get("lost", 0) for entry in entries)
        own = sum(entry["stream"] == "event" for entry in entries)
        self.assertGreater(lost, 0)
        self.assertEqual(len(entries) - own + lost, 20001)

    def test_no_directory_for_the_spool(self):
        _, err = self.run_verb("exec", new_log(), "--wait", "0", "--", "echo", "x",
                               TAILRACE_SPOOL_DIR="/proc/none", HOME="/proc/none",
                               TMPDIR="/proc/none")
        self.assertIn(b"16 MiB in memory", err)

    def test_a_second_interrupt_stops_the_waiting(self):
        process = self.start("exec", new_log(), "--", "sh", "-c", "echo ready; exec sleep 100")
        process.stdout.readline()
        spool, = self.spools()
        self.eventually(lambda: spool.stat().st_size > 4096, "the line in the spool")
        before = spool.stat().st_size
        process.send_signal(signal.SIGINT)
        self.eventually(lambda: spool.stat().st_size > before, "the end in the spool")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(len(self.spools()), 1)
