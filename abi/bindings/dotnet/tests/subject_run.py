#!/usr/bin/env python3
"""subject_run.py - the binding's adapter judged by the referee of the harness.

Usage:    subject_run.py PROGRAM_FOLDER WORKLOAD_FOLDER PROGRAM
Failures: a workload that is not passed: its lines, exit 1. None may be skipped either.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import judged  # pylint: disable=wrong-import-position

WORKLOADS = """connect/tcp6_echo stream/unix_echo
    cancel/pending_receive cancel/head_of_line cancel/close_comes_last cancel/timer
    file/fixed_buffer_64mib pool/as_new pool/auto_put pool/exhausted pool/put_twice
    pool/neighbours""".split()


def main():
    programs, workloads, program = map(pathlib.Path, sys.argv[1:4])
    return judged.by_the_referee(programs, workloads, WORKLOADS, f"{program} subject")


if __name__ == "__main__":
    sys.exit(main())
