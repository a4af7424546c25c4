"""The servers that are measured: Tailrace, the bare loop of send(), and nginx (nchan, files).

Each is a context manager with `port` and `pid` (of the process that does the work), and ends only
what it started.
"""

import contextlib
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("TAILRACE_BENCH_BUILD", ROOT / "build" / "bench"))
START_SECONDS = 30


def cores():
    """(core of the servers, core of the client); the same one if there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def prepare_child(core=None, first=False):
    """For preexec_fn: all the descriptors there are; one core if that is asked for; `first`: before
    all others on it, if this user may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if core is not None:
        os.sched_setaffinity(0, {core})
    if first:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def stop(process, signal_number=signal.SIGTERM):
    if process.poll() is not None:
        return
    process.send_signal(signal_number)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def resident_bytes(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


# A file system without a disk; what is synced there costs no wait.
MEMORY = pathlib.Path("/dev/shm")


@contextlib.contextmanager
def work_folder(parent=BUILD):
    """A folder on the file system of the build, or of `parent`, gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    tls = False
    parent = BUILD  # of its folder

    def __init__(self, pinned=True):
        self.core = cores()[0] if pinned else None
        self.port = None
        self.pid = None
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._stack = stack
            self.folder = stack.enter_context(work_folder(self.parent))
            self.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def at_exit(self, call):
        """Before the processes that were started so far are stopped."""
        self._stack.callback(call)

    def run(self, command, **options):
        # Settings of this shell's servers are not ours.
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TAILRACE_")}
        process = subprocess.Popen(command, preexec_fn=lambda: prepare_child(self.core),
                                   env=clean, **options)
        self._stack.callback(stop, process)
        return process

    def new_certificate(self):
        """Its file and that of its key."""
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        return certificate, key


# The program with no more viewers than descriptors allow (20,000 on many machines).
CROWD = ("--limit-connections", "19800", "--limit-viewers", "19600")


class Tailrace(Server):
    """One worker. With `tls`, by a certificate of its own. With `in_memory`, no disk takes part."""

    on_start = None  # called with each one that runs; for profiles

    def __init__(self, pinned=True, flags=(), tls=False, in_memory=False):
        super().__init__(pinned)
        self.parent = MEMORY if in_memory else BUILD
        self.flags = list(flags)
        self.tls = tls

    def start(self):
        if self.tls:
            certificate, key = self.new_certificate()
            self.flags += ["--tls-cert", certificate, "--tls-key", key]
        log = self.folder / "server.log"
        with open(log, "wb") as out:
            process = self.run([BUILD / "tailrace", "serve", "--listen", "127.0.0.1:0", "--data",
                                self.folder / "data", "--workers", "1", *self.flags],
                               cwd=self.folder, stderr=out, stdout=out)
        self.process = process
        self.pid = process.pid
        self.port = self._wait_for_port(log, process)
        if Tailrace.on_start is not None:
            Tailrace.on_start(self)

    def restart(self):
        """Stops it as an operator would and starts it again on the same data."""
        stop(self.process)
        self.start()

    @staticmethod
    def _wait_for_port(log, process):
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and process.poll() is None:
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                if "msg=listening" in line and "address=127.0.0.1:" in line:
                    return int(line.split("address=127.0.0.1:")[1].split()[0].strip('"'))
            time.sleep(0.05)
        raise RuntimeError(f"tailrace did not start: {log.read_text(errors='replace')[-2000:]}")


class BareSend(Server):
    """With `durable`, what comes is written and synced before it is sent and answered."""

    def __init__(self, durable=False, pinned=True, tls=False):
        super().__init__(pinned)
        self.durable = durable
        self.tls = tls

    def start(self):
        options = [self.folder / "bytes"] if self.durable else []
        if self.tls:
            options = ["--tls", *self.new_certificate()]
        process = self.run([BUILD / "bench_bare_send", *options], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
        self.pid = process.pid
        self.port = int(process.stdout.readline())


NGINX_CONFIG = """
load_module modules/ngx_nchan_module.so;
daemon off;
worker_processes 1;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 12000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  sendfile on;
  tcp_nopush on;
  nchan_shared_memory_size 256m;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    keepalive_requests 10000000;
    location = /sub {{
      nchan_subscriber eventsource;
      nchan_subscriber_first_message oldest;
      nchan_channel_id $arg_id;
    }}
    location = /pub {{
      nchan_publisher http;
      nchan_channel_id $arg_id;
      nchan_message_buffer_length 10000;
      nchan_message_timeout 600s;
    }}
    location /files/ {{ alias {files}/; }}
  }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx(Server):
    """One worker. Serves the folder `files` as /files/ and nchan's channels as /sub and /pub."""

    def start(self):
        self.files = self.folder / "files"
        self.files.mkdir()
        self.port = free_port()
        user = "root" if os.geteuid() == 0 else "nobody"
        config = self.folder / "nginx.conf"
        config.write_text(NGINX_CONFIG.format(folder=self.folder, files=self.files,
                                              port=self.port, user=user))
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        process = self.run([program, "-p", "/usr/share/nginx", "-c", config, "-e",
                            self.folder / "error.log"])
        self.pid = self._wait_for_worker(process)

    def _wait_for_worker(self, process):
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and process.poll() is None:
            pids = children.read_text().split()
            for pid in pids:
                title = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"worker process" in title:
                    return int(pid)
            time.sleep(0.05)
        raise RuntimeError((self.folder / "error.log").read_text())
