#!/usr/bin/env python3
"""subject.py - the safe level as a subject, judged by the referee of the harness; 77: skipped.

Usage:    subject.py CARGO PROGRAM_FOLDER WORKLOAD_FOLDER
Failures: a workload that is not passed: its lines, exit 1. None may be skipped either.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from crates import OLDEST, version

SECONDS = 120
WORKLOADS = """connect/tcp6_echo stream/unix_echo stream/lent_echo_tcp stream/lent_echo_unix
    stream/held_buffers
    cancel/pending_receive cancel/head_of_line cancel/sixteen_receives cancel/close_comes_last
    cancel/accept cancel/timer cancel/twice
    file/fixed_buffer_64mib file/parallel_reads file/memory_of_the_caller
    pool/exhausted pool/put_twice pool/neighbours pool/two_pools datagram/udp_ping_pong""".split()


def build(cargo):
    subprocess.run([cargo, "build", "--offline", "--locked", "--quiet", "--package",
                    "subject_rust"], check=True)
    return pathlib.Path(os.environ["CARGO_TARGET_DIR"]) / "debug" / "subject_rust"


def judge(programs, workloads, adapter, folder):
    daemon = subprocess.Popen([programs / "pendiod", "--listen", f"ipc://{folder}/sock"],
                              text=True, stdout=subprocess.PIPE,
                              env={**os.environ, "TMPDIR": folder})
    url = daemon.stdout.readline().split()[-1]
    files = [workloads / f"{name}.json" for name in WORKLOADS]
    try:
        return subprocess.run(
            [programs / "pendio", "run", "--url", url, "--json", "-", "--subject", adapter,
             *files], stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=SECONDS)


def main():
    cargo = sys.argv[1]
    programs, workloads = map(pathlib.Path, sys.argv[2:4])
    if version(cargo) < OLDEST:
        print(f"skipped: needs Rust {OLDEST[0]}.{OLDEST[1]}")
        return 77
    adapter = build(cargo)
    with tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp") as folder:
        end = judge(programs, workloads, adapter, folder)
    verdicts = [run["verdict"] for run in json.loads(end.stdout)["runs"]]
    print(f"{verdicts.count('passed')} of {len(WORKLOADS)} passed")
    return end.returncode or verdicts != ["passed"] * len(WORKLOADS)


if __name__ == "__main__":
    sys.exit(main())
