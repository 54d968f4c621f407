"""report_test.py - results as a page: what it holds, that it needs nothing else, and how it shows.

Usage:    report_test.py PROGRAM_FOLDER WORKLOAD_FOLDER [--browser]
Failures: the page is held against the results it was made of, and against hostile ones. With
          --browser only what chromium makes of it; exit 77 without one.
"""

import html.parser
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAMS = pathlib.Path(sys.argv[1])
WORKLOADS = pathlib.Path(sys.argv[2])
BROWSER = next(filter(None, map(shutil.which, ["chromium", "chromium-browser"])), None)
SECONDS = 120
HOSTILE = "</style><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>\u202e"


class Page(html.parser.HTMLParser):
    """Elements, attributes and text; that every element is closed."""

    VOID = {"meta", "rect", "line", "circle"}

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.attributes, self.text = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.extend((tag, name, value) for name, value in attrs)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.extend((tag, name, value) for name, value in attrs)
        if tag not in self.VOID:
            raise AssertionError(f"<{tag}/> is not closed in HTML")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text.append(data)


def check(name, verdict):
    return {"name": name, "verdict": verdict, "expected": "a", "seen": "b"}


def event(elapsed_ns, kind, **more):
    return {"elapsed_ns": elapsed_ns, "kind": kind, "context": 3, "generation": 9,
            "operation": "RECEIVE", "place": "client[0].blocks[1].steps[2]", **more}


def run_of(name, verdict, **more):
    return {"workload": name, "verdict": verdict, "checks": [check("bytes", verdict)],
            "answers": {"done": 1, "pending": 2, "refused": 3}, "deliveries": 2,
            "pool": {"contexts": 4, "gets": 5, "reuses": 6, "high_water": 2,
                     "allocations_after_warmup": 0},
            "latency_ns": {"p50": 900, "p90": 1000, "p99": 2000, "p999": 3000, "max": 4000},
            "bytes": {"sent": 7, "received": 8}, "operations": 6, "elapsed_ns": 250000000, **more}


def results_of(*runs, **environment):
    return {"version": "1.2.3", "environment": {
        "kernel": "6.1", "machine": "x86_64", "backend": "uring", "features": ["one", "two"],
        "daemon": "1.2.3", "url": "ipc:///somewhere", **environment}, "runs": list(runs)}


FAILING = run_of(
    "cancel/late", "failed", reason="bytes: RECEIVE of at most 64 bytes moved 65", seed=7,
    subject="broken 1", content_hash="ab" * 32, fixed_answers_hash="0123456789abcdef",
    violations=[{"rule": "bytes", "seen": "RECEIVE of at most 64 bytes moved 65", "context": 3,
                 "generation": 9, "operation": "RECEIVE",
                 "repeat_command": "pendio run --seed 7 harness/workloads/cancel/late.json",
                 "events": [event(10, "TAKEN"), event(1200, "STARTED", answer="PENDING", handle=2),
                            event(1300, "CANCELLED"),
                            event(90000, "DELIVERED", bytes=65, handle=2)]}],
    latency={"linear_bits": 7, "buckets": [100, 1024, 1300, 2000], "counts": [5, 90, 4, 1],
             "max": 4000000},
    timeline=[{"elapsed_ns": 100000000, "done": 5, "pending": 50, "refused": 1, "delivered": 49,
               "contexts_taken": 3, "latency_p50_ns": 900, "latency_max_ns": 5000},
              {"elapsed_ns": 250000000, "done": 9, "pending": 80, "refused": 0, "delivered": 81,
               "contexts_taken": 1, "latency_p50_ns": 900, "latency_max_ns": 5000}])
PASSING = run_of("stream/echo", "passed", latency={
    "linear_bits": 7, "buckets": [1024, 1025], "counts": [60, 40], "max": 3000})


