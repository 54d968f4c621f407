"""examples_set_uid_test.py - a set-uid program does not obey its caller's environment.

Usage: examples_set_uid_test.py PROGRAM_FOLDER
Exit code 77, with the reason, where set-uid programs cannot be made or have no effect.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

NOBODY = 65534
SWITCHED_OFF = {"PATH": os.environ.get("PATH", ""), "PENDIO_DISABLE_URING": "1"}


def why_not(folder):
    if os.geteuid() != 0:
        return "only root can make a program that runs as another user"
    if os.statvfs(folder).f_flag & os.ST_NOSUID:
        return f"{folder} is mounted nosuid"
    if "NoNewPrivs:\t1" in pathlib.Path("/proc/self/status").read_text():
        return "privileges cannot be gained here"
    return None


def run_as_nobody(program):
    return subprocess.run([program, "3"], env=SWITCHED_OFF, user=NOBODY, group=NOBODY,
                          extra_groups=[], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)


def main():
    with tempfile.TemporaryDirectory(prefix="pendio-set-uid-") as folder:
        reason = why_not(folder)
        if reason:
            print(f"skipped: {reason}")
            return 77
        program = pathlib.Path(folder) / "fifteen_accepts"
        shutil.copy(pathlib.Path(sys.argv[1]) / program.name, program)
        os.chmod(folder, 0o755)
        os.chmod(program, 0o755)
        plain = run_as_nobody(program)
        if plain.returncode == 127:
            print(f"skipped: the library cannot be loaded by others: {plain.stderr.strip()}")
            return 77
        os.chmod(program, 0o4755)
        privileged = run_as_nobody(program)
    if plain.returncode != 3 or privileged.returncode != 0:
        print(f"failed: exit code {plain.returncode} instead of 3 as an ordinary program, "
              f"{privileged.returncode} instead of 0 as a set-uid program\n"
              f"{plain.stderr}{privileged.stderr}")
        return 1
    print("the switch is obeyed by an ordinary program, and ignored by a set-uid program")
    return 0


if __name__ == "__main__":
    sys.exit(main())
