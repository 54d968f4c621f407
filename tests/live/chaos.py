#!/usr/bin/env python3
"""chaos.py - kills, stops and cuts off daemon, runs and clients at random, and looks what is left.

Usage:      chaos.py PROGRAM_FOLDER [--seconds N] [--seed N]
Happy path: as many seconds of it (300), a line every ten of them, then one with the counts; exit 0.
Failures:   a process or file that outlives its owner, a daemon that answers no more or does not
            come back, a client that never ends: one line with what it was and the seed; exit 1.
            The same seed does the same things in the same order, in the machine's own time.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

MARK = "PENDIO_CHAOS"  # in the environment of everything started here, and of what that starts
CLIENT_COUNT = 4
SOCKETS = 64           # of the daemon: nng before 1.6 loses some with listeners made deaf
SETTLE_S = 15          # until what is dying is dead; the grace of a run that is killed included
ROUND_EVENTS = 40      # between two looks at what is left

# One with a process and a file of its own, that takes as long as chaos may need to come upon it.
LONG = {
    "name": "chaos/long",
    "pools": [{"name": "pool", "context_count": 4, "slice_bytes": 4096}],
    "endpoints": [{"name": "file", "family": "FILE", "file_bytes": 65536},
                  {"name": "here", "family": "UNIX_STREAM"}],
    "actors": [{"name": "one", "instance_count": 1, "blocks": [{"steps": [
        {"operation": "OPEN", "endpoint": "file", "into": "f"},
        {"operation": "SOCKET", "endpoint": "here", "into": "s"},
        {"operation": "BIND", "endpoint": "here", "handle": "s"},
        {"operation": "SPAWN", "after_ns": "60000000000"},
        {"operation": "READ", "handle": "f", "bytes": 4096},
        {"operation": "TIMER", "after_ns": "1000000000"},
        {"operation": "CLOSE", "handle": "f"}]}]}],
    "limits": {"time_ms": 3000},
}
SHORT = {
    "name": "chaos/short",
    "pools": [{"name": "pool", "context_count": 1}],
    "actors": [{"name": "one", "instance_count": 2, "blocks": [
        {"repeat_count": 200, "steps": [{"operation": "NOP", "policy": "QUEUE"}]}]}],
}


class Trouble(Exception):
    pass


def wait_until(what, seconds=SETTLE_S):
    """The last value of `what`, which is empty once all is well."""
    end = time.monotonic() + seconds
    left = what()
    while left and time.monotonic() < end:
        time.sleep(0.02)
        left = what()
    return left


def marked_processes(mark):
    """Those that carry the mark and live: a zombie is its parent's, who will look for it."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            pass  # it has ended, or is somebody else's
    return {process: line.decode(errors="replace") for process, line in found.items() if line}


