"""support.py - what the tests of the binding share."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import unittest

import pendio


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@contextlib.asynccontextmanager
async def hosted(count=8, slice_bytes=4096, **options):
    """A loop, its pool, and one context."""
    async with pendio.Loop(**options) as loop:
        with loop.pool(count, slice_bytes) as pool, pool.context() as context:
            yield loop, pool, context


def pair(loop, kind=socket.SOCK_STREAM):
    """Two connected handles."""
    near, far = socket.socketpair(socket.AF_UNIX, kind)
    return loop.adopt(near), loop.adopt(far)


def put_in(context, data):
    """The data are the window."""
    context.memory[:len(data)] = data
    context.set_window(0, len(data))


def python(program, **environment):
    """A program in an interpreter of its own: exit code, and what it said on both ways."""
    end = subprocess.run([sys.executable, "-B", "-X", "faulthandler", "-c", program],
                         capture_output=True, text=True, timeout=30, check=False,
                         env={**os.environ, "PYTHONMALLOC": "debug", **environment})
    return end.returncode, end.stdout, end.stderr


class Case(unittest.TestCase):
    """Each test leaves as many descriptors as it found."""

    def setUp(self):
        self.before = descriptors()

    def tearDown(self):
        self.assertEqual(descriptors(), self.before, "descriptors are left over")

    def run_async(self, coroutine):
        return asyncio.run(asyncio.wait_for(coroutine, 20))
