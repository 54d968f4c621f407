#!/usr/bin/env python3
"""readme.py - puts what a full run of `pendio bench` has seen into README.md, as table and picture.

Usage:      readme.py [--readme FILE] [--picture FILE] RESULTS [PROGRAM]
            RESULTS is what `pendio bench --json RESULTS` wrote, PROGRAM build/release/bin/pendio.
Happy path: the lines between the two markers of README.md become a line on the machine, the picture
            and a row for each budget; PROGRAM draws tools/bench/ratios.svg.
Failures:   exit 2, and nothing is changed, when RESULTS timed nothing or lacks a case, or when
            there are no markers; exit 3 when PROGRAM cannot draw.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
BEGIN = "<!-- begin of what tools/bench/readme.py writes -->\n"
END = "<!-- end of what tools/bench/readme.py writes -->\n"


def number(value, unit=""):
    return "-" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.2f}{unit}"


def describe(report):
    seen = report["environment"]
    network = "in a network of its own" if seen["private_network"] else "in the system's network"
    release = ".".join(re.findall(r"\d+", seen["kernel"])[:2])
    return (f"pendio {report['version']} on Linux {release}, {seen['machine']}, {network}; "
            f"a system call that does nothing costs {seen['system_call_ns']:.0f} ns there.")


def row(budget):
    where = budget["elsewhere"] or budget["worst_case"] or ""
    cells = f"{budget['cells_met']} of {budget['cells_measured']}"
    if budget["seen"] is None:
        return f"| {budget['budget']} | {budget['limit']} | | | | {where} | {budget['verdict']} |"
    spread = f"{number(budget['low_quartile'])}-{number(budget['high_quartile'])}"
    return (f"| {budget['budget']} | {budget['limit']} | {number(budget['mean'])} | "
            f"{number(budget['seen'])} ({spread}) | {cells} | `{where}` | {budget['verdict']} |")


def section(report, picture):
    lines = [describe(report), "", f"![ratios]({picture})", "",
             "| what | budget | mean | worst cell (quartiles) | cells met | where | verdict |",
             "|---|---|---|---|---|---|---|"]
    lines += [row(budget) for budget in report["budgets"]]
    return "\n".join(lines) + "\n"


def check(report, names):
    if report["quick"]:
        return "it timed nothing"
    missing = set(names) - {result["case"] for result in report["results"]}
    return f"it lacks {sorted(missing)[0]}: run all cases" if missing else None


def renew(page, text):
    begin, end = page.find(BEGIN), page.find(END)
    if begin < 0 or end < begin:
        return None
    return page[:begin] + BEGIN + text + page[end:]


def main():
    parser = argparse.ArgumentParser(description="Table and picture of README.md.")
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("program", nargs="?", default=ROOT / "build/release/bin/pendio")
    parser.add_argument("--readme", type=pathlib.Path, default=ROOT / "README.md")
    parser.add_argument("--picture", type=pathlib.Path, default=ROOT / "tools/bench/ratios.svg")
    arguments = parser.parse_args()
    try:
        report = json.loads(arguments.results.read_text(encoding="utf-8"))
        listed = subprocess.run([str(arguments.program), "bench", "--list"], check=True, text=True,
                                stdout=subprocess.PIPE)
        lack = check(report, listed.stdout.split())
        picture = arguments.picture.resolve().relative_to(arguments.readme.resolve().parent)
        page = renew(arguments.readme.read_text(encoding="utf-8"), section(report, picture))
        if lack or page is None:
            print(f"readme: {arguments.results}: {lack}" if lack else
                  f"readme: {arguments.readme} has no markers", file=sys.stderr)
            return 2
        subprocess.run([str(arguments.program), "bench", "--results", str(arguments.results),
                        "--svg", str(arguments.picture)], check=True)
        arguments.readme.write_text(page, encoding="utf-8")
    except (OSError, ValueError, KeyError) as error:
        print(f"readme: {arguments.results}: {error!r}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"readme: {error}", file=sys.stderr)
        return 3
    return 0


sys.exit(main())