class Chaos:
    def __init__(self, programs, base, seed):
        self.programs, self.base = programs, base
        self.subject = programs / "subject_plain"
        self.random = random.Random(seed)
        self.token = f"{os.getpid()}-{seed}"
        # Who looks for its leaks at its end, with a helper that stops it, waits for ever when the
        # helper is killed or a SIGCONT comes between. Those tests that hurt nobody look for them.
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.environment = {**os.environ, "TMPDIR": str(base / "tmp"), MARK: self.token,
                            "ASAN_OPTIONS": options.lstrip(":")}
        self.url = f"ipc://{base}/sock"
        self.counts = collections.Counter()
        self.clients, self.sockets = [], []
        self.daemon = None
        self.descriptors = 0
        (base / "tmp").mkdir()
        (base / "long.json").write_text(json.dumps(LONG))
        (base / "short.json").write_text(json.dumps(SHORT))

    # What there is.

    def processes(self):
        """All that was started here but daemon and clients."""
        known = {client.pid for client in self.clients}
        if self.daemon is not None:
            known.add(self.daemon.pid)
        found = marked_processes(f"{MARK}={self.token}".encode())
        return {process: line for process, line in found.items() if process not in known}

    def children(self):
        try:
            tasks = pathlib.Path(f"/proc/{self.daemon.pid}/task").iterdir()
            lists = [(task / "children").read_text().split() for task in tasks]
        except OSError:
            return []
        return sorted(int(child) for children in lists for child in children)

    def files(self):
        """Those that only a run, or a daemon that lives, has a right to."""
        left = [str(path) for path in (self.base / "tmp").iterdir()]
        names = {"tmp", "keep", "stats", "audit", "long.json", "short.json"}
        if self.daemon is not None:
            names |= {"sock", "sock.events", "sock.lock"}
        left += [str(path) for path in self.base.iterdir() if path.name not in names]
        if self.daemon is None:
            left += [str(path) for path in self.base.glob("*/.*")]
        stats = list((self.base / "stats").iterdir())
        return left + ([f"{len(stats)} files of statistics"] if len(stats) > 33 else [])

    def open_descriptors(self):
        names = []
        try:
            paths = list(pathlib.Path(f"/proc/{self.daemon.pid}/fd").iterdir())
        except OSError as gone:
            raise Trouble(f"the daemon has no descriptors any more: {gone}") from gone
        for path in paths:
            try:
                names.append(os.readlink(path))
            except OSError:
                pass  # closed since
        return sorted(names)

    def more_descriptors(self):
        now = self.open_descriptors()
        sockets = [name for name in now if name.startswith("socket")]
        if len(now) - len(sockets) <= self.descriptors and len(sockets) <= SOCKETS:
            return ""
        return f"{len(now)} descriptors, not {self.descriptors}: {now}"

    # The daemon.

    def begin_daemon(self):
        self.daemon = subprocess.Popen(
            [self.programs / "pendiod", "--listen", self.url, "--max-runs", "3",
             "--keep", self.base / "keep", "--stats-dir", self.base / "stats",
             "--audit", self.base / "audit"],
            env=self.environment, cwd=self.base, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        line = self.daemon.stdout.readline()
        if "listens on" not in line:
            raise Trouble(f"the daemon does not come back: {line}")

    def end_daemon(self):
        """After a signal that ends it: whatever it began ends, too."""
        os.kill(self.daemon.pid, signal.SIGCONT)
        try:
            status = self.daemon.wait(SETTLE_S)
        except subprocess.TimeoutExpired as late:
            raise Trouble("the daemon does not end") from late
        self.daemon.stdout.close()
        self.daemon = None
        left = wait_until(self.processes)
        if left:
            raise Trouble(f"the daemon has ended, not so: {left}")
        return status

    # What happens.

    def begin_client(self):
        if len(self.clients) == CLIENT_COUNT:
            return
        file = self.random.choice(["long.json", "short.json", "short.json"])
        command = [self.programs / "pendio", "run", "--url", self.url, "--quiet"]
        if file == "short.json" and self.random.random() < 0.3:
            command += ["--subject", self.subject]
        self.clients.append(subprocess.Popen(
            command + [self.base / file], env=self.environment, cwd=self.base,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def hurt_client(self):
        if self.clients:
            self.hurt(self.random.choice(self.clients).pid)

    def hurt_run(self):
        children = self.children()
        if children:
            self.hurt(self.random.choice(children))

    def hurt_offspring(self):
        """What a run began itself: a subject, a process."""
        mine = set(self.children())
        others = sorted(process for process in self.processes() if process not in mine)
        if others:
            self.hurt(self.random.choice(others))

    def hurt(self, process):
        number = self.random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
        self.send(process, number)
        if number == signal.SIGSTOP and self.random.random() < 0.7:
            time.sleep(self.random.uniform(0.01, 0.3))
            self.send(process, signal.SIGCONT)

    def send(self, process, number):
        try:
            os.kill(process, number)
            self.counts[signal.Signals(number).name] += 1
        except ProcessLookupError:
            pass

    def cut_off(self):
        """Somebody connects, says nothing or nonsense, and stays or goes."""
        self.counts["connections"] += 1
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.settimeout(1)
        try:
            one.connect(f"{self.base}/sock" + self.random.choice(["", ".events"]))
            if self.random.random() < 0.7:
                one.sendall(b"\0SP\0\0\x30\0\0"[:self.random.randrange(9)])
                one.sendall(self.random.randbytes(self.random.randrange(64)))
        except OSError:
            pass  # the daemon is stopped, or has thrown it out
        self.sockets.append(one)
        if len(self.sockets) > 4 or self.random.random() < 0.5:
            self.sockets.pop(0).close()

    def cancel(self):
        run = self.random.randrange(1, 20)
        self.clients.append(subprocess.Popen(
            [self.programs / "pendio", "runs", "cancel", str(run), "--url", self.url],
            env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def stop_daemon_a_while(self):
        self.send(self.daemon.pid, signal.SIGSTOP)
        time.sleep(self.random.uniform(0.05, 0.6))
        self.send(self.daemon.pid, signal.SIGCONT)

    def replace_daemon(self):
        self.counts["daemons"] += 1
        if self.random.random() < 0.5:
            self.send(self.daemon.pid, self.random.choice([signal.SIGSTOP, signal.SIGCONT]))
            self.send(self.daemon.pid, signal.SIGKILL)
            self.end_daemon()
        else:
            for _ in range(self.random.randrange(1, 3)):
                self.send(self.daemon.pid, signal.SIGTERM)
                time.sleep(self.random.uniform(0, 0.1))
            status = self.end_daemon()
            if status != 0:
                raise Trouble(f"a daemon that was told to stop ends with {status}")
            left = self.files()
            if left:
                raise Trouble(f"a daemon that was told to stop leaves {left}")
        self.begin_daemon()

    def one_event(self):
        what = self.random.choices(
            [self.begin_client, self.hurt_run, self.hurt_offspring, self.hurt_client, self.cut_off,
             self.cancel, self.stop_daemon_a_while, self.replace_daemon],
            [10, 5, 3, 3, 3, 1, 1, 1])[0]
        self.counts["events"] += 1
        what()
        for client in [client for client in self.clients if client.poll() is not None]:
            self.counts["clients"] += 1
            self.clients.remove(client)
        time.sleep(self.random.uniform(0, 0.15))

    # What must be so.

    def settle(self):
        """Nobody is hurt any more: all clients and runs end, and nothing is left of them."""
        while self.sockets:
            self.sockets.pop().close()
        time.sleep(0.3)  # who comes right behind them may not be heard
        for client in self.clients:
            self.send(client.pid, signal.SIGCONT)
        for process in self.processes():
            self.send(process, signal.SIGCONT)
        for client in self.clients:
            try:
                client.wait(60)
            except subprocess.TimeoutExpired as late:
                raise Trouble(f"a client does not end: {client.args}") from late
        self.clients.clear()
        left = wait_until(lambda: self.processes() or self.files())
        if left:
            raise Trouble(f"no run is under way, but there is {left}")
        self.check_answers()
        left = wait_until(self.more_descriptors)
        if left:
            raise Trouble(f"no run is under way, but the daemon has {left}")

    def check_answers(self):
        self.ask("run", "--quiet", self.base / "short.json")
        self.ask("run", "--quiet", "--subject", self.subject, self.base / "short.json")
        self.ask("runs", "list")

    def ask(self, *command):
        """Three times: nng before 1.6 may lose who comes right behind one that was killed."""
        for _ in range(3):
            done = subprocess.run(
                [self.programs / "pendio", *command, "--url", self.url], text=True,
                env=self.environment, capture_output=True, timeout=60, check=False)
            if done.returncode == 0:
                return
            self.counts["asked again"] += 1
        raise Trouble(f"the daemon was asked {command[0]}: {done.stdout}{done.stderr}")

    def go_on(self, seconds):
        begun = time.monotonic()
        told = begun
        self.begin_daemon()
        self.check_answers()
        wait_until(lambda: self.processes())
        self.descriptors = sum(1 for name in self.open_descriptors() if "socket" not in name)
        while time.monotonic() < begun + seconds:
            for _ in range(self.random.randrange(ROUND_EVENTS // 2, ROUND_EVENTS)):
                self.one_event()
            self.settle()
            self.counts["looks"] += 1
            if time.monotonic() > told + 10:
                told = time.monotonic()
                print(f"{told - begun:.0f} s: {self.counts['events']} events", flush=True)
        self.send(self.daemon.pid, signal.SIGTERM)
        status = self.end_daemon()
        left = self.files()
        if status != 0 or left:
            raise Trouble(f"at the end the daemon ends with {status} and leaves {left}")

    def clean(self):
        for process in [*self.clients, self.daemon]:
            if process is not None and process.poll() is None:
                process.kill()
        for process in self.processes():
            self.send(process, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description="Kills, stops and cuts off at random.")
    parser.add_argument("programs", type=pathlib.Path, help="folder with pendio and pendiod")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.randrange(1 << 31)
    with tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp") as folder:
        chaos = Chaos(arguments.programs.resolve(), pathlib.Path(folder), seed)
        try:
            chaos.go_on(arguments.seconds)
        except Trouble as trouble:
            print(f"chaos.py: {trouble}; again with --seed {seed}", file=sys.stderr)
            return 1
        finally:
            chaos.clean()
    told = ", ".join(f"{count} {name}" for name, count in sorted(chaos.counts.items()))
    print(f"seed {seed}: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
