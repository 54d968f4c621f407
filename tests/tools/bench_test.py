#!/usr/bin/env python3
"""bench_test.py - `pendio bench`: everything it can measure runs, and what it says is well-formed.

Usage:      bench_test.py PENDIO
Happy path: one quick run of all cases, whose JSON holds every subject of every case; timed runs of
            some; pages and pictures; what goes into README.md; wrong calls; nothing is left behind
            when it is interrupted or killed.
Failures:   unittest's report, exit 1; exit 77 where there is no io_uring.
"""

import html.parser
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

program = ""


def call(*words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run([program, "bench", *words], capture_output=True, text=True,
                          env={**os.environ, **environment})


class Page(html.parser.HTMLParser):
    """What stands in a page, and whether every element that was begun has its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: "list[str]" = []
        self.cells: "list[str]" = []
        self.pictures = 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.pictures += tag == "svg"

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def parents() -> "dict[int, int]":
    """Of all processes that have not ended, by process."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            found[int(entry.parent.name)] = int(parent)
    return found


def words_of(process: int) -> "list[str]":
    try:
        said = pathlib.Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return said.split("\0")


def wait_until(holds) -> None:
    limit = time.monotonic() + 30
    while not holds():
        if time.monotonic() > limit:
            raise AssertionError("it did not happen in 30 seconds")
        time.sleep(0.01)


class ServersTest(unittest.TestCase):
    """Servers in processes of their own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        self.nowhere = self.home / "nowhere"  # as PATH: no language has its compiler there
        self.nowhere.mkdir()
        self.temporary = self.home / "temporary"
        self.temporary.mkdir()
        self.json = self.home / "results.json"

    def begin(self, family: str) -> "tuple[subprocess.Popen, list[int]]":
        """One that measures round trips, when it is at those over that family."""
        running = subprocess.Popen(
            [program, "bench", "--case", "rtt", "--seconds", "3", "--json", self.json],
            env={**os.environ, "TMPDIR": str(self.temporary), "PATH": str(self.nowhere)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(running.kill)

        def servers():
            return [one for one, parent in parents().items() if parent == running.pid]

        def serves():
            return any(family in words_of(one) for one in servers())

        wait_until(lambda: serves() or running.poll() is not None)
        self.assertIsNone(running.poll())
        return running, servers()

    def test_round_trips_have_figures_beside_pendio(self):
        answer = call("--case", "rtt/unix/64", "--seconds", "0.1", "--json", str(self.json))
        self.assertEqual(0, answer.returncode, answer.stderr)
        told = {one["subject"]: one
                for one in json.loads(self.json.read_text(encoding="utf-8"))["results"]}
        self.assertEqual(1, told["pendio"]["ratio_to_reference"])
        for name in ("ring-window", "epoll"):
            self.assertEqual("pendio", told[name]["reference"])
            self.assertGreater(told[name]["ratio_to_reference"], 0)

    def test_calls_of_the_library_are_counted_and_absent_languages_are_told(self):
        answer = call("--case", "binding/unix/1x64x1/calls", "--seconds", "0.1", "--json",
                      str(self.json), PATH=str(self.nowhere), TMPDIR=str(self.temporary))
        self.assertEqual(0, answer.returncode, answer.stderr)
        told = {one["subject"]: one
                for one in json.loads(self.json.read_text(encoding="utf-8"))["results"]}
        self.assertEqual(["pendio", "pendio-lending", "dotnet", "rust", "python"], list(told))
        for name in ("pendio", "pendio-lending"):
            self.assertEqual("calls/completion", told[name]["unit"])
            self.assertGreater(told[name]["median"], 1)
        for name, program_name in (("dotnet", "dotnet"), ("rust", "cargo"), ("python", "python3")):
            if told[name]["state"] != "ok":  # it may have been built before
                self.assertEqual(f"no {program_name} on PATH", told[name]["reason"])

    def test_an_interrupt_ends_the_servers_and_tells_what_was_measured(self):
        running, servers = self.begin("unix")
        running.send_signal(signal.SIGINT)
        said, complained = running.communicate(timeout=30)
        self.assertEqual(128 + signal.SIGINT, running.returncode, complained)
        self.assertIn("rtt/tcp/64", said)
        self.assertFalse(set(servers) & set(parents()))
        self.assertEqual([], list(self.temporary.iterdir()))
        self.assertFalse(self.json.exists())

    def test_killed_it_takes_its_servers_along(self):
        running, servers = self.begin("tcp")
        running.kill()
        running.communicate(timeout=30)
        wait_until(lambda: not set(servers) & set(parents()))


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
        self.check_readme_script(told)

    def check_readme_script(self, told: dict) -> None:
        script = pathlib.Path(__file__).parents[2] / "tools/bench/readme.py"
        begin = "<!-- begin of what tools/bench/readme.py writes -->\n"
        end = "<!-- end of what tools/bench/readme.py writes -->\n"
        with tempfile.TemporaryDirectory() as home:
            results, page = pathlib.Path(home, "results.json"), pathlib.Path(home, "page.md")
            page.write_text(f"before\n{begin}old\n{end}after\n", encoding="utf-8")
            words = [sys.executable, "-B", str(script), "--readme", str(page), "--picture",
                     os.path.join(home, "ratios.svg"), str(results), program]
            results.write_text(json.dumps(told), encoding="utf-8")
            self.assertEqual(2, subprocess.run(words, capture_output=True).returncode)
            self.assertIn("old", page.read_text(encoding="utf-8"))
            results.write_text(json.dumps({**told, "quick": False}), encoding="utf-8")
            answer = subprocess.run(words, capture_output=True, text=True)
            self.assertEqual("", answer.stderr)
            lines = page.read_text(encoding="utf-8").split("\n")
            xml.etree.ElementTree.parse(os.path.join(home, "ratios.svg"))
        self.assertEqual("before", lines[0])
        self.assertEqual(["after", ""], lines[-2:])
        self.assertEqual(len(told["budgets"]),
                         sum(line.endswith("| not measured |") for line in lines))

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

    def test_a_page_and_a_picture_are_whole(self):
        with tempfile.TemporaryDirectory() as home:
            page, picture = os.path.join(home, "page.html"), os.path.join(home, "picture.svg")
            answer = call("--case", "nop/32", "--seconds", "0.05", "--html", page, "--svg", picture)
            self.assertEqual(0, answer.returncode, answer.stderr)
            with open(page, encoding="utf-8") as file:
                seen = Page(file.read())
            root = xml.etree.ElementTree.parse(picture).getroot()
        self.assertEqual([], seen.open)
        self.assertEqual(1, seen.pictures)
        self.assertIn("nop/32", seen.cells)
        self.assertEqual("{http://www.w3.org/2000/svg}svg", root.tag)

    def test_earlier_results_are_shown_again_and_trusted_in_nothing(self):
        name = "a/<b>&\"'</td>"
        one = {"case": name, "subject": name, "role": name, "unit": name, "state": "ok",
               "ratio_to_best": 1.5, "ratio_to_best_low_quartile": 1e300,
               "ratio_to_best_high_quartile": 1e-300, "median": "much"}
        report = {"results": [one, {}, 7, {"case": 1}], "budgets": [None, {"budget": name}]}
        with tempfile.TemporaryDirectory() as home:
            path = os.path.join(home, "results.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(report, file)
            answer = call("--results", path, "--html", "-")
            self.assertEqual(0, answer.returncode, answer.stderr)
            seen = Page(answer.stdout)
            self.assertEqual([], seen.open)
            self.assertIn(name, seen.cells)
            for words, part in ((("--results", path), "name one with --html or --svg"),
                                (("--results", path + "x", "--svg", "-"), "--results "),
                                (("--html", path, "--json", path), "are both")):
                answer = call(*words)
                self.assertEqual(2, answer.returncode, words)
                self.assertIn(part, answer.stderr)

    def test_a_pattern_chooses(self):
        self.assertEqual({"nop/1", "nop/32"}, set(call("--list", "--case", "nop").stdout.split()))
        self.assertEqual(["echo/tcp/1x64x1", "echo/unix/1x64x1"],
                         call("--list", "--case", "echo/*/1x64x1").stdout.split())
        self.assertEqual({"nop/1", "nop/32", "copy/sequential"},
                         set(call("--list", "--case", "nop", "--case", "copy").stdout.split()))

    def test_calls_that_cannot_be_meant_are_refused(self):
        for words, part in ((("--case", "nap"), "--case nap: no case is named so"),
                            (("--case", "nop", "--case", "nap"), "--case nap: no case is named so"),
                            (("--case", "nop") * 17, "--case nop: is one too many"),
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
