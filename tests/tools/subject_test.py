"""subject_test.py - `pendio run --subject` through a daemon: who is judged, and what is told of it.

Usage:    subject_test.py PROGRAM_FOLDER WORKLOAD_FOLDER
Failures: what is expected of a run is held against its results, exit codes and lines for people.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from ports import free_port

PROGRAMS = pathlib.Path(sys.argv[1])
WORKLOADS = pathlib.Path(sys.argv[2])
SECONDS = 120


class Subjects(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp")
        self.start(f"ipc://{self.directory.name}/sock")

    def tearDown(self):
        self.stop()
        self.directory.cleanup()

    def start(self, url):
        """A daemon that listens at `url`."""
        self.daemon = subprocess.Popen(
            [PROGRAMS / "pendiod", "--listen", url], text=True, stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": self.directory.name})
        self.url = self.daemon.stdout.readline().split()[-1]

    def stop(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.communicate(timeout=SECONDS)
        self.assertEqual(self.daemon.returncode, 0)

    def judge(self, subject, *workloads):
        """Exit code, results, and what is said to people."""
        end = subprocess.run(
            [PROGRAMS / "pendio", "run", "--url", self.url, "--subject", subject, "--json", "-",
             *[WORKLOADS / f"{name}.json" for name in workloads]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
            check=False)
        runs = json.loads(end.stdout)["runs"] if end.stdout else []
        return end.returncode, runs, end.stderr

    def test_results_name_the_subject(self):
        code, runs, _ = self.judge(PROGRAMS / "subject_plain", "cancel/timer",
                                   "stream/lent_echo_unix", "file/names")
        self.assertEqual(code, 0)
        self.assertEqual([run["verdict"] for run in runs], ["passed", "skipped", "passed"])
        self.assertEqual(runs[0]["subject"], "plain 1")
        self.assertIn("has not announced lending", runs[1]["reason"])

    def test_program_is_found_from_where_one_stands(self):
        relative = os.path.relpath(PROGRAMS / "subject_plain")
        self.assertEqual(self.judge(relative, "cancel/timer")[0], 0)
        code, _, said = self.judge("./nowhere", "cancel/timer")
        self.assertEqual(code, 2)
        self.assertIn("--subject ./nowhere: No such file or directory", said)

    def test_broken_one_fails_by_the_rule_it_breaks(self):
        code, runs, _ = self.judge(f"{PROGRAMS}/subject_broken wrong_content",
                                   "cancel/pending_receive")
        self.assertEqual(code, 1)
        self.assertTrue(runs[0]["reason"].startswith("content: "), runs[0]["reason"])

    def test_one_that_dies_is_quoted(self):
        code, runs, _ = self.judge(f"{PROGRAMS}/subject_broken dies", "cancel/pending_receive")
        self.assertEqual((code, runs[0]["verdict"]), (1, "crashed"))
        self.assertIn("SIGKILL", runs[0]["reason"])
        self.assertIn('its last words: "farewell"', runs[0]["reason"])

    def test_none_is_left_behind(self):
        program = shutil.copy(PROGRAMS / "subject_broken", self.directory.name)  # nobody else's
        self.judge(f"{program} is_mute", "cancel/timer")
        left = subprocess.run(["ps", "-e", "-o", "args="], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
        self.assertNotIn(program, left)

    def test_nobody_names_one_over_tcp(self):
        self.stop()
        self.start(f"tcp://127.0.0.1:{free_port()}")
        code, _, said = self.judge(PROGRAMS / "subject_plain", "cancel/timer")
        self.assertEqual(code, 2)
        self.assertIn("submit it over ipc://", said)

    def test_libpendio_is_named_where_nothing_else_is(self):
        end = subprocess.run([PROGRAMS / "pendio", "run", "--url", self.url, "--json", "-",
                              WORKLOADS / "cancel/timer.json"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=True)
        self.assertTrue(json.loads(end.stdout)["runs"][0]["subject"].startswith("libpendio "))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
