"""The real proxies in front of the server: nginx, Caddy and HAProxy with the configurations of
docs/proxies/, in which only addresses and files are replaced."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from support.server import can_connect, prepare_child

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "proxies"
START_SECONDS = 60
STOP_SECONDS = 30

NGINX = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
  access_log off;
  gzip on;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {text}
}}
"""


def documented(name, swap):
    """A configuration of docs/proxies/ with other addresses: each must be in it."""
    text = (DOCS / name).read_text(encoding="utf-8")
    for old, new in swap.items():
        if old not in text:
            raise AssertionError(f"{name} has no {old!r}")
        text = text.replace(old, str(new))
    return text


class Front:
    """One proxy process. `port`: where it listens."""

    def __init__(self, text, port):
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-front-"))
        self.text = text
        self.process = None

    def prepare(self):
        """Writes the files; returns the command."""
        raise NotImplementedError

    def start(self):
        command = self.prepare()
        with open(self.folder / "output.log", "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder),
                     "XDG_CONFIG_HOME": str(self.folder)},
                preexec_fn=lambda: prepare_child({}))
        give_up = time.monotonic() + START_SECONDS
        while not can_connect(self.port):
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(self.log_text())
            time.sleep(0.02)
        return self

    def end(self):
        """At once: connections are cut where they are."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def restart(self):
        self.end()
        self.start()

    def stop(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        logs = [path.read_text(encoding="utf-8", errors="replace")
                for path in self.folder.glob("*.log")]
        return "\n".join(logs)


def program(name):
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise RuntimeError(f"{name} is not installed: scripts/deps test")
    return found


class Nginx(Front):
    """`text` stands in its http block."""

    def prepare(self):
        config = self.folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(NGINX.format(folder=self.folder, text=self.text, user=user))
        shutil.copy("/etc/nginx/uwsgi_params", self.folder)
        return [program("nginx"), "-p", str(self.folder), "-c", str(config),
                "-e", str(self.folder / "error.log")]


class Caddy(Front):
    def prepare(self):
        config = self.folder / "Caddyfile"
        config.write_text("{\n\tadmin off\n\tauto_https off\n\tgrace_period 10ms\n}\n" + self.text)
        return [program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile"]


class HaProxy(Front):
    def prepare(self):
        config = self.folder / "haproxy.cfg"
        config.write_text(self.text)
        return [program("haproxy"), "-f", str(config)]
