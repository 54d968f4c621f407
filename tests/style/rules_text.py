"""rules_text.py - rules on the text of every file: form, length, names, forbidden words.

Each rule takes a Tree and yields a Violation for every place that breaks it.
"""

import re
from typing import Iterator

from tree import Source, Tree, Violation, line_of

LINE_LIMIT = 100
FILE_LIMIT = 450  # the aim is 400
FUNCTION_LIMIT = 70

# Where length is the author's: prose, data, and the one public header, most of it comment.
LENGTH_SUFFIXES = (".c", ".h", ".py", ".sh", ".cmake", ".proto", ".map")
LONG_FILES = ("abi/include/pendio/pendio.h", "proto/pendio.proto")

# Files that are wrong on purpose.
INPUT_FOLDERS = re.compile(r"^tests/(\w+/)*(data|corpus)/")

TOP_LEVEL = frozenset((
    "abi", "harness", "proto", "runtime", "tests", "tools",
    "CMakeLists.txt", "CMakePresets.json",
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"))

# Put together from halves, so that this file does not break its own rules.
MARKERS = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "HA" "CK", "XX" "X")) + r")\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(" + "|".join(("wo" "rk", "ho" "me", "ro" "ot")) + r")/")

BANNED_CALLS = {
    "strcpy": "use snprintf or memcpy with the size of the target",
    "strcat": "use snprintf with the size of the target",
    "sprintf": "use snprintf",
    "vsprintf": "use vsnprintf",
    "gets": "use fgets",
    "atoi": "use strtol and check its end",
    "system": "use posix_spawn",
    "alloca": "use an array of fixed size, or malloc",
}
BANNED = re.compile(r"\b(" + "|".join(BANNED_CALLS) + r")\s*\(")


def texts(tree: Tree) -> Iterator[Source]:
    return (source for source in tree.sources if not INPUT_FOLDERS.match(source.path))


def has_length_limits(source: Source) -> bool:
    return source.suffix in LENGTH_SUFFIXES or source.path.endswith("CMakeLists.txt")


def lines_are_short(tree: Tree) -> Iterator[Violation]:
    for source in filter(has_length_limits, texts(tree)):
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_LIMIT:
                yield Violation(source.path, number, f"{len(line)} columns",
                                f"break the line at {LINE_LIMIT}")


def files_are_short(tree: Tree) -> Iterator[Violation]:
    for source in filter(has_length_limits, texts(tree)):
        length = source.text.count("\n")
        if length > FILE_LIMIT and source.path not in LONG_FILES:
            yield Violation(source.path, length, f"the file has {length} lines",
                            "split it by purpose; aim at 400")


def functions_are_short(tree: Tree) -> Iterator[Violation]:
    for source in tree.c_sources():
        for function in source.functions:
            if function.length > FUNCTION_LIMIT:
                yield Violation(source.path, function.line,
                                f"{function.name} has {function.length} lines",
                                f"split it: {FUNCTION_LIMIT} at most, aim at 12")


def text_is_tidy(tree: Tree) -> Iterator[Violation]:
    for source in texts(tree):
        if source.text and not source.text.endswith("\n"):
            yield Violation(source.path, len(source.lines), "no line end at the end of the file",
                            "add one")
        if source.text.endswith("\n\n"):
            yield Violation(source.path, len(source.lines) - 1, "blank lines at the end",
                            "remove them")
        for number, line in enumerate(source.lines, 1):
            # gofmt has no other indentation, a recipe of make begins with one
            if "\t" in line and source.suffix != ".go" and not source.path.endswith("debian/rules"):
                yield Violation(source.path, number, "a tab", "use spaces")
            if line != line.rstrip() and source.suffix != ".md":
                yield Violation(source.path, number, "blanks at the end of the line",
                                "remove them")


def work_is_finished(tree: Tree) -> Iterator[Violation]:
    for source in texts(tree):
        for match in MARKERS.finditer(source.text):
            yield Violation(source.path, line_of(source.text, match.start()),
                            f"marker of unfinished work: {match.group()}",
                            "finish it, or file an issue")


def paths_are_portable(tree: Tree) -> Iterator[Violation]:
    for source in texts(tree):
        for match in MACHINE_PATHS.finditer(source.text):
            yield Violation(source.path, line_of(source.text, match.start()),
                            f"path of one machine: {match.group()}",
                            "derive it from the source folder, the environment or mktemp")


def top_level_is_agreed(tree: Tree) -> Iterator[Violation]:
    names = {path.split("/")[0] for path in tree.paths}
    for name in sorted(names - TOP_LEVEL):
        if not name.startswith("."):
            yield Violation(name, 1, "not one of the agreed names of the top level",
                            "move it into the folder that owns it")


def calls_are_allowed(tree: Tree) -> Iterator[Violation]:
    for source in tree.c_sources():
        for match in BANNED.finditer(source.code):
            yield Violation(source.path, line_of(source.code, match.start()),
                            f"call of {match.group(1)}", BANNED_CALLS[match.group(1)])


def files_say_their_purpose(tree: Tree) -> Iterator[Violation]:
    for source in tree.c_sources():
        name = source.path.rsplit("/", 1)[-1]
        if not source.text.startswith((f"/*\n * {name} - ", f"/* {name} - ")):
            yield Violation(source.path, 1, "the file does not begin with its purpose",
                            f"begin with a comment: {name} - one sentence")


def build_files_name_their_sources(tree: Tree) -> Iterator[Violation]:
    for source in texts(tree):
        if source.path.endswith("CMakeLists.txt") or source.suffix == ".cmake":
            for match in re.finditer(r"\bfile\s*\(\s*GLOB", source.text):
                yield Violation(source.path, line_of(source.text, match.start()),
                                "sources found by pattern", "list them by name")


RULES = (
    lines_are_short,
    files_are_short,
    functions_are_short,
    text_is_tidy,
    work_is_finished,
    paths_are_portable,
    top_level_is_agreed,
    calls_are_allowed,
    files_say_their_purpose,
    build_files_name_their_sources,
)
