"""runs_test.py - runs through a daemon and beyond its life: listed, fetched, cancelled, kept, told.

Usage:    runs_test.py PROGRAM_FOLDER
Failures: what the programs say and leave behind is held against what they promise.
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
SECONDS = 60

LINE = re.compile(
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ run=(\d+) peer=\"([^\"]*)\" workload=\"([^\"]*)\" "
    r"hash=([0-9a-f]{64}) verdict=([A-Z]+) seconds=\d+\.\d{3}$")


def workload(name, *steps):
    return {"name": name, "pools": [{"name": "pool", "context_count": 1}],
            "actors": [{"name": "one", "instance_count": 1, "blocks": [{"steps": steps}]}]}


NOP = workload("context/nop", {"operation": "NOP"})
LONG = workload("context/long", {"operation": "TIMER", "after_ns": "50000000000"})


class Runs(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp")
        self.base = pathlib.Path(self.directory.name)
        self.daemon = None
        self.write("nop.json", NOP)
        self.write("long.json", LONG)

    def tearDown(self):
        if self.daemon is not None:
            self.stop()
        self.directory.cleanup()

    def write(self, name, content):
        (self.base / name).write_text(json.dumps(content))

    def start(self, *options, **variables):
        self.url = f"ipc://{self.base}/sock"
        self.daemon = subprocess.Popen(
            [PROGRAMS / "pendiod", "--listen", self.url, "--audit", self.base / "audit", *options],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.base,
            env={**os.environ, "TMPDIR": self.directory.name, **variables})
        self.assertIn("listens on", self.daemon.stdout.readline())

    def stop(self):
        daemon, self.daemon = self.daemon, None
        daemon.send_signal(signal.SIGTERM)
        _, said = daemon.communicate(timeout=SECONDS)
        self.assertEqual(daemon.returncode, 0, said)
        return said

    def begin(self, *words):
        return subprocess.Popen([PROGRAMS / "pendio", *words, "--url", self.url], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.base)

    def call(self, *words):
        process = self.begin(*words)
        out, error = process.communicate(timeout=SECONDS)
        return process.returncode, out, error

    def runs(self):
        code, out, error = self.call("runs", "--json", "-")
        self.assertEqual(code, 0, error)
        return json.loads(out)["runs"]

    def await_running(self, run):
        """Until the run is under way."""
        while True:
            _, out, _ = self.call("stats", "--json", "-")
            if any(one["run"] == run and one["running"] for one in json.loads(out)["runs"]):
                return

    def audit(self):
        lines = (self.base / "audit").read_text().splitlines()
        return [LINE.match(line).groups() for line in lines]

    def test_list_and_fetch(self):
        self.start()
        self.assertIn("No run has finished yet", self.call("runs")[1])
        self.assertEqual(self.call("run", "nop.json", "nop.json")[0], 0)
        self.assertEqual([(run["run"], run["verdict"], run["workload"]) for run in self.runs()],
                         [(2, "passed", "context/nop"), (1, "passed", "context/nop")])
        code, out, _ = self.call("runs", "list")
        self.assertEqual(code, 0)
        self.assertEqual(out.split()[:4], ["RUN", "ENDED", "VERDICT", "WORKLOAD"])
        code, out, _ = self.call("runs", "fetch", "1", "--json", "-")
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(out)["runs"][0]["workload"], "context/nop")

    def test_wrong_words_and_unknown_runs(self):
        self.start()
        for words, part in ((("show",), "does not know 'show'"), (("fetch",), "needs the number"),
                            (("fetch", "x"), "run x: use its number"),
                            (("list", "3"), "needs no more words"),
                            (("fetch", "9"), "run 9 is not known"),
                            (("cancel", "9"), "run 9 is not known")):
            code, _, said = self.call("runs", *words)
            self.assertEqual(code, 2, words)
            self.assertIn(part, said)

    def test_cancel_of_a_waiting_and_of_a_running_run(self):
        self.start()
        first = self.begin("run", "long.json")
        self.await_running(1)
        second = self.begin("run", "nop.json")
        while "waits for 1 others" not in self.call("runs", "fetch", "2")[2]:
            pass
        self.assertIn("has not finished, after", self.call("runs", "fetch", "1")[2])
        for run, process in (("2", second), ("1", first)):
            self.assertIn(f"Run {run} is cancelled", self.call("runs", "cancel", run)[1])
            out, _ = process.communicate(timeout=SECONDS)
            self.assertEqual(process.returncode, 1)
            self.assertIn("cancelled by request", out)
        self.assertEqual(self.call("runs", "fetch", "1")[0], 1)
        self.assertEqual([run["verdict"] for run in self.runs()], ["failed", "failed"])
        self.assertIn("has ended already", self.call("runs", "cancel", "1")[2])

    def test_interrupted_run_is_cancelled(self):
        self.start()
        process = self.begin("run", "long.json")
        self.await_running(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 128 + signal.SIGINT)
        self.assertEqual(self.call("run", "nop.json")[0], 0)
        self.assertEqual([run["verdict"] for run in self.runs()], ["passed", "failed"])

    def test_run_over_the_patience_of_its_caller_is_cancelled(self):
        self.start()
        self.assertEqual(self.call("run", "long.json", "--timeout", "0.5")[0], 3)
        self.assertEqual(self.call("run", "nop.json")[0], 0)
        self.assertEqual([run["verdict"] for run in self.runs()], ["passed", "failed"])

    def test_reports_outlive_the_daemon_and_numbers_go_on(self):
        self.start("--keep", "kept")
        self.assertEqual(self.call("run", "nop.json", "nop.json", "nop.json")[0], 0)
        before = self.runs()
        self.stop()
        kept = self.base / "kept"
        self.assertEqual(sorted(path.name for path in kept.iterdir()),
                         ["1.report", "2.report", "3.report"])
        self.assertEqual((kept / "1.report").stat().st_mode & 0o777, 0o600)
        whole = (kept / "2.report").read_bytes()
        (kept / "2.report").write_bytes(whole[:-3])
        (kept / "7.report").write_bytes(b"")
        (kept / "007.report").write_bytes(b"nobody's")
        self.start("--keep", "kept")
        self.assertEqual(self.runs(), [before[0], before[2]])
        self.assertEqual(self.call("runs", "fetch", "3")[0], 0)
        self.assertEqual(self.call("run", "nop.json")[0], 0)
        self.assertEqual([run["run"] for run in self.runs()], [8, 3, 1])
        said = self.stop()
        self.assertIn("2.report is passed over: it is no whole report", said)
        self.assertIn("7.report is passed over: it is no whole report", said)

    def test_reports_are_kept_by_one_daemon_where_nobody_else_may_write(self):
        self.start("--keep", "kept")
        other = subprocess.run([PROGRAMS / "pendiod", "--listen", f"ipc://{self.base}/other",
                                "--keep", self.base / "kept"], text=True, stderr=subprocess.PIPE,
                               check=False, timeout=SECONDS)
        self.assertEqual(other.returncode, 3)
        self.assertIn("another pendiod keeps its reports in", other.stderr)
        (self.base / "open").mkdir()
        (self.base / "open").chmod(0o777)
        other = subprocess.run([PROGRAMS / "pendiod", "--listen", f"ipc://{self.base}/other",
                                "--keep", self.base / "open"], text=True, stderr=subprocess.PIPE,
                               check=False, timeout=SECONDS)
        self.assertEqual(other.returncode, 3)
        self.assertIn("alone may write to", other.stderr)

    def test_audit_has_a_line_for_each_run_whatever_it_is_called(self):
        self.write("odd.json", workload("x\" verdict=PASSED\nrun=9 \u00e9\\", {"operation": "NOP"}))
        self.start()
        self.call("run", "nop.json")
        self.call("run", "odd.json")
        lines = self.audit()
        self.assertEqual([line[0] for line in lines], ["1", "2"][:len(lines)])
        self.assertRegex(lines[0][1], rf"^uid {os.getuid()} pid \d+$")
        self.assertEqual((lines[0][2], lines[0][4]), ("context/nop", "PASSED"))
        self.assertEqual(lines[0][3], self.runs()[-1]["content_hash"])
        self.assertEqual((self.base / "audit").stat().st_mode & 0o777, 0o600)

    def test_limits_of_the_daemon_are_those_of_every_run(self):
        self.start("--max-seconds", "5", "--max-contexts", "10", "--max-memory", "100000",
                   "--max-descriptors", "100")
        for limits, part in (({"time_ms": 5001}, "limits.time_ms: is 5001, but 5000 is allowed"),
                             ({"context_count": 11}, "but 10 is allowed"),
                             ({"memory_bytes": 100001}, "but 100000 is allowed"),
                             ({"descriptor_count": 101}, "but 100 is allowed")):
            self.write("limited.json", {**NOP, "limits": limits})
            code, out, _ = self.call("run", "limited.json")
            self.assertEqual(code, 2)
            self.assertIn(part, out)

    def test_stopping_tells_who_waits_and_a_second_signal_does_not_wait(self):
        self.start()
        process = self.begin("run", "long.json")
        self.await_running(1)
        waiting = self.begin("run", "nop.json")
        while "waits for 1 others" not in self.call("runs", "fetch", "2")[2]:
            pass
        self.stop()
        for one in (process, waiting):
            out, _ = one.communicate(timeout=SECONDS)
            self.assertEqual(one.returncode, 1)
            self.assertIn("told to stop", out)

        self.write("deaf.json", workload(
            "context/deaf", {"operation": "NOP"},
            {"operation": "CATCH_SIGNAL", "number": signal.SIGTERM},
            {"operation": "TIMER", "after_ns": "50000000000"}))
        self.start()
        process = self.begin("run", "deaf.json")
        while "after 1 operations" not in self.call("runs", "fetch", "1")[2]:
            pass  # then it holds the signal
        begun = time.monotonic()
        self.daemon.send_signal(signal.SIGTERM)
        while "told to stop" not in self.call("run", "nop.json", "--timeout", "0.5")[2]:
            self.assertIsNone(self.daemon.poll())
        self.stop()
        self.assertLess(time.monotonic() - begun, 30)
        process.communicate(timeout=SECONDS)

    def test_system_is_told_when_it_is_ready_and_when_it_stops(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.settimeout(SECONDS)
            told.bind(str(self.base / "notify"))
            self.start(NOTIFY_SOCKET=str(self.base / "notify"))
            self.assertEqual(told.recv(100), b"READY=1")
            self.stop()
            self.assertEqual(told.recv(100), b"STOPPING=1")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
