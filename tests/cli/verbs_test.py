"""push, tail, list, end, delete, completion, and what every verb says when something is wrong."""

import os
import pathlib
import shutil
import signal
import subprocess
import tomllib

from cli_case import CommandCase, PATIENCE_SECONDS, new_log
from support.server import binary_path

ROOT = pathlib.Path(__file__).resolve().parents[2]


class PushTest(CommandCase):
    def test_a_file_and_its_end(self):
        log = new_log()
        (self.home / "build.log").write_bytes(b"one\r\ntwo\n\nlast")
        self.run_verb("push", log, "build.log", "--end", "failed", "--title", "T")
        self.assertEqual(self.texts(log), ["one", "two", "", "last"])
        self.assertEqual((self.info(log)["outcome"], self.info(log)["title"]), ("failed", "T"))

    def test_each_line_of_a_pipe_at_once(self):
        log = new_log()
        process = self.start("push", log, "-")
        for n in range(3):
            process.stdin.write(f"line {n}\n".encode())
            process.stdin.flush()
            self.eventually(lambda: len(self.texts(log)) == n + 1, f"line {n}")
        process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.info(log)["state"], "open")

    def test_the_same_file_again_sends_only_what_is_new(self):
        log = new_log()
        path = self.home / "x"
        path.write_text("1\n2\n")
        self.run_verb("push", log, "x", "--producer", "nightly")
        path.write_text("1\n2\n3\n")
        self.run_verb("push", log, "x", "--producer", "nightly")
        self.assertEqual(self.texts(log), ["1", "2", "3"])

    def test_follow_over_rotation_and_truncation(self):
        log = new_log()
        path = self.home / "app.log"
        path.write_text("1\n")
        process = self.start("push", log, "app.log", "--follow", "--end", "succeeded")
        self.eventually(lambda: self.texts(log) == ["1"], "the first line")
        path.rename(self.home / "app.log.1")
        path.write_text("two\n")
        self.eventually(lambda: self.texts(log) == ["1", "two"], "the new file")
        path.write_text("3\n")
        self.eventually(lambda: self.texts(log) == ["1", "two", "3"], "the truncated file")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.info(log)["outcome"], "cancelled")

    def test_an_ended_log_is_refused_with_a_way_out(self):
        log = new_log()
        self.run_verb("push", log, "-", "--end", "succeeded", stdin=b"x\n")
        _, err = self.run_verb("push", log, "-", stdin=b"y\n", code=75)
        self.assertIn(f"tailrace delete {log}".encode(), err)


class TailTest(CommandCase):
    def test_follows_over_a_restart_and_exits_as_the_log(self):
        log = new_log()
        script = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line $i; sleep 0.01; done; exit 7"
        tail = self.start("tail", log, "-f")
        job = self.start("exec", log, "--", "sh", "-c", script)
        self.assertEqual(tail.stdout.readline(), b"line 1\n")
        self.server.kill()
        self.server.start()
        job.communicate(timeout=PATIENCE_SECONDS)
        out, _ = tail.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(out.decode().splitlines(), [f"line {n}" for n in range(2, 301)])
        self.assertEqual((job.returncode, tail.returncode), (7, 7))

    def test_last_lines(self):
        log = new_log()
        self.run_verb("push", log, "-", "--end", "succeeded",
                      stdin="".join(f"{n}\n" for n in range(2500)).encode())
        for more in ((), ("-f",)):
            self.assertEqual(self.run_verb("tail", log, "-n", "2", *more)[0], b"2498\n2499\n")
        out, _ = self.run_verb("tail", log)
        self.assertEqual(out.decode().splitlines(), [str(n) for n in range(2500)])
        out, _ = self.run_verb("tail", log, "-n", "1", "--timestamps")
        self.assertRegex(out, rb"^\d{4}-\d\d-\d\dT[0-9:.]+Z 2499\n$")

    def test_outcomes_are_exit_codes(self):
        for outcome, more, code in (("succeeded", (), 0), ("failed", (), 1), ("lost", (), 70),
                                    ("cancelled", (), 130), ("failed", ("--exit-code", "9"), 9),
                                    ("failed", ("--exit-code", "999"), 1)):
            log = new_log()
            self.run_verb("push", log, "-", stdin=b"x\n")
            self.run_verb("end", log, "--outcome", outcome, *more)
            self.run_verb("tail", log, code=code)
            self.run_verb("tail", log, "-f", code=code)

    def test_a_deleted_log(self):
        log = new_log()
        self.run_verb("push", log, "-", stdin=b"x\n")
        tail = self.start("tail", log, "-f")
        self.assertEqual(tail.stdout.readline(), b"x\n")
        self.run_verb("delete", log)
        _, err = tail.communicate(timeout=PATIENCE_SECONDS)
        self.assertIn(b"was deleted", err)
        self.assertEqual(tail.returncode, 66)


