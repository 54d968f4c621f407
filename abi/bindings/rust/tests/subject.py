#!/usr/bin/env python3
"""subject.py - the safe level as a subject, judged by the referee of the harness; 77: skipped.

Usage:    subject.py CARGO PROGRAM_FOLDER WORKLOAD_FOLDER
Failures: a workload that is not passed: its lines, exit 1. None may be skipped either.
"""

import os
import pathlib
import subprocess
import sys

from crates import OLDEST, version

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import judged  # pylint: disable=wrong-import-position

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


def main():
    cargo = sys.argv[1]
    programs, workloads = map(pathlib.Path, sys.argv[2:4])
    if version(cargo) < OLDEST:
        print(f"skipped: needs Rust {OLDEST[0]}.{OLDEST[1]}")
        return 77
    return judged.by_the_referee(programs, workloads, WORKLOADS, build(cargo))


if __name__ == "__main__":
    sys.exit(main())
