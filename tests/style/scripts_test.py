#!/usr/bin/env python3
"""scripts_test.py - the scripts of tools/ do what they promise, on a machine made of stand-ins.

Happy path: each test puts stand-ins for the programs a script calls first in its PATH, runs the
            script, and looks at its exit code, its words and the calls it made.
Failures:   unittest's report, exit 1.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOLS = pathlib.Path(__file__).parents[2] / "tools"

# Says yes for every package named in the file `installed`; apt-get install writes that file.
DPKG_QUERY = """#!/bin/sh
for last; do :; done
grep -qx -- "$last" "$SCRATCH/installed" && echo installed
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$SCRATCH/calls"
case "$*" in
    *update*) : >"$SCRATCH/offered" ;;
    *install*) [ -e "$SCRATCH/offered" ] || exit 100
        for word; do echo "$word"; done >>"$SCRATCH/installed" ;;
esac
"""
APT_CACHE = """#!/bin/sh
[ ! -e "$SCRATCH/listed" ] || echo '  Candidate: 1.0-1'
"""
SUDO = """#!/bin/sh
echo "sudo $1" >>"$SCRATCH/calls"
exec "$@"
"""
NEEDED = ("sh", "env", "grep", "mktemp", "rm", "cat", "dirname", "sleep", "nproc")

# Listens as pendiod would until it is told to end; says where and that it ended.
DAEMON = f"""#!{sys.executable}
import os, signal, socket, sys
place = sys.argv[sys.argv.index("--listen") + 1][len("ipc://"):]
record = os.path.join(os.environ["SCRATCH"], "daemon")
def end(number, frame):
    open(record, "a").write("ended\\n")
    sys.exit(int(os.environ.get("DAEMON_EXIT", "0")))
signal.signal(signal.SIGTERM, end)
if os.environ.get("DAEMON_FAILS"):
    sys.exit("pendiod: no room")
open(record, "a").write(place + "\\n")
listener = socket.socket(socket.AF_UNIX)
listener.bind(place)
while True:
    signal.pause()
