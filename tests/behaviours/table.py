#!/usr/bin/env python3
"""table.py - every numbered behaviour with its tests and their verdict, as one table.

Usage:      table.py VERDICTS TABLE
            VERDICTS holds programs.txt (a program and its numbers a line) and the verdicts.
Happy path: numbers.txt names what there must be -> the verdict of each, made by its program unless
            there is one newer than the program -> TABLE.
Failures:   a number without a test or with one that fails is exit 1, as is a program whose tests
            are not those of its line; without io_uring exit 77; usage is exit 2.
"""

import os
import pathlib
import subprocess
import sys
from typing import Dict, List, NamedTuple

HERE = pathlib.Path(__file__).resolve().parent


class Row(NamedTuple):
    tests: str
    verdict: str


def file_name(number: str) -> str:
    """7 is 007 and L4 is L04 in names of tests and files."""
    return f"L{number[1:]:0>2}" if number.startswith("L") else f"{number:0>3}"


def read_numbers() -> List[str]:
    return (HERE / "numbers.txt").read_text(encoding="utf-8").split()


def read_without() -> Dict[str, str]:
    """What has no counterpart in the contract, and by which rule."""
    lines = (HERE / "without.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(":", 1) for line in lines if line and not line.startswith("#")]
    return {number.strip(): reason.strip() for number, reason in pairs}


def read_programs(verdicts: pathlib.Path) -> Dict[str, pathlib.Path]:
    """The program of each number."""
    lines = (verdicts / "programs.txt").read_text(encoding="utf-8").splitlines()
    return {number: pathlib.Path(words[0]) for words in map(str.split, lines)
            for number in words[1:]}


def disagreements(programs: Dict[str, pathlib.Path], numbers: List[str]) -> List[str]:
    """Where what a program holds, what its line names and the numbers there are differ."""
    found = [f"{number} is in no list of numbers" for number in programs
             if number not in map(file_name, numbers)]
    for program in set(programs.values()):
        said = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
        holds = {line.split()[0] for line in said.stdout.splitlines()}
        named = {number for number, owner in programs.items() if owner == program}
        found += [f"{program.name} and CMakeLists.txt do not agree on {number}"
                  for number in sorted(holds ^ named)]
    return found


def verdict_of(number: str, program: pathlib.Path, verdicts: pathlib.Path) -> Row:
    path = verdicts / number
    if not path.exists() or path.stat().st_mtime < program.stat().st_mtime:
        subprocess.run([program, number], stdout=subprocess.DEVNULL, check=False,
                       env={**os.environ, "PENDIO_VERDICTS": str(verdicts)})
    words = path.read_text(encoding="utf-8").split() if path.exists() else []
    return Row(", ".join(words[1:]), words[0] if words else "fails")


def rows(verdicts: pathlib.Path, programs: Dict[str, pathlib.Path]) -> Dict[str, Row]:
    without = read_without()
    table = {}
    for number in read_numbers():
        name = file_name(number)
        if name in programs:
            table[number] = verdict_of(name, programs[name], verdicts)
        elif number in without:
            table[number] = Row("", f"no counterpart in the contract: {without[number]}")
        else:
            table[number] = Row("", "missing")
    return table


def counts(table: Dict[str, Row]) -> Dict[str, int]:
    heads = [row.verdict.split(":")[0] for row in table.values()]
    return {head: heads.count(head) for head in
            ("passes", "no counterpart in the contract", "missing", "fails", "skipped")}


def write(path: pathlib.Path, table: Dict[str, Row]) -> None:
    lines = ["| number | test | verdict |", "|---|---|---|"]
    lines += [f"| {number} | {row.tests} | {row.verdict} |" for number, row in table.items()]
    summary = ", ".join(f"{count} {head}" for head, count in counts(table).items())
    lines += ["", f"{len(table)} numbers: {summary}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(lines[-1])


def main(arguments: List[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    verdicts = pathlib.Path(arguments[0])
    programs = read_programs(verdicts)
    wrong = disagreements(programs, read_numbers())
    table = rows(verdicts, programs)
    write(pathlib.Path(arguments[1]), table)
    wrong += [f"{number} {row.verdict} {row.tests}" for number, row in table.items()
              if row.verdict in ("missing", "fails")]
    for line in wrong:
        print(line)
    if not wrong and any(row.verdict == "skipped" for row in table.values()):
        print("skipped: io_uring is not to be had here")
        return 77
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
