#!/usr/bin/env python3
"""counting.py - writes what counting.c has a forward for: every function of the snapshot.

Usage:      counting.py --interface FOLDER --snapshot FILE --output FILE
Happy path: a line for each function, FORWARD(KIND, RESULT, NAME, PARAMETERS, ARGUMENTS). KIND says
            what may end in it: nothing (CALL), the operation it starts (START), or all that the
            records are of (TURN).
Failures:   a snapshot that cannot be read is an exception, and nothing is written.
"""

import argparse
import pathlib
import sys


def kind_of(function) -> str:
    """A start takes a context that it may change; calls of contexts and pools are named so."""
    if function.name == "pendio_loop_turn":
        return "TURN"
    begins = [parameter.kind for parameter in function.parameters[:1]]
    if begins == ["struct pendio_context *"] and not function.name.startswith(
            ("pendio_context_", "pendio_pool_")):
        return "START"
    return "CALL"


def declared(parameter) -> str:
    return f"{parameter.kind}{'' if parameter.kind.endswith('*') else ' '}{parameter.name}"


def forward(function) -> str:
    parameters = ", ".join(declared(one) for one in function.parameters) or "void"
    arguments = ", ".join(one.name for one in function.parameters)
    return (f"FORWARD({kind_of(function)}, {function.result}, {function.name},\n"
            f"        ({parameters}),\n        ({arguments}))\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--interface", required=True, help="the folder of interface.py")
    parser.add_argument("--snapshot", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    words = parser.parse_args()
    sys.path.insert(0, words.interface)
    from interface import read_interface

    functions = read_interface(words.snapshot).functions
    words.output.write_text("".join(map(forward, functions)), encoding="utf-8")


if __name__ == "__main__":
    main()
