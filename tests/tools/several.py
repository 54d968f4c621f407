"""several.py - daemons of a test, started where it says, and called.

Happy path: Daemons starts them one by one, each with a directory and an audit file of its own.
Failures:   what is left behind, of processes and files, is for the test to look at.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

SECONDS = 60


class Daemons:
    def __init__(self, programs):
        self.programs = pathlib.Path(programs).resolve()
        self.directory = tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp")
        self.base = pathlib.Path(self.directory.name)
        self.processes = []
        self.urls = []

    def start(self, url, *options, before=()):
        """`before` is a command that starts it elsewhere, e.g. in a namespace."""
        number = len(self.processes)
        scratch = self.base / f"scratch-{number}"
        scratch.mkdir()
        process = subprocess.Popen(
            [*before, self.programs / "pendiod", "--listen", url,
             "--audit", self.base / f"audit-{number}", *options],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.base,
            env={**os.environ, "TMPDIR": str(scratch)})
        self.processes.append(process)
        self.urls.append(url)
        line = process.stdout.readline()
        if "listens on" not in line:
            raise AssertionError(process.communicate(timeout=SECONDS)[1])

    def start_local(self, *options):
        self.start(f"ipc://{self.base}/sock-{len(self.processes)}", *options)

    def all_urls(self):
        return [word for url in self.urls for word in ("--url", url)]

    def begin(self, *words, before=()):
        return subprocess.Popen([*before, self.programs / "pendio", *words], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.base)

    def call(self, *words, before=()):
        process = self.begin(*words, before=before)
        out, error = process.communicate(timeout=SECONDS)
        return process.returncode, out, error

    def result(self, file, *words, before=()):
        """The exit code of a run on all of them, and its one result."""
        name = self.base / "results.json"
        name.unlink(missing_ok=True)
        code, out, error = self.call("run", file, "--json", name, *self.all_urls(), *words,
                                     before=before)
        if not name.exists():
            raise AssertionError(f"exit {code}: {out}{error}")
        (run,) = json.loads(name.read_text())["runs"]
        return code, run

    def write(self, name, workload):
        (self.base / name).write_text(json.dumps(workload))

    def audit(self, number):
        return (self.base / f"audit-{number}").read_text().splitlines()

    def left(self, number):
        """Private directories of its runs."""
        return [path.name for path in (self.base / f"scratch-{number}").iterdir()
                if path.name.startswith("pendio-run")]

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        said = [process.communicate(timeout=SECONDS)[1] for process in self.processes]
        self.directory.cleanup()
        return said


def tls_options(folder, who):
    """Of those that tools/certificates.sh has made in the folder."""
    return ["--tls-certificate", folder / f"{who}.pem", "--tls-key", folder / f"{who}.key",
            "--tls-authority", folder / "authority.pem"]


def children(process):
    """Of a process, by number."""
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(word) for word in path.read_text().split()]
