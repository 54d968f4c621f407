#!/usr/bin/env python3
"""generate.py - abi/pendio.abi as the Python module that the rest of the package stands on.

Usage:      generate.py [--snapshot FILE] --output FILE
Happy path: constants, structures as ctypes has them, the calls with their types, all in FILE.
Failures:   a type of the snapshot that has no counterpart here ends it: one line, exit 1.
"""

import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import interface  # noqa: E402  (the folder above is no package)

# ctypes' type, what Python sees of it, and how the struct module writes it.
SCALARS = {
    "int": ("ctypes.c_int", "int", "i"),
    "int32_t": ("ctypes.c_int32", "int", "i"),
    "int64_t": ("ctypes.c_int64", "int", "q"),
    "size_t": ("ctypes.c_size_t", "int", "Q"),
    "uint8_t": ("ctypes.c_uint8", "int", "B"),
    "uint16_t": ("ctypes.c_uint16", "int", "H"),
    "uint32_t": ("ctypes.c_uint32", "int", "I"),
    "uint64_t": ("ctypes.c_uint64", "int", "Q"),
}
TEXT = ("ctypes.c_char_p", "bytes | None", "P")
POINTER = ("ctypes.c_void_p", "Address", "P")

HEAD = '''"""What {snapshot} says, for ctypes. Made by generate.py: neither edit nor commit it."""

import ctypes
from collections.abc import Callable
from typing import Any

#: An address as an integer, ctypes.byref() of a structure, or None.
Address = Any

#: The release whose symbols these are, as pendio_version() gives it.
RELEASE = 0x{release:06x}
'''


def translate(kind, known):
    """The three names of a C type; a structure's member may be a structure or an array."""
    kind = known.aliases.get(kind, kind)
    if kind == "const char *":
        return TEXT
    if kind.endswith("*"):
        return POINTER
    if found := re.fullmatch(r"(\w+)\[(\d+)\]", kind):
        element = translate(found[1], known)
        return f"{element[0]} * {found[2]}", f"ctypes.Array[{element[0]}]", found[2] + element[2]
    if found := re.fullmatch(r"struct (\w+)", kind):
        return found[1], found[1], ""
    if kind not in SCALARS:
        raise interface.Unreadable(f"a type without a counterpart in Python: {kind}")
    return SCALARS[kind]


def write_struct(struct, known):
    lines = [f"class {struct.name}(ctypes.Structure):"]
    members = [(member, translate(member.kind, known)) for member in struct.members]
    lines += [f"    {member.name}: {names[1]}" for member, names in members]
    lines.append("    _fields_ = [")
    lines += [f'        ("{member.name}", {names[0]}),' for member, names in members]
    lines.append("    ]")
    return lines


def write_layout(struct):
    offsets = ", ".join(f'"{member.name}": {member.offset}' for member in struct.members)
    return f"    {struct.name}: ({struct.byte_count}, {{{offsets}}}),"


def write_format(struct, known):
    """As struct.unpack() takes it; only where nothing is padded."""
    text = "=" + "".join(translate(each.kind, known)[2] for each in struct.members)
    return text.replace("P", "Q")


def write_function(function, known):
    result = translate(function.result, known)
    kinds = [translate(parameter.kind, known) for parameter in function.parameters]
    names = ", ".join(parameter.name for parameter in function.parameters)
    takes = ", ".join(kind[1] for kind in kinds)
    returns = "bytes" if result is TEXT else result[1]
    return [f"    #: ({names})", f"    {function.name}: Callable[[{takes}], {returns}]"]


def write_signature(function, known):
    kinds = [translate(parameter.kind, known)[0] for parameter in function.parameters]
    result = translate(function.result, known)[0]
    return f'    "{function.name}": ({result}, [{", ".join(kinds)}]),'


def release(known):
    """The highest version node: 0.1 is 0x000100."""
    nodes = [re.fullmatch(r"PENDIO_(\d+)\.(\d+)", symbol) for symbol in known.symbols]
    return max((int(node[1]) << 16) + (int(node[2]) << 8) for node in nodes if node)


def write_module(known, snapshot):
    completion = next(each for each in known.structs if each.name == "pendio_completion")
    lines = HEAD.format(snapshot=snapshot.name, release=release(known)).splitlines()
    lines += ["", *(f"{name} = {value}" for name, value in known.constants.items())]
    lines += ["", f'COMPLETION_FORMAT = "{write_format(completion, known)}"']
    for struct in known.structs:
        lines += ["", "", *write_struct(struct, known)]
    lines += ["", "", "#: Size and offsets, as the C compiler has laid them out.",
              "LAYOUTS: dict[type[ctypes.Structure], tuple[int, dict[str, int]]] = {",
              *map(write_layout, known.structs), "}"]
    lines += ["", "", "class Functions:", '    """The library\'s calls by their names in C."""', ""]
    for function in known.functions:
        lines += write_function(function, known)
    lines += ["", "", "#: Result and arguments of each call.",
              "SIGNATURES: dict[str, tuple[Any, list[Any]]] = {",
              *(write_signature(function, known) for function in known.functions), "}"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Write the module _layout.py of the snapshot.")
    parser.add_argument("--snapshot", type=pathlib.Path, default=HERE.parents[1] / "pendio.abi")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    try:
        known = interface.read_interface(arguments.snapshot)
        text = write_module(known, arguments.snapshot)
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text, encoding="utf-8")
    except (interface.Unreadable, OSError) as problem:
        print(f"generate.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
