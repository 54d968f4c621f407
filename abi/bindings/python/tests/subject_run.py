#!/usr/bin/env python3
"""subject_run.py - the binding's adapter judged by the referee of the harness; 77: skipped.

Usage:    subject_run.py PROGRAM_FOLDER WORKLOAD_FOLDER ADAPTER
Failures: a workload that is not passed: its lines, exit 1. None may be skipped either.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

SECONDS = 120
WORKLOADS = """connect/tcp6_echo stream/lent_echo_unix
    cancel/pending_receive cancel/head_of_line cancel/close_comes_last cancel/timer
    file/fixed_buffer_64mib pool/exhausted pool/put_twice pool/neighbours""".split()


def judge(programs, workloads, adapter, folder):
    daemon = subprocess.Popen([programs / "pendiod", "--listen", f"ipc://{folder}/sock"],
                              text=True, stdout=subprocess.PIPE,
                              env={**os.environ, "TMPDIR": folder})
    url = daemon.stdout.readline().split()[-1]
    files = [workloads / f"{name}.json" for name in WORKLOADS]
    try:
        return subprocess.run(
            [programs / "pendio", "run", "--url", url, "--json", "-",
             "--subject", f"{sys.executable} -B {adapter}", *files],
            stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=SECONDS)


def main():
    if sys.version_info < (3, 11):
        print(f"skipped: needs Python 3.11, this is {sys.version.split()[0]}")
        return 77
    programs, workloads, adapter = map(pathlib.Path, sys.argv[1:4])
    with tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp") as folder:
        end = judge(programs, workloads, adapter, folder)
    verdicts = [run["verdict"] for run in json.loads(end.stdout)["runs"]]
    print(f"{verdicts.count('passed')} of {len(WORKLOADS)} passed")
    return end.returncode or verdicts != ["passed"] * len(WORKLOADS)


if __name__ == "__main__":
    sys.exit(main())
