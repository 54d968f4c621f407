"""places_test.py - one workload on two or three daemons of this machine.

Usage:    places_test.py PROGRAM_FOLDER WORKLOAD_FOLDER [TEST...]
Failures: one result of all places is held against what a single daemon says, and against what a
          daemon that dies, refuses or cancels must lead to: a verdict, and nothing left behind.
"""

import json
import pathlib
import signal
import sys
import time
import unittest

from several import SECONDS, Daemons, children

PROGRAMS = pathlib.Path(sys.argv[1])
WORKLOADS = pathlib.Path(sys.argv[2]).resolve()


def workload(name, here, there, **more):
    """Steps at place 0 and at place 1."""
    return {"name": name, "pools": [{"name": "pool", "context_count": 2, "slice_bytes": 64}],
            "endpoints": [{"name": "e", "family": "TCP4"}],
            "actors": [{"name": "here", "instance_count": 1, "blocks": [{"steps": here}]},
                       {"name": "there", "instance_count": 1, "place": 1,
                        "blocks": [{"steps": there}]}], **more}


NOP = {"operation": "NOP"}
TIMER = {"operation": "TIMER", "after_ns": "50000000000"}
BIND = [{"operation": "SOCKET", "into": "s", "endpoint": "e"},
        {"operation": "BIND", "handle": "s", "endpoint": "e"}]
CLOSE = {"operation": "CLOSE", "handle": "s"}


def signal_of(event, **more):
    return {"operation": "SIGNAL", "event": event, **more}


def wait_for(event, **more):
    return {"operation": "WAIT", "event": event, **more}


class OnDaemons(unittest.TestCase):
    daemons = None

    @classmethod
    def start(cls, count):
        cls.daemons = Daemons(PROGRAMS)
        for _ in range(count):
            cls.daemons.start_local()

    def run_of(self, name, here, there, **more):
        self.daemons.write("w.json", workload(name, here, there, **more))
        return self.daemons.result("w.json")

    def assert_nothing_is_left(self):
        """Of runs, on daemons that live."""
        for number, process in enumerate(self.daemons.processes):
            if process.poll() is None:
                self.assertEqual(children(process), [])
                self.assertEqual(self.daemons.left(number), [])

    def await_runs(self):
        for process in self.daemons.processes:
            end = time.monotonic() + SECONDS
            while not children(process):
                self.assertLess(time.monotonic(), end)
        time.sleep(0.2)  # and, most likely, begun


