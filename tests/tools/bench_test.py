#!/usr/bin/env python3
"""bench_test.py - `pendio bench`: everything it can measure runs, and what it says is well-formed.

Usage:      bench_test.py PENDIO
Happy path: one quick run of all cases, whose JSON holds every subject of every case; a timed run of
            one case; wrong calls.
Failures:   unittest's report, exit 1; exit 77 where there is no io_uring.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

program = ""


def call(*words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run([program, "bench", *words], capture_output=True, text=True,
                          env={**os.environ, **environment})


class BenchTest(unittest.TestCase):
    def test_quick_runs_every_case_and_times_nothing(self):
        names = call("--list").stdout.split()
        answer = call("--quick", "--json", "-")
        self.assertEqual(0, answer.returncode, answer.stderr)
        told = json.loads(answer.stdout)
        self.assertEqual(names, list(dict.fromkeys(one["case"] for one in told["results"])))
        for one in told["results"]:
            self.assertIn(one["state"], ("ok", "skipped"), one)
            self.assertIsNone(one["median"])
            self.assertIsNone(one["ratio_to_reference"])
        self.assertEqual({"not measured"}, {one["verdict"] for one in told["budgets"]})
        measured = {one["subject"] for one in told["results"] if one["state"] == "ok"}
        self.assertLessEqual({"ring", "pendio", "epoll", "pendio-window"}, measured)

    def test_a_timed_case_has_figures_that_fit_together(self):
        with tempfile.TemporaryDirectory() as home:
            path = os.path.join(home, "results.json")
            answer = call("--case", "nop/32", "--seconds", "0.05", "--json", path)
            with open(path, encoding="utf-8") as file:
                told = json.load(file)
        self.assertEqual(0, answer.returncode, answer.stderr)
        self.assertIn("nop/32", answer.stdout)
        self.assertEqual(["ring", "pendio"], [one["subject"] for one in told["results"]])
        for one in told["results"]:
            self.assertEqual("ns/operation", one["unit"])
            self.assertLessEqual(one["min"], one["median"])
            self.assertLessEqual(one["median"], one["max"])
            self.assertGreaterEqual(one["repeats"], 7)
        self.assertEqual(1, told["results"][0]["ratio_to_reference"])
        self.assertEqual("ring", told["results"][1]["best"])
        self.assertGreater(told["results"][1]["per_second"], 0)

    def test_budgets_are_judged_by_what_was_measured(self):
        answer = call("--case", "nop/32", "--seconds", "0.05", "--json", "-")
        budgets = json.loads(answer.stdout)["budgets"]
        judged = [one for one in budgets if one["verdict"] != "not measured"]
        self.assertEqual(["nop/32"], [one["worst_case"] for one in judged])
        self.assertIn(judged[0]["verdict"], ("met", "missed"))
        self.assertEqual(judged[0]["verdict"] == "met", judged[0]["seen"] >= 0.85)
        self.assertIn("not measured", answer.stderr)

    def test_a_pattern_chooses(self):
        self.assertEqual({"nop/1", "nop/32"}, set(call("--list", "--case", "nop").stdout.split()))
        self.assertEqual(["echo/tcp/1x64x1", "echo/unix/1x64x1"],
                         call("--list", "--case", "echo/*/1x64x1").stdout.split())

    def test_calls_that_cannot_be_meant_are_refused(self):
        for words, part in ((("--case", "nap"), "--case nap: no case is named so"),
                            (("--seconds", "0"), "--seconds 0: use seconds from"),
                            (("--directory", "/proc/none"), "--directory /proc/none: No such file"),
                            (("nop",), "'bench' has no use for 'nop'")):
            answer = call(*words)
            self.assertEqual(2, answer.returncode, words)
            self.assertIn(part, answer.stderr)
            self.assertEqual(1, answer.stderr.count("\n"))

    def test_switched_off_nothing_is_measured(self):
        answer = call("--quick", PENDIO_DISABLE_URING="1")
        self.assertEqual(77, answer.returncode)
        self.assertIn("skipped: ", answer.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("bench_test.py: name the program, e.g. build/release/bin/pendio")
    program = sys.argv[1]
    tried = call("--quick", "--case", "nop/1")
    if tried.returncode == 77:
        print(tried.stderr.strip())
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