"""
CLI = """#!/bin/sh
echo "$*" >"$SCRATCH/arguments"
[ -z "$RUN_SLEEPS" ] || exec sleep 60
exit "${RUN_EXIT:-0}"
"""

CTEST = """#!/bin/sh
echo "1/1 Test #1: style ... Passed"
echo "100% tests passed, 0 tests failed out of 1"
"""


class Machine:
    """A folder with stand-ins, the scripts, and what was called."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.programs = self.root / "programs"
        self.programs.mkdir()
        shutil.copytree(TOOLS, self.root / "tools", ignore=shutil.ignore_patterns("*.c", "*.h"))
        self.environment = {"SCRATCH": str(self.root), "TMPDIR": str(self.root),
                            "PATH": str(self.programs)}

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *unused) -> None:
        self.folder.cleanup()

    def put(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)

    def read(self, name: str) -> str:
        place = self.root / name
        return place.read_text() if place.exists() else ""

    def start(self, script: str, *arguments: str, **environment: str) -> subprocess.Popen:
        return subprocess.Popen(
            [shutil.which("sh"), str(self.root / "tools" / script), *arguments], cwd="/",
            env={**self.environment, **environment}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def run(self, script: str, *arguments: str, **environment: str) -> "tuple[int, str]":
        child = self.start(script, *arguments, **environment)
        said, _ = child.communicate(timeout=60)
        return child.returncode, said


class BareMachine(Machine):
    """Debian without the packages; of the system's programs only those every Debian has."""

    def __init__(self, user: int, has_sudo: bool = True) -> None:
        super().__init__()
        for name in NEEDED:
            (self.programs / name).symlink_to(shutil.which(name))
        self.put("programs/dpkg-query", DPKG_QUERY)
        self.put("programs/apt-get", APT_GET)
        self.put("programs/apt-cache", APT_CACHE)
        self.put("programs/id", f"#!/bin/sh\necho {user}\n")
        if has_sudo:
            self.put("programs/sudo", SUDO)
        self.put("installed", "")


class ReadyMachine(Machine):
    """Set up and built: the daemon and the tool are stand-ins, so is everything before them."""

    def __init__(self) -> None:
        super().__init__()
        self.environment["PATH"] = os.environ["PATH"]
        self.put("tools/setup.sh", "#!/bin/sh\n")
        self.put("tools/build.sh", "#!/bin/sh\n")
        self.put("build/release/bin/pendiod", DAEMON)
        self.put("build/release/bin/pendio", CLI)
        self.put("harness/workloads/accept/one.json", "{}\n")
        self.put("harness/workloads/file/two.json", "{}\n")

    def work_folders(self) -> list:
        return list(self.root.glob("pendio-run.*"))


class SetupTest(unittest.TestCase):
    def test_root_without_lists_updates_then_installs(self):
        with BareMachine(user=0) as machine:
            status, said = machine.run("setup.sh")
            calls = machine.read("calls").splitlines()
        self.assertEqual(0, status, said)
        self.assertIn("update", calls[0])
        self.assertIn("install -y --no-install-recommends build-essential", calls[1])
        self.assertEqual(2, len(calls))

    def test_the_second_time_nothing_is_called(self):
        with BareMachine(user=0) as machine:
            machine.run("setup.sh")
            (machine.root / "calls").unlink()
            status, said = machine.run("setup.sh")
            calls = machine.read("calls")
        self.assertEqual((0, "setup: everything needed is installed\n", ""),
                         (status, said, calls))

    def test_fresh_lists_are_used_as_they_are(self):
        with BareMachine(user=0) as machine:
            machine.put("listed", "")
            machine.put("offered", "")
            status, _ = machine.run("setup.sh")
            calls = machine.read("calls")
        self.assertEqual(0, status)
        self.assertNotIn("update", calls)

    def test_stale_lists_are_fetched_again_after_a_failure(self):
        with BareMachine(user=0) as machine:
            machine.put("listed", "")
            status, _ = machine.run("setup.sh")
            calls = machine.read("calls").splitlines()
        self.assertEqual(0, status)
        self.assertEqual(["install", "update", "install"],
                         [word for call in calls for word in call.split()
                          if word in ("install", "update")])

    def test_only_what_is_missing_is_installed(self):
        with BareMachine(user=0) as machine:
            machine.run("setup.sh")
            packages = machine.read("installed").splitlines()
            machine.put("installed", "\n".join(p for p in packages if p != "check") + "\n")
            (machine.root / "calls").unlink()
            machine.run("setup.sh")
            last = machine.read("calls").splitlines()[-1]
        self.assertTrue(last.endswith("--no-install-recommends check"), last)

    def test_a_user_installs_through_sudo(self):
        with BareMachine(user=1000) as machine:
            status, _ = machine.run("setup.sh")
            calls = machine.read("calls").splitlines()
        self.assertEqual(0, status)
        self.assertEqual(["sudo env"] * 2, calls[::2])

    def test_a_user_without_sudo_is_told_the_command(self):
        with BareMachine(user=1000, has_sudo=False) as machine:
            status, said = machine.run("setup.sh")
            calls = machine.read("calls")
        self.assertEqual((3, ""), (status, calls))
        self.assertIn("run as root: apt-get install --no-install-recommends build-essential",
                      said)

    def test_an_archive_that_cannot_be_reached_is_named(self):
        with BareMachine(user=0) as machine:
            machine.put("programs/apt-get", "#!/bin/sh\necho no route\nexit 100\n")
            status, said = machine.run("setup.sh")
        self.assertEqual(3, status)
        self.assertIn("no route", said)
        self.assertIn("is there a network?", said)

    def test_another_system_is_left_alone(self):
        with BareMachine(user=0) as machine:
            (machine.programs / "dpkg-query").unlink()
            status, said = machine.run("setup.sh")
        self.assertEqual(0, status)
        self.assertIn("not Debian", said)


class RunTest(unittest.TestCase):
    def test_every_workload_is_run_with_the_options_and_the_daemon_is_stopped(self):
        with ReadyMachine() as machine:
            status, said = machine.run("run.sh", "--quiet")
            arguments = machine.read("arguments")
            place, end = machine.read("daemon").splitlines()
            self.assertEqual([], machine.work_folders())
        self.assertEqual((0, "ended"), (status, end), said)
        self.assertTrue(arguments.startswith(f"run --url ipc://{place} --quiet "), arguments)
        self.assertIn("accept/one.json", arguments)
        self.assertIn("file/two.json", arguments)

    def test_the_exit_code_of_the_run_is_handed_on(self):
        with ReadyMachine() as machine:
            for code in ("1", "2", "3"):
                self.assertEqual(int(code), machine.run("run.sh", RUN_EXIT=code)[0])

    def test_a_daemon_that_does_not_start_shows_its_words(self):
        with ReadyMachine() as machine:
            status, said = machine.run("run.sh", DAEMON_FAILS="1")
            self.assertEqual([], machine.work_folders())
        self.assertEqual(3, status)
        self.assertIn("pendiod: no room", said)

    def test_a_daemon_that_does_not_end_cleanly_is_a_failure(self):
        with ReadyMachine() as machine:
            status, said = machine.run("run.sh", DAEMON_EXIT="1")
        self.assertEqual(3, status)
        self.assertIn("did not end cleanly", said)

    def test_a_failed_build_is_handed_on(self):
        with ReadyMachine() as machine:
            machine.put("tools/build.sh", "#!/bin/sh\nexit 3\n")
            self.assertEqual(3, machine.run("run.sh")[0])
            self.assertEqual("", machine.read("daemon"))

    def test_a_signal_stops_run_and_daemon_and_leaves_nothing(self):
        with ReadyMachine() as machine:
            child = machine.start("run.sh", RUN_SLEEPS="1")
            while not machine.read("arguments"):
                self.assertIsNone(child.poll())
                time.sleep(0.01)
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=60)
            self.assertEqual(143, child.returncode)
            self.assertEqual("ended", machine.read("daemon").splitlines()[-1])
            self.assertEqual([], machine.work_folders())


