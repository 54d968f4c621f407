"""judged.py - the adapter of a binding, judged by the referee of the harness.

    return judged.by_the_referee(programs, workloads, ["pool/exhausted"], "adapter argument")

Happy path:  a daemon of its own, the workloads one after another, the number that passed: 0.
Failures:    a workload that is not passed: its lines, and 1. None may be skipped either.
"""

import json
import os
import signal
import subprocess
import tempfile

SECONDS = 120


def run(programs, files, adapter, folder):
    daemon = subprocess.Popen([programs / "pendiod", "--listen", f"ipc://{folder}/sock"],
                              text=True, stdout=subprocess.PIPE,
                              env={**os.environ, "TMPDIR": folder})
    url = daemon.stdout.readline().split()[-1]
    try:
        return subprocess.run([programs / "pendio", "run", "--url", url, "--json", "-",
                               "--subject", adapter, *files],
                              stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=SECONDS)


def by_the_referee(programs, workloads, names, adapter):
    files = [workloads / f"{name}.json" for name in names]
    with tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp") as folder:
        end = run(programs, files, adapter, folder)
    verdicts = [one["verdict"] for one in json.loads(end.stdout)["runs"]]
    print(f"{verdicts.count('passed')} of {len(names)} passed")
    return end.returncode or verdicts != ["passed"] * len(names)
