"""cost_test.py - how often the library is called, for each operation that has ended."""

import asyncio
import collections
import unittest
from unittest import mock

import pendio
from pendio import loop as hosted_loop
from pendio import low
from support import Case, pair

WIDTH = 32
ROUNDS = 30


def counting(calls, name, function):
    def call(*arguments):
        calls[name] += 1
        return function(*arguments)
    return call


class Calls(Case):
    def count(self, policy, lending):
        """Pairs that send 64 bytes to and fro: calls for each completion."""
        calls = collections.Counter()

        async def talk(loop, pool, handle, begins):
            with pool.context() as context:
                context.set_policy(policy)
                context.set_window(0, 64)
                if begins:
                    await loop.send(context, handle)
                if lending:
                    context.set_lending()
                for _ in range(ROUNDS):
                    await loop.receive(context, handle)
                    await loop.send(context, handle)

        async def run():
            async with pendio.Loop() as loop:
                pool = loop.pool(2 * WIDTH, 64)
                pairs = [pair(loop) for _ in range(WIDTH)]
                before = loop.statistics()
                await asyncio.gather(*(talk(loop, pool, handle, number)
                                       for ends in pairs for number, handle in enumerate(ends)))
                after = loop.statistics()
            ended = sum(after[name] - before[name] for name in ("done", "delivered"))
            return sum(calls.values()) / ended

        with mock.patch.multiple(low.functions, **{
                name: counting(calls, name, function)
                for name, function in vars(low.functions).items()}):
            turn = counting(calls, "pendio_loop_turn", low.unlocked.pendio_loop_turn)
            with mock.patch.object(hosted_loop, "_turn", turn):
                return self.run_async(run())

    def test_calls_of_an_operation(self):
        for policy in pendio.Policy:
            for lending in (False, True):
                calls = self.count(policy, lending)
                print(f"{policy.name}{', lending' if lending else ''}: {calls:.2f} calls")
                self.assertLess(calls, 2.1)
                if policy == pendio.Policy.QUEUE:
                    self.assertLess(calls, 1.2)


if __name__ == "__main__":
    unittest.main()
