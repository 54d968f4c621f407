"""cancel_test.py - ends before the end: cancelled tasks, cancelled runs, closes, the loop's own."""

import asyncio
import os
import pathlib
import socket
import subprocess
import sys
import unittest

import pendio
from support import Case, hosted, pair


async def begin(coroutine):
    """Its task, once the operation is under way."""
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    return task


class Cancelled(Case):
    def test_task_ends_with_its_operation(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                memory = bytearray(100)
                context.set_memory(memory)
                task = await begin(loop.receive(context, near))
                task.cancel()
                await asyncio.sleep(0)
                self.assertFalse(task.done(), "the kernel still has the memory")
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                self.assertEqual(context.run, 0)
                self.assertTrue(context.result.flags & pendio.CompletionFlag.BY_CANCEL)
                with pool.context() as other:
                    other.set_memory(b"to the next one")
                    await loop.send(other, far)
                self.assertEqual(bytes(memory), bytes(100))
                self.assertEqual(await loop.receive(context, near), 15)
        self.run_async(run())

    def test_timeout(self):
        async def run():
            async with hosted() as (loop, pool, context):
                with self.assertRaises(TimeoutError):
                    async with asyncio.timeout(0.002):
                        await loop.timer(context, 60_000_000_000)
                self.assertEqual(context.run, 0)
                await loop.nop(context)
        self.run_async(run())

    def test_connection_that_nobody_takes_is_closed(self):
        async def run():
            async with hosted() as (loop, pool, context):
                listener = loop.socket()
                listener.bind(("127.0.0.1", 0))
                listener.listen()
                task = await begin(loop.accept(context, listener))
                with socket.create_connection(listener.local()) as client:
                    while not loop.turn(1_000_000_000):
                        pass
                    self.assertFalse(task.done())
                    task.cancel()  # delivered already, and not yet told to the task
                    with self.assertRaises(asyncio.CancelledError):
                        await task
                    self.assertNotEqual(context.result.value, 0)
                    client.setblocking(False)
                    self.assertEqual(await asyncio.get_running_loop().sock_recv(client, 1), b"")
        self.run_async(run())

    def test_run_is_cancelled_and_not_the_task(self):
        async def run():
            async with hosted() as (loop, pool, context):
                self.assertFalse(context.cancel())
                task = await begin(loop.timer(context, 60_000_000_000))
                self.assertTrue(context.cancel())
                with self.assertRaises(pendio.Cancelled):
                    await task
        self.run_async(run())

    def test_close_ends_what_is_under_way(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                task = await begin(loop.receive(context, near))
                with pool.context() as other:
                    await loop.close(other, near, pendio.CloseMode.ABORTIVE)
                with self.assertRaises(pendio.ClosedMeanwhile):
                    await task
                with self.assertRaises(pendio.BadHandle):
                    await loop.receive(context, near)
        self.run_async(run())

    def test_end_of_the_loop_ends_all(self):
        async def run():
            async with pendio.Loop() as loop:
                pool = loop.pool(8)
                tasks = [await begin(loop.timer(pool.get(), 60_000_000_000)) for _ in range(8)]
            for task in tasks:
                with self.assertRaises(pendio.Cancelled):
                    await task
            with self.assertRaises(pendio.Closed):
                loop.socket()
        self.run_async(run())

    def test_shutdown_by_hand_ends_all(self):
        async def run():
            async with hosted() as (loop, pool, context):
                near, far = pair(loop)
                task = await begin(loop.receive(context, near))
                await asyncio.sleep(0.01)
                loop.shutdown()
                with self.assertRaises(pendio.Cancelled):
                    await task
        self.run_async(run())

    def test_end_that_two_wait_for(self):
        async def run():
            for is_cancelled in (False, True):
                async with pendio.Loop() as loop:
                    ends = [await begin(loop.aclose()) for _ in range(2)]
                    if is_cancelled:
                        ends[0].cancel()
                    await asyncio.wait(ends)
                    self.assertEqual(ends[0].cancelled(), is_cancelled)
                    self.assertIsNone(ends[1].result())
        self.run_async(run())

    def test_coroutine_that_is_dropped(self):
        async def run():
            async with hosted(1) as (loop, pool, context):
                near, far = pair(loop)
                coroutine = loop.receive(context, near)
                coroutine.send(None)
                coroutine.close()
                while context.run != 0:
                    await asyncio.sleep(0)
                await loop.nop(context)
        self.run_async(run())

    def test_context_in_use_goes_back_when_it_has_ended(self):
        async def run():
            async with pendio.Loop() as loop:
                near, far = pair(loop)
                with loop.pool(1, 64) as pool:
                    with pool.context() as context:
                        self.assertEqual(context.receive(near), pendio.PENDING)
                    with self.assertRaises(pendio.NoCapacity):
                        pool.get()
                    while loop.statistics()["pool_in_use"]:
                        await asyncio.sleep(0)
                    with pool.context() as again:
                        self.assertIs(again, context)
                        await loop.nop(again)
        self.run_async(run())

    def test_context_that_is_awaited_goes_back_when_that_has_ended(self):
        async def run():
            async with pendio.Loop() as loop:
                near, far = pair(loop)
                with loop.pool(1, 64) as pool:
                    with pool.context() as context:
                        task = await begin(loop.receive(context, near))
                    with self.assertRaises(pendio.Cancelled) as caught:
                        await task
                    self.assertEqual(caught.exception.completion.handle, near)
                    while loop.statistics()["pool_in_use"]:
                        await asyncio.sleep(0)
        self.run_async(run())

    def test_context_that_has_ended_and_was_not_told_goes_back(self):
        async def run():
            async with pendio.Loop() as loop:
                near, far = pair(loop)
                with loop.pool(2, 64) as pool:
                    with pool.context() as context, pool.context() as other:
                        context.nop()
                        other.nop()
                        self.assertEqual(len(loop.turn(-1, 1)), 1)
                    while loop.statistics()["pool_in_use"]:
                        await asyncio.sleep(0)
        self.run_async(run())

    def test_wait_for_what_is_not_pending(self):
        async def run():
            async with hosted() as (loop, pool, context):
                await loop.wait(context)
                near, far = pair(loop)
                context.set_policy(pendio.Policy.TRY)
                self.assertEqual(context.send(near), pendio.DONE)
                await loop.wait(context)
                self.assertEqual(context.result.bytes, 4096)
        self.run_async(run())

    def test_context_of_another_loop(self):
        async def run():
            async with hosted() as (loop, pool, context), pendio.Loop() as second:
                near, far = pair(loop)
                with self.assertRaises(ValueError):
                    await second.receive(context, near)
                while context.run != 0:
                    await asyncio.sleep(0)
                task = await begin(loop.receive(context, near))
                with self.assertRaises(RuntimeError):
                    await loop.wait(context)
                task.cancel()
                await asyncio.wait([task])
        self.run_async(run())

    def test_many_at_random_times(self):
        """The short form; its count can be chosen: cancel_race.py 10000."""
        script = pathlib.Path(__file__).with_name("cancel_race.py")
        end = subprocess.run([sys.executable, "-B", "-X", "faulthandler", script, "500"],
                             env={**os.environ, "PYTHONMALLOC": "debug"}, capture_output=True,
                             text=True, timeout=60, check=False)
        self.assertEqual((end.returncode, end.stderr), (0, ""), end.stdout)


if __name__ == "__main__":
    unittest.main()
