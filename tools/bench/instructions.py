#!/usr/bin/env python3
"""instructions.py - user instructions per operation, through pendio and by a ring driven by hand.

Usage: instructions.py [--json FILE|-] [--renew] [--case NAME]... BENCH_INSTRUCTIONS

Happy path: valgrind's callgrind counts each case twice, with few and with many rounds; the
            difference is what the rounds cost, without start-up. The figures of the runtime are
            held against the row of budget.json for this compiler. The caller's own instructions
            are told apart by the program they are in.
Failures:   exit 1 when a case has grown by more than its room; 77, with the reason, where valgrind
            or io_uring is missing or no row is for this compiler and processor (the figures are
            printed all the same); 2 when the bench itself fails.
"""

import argparse
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

BUDGET = pathlib.Path(__file__).with_name("budget.json")
BATCH = 32
GATHERED = 8
# A case, the operations of one of its rounds, and what they are.
CASES = {
    "nop": (BATCH, "nop"),
    "echo": (2 * BATCH, "receive, send: 64 bytes of a stream, window, single shot"),
    "read": (BATCH, "read: 4 KiB of a cached file, fixed buffers, QUEUE"),
    "gather": (GATHERED, "send: eight of 64 bytes on one stream, each of other memory"),
}
SIDES = ("runtime", "raw")
ROUNDS_FEW, ROUNDS_MANY = 50, 450
MEASURED = "pnd_bench_measured*"
COST = re.compile(r"^[+\-*0-9]\S* (\d+)$")
OBJECT = re.compile(r"^ob=\((\d+)\)(?: (.*))?$")


class Skipped(Exception):
    """What is missing here."""


def count_by_object(profile):
    """Sums the own cost of every function by the file it was loaded from."""
    names, costs, current = {}, {}, ""
    is_call = False
    for line in profile.read_text(encoding="utf-8").splitlines():
        found = OBJECT.match(line) or re.match(r"^cob=\((\d+)\) (.*)$", line)
        if found and found.group(2):
            names[found.group(1)] = found.group(2)
        if line.startswith("ob="):
            current = names[found.group(1)]
        cost = COST.match(line)
        if cost and not is_call:
            costs[current] = costs.get(current, 0) + int(cost.group(1))
        is_call = line.startswith("calls=")  # the next line is what the callee cost
    return costs


def measure(program, side, case, round_count):
    """Instructions of that many rounds: those of the program itself, and all others."""
    with tempfile.TemporaryDirectory(prefix="pendio-bench-") as folder:
        profile = pathlib.Path(folder) / "profile"
        answer = subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={profile}",
             "--collect-atstart=no", f"--toggle-collect={MEASURED}",
             str(program), side, case, str(round_count)],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        if answer.returncode == 77:
            raise Skipped("io_uring cannot be used here: " + answer.stderr.strip())
        if answer.returncode != 0 or not profile.exists():
            raise RuntimeError(f"{side} {case} fails under valgrind: {answer.stderr.strip()}")
        costs = count_by_object(profile)
    own = sum(cost for name, cost in costs.items() if pathlib.Path(name) == program)
    return own, sum(costs.values()) - own


def per_operation(program, side, case):
    few = measure(program, side, case, ROUNDS_FEW)
    many = measure(program, side, case, ROUNDS_MANY)
    operations = CASES[case][0] * (ROUNDS_MANY - ROUNDS_FEW)
    return tuple((more - less) / operations for more, less in zip(many, few))


def measure_case(program, case):
    caller, runtime = per_operation(program, "runtime", case)
    raw = sum(per_operation(program, "raw", case))  # where its caller ends nobody can say
    return {"runtime": round(runtime, 1), "caller": round(caller, 1), "raw": round(raw, 1)}


def what_made(program):
    answer = subprocess.run([str(program), "compiler"], check=True, stdout=subprocess.PIPE,
                            text=True, timeout=20)
    return {"compiler": answer.stdout.strip(), "machine": platform.machine()}


def find_row(budget, made):
    return next((row for row in budget["rows"]
                 if all(row[key] == made[key] for key in made)), None)


def print_table(cases, row, room):
    print(f"{'case':6} {'runtime':>8} {'budget':>8} {'caller':>8} {'raw ring':>9}  operations")
    for case, seen in cases.items():
        budget = f"{row['cases'][case]:8.1f}" if row and case in row["cases"] else f"{'-':>8}"
        print(f"{case:6} {seen['runtime']:8.1f} {budget} {seen['caller']:8.1f} "
              f"{seen['raw']:9.1f}  {CASES[case][1]}")
    print(f"user instructions an operation; a case may grow by {room:.0%}")


def find_grown(cases, row, room):
    for case, seen in cases.items():
        budget = row["cases"].get(case)
        if budget is None:
            yield f"{case} has no budget: --renew"
        elif seen["runtime"] > budget * (1 + room):
            yield (f"{case} takes {seen['runtime']:.1f} instructions, its budget is {budget:.1f}: "
                   "find what grew, or say in the commit why it is worth that, and --renew")


def renew(budget, made, cases):
    row = find_row(budget, made)
    if row is None:
        row = dict(made, cases={})
        budget["rows"].append(row)
    row["cases"].update({case: seen["runtime"] for case, seen in cases.items()})
    BUDGET.write_text(json.dumps(budget, indent=2) + "\n", encoding="utf-8")


def write_json(place, made, cases, row):
    text = json.dumps(dict(made, unit="user instructions per operation", cases=cases,
                           budget=row["cases"] if row else None), indent=2) + "\n"
    if place == "-":
        sys.stdout.write(text)
    else:
        pathlib.Path(place).write_text(text, encoding="utf-8")


def run(arguments):
    if shutil.which("valgrind") is None:
        raise Skipped("valgrind is not installed")
    program = arguments.program.resolve()
    budget = json.loads(BUDGET.read_text(encoding="utf-8"))
    made = what_made(program)
    cases = {case: measure_case(program, case) for case in arguments.case or CASES}
    row = find_row(budget, made)
    if arguments.json:
        write_json(arguments.json, made, cases, row)
    if arguments.json != "-":
        print_table(cases, row, budget["room"])
    if arguments.renew:
        renew(budget, made, cases)
        return 0
    if row is None:
        raise Skipped(f"no budget for {made['compiler']} on {made['machine']}: --renew adds one")
    grown = list(find_grown(cases, row, budget["room"]))
    for line in grown:
        print(line, file=sys.stderr)
    return 1 if grown else 0


def main():
    parser = argparse.ArgumentParser(description="User instructions per operation.")
    parser.add_argument("program", type=pathlib.Path, help="bench_instructions of a release build")
    parser.add_argument("--json", metavar="FILE", help="write the figures there; -: to stdout")
    parser.add_argument("--renew", action="store_true", help="make these figures the budget")
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="only that one")
    arguments = parser.parse_args()
    try:
        return run(arguments)
    except Skipped as reason:
        print(f"skipped: {reason}", file=sys.stderr)
        return 77
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 2


sys.exit(main())
