#!/usr/bin/env python3
"""generate.py - the C interface as C#: constants, layouts, and calls that marshal nothing.

Usage:    generate.py SNAPSHOT OUTPUT
Failures: a type C# has no name for here, or a layout C# would not lay out so, is an error.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from interface import Unreadable, read_interface  # noqa: E402

SCALARS = {"int": "int", "int32_t": "int", "int64_t": "long", "uint8_t": "byte",
           "uint16_t": "ushort", "uint32_t": "uint", "uint64_t": "ulong", "size_t": "nuint",
           "char": "byte", "void": "void"}
WORDS = {"operation", "params", "object", "event", "lock", "base", "string", "out", "ref", "in"}

# Calls that only look or set, in a few nanoseconds and without the kernel: for them the garbage
# collector may wait. All others may enter the kernel or move much memory.
BRIEF = {"pendio_context_result", "pendio_context_run", "pendio_context_sender",
         "pendio_context_message", "pendio_context_set_deadline", "pendio_context_set_endpoint",
         "pendio_context_set_flags", "pendio_context_set_memory", "pendio_context_set_policy",
         "pendio_context_set_user_data", "pendio_context_set_window", "pendio_context_window",
         "pendio_pool_get", "pendio_pool_put", "pendio_version"}


class Generator:
    def __init__(self, interface):
        self.interface = interface
        self.laid_out = {struct.name for struct in interface.structs}
        self.callbacks = {callback.name for callback in interface.callbacks}

    def kind(self, text):
        """What C calls `text`, in C#: pointers to what is opaque are numbers."""
        name, stars = re.fullmatch(r"([\w ]*\w)[ ]?(\**)", text.replace("const ", "")).groups()
        name = name.removeprefix("struct ")
        name = self.interface.aliases.get(name, name)
        if name in self.interface.opaque or name in self.callbacks:
            name, stars = "nint", stars[1:]
        elif name not in self.laid_out:
            if name not in SCALARS:
                raise Unreadable(text)
            name = SCALARS[name]
        return name + stars

    def constants(self):
        for name, value in self.interface.constants.items():
            kind = "int" if value < 1 << 31 else "ulong"
            yield f"    public const {kind} {name} = {value};"

    def struct(self, struct):
        yield f"[StructLayout(LayoutKind.Explicit, Size = {struct.byte_count})]"
        yield f"public unsafe struct {struct.name}"
        yield "{"
        for member in struct.members:
            found = re.fullmatch(r"(\w+)\[(\d+)\]", member.kind)
            name = self.name(member.name)
            declared = (f"fixed {self.kind(found[1])} {name}[{found[2]}]" if found
                        else f"{self.kind(member.kind)} {name}")
            yield f"    [FieldOffset({member.offset})] public {declared};"
        yield "}"

    def function(self, function):
        brief = ", SuppressGCTransition" if function.name in BRIEF else ""
        parameters = ", ".join(f"{self.kind(each.kind)} {self.name(each.name)}"
                               for each in function.parameters)
        yield f"    [DllImport(Library, ExactSpelling = true){brief}]"
        result = self.kind(function.result)
        yield f"    public static extern {result} {function.name}({parameters});"

    def layout_check(self):
        yield "    private static bool LayoutIsRight() =>"
        sizes = [f"sizeof({struct.name}) == {struct.byte_count}"
                 for struct in self.interface.structs]
        yield "        " + "\n        && ".join(sizes) + ";"

    @staticmethod
    def name(text):
        return "@" + text if text in WORDS else text

    def lines(self):
        yield "// Made by generate.py of abi/pendio.abi; see pendio.h for what each of it means."
        yield "#pragma warning disable CS1591, CS8981, CA1401, IDE1006"
        yield "using System.Runtime.CompilerServices;"
        yield "using System.Runtime.InteropServices;"
        yield "namespace Pendio;"
        for struct in self.interface.structs:
            yield from self.struct(struct)
        yield "public static unsafe partial class Native"
        yield "{"
        yield from self.constants()
        for function in self.interface.functions:
            yield from self.function(function)
        yield from self.layout_check()
        yield "}"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: generate.py SNAPSHOT OUTPUT")
    generator = Generator(read_interface(pathlib.Path(sys.argv[1])))
    target = pathlib.Path(sys.argv[2])
    text = "\n".join(generator.lines()) + "\n"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
