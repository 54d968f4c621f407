"""releases_test.py - programs built for what was released run on the library at hand.

Usage: releases_test.py HEADER MAP LIBRARY COMPILER sanitizers=LIST [unittest arguments]

- tests/abi/data/releases has the header and the map of symbols of each release. By our snapshot,
  and by abidiff, nothing in them is gone or has changed; and a program built with them runs.
- Breaks made on purpose are seen by both.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import snapshot
from compatible import list_breaks
from stub import make_stub

HEADER, MAP, LIBRARY = map(pathlib.Path, sys.argv[1:4])
COMPILER = sys.argv[4]
SANITIZERS = sys.argv[5].split("=", 1)[1]
FLAGS = [f"-fsanitize={SANITIZERS}"] if SANITIZERS else []  # the library would not load without
HERE = pathlib.Path(__file__).parent
RELEASES = sorted((HERE / "data/releases").iterdir())
HAS_ABIDIFF = shutil.which("abidiff") is not None

# To abidiff whatever grows is a change to be looked at; this is what may grow, and where.
SUPPRESSION = """\
[suppress_type]
  type_kind = struct
  name_regexp = ^({})$
  has_data_member_inserted_at = end
  has_size_change = yes
"""


def command(*words, **environment):
    return subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
                          env={**os.environ, **environment})


class Made:
    """What a header and a map say: a library, its snapshot, and what abidiff is to overlook."""

    def __init__(self, folder, header, symbols):
        folder.mkdir()
        self.library = make_stub(header, symbols, COMPILER, folder)
        self.text = folder / "pendio.abi"
        self.text.write_text(snapshot.snapshot_of(header, self.library, COMPILER))
        self.suppression = folder / "suppression"
        structs = snapshot.read_header(header.read_text()).structs
        growing = [struct.name for struct in structs if struct.members[0][1] == "size"]
        self.suppression.write_text(SUPPRESSION.format("|".join(growing)))

    def abidiff(self, library):
        """0, or bits for what has changed; all changes but additions count."""
        return command("abidiff", "--no-added-syms", "--suppressions", self.suppression,
                       self.library, library)


# What breaks programs, as it is done to the header; as our comparison tells it; as abidiff does.
# Of constants and names abidiff knows nothing, or makes nothing.
BREAKS = (
    (r"(uint8_t address\[128\];)", r"\1 uint32_t more;",
     "struct pendio_endpoint has 140 bytes, it had 136", r"'uint32_t more'"),
    (r"uint64_t warm_rounds;", "",
     "struct pendio_loop_statistics has 456 bytes, it had 464", r"'uint64_t warm_rounds'"),
    (r"uint32_t pendio_version", "uint64_t pendio_version",
     "function pendio_version has another signature", r"uint32_t pendio_version"),
    (r"(typedef void pendio_completed_fn\(.*?), void \*state\)", r"\1)",
     "callback pendio_completed_fn has another signature", r"'void\*' was removed"),
    (r"typedef uint64_t\s+pendio_run;", "typedef uint32_t pendio_run;",
     "type pendio_run is uint32_t, it was uint64_t", r"'typedef pendio_run' .*changed"),
    (r"PENDIO_QUEUE = 2", "PENDIO_QUEUE = 3", "constant PENDIO_QUEUE is 3, it was 2", ""),
    (r"uint64_t spin_ns;", "uint64_t look_ns;",
     "struct pendio_loop_options: spin_ns is called look_ns", ""),
)

folder = None  # of all that is made here
today = None  # made from the header and the map at hand


def setUpModule():
    global folder, today
    scratch = tempfile.TemporaryDirectory(prefix="pendio-releases-")
    unittest.addModuleCleanup(scratch.cleanup)
    folder = pathlib.Path(scratch.name)
    today = Made(folder / "today", HEADER, MAP)


class Releases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = {release: Made(folder / release.name, release / "pendio/pendio.h",
                                  release / "pendio.map") for release in RELEASES}

    def test_nothing_released_is_gone_from_the_snapshot(self):
        for release, made in self.made.items():
            with self.subTest(release.name):
                self.assertEqual(list_breaks(made.text, today.text), [])

    @unittest.skipUnless(HAS_ABIDIFF, "abidiff is not installed (Debian: abigail-tools)")
    def test_nothing_released_is_gone_by_abidiff(self):
        sections = command("readelf", "--sections", "--wide", LIBRARY).stdout
        libraries = [today.library] + [LIBRARY] * (".debug_info" in sections)
        for release, made in self.made.items():
            for library in libraries:
                with self.subTest(release.name, library=library):
                    ended = made.abidiff(library)
                    self.assertEqual(ended.returncode, 0, ended.stdout)

    def test_a_program_built_for_a_release_runs(self):
        for release, made in self.made.items():
            with self.subTest(release.name):
                program = folder / f"caller-{release.name}"
                built = command(COMPILER, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", *FLAGS,
                                f"-I{release}", HERE / "old_caller.c", "-o", program,
                                made.library)
                self.assertEqual(built.returncode, 0, built.stdout)
                ended = command(program, LD_LIBRARY_PATH=str(LIBRARY.parent))
                self.assertEqual((ended.returncode, ended.stdout), (0, ""))


def change(source, target, pairs):
    text = source.read_text()
    for old, new in pairs:
        text, count = re.subn(old, new, text, flags=re.DOTALL)
        if count != 1:
            raise AssertionError(f"{old} is {count} times in {source}, not once")
    target.write_text(text)


class Changes(unittest.TestCase):
    """The header and the map at hand, changed."""

    def make(self, *substitutions, symbols=()):
        header, changed_map = (folder / f"{self.id()}.{suffix}" for suffix in ("h", "map"))
        change(HEADER, header, substitutions)
        change(MAP, changed_map, symbols)
        return Made(folder / self.id(), header, changed_map)

    def assert_broken(self, made, said, by_abidiff):
        self.assertEqual(list_breaks(today.text, made.text), said)
        if HAS_ABIDIFF:
            ended = today.abidiff(made.library)
            self.assertIn(ended.returncode, (4, 12), ended.stdout)  # 1 and 2: it could not tell
            for pattern in filter(None, by_abidiff):
                self.assertRegex(ended.stdout, pattern)

    def test_a_symbol_removed(self):
        made = self.make((r"PENDIO_API int pendio_nop\(.*?;", ""), symbols=[("pendio_nop;", "")])
        self.assert_broken(made, ["symbol pendio_nop@PENDIO_0.1 FUNC is gone",
                                  "function pendio_nop is gone"], [r"\[D\].*pendio_nop"])

    def test_a_symbol_under_another_node(self):
        made = self.make(symbols=[("pendio_nop;", ""),
                                  (r"\Z", "PENDIO_0.2 { global: pendio_nop; } PENDIO_0.1;")])
        self.assert_broken(made, ["symbol pendio_nop@PENDIO_0.1 FUNC is gone"], ["pendio_nop"])

    def test_a_struct_grown_in_the_middle(self):
        made = self.make((r"(uint64_t timer_slack_ns;)", r"uint64_t more; \1"))
        gone = list_breaks(today.text, made.text)
        self.assertEqual(
            gone[:2], ["struct pendio_loop_options: timer_slack_ns is called more",
                       "struct pendio_loop_options: name_servers is no more const char * at 32"])
        self.assert_broken(made, gone, ["'uint64_t more'"])

    def test_a_changed_signature(self):
        made = self.make((r"(pendio_timer\(.*?, )uint64_t", r"\1uint32_t"))
        self.assert_broken(made, ["function pendio_timer has another signature"],
                           [r"parameter 2 .*changed"])

    def test_other_breaks(self):
        made = self.make(*(pair[:2] for pair in BREAKS))
        gone = list_breaks(today.text, made.text)
        for _, _, said, _ in BREAKS:
            self.assertIn(said, gone)
        self.assert_broken(made, gone, [by_abidiff for _, _, _, by_abidiff in BREAKS])

    def test_what_is_new_at_the_end_breaks_nothing(self):
        made = self.make(
            (r"(uint32_t batch_count;.*?)\};", r"\1 uint64_t more; };"),
            (r"(struct pendio_endpoint \{.*?uint32_t) reserved;", r"\1 named;"),
            (r"(uint64_t warm_rounds;)", r"\1 uint64_t more;"),
            (r"(PENDIO_API int pendio_nop)", r"PENDIO_API int pendio_new(void); \1"),
            (r"(PENDIO_QUEUE = 2,)", r"\1 PENDIO_NEW = 3,"),
            symbols=[(r"\Z", "PENDIO_0.2 { global: pendio_new; } PENDIO_0.1;")])
        self.assertEqual(list_breaks(today.text, made.text), [])
        if HAS_ABIDIFF:
            ended = today.abidiff(made.library)
            self.assertEqual(ended.returncode, 0, ended.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[6:]])
