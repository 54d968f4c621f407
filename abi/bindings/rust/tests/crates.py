#!/usr/bin/env python3
"""crates.py - the crates of the binding: their tests, examples and documentation; 77: skipped.

Usage:    crates.py CARGO
Failures: what cargo says, exit 1.
"""

import pathlib
import re
import subprocess
import sys

OLDEST = (1, 63)


def version(cargo):
    """Of the compiler, as that is what counts."""
    rustc = pathlib.Path(cargo).with_name("rustc")
    said = subprocess.run([rustc if rustc.exists() else "rustc", "--version"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", said).groups()))


def main():
    cargo = sys.argv[1]
    try:
        found = version(cargo)
    except (OSError, subprocess.CalledProcessError):
        print("skipped: no working rustc beside cargo")
        return 77
    if found < OLDEST:
        print(f"skipped: needs Rust {OLDEST[0]}.{OLDEST[1]}, this is {found[0]}.{found[1]}")
        return 77
    return min(1, subprocess.run([cargo, "test", "--offline", "--locked", "--quiet",
                                  "--workspace"], check=False).returncode)


if __name__ == "__main__":
    sys.exit(main())
