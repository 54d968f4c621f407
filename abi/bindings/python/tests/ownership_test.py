"""ownership_test.py - whose thread, whose memory, whose turn it is; and the interpreter's end."""

import errno
import gc
import os
import socket
import threading
import unittest
import warnings

import pendio
from support import Case, hosted, pair, put_in, python

# Each leaves a receive into memory of Python's under way.
PENDING = """
import socket, sys, threading, pendio
def begin():
    loop = pendio.PlainLoop()
    near, far = socket.socketpair()
    handle = loop.adopt(near)
    context = loop.pool(1).get()
    context.set_memory(bytearray(1 << 20))
    assert context.receive(handle) == pendio.PENDING
    loop.flush()
    return loop, far
"""
HOSTED = """
import asyncio, socket, pendio
async def main():
    loop = pendio.Loop()
    loop.attach()
    context = loop.pool(1).get()
    near, far = socket.socketpair()
    context.set_memory(bytearray(1 << 20))
    asyncio.create_task(loop.receive(context, loop.adopt(near)))
    await asyncio.sleep(0.01)
    return loop, far
"""

# A receive is under way into memory that only its context holds. The collector does not know the
# memory: references to what it is about to end are empty before anything of it has ended.
FORGOTTEN = """
import ctypes, gc, pendio, socket, threading, weakref
class Memory(bytearray):
    pass
gc.disable()
memory = [Memory(1 << 20)]
ctypes.pythonapi.PyObject_GC_UnTrack(ctypes.py_object(memory[0]))
alive = weakref.ref(memory[0])
near, far = socket.socketpair()
def begin(memory):
    loop = pendio.PlainLoop()
    context = loop.pool(1).get()
    context.set_memory(memory)
    assert context.receive(loop.adopt(near)) == pendio.PENDING
    loop.flush()
    return [context]
"""


class Threads(Case):
    def test_another_thread_may_only_wake_and_post(self):
        with pendio.PlainLoop() as loop:
            pool = loop.pool(2)
            context = pool.get()
            refused = []

            def try_all():
                for attempt in (context.nop, pool.get, context.put, loop.turn, loop.socket,
                                lambda: context.set_user_data(1), loop.destroy):
                    with self.assertRaises(pendio.WrongThread) as caught:
                        attempt()
                    refused.append(caught.exception)
                loop.post(3, 4)
                loop.wake()

            thread = threading.Thread(target=try_all)
            thread.start()
            thread.join()
            self.assertEqual(len(refused), 7)
            self.assertIsInstance(refused[0], PermissionError)
            self.assertIn("not the thread that created the loop", str(refused[0]))
            (ended,) = loop.turn(1_000_000_000)
            self.assertIsNone(ended.context)
            self.assertEqual((ended.completion.user_data, ended.completion.value), (3, 4))

    def test_forked_child(self):
        with pendio.PlainLoop() as loop:
            context = loop.pool(1).get()
            pid = os.fork()
            if pid == 0:
                try:
                    context.nop()
                except pendio.WrongThread:
                    os._exit(7)
                os._exit(1)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 7)
            context.nop()
            self.assertEqual(loop.turn()[0].context, context)


