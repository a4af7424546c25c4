"""A real Kubernetes on loopback for one test class: API server, controllers, scheduler, kubelet.

testbed/ has it. Its program is kubetestbed or kubetestbed.xz in the folder that
TAILRACE_KUBERNETES_TESTBED names, or in shared/kubernetes-testbed beside the repository, or was
built by `scripts/test --kubernetes`, which runs this file. Where there is none, tests skip.
"""

import hashlib
import lzma
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import unittest

from support.server import prepare_child

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = pathlib.Path(__file__).with_name("testbed")
CACHE = ROOT / "build" / "kubernetes-testbed"
PORTS = 4  # API server, etcd, etcd's peers, kubelet
UP_SECONDS = 120
DOWN_SECONDS = 60


def unpacked(archive):
    """The program, unpacked once for each archive; two tests at once may both unpack it."""
    packed = archive.read_bytes()
    program = CACHE / f"kubetestbed-{hashlib.sha256(packed).hexdigest()[:16]}"
    if not program.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=CACHE) as fresh:
            fresh.write(lzma.decompress(packed))
            fresh.flush()
            os.chmod(fresh.name, 0o755)
            os.link(fresh.name, f"{fresh.name}.whole")
        os.replace(f"{fresh.name}.whole", program)
    return program


def built_path(name="kubetestbed", source=SOURCE):
    """Where a program is once it has been built from the sources in this folder."""
    sources = hashlib.sha256()
    for path in sorted([*source.glob("*.go"), *source.glob("go.*"), source / "build.sh"]):
        sources.update(path.read_bytes())
    return CACHE / f"{name}-built-{sources.hexdigest()[:16]}"


def helm_path():
    """helm, where `scripts/test --kubernetes` has built it."""
    return built_path("helm", SOURCE.with_name("charttools"))


def monitorcheck_path():
    """What looks at ServiceMonitors, where `scripts/test --kubernetes` has built it."""
    return built_path("monitorcheck", SOURCE.with_name("monitorcheck"))


def testbed_program():
    """The program, or None."""
    given = os.environ.get("TAILRACE_KUBERNETES_TESTBED")
    folder = pathlib.Path(given or ROOT.parent / "shared" / "kubernetes-testbed")
    if (folder / "kubetestbed").is_file():
        return folder / "kubetestbed"
    if (folder / "kubetestbed.xz").is_file():
        return unpacked(folder / "kubetestbed.xz")
    return built_path() if built_path().is_file() else None


def build():
    """Makes the programs that are not there; about ten minutes the first time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for source, whole in ((SOURCE, built_path()), (SOURCE.with_name("charttools"), helm_path()),
                          (SOURCE.with_name("monitorcheck"), monitorcheck_path())):
        if whole.is_file() or (source == SOURCE and testbed_program()):
            continue
        fresh = CACHE / f"fresh-{os.getpid()}"
        subprocess.run([source / "build.sh", fresh], check=True)
        fresh.rename(whole)
    print(f"the testbed is {testbed_program()}", flush=True)


def free_ports():
    """The first of PORTS neighbours that nobody listens on, below the kernel's ephemeral range."""
    while True:
        first = random.randint(12000, 32000)
        probes = []
        try:
            for port in range(first, first + PORTS):
                probes.append(socket.socket())
                probes[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()


class Cluster:
    """Goes down with stop(), and also when this process is killed: a guard waits for its end."""

    def __init__(self):
        self.program = testbed_program()
        if self.program is None:
            raise unittest.SkipTest("no Kubernetes testbed; `scripts/test --kubernetes` builds it")
        self.script = str(SOURCE / "cluster.sh")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-kubernetes-"))
        self.port = None
        self.commands = self.folder / "bin"  # for PATH
        self.shared = self.folder / "shared"  # pods know it as $TESTBED_SHARED
        # In a session of its own, so that Ctrl-C leaves it to do its work.
        self.guard = subprocess.Popen(
            ["sh", "-c", 'cat; [ ! -e "$2/settings" ] || "$1" down "$2"; rm -rf "$2"',
             "guard", self.script, str(self.folder)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)

    def start(self, **flags):
        """`flags`: variables of cluster.sh, such as APISERVER_FLAGS."""
        self.commands.mkdir()
        self.add_command("kubectl", f'"{self.program}" kubectl')
        self.port = free_ports()  # the API server's is the first
        environment = {**os.environ, "KUBETESTBED": str(self.program), "PORT": str(self.port),
                       **flags}
        up = subprocess.run([self.script, "up", str(self.folder)], env=environment,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=UP_SECONDS, preexec_fn=lambda: prepare_child({}))
        if up.returncode != 0:
            raise RuntimeError(f"the cluster does not come up:\n{up.stderr}\n{self.log_tails()}")
        print(up.stdout.split(": export")[0], flush=True)
        return self

    def add_command(self, name, words):
        """A command for pipelines, killed when the shell that started it goes."""
        command = self.commands / name
        command.write_text(f'#!/bin/sh\nexec setpriv --pdeathsig KILL {words} "$@"\n')
        command.chmod(0o755)

    def stop(self):
        self.guard.stdin.close()
        try:
            code = self.guard.wait(DOWN_SECONDS)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
        if code != 0:
            raise RuntimeError(f"the cluster does not go down: exit code {code}")

    def part(self, verb, name):
        """stop, kill or start: "apiserver", "kubelet-127.0.0.1" and so on."""
        done = subprocess.run([self.script, verb, str(self.folder), name],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=UP_SECONDS, preexec_fn=lambda: prepare_child({}))
        if done.returncode != 0:
            raise RuntimeError(f"{verb} {name}: {done.stderr}\n{self.log_tails()}")

    def pid(self, name):
        return int((self.folder / "run" / f"{name}.pid").read_text())

    def log_tails(self):
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')[-1500:]}"
                         for path in sorted(self.folder.glob("log/*.log")))

    def namespace(self, name):
        """Makes a namespace; returns the path of a kubeconfig whose commands go there."""
        config = self.folder / f"kubeconfig-{name}"
        shutil.copy(self.folder / "kubeconfig", config)
        self.kubectl(config, "create", "namespace", name)
        self.kubectl(config, "config", "set-context", "--current", f"--namespace={name}")
        return config

    def kubectl(self, config, *words):
        """The command's output as bytes; an error if it fails."""
        done = subprocess.run([str(self.commands / "kubectl"), *words], stdin=subprocess.DEVNULL,
                              env={**os.environ, "KUBECONFIG": str(config)}, capture_output=True,
                              timeout=UP_SECONDS)
        if done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr.decode()}")
        return done.stdout


if __name__ == "__main__":
    build()
