"""snapshot_script_test.py - the snapshot shows what breaks programs, and all that is exported.

Usage: snapshot_script_test.py HEADER LIBRARY COMPILER [unittest arguments]
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HEADER, LIBRARY, COMPILER = sys.argv[1:4]
SCRIPT = pathlib.Path(__file__).with_name("snapshot.py")


def compare(header, snapshot, *more):
    return subprocess.run(
        [sys.executable, "-B", SCRIPT, "--header", header, "--library", LIBRARY, "--compiler",
         COMPILER, "--snapshot", snapshot, *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)


class Case(unittest.TestCase):
    """A snapshot of the header as it is, agreed or not."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pendio-snapshot-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.snapshot = cls.folder / "snapshot"
        ended = compare(HEADER, cls.snapshot, "--renew")
        if ended.returncode != 0:
            raise AssertionError(ended.stderr)


class Comparison(Case):

    def compare_with(self, old, new):
        text = pathlib.Path(HEADER).read_text()
        self.assertEqual(len(re.findall(old, text)), 1, f"{old} is not once in the header")
        changed = self.folder / "changed.h"
        changed.write_text(re.sub(old, new, text))
        return compare(changed, self.snapshot)

    def assert_seen(self, ended, *lines):
        self.assertEqual(ended.returncode, 1, ended.stderr)
        for line in lines:
            self.assertIn(line + "\n", ended.stdout)
        self.assertIn("renew the snapshot:\n", ended.stdout)
        self.assertIn(" --renew\n", ended.stdout)

    def test_a_changed_signature_is_seen(self):
        self.assert_seen(
            self.compare_with(r"pendio_timer\(struct pendio_context \*context, uint64_t after_ns",
                              "pendio_timer(struct pendio_context *context, uint32_t after_ns"),
            "-function int pendio_timer(struct pendio_context *context, uint64_t after_ns)",
            "+function int pendio_timer(struct pendio_context *context, uint32_t after_ns)")

    def test_a_changed_constant_is_seen(self):
        self.assert_seen(self.compare_with(r"PENDIO_QUEUE = 2", "PENDIO_QUEUE = 3"),
                         "-constant PENDIO_QUEUE = 2", "+constant PENDIO_QUEUE = 3")

    def test_a_member_inserted_is_seen_in_all_that_moved(self):
        self.assert_seen(
            self.compare_with(r"uint64_t bytes; +/\* moved", "uint64_t more; uint64_t bytes; /* "),
            "-struct pendio_completion: 64 bytes, aligned to 8",
            "+struct pendio_completion: 72 bytes, aligned to 8",
            "-     40   8 uint64_t bytes", "+     48   8 uint64_t bytes",
            "-     62   2 uint16_t flags", "+     70   2 uint16_t flags")

    def test_a_changed_type_is_seen(self):
        self.assert_seen(self.compare_with(r"typedef uint64_t\s+pendio_run",
                                           "typedef long pendio_run"),
                         "-type typedef uint64_t pendio_run", "+type typedef long pendio_run")

    def test_comments_and_white_space_are_none_of_its_business(self):
        ended = self.compare_with(r"int pendio_nop\(", "/* new */ int   pendio_nop (\n")
        self.assertEqual((ended.returncode, ended.stdout), (0, ""))

    def test_a_declaration_it_cannot_read_is_no_agreement(self):
        ended = self.compare_with(r"struct pendio_loop; ", "union pendio_loop {int a; long b;};")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("snapshot.py cannot read: union pendio_loop", ended.stderr)


class Exports(Case):
    def test_every_symbol_is_one_of_the_headers_functions_and_has_its_node(self):
        text = self.snapshot.read_text()
        symbols = re.findall(r"^symbol (\w+)@@PENDIO_\d+\.\d+ FUNC$", text, re.MULTILINE)
        nodes = re.findall(r"^symbol PENDIO_\d+\.\d+ OBJECT$", text, re.MULTILINE)
        functions = re.findall(r"^function .*?(\w+)\(", text, re.MULTILINE)
        self.assertEqual(sorted(symbols), sorted(functions))
        self.assertEqual(len(re.findall(r"^symbol ", text, re.MULTILINE)),
                         len(symbols) + len(nodes))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
