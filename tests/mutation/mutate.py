#!/usr/bin/env python3
"""mutate.py - applies one mutant to a tree, or checks that every one still applies.

Usage:      mutate.py list | mutate.py check ROOT | mutate.py apply NAME ROOT
Happy path: list prints name and lie; check prints how many apply; apply changes one file below
            ROOT and prints its name.
Failures:   text that is not there exactly once is exit 1, with the file and what to do; usage
            is exit 2. check looks at every mutant before it ends.
"""

import pathlib
import sys
from typing import List

from mutants import MUTANTS, Mutant


def mutated(mutant: Mutant, root: pathlib.Path) -> str:
    """The file's text with the mutant in it; ValueError says why there is none."""
    try:
        text = (root / mutant.path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{mutant.name}: {mutant.path}: {error.strerror}; name its new place in "
                         "tests/mutation/mutants.py") from error
    count = text.count(mutant.before)
    if count != 1:
        raise ValueError(f"{mutant.name}: {mutant.path} has {count} times, not once:\n"
                         f"{mutant.before.rstrip()}\nadapt it in tests/mutation/mutants.py")
    return text.replace(mutant.before, mutant.after)


def list_all() -> int:
    for mutant in MUTANTS:
        print(f"{mutant.name:<24} {mutant.lie}")
    return 0


def check(root: pathlib.Path) -> int:
    failed = 0
    names = [mutant.name for mutant in MUTANTS]
    for mutant in MUTANTS:
        try:
            if names.count(mutant.name) != 1:
                raise ValueError(f"{mutant.name}: two have this name; give each its own")
            mutated(mutant, root)
        except ValueError as error:
            print(error)
            failed += 1
    print(f"{len(MUTANTS) - failed} of {len(MUTANTS)} mutants apply")
    return 1 if failed else 0


def apply(name: str, root: pathlib.Path) -> int:
    mutant = next((mutant for mutant in MUTANTS if mutant.name == name), None)
    if mutant is None:
        print(f"{name} is no mutant; `list` names them", file=sys.stderr)
        return 2
    try:
        text = mutated(mutant, root)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    (root / mutant.path).write_text(text, encoding="utf-8")
    print(mutant.path)
    return 0


def main(arguments: List[str]) -> int:
    if arguments == ["list"]:
        return list_all()
    if len(arguments) == 2 and arguments[0] == "check":
        return check(pathlib.Path(arguments[1]))
    if len(arguments) == 3 and arguments[0] == "apply":
        return apply(arguments[1], pathlib.Path(arguments[2]))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
