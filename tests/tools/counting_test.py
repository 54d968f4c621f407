#!/usr/bin/env python3
"""counting_test.py - the libpendio that counts its calls hands on each of them, and counts right.

Usage:      counting_test.py FOLDER LIBRARY: that of the examples; bench_counted is beside LIBRARY
Happy path: a program that loads the library in the place of libpendio has as many calls and
            completions as it made; servers that have it in them, or before libpendio, count two
            completions for each message.
Failures:   unittest's report, exit 1; exit 77 where there is no io_uring.
"""

import ctypes
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

MESSAGES = 100
DONE, PENDING, TRY, QUEUE = 0, 1, 1, 2

programs = library = pathlib.Path()


def make_calls(path: str) -> None:
    """A line of numbers, calls and completions, behind each step; and the library's beside it."""
    library = ctypes.CDLL(path)
    loop, pool, context = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    handle, memory = ctypes.c_uint64(), ctypes.create_string_buffer(8)
    records = ctypes.create_string_buffer(4 * 64)
    calls = completions = 0

    def call(name, expected, *arguments):
        nonlocal calls
        calls += 1
        answer = getattr(library, f"pendio_{name}")(*arguments)
        assert answer == expected, (name, answer)

    def compare():
        print(calls, completions, flush=True)
        os.kill(os.getpid(), signal.SIGUSR1)

    compare()
    if library.pendio_loop_create(None, ctypes.byref(loop)) < 0:
        sys.exit(77)
    calls += 1
    options = struct.pack("IIIIQ", 24, 0, 1, 0, 0)
    call("pool_create", 0, loop, options, ctypes.byref(pool))
    call("pool_get", 0, pool, ctypes.byref(context))
    compare()

    call("context_set_policy", 0, context, QUEUE)
    call("nop", PENDING, context, loop)
    call("nop", -16, context, loop)  # refused: the context is in use
    call("loop_turn", 1, loop, ctypes.c_int64(-1), records, 4)
    completions += 1
    compare()

    near, far = socket.socketpair()
    far.send(b"data")
    call("handle_adopt", 0, loop, near.detach(), ctypes.byref(handle))
    call("context_set_policy", 0, context, TRY)
    call("context_set_memory", 0, context, memory, ctypes.c_size_t(8))
    call("receive", DONE, context, handle)
    assert memory.value == b"data"
    completions += 1
    call("loop_post", 0, loop, ctypes.c_uint64(1), ctypes.c_uint64(2))
    call("loop_turn", 1, loop, ctypes.c_int64(-1), records, 4)  # which is no operation's
    call("handle_close", 0, loop, handle, 0)
    call("loop_destroy", 0, loop, ctypes.c_int64(-1), None)
    compare()


def loaded() -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-B", __file__, "--make-calls", library],
                          capture_output=True, text=True)


class CountingTest(unittest.TestCase):
    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.path = os.path.join(home.name, "here")

    def check(self, server, expected: int, **environment) -> None:
        """So many completions are counted by a server at the path, and calls for all of them."""
        running = subprocess.Popen(server, env={**os.environ, **environment},
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        running.stdout.readline()  # it listens
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path)
            for _ in range(MESSAGES):
                client.sendall(bytes(64))
                self.assertEqual(64, len(client.recv(64, socket.MSG_WAITALL)))
            calls = completions = 0
            while completions < expected:  # the last send may not have ended for it yet
                running.send_signal(signal.SIGUSR1)
                calls, completions = map(int, running.stdout.readline().split())
        self.assertEqual(expected, completions)
        self.assertGreater(calls, completions)

    def test_who_loads_it_has_all_calls_counted(self):
        answer = loaded()
        self.assertEqual(0, answer.returncode, answer.stderr)
        lines = answer.stdout.splitlines()
        self.assertEqual(8, len(lines))
        self.assertEqual(lines[::2], lines[1::2])

    def test_who_has_it_in_itself_counts(self):
        self.check([library.parent / "bench_counted", "pendio-lending", "unix", self.path, "1"],
                   2 * MESSAGES)

    def test_who_is_linked_to_the_real_one_counts_with_it_before_that(self):
        self.check([programs / "echo_server", "0", "--unix", self.path, "--lend"],
                   2 * MESSAGES + 1, LD_PRELOAD=str(library))  # the connection was accepted


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("counting_test.py: name the folder of programs, and the library")
    library = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "--make-calls":
        make_calls(str(library))
        sys.exit(0)
    programs = pathlib.Path(sys.argv[1])
    if loaded().returncode == 77:
        print("skipped: there is no io_uring here")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
