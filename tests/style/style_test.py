#!/usr/bin/env python3
"""style_test.py - holds the tree to the rules of CONTRIBUTING.md; run by ctest as `style`.

Usage:      style_test.py [--root FOLDER] [--build FOLDER]
Happy path: a table of function lengths, what could not be checked here, exit 0.
Failures:   one line for every violation, `file:line: what; do this`, and exit 1.
"""

import argparse
import pathlib
import statistics
import sys
from typing import List

import rules_arrows
import rules_programs
import rules_text
from tree import Tree, Violation

RULES = rules_text.RULES + rules_arrows.RULES + rules_programs.RULES

# Aims, not limits: reported for each folder, never a failure.
MEDIAN_AIM = 12
P90_AIM = 35


def check(tree: Tree) -> List[Violation]:
    return sorted({violation for rule in RULES for violation in rule(tree)})


def percentile(sorted_values: List[int], share: float) -> int:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def length_table(tree: Tree) -> List[str]:
    """Function lengths by folder, signature and braces included."""
    folders = {}
    for source in tree.c_sources():
        folders.setdefault(source.folder, []).extend(f.length for f in source.functions)
    lines = [f"{'folder':<10} {'functions':>9} {'median':>7} {'p90':>5} {'longest':>8}"]
    for folder, lengths in sorted(folders.items()):
        if lengths:
            lengths.sort()
            median, p90 = statistics.median(lengths), percentile(lengths, 0.9)
            mark = "" if median <= MEDIAN_AIM and p90 <= P90_AIM else "  above the aim"
            lines.append(f"{folder:<10} {len(lengths):>9} {median:>7.0f} {p90:>5} "
                         f"{lengths[-1]:>8}{mark}")
    lines.append(f"aims: median {MEDIAN_AIM}, p90 {P90_AIM}; "
                 f"limit: {rules_text.FUNCTION_LIMIT}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the tree's style.")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[2],
                        help="source tree (default: the one this file is in)")
    parser.add_argument("--build", type=pathlib.Path,
                        help="build tree with compile_commands.json, to find what nobody builds")
    arguments = parser.parse_args()
    if not arguments.root.is_dir():
        parser.error(f"{arguments.root} is not a folder; name the source tree")

    tree = Tree(arguments.root, arguments.build)
    print("\n".join(length_table(tree)))
    for program in rules_programs.missing_programs():
        print(f"skipped, not here: {program}")

    violations = check(tree)
    for violation in violations:
        print(violation)
    print(f"{len(tree.sources)} files, {len(RULES)} rules, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
