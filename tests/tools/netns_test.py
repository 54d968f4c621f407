"""netns_test.py - a server and its clients on daemons in network namespaces of their own.

Usage:    netns_test.py PROGRAM_FOLDER WORKLOAD_FOLDER CERTIFICATES_SCRIPT
Failures: bytes that went another way than over the wire, a verdict that is not clear, anything left
          behind. Skipped (77) where namespaces are not permitted, or ip or openssl are missing.

Everything happens in a user and network namespace of the test's own, which has a bridge; the
namespaces of the daemons hang on it, and the client is beside it.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

from several import SECONDS, Daemons, children, tls_options

INSIDE = "PENDIO_TEST_INSIDE"
SETUP = "ip link set lo up && ip link add bridge type bridge"
WAYS = (["unshare", "--user", "--map-root-user", "--net"], ["unshare", "--net"])
PORT = 7100
COUNT = 3
LISTENS = "0A"  # as /proc/net/tcp has it


def network(*words):
    subprocess.run(["ip", *words], check=True, timeout=SECONDS)


def address(number):
    return f"10.77.0.{number + 1}"


class Namespace:
    """A process that does nothing but hold it."""

    def __init__(self, number):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
        self.inside = ["nsenter", "--target", str(self.process.pid), "--net"]
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == ours:
            time.sleep(0.01)
        network("link", "add", f"way{number}", "type", "veth", "peer", "name", "wire")
        network("link", "set", "wire", "netns", str(self.process.pid))
        network("link", "set", f"way{number}", "master", "bridge", "up")
        self.run("ip", "address", "add", f"{address(number)}/24", "dev", "wire")
        self.run("ip", "link", "set", "wire", "up")
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *words):
        return subprocess.run([*self.inside, *words], check=True, timeout=SECONDS, text=True,
                              stdout=subprocess.PIPE).stdout

    def received_bytes(self):
        (link,) = json.loads(self.run("ip", "-s", "-j", "link", "show", "wire"))
        return link["stats64"]["rx"]["bytes"]

    def listening(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]
        return sorted(int(line.split()[1].split(":")[1], 16) for line in lines
                      if line.split()[3] == LISTENS)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Namespaces(unittest.TestCase):
    def setUp(self):
        self.daemons = Daemons(PROGRAMS)
        subprocess.run(["sh", SCRIPT, self.daemons.base / "tls", *map(address, range(COUNT))],
                       check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
        network("link", "set", "bridge", "up")
        network("address", "replace", "10.77.0.254/24", "dev", "bridge")
        self.namespaces = []
        for number in range(COUNT):
            self.namespaces.append(Namespace(number))
            self.daemons.start(f"tls+tcp://{address(number)}:{PORT}", *self.options("daemon"),
                               before=self.namespaces[number].inside)

    def tearDown(self):
        self.daemons.stop()
        for namespace in self.namespaces:
            namespace.stop()
        for number in range(COUNT):
            subprocess.run(["ip", "link", "delete", f"way{number}"], check=False,
                           stderr=subprocess.DEVNULL)  # it went with the other end, or goes now

    def options(self, who):
        return tls_options(self.daemons.base / "tls", who)

    def assert_nothing_is_left(self, numbers):
        for number in numbers:
            self.assertEqual(children(self.daemons.processes[number]), [])
            self.assertEqual(self.daemons.left(number), [])
            self.assertEqual(self.namespaces[number].listening(), [PORT, PORT + 1])

    def test_server_and_clients_talk_over_the_wire(self):
        code, run = self.daemons.result(WORKLOADS / "connect/places.json",
                                        *self.options("client"))
        self.assertEqual((code, run["verdict"]), (0, "passed"), run.get("reason"))
        self.assertEqual(run["bytes"]["sent"], run["bytes"]["received"])
        went = run["bytes"]["sent"] // 2  # the other half came back
        self.assertGreater(self.namespaces[0].received_bytes(), went)
        for number in (1, 2):
            self.assertGreater(self.namespaces[number].received_bytes(), went // 2)
        for number in range(COUNT):
            (line,) = self.daemons.audit(number)
            self.assertIn("verdict=PASSED", line)
        self.assert_nothing_is_left(range(COUNT))

        code, run = self.daemons.result(WORKLOADS / "datagram/places.json",
                                        *self.options("client"))
        self.assertEqual((code, run["verdict"]), (0, "passed"), run.get("reason"))
        self.assertEqual(len(self.daemons.audit(2)), 1)  # it has no part in it

    def test_daemon_that_is_killed_ends_the_others(self):
        workload = json.loads((WORKLOADS / "connect/places.json").read_text())
        for actor in workload["actors"]:
            for block in actor["blocks"]:
                if block.get("repeat_count") == 200:
                    block["repeat_count"] = 1000000
        self.daemons.write("long.json", workload)
        process = self.daemons.begin("run", "long.json", "--json", "long.results",
                                     *self.daemons.all_urls(), *self.options("client"))
        end = time.monotonic() + SECONDS
        while self.namespaces[2].received_bytes() < 500000:
            self.assertLess(time.monotonic(), end)
            self.assertIsNone(process.poll())
        begun = time.monotonic()
        self.daemons.processes[1].kill()
        out, error = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 1, out + error)
        self.assertLess(time.monotonic() - begun, 20)
        (run,) = json.loads((self.daemons.base / "long.results").read_text())["runs"]
        self.assertEqual(run["verdict"], "crashed")
        self.assertIn(f"place 1 (tls+tcp://{address(1)}:{PORT}): the daemon has gone",
                      run["reason"])
        self.assert_nothing_is_left((0, 2))
        for number in (0, 2):
            self.assertIn("verdict=FAILED", self.daemons.audit(number)[0])


def find_way():
    """A command that starts another in namespaces, or the reason why there is none."""
    for program in ("unshare", "nsenter", "ip", "openssl"):
        if shutil.which(program) is None:
            return None, f"{program} is not installed"
    for way in WAYS:
        tried = subprocess.run([*way, "sh", "-c", SETUP], text=True, stderr=subprocess.PIPE,
                               check=False, timeout=SECONDS)
        if tried.returncode == 0:
            return way, ""
    return None, f"namespaces are not permitted here: {tried.stderr.strip()}"


if __name__ == "__main__":
    if INSIDE not in os.environ:
        WAY, REASON = find_way()
        if WAY is None:
            print(f"skipped: {REASON}")
            sys.exit(77)
        os.execvpe(WAY[0], [*WAY, sys.executable, "-B", *sys.argv], {**os.environ, INSIDE: "1"})
    PROGRAMS = pathlib.Path(sys.argv[1])
    WORKLOADS = pathlib.Path(sys.argv[2]).resolve()
    SCRIPT = pathlib.Path(sys.argv[3]).resolve()
    subprocess.run(["sh", "-c", SETUP], check=True, timeout=SECONDS)
    unittest.main(argv=sys.argv[:1])