class Together(OnDaemons):
    @classmethod
    def setUpClass(cls):
        cls.start(2)

    @classmethod
    def tearDownClass(cls):
        cls.daemons.stop()

    def tearDown(self):
        self.assert_nothing_is_left()

    def test_one_result_says_what_a_single_daemon_says(self):
        file = WORKLOADS / "datagram/places.json"
        audited = len(self.daemons.audit(1))
        code, both = self.daemons.result(file)
        self.assertEqual((code, both["verdict"]), (0, "passed"), both.get("reason"))
        code, out, error = self.daemons.call("run", file, "--json", "-", "--url",
                                             self.daemons.urls[0])
        self.assertEqual(code, 0, out + error)
        (alone,) = json.loads(out)["runs"]
        self.assertEqual(both["operations"], alone["operations"])
        self.assertEqual(both["bytes"], alone["bytes"])
        self.assertEqual(both["fixed_answers_hash"], alone["fixed_answers_hash"])
        self.assertEqual(both["content_hash"], alone["content_hash"])
        self.assertEqual({check["name"] for check in both["checks"]},
                         {check["name"] for check in alone["checks"]})
        self.assertEqual(sum(both["latency"]["counts"]), both["operations"])
        self.assertEqual(len(self.daemons.audit(1)), audited + 1)
        self.assert_nothing_is_left()

    def test_timeline_and_trace_are_those_of_both(self):
        code, run = self.run_of("context/two", [NOP] * 3 + [signal_of("x")],
                                [wait_for("x"), NOP, NOP],
                                record={"answers": True, "timeline": True})
        self.assertEqual(code, 0, run)
        self.assertEqual(sum(sample["delivered"] for sample in run["timeline"]), 5)
        places = {event["place"].split("[")[0]: event["context"] for event in run["trace"]}
        self.assertEqual(set(places), {"here", "there"})
        self.assertNotEqual(places["here"], places["there"])
        times = [event["elapsed_ns"] for event in run["trace"]]
        self.assertEqual(times, sorted(times))

    def test_what_is_expected_of_the_run_is_held_against_all_of_it(self):
        code, run = self.run_of("context/two", [NOP] * 3, [NOP] * 4,
                                expect={"operations_minimum": "7", "reuse_minimum": 1.75})
        self.assertEqual(code, 0, run.get("reason"))
        code, run = self.run_of("context/two", [NOP] * 3, [NOP] * 4,
                                expect={"operations_minimum": "8"})
        self.assertEqual((code, run["verdict"]), (1, "failed"))
        self.assertIn("7 operations, of 8 wanted", run["reason"])
        code, run = self.run_of("context/two", [NOP], [NOP],
                                expect={"latency": [{"per_mille": 500, "most_ns": "1"}]})
        self.assertEqual((code, run["verdict"]), (1, "failed"))
        self.assertIn("500 of 1000 operations took up to", run["reason"])

    def test_failure_at_one_place_ends_the_other_and_says_where(self):
        begun = time.monotonic()
        code, run = self.run_of("context/two", [wait_for("never")],
                                [{**NOP, "expect": {"answers": ["REFUSED"], "errors": ["EIO"]}},
                                 signal_of("never")])
        self.assertEqual((code, run["verdict"]), (1, "failed"))
        self.assertIn(f"place 1 ({self.daemons.urls[1]}): expected answers", run["reason"])
        self.assertLess(time.monotonic() - begun, 20)
        (violation,) = run["violations"][:1]
        self.assertTrue(violation["seen"].startswith("place 1: "))
        self.assertIn(f"--url '{self.daemons.urls[0]}' --url", violation["repeat_command"])
        self.assert_nothing_is_left()

    def test_run_that_waits_for_what_never_comes_is_told_by_the_clock(self):
        code, run = self.run_of("context/two", [wait_for("x", times=2)],
                                [signal_of("x"), NOP], limits={"time_ms": 700})
        self.assertEqual((code, run["verdict"]), (1, "failed"))
        self.assertIn("time is up: here[0]", run["reason"])
        self.assertIn("waits for an event", run["reason"])
        self.assert_nothing_is_left()

    def test_run_over_the_patience_of_its_caller_ends_everywhere(self):
        self.daemons.write("w.json", workload("context/two", [TIMER], [TIMER]))
        code, _, error = self.daemons.call("run", "w.json", "--timeout", "1",
                                           *self.daemons.all_urls())
        self.assertEqual(code, 3)
        self.assertIn("has not finished within 1 s", error)
        code, _ = self.run_of("context/two", [NOP], [NOP])
        self.assertEqual(code, 0)
        self.assert_nothing_is_left()

    def test_part_that_is_skipped_skips_the_run(self):
        code, run = self.run_of("context/two", [NOP], [NOP],
                                environment={"processors": [1000]})
        self.assertEqual((code, run["verdict"]), (77, "skipped"))
        self.assertIn("place 0", run["reason"])

    def test_what_cannot_be_on_several_is_refused_with_the_reason(self):
        for here, there, more, part in (
                (BIND + [CLOSE], BIND + [CLOSE], {}, "bound at several places"),
                ([{"operation": "OPEN", "into": "f", "endpoint": "e"},
                  {"operation": "CLOSE", "handle": "f"}],
                 [{"operation": "UNLINK", "endpoint": "e"}],
                 {"endpoints": [{"name": "e", "family": "FILE"}]}, "a file is of one"),
                (BIND + [CLOSE], [{"operation": "DIE"}], {"expect": {"verdict": "CRASHED"}},
                 "DIE ends one place"),
                ([signal_of("x", times=2000)], [wait_for("x")], {}, "more than 1024")):
            code, run = self.run_of("context/two", here, there, **more)
            self.assertEqual((code, run["verdict"]), (2, "invalid"), run)
            self.assertIn(part, run["reason"])

    def test_places_of_one_daemon_need_room_for_all(self):
        self.daemons.write("w.json", workload("context/two", [NOP, signal_of("x")],
                                              [wait_for("x"), NOP]))
        url = self.daemons.urls[0]
        code, out, _ = self.daemons.call("run", "w.json", "--url", url, "--url", url)
        self.assertEqual(code, 2)
        self.assertIn(f"2 places are on {url}, which has 1 runs at once", out)

    def test_command_that_repeats_a_run_names_daemons_without_a_part(self):
        lonely = workload("context/lonely", [NOP],
                          [{**NOP, "expect": {"answers": ["REFUSED"]}}])
        lonely["actors"][0]["place"] = 1
        self.daemons.write("w.json", lonely)
        code, run = self.daemons.result("w.json")
        self.assertEqual((code, run["verdict"]), (1, "failed"))
        self.assertIn(" ".join(f"--url '{url}'" for url in self.daemons.urls),
                      run["violations"][0]["repeat_command"])

    def test_addresses_and_counts_of_daemons(self):
        file = WORKLOADS / "connect/places.json"
        code, run = self.daemons.result(file)
        self.assertEqual(code, 2)
        self.assertIn("actors[3].place: is 2, and 2 daemons are named", run["reason"])
        file = WORKLOADS / "datagram/places.json"
        code, run = self.daemons.result(file, "--address", "203.0.113.9")
        self.assertEqual((code, run["verdict"]), (2, "invalid"))
        self.assertIn("--address, after --url", run["reason"])
        urls = self.daemons.urls
        code, out, _ = self.daemons.call("run", file, "--url", urls[0], "--address", "127.0.0.2",
                                         "--url", urls[1], "--address", "127.0.0.3")
        self.assertEqual(code, 0, out)
        code, out, _ = self.daemons.call("run", file, "--url", urls[0], "--address", "203.0.113.9",
                                         "--url", urls[1], "--address", "203.0.113.9")
        self.assertEqual(code, 2)
        self.assertIn("no socket can be bound there", out)
        for words, part in ((("stats", *self.daemons.all_urls()), "asks one daemon"),
                            (("run", file, "--address", "1.2.3.4"), "there is none")):
            code, _, error = self.daemons.call(*words)
            self.assertEqual(code, 2)
            self.assertIn(part, error)


