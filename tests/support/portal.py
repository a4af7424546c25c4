"""Runs the example of examples/portal: MongoDB, the Django site under uWSGI, the Sanic service and
nginx in front of both, and Tailrace, each as a process on 127.0.0.1.

    python3 -m support.portal tailrace    on its own ports until Ctrl-C (run.sh there)
"""

import itertools
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from support.mongodb import MongoDb
from support.nginx import CONFIG, Nginx
from support.server import Server, can_connect, free_port, prepare_child

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "portal"
START_SECONDS = 60

# The addresses in the example's files.
PORTS = {"front": 8090, "site": 8091, "service": 8092, "service_front": 8094, "uwsgi": 8000,
         "tailrace": 8080}


class Ports(dict):
    """The example's own ports, or free ones, for which its files are rewritten."""

    @classmethod
    def free(cls):
        return cls({name: free_port() for name in PORTS})

    @classmethod
    def usual(cls):
        return cls(PORTS)

    def render(self, text):
        for name, port in PORTS.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:<{name}>")
        for name, port in self.items():
            text = text.replace(f"<{name}>", str(port))
        return text


class Front(Nginx):
    """nginx with the example's files. `sse` and `service_sse`: who answers the live logs."""

    def __init__(self, ports):
        super().__init__(None, {})
        self.example_ports = ports
        self.ports = {"front": ports["front"], "service": ports["service_front"]}
        self.sse = "sse_own.conf"
        self.service_sse = "service_own.conf"

    def start(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-nginx-"))
        shutil.copy("/etc/nginx/uwsgi_params", self.folder)
        servers = "".join(f"include {name};" for name in ("portal.conf", "service.conf"))
        (self.folder / "nginx.conf").write_text(CONFIG.format(
            folder=self.folder, servers=servers,
            user="user root;" if os.geteuid() == 0 else ""))
        self.write_files()
        self.run()
        return self

    def write_files(self):
        copies = {"portal.conf": "portal.conf", "service.conf": "service.conf",
                  "sse.conf": self.sse, "service_sse.conf": self.service_sse}
        for name, source in copies.items():
            text = (EXAMPLE / "nginx" / source).read_text(encoding="utf-8")
            (self.folder / name).write_text(self.example_ports.render(text))

    def serve_by(self, sse, service_sse=None):
        """Other files, and a restart: what was open is cut, as with `systemctl restart nginx`."""
        self.sse = sse
        self.service_sse = service_sse or self.service_sse
        self.write_files()
        self.restart()


class Portal:
    """`database`: as MongoDb's, or the name that the example has by itself."""

    user = "anna"

    def __init__(self, ports=None, database=None):
        self.ports = ports or Ports.free()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-portal-"))
        self.password = secrets.token_urlsafe(12)
        self.mongodb = MongoDb()
        self.database = database or self.mongodb.database
        self.front = Front(self.ports)
        self.site = None
        self.service = None
        self.url = f"http://127.0.0.1:{self.ports['front']}"
        self.service_url = f"http://127.0.0.1:{self.ports['service_front']}"

    def start(self):
        try:
            self.mongodb.start()
            self.prepare_site()
            self.start_site()
            self.start_service()
            self.front.start()
        except BaseException:
            self.stop()
            raise
        return self

    def environment(self):
        return {**os.environ, "PORTAL_STATE": str(self.folder), "PORTAL_MONGODB": self.mongodb.uri,
                "PORTAL_DATABASE": self.database, "PORTAL_ORIGIN": self.url,
                "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *words, **more):
        """A Python process in the folder of the example, to its end."""
        subprocess.run([sys.executable, *words], cwd=EXAMPLE, check=True, stdin=subprocess.DEVNULL,
                       env={**self.environment(), **more})

    def tailrace(self):
        """Tailrace with the example's configuration, not started yet."""
        config = self.folder / "tailrace.toml"
        text = (EXAMPLE / "tailrace.toml").read_text(encoding="utf-8")
        config.write_text(self.ports.render(text))
        return Server(port=self.ports["tailrace"], arguments=[
            "--config", str(config), "--mongodb-uri", self.mongodb.uri,
            "--mongodb-database", self.database])

    def demonstrate(self):
        """A deployment that only pretends, written over and over, each time as another log."""
        for number in itertools.count(4711):
            print(f"a deployment begins: {self.url}/?type=deploy&id={number}", flush=True)
            self.spawn(sys.executable, "writer.py", "deploy", str(number)).wait()

    def spawn(self, *words, **options):
        with open(self.folder / "processes.log", "ab") as log:
            return subprocess.Popen(words, cwd=EXAMPLE, env=self.environment(),
                                    stdout=log, stderr=log,
                                    preexec_fn=lambda: prepare_child({}),
                                    start_new_session=True,
                                    **{"stdin": subprocess.DEVNULL, **options})

    def prepare_site(self):
        """The tables of users and sessions, and a user."""
        self.run("site/manage.py", "migrate", "--verbosity=0")
        self.run("site/manage.py", "createsuperuser", "--noinput", "--verbosity=0",
                 "--username", self.user, "--email", f"{self.user}@example.org",
                 DJANGO_SUPERUSER_PASSWORD=self.password)

    def start_site(self):
        ini = self.folder / "uwsgi.ini"
        text = (EXAMPLE / "uwsgi.ini").read_text(encoding="utf-8")
        ini.write_text(self.ports.render(text))
        self.site = self.spawn("uwsgi", "--ini", str(ini), "--virtualenv", sys.prefix)
        self.until_listening(self.site, self.ports["site"])

    def start_service(self):
        self.service = self.spawn(sys.executable, "service/service.py", "127.0.0.1",
                                  str(self.ports["service"]))
        self.until_listening(self.service, self.ports["service"])

    def until_listening(self, process, port):
        deadline = time.monotonic() + START_SECONDS
        while not can_connect(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log_text())
            time.sleep(0.02)

    def log_text(self):
        return (self.folder / "processes.log").read_text(encoding="utf-8", errors="replace")

    def writer(self, kind, number, *options):
        """A process that writes the entries that it gets as JSON strings, a line each."""
        return self.spawn(sys.executable, "writer.py", kind, str(number), "--from-input", *options,
                          stdin=subprocess.PIPE)

    def stop(self):
        if self.front.process:
            self.front.stop()
        for process in (self.site, self.service):
            if process and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.mongodb.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    streams_by = sys.argv[1]
    portal = Portal(Ports.usual())
    portal.front.sse = f"sse_{streams_by}.conf"
    if streams_by == "tailrace":
        portal.front.service_sse = "service_tailrace.conf"
    server = None
    try:
        portal.start()
        server = portal.tailrace().start()
        print(f"log in as {portal.user}, password {portal.password}, at {portal.url}/")
        portal.demonstrate()
    except KeyboardInterrupt:
        pass
    finally:
        if server:
            server.stop()
        portal.stop()


if __name__ == "__main__":
    main()
