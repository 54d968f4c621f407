"""examples_set_uid_test.py - a set-uid program does not obey its caller's environment.

Usage: examples_set_uid_test.py PROGRAM_FOLDER FIRST_QUESTION
Exit code 77, with the reason, where set-uid programs cannot be made or have no effect.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

NOBODY = 65534
SEARCHED = "elsewhere.test"
# Variables, a name, and the first question about it where they are obeyed.
NAMES = [
    ({"LOCALDOMAIN": SEARCHED}, "peer", f"peer.{SEARCHED}"),
    ({"LOCALDOMAIN": SEARCHED, "RES_OPTIONS": "ndots:9"}, "peer.a.b", f"peer.a.b.{SEARCHED}"),
    ({"HOSTALIASES": "{folder}/aliases"}, "mirror", "other.test"),
]


def why_not(folder):
    if os.geteuid() != 0:
        return "only root can make a program that runs as another user"
    if os.statvfs(folder).f_flag & os.ST_NOSUID:
        return f"{folder} is mounted nosuid"
    if "NoNewPrivs:\t1" in pathlib.Path("/proc/self/status").read_text():
        return "privileges cannot be gained here"
    return None


def run_as_nobody(program, argument, variables):
    return subprocess.run([program, argument],
                          env={"PATH": os.environ.get("PATH", ""), **variables}, user=NOBODY,
                          group=NOBODY, extra_groups=[], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)


def run_both(program, argument, variables):
    """As an ordinary and as a set-uid program."""
    os.chmod(program, 0o755)
    plain = run_as_nobody(program, argument, variables)
    os.chmod(program, 0o4755)
    return plain, run_as_nobody(program, argument, variables)


def check_switch(program):
    plain, privileged = run_both(program, "3", {"PENDIO_DISABLE_URING": "1"})
    if plain.returncode == 3 and privileged.returncode == 0:
        return []
    return [f"exit code {plain.returncode} instead of 3 as an ordinary program, "
            f"{privileged.returncode} instead of 0 as a set-uid program\n"
            f"{plain.stderr}{privileged.stderr}"]


def check_names(program, folder):
    complaints = []
    for variables, name, question in NAMES:
        variables = {key: value.format(folder=folder) for key, value in variables.items()}
        plain, privileged = (run.stdout.strip() for run in run_both(program, name, variables))
        if plain != question or privileged in ("", question):
            complaints.append(f"{variables}: asked for {plain!r} instead of {question!r} as an "
                              f"ordinary program, for {privileged!r} as a set-uid program")
    return complaints


def main():
    with tempfile.TemporaryDirectory(prefix="pendio-set-uid-") as folder:
        reason = why_not(folder)
        if reason:
            print(f"skipped: {reason}")
            return 77
        os.chmod(folder, 0o755)
        program = shutil.copy(pathlib.Path(sys.argv[1]) / "fifteen_accepts", folder)
        asking = shutil.copy(sys.argv[2], folder)
        (pathlib.Path(folder) / "aliases").write_text("mirror other.test\n")
        plain = run_as_nobody(program, "3", {})
        if plain.returncode == 127:
            print(f"skipped: the library cannot be loaded by others: {plain.stderr.strip()}")
            return 77
        complaints = check_switch(program) + check_names(asking, folder)
    if complaints:
        print("failed:", *complaints, sep="\n")
        return 1
    print("an ordinary program obeys its environment, a set-uid program does not")
    return 0


if __name__ == "__main__":
    sys.exit(main())