class Reports(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp")
        self.folder = pathlib.Path(self.directory.name)

    def tearDown(self):
        self.directory.cleanup()

    def write(self, results, name="results.json"):
        path = self.folder / name
        path.write_text(results if isinstance(results, str) else json.dumps(results))
        return path

    def call(self, *words, code=0):
        end = subprocess.run([PROGRAMS / "pendio", *words], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
        self.assertEqual(end.returncode, code, end.stderr)
        return end

    def page(self, *results, code=0):
        """The page of these results, which needs nothing but itself."""
        files = [self.write(one, f"{index}.json") for index, one in enumerate(results)]
        target = self.folder / "page.html"
        self.call("report", "--quiet", *files, "--html", target, code=code)
        return self.examine(target)

    def examine(self, target):
        text = target.read_text()
        page = Page(text)
        self.assertEqual(page.open, [])
        self.assertTrue(text.startswith("<!DOCTYPE html>\n<html lang=\"en\">"))
        for forbidden in ("http:", "https:", "<script", "@import", "url("):
            self.assertNotIn(forbidden, text)
        for tag, name, value in page.attributes:
            self.assertFalse(name.startswith("on"), (tag, name, value))
            self.assertNotIn(name, ("src", "srcset", "style"))
            if name == "href":
                self.assertRegex(value, "^#run-[0-9]+$")
        self.assertIn("@media print", text)
        return page


class Pages(Reports):
    def test_page_has_verdicts_violation_and_plots(self):
        page = self.page(results_of(PASSING, FAILING), code=1)
        text = " ".join(page.text)
        for wanted in ("1 passed", "1 failed", "Violation of", "RECEIVE of at most 64 bytes",
                       "Context 3, start 9, RECEIVE", "client[0].blocks[1].steps[2]",
                       "pendio run --seed 7 harness/workloads/cancel/late.json",
                       "The last 4 events of context 3", "Answers a second",
                       "Contexts taken, of 4", "All runs together", "p99.9", "Linux",
                       "broken 1", "0123456789abcdef"):
            self.assertIn(wanted, text)
        self.assertEqual(page.elements.count("svg"), 1 + 1 + 1 + 1 + 2)
        self.assertIn(("section", "id", "run-2"), page.attributes)

    def test_failing_runs_come_first(self):
        page = self.page(results_of(PASSING, FAILING), code=1)
        sections = [value for tag, name, value in page.attributes if tag == "section"]
        self.assertEqual(sections, ["run-2", "run-1"])

    def test_several_results_are_one_page(self):
        page = self.page(results_of(PASSING), results_of(FAILING, machine="aarch64"), code=1)
        text = "".join(page.text)
        self.assertIn("x86_64", text)
        self.assertIn("aarch64", text)
        self.assertIn(("section", "id", "run-2"), page.attributes)

    def test_hostile_texts_are_only_text(self):
        run = json.loads(json.dumps(FAILING))
        run.update(workload=HOSTILE, reason=HOSTILE, subject=HOSTILE, content_hash=HOSTILE)
        run["checks"] = [dict.fromkeys(("name", "expected", "seen"), HOSTILE) |
                         {"verdict": "failed"}]
        run["violations"][0].update(rule=HOSTILE, seen=HOSTILE, operation=HOSTILE,
                                    repeat_command=HOSTILE)
        for one in run["violations"][0]["events"]:
            one.update(place=HOSTILE, operation=HOSTILE)
        page = self.page(results_of(run, kernel=HOSTILE, machine=HOSTILE, daemon=HOSTILE,
                                    url=HOSTILE, backend=HOSTILE, features=[HOSTILE]), code=1)
        self.assertNotIn("img", page.elements)
        self.assertEqual(page.elements.count("style"), 1)

    def test_hostile_numbers_are_survived(self):
        run = json.loads(json.dumps(FAILING))
        big = 2 ** 63 - 1
        run["latency"] = {"linear_bits": 7, "buckets": [0, 7423], "counts": [big, big], "max": big}
        run["round_latency"] = {"linear_bits": 31, "buckets": [5, 5], "counts": [1], "max": 0}
        run["timeline"] = [{"elapsed_ns": big, "pending": big}, {"elapsed_ns": 1}, {}]
        run["violations"][0]["events"] *= 100
        run["violations"].append({"rule": "r"})
        self.page(results_of(run), results_of(), code=1)

    def test_what_is_no_results_is_told(self):
        for text, said in (("{", "results.json: "), ("[]", "these are no results"),
                           ("{\"runs\": [7]}", "runs[0] is no run"),
                           ("{\"runs\": [{\"verdict\": \"fine\"}]}", "verdict"),
                           ("{\"runs\": [{\"workload\": \"x\"}]}", "runs[0] is no run"),
                           (json.dumps(results_of(run_of("x", "passed", latency=3))), "runs[0]")):
            end = self.call("report", self.write(text), code=2)
            self.assertIn(said, end.stderr)
        self.assertIn("nowhere.json", self.call("report", self.folder / "nowhere.json",
                                                code=2).stderr)

    def test_members_of_later_versions_are_left_out(self):
        end = self.call("report", self.write(results_of(run_of("a/b", "passed", novelty=[1]))))
        self.assertIn("a/b", end.stdout)

    def test_a_seed_is_shown_whole(self):
        page = self.page(results_of(FAILING | {"seed": str(2 ** 64 - 1)}), code=1)
        self.assertIn(str(2 ** 64 - 1), "".join(page.text))

    def test_exit_code_is_that_of_the_worst(self):
        for verdicts, code in ((["passed", "skipped"], 0), (["skipped"], 77), (["invalid"], 2),
                               (["invalid", "crashed"], 1)):
            path = self.write(results_of(*(run_of("a", one) for one in verdicts)))
            self.call("report", "-q", path, code=code)

    def test_junit_tells_the_violation(self):
        target = self.folder / "junit.xml"
        path = self.write(results_of(PASSING, FAILING))
        self.call("report", "-q", path, "--junit", target, code=1)
        suite = xml.etree.ElementTree.parse(target).getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        failure = suite.find("testcase/failure").text
        self.assertIn("violation of bytes (context 3, start 9, RECEIVE)", failure)
        self.assertIn("repeat with: pendio run --seed 7", failure)

    def test_an_output_that_is_the_input_is_refused(self):
        path = self.write(results_of(PASSING))
        self.assertIn("is the input itself", self.call("report", path, "--html", path,
                                                       code=2).stderr)

    def test_page_is_sound_to_xmllint(self):
        if shutil.which("xmllint") is None:
            self.skipTest("no xmllint")
        self.page(results_of(PASSING, FAILING), code=1)
        end = subprocess.run(["xmllint", "--nonet", "--noout", self.folder / "page.html"],
                             stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((end.returncode, end.stderr), (0, ""))


class Runs(Reports):
    """Of a daemon, from start to end."""

    def setUp(self):
        super().setUp()
        self.daemon = subprocess.Popen(
            [PROGRAMS / "pendiod", "--listen", f"ipc://{self.folder}/sock"], text=True,
            stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": self.directory.name})
        self.url = self.daemon.stdout.readline().split()[-1]

    def tearDown(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.communicate(timeout=SECONDS)
        super().tearDown()

    def run_all(self, *words, code):
        names = [self.folder / f"run.{kind}" for kind in ("json", "html", "xml")]
        self.call("run", "--url", self.url, "-q", *words, "--json", names[0], "--html", names[1],
                  "--junit", names[2], code=code)
        return names

    def recording(self, name):
        """A shipped workload that also records itself."""
        workload = json.loads((WORKLOADS / f"{name}.json").read_text())
        workload.update(record={"answers": True, "timeline": True}, name=f"{name}_recorded")
        workload.pop("content_hash", None)
        return self.write(workload, "recorded.json")

    def test_report_of_results_is_the_page_of_the_run(self):
        results, page, junit = self.run_all(
            self.recording("stream/poisson_echo"), WORKLOADS / "cancel/timer.json", code=0)
        again = [self.folder / "again.html", self.folder / "again.xml"]
        self.call("report", "-q", results, "--html", again[0], "--junit", again[1])
        self.assertEqual(again[0].read_text(), page.read_text())
        self.assertEqual(again[1].read_text(), junit.read_text())
        self.examine(page)
        run = json.loads(results.read_text())["runs"][0]
        self.assertGreater(len(run["trace"]), 10)
        self.assertGreater(len(run["timeline"]), 0)
        self.assertEqual(sum(run["latency"]["counts"]),
                         run["answers"]["done"] + run["answers"]["pending"])

    def test_broken_subject_is_shown_with_the_story_of_its_context(self):
        results, page, junit = self.run_all(
            "--seed", "5", "--subject", f"{PROGRAMS}/subject_broken wrong_content",
            WORKLOADS / "cancel/pending_receive.json", code=1)
        violation = json.loads(results.read_text())["runs"][0]["violations"][0]
        self.assertEqual(violation["rule"], "content")
        self.assertGreater(violation["context"], 0)
        self.assertIn(violation["events"][-1]["kind"], ("STARTED", "DELIVERED"))
        self.assertEqual(
            violation["repeat_command"],
            f"pendio run --seed 5 --subject '{PROGRAMS}/subject_broken wrong_content' "
            "harness/workloads/cancel/pending_receive.json")
        self.assertIn("Violation of", "".join(self.examine(page).text))
        self.assertIn("violation of content", junit.read_text())

    def test_fixed_answers_are_the_same_again_and_with_another_subject(self):
        hashes = set()
        for words in ([], [], ["--subject", PROGRAMS / "subject_plain"]):
            results, _, _ = self.run_all(*words, WORKLOADS / "file/names.json", code=0)
            hashes.add(json.loads(results.read_text())["runs"][0]["fixed_answers_hash"])
        self.assertEqual(len(hashes), 1)


class Browser(Reports):
    """What chromium makes of it."""

    def browse(self, *words):
        end = subprocess.run(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             f"--user-data-dir={self.folder}/browser", "--enable-logging=stderr", *words,
             (self.folder / "page.html").as_uri()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False,
            env={"HOME": self.directory.name, "PATH": "/usr/bin:/bin"})
        self.assertEqual(end.returncode, 0, end.stderr)
        self.assertNotIn("CONSOLE", end.stderr)
        return end.stdout

    def test_the_document_has_what_the_file_has(self):
        page = self.page(results_of(PASSING, FAILING), code=1)
        document = self.browse("--dump-dom")
        self.assertEqual(document.count("<svg"), page.elements.count("svg"))
        self.assertEqual(document.count("<tr"), page.elements.count("tr"))
        for verdict in ("passed", "failed"):
            self.assertIn(f'<li class="{verdict}">1 {verdict}</li>', document)

    def test_it_can_be_seen_and_printed(self):
        self.page(results_of(PASSING, FAILING), code=1)
        for name, option in (("seen.png", "--screenshot"), ("printed.pdf", "--print-to-pdf")):
            self.browse(f"{option}={self.folder / name}", "--window-size=1200,2400")
            self.assertGreater((self.folder / name).stat().st_size, 10000)


def load_tests(loader, tests, pattern):
    del tests, pattern
    wanted = [Browser] if "--browser" in sys.argv else [Pages, Runs]
    return unittest.TestSuite(map(loader.loadTestsFromTestCase, wanted))


if __name__ == "__main__":
    if "--browser" in sys.argv and BROWSER is None:
        print("no chromium here")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
