"""examples_off_test.py - the off switch acts before the first io_uring system call.

Usage: examples_off_test.py PROGRAM_FOLDER
Exit code 77, with the reason, where system calls cannot be traced.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Leaks cannot be looked for in a traced process.
TRACED = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


def trace(log, *command, **environment):
    return subprocess.run(["strace", "-f", "-o", log, *command], env={**TRACED, **environment},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False)


def main():
    folder = pathlib.Path(sys.argv[1])
    if shutil.which("strace") is None:
        print("skipped: strace is not installed")
        return 77
    with tempfile.TemporaryDirectory(prefix="pendio-off-") as scratch:
        log = pathlib.Path(scratch) / "log"
        if trace(log, "true").returncode != 0:
            print("skipped: strace may not trace here")
            return 77
        trace(log, folder / "fifteen_accepts", "1")
        if not re.search(r"\bio_uring_setup\(", log.read_text()):
            print("failed: strace shows no io_uring_setup even when the switch is not set")
            return 1
        ended = trace(log, folder / "echo_server", "7000", PENDIO_BACKEND="uring",
                      PENDIO_DISABLE_URING="1")
        calls = re.findall(r"\bio_uring_\w+\(.*", log.read_text())
    said = "echo_server: cannot run: io_uring is switched off by PENDIO_DISABLE_URING"
    if ended.returncode != 3 or said not in ended.stderr or calls:
        print(f"failed: exit code {ended.returncode}, said {ended.stderr!r}, calls {calls}")
        return 1
    print("exit code 3, the reason, and no io_uring system call")
    return 0


if __name__ == "__main__":
    sys.exit(main())
