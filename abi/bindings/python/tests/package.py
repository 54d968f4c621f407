#!/usr/bin/env python3
"""package.py - the wheel that `python3 -m build` makes works, and mypy finds no fault; 77: skipped.

What of both is not installed is skipped.
"""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import pendio

HERE = pathlib.Path(__file__).resolve().parent


def is_here(*names):
    return all(importlib.util.find_spec(name) for name in names)


class Package(unittest.TestCase):
    @unittest.skipUnless(is_here("build", "setuptools", "wheel"),
                         "the modules build, setuptools and wheel are not all installed")
    def test_is_built_and_imported(self):
        with tempfile.TemporaryDirectory(prefix="pendio-") as name:
            folder = pathlib.Path(name)
            abi = HERE.parents[2]
            ignored = shutil.ignore_patterns("_layout.py", "__pycache__", "build", "*.egg-info")
            shutil.copytree(HERE.parent, folder / "abi/bindings/python", ignore=ignored)
            shutil.copy(abi / "bindings/interface.py", folder / "abi/bindings")
            shutil.copy(abi / "pendio.abi", folder / "abi")
            subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder,
                            folder / "abi/bindings/python"], check=True, capture_output=True)
            (wheel,) = folder.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                self.assertIn("pendio/_layout.py", archive.namelist())
                self.assertIn("pendio/py.typed", archive.namelist())
                archive.extractall(folder / "installed")
            subprocess.run([sys.executable, "-c", "import pendio; pendio.PlainLoop().destroy()"],
                           env={**os.environ, "PYTHONPATH": str(folder / "installed")},
                           check=True)

    @unittest.skipUnless(shutil.which("mypy"), "mypy is not installed")
    def test_types_are_strict(self):
        with tempfile.TemporaryDirectory(prefix="pendio-") as cache:
            package = pathlib.Path(pendio.__file__).parent
            end = subprocess.run(["mypy", "--strict", "--cache-dir", cache, package],
                                 cwd=cache, capture_output=True, text=True, check=False)
        self.assertEqual(end.returncode, 0, end.stdout)


if __name__ == "__main__":
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(Package)
    result = unittest.TextTestRunner(verbosity=2).run(tests)
    if len(result.skipped) == result.testsRun:
        sys.exit(77)
    sys.exit(not result.wasSuccessful())
