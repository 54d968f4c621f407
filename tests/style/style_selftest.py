#!/usr/bin/env python3
"""style_selftest.py - every rule of the style test catches its violation, and nothing else does.

Happy path: each case writes a small tree, clean but for one thing, and expects one violation.
Failures:   unittest's report, exit 1; a rule without a case fails too.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import rules_arrows
import rules_programs
import rules_text
import style_test
from tree import Tree

PUBLIC = "abi/include/pendio/pendio.h"
HEADER = """/*
 * pendio.h - the public header of a scratch tree.
 */
#include <stdint.h>

uint32_t pendio_version(void);
"""
HEADER_END = HEADER.count("\n") + 1
LOOP_HEADER = "/*\n * loop.h - what loop.c offers.\n */\nint pnd_loop_turn(void);\n"
LOOP = """/*
 * loop.c - turns; sprintf(), system() and "quotes" in a comment call nothing.
 */
#include "loop.h"

int pnd_loop_turn(void)
{
    const char *text = "strcpy(a, b); /* not a comment";
    return text[0] == 'x';
}
"""
CLEAN = {
    PUBLIC: HEADER,
    "runtime/loop.h": LOOP_HEADER,
    "runtime/loop.c": LOOP,
    "README.md": "# Scratch  \n",
    ".hidden": "anything may hide at the top\n",
}
LOOP_END = LOOP.count("\n") + 1


def c_file(name: str, *lines: str) -> str:
    """A source whose first own line is line 4."""
    return "\n".join(("/*", f" * {name} - one purpose.", " */", *lines, ""))


def long_function(line_count: int) -> str:
    return LOOP + "\nstatic void long_one(void)\n{\n" + "    ;\n" * (line_count - 3) + "}\n"


# rule, files beside the clean tree, where the one violation is
CASES = (
    ("lines_are_short", {"runtime/loop.c": LOOP + "/* " + "x" * 95 + " */\n"},
     f"runtime/loop.c:{LOOP_END}"),
    ("lines_are_short", {"tools/run.sh": "#" * 101 + "\n"}, "tools/run.sh:1"),
    ("files_are_short", {"runtime/loop.c": LOOP + "int a;\n" * 450}, "runtime/loop.c:460"),
    ("functions_are_short", {"runtime/loop.c": long_function(71)},
     f"runtime/loop.c:{LOOP_END + 1}"),
    ("text_is_tidy", {"tools/run.sh": "true\t\n"}, "tools/run.sh:1"),
    ("text_is_tidy", {"tools/run.sh": "true \n"}, "tools/run.sh:1"),
    ("text_is_tidy", {"tools/run.sh": "true"}, "tools/run.sh:1"),
    ("text_is_tidy", {"tools/run.sh": "true\n\n"}, "tools/run.sh:2"),
    ("work_is_finished", {"README.md": "# Scratch\n\n" + "TO" "DO: more\n"}, "README.md:3"),
    ("paths_are_portable", {"tools/run.sh": "cd /ho" "me/somebody\n"}, "tools/run.sh:1"),
    ("top_level_is_agreed", {"notes.txt": "notes\n"}, "notes.txt:1"),
    ("calls_are_allowed", {"runtime/loop.c": LOOP + "int a = atoi (TEXT);\n"},
     f"runtime/loop.c:{LOOP_END}"),
    ("files_say_their_purpose", {"runtime/loop.h": "int pnd_loop_turn(void);\n"},
     "runtime/loop.h:1"),
    ("build_files_name_their_sources", {"runtime/CMakeLists.txt": "file(GLOB all *.c)\n"},
     "runtime/CMakeLists.txt:1"),
    ("libraries_stay_with_their_owners",
     {"runtime/pool.c": c_file("pool.c", "#include <liburing.h>")}, "runtime/pool.c:4"),
    ("libraries_stay_with_their_owners",
     {"runtime/pool.c": c_file("pool.c", "#include <linux/io_uring.h>")}, "runtime/pool.c:4"),
    ("libraries_stay_with_their_owners",
     {"tools/run.c": c_file("run.c", "#include <nng/nng.h>")}, "tools/run.c:4"),
    ("libraries_stay_with_their_owners",
     {"harness/run.c": c_file("run.c", '#include "pendio.pb-c.h"')}, "harness/run.c:4"),
    ("libraries_stay_with_their_owners",
     {"harness/run.c": c_file("run.c", "#include <jansson.h>")}, "harness/run.c:4"),
    ("includes_follow_the_arrows",
     {"harness/run.c": c_file("run.c", '#include "loop.h"')}, "harness/run.c:4"),
    ("includes_follow_the_arrows",
     {"tools/run.c": c_file("run.c", '#include "../runtime/loop.h"')}, "tools/run.c:4"),
    ("includes_follow_the_arrows",
     {"proto/json.c": c_file("json.c", "#include <pendio/pendio.h>")}, "proto/json.c:4"),
    ("includes_follow_the_arrows",
     {"abi/examples/echo.c": c_file("echo.c", '#include "loop.h"')}, "abi/examples/echo.c:4"),
    ("includes_follow_the_arrows",
     {"tests/support/wait.h": c_file("wait.h", "void wait_for(void);"),
      "runtime/pool.c": c_file("pool.c", '#include "wait.h"')}, "runtime/pool.c:4"),
    ("names_across_files_have_their_prefix",
     {"runtime/pool.c": c_file("pool.c", "void pool_get(void)", "{", "}")}, "runtime/pool.c:4"),
    ("structs_have_no_typedef",
     {"runtime/pool.c": c_file("pool.c", "typedef struct pool pool;")}, "runtime/pool.c:4"),
    ("every_source_is_built", {"runtime/pool.c": c_file("pool.c")}, "runtime/pool.c:1"),
    ("every_header_is_included", {"runtime/pool.h": c_file("pool.h")}, "runtime/pool.h:1"),
    ("public_header_is_plain", {PUBLIC: HEADER + "int pendio_a(enum policy policy);\n"},
     f"{PUBLIC}:{HEADER_END}"),
    ("public_header_is_plain", {PUBLIC: HEADER + "struct pendio_a { uint32_t b : 3; };\n"},
     f"{PUBLIC}:{HEADER_END}"),
    ("public_header_is_plain", {PUBLIC: HEADER + "#define PENDIO_A(b) (b)\n"},
     f"{PUBLIC}:{HEADER_END}"),
    ("public_header_is_plain", {PUBLIC: HEADER + "#include <stdio.h>\n"},
     f"{PUBLIC}:{HEADER_END}"),
    ("public_header_compiles_alone", {PUBLIC: HEADER + "size_t pendio_a(void);\n"},
     f"{PUBLIC}:{HEADER_END}"),
    ("sources_are_formatted", {"runtime/loop.c": LOOP.replace("    return", "  return")},
     "runtime/loop.c:8"),  # where the blanks before the statement begin
    ("scripts_pass_shellcheck", {"tools/run.sh": "#!/bin/sh\nlocal a=1\n"}, "tools/run.sh:2"),
)


class Scratch:
    """A folder with the clean tree and one case's files; everything but pool.c is built."""

    def __init__(self, files: dict) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for path, text in {**CLEAN, **files}.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text, encoding="utf-8")
        own = pathlib.Path(__file__).parents[2] / ".clang-format"
        if own.exists():
            shutil.copy(own, self.root)
        self.build = self.root / "build"
        self.build.mkdir()
        built = [path for path in {**CLEAN, **files}
                 if path.endswith(".c") and path != "runtime/pool.c"]
        (self.build / "compile_commands.json").write_text(
            json.dumps([{"directory": str(self.root), "file": path} for path in built]))

    def __enter__(self) -> Tree:
        return Tree(self.root, self.build)

    def __exit__(self, *unused) -> None:
        self.folder.cleanup()