class Apart(OnDaemons):
    def setUp(self):
        self.start(2)

    def tearDown(self):
        self.daemons.stop()

    def test_daemon_that_dies_ends_all_parts(self):
        self.daemons.write("w.json", workload("context/two", [TIMER], [TIMER]))
        process = self.daemons.begin("run", "w.json", "--json", "dead.json",
                                     *self.daemons.all_urls())
        self.await_runs()
        dead = children(self.daemons.processes[1])
        self.daemons.processes[1].kill()
        out, error = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 1, out + error)
        (run,) = json.loads((self.daemons.base / "dead.json").read_text())["runs"]
        self.assertEqual(run["verdict"], "crashed")
        self.assertIn(f"place 1 ({self.daemons.urls[1]}): the daemon has gone", run["reason"])
        self.assert_nothing_is_left()
        self.assertIn("verdict=FAILED", self.daemons.audit(0)[0])
        for number in dead:
            self.assertFalse(pathlib.Path(f"/proc/{number}/exe").exists())

    def test_daemon_that_refuses_ends_the_others(self):
        self.daemons.start_local("--max-contexts", "1")
        three = workload("context/three", [TIMER], [TIMER])
        three["actors"].append({**three["actors"][1], "name": "last", "place": 2})
        self.daemons.write("w.json", three)
        code, run = self.daemons.result("w.json")
        self.assertEqual((code, run["verdict"]), (2, "invalid"))
        self.assertIn("place 2", run["reason"])
        self.assertIn("but 1 are allowed", run["reason"])
        self.assert_nothing_is_left()

    def test_cancelled_or_interrupted_run_ends_everywhere(self):
        self.daemons.write("w.json", workload("context/two", [TIMER], [TIMER]))
        process = self.daemons.begin("run", "w.json", *self.daemons.all_urls())
        self.await_runs()
        self.daemons.call("runs", "cancel", "1", "--url", self.daemons.urls[1])
        out, error = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 1, out + error)
        self.assertIn("place 1", out)
        self.assertIn("cancelled by request", out)
        self.assert_nothing_is_left()

        process = self.daemons.begin("run", "w.json", *self.daemons.all_urls())
        self.await_runs()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 128 + signal.SIGINT)
        code, _ = self.run_of("context/two", [NOP], [NOP])
        self.assertEqual(code, 0)
        self.assert_nothing_is_left()

    def test_workload_of_one_place_runs_on_the_first(self):
        self.daemons.write("one.json", {**workload("context/one", [NOP], [NOP]), "actors": [
            {"name": "a", "instance_count": 1, "blocks": [{"steps": [NOP]}]}]})
        code, run = self.daemons.result("one.json")
        self.assertEqual((code, run["verdict"]), (0, "passed"))
        self.assertEqual(len(self.daemons.audit(0)), 1)
        self.assertEqual(self.daemons.audit(1), [])

    def test_server_and_clients_of_two_places(self):
        self.daemons.start_local()
        code, run = self.daemons.result(WORKLOADS / "connect/places.json")
        self.assertEqual((code, run["verdict"]), (0, "passed"), run.get("reason"))
        self.assertGreaterEqual(run["operations"], 32000)
        self.assertEqual(run["bytes"]["sent"], run["bytes"]["received"])
        self.assert_nothing_is_left()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
