#!/usr/bin/env python3
"""readme_test.py - what README.md and its neighbours say is true.

Usage:      readme_test.py BUILD [COMPILER [FLAG...]]
Happy path: the example program is compiled and run as README.md says, against the library of BUILD
            installed below a private home, and prints what README.md says it prints.
Failures:   unittest's report, exit 1.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
LONGEST_EXAMPLE = 40

build = pathlib.Path()
compiler = ["cc"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(language: str) -> list:
    """The fenced blocks of README.md in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read("README.md"),
                      re.MULTILINE | re.DOTALL)


def script_as_told() -> str:
    """The block that installs and compiles, with this build in place of the release build."""
    told = next(block for block in blocks("sh") if "hello.c" in block)
    told = told.replace("sh tools/build.sh release\n", "").replace("build/release", f"'{build}'")
    quoted = " ".join(f"'{word}'" for word in compiler)
    return f"set -e\ncc() {{ command {quoted} -std=c11 -Wall -Wextra -Werror \"$@\"; }}\n{told}"


class ReadmeTest(unittest.TestCase):
    def test_the_example_does_what_is_said(self):
        program, printed = blocks("c")[0], blocks("text")[0]
        with tempfile.TemporaryDirectory() as home:
            (pathlib.Path(home) / "hello.c").write_text(program)
            answer = subprocess.run(["sh", "-c", script_as_told()], cwd=home, text=True,
                                    capture_output=True, env={**os.environ, "HOME": home})
        if "io_uring" in answer.stderr and answer.returncode == 3:
            self.skipTest(answer.stderr.strip())
        self.assertEqual(0, answer.returncode, answer.stdout + answer.stderr)
        self.assertTrue(answer.stdout.endswith(printed), answer.stdout)

    def test_the_example_fits_on_a_screen(self):
        self.assertLessEqual(blocks("c")[0].count("\n"), LONGEST_EXAMPLE)

    def test_links_and_folders_named_exist(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#:]+)\)", read(page)):
                self.assertTrue((ROOT / target).exists(), f"{page}: {target} does not exist")

    def test_scripts_and_files_named_exist(self):
        named = r"\b((?:tools|tests|proto|harness|runtime|abi)/[\w/]+\.(?:sh|py|c|h|proto))\b"
        for page in PAGES:
            for target in re.findall(named, read(page)):
                self.assertTrue((ROOT / target).exists(), f"{page}: {target} does not exist")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("readme_test.py: name the build tree, e.g. build/release")
    build = pathlib.Path(sys.argv[1]).resolve()
    compiler = sys.argv[2:] or compiler
    unittest.main(argv=sys.argv[:1])
