"""deploy_test.py - what is shipped to deploy pendiod with is what the tools of others accept.

Usage:    deploy_test.py DEPLOY_FOLDER PROGRAM_FOLDER BUILD_FOLDER CMAKE
Failures: a complaint of systemd-analyze. Skipped (77) where it is not installed.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

DEPLOY = pathlib.Path(sys.argv[1])
PROGRAMS = pathlib.Path(sys.argv[2]).resolve()
BUILD, CMAKE = sys.argv[3:]

# A daemon that may do less than these is what the unit promises.
HARDENED = ("Type=notify", "NoNewPrivileges=yes", "ProtectSystem=strict",
            "SystemCallFilter=@system-service", "MemoryDenyWriteExecute=yes", "DynamicUser=yes",
            "StateDirectory=pendio", "RuntimeDirectory=pendio", "CapabilityBoundingSet=")


class Unit(unittest.TestCase):
    def test_unit_is_accepted_without_a_word(self):
        text = (DEPLOY / "pendiod.service").read_text()
        with tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp") as directory:
            unit = pathlib.Path(directory) / "pendiod.service"
            unit.write_text(text.replace("/usr/bin/pendiod", str(PROGRAMS / "pendiod")))
            end = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                                 check=False)
        said = [line for line in end.stdout.splitlines() if "pendiod.service" in line]
        self.assertEqual((end.returncode, said), (0, []), end.stdout)

    def test_unit_is_installed_where_systemd_looks_and_starts_what_is_installed(self):
        with tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp") as directory:
            subprocess.run([CMAKE, "--install", BUILD, "--component", "service",
                            "--prefix", directory], check=True, stdout=subprocess.DEVNULL,
                           timeout=60)
            text = (pathlib.Path(directory) / "lib/systemd/system/pendiod.service").read_text()
        source = (DEPLOY / "pendiod.service").read_text()
        self.assertEqual(text, source.replace("/usr/bin/", f"{directory}/bin/"))

    def test_unit_is_hardened(self):
        lines = (DEPLOY / "pendiod.service").read_text().splitlines()
        for line in HARDENED:
            self.assertIn(line, lines)

    def test_its_options_are_those_of_the_program(self):
        (start,) = [line for line in (DEPLOY / "pendiod.service").read_text().splitlines()
                    if line.startswith("ExecStart=")]
        told = subprocess.run([PROGRAMS / "pendiod", "--help"], text=True, check=True,
                              stdout=subprocess.PIPE, timeout=60).stdout
        for word in start.split():
            if word.startswith("--"):
                self.assertIn(word, told)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("skipped: systemd-analyze is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
