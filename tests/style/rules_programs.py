"""rules_programs.py - the public header, and what compilers, clang-format and shellcheck say.

Each rule takes a Tree and yields a Violation for every place that breaks it. A rule whose program
is not on this machine yields nothing; style_test.py says so through missing_programs().
"""

import re
import shutil
import subprocess
from typing import Iterator, List

from tree import Source, Tree, Violation, line_of

HEADER = "abi/include/pendio/pendio.h"

# What no foreign-function interface can call or lay out by itself.
FORBIDDEN = (
    (r"\benum\s+\w+", "an enum with a tag", "declare the member or argument as uint32_t"),
    (r"\w\s*:\s*\d+\s*[;,]", "a bit-field", "use a member of its own, or flags"),
    (r"\b(?:static|extern)?\s*inline\b", "an inline function", "declare it, define it in abi/"),
    (r"#[ \t]*define\s+\w+\(", "a macro with arguments", "make it a function"),
    (r"\b(?:_Bool|bool|long|short|unsigned|wchar_t)\b", "a type of the platform's size",
     "use the types of <stdint.h>"),
)
HEADERS_ALLOWED = ("stddef.h", "stdint.h")

# Compilers that may be here, and the languages the header promises to be clean in.
LANGUAGES = (
    (("gcc", "clang"), ("c", "c99")),
    (("gcc", "clang"), ("c", "c11")),
    (("gcc", "clang"), ("c", "c2x")),  # C23 by the name that Debian 12's know
    (("g++", "clang++"), ("c++", "c++17")),
)
WARNINGS = ("-Wall", "-Wextra", "-pedantic-errors", "-Werror")

# Versions differ in what they make of one style; the tree follows this one (Debian 12's).
CLANG_FORMAT_VERSION = 14


def public_header(tree: Tree) -> "Source | None":
    return next((source for source in tree.sources if source.path == HEADER), None)


def public_header_is_plain(tree: Tree) -> Iterator[Violation]:
    header = public_header(tree)
    if header is None:
        return
    for pattern, what, remedy in FORBIDDEN:
        for match in re.finditer(pattern, header.code):
            yield Violation(HEADER, line_of(header.code, match.start()), what, remedy)
    for include in header.includes:
        if include.name not in HEADERS_ALLOWED:
            yield Violation(HEADER, include.line, f"includes {include.name}",
                            "only <stddef.h> and <stdint.h> are promised")


def public_header_compiles_alone(tree: Tree) -> Iterator[Violation]:
    if public_header(tree) is None:
        return
    for compilers, (language, standard) in LANGUAGES:
        for compiler in filter(shutil.which, compilers):
            command = [compiler, f"-std={standard}", "-fsyntax-only", *WARNINGS, "-x", language,
                       "-include", str(tree.root / HEADER), "/dev/null"]
            answer = subprocess.run(command, capture_output=True, text=True)
            if answer.returncode != 0:
                found = re.search(r":(\d+):\d+: (.*)", answer.stderr)
                line, said = (int(found.group(1)), found.group(2)) if found else (1, "it fails")
                yield Violation(HEADER, line, f"{compiler} -std={standard}: {said}",
                                "the header must compile alone")


def clang_format() -> "str | None":
    """The program, if it is of the version the tree follows."""
    for name in (f"clang-format-{CLANG_FORMAT_VERSION}", "clang-format"):
        if shutil.which(name):
            said = subprocess.run([name, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {CLANG_FORMAT_VERSION}\.", said):
                return name
    return None


def sources_are_formatted(tree: Tree) -> Iterator[Violation]:
    program = clang_format()
    paths = [source.path for source in tree.c_sources()]
    if program is None or not paths:
        return
    answer = subprocess.run([program, "--dry-run", *paths], cwd=tree.root, capture_output=True,
                            text=True)
    for match in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error): code should be clang-formatted",
                             answer.stderr, re.MULTILINE):
        yield Violation(match.group(1), int(match.group(2)), "not formatted",
                        "run clang-format -i on the file")


def scripts_pass_shellcheck(tree: Tree) -> Iterator[Violation]:
    paths = [source.path for source in tree.sources if source.text.startswith("#!")
             and re.match(r"#!.*\b(ba|da)?sh\b", source.lines[0])]
    if not paths or not shutil.which("shellcheck"):
        return
    command = ["shellcheck", "--severity=warning", "--format=gcc", *paths]
    answer = subprocess.run(command, cwd=tree.root, capture_output=True, text=True)
    for match in re.finditer(r"^(.+?):(\d+):\d+: (.*) \[(SC\d+)\]", answer.stdout, re.MULTILINE):
        yield Violation(match.group(1), int(match.group(2)), match.group(3),
                        f"see the wiki of shellcheck on {match.group(4)}")


def missing_programs() -> List[str]:
    """What could not be checked on this machine, one line each."""
    missing = [f"{compiler} (public header alone as {standard})"
               for compilers, (_, standard) in LANGUAGES
               for compiler in compilers if not shutil.which(compiler)]
    if clang_format() is None:
        missing.append(f"clang-format {CLANG_FORMAT_VERSION} (formatting)")
    if not shutil.which("shellcheck"):
        missing.append("shellcheck (scripts)")
    return missing


RULES = (
    public_header_is_plain,
    public_header_compiles_alone,
    sources_are_formatted,
    scripts_pass_shellcheck,
)
