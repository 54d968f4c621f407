"""layout_test.py - what is generated, and which libraries are refused."""

import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import unittest

import pendio
from pendio import _layout, low
from support import python

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = os.environ.get("CC", "cc")

STUB = """
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
static int answer(const char *name, int usual)
{
    const char *text = getenv(name);
    return text != NULL ? (int)strtol(text, NULL, 0) : usual;
}
uint32_t pendio_version(void) { return (uint32_t)answer("STUB_VERSION", 0x000105); }
int pendio_loop_create(const void *options, void **made)
{
    (void)options, (void)made;
    return answer("STUB_LOOP", -22);
}
int pendio_group_create(const void *options, void **made)
{
    (void)options, (void)made;
    return -22;
}
const char *pendio_feature_name(uint64_t feature)
{
    switch (feature) {
"""


def stub_source(without=None):
    """A library that has all symbols and does nothing."""
    text = STUB
    for name, value in vars(_layout).items():
        if name.startswith("PENDIO_FEATURE_"):
            said = name.removeprefix("PENDIO_FEATURE_").lower()
            text += f'    case {value}: return "{said}";\n'
    text += '    default: return NULL;\n    }\n}\n'
    for name in _layout.SIGNATURES:
        if name != without and f" {name}(" not in text and f"*{name}(" not in text:
            text += f"int {name}(void) {{ return -95; }}\n"
    return text


class Generated(unittest.TestCase):
    def test_is_what_the_snapshot_says(self):
        with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
            made = pathlib.Path(folder, "made.py")
            subprocess.run([sys.executable, "-B", HERE.parent / "generate.py", "--output", made],
                           check=True)
            self.assertEqual(made.read_text(encoding="utf-8"),
                             pathlib.Path(_layout.__file__).read_text(encoding="utf-8"))

    def test_package_has_the_version_of_the_library(self):
        text = (HERE.parent / "pyproject.toml").read_text(encoding="utf-8")
        self.assertEqual(tomllib.loads(text)["project"]["version"], pendio.library_version)

    def test_an_unknown_type_ends_it(self):
        with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
            snapshot = pathlib.Path(folder, "odd.abi")
            snapshot.write_text("function int pendio_odd(long double value)\n", encoding="utf-8")
            end = subprocess.run(
                [sys.executable, "-B", HERE.parent / "generate.py", "--snapshot", snapshot,
                 "--output", os.path.join(folder, "made.py")],
                check=False, capture_output=True, text=True)
            self.assertEqual(end.returncode, 1)

    def test_all_functions_are_bound(self):
        self.assertEqual(set(vars(low.functions)), set(_layout.SIGNATURES))
        self.assertEqual(set(_layout.Functions.__annotations__), set(_layout.SIGNATURES))

    def test_every_constant_has_a_name(self):
        for prefix, kind in (("PENDIO_OPERATION_", pendio.Operation),):
            told = {name.removeprefix(prefix): value for name, value in vars(_layout).items()
                    if name.startswith(prefix)}
            self.assertEqual(told, {each.name: each.value for each in kind})

    def test_everything_has_a_docstring(self):
        for name in pendio.__all__:
            thing = getattr(pendio, name)
            if isinstance(thing, type) and thing.__module__.startswith("pendio"):
                self.assertTrue(thing.__doc__, name)
                for member, value in vars(thing).items():
                    if callable(value) and not member.startswith("_"):
                        self.assertTrue(value.__doc__, f"{name}.{member}")

    def test_structures_answer_as_they_are_laid_out(self):
        low.check_layouts()
        self.assertTrue(low.check_answers(low.functions))
        size, offsets = _layout.LAYOUTS[_layout.pendio_completion]
        _layout.LAYOUTS[_layout.pendio_completion] = size, {**offsets, "error": 52}
        try:
            self.assertRaises(ImportError, low.check_layouts)
        finally:
            _layout.LAYOUTS[_layout.pendio_completion] = size, offsets


class Refused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="pendio-")
        cls.whole = cls.build("whole", None)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def build(cls, name, without):
        source = pathlib.Path(cls.folder.name, f"{name}.c")
        source.write_text(stub_source(without), encoding="utf-8")
        library = source.with_suffix(".so")
        subprocess.run([COMPILER, "-shared", "-fPIC", "-o", library, source], check=True)
        return str(library)

    def said(self, library, **environment):
        code, _, said = python("import pendio", PENDIO_LIBRARY=library, **environment)
        return said.splitlines()[-1] if code else ""

    def test_one_that_fits_is_taken(self):
        self.assertEqual(self.said(self.whole), "")
        self.assertEqual(self.said(self.whole, STUB_VERSION="0x0a00"), "")

    def test_another_release(self):
        for version in ("0x010000", "0x0000ff"):
            self.assertRegex(self.said(self.whole, STUB_VERSION=version),
                             r"^ImportError: .* is release .*; this binding is made for 0\.1\.0")

    def test_shorter_options(self):
        self.assertRegex(self.said(self.whole, STUB_LOOP="-7"),
                         "ImportError: .* does not know all options of a loop")

    def test_missing_call(self):
        self.assertRegex(self.said(self.build("lacking", "pendio_splice")),
                         "ImportError: .* does not fit this binding: .*pendio_splice")

    def test_no_library(self):
        self.assertRegex(self.said("/nowhere/libpendio.so.0"), "ImportError: .*PENDIO_LIBRARY")


if __name__ == "__main__":
    unittest.main()
