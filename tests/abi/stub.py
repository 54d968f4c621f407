"""stub.py - a library that exports what a header and a map of symbols say, and does nothing.

To abidiff, to the snapshot and to a linker it is the library of that header, made in no time.
"""

import pathlib
import subprocess

import snapshot


def write_stub(header, source):
    """Every function of the header, defined."""
    functions = snapshot.read_header(header.read_text()).functions
    source.write_text(f'#include "{header.resolve()}"\n' +
                      "".join(f"{function}\n{{\n    return 0;\n}}\n" for function in functions))


def make_stub(header: pathlib.Path, symbols: pathlib.Path, compiler: str,
              folder: pathlib.Path) -> pathlib.Path:
    """folder/libpendio.so.0, with what a debugger knows of it."""
    source, library = folder / "stub.c", folder / "libpendio.so.0"
    write_stub(header, source)
    subprocess.run([compiler, "-std=c11", "-g", "-shared", "-fPIC", source, "-o", library,
                    f"-Wl,--version-script={symbols.resolve()}", f"-Wl,-soname,{library.name}"],
                   check=True)
    return library
