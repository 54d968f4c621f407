"""rules_test.py - harness/RULES.md names every rule there is, and no rule, test or workload else.

Usage:    rules_test.py SOURCE_FOLDER
Failures: a name that is missing on either side is told.
"""

import pathlib
import re
import sys

SOURCE = pathlib.Path(sys.argv[1])
# Those that a workload asks for, and that are no promise of the runtime.
ASKED_FOR = {"finished", "operations", "latency", "message", "child", "signal"}


def rules():
    text = (SOURCE / "harness" / "referee.c").read_text()
    return set(re.findall(r"\[PND_RULE_\w+\] =\s*\{\s*\"([^\"]+)\"", text))


def has_test(name):
    room, stem = name.split(".", 1)
    return any((SOURCE / "tests" / room / f"{stem}_test.{kind}").exists() for kind in ("c", "py"))


def main():
    table = (SOURCE / "harness" / "RULES.md").read_text().split("## 1.", 1)[1]
    named = set(re.findall(r"\"([a-z][a-z -]+)\"", table))
    tests = set(re.findall(r"`((?:abi|runtime|harness)\.\w+)`", table))
    workloads = set(re.findall(r"`([a-z]+/[a-z0-9_*]+)`", table))
    wrong = [f"no rule is called \"{name}\"" for name in named - rules()]
    wrong += [f"the rule \"{name}\" is not in the table" for name in rules() - named - ASKED_FOR
              if not name.startswith("expected ")]
    wrong += [f"there is no test {name}" for name in tests if not has_test(name)]
    wrong += [f"there is no workload {name}" for name in workloads
              if not list((SOURCE / "harness" / "workloads").glob(f"{name}.json"))]
    for line in sorted(wrong):
        print(f"harness/RULES.md: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
