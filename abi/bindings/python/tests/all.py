#!/usr/bin/env python3
"""all.py - every test of the binding, by the standard library's runner; 77: skipped."""

import pathlib
import sys
import unittest

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        print(f"skipped: needs Python 3.11, this is {sys.version.split()[0]}")
        sys.exit(77)
    tests = unittest.defaultTestLoader.discover(str(pathlib.Path(__file__).parent), "*_test.py")
    result = unittest.TextTestRunner(warnings="error").run(tests)
    sys.exit(not result.wasSuccessful())