class OtherVerbsTest(CommandCase):
    def test_list_end_delete(self):
        self.run_verb("push", "kind/1", "-", "--title", "Title 1", stdin=b"x\ny\n")
        self.run_verb("push", "other/2", "-", stdin=b"x\n")
        out, _ = self.run_verb("list", "--type", "kind")
        self.assertRegex(out.decode(), r"^LOG +STATE +LINES +CREATED +TITLE\n"
                                       r"kind/1 +open +2 +\S+Z +Title 1\n$")
        self.run_verb("end", "kind/1", "--outcome", "failed", "--reason", "why")
        self.assertEqual(self.info("kind/1")["reason"], "why")
        _, err = self.run_verb("end", "kind/1", code=1)
        self.assertIn(b"409", err)
        self.run_verb("delete", "kind/1")
        self.assertEqual(len(self.run_verb("list", "--json")[0].splitlines()), 1)

    def test_no_such_log(self):
        for words in (("tail", "no/log"), ("end", "no/log"), ("delete", "no/log")):
            _, err = self.run_verb(*words, code=66)
            self.assertIn(b"tailrace list", err)

    def test_no_server(self):
        for words in (("tail", "a/b"), ("list",), ("end", "a/b"), ("delete", "a/b")):
            _, err = self.run_verb(*words, code=69, TAILRACE_URL="http://127.0.0.1:1")
            self.assertIn(b"TAILRACE_URL", err)


class UsageTest(CommandCase):
    starts = False

    def test_mistakes_say_what_to_do(self):
        for words, said in ((("sreve",), "did you mean 'serve'"),
                            (("exec", "a/b", "--titel", "x", "--", "true"), "'--title'"),
                            (("exec", "a/b"), "behind --"),
                            (("exec", "ab", "--", "true"), "TYPE/ID"),
                            (("push",), "--spool"), (("push", "a/b", "--follow"), "FILE"),
                            (("push", "a/b", "--end", "won"), "succeeded"),
                            (("exec", "a/b", "--wait", "5", "--", "true"), "as in 10s"),
                            (("serve", "--limit-viewers", "0"), "between 1 and"),
                            (("serve", "--config", "none.toml"), "none.toml")):
            _, err = self.run_verb(*words, code=2)
            self.assertIn(said, err.decode(), words)
        _, err = self.run_verb("list", code=2, TAILRACE_URL="nowhere")
        self.assertIn(b"http://", err)

    def test_every_verb_has_help_with_an_example(self):
        for verb in ("serve", "exec", "push", "tail", "list", "end", "delete", "import",
                     "completion"):
            out, _ = self.run_verb(verb, "--help")
            self.assertRegex(out.decode(), rf"Example: .*tailrace {verb}")
        self.assertRegex(self.run_verb("--version")[0], rb"^tailrace \d+\.\d+\.\d+\n$")

    def test_configuration_in_order_of_strength(self):
        (self.home / "tailrace.toml").write_text(
            'workers = 1\nreader_threads = 2\n[streams]\nheartbeat = "20s"\n')
        out, _ = self.run_verb("serve", "--print-config", "--workers", "3",
                               TAILRACE_READER_THREADS="5", TAILRACE_WORKERS="4")
        config = tomllib.loads(out.decode())
        self.assertEqual((config["workers"], config["reader_threads"]), (3, 5))
        self.assertEqual(config["streams"]["heartbeat"], "20s")
        self.assertIn(b'heartbeat = "20s"  # tailrace.toml:4\n', out)
        self.assertIn(b"workers = 3  # flag --workers\n", out)
        self.assertIn(b"reader_threads = 5  # environment TAILRACE_READER_THREADS\n", out)

    def test_switches_and_lists(self):
        out, _ = self.run_verb("serve", "--print-config", "--listen", "127.0.0.1:1", "--listen",
                               "unix:/x", "--insecure-no-auth", "--portal-sentinel=false",
                               "--retention-type", "deploy:max_age=30d")
        config = tomllib.loads(out.decode())
        self.assertEqual(config["listen"], ["127.0.0.1:1", "unix:/x"])
        self.assertTrue(config["insecure_no_auth"])
        self.assertFalse(config["streams"]["portal_sentinel"])
        self.assertEqual(config["retention"]["type"]["deploy"]["max_age"], "30d")

    def test_the_document_has_the_table_of_settings(self):
        table, _ = self.run_verb("serve", "--print-settings-table")
        document = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
        self.assertTrue(table.decode() in document, "put the output of "
                        "`tailrace serve --print-settings-table` into docs/cli.md")

    def test_a_direct_rollout_without_a_cluster(self):
        config = self.home / "kubeconfig"
        config.write_text("kind: Config\n")
        _, err = self.run_verb("rollout", "--direct", "deploy/web", code=2, KUBECONFIG=str(config))
        self.assertTrue(err.startswith(b"tailrace: "), err)
        _, err = self.run_verb("rollout", "--direct", "pod/web", code=2, KUBECONFIG=str(config))
        self.assertIn(b"a pod by itself is followed by a server only", err)

    def test_completion_scripts_are_understood_by_their_shells(self):
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]),
                             ("fish", ["fish", "--no-execute"])):
            out, _ = self.run_verb("completion", shell)
            self.assertIn(b"--follow" if shell != "fish" else b"-l follow", out)
            if shutil.which(shell):
                script = self.home / f"completion.{shell}"
                script.write_bytes(out)
                subprocess.run([*check, script], check=True)

    def test_bash_completes_verbs_and_options(self):
        script, _ = self.run_verb("completion", "bash")
        asked = script.decode() + (
            "\nCOMP_WORDS=(tailrace t) COMP_CWORD=1; _tailrace; echo ${COMPREPLY[@]}"
            "\nCOMP_WORDS=(tailrace tail --js) COMP_CWORD=2; _tailrace; echo ${COMPREPLY[@]}")
        path = f"{os.path.dirname(binary_path())}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", asked], stdout=subprocess.PIPE, check=True,
                              env=self.environment(PATH=path))
        self.assertEqual(done.stdout, b"tail token\n--json\n")