def rule_named(name: str):
    return next(rule for rule in style_test.RULES if rule.__name__ == name)


def can_check(rule_name: str) -> bool:
    if rule_name == "sources_are_formatted":
        return rules_programs.clang_format() is not None
    if rule_name == "scripts_pass_shellcheck":
        return shutil.which("shellcheck") is not None
    if rule_name == "public_header_compiles_alone":
        return any(map(shutil.which, ("gcc", "clang", "g++", "clang++")))
    return True


class StyleTest(unittest.TestCase):
    def test_a_clean_tree_has_no_violation(self):
        with Scratch({}) as tree:
            self.assertEqual([], list(map(str, style_test.check(tree))))

    def test_each_rule_catches_its_violation_and_names_the_place(self):
        for name, files, place in CASES:
            with self.subTest(rule=name, files=list(files)), Scratch(files) as tree:
                if can_check(name):
                    found = {f"{v.path}:{v.line}" for v in rule_named(name)(tree)}
                    self.assertEqual({place}, found)

    def test_every_rule_has_a_case(self):
        self.assertEqual({rule.__name__ for rule in style_test.RULES},
                         {name for name, _, _ in CASES})

    def test_a_function_of_the_longest_allowed_length_passes(self):
        with Scratch({"runtime/loop.c": long_function(70)}) as tree:
            self.assertEqual([], list(rules_text.functions_are_short(tree)))

    def test_owners_may_include_their_library(self):
        files = {"runtime/ring_uring.c": c_file("ring_uring.c", "#include <liburing.h>"),
                 "tests/proto/json_test.c": c_file("json_test.c", '#include "loop.h"')}
        with Scratch(files) as tree:
            self.assertEqual([], list(rules_arrows.libraries_stay_with_their_owners(tree)))
            self.assertEqual([], list(rules_arrows.includes_follow_the_arrows(tree)))

    def test_inputs_of_tests_may_be_wrong_on_purpose(self):
        with Scratch({"tests/proto/data/bad.json": "{\t"}) as tree:
            self.assertEqual([], list(map(str, style_test.check(tree))))

    def test_the_program_prints_one_line_for_each_violation_and_exits_1(self):
        with Scratch({"notes.txt": "notes\n"}) as tree:
            program = [sys.executable, style_test.__file__, "--root", str(tree.root)]
            answer = subprocess.run(program, capture_output=True, text=True)
        self.assertEqual(1, answer.returncode)
        self.assertIn("notes.txt:1: not one of the agreed names of the top level; move it",
                      answer.stdout)

    def test_the_program_refuses_a_root_that_is_not_there(self):
        program = [sys.executable, style_test.__file__, "--root", "/nowhere"]
        answer = subprocess.run(program, capture_output=True, text=True)
        self.assertEqual(2, answer.returncode)


if __name__ == "__main__":
    unittest.main()
