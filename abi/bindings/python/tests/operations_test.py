"""operations_test.py - every operation, awaited: what it brings, and how it fails."""

import array
import asyncio
import os
import pathlib
import select
import signal
import socket
import tempfile
import threading
import unittest

import pendio
from support import Case, hosted, pair, put_in


async def receive_all(loop, context, handle, count):
    """So many bytes, in as many receives as it takes."""
    got = b""
    while len(got) < count and await loop.receive(context, handle):
        got += context.data
    return got


async def echo(loop, pool, listener, policy):
    with pool.context() as context:
        connection = await loop.accept(context, listener)
        context.set_policy(policy)
        while count := await loop.receive(context, connection, 4096):
            await loop.send(context, connection, count)
        await loop.close(context, connection)


class Sockets(Case):
    async def talk(self, family, address, policy):
        async with hosted() as (loop, pool, context):
            listener, client = loop.socket(family), loop.socket(family)
            listener.bind(address)
            listener.listen()
            server = asyncio.create_task(echo(loop, pool, listener, policy))
            await loop.connect(context, client, listener.local())
            for number in range(200):
                message = bytes([number]) * 100
                put_in(context, message)
                self.assertEqual(await loop.send(context, client), 100)
                context.set_window(0, 4096)
                self.assertEqual(await receive_all(loop, context, client, 100), message)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(await loop.receive(context, client), 0)
            self.assertTrue(context.result.end_of_stream)
            await server
            client.close()
            listener.close()

    def test_echo_over_tcp(self):
        for policy in pendio.Policy:
            self.run_async(self.talk(socket.AF_INET, ("127.0.0.1", 0), policy))

    def test_echo_over_unix(self):
        with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
            for policy in pendio.Policy:
                self.run_async(self.talk(socket.AF_UNIX, f"{folder}/{policy}", policy))

    def test_echo_of_what_was_lent(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                with pool.context() as lent:
                    lent.set_lending()
                    put_in(context, b"what was lent")
                    await loop.send(context, near)
                    self.assertEqual(await loop.receive(lent, far), 13)
                    self.assertEqual(lent.data, b"what was lent")
                    self.assertEqual(await loop.send(lent, far), 13)
                    self.assertEqual(await loop.receive(context, near), 13)
                    self.assertEqual(context.data, b"what was lent")
        self.run_async(run())

    def test_connect_by_name(self):
        async def run():
            async with hosted() as (loop, pool, context):
                listener = loop.socket()
                listener.bind(("127.0.0.1", 0))
                listener.listen()
                made = await loop.connect_name(context, "localhost", listener.local()[1])
                self.assertEqual(made.peer(), listener.local())
                with self.assertRaises(pendio.Failure) as caught:
                    await loop.connect_name(context, "127.0.0.1", 1)
                self.assertIsInstance(caught.exception, ConnectionRefusedError)
        self.run_async(run())

    def test_datagrams_and_their_senders(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near = loop.socket(type=socket.SOCK_DGRAM)
                far = loop.socket(type=socket.SOCK_DGRAM)
                near.bind(("127.0.0.1", 0))
                far.bind(("127.0.0.1", 0))
                put_in(context, b"question")
                await loop.send_to(context, near, far.local())
                with pool.context() as other:
                    self.assertEqual(await loop.receive_from(other, far), (8, near.local()))
                    receive = asyncio.create_task(loop.receive_message(other, far))
                    await asyncio.sleep(0)
                    await loop.send_to(context, near)
                    message = await receive
                    self.assertEqual(message.sender, near.local())
                    self.assertEqual(message.destination, ("127.0.0.1", 0))
                    self.assertEqual(message.interface_index, socket.if_nametoindex("lo"))
        self.run_async(run())

    def test_descriptors_in_messages(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop, socket.SOCK_SEQPACKET)
                put_in(context, b"take it")
                with open(os.devnull, "rb") as file, pool.context() as other:
                    sent = array.array("i", [file.fileno()]).tobytes()
                    context.set_control(pendio.write_control(
                        [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)]))
                    other.set_control(bytearray(64))
                    await loop.send_message(context, near)
                    message = await loop.receive_message(other, far)
                    (level, kind, data), = message.control
                    self.assertEqual((level, kind), (socket.SOL_SOCKET, socket.SCM_RIGHTS))
                    os.close(array.array("i", data)[0])
        self.run_async(run())

    def test_packets_and_splice(self):
        async def run(folder):
            path = pathlib.Path(folder, "packet")
            path.write_bytes(b"0123456789")
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                packets = [b"memory,", pendio.Packet(path, 2, 3), b"", bytearray(b",end")]
                self.assertEqual(await loop.send_packets(context, near, packets), 14)
                self.assertEqual(await receive_all(loop, context, far, 14), b"memory,234,end")
                reading, writing = map(loop.adopt, os.pipe())
                file = await loop.open(context, path, os.O_RDONLY)
                self.assertEqual(await loop.splice(context, file, 0, writing, pendio.STREAMING,
                                                   10), 10)
                self.assertEqual(await loop.read(context, reading), 10)
                self.assertEqual(context.data, b"0123456789")
        with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
            self.run_async(run(folder))

    def test_disconnect_and_again(self):
        async def run():
            async with hosted() as (loop, pool, context):
                listener, client = loop.socket(), loop.socket()
                listener.bind(("127.0.0.1", 0))
                listener.listen()
                for _ in range(3):
                    await loop.connect(context, client, listener.local())
                    accepted = await loop.accept(context, listener)
                    await loop.disconnect(context, client, reuse=True)
                    self.assertEqual(await loop.receive(context, accepted), 0)
                    accepted.close()
                prepared = loop.socket()
                await loop.connect(context, client, listener.local())
                self.assertEqual(await loop.accept(context, listener, prepared), prepared)
        self.run_async(run())


class Files(Case):
    def test_fixed_buffers(self):
        """The pool's memory is registered, so these go by READ_FIXED and WRITE_FIXED."""
        async def run(folder):
            async with hosted(4, 65536) as (loop, pool, context):
                path = os.path.join(folder, "file")
                file = await loop.open(context, path, os.O_RDWR | os.O_CREAT, 0o600)
                for part in range(16):
                    context.memory[:] = bytes([part]) * 65536
                    self.assertEqual(await loop.write(context, file, part * 65536), 65536)
                await loop.fsync(context, file, data_only=True)
                for part in range(16):
                    self.assertEqual(await loop.read(context, file, part * 65536), 65536)
                    self.assertEqual(context.data, bytes([part]) * 65536)
                self.assertEqual(await loop.read(context, file, 16 * 65536), 0)
                self.assertEqual((await loop.stat(context, path)).size, 1 << 20)
                await loop.truncate(context, file, 10)
                self.assertEqual((await loop.stat(context, handle=file)).size, 10)
                books = loop.statistics()
                self.assertGreater(books["arena_registered_bytes"]
                                   + books["arena_unregistered_bytes"], 0)
                await loop.close(context, file)
        with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
            self.run_async(run(folder))

    def test_names(self):
        async def run(folder):
            folder = pathlib.Path(folder)
            async with hosted() as (loop, pool, context):
                await loop.mkdir(context, folder / "a", 0o700)
                await loop.rename(context, folder / "a", folder / "b")
                self.assertEqual(os.listdir(folder), ["b"])
                await loop.unlink(context, folder / "b", directory=True)
                with self.assertRaises(FileNotFoundError) as caught:
                    await loop.unlink(context, folder / "b")
                self.assertIsInstance(caught.exception, pendio.Failure)
                self.assertEqual(caught.exception.completion.operation, pendio.Operation.UNLINK)
                with self.assertRaises(ValueError):
                    await loop.unlink(context, "null\0byte")
        with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
            self.run_async(run(folder))

    def test_pieces_and_memory_of_the_caller(self):
        async def run(folder):
            async with hosted() as (loop, pool, context):
                file = await loop.open(context, f"{folder}/file", os.O_RDWR | os.O_CREAT)
                context.set_pieces([b"some ", b"", bytearray(b"pieces")])
                self.assertEqual(await loop.write(context, file, 0), 11)
                memory = bytearray(20)
                context.set_memory(memoryview(memory)[2:])
                self.assertEqual(await loop.read(context, file, 0), 11)
                self.assertEqual(bytes(memory), b"\0\0some pieces" + bytes(7))
                self.assertEqual(context.data, b"some pieces")
        with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
            self.run_async(run(folder))


class Others(Case):
    def test_timer_poll_nop(self):
        async def run():
            async with hosted() as (loop, pool, context):
                await loop.nop(context)
                begun = asyncio.get_running_loop().time()
                await loop.timer(context, 5_000_000)
                self.assertGreaterEqual(asyncio.get_running_loop().time() - begun, 0.005)
                near, far = pair(loop)
                self.assertEqual(await loop.poll(context, near, select.POLLOUT), select.POLLOUT)
        self.run_async(run())

    def test_deadline(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                context.set_deadline(1_000_000)
                with self.assertRaises(pendio.DeadlineExceeded) as caught:
                    await loop.receive(context, near)
                self.assertIsInstance(caught.exception, TimeoutError)
        self.run_async(run())

    def test_child_and_signal(self):
        async def run():
            async with hosted() as (loop, pool, context):
                pid = os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", "exit 7")
                status = await loop.child(context, pid)
                self.assertEqual(os.waitstatus_to_exitcode(status), 7)
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
                os.kill(os.getpid(), signal.SIGUSR1)
                self.assertEqual(await loop.signal(context, signal.SIGUSR1), signal.SIGUSR1)
        self.run_async(run())

    def test_messages_of_other_threads(self):
        async def run():
            posted = asyncio.Queue()
            async with pendio.Loop(posted=lambda *what: posted.put_nowait(what)) as loop:
                thread = threading.Thread(target=loop.post, args=(7, 1 << 40))
                thread.start()
                self.assertEqual(await posted.get(), (7, 1 << 40))
                thread.join()
        self.run_async(run())

    def test_move_to_another_loop(self):
        async def run():
            async with hosted() as (loop, pool, context), pendio.Loop() as second:
                near, far = pair(loop)
                moved = await loop.move(context, near, second)
                with self.assertRaises(pendio.BadHandle):
                    near.local()
                with second.pool(1, 64) as theirs, theirs.context() as other:
                    put_in(other, b"from there")
                    await second.send(other, moved)
                self.assertEqual(await loop.receive(context, far), 10)
        self.run_async(run())

    def test_done_at_once_needs_no_trip(self):
        """With data at hand and TRY, an await does not let the host go on."""
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                context.set_policy(pendio.Policy.TRY)
                put_in(context, b"x")
                await loop.send(context, near)
                trips = []
                asyncio.get_running_loop().call_soon(trips.append, 1)
                await loop.send(context, near)
                await loop.receive(context, far)
                self.assertEqual(trips, [])
        self.run_async(run())


if __name__ == "__main__":
    unittest.main()