class Contexts(Case):
    def test_in_use(self):
        with pendio.PlainLoop() as loop, loop.pool(1, 64) as pool:
            context = pool.get()
            context.timer(60_000_000_000)
            run, told = context.run, context.result
            for attempt in (context.nop, context.put, context.set_slice,
                            lambda: context.set_memory(bytearray(10)),
                            lambda: context.set_window(0, 1)):
                with self.assertRaises(pendio.Busy):
                    attempt()
            self.assertEqual((context.run, context.result), (run, told))
            context.cancel()
            (ended,) = loop.turn()
            self.assertIs(ended.context, context)
            self.assertEqual(ended.completion.error, -errno.ECANCELED)
            context.put()
            with self.assertRaises(pendio.Invalid):
                context.nop()
            with self.assertRaises(pendio.Refusal) as caught:
                context.put()
            self.assertEqual(caught.exception.errno, errno.EALREADY)

    def test_pool_reuse(self):
        async def run():
            async with hosted(4, 128) as (loop, pool, first):
                near, far = pair(loop)
                for number in range(300):
                    with pool.context() as sender, pool.context() as receiver:
                        put_in(sender, b"%d" % number)
                        await loop.send(sender, near)
                        await loop.receive(receiver, far)
                        self.assertEqual(receiver.data, b"%d" % number)
                        sender.set_deadline(1)  # nothing of it is left for whoever comes next
                books = loop.statistics()
                self.assertEqual((books["pool_in_use"], books["pool_high_water"]), (1, 3))
        self.run_async(run())

    def test_exhausted_and_closed(self):
        with pendio.PlainLoop() as loop:
            with loop.pool(1) as pool:
                context = pool.get()
                with self.assertRaisesRegex(pendio.NoCapacity, "all 1 contexts are taken"):
                    pool.get()
                with self.assertRaises(pendio.Busy):
                    pool.close()
                context.put()
            with self.assertRaises(pendio.Closed):
                pool.get()
            with self.assertRaises(pendio.Closed):
                context.nop()
        for attempt in (loop.turn, loop.socket, loop.wake, lambda: loop.pool(1), loop.fileno):
            with self.assertRaises(pendio.Closed):
                attempt()
        self.assertEqual(loop.destroy(), 0)

    def test_options(self):
        with self.assertRaises(TypeError):
            pendio.PlainLoop(operations=3)
        with self.assertRaises(pendio.Invalid):
            pendio.PlainLoop(operation_count=1 << 20)
        with pendio.PlainLoop(operation_count=8) as loop:
            with self.assertRaises(pendio.Refusal) as caught:
                loop.pool(9)
            self.assertEqual(caught.exception.errno, errno.ENOSPC)

    def test_numbers_that_do_not_fit(self):
        with pendio.PlainLoop() as loop:
            context = loop.pool(1).get()
            for attempt in (lambda: pendio.PlainLoop(operation_count=(1 << 32) + 8),
                            lambda: loop.pool((1 << 32) + 4, 64), lambda: loop.pool(-1),
                            lambda: loop.post(-1), lambda: loop.post(0, 1 << 64),
                            lambda: loop.turn(0, -1), lambda: context.poll(1, 1 << 32 | 1),
                            lambda: context.splice(1, 0, 2, 0, -1),
                            lambda: context.send_packets(1, [pendio.Packet("path", -1)])):
                with self.assertRaisesRegex(ValueError, "out of range: "):
                    attempt()

    def test_pool_that_names_no_number(self):
        with pendio.PlainLoop() as loop:
            pool = loop.pool(0, 64)
            self.assertEqual(len(pool.memory), 64 * loop.statistics()["pool_contexts"])

    def test_switched_off(self):
        code, _, said = python("import pendio; pendio.PlainLoop()", PENDIO_DISABLE_URING="1")
        self.assertEqual(code, 1)
        self.assertIn("PermissionError", said)


