"""seccomp_test.py - what the profile of pods lets through is enough, and not too much.

Usage:    seccomp_test.py DEPLOY_FOLDER PROGRAM_FOLDER WORKLOAD_FOLDER
Failures: a workload that does not pass on daemons under the profile, which is loaded into the
          kernel as a container runtime does it. Skipped (77) where libseccomp is missing.
"""

import ctypes
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from several import Daemons  # noqa: E402

DEPLOY = pathlib.Path(sys.argv[1]).resolve()
PROFILE = json.loads((DEPLOY / "seccomp.json").read_text())
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
UNKNOWN = -1
FILES = ("connect/places.json", "datagram/places.json", "file/*.json", "context/[a-f]*.json")


def load(library):
    """From now on, for this process and what it becomes."""
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int,
                                               ctypes.c_uint, ctypes.c_void_p]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    state = library.seccomp_init(ERRNO | PROFILE["defaultErrnoRet"])
    for group in PROFILE["syscalls"]:
        for name in group["names"]:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number >= 0:  # else this machine has it not
                library.seccomp_rule_add_array(state, ALLOW, number, 0, None)
    return library.seccomp_load(state)


def become(words):
    """What the test starts its daemons with."""
    status = load(ctypes.CDLL("libseccomp.so.2"))
    if status < 0:
        sys.exit(f"the profile could not be loaded: {os.strerror(-status)}")
    os.execv(words[0], words)


class Profile(unittest.TestCase):
    def test_it_is_of_the_form_that_runtimes_read(self):
        self.assertEqual(set(PROFILE), {"defaultAction", "defaultErrnoRet", "architectures",
                                        "syscalls"})
        self.assertEqual(PROFILE["defaultAction"], "SCMP_ACT_ERRNO")
        for group in PROFILE["syscalls"]:
            self.assertEqual(set(group), {"comment", "action", "names"})
            self.assertEqual(group["action"], "SCMP_ACT_ALLOW")
            self.assertEqual(group["names"], sorted(set(group["names"])))

    def test_it_has_io_uring_and_nothing_that_changes_the_machine(self):
        names = {name for group in PROFILE["syscalls"] for name in group["names"]}
        self.assertLessEqual({"io_uring_setup", "io_uring_enter", "io_uring_register"}, names)
        self.assertFalse(names & {"bpf", "mount", "ptrace", "setns", "unshare", "reboot",
                                  "kexec_load", "init_module", "keyctl", "userfaultfd",
                                  "perf_event_open", "process_vm_readv", "open_by_handle_at"})

    def test_workloads_pass_under_it(self):
        daemons = Daemons(sys.argv[2])
        folder = pathlib.Path(sys.argv[3]).resolve()
        under = [sys.executable, "-B", __file__, DEPLOY, "--become"]
        files = [path for pattern in FILES for path in sorted(folder.glob(pattern))]
        for number in range(3):
            daemons.start(f"ipc://{daemons.base}/sock-{number}", before=under)
        code, out, error = daemons.call("run", *files, "--json", "all.json", *daemons.all_urls(),
                                        before=under)
        self.assertEqual(code, 0, out + error)
        runs = json.loads((daemons.base / "all.json").read_text())["runs"]
        self.assertEqual(len(runs), len(files))
        self.assertGreater(sum(run["verdict"] == "passed" for run in runs), len(files) * 3 // 4)
        status = pathlib.Path(f"/proc/{daemons.processes[0].pid}/status").read_text()
        self.assertIn("Seccomp:\t2", status)
        daemons.stop()


if __name__ == "__main__":
    if sys.argv[2] == "--become":
        become(sys.argv[3:])
    try:
        TRIED = os.spawnv(os.P_WAIT, sys.executable,
                          [sys.executable, "-B", __file__, str(DEPLOY), "--become", "/bin/true"])
    except OSError:
        TRIED = UNKNOWN
    if TRIED != 0:
        print("skipped: the profile cannot be loaded here (libseccomp2, and the right to)")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
