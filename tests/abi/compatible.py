"""compatible.py - may programs that were built before run on the library of another snapshot?

    for sentence in list_breaks(old, new): ...

Both are paths of snapshots. What may come is new functions, types and constants, members at the end
of a structure that begins with its size, and names for its reserved members. All else is a break.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "abi/bindings"))
from interface import read_interface  # pylint: disable=wrong-import-position


def list_symbols(snapshot):
    """With their version nodes; it does not matter whether new programs are linked to them."""
    return [line.replace("@@", "@") for line in snapshot.read_text().splitlines()
            if line.startswith("symbol ")]


def shape(function):
    """What a caller was compiled with; the names of parameters are none of it."""
    return function.result, tuple(parameter.kind for parameter in function.parameters)


def compare_functions(old, new, noun):
    found = {function.name: function for function in new}
    for function in old:
        if function.name not in found:
            yield f"{noun} {function.name} is gone"
        elif shape(function) != shape(found[function.name]):
            yield f"{noun} {function.name} has another signature"


def compare_values(old, new, noun):
    for name, value in old.items():
        if name not in new:
            yield f"{noun} {name} is gone"
        elif new[name] != value:
            yield f"{noun} {name} is {new[name]}, it was {value}"


def compare_members(old, new):
    found = {member.offset: member for member in new.members}
    for member in old.members:
        now = found.pop(member.offset, None)
        if now is None or now.kind != member.kind or now.byte_count != member.byte_count:
            yield f"struct {old.name}: {member.name} is no more {member.kind} at {member.offset}"
        elif now.name != member.name and not member.name.startswith("reserved"):
            yield f"struct {old.name}: {member.name} is called {now.name}"
    for member in found.values():
        if member.offset < old.byte_count:
            yield f"struct {old.name}: {member.name} is new, but not at the end"


def compare_structs(old, new):
    found = {struct.name: struct for struct in new}
    for struct in old:
        if struct.name not in found:
            yield f"struct {struct.name} is gone"
            continue
        now = found[struct.name]
        yield from compare_members(struct, now)
        grown_bytes = now.byte_count - struct.byte_count
        if grown_bytes < 0 or grown_bytes > 0 and struct.members[0].name != "size":
            yield f"struct {struct.name} has {now.byte_count} bytes, it had {struct.byte_count}"
        if now.alignment != struct.alignment:
            yield f"struct {struct.name} is aligned to {now.alignment}"


def list_breaks(old: pathlib.Path, new: pathlib.Path) -> "list[str]":
    old_symbols, new_symbols = list_symbols(old), list_symbols(new)
    before, now = read_interface(old), read_interface(new)
    return [
        *(f"{symbol} is gone" for symbol in old_symbols if symbol not in new_symbols),
        *compare_functions(before.functions, now.functions, "function"),
        *compare_functions(before.callbacks, now.callbacks, "callback"),
        *compare_values(before.aliases, now.aliases, "type"),
        *(f"type struct {name} is gone" for name in before.opaque if name not in now.opaque),
        *compare_values(before.constants, now.constants, "constant"),
        *compare_structs(before.structs, now.structs),
    ]
