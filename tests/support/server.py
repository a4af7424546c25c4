"""Starts, kills and drains the real binary on 127.0.0.1, and says what it used."""

import ctypes
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

START_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 60.0
# Only a process that exits looks for its leaks and says what it had seen.
STOPS_GENTLY = bool(os.environ.get("TAILRACE_SANITIZE"))
# UndefinedBehaviorSanitizer beside AddressSanitizer knows no log_path (run.py) and exits with 1.
UNDEFINED_BEHAVIOUR = re.compile(r"^.*: runtime error: .*$", re.M)


def binary_path():
    """The program under test: TAILRACE_BINARY, else the newest one of the build directories."""
    given = os.environ.get("TAILRACE_BINARY")
    if given:
        return given
    root = pathlib.Path(__file__).resolve().parents[2]
    built = sorted(root.glob("build/*/tailrace"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise RuntimeError("no binary: set TAILRACE_BINARY or build the target tailrace")
    return str(built[-1])


def free_port():
    """A port that nobody listens on, from below the kernel's ephemeral range.

    From inside that range a client that connects while the server is down may be given the same
    number as its own port: TCP then connects the socket to itself and the restart finds it taken.
    """
    while True:
        port = random.randint(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def prepare_child(rlimits):
    """In the child: the kernel kills it when the test is killed, so that no server stays behind;
    and its limits. Beyond RLIMIT_FSIZE a write shall fail, as on a full disk, without a signal."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for what, value in rlimits.items():
        resource.setrlimit(what, (value, value))


def can_connect(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def anybody():
    """A TLS client that believes everything."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def get_status(port, path, tls=False):
    """Status of a blocking GET, or None when nobody answers. For the time before asyncio runs."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as sock:
            with anybody().wrap_socket(sock) if tls else sock as conn:
                conn.sendall(
                    f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                head = conn.recv(64)
        return int(head.split(b" ")[1]) if head.startswith(b"HTTP/1.1 ") else None
    except (OSError, IndexError, ValueError):
        return None


def wait_until_ready(port, tls=False):
    """A server that only a proxy may speak to, asked through it."""
    deadline = time.monotonic() + START_SECONDS
    while get_status(port, "/readyz", tls) != 200:
        if time.monotonic() > deadline:
            raise RuntimeError(f"nobody is ready behind port {port}")
        time.sleep(0.02)


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return str(value)


def toml_text(settings):
    """`{"streams.heartbeat_ms": 200, "workers": 1}` as a configuration file. A list of
    dictionaries is an array of tables."""
    arrays = {name: value for name, value in settings.items()
              if isinstance(value, list) and value and isinstance(value[0], dict)}
    settings = {name: value for name, value in settings.items() if name not in arrays}
    plain = [f"{name} = {toml_value(value)}" for name, value in settings.items()
             if "." not in name]
    tables = {}
    for name, value in settings.items():
        if "." in name:
            table, key = name.rsplit(".", 1)
            tables.setdefault(table, []).append(f"{key} = {toml_value(value)}")
    blocks = ["\n".join(plain)]
    blocks += [f"[{table}]\n" + "\n".join(lines) for table, lines in tables.items()]
    blocks += [f"[[{name}]]\n" + "\n".join(f"{key} = {toml_value(item)}"
                                          for key, item in row.items())
               for name, rows in arrays.items() for row in rows]
    return "\n".join(blocks) + "\n"


class Server:
    """One `tailrace serve`, which may be killed and started again on the same data and port.

    `settings` are keys of tailrace.toml; `arguments` come behind the others on the command line;
    `rlimits` are the process's resource limits and may be changed between two starts.
    """

    def __init__(self, data=None, settings=None, arguments=(), port=None, listen=None,
                 rlimits=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-test-"))
        self.data = str(data) if data else str(self.folder / "data")
        self.port = port or free_port()
        self.listen = listen or [f"127.0.0.1:{self.port}"]
        self.settings = dict(settings or {})
        self.arguments = list(arguments)
        self.rlimits = dict(rlimits or {})
        self.process = None
        self.log_path = self.folder / "server.log"

    def command(self):
        words = [binary_path(), "serve", "--data", self.data]
        for address in self.listen:
            words += ["--listen", address]
        if self.settings:
            self.write_config()
            words += ["--config", str(self.folder / "tailrace.toml")]
        return words + self.arguments

    def write_config(self):
        config = self.folder / "tailrace.toml"
        config.write_text(toml_text(self.settings), encoding="utf-8")

    def spawn(self):
        """Starts the process and does not wait for it."""
        self.check_end()
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("TAILRACE_")}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=environment,
                                            restore_signals=False,
                                            preexec_fn=lambda: prepare_child(self.rlimits))
        return self

    def start(self):
        """Starts the process and waits until it is ready."""
        self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while get_status(self.port, "/readyz", "tls.cert" in self.settings) != 200:
            if self.process.poll() is not None:
                raise RuntimeError(f"server exited with {self.process.returncode} while starting:\n"
                                   + self.log_tail())
            if time.monotonic() > deadline:
                raise RuntimeError("server is not ready:\n" + self.log_tail())
            time.sleep(0.02)
        return self

    def kill(self):
        """kill -9, and waits until the kernel has cleaned up."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.check_end()

    def check_end(self):
        """A process that has ended may have been killed or have exited, but not crashed."""
        if STOPS_GENTLY and self.log_path.exists():
            found = UNDEFINED_BEHAVIOUR.search(self.log_text())
            if found:
                raise AssertionError(found[0])
        code = self.process.poll() if self.process else None
        if code is not None and code < 0 and code != -signal.SIGKILL:
            raise AssertionError(f"the server crashed ({signal.Signals(-code).name}):\n"
                                 + self.log_tail(60))

    def terminate(self):
        """SIGTERM; does not wait."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout=STOP_SECONDS):
        return self.process.wait(timeout)

    def stop(self):
        """Ends the process in any way and removes its folder. Returns what it had exited with."""
        code = self.process.poll() if self.process else None
        try:
            if STOPS_GENTLY and self.alive():
                self.end_gently()
            self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        return code

    def end_gently(self):
        self.terminate()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            code = "no exit"
        if code != 0:
            raise AssertionError(f"SIGTERM ended the server with {code}:\n" + self.log_tail(60))

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log_text(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def log_tail(self, lines=25):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def cpu_seconds(self):
        """Processor time that the process has used."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self):
        """Resident memory of the process that belongs to it alone (no files mapped)."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no RssAnon in /proc")