class BuildTest(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.folder.cleanup)
        self.machine.environment["PATH"] += ":" + os.environ["PATH"]
        self.machine.put("CMakePresets.json", '{"name": "release"}\n')
        self.machine.put("programs/cmake", '#!/bin/sh\necho "cmake $*" | tee -a "$SCRATCH/calls"\n')

    def test_success_is_one_line(self):
        self.assertEqual((0, "build: release is in build/release\n"),
                         self.machine.run("build.sh", "release"))

    def test_targets_are_built_alone_if_named(self):
        self.machine.run("build.sh", "--targets", "one two", "release")
        self.assertTrue(self.machine.read("calls").endswith("--target one two\n"))

    def test_failure_shows_the_messages(self):
        self.machine.put("programs/cmake", "#!/bin/sh\necho loop.c:1: error\nexit 1\n")
        status, said = self.machine.run("build.sh", "release")
        self.assertEqual(3, status)
        self.assertIn("loop.c:1: error", said)

    def test_an_unknown_preset_is_refused(self):
        status, said = self.machine.run("build.sh", "fast")
        self.assertEqual(2, status)
        self.assertIn("'fast'", said)
        self.assertEqual(2, self.machine.run("build.sh")[0])


class TestTest(unittest.TestCase):
    def setUp(self):
        self.machine = ReadyMachine()
        self.addCleanup(self.machine.folder.cleanup)
        self.machine.environment["PATH"] = f"{self.machine.programs}:{os.environ['PATH']}"

    def test_both_presets_are_tested_and_their_summaries_come_last(self):
        self.machine.put("programs/ctest", CTEST)
        status, said = self.machine.run("test.sh")
        self.assertEqual(0, status, said)
        self.assertTrue(said.endswith("== asan ==\n100% tests passed, 0 tests failed out of 1\n"))
        self.assertIn("== release ==\n100% tests passed", said)

    def test_a_failure_in_the_first_preset_does_not_stop_the_second(self):
        self.machine.put("programs/ctest", CTEST + '[ "$2" != release ]\n')
        status, said = self.machine.run("test.sh")
        self.assertEqual(1, status)
        self.assertIn("== asan ==", said)

    def test_a_failed_build_is_not_tested(self):
        self.machine.put("programs/ctest", CTEST)
        self.machine.put("tools/build.sh", "#!/bin/sh\nexit 3\n")
        status, said = self.machine.run("test.sh")
        self.assertEqual(3, status)
        self.assertNotIn("tests passed", said)


if __name__ == "__main__":
    unittest.main()