class Memory(Case):
    def test_is_pinned_while_it_is_set(self):
        with pendio.PlainLoop() as loop:
            context = loop.pool(1).get()
            memory = bytearray(10)
            context.set_memory(memory)
            with self.assertRaises(BufferError):
                memory.extend(b"more")
            context.put()
            memory.extend(b"more")

    def test_packets_are_let_go_when_they_have_gone(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                memory = bytearray(10)
                await loop.send_packets(context, near, [memory])
                memory.extend(b"more")
        self.run_async(run())
        with pendio.PlainLoop() as loop:
            near, far = pair(loop)
            context, memory = loop.pool(1).get(), bytearray(10)
            if context.send_packets(near, [memory]) == pendio.PENDING:
                loop.turn()
            memory.extend(b"more")

    def test_read_only(self):
        with pendio.PlainLoop() as loop:
            near, far = pair(loop)
            context = loop.pool(1).get()
            for memory in (b"constant", memoryview(bytearray(8)).toreadonly()):
                context.set_memory(memory)
                self.assertTrue(context.memory.readonly)
                for start in (context.receive, context.read, context.receive_from):
                    with self.assertRaises(TypeError):
                        start(near)
                context.set_policy(pendio.Policy.TRY)
                self.assertEqual(context.send(near), pendio.DONE)
                self.assertEqual(context.result.bytes, 8)
            with self.assertRaises(BufferError):
                context.set_memory(memoryview(bytearray(8))[::2])
            with self.assertRaises(TypeError):
                context.set_memory(8)

    def test_views_outlive_pool_and_loop(self):
        with pendio.PlainLoop() as loop:
            pool = loop.pool(4, 64)
            context = pool.get()
            view = context.memory
            view[:5] = b"still"
            whole = pool.memory
            self.assertEqual(len(whole), 256)
            self.assertIn(b"still", bytes(whole))
            context.put()
            with self.assertRaises(BufferError):
                pool.close()
        self.assertEqual(bytes(view[:5]), b"still")
        part = view[1:3]
        del view, whole
        self.assertEqual(bytes(part), b"ti")
        del part
        gc.collect()

    def test_what_was_lent_stays_as_long_as_its_view(self):
        with pendio.PlainLoop() as loop:
            near, far = pair(loop)
            pool = loop.pool(2, 64)
            sender, lent = pool.get(), pool.get()
            put_in(sender, b"lent")
            sender.set_policy(pendio.Policy.TRY)
            sender.send(near)
            lent.set_lending()
            lent.receive(far)
            while lent.run:
                loop.turn()
            view = lent.data
        self.assertEqual(bytes(view), b"lent")

    def test_nothing_grows(self):
        async def run():
            async with hosted(2, 64) as (loop, pool, context):
                near, far = pair(loop)
                other = pool.get()

                async def some(count):
                    for _ in range(count):
                        put_in(context, b"again")
                        await loop.send(context, near)
                        await loop.receive(other, far)
                        bytes(other.data)
                    gc.collect()
                    return len(gc.get_objects())

                before = await some(200)
                self.assertLess(await some(2000) - before, 20)
                other.put()
        self.run_async(run())


class Ends(Case):
    def test_loop_that_nobody_closed(self):
        near, far = socket.socketpair()
        with far, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loop = pendio.PlainLoop()
            context = loop.pool(1, 64).get()
            context.receive(loop.adopt(near))
            del loop, context
            gc.collect()
        self.assertIn("unclosed", str(caught[0].message))

    def test_memory_outlives_a_loop_that_another_thread_collects(self):
        code, said, _ = python(FORGOTTEN + """
thread = threading.Thread(target=begin, args=(memory.pop(),))
thread.start()
thread.join()
gc.collect()
print(alive() is not None)
""")
        self.assertEqual((code, said), (0, "True\n"))

    def test_memory_outlives_the_loop_whatever_the_collector_meets_first(self):
        code, said, _ = python(FORGOTTEN + """
ended = []
destroy = pendio.PlainLoop.destroy
def watched(self, *arguments):
    ended.append(alive() is not None)
    return destroy(self, *arguments)
pendio.PlainLoop.destroy = watched
kept = begin(memory.pop())
for _ in range(3):
    gc.collect()
del kept
gc.collect()
print(ended, alive())
""")
        self.assertEqual((code, said), (0, "[True] None\n"))

    def test_collector_leaves_the_library_to_the_loop(self):
        with pendio.PlainLoop() as loop:
            self.assertFalse(gc.is_tracked(loop._anchor))

    def check_end(self, program):
        code, _, said = python(program)
        self.assertEqual((code, said), (0, ""))

    def test_interpreter_ends_with_pending_operations(self):
        self.check_end(PENDING + "kept = begin()\n")
        self.check_end(PENDING + "kept = begin()\nsys.exit(0)\n")

    def test_interpreter_ends_with_those_of_another_thread(self):
        self.check_end(PENDING + """
done, kept = threading.Event(), []
def other():
    kept.append(begin())
    done.set()
    threading.Event().wait()
threading.Thread(target=other, daemon=True).start()
done.wait()
""")

    def test_interpreter_ends_after_asyncio_has(self):
        self.check_end(HOSTED + "kept = asyncio.run(main())\n")
        self.check_end(HOSTED + "asyncio.run(main())\n")

    def test_fork_ends_without_a_word(self):
        self.check_end(PENDING + """
import os
kept = begin()
if os.fork() == 0:
    sys.exit(0)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
""")


if __name__ == "__main__":
    unittest.main()
