#!/usr/bin/env python3
"""How much longer a command takes under `tailrace exec` while the server is away.

    tests/cli/exec_speed.py [--binary build/release/tailrace] [--rounds 5] [--folder /tmp]

Two commands write 200 MB in lines of 100 bytes: `pump` as fast as a pipe takes them, `print` each
line by Python's print. Timed is the command, from its start to behind its last write, because exec
itself then goes on with the delivery. Printed are medians: alone into /dev/null, through `cat`,
through `tee` into a file as well (what exec does at least), and under exec.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile

HEAD = "import sys, time\nstarted = time.monotonic()\n"
TAIL = "\nsys.stdout.flush()\nopen(sys.argv[1], 'w').write(str(time.monotonic() - started))\n"
COMMANDS = {
    "pump": "import os\nblock = (b'x' * 99 + b'\\n') * 640\n"
            "for _ in range(3125): os.write(1, block)",
    "print": "for n in range(2000000): print(f'{n:09} {n * 7919:020}', 'x' * 68)",
}


def ways(binary, folder, command):
    """Name and words of each way to run it."""
    return {
        "alone": command,
        "| cat": ["sh", "-c", '"$@" | cat', "sh", *command],
        "| tee": ["sh", "-c", f'"$@" | tee {folder}/copy', "sh", *command],
        "exec": [binary, "exec", "speed/1", "--quiet", "--wait", "0", "--spool-limit", "1GiB",
                 "--", *command],
    }


def measure(options, folder, script):
    seconds = folder / "seconds"
    environment = {**os.environ, "TAILRACE_SPOOL_DIR": str(folder / "spool"),
                   "TAILRACE_URL": "http://127.0.0.1:1", "PYTHONUNBUFFERED": ""}
    command = ["python3", "-c", HEAD + script + TAIL, str(seconds)]
    times = {}
    for _ in range(options.rounds):
        for name, words in ways(options.binary, folder, command).items():
            # exec's last words are about the spool that it keeps: known, and removed.
            subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=True, env=environment)
            times.setdefault(name, []).append(float(seconds.read_text()))
            for left in [*folder.glob("spool/*.spool"), *folder.glob("copy")]:
                left.unlink()
    return {name: statistics.median(all_of_it) for name, all_of_it in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--binary", default=str(root / "build/release/tailrace"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="where spool and copy are; in /dev/shm no disk takes part")
    options = parser.parse_args()
    for name, script in COMMANDS.items():
        with tempfile.TemporaryDirectory(prefix="tailrace-speed-", dir=options.folder) as folder:
            medians = measure(options, pathlib.Path(folder), script)
        print(name, ", ".join(f"{way} {seconds:.3f} s" for way, seconds in medians.items()))
        print(f"{name} exec / cat {medians['exec'] / medians['| cat']:.2f}, "
              f"exec / tee {medians['exec'] / medians['| tee']:.2f}")


if __name__ == "__main__":
    main()
