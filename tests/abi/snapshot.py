"""snapshot.py - the stable C ABI as text: symbols, signatures, constants, layouts.

Usage: snapshot.py --header FILE --library FILE --compiler PROGRAM --snapshot FILE [--renew]

Compares what the header and the library at hand say with the snapshot, prints the difference and
how to renew it; exit code 0 when they are the same, 1 when not, 2 when the header cannot be read.
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

HEAD = """\
# The stable C ABI: symbols with their version nodes, functions, types, constants, layouts.
# Made by tests/abi/snapshot.py and compared on every build. A line that goes or changes breaks
# programs that were built before; a line that is added does not.
"""


class Unreadable(Exception):
    """A declaration of a kind the header has not had so far."""


class Struct(NamedTuple):
    name: str
    members: "list[tuple[str, str]]"  # type, name


class Interface(NamedTuple):
    functions: "list[str]"
    types: "list[str]"
    constants: "list[str]"
    structs: "list[Struct]"


# ---- the header ----------------------------------------------------------------------------------


def squeeze(text):
    """One blank between words, none where C needs none."""
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r" ?([(),\[\]]) ?", lambda found: found[1] + " " * (found[1] == ","), text)


def strip_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def strip_directives(text):
    text = re.sub(r"#ifdef __cplusplus.*?#endif", " ", text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*#.*$", " ", text, flags=re.MULTILINE)


def statements(text):
    """What ends with a semicolon outside all braces."""
    depth, begin = 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if letter == ";" and depth == 0:
            yield squeeze(text[begin:place])
            begin = place + 1
    if text[begin:].strip():
        raise Unreadable(f"no semicolon after: {squeeze(text[begin:])[:60]}")


def read_members(body):
    for declaration in filter(None, map(str.strip, body.split(";"))):
        found = re.fullmatch(r"(.*?[ *])(\w+(?:\[\w+\])?(?:, \w+)*)", declaration)
        if not found:
            raise Unreadable(f"member: {declaration}")
        for name in found[2].split(", "):
            extent = re.search(r"\[\w+\]$", name)
            yield found[1].strip() + (extent[0] if extent else ""), name.split("[")[0]


def read_header(text):
    text = strip_comments(text)
    interface = Interface([], [], [], [])
    for name, value in re.findall(r"^#define (PENDIO_\w+)[ \t]+(\S.*)$", text, re.MULTILINE):
        if name != "PENDIO_API":
            interface.constants.append(name)
    for statement in statements(strip_directives(text)):
        if found := re.fullmatch(r"PENDIO_API (.*\))", statement):
            interface.functions.append(found[1])
        elif found := re.fullmatch(r"enum ?\{(.*)\}", statement):
            interface.constants.extend(re.findall(r"(\w+)(?: ?=[^,]*)?(?:,|$)", found[1].strip()))
        elif found := re.fullmatch(r"struct (\w+) ?\{(.*)\}", statement):
            interface.structs.append(Struct(found[1], list(read_members(found[2]))))
        elif re.fullmatch(r"struct \w+|typedef .*", statement):
            interface.types.append(statement)
        else:
            raise Unreadable(statement)
    return interface


# ---- what a compiler makes of it -----------------------------------------------------------------


def measuring_program(header, interface):
    yield f'#include "{header}"\n#include <stdio.h>\nint main(void)\n{{'
    for name in interface.constants:
        yield (f'    printf(({name}) < 1 ? "constant {name} = %lld\\n" '
               f': "constant {name} = %llu\\n", (unsigned long long)({name}));')
    for struct in interface.structs:
        whole = f"struct {struct.name}"
        yield (f'    printf("{whole}: %zu bytes, aligned to %zu\\n", sizeof({whole}), '
               f"_Alignof({whole}));")
        for kind, name in struct.members:
            yield (f'    printf("    %3zu %3zu {kind} {name}\\n", offsetof({whole}, {name}), '
                   f"sizeof((({whole} *)0)->{name}));")
    yield "    return 0;\n}"


def measure(header, interface, compiler):
    with tempfile.TemporaryDirectory(prefix="pendio-abi-") as scratch:
        source, program = (pathlib.Path(scratch) / name for name in ("measure.c", "measure"))
        source.write_text("\n".join(measuring_program(header, interface)) + "\n")
        subprocess.run([compiler, "-std=c11", "-Werror", source, "-o", program], check=True)
        said = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return said.splitlines()


def exported_symbols(library):
    """From readelf's: number, value, size, type, binding, visibility, section, name."""
    said = subprocess.run(["readelf", "--dyn-syms", "--wide", library], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    for line in said.splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[0].rstrip(":").isdigit() and fields[6] != "UND" and \
                fields[4] in ("GLOBAL", "WEAK"):
            yield f"symbol {fields[7]} {fields[3]}"


def snapshot_of(header, library, compiler):
    interface = read_header(pathlib.Path(header).read_text())
    measured = measure(pathlib.Path(header).resolve(), interface, compiler)
    layouts = next((place for place, line in enumerate(measured) if line.startswith("struct")),
                   len(measured))
    sections = (
        sorted(exported_symbols(library)),
        sorted(f"function {function}" for function in interface.functions),
        [f"type {kind}" for kind in interface.types],
        measured[:layouts],
        measured[layouts:],
    )
    return HEAD + "".join("\n" + "".join(line + "\n" for line in section) for section in sections)


# ---- the comparison ------------------------------------------------------------------------------


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("header", "library", "compiler", "snapshot"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--renew", action="store_true", help="write the snapshot, do not compare")
    return parser.parse_args()


def main():
    arguments = read_arguments()
    try:
        seen = snapshot_of(arguments.header, arguments.library, arguments.compiler)
    except Unreadable as problem:
        print(f"{arguments.header}: snapshot.py cannot read: {problem}", file=sys.stderr)
        return 2
    file = pathlib.Path(arguments.snapshot)
    if arguments.renew:
        file.write_text(seen)
        return 0
    agreed = file.read_text() if file.exists() else ""
    if seen == agreed:
        return 0
    sys.stdout.writelines(difflib.unified_diff(agreed.splitlines(True), seen.splitlines(True),
                                               "agreed", "seen", n=1))
    print("\nThe ABI is not what the snapshot says. Lines with - break programs built before: undo "
          "them.\nIf the rest is intended, renew the snapshot:\n"
          f"    {sys.executable} {' '.join(sys.argv)} --renew")
    return 1


if __name__ == "__main__":
    sys.exit(main())
