"""Debian's nginx as a reverse proxy in front of the server."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

CONFIG = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {servers}
}}
"""
SERVER = """
  server {{
    listen 127.0.0.1:{port};
    {lines}
    location / {{ proxy_pass http://127.0.0.1:{target}; }}
  }}
"""
START_SECONDS = 30


def free_ports(count):
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Nginx:
    """`ports[name]` passes on to `target`; `servers[name]`: more lines of its configuration."""

    def __init__(self, target, servers):
        self.target = target
        self.servers = servers
        self.ports = dict(zip(servers, free_ports(len(servers))))
        self.process = None
        self.folder = None

    def start(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-nginx-"))
        servers = "".join(SERVER.format(port=self.ports[name], lines=lines, target=self.target)
                          for name, lines in self.servers.items())
        config = self.folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=self.folder, servers=servers,
                                        user="user root;" if os.geteuid() == 0 else ""))
        self.run()
        return self

    def run(self):
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        self.process = subprocess.Popen(
            [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"),
             "-e", str(self.folder / "error.log")], stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + START_SECONDS
        for port in self.ports.values():
            while not self.answers(port):
                if self.process.poll() is not None or time.monotonic() > give_up:
                    raise RuntimeError((self.folder / "error.log").read_text())
                time.sleep(0.02)

    @staticmethod
    def answers(port):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    def end(self):
        """At once: connections are cut where they are."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_SECONDS)

    def restart(self):
        self.end()
        self.run()

    def stop(self):
        self.end()
        shutil.rmtree(self.folder)
