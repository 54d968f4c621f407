"""package_test.py - what is installed serves strangers: by pkg-config, by CMake, and by itself.

Usage: package_test.py CMAKE BUILD_FOLDER COMPILER sanitizers=LIST linktime=ON-or-empty
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, COMPILER = sys.argv[1:4]
SANITIZERS = sys.argv[4].split("=", 1)[1]
LINKTIME = sys.argv[5].split("=", 1)[1] == "ON"
PROJECT = pathlib.Path(__file__).with_name("package")
FLAGS = [f"-fsanitize={SANITIZERS}"] if SANITIZERS else []  # the library would not load without
ALLOWED = {"linux-vdso.so.1", "liburing.so.2", "libcares.so.2", "libc.so.6", "ld-linux-x86-64.so.2",
           "ld-linux-aarch64.so.1"}


def command(*words, **environment):
    ended = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
                           env={**os.environ, **environment})
    if ended.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {ended.returncode}\n{ended.stdout}")
    return ended.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="pendio-package-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.prefix = cls.folder / "prefix"
        command(CMAKE, "--install", BUILD, "--prefix", cls.prefix)
        cls.libraries = next(cls.prefix.rglob("libpendio.so.0")).parent

    def run_program(self, program):
        command(program, LD_LIBRARY_PATH=str(self.libraries))

    def test_the_agreed_files_are_there(self):
        libraries = self.libraries.relative_to(self.prefix)
        for name in ("include/pendio/pendio.h", libraries / "libpendio.so",
                     libraries / "libpendio.so.0", libraries / "libpendio.a",
                     libraries / "pkgconfig/pendio.pc",
                     libraries / "cmake/pendio/pendio-config.cmake",
                     "share/man/man7/pendio.7"):
            self.assertTrue((self.prefix / name).exists(), name)

    @unittest.skipUnless(shutil.which("pkg-config"), "pkg-config is not installed")
    def test_a_program_is_built_by_pkg_config(self):
        program = self.folder / "by_pkg_config"
        told = command("pkg-config", "--cflags", "--libs", "pendio",
                       PKG_CONFIG_PATH=str(self.libraries / "pkgconfig")).split()
        command(COMPILER, *FLAGS, PROJECT / "main.c", "-o", program, *told)
        self.run_program(program)

    def test_a_program_is_built_by_find_package(self):
        build = self.folder / "by_cmake"
        command(CMAKE, "-S", PROJECT, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                f"-DCMAKE_C_COMPILER={COMPILER}", f"-DCMAKE_C_FLAGS={' '.join(FLAGS)}")
        command(CMAKE, "--build", build)
        self.run_program(build / "shared")
        self.run_program(build / "static")

    @unittest.skipIf(SANITIZERS, "sanitizers need libraries of their own")
    def test_the_library_needs_nothing_but_liburing_c_ares_and_libc(self):
        said = command("ldd", self.libraries / "libpendio.so.0")
        needed = {pathlib.PurePath(line.split()[0]).name for line in said.splitlines()}
        self.assertLessEqual(needed, ALLOWED)
        self.assertLessEqual({"liburing.so.2", "libcares.so.2", "libc.so.6"}, needed)

    def test_link_time_optimisation_is_on_where_it_was_asked_for(self):
        names = set(command("nm", self.libraries / "libpendio.so.0").split())
        self.assertIn("pnd_ring_uring", names)  # it tells what is hidden
        for name in ("pnd_nop_start", "pnd_receive_start", "pnd_read_start"):
            # Called by the shell in abi/ alone, an object of its own: gone into it, or still there.
            self.assertEqual(name in names, not LINKTIME, name)

    def test_the_library_has_its_agreed_name(self):
        said = command("readelf", "--dynamic", self.libraries / "libpendio.so")
        self.assertEqual(re.findall(r"\(SONAME\).*\[(.*)\]", said), ["libpendio.so.0"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
