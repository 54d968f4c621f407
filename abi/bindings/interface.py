"""interface.py - abi/pendio.abi as records: what the generators of the bindings are made from.

    interface = read_interface(pathlib.Path("abi/pendio.abi"))

Types are C's, as the header has them (`const struct pendio_loop_options *`, `uint8_t[128]`); what
they are in another language is for its generator to say. A line this cannot read is an error:
a binding that silently lacks a call would be worse.
"""

import pathlib
import re
from typing import NamedTuple


class Unreadable(Exception):
    """A line of the snapshot of a kind it has not had so far."""


class Parameter(NamedTuple):
    kind: str
    name: str


class Function(NamedTuple):
    """An exported function, or the type of a callback."""
    name: str
    result: str
    parameters: "tuple[Parameter, ...]"


class Member(NamedTuple):
    offset: int
    byte_count: int
    kind: str
    name: str


class Struct(NamedTuple):
    name: str
    byte_count: int
    alignment: int
    members: "list[Member]"


class Interface(NamedTuple):
    symbols: "list[str]"
    functions: "list[Function]"
    callbacks: "list[Function]"
    aliases: "dict[str, str]"  # typedef name -> C type
    opaque: "list[str]"        # structs only ever seen behind a pointer
    constants: "dict[str, int]"
    structs: "list[Struct]"


def split_declaration(declaration):
    """`const char *host` is `const char *` and `host`."""
    found = re.fullmatch(r"(.*?[ *])(\w+)", declaration)
    if not found:
        raise Unreadable(declaration)
    return found[1].strip(), found[2]


def read_function(text):
    found = re.fullmatch(r"([^(]*)\((.*)\)", text)
    if not found:
        raise Unreadable(text)
    result, name = split_declaration(found[1])
    listed = [] if found[2] == "void" else found[2].split(", ")
    parameters = tuple(Parameter(*split_declaration(each)) for each in listed)
    return Function(name, result, parameters)


def read_type(text, interface):
    if found := re.fullmatch(r"struct (\w+)", text):
        interface.opaque.append(found[1])
    elif "(" in text:
        interface.callbacks.append(read_function(text.removeprefix("typedef ")))
    else:
        kind, name = split_declaration(text.removeprefix("typedef "))
        interface.aliases[name] = kind


def read_line(line, interface):
    kind, _, rest = line.partition(" ")
    if kind == "symbol":
        interface.symbols.append(rest.split("@")[0].split(" ")[0])
    elif kind == "function":
        interface.functions.append(read_function(rest))
    elif kind == "type":
        read_type(rest, interface)
    elif kind == "constant":
        name, value = rest.split(" = ")
        interface.constants[name] = int(value)
    elif found := re.fullmatch(r"struct (\w+): (\d+) bytes, aligned to (\d+)", line):
        interface.structs.append(Struct(found[1], int(found[2]), int(found[3]), []))
    elif found := re.fullmatch(r" +(\d+) +(\d+) (.*) (\w+)", line):
        member = Member(int(found[1]), int(found[2]), found[3], found[4])
        interface.structs[-1].members.append(member)
    else:
        raise Unreadable(line)


def read_interface(snapshot: pathlib.Path) -> Interface:
    interface = Interface([], [], [], {}, [], {}, [])
    for number, line in enumerate(snapshot.read_text(encoding="utf-8").splitlines(), 1):
        try:
            if line and not line.startswith("#"):
                read_line(line, interface)
        except (Unreadable, ValueError, IndexError) as problem:
            raise Unreadable(f"{snapshot}:{number}: {line}") from problem
    return interface
