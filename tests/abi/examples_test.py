"""examples_test.py - the example programs as processes, against real sockets and files.

Usage: examples_test.py PROGRAM_FOLDER [unittest arguments]
"""

import errno
import itertools
import os
import pathlib
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAMS = pathlib.Path(sys.argv[1])
SECONDS = 60
SLICE_BYTES = 128 * 1024


def run(name, *arguments, **options):
    return subprocess.run([PROGRAMS / name, *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False,
                          **options)


def content(byte_count, seed=0):
    """Bytes in which every place looks different from its neighbours, 251 and 256 bytes away."""
    block = bytes((index * 7 + index // 256 + seed) % 256 for index in range(65521))
    return (block * (byte_count // len(block) + 1))[:byte_count]


def exchange(connection, payload):
    """Sends all of it while what comes back is read; says that was all, and waits for the end."""
    sender = threading.Thread(target=lambda: (connection.sendall(payload),
                                              connection.shutdown(socket.SHUT_WR)))
    sender.start()
    received = bytearray()
    while True:
        piece = connection.recv(65536)
        if not piece:
            break
        received += piece
    sender.join()
    return bytes(received)


class Server:
    """A program that says where it listens, ended by a signal."""

    def __init__(self, *arguments, name="echo_server", **options):
        self.process = subprocess.Popen([PROGRAMS / name, *map(str, arguments)], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        line = self.process.stdout.readline()
        if not line.startswith("listening on 127.0.0.1:"):
            self.process.kill()
            raise AssertionError(f"{name}: {line!r} {self.process.communicate()[1]!r}")
        self.port = int(line.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=SECONDS)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def stop(self, number=signal.SIGTERM):
        """Exit code and what it said on standard error."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pendio-examples-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class EchoServer(Case):
    def test_echoes_under_every_policy(self):
        payload = content(300_000)
        for policy, lend in itertools.product(("auto", "try", "queue"), ((), ("--lend",))):
            with self.subTest(policy=policy, lend=lend), \
                    Server(0, "--policy", policy, *lend) as server:
                with server.connect() as connection:
                    self.assertEqual(exchange(connection, payload), payload)
                self.assertEqual(server.stop(), (0, ""))

    def test_serves_many_connections_at_once(self):
        for lend in ((), ("--lend",)):
            with self.subTest(lend=lend):
                self.serve_many(*lend)

    def serve_many(self, *lend):
        with Server(0, *lend) as server:
            connections = [server.connect() for _ in range(100)]
            for number, connection in enumerate(connections):
                connection.sendall(content(1000, number))
            for number, connection in reversed(list(enumerate(connections))):
                self.assertEqual(connection.recv(1000, socket.MSG_WAITALL), content(1000, number))
                connection.close()
            self.assertEqual(server.stop(), (0, ""))

    def test_serves_more_connections_than_it_has_contexts_one_after_another(self):
        with Server(0) as server:
            for number in range(1100):
                with server.connect() as connection:
                    connection.sendall(b"%d" % number)
                    self.assertEqual(connection.recv(16), b"%d" % number)
            self.assertEqual(server.stop(), (0, ""))

    def test_more_connections_than_contexts_wait_for_their_turn(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit[1] < 4096:
            self.skipTest("fewer than 4096 descriptors allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, limit[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        with Server(0) as server:
            connections = [server.connect() for _ in range(1030)]
            for connection in connections:
                connection.sendall(b"x")
            for connection in connections:
                self.assertEqual(connection.recv(1), b"x")
                connection.close()
            self.assertEqual(server.stop(), (0, ""))

    def test_listens_on_a_unix_socket_too_and_removes_it(self):
        path = self.folder / "echo.sock"
        with Server(0, "--unix", path) as server:
            for family, address in ((socket.AF_UNIX, str(path)),
                                    (socket.AF_INET, ("127.0.0.1", server.port))):
                with socket.socket(family) as connection:
                    connection.settimeout(SECONDS)
                    connection.connect(address)
                    self.assertEqual(exchange(connection, content(70_000)), content(70_000))
            self.assertEqual(server.stop(), (0, ""))
        self.assertFalse(path.exists())

    def test_goes_on_after_a_reset(self):
        with Server(0) as server:
            for _ in range(20):
                connection = server.connect()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(content(200_000))
                connection.close()
            with server.connect() as connection:
                self.assertEqual(exchange(connection, b"alive"), b"alive")
            self.assertEqual(server.stop(), (0, ""))

    def test_tries_again_when_no_descriptor_is_left(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
        with Server(0, preexec_fn=few) as server:
            connections = [server.connect() for _ in range(30)]
            connections[0].sendall(b"first")
            self.assertEqual(connections[0].recv(16), b"first")
            said = server.process.stderr.readline()
            for connection in connections[:-1]:
                connection.close()
            connections[-1].sendall(b"last")
            self.assertEqual(connections[-1].recv(16), b"last")
            connections[-1].close()
            self.assertEqual(server.stop()[0], 0)
        self.assertEqual(said, "echo_server: cannot accept, trying again: Too many open files\n")

    def test_ends_cleanly_on_both_signals_even_with_connections(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number), Server(0) as server, server.connect() as connection:
                connection.sendall(b"x")
                self.assertEqual(connection.recv(1), b"x")
                self.assertEqual(server.stop(number), (0, ""))
                self.assertEqual(connection.recv(1), b"")

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended = run("echo_server", taken.getsockname()[1])
        self.assertEqual(ended.returncode, 3)
        self.assertEqual(ended.stderr, "echo_server: cannot listen: Address already in use\n")

    def test_bad_arguments_are_usage(self):
        for arguments in ((), ("x",), (65536,), (-1,), (7000, 7001), (7000, "--policy", "never"),
                          (7000, "--unix", "x" * 108), (7000, "--what")):
            with self.subTest(arguments=arguments):
                ended = run("echo_server", *arguments)
                self.assertEqual(ended.returncode, 2)
                self.assertIn("usage: echo_server PORT", ended.stderr)

    def test_says_why_it_cannot_run(self):
        ended = run("echo_server", 0, env={**os.environ, "PENDIO_DISABLE_URING": "1"})
        self.assertEqual((ended.returncode, ended.stdout), (3, ""))
        self.assertEqual(ended.stderr, "echo_server: cannot run: io_uring is switched off by "
                                       "PENDIO_DISABLE_URING; unset it to run\n")


class EchoClient(Case):
    def test_verifies_messages_of_all_sizes_over_tcp_and_unix(self):
        path = self.folder / "echo.sock"
        with Server(0, "--unix", path) as server:
            for connections, messages, byte_count in ((1, 1, 1), (64, 100, 64), (10, 20, 65536)):
                for where in ((), ("--unix", path)):
                    with self.subTest(byte_count=byte_count, where=where):
                        ended = run("echo_client", server.port, *where, "--messages", messages,
                                    "--connections", connections, "--bytes", byte_count)
                        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
                        self.assertRegex(ended.stdout,
                                         f"^{connections * messages} messages of {byte_count} "
                                         f"bytes over {connections} connections in .* s: .*/s\n$")
            self.assertEqual(server.stop(), (0, ""))

    def test_works_under_every_policy(self):
        with Server(0) as server:
            for policy in ("auto", "try", "queue"):
                ended = run("echo_client", server.port, "--policy", policy, "--messages", 50)
                self.assertEqual((ended.returncode, ended.stderr), (0, ""), policy)

    def answer_with(self, change):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(change(connection.recv(64, socket.MSG_WAITALL)))
            server = threading.Thread(target=serve)
            server.start()
            ended = run("echo_client", listener.getsockname()[1], "--messages", 2)
            server.join()
        return ended

    def test_one_changed_byte_is_seen(self):
        ended = self.answer_with(lambda sent: sent[:-1] + bytes([sent[-1] ^ 1]))
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(ended.stderr, f"echo_client: no echo: {os.strerror(errno.EBADMSG)}\n")

    def test_a_server_that_closes_too_early_is_seen(self):
        ended = self.answer_with(lambda sent: sent[:10])
        self.assertEqual(ended.returncode, 1)
        self.assertIn("echo_client: no echo: ", ended.stderr)

    def test_nobody_listening_is_named(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            ended = run("echo_client", unused.getsockname()[1])
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(ended.stderr, "echo_client: no echo: Connection refused\n")

    def test_bad_arguments_are_usage(self):
        for arguments in ((), ("x",), (7000, "--bytes", 0), (7000, "--bytes", 65537),
                          (7000, "--connections", 0), (7000, "--messages", "many"),
                          (7000, "--lend")):
            with self.subTest(arguments=arguments):
                ended = run("echo_client", *arguments)
                self.assertEqual(ended.returncode, 2)
                self.assertIn("usage: echo_client PORT", ended.stderr)


class FileCopy(Case):
    def copy(self, payload, **options):
        source, target = self.folder / "source", self.folder / "target"
        source.write_bytes(payload)
        return run("file_copy", source, target, **options), target

    def test_copies_every_size_around_its_slices(self):
        for byte_count in (0, 1, SLICE_BYTES - 1, SLICE_BYTES, SLICE_BYTES + 1,
                           16 * SLICE_BYTES, 17 * SLICE_BYTES + 3, 40 * SLICE_BYTES + 12345):
            with self.subTest(byte_count=byte_count):
                ended, target = self.copy(content(byte_count))
                self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "", ""))
                self.assertEqual(target.read_bytes(), content(byte_count))

    def test_a_longer_target_is_cut(self):
        (self.folder / "target").write_bytes(content(500_000, 3))
        ended, target = self.copy(content(1000))
        self.assertEqual(ended.returncode, 0)
        self.assertEqual(target.read_bytes(), content(1000))

    def test_a_file_that_does_not_know_its_size_is_copied_whole(self):
        target = self.folder / "target"
        ended = run("file_copy", "/proc/filesystems", target)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(target.read_bytes(), pathlib.Path("/proc/filesystems").read_bytes())

    def test_works_without_registered_memory(self):
        ended, target = self.copy(content(900_000),
                                  env={**os.environ, "PENDIO_FEATURES": "-fixed_buffers"})
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(target.read_bytes(), content(900_000))

    def assert_fails(self, ended, code, text):
        self.assertEqual((ended.returncode, ended.stderr), (code, f"file_copy: {text}\n"))

    def test_what_is_missing_or_forbidden_is_named(self):
        missing, folder = self.folder / "missing", self.folder / "folder"
        present = self.folder / "present"
        present.write_bytes(b"x")
        folder.mkdir()
        self.assert_fails(run("file_copy", missing, present), 1,
                          f"{missing}: No such file or directory")
        self.assert_fails(run("file_copy", present, missing / "x"), 1,
                          f"{missing}/x: No such file or directory")
        self.assert_fails(run("file_copy", present, folder), 2, f"{folder}: not a regular file")
        self.assert_fails(run("file_copy", "/dev/zero", present), 2,
                          "/dev/zero: not a regular file")
        self.assertEqual(present.read_bytes(), b"x")

    def test_a_file_is_not_copied_onto_itself(self):
        present, other = self.folder / "present", self.folder / "other"
        present.write_bytes(b"precious")
        other.symlink_to(present)
        self.assert_fails(run("file_copy", present, other), 2,
                          f"{present} and {other} are the same file")
        self.assertEqual(present.read_bytes(), b"precious")

    def test_a_write_that_fails_is_named(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        ended, target = self.copy(content(5_000_000), preexec_fn=small_files)
        self.assert_fails(ended, 1, f"{target}: File too large")

    def test_without_two_names_it_is_usage(self):
        ended = run("file_copy", "one")
        self.assertEqual((ended.returncode, ended.stderr), (2, "usage: file_copy SRC DST\n"))


class FifteenAccepts(Case):
    def counts_of(self, said):
        total, shares = said.strip().split("\n")[-1].split(" connections accepted by 15 contexts: ")
        return int(total), [int(share) for share in shares.split()]

    def test_fifteen_contexts_accept_five_hundred_connections(self):
        ended = run("fifteen_accepts")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        total, shares = self.counts_of(ended.stdout)
        self.assertEqual((total, len(shares), sum(shares)), (500, 15, 500))
        self.assertTrue(all(shares), shares)

    def test_connections_from_another_process_are_accepted(self):
        with Server(100, 0, name="fifteen_accepts") as server:
            for _ in range(100):
                server.connect().close()
            said, complaints = server.process.communicate(timeout=SECONDS)
        self.assertEqual((server.process.returncode, complaints), (0, ""))
        self.assertEqual(self.counts_of(said)[0], 100)

    def test_bad_arguments_are_usage(self):
        for arguments in (("x",), (0,), (1, 65536), (1, 2, 3)):
            ended = run("fifteen_accepts", *arguments)
            self.assertEqual((ended.returncode, ended.stderr),
                             (2, "usage: fifteen_accepts [CONNECTIONS [PORT]]\n"), arguments)


class GroupEcho(Case):
    def test_every_connection_is_served_and_counted_by_its_loop(self):
        for loop_count in (1, 3):
            with self.subTest(loop_count=loop_count), \
                    Server(0, loop_count, name="group_echo") as server:
                connections = [server.connect() for _ in range(60)]
                for number, connection in enumerate(connections):
                    self.assertEqual(exchange(connection, content(50_000, number)),
                                     content(50_000, number))
                    connection.close()
                server.process.send_signal(signal.SIGTERM)
                said, complaints = server.process.communicate(timeout=SECONDS)
                self.assertEqual((server.process.returncode, complaints), (0, ""))
                first, counts = said.strip().split(":")
                self.assertEqual(first, f"connections of {loop_count} loops")
                self.assertEqual(len(counts.split()), loop_count)
                self.assertEqual(sum(map(int, counts.split())), 60)

    def test_ends_cleanly_on_both_signals_even_with_connections(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number), Server(0, name="group_echo") as server, \
                    server.connect() as connection:
                connection.sendall(b"x")
                self.assertEqual(connection.recv(1), b"x")
                self.assertEqual(server.stop(number), (0, ""))
                self.assertEqual(connection.recv(1), b"")

    def test_more_connections_than_contexts_are_closed(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit[1] < 4096:
            self.skipTest("fewer than 4096 descriptors allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, limit[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        with Server(0, 1, name="group_echo") as server:
            connections = [server.connect() for _ in range(1024)]
            for connection in connections:
                connection.sendall(b"x")
                self.assertEqual(connection.recv(1), b"x")
            with self.assertRaises(ConnectionResetError), server.connect() as one_too_many:
                one_too_many.recv(1)
            for connection in connections:
                connection.close()
            self.assertEqual(server.stop(), (0, ""))

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended = run("group_echo", taken.getsockname()[1])
        self.assertEqual(ended.returncode, 3)
        self.assertEqual(ended.stderr, "group_echo: cannot listen: Address already in use\n")

    def test_says_why_it_cannot_run(self):
        ended = run("group_echo", 0, env={**os.environ, "PENDIO_DISABLE_URING": "1"})
        self.assertEqual((ended.returncode, ended.stdout), (3, ""))
        self.assertIn("group_echo: cannot run: io_uring is switched off", ended.stderr)

    def test_bad_arguments_are_usage(self):
        for arguments in ((), ("x",), (65536,), (7000, 0), (7000, 1025), (7000, 1, 1)):
            ended = run("group_echo", *arguments)
            self.assertEqual((ended.returncode, ended.stderr),
                             (2, "usage: group_echo PORT [LOOPS]\n"), arguments)


class Hosted(Case):
    def test_times_end_while_input_is_repeated(self):
        process = subprocess.Popen([PROGRAMS / "hosted", "20", "0", "20"], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write("hello\n")
        process.stdin.flush()
        said = [process.stdout.readline() for _ in range(4)]
        self.assertEqual(sorted(said), ["0 ms are over\n", *["20 ms are over\n"] * 2, "hello\n"])
        self.assertEqual(process.communicate("and more\n", timeout=SECONDS)[0], "and more\n")
        self.assertEqual(process.returncode, 0)

    def test_bad_arguments_are_usage(self):
        for arguments in ((), ("x",), (3600001,), ("0",) * 1001):
            ended = run("hosted", *arguments)
            self.assertEqual((ended.returncode, ended.stderr),
                             (2, "usage: hosted MILLISECONDS...\n"), arguments)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
