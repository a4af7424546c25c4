"""A MongoDB server for tests: TAILRACE_TEST_MONGODB (the URI of one that may be written to), else
a mongod on the PATH, else SecantusDB from build/venv; the latter two as a process on 127.0.0.1.

    python3 -m support.mongodb COMMAND…    runs it with TAILRACE_TEST_MONGODB set
"""

import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import pymongo
from pymongo.errors import PyMongoError

from support.server import can_connect, free_port, prepare_child

START_SECONDS = 60
REPLICA_SET = "tests"


class MongoDb:
    """A server that may be killed and started again on the same data and port, unless `foreign`.

    `database` is a name that no other test uses; it is dropped at the end from a foreign server.
    """

    def __init__(self):
        self.foreign = os.environ.get("TAILRACE_TEST_MONGODB")
        self.database = "popop_" + secrets.token_hex(4)
        self.process = None
        self.folder = None
        self.port = None
        self.uri = self.foreign

    def start(self):
        if not self.foreign:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-mongodb-"))
            (self.folder / "data").mkdir()
            self.port = self.port or free_port()
            self.uri = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
            self.run()
        return self

    def command(self):
        """What starts it; both take part in a replica set of one, for change streams."""
        data = str(self.folder / "data")
        if mongod := shutil.which("mongod"):
            return [mongod, "--bind_ip", "127.0.0.1", "--port", str(self.port), "--dbpath", data,
                    "--replSet", REPLICA_SET]
        venv = pathlib.Path(__file__).resolve().parents[2] / "build/venv/bin"
        return [str(venv / "secantusd-py"), "--host", "127.0.0.1", "--port", str(self.port),
                "--storage-path", data, "--sync-on-commit"]

    def run(self):
        """Starts the process on its data and waits until it takes writes."""
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=lambda: prepare_child({}))
        deadline = time.monotonic() + START_SECONDS
        while not (can_connect(self.port) and self.takes_writes()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log_text())
            time.sleep(0.05)

    def takes_writes(self):
        with self.client(serverSelectionTimeoutMS=2000) as client:
            try:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return True
                client.admin.command("replSetInitiate", {
                    "_id": REPLICA_SET,
                    "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]})
            except PyMongoError:
                pass  # still starting, or already initiated and electing
        return False

    def client(self, **options):
        return pymongo.MongoClient(self.uri, **options)

    def log_text(self):
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.foreign:
            with self.client() as client:
                client.drop_database(self.database)
            return
        if self.process:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    server = MongoDb().start()
    try:
        environment = {**os.environ, "TAILRACE_TEST_MONGODB": server.uri}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
