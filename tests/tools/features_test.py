"""features_test.py - every shipped workload through `pendio run --features`, with some left unused.

Usage:    features_test.py PROGRAM_FOLDER WORKLOAD_FOLDER ALL_NAMES [NAME]
Each run: a pendiod of its own, whose own environment asks for nonsense: what the command line asks
          for must take its place in the processes of the runs. Without NAME all are left unused.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = pathlib.Path(sys.argv[1])
WORKLOADS = sorted(map(str, pathlib.Path(sys.argv[2]).glob("*/*.json")))
NAMES = sys.argv[3].split(",")
MASKED = sys.argv[4:] or NAMES
SECONDS = 600


class Daemon:
    """pendiod in a directory of its own, ended by a signal."""

    def __init__(self, directory):
        self.url = f"ipc://{directory}/sock"
        nonsense = {"PENDIO_FEATURES": "nonsense", "PENDIO_BACKEND": "nonsense"}
        self.process = subprocess.Popen(
            [PROGRAMS / "pendiod", "--listen", self.url], text=True, stdout=subprocess.PIPE,
            env={**os.environ, **nonsense, "TMPDIR": directory})
        self.line = self.process.stdout.readline()

    def run(self, *arguments):
        """`pendio run` with these arguments."""
        return subprocess.run([PROGRAMS / "pendio", "run", "--url", self.url, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=SECONDS, check=False)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=SECONDS)
        return self.process.returncode


class Features(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp")
        self.daemon = Daemon(self.directory.name)
        self.assertIn(" listens on ", self.daemon.line)

    def tearDown(self):
        self.assertEqual(self.daemon.stop(), 0)
        self.directory.cleanup()

    def test_workloads_pass_and_the_report_says_what_was_in_use(self):
        mask = ",".join(f"-{name}" for name in MASKED)
        end = self.daemon.run(f"--features={mask}", "--backend=uring", "--json=-", *WORKLOADS)
        self.assertEqual(end.returncode, 0, end.stderr)
        results = json.loads(end.stdout)
        wrong = {run["workload"]: run.get("reason") for run in results["runs"]
                 if run["verdict"] != "passed"}
        self.assertEqual(wrong, {})
        self.assertEqual(len(results["runs"]), len(WORKLOADS))
        environment = results["environment"]
        self.assertEqual(environment["backend"], "uring")
        self.assertEqual(set(environment["features"]) & set(MASKED), set())

    def test_unknown_name_is_wrong_usage_that_names_the_known_ones(self):
        end = self.daemon.run("--features=-no_such_feature", WORKLOADS[0])
        self.assertEqual((end.returncode, end.stdout), (2, ""))
        told = re.fullmatch(r'pendio: --features: there is no feature "no_such_feature"; '
                            r"known are ([a-z_, ]+)\n", end.stderr)
        self.assertIsNotNone(told, end.stderr)
        self.assertEqual(sorted(told.group(1).split(", ")), sorted(NAMES),
                         "the list in tests/CMakeLists.txt is not that of the library")

    def test_nonsense_of_the_daemon_itself_counts_where_nothing_is_asked_for(self):
        end = self.daemon.run("--backend=uring", WORKLOADS[0])
        self.assertEqual(end.returncode, 2, end.stdout)
        self.assertIn('features "nonsense": not a list of features', end.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
