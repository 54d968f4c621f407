#!/usr/bin/env python3
"""cancel_race.py - awaits that are cancelled at random times, and every completion accounted for.

Usage:      cancel_race.py [COUNT] [--seed NUMBER]       (default: 500)
Happy path: receives, sends, timers, polls, reads, writes, accepts and connects, each by a task that
            is cancelled at some time, or not. One line with what became of them.
Failures:   an await that ends otherwise than its operation did, a count that does not fit, memory
            written to after its await had ended, a descriptor left over: exit 1.
"""

import argparse
import asyncio
import collections
import os
import pathlib
import random
import select
import socket
import sys
import tempfile

import pendio

WIDTH = 40
MARK = 0xa5


class Race:
    def __init__(self, loop, pool, rest, folder):
        self.loop, self.pool, self.rest, self.folder = loop, pool, rest, folder
        self.count = collections.Counter()
        self.memory = [bytearray(4096) for _ in range(WIDTH)]
        self.errors = []

    def pair(self):
        near, far = socket.socketpair()
        return self.loop.adopt(near), far

    async def hurry(self):
        """For a while: nothing, some rounds of the loop, or real time."""
        how = self.rest.random()
        if how < 0.6:
            for _ in range(self.rest.randrange(1, 6)):
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(self.rest.random() * 0.003)

    async def receive(self, context):
        handle, far = self.pair()
        with far:
            if self.rest.random() < 0.5:
                far.send(b"x" * self.rest.randrange(1, 4096))
            else:
                asyncio.get_running_loop().call_later(self.rest.random() * 0.003, self.tell, far)
            try:
                await self.loop.receive(context, handle)
            finally:
                handle.close()

    @staticmethod
    def tell(far):
        if far.fileno() >= 0:
            far.send(b"late")

    async def send(self, context):
        handle, far = self.pair()
        with far:
            handle.set_option(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            try:
                for _ in range(self.rest.randrange(1, 8)):
                    await self.loop.send(context, handle)
            finally:
                handle.close()

    async def timer(self, context):
        await self.loop.timer(context, self.rest.randrange(3_000_000))

    async def poll(self, context):
        handle, far = self.pair()
        with far:
            try:
                await self.loop.poll(context, handle, select.POLLIN)
            finally:
                handle.close()

    async def file(self, context):
        path = self.folder / str(id(context))
        handle = await self.loop.open(context, path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self.loop.write(context, handle, 0)
            await self.loop.read(context, handle, 0)
        finally:
            handle.close()

    async def accept(self, context):
        listener, near = self.loop.socket(), self.loop.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        try:
            with self.pool.context() as other:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self.loop.connect(other, near, listener.local()))
                    (await self.loop.accept(context, listener)).close()
        finally:
            near.close()
            listener.close()

    async def one(self, number):
        """One operation or a few in a row, by a task that is cancelled while it goes on."""
        kind = self.rest.choice((self.receive, self.receive, self.send, self.timer, self.poll,
                                 self.file, self.accept))
        memory = self.memory[number]
        with self.pool.context() as context:
            context.set_policy(self.rest.choice(list(pendio.Policy)))
            context.set_memory(memory)
            task = asyncio.create_task(kind(context))
            await self.hurry()
            task.cancel()
            if self.rest.random() < 0.2:  # once more, while it waits for the end
                await asyncio.sleep(0)
                task.cancel()
            await asyncio.wait([task])
            self.judge(task, context, kind.__name__)
        memory[:] = bytes([MARK]) * len(memory)
        await self.hurry()
        if memory.count(MARK) != len(memory):
            self.errors.append(f"{kind.__name__}: its memory was written to after its end")

    def judge(self, task, context, name):
        if context.run != 0:
            self.errors.append(f"{name}: the await has ended, the operation has not")
        if task.cancelled():
            told = context.result
            self.count["cancelled" if told.flags & pendio.CompletionFlag.BY_CANCEL else
                       "ended all the same" if told.run else "before its start"] += 1
        elif task.exception() is None:
            self.count["ended"] += 1
        else:
            self.errors.append(f"{name}: {task.exception()!r}")


def account(race, loop, count):
    books = loop.statistics()
    if sum(race.count.values()) != count:
        race.errors.append(f"{sum(race.count.values())} awaits of {count} are accounted for")
    if books["started"] != books["done"] + books["pending"]:
        race.errors.append("what was started is not what was done or pending")
    if books["delivered"] != books["pending"]:
        race.errors.append(f"{books['pending']} were pending, {books['delivered']} delivered")
    if books["pool_in_use"] != 0 or books["handles_open"] != 0:
        race.errors.append(f"{books['pool_in_use']} contexts and {books['handles_open']} handles "
                           "are left")
    return books


async def run(count, seed):
    before = len(os.listdir("/proc/self/fd"))
    with tempfile.TemporaryDirectory(prefix="pendio-") as folder:
        async with pendio.Loop() as loop:
            with loop.pool(2 * WIDTH) as pool:
                race = Race(loop, pool, random.Random(seed), pathlib.Path(folder))
                left = iter(range(count))

                async def worker(number):
                    for _ in left:
                        await race.one(number)

                await asyncio.gather(*map(worker, range(WIDTH)))
                await asyncio.sleep(0.02)  # closes of handles that nobody awaits
                books = account(race, loop, count)
    if len(os.listdir("/proc/self/fd")) != before:
        race.errors.append("there are more descriptors than before")
    print(f"seed {seed}: {count} awaits, {dict(race.count)}; {books['started']} operations, "
          f"{books['done']} done, {books['pending']} pending, {books['delivered']} delivered")
    return race.errors


def main():
    parser = argparse.ArgumentParser(description="Cancel awaits at random times.")
    parser.add_argument("count", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    errors = asyncio.run(run(arguments.count, arguments.seed))
    for error in errors[:20]:
        print(f"error: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
