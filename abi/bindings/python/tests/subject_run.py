#!/usr/bin/env python3
"""subject_run.py - the binding's adapter judged by the referee of the harness; 77: skipped.

Usage:    subject_run.py PROGRAM_FOLDER WORKLOAD_FOLDER ADAPTER
Failures: a workload that is not passed: its lines, exit 1. None may be skipped either.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import judged  # pylint: disable=wrong-import-position

WORKLOADS = """connect/tcp6_echo stream/lent_echo_unix
    cancel/pending_receive cancel/head_of_line cancel/close_comes_last cancel/timer
    file/fixed_buffer_64mib pool/exhausted pool/put_twice pool/neighbours""".split()


def main():
    if sys.version_info < (3, 11):
        print(f"skipped: needs Python 3.11, this is {sys.version.split()[0]}")
        return 77
    programs, workloads, adapter = map(pathlib.Path, sys.argv[1:4])
    return judged.by_the_referee(programs, workloads, WORKLOADS,
                                 f"{sys.executable} -B {adapter}")


if __name__ == "__main__":
    sys.exit(main())
