"""Pools: contexts, and one stretch of registered memory cut into equal slices."""

import contextlib
import ctypes
import errno
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from . import _layout as c
from .context import Context
from .errors import Busy, Closed, NoCapacity
from .low import functions
from .memory import view_of
from .starts import fill_in

if TYPE_CHECKING:
    from .plain import PlainLoop

#: Contexts of a pool that names no number of them.
DEFAULT_COUNT = 64


class _Anchor:
    """What views of the pool's memory hold on to."""

    __slots__ = ("loop",)

    def __init__(self, loop: object) -> None:
        self.loop = loop


class Pool:
    """Contexts of one loop; made by PlainLoop.pool(). A context manager: its end closes the pool.

    A pool left open ends with its loop.
    """

    def __init__(self, loop: "PlainLoop", context_count: int, slice_bytes: int,
                 piece_count: int) -> None:
        options = c.pendio_pool_options(size=ctypes.sizeof(c.pendio_pool_options))
        fill_in(options, context_count=context_count, slice_bytes=slice_bytes,
                piece_count=piece_count)
        made = ctypes.c_void_p()
        status = functions.pendio_pool_create(loop._pointer, ctypes.byref(options),
                                              ctypes.byref(made))
        if status < 0:
            raise loop._refused(status, "pool")
        self.loop = loop
        self._pointer = made.value
        self._anchor: object = _Anchor(loop._anchor)
        self._contexts: list[Context] = []
        self._got = ctypes.c_void_p()
        self._got_reference = ctypes.byref(self._got)
        base, size = ctypes.c_void_p(), ctypes.c_uint64()
        functions.pendio_pool_memory(self._pointer, ctypes.byref(base), ctypes.byref(size))
        self._base, self.slice_bytes = base.value, size.value
        self.context_count = context_count or DEFAULT_COUNT
        loop._pools.append(self)

    def get(self) -> Context:
        """Take a free context, as new: its own slice, AUTO, no flags, no deadline.

        `NoCapacity`: all are taken.
        """
        status = functions.pendio_pool_get(self._pointer, self._got_reference)
        if status < 0:
            if self._pointer is None:
                raise Closed(errno.ESHUTDOWN, "get: the pool is closed")
            if status == -errno.EAGAIN:
                raise NoCapacity(errno.EAGAIN, f"get: all {self.context_count} contexts are taken")
            raise self.loop._refused(status, "get")
        pointer = self._got.value
        assert pointer is not None
        context = self.loop._contexts.get(pointer)
        if context is None:
            return self._know(pointer)
        context._as_new()
        return context

    def _know(self, pointer: int) -> Context:
        window, size = ctypes.c_void_p(), ctypes.c_size_t()
        functions.pendio_context_window(pointer, ctypes.byref(window), ctypes.byref(size))
        context = Context(self.loop, self, pointer, window.value, size.value)
        self.loop._contexts[pointer] = context
        self._contexts.append(context)
        return context

    @contextlib.contextmanager
    def context(self) -> Iterator[Context]:
        """A context for a while. Is it still in use at the end, that is cancelled, and the context
        goes back to the pool as soon as it has ended."""
        context = self.get()
        try:
            yield context
        finally:
            if context._pointer is not None:
                context._put_when_over()

    @property
    def memory(self) -> memoryview:
        """All slices, one after the other; no copy."""
        if self._base is None:
            return memoryview(b"")
        return view_of(self._base, self.slice_bytes * self.context_count, self._anchor)

    def close(self) -> None:
        """End the pool before its loop ends.

        `Busy`: a context is taken or in use. BufferError: there are memoryviews of its memory.
        """
        if self._pointer is None:
            return
        for context in self._contexts:
            context._view = None
        if sys.getrefcount(self._anchor) > 2:  # ours, and that of this very question
            raise BufferError("there are memoryviews of the pool's memory")
        status = functions.pendio_pool_destroy(self._pointer)
        if status == -errno.EBUSY:
            raise Busy(errno.EBUSY, "close: contexts of the pool are taken or in use")
        if status < 0:
            raise self.loop._refused(status, "close")
        for context in self._contexts:
            if context._pointer is not None:
                del self.loop._contexts[context._pointer]
        self.loop._pools.remove(self)
        self._end()

    def _end(self) -> None:
        for context in self._contexts:
            context._end()
        self._contexts.clear()
        self._pointer = self._base = self._anchor = None

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        """close(); where that is not possible yet, the pool ends with its loop."""
        try:
            self.close()
        except BufferError:
            pass
        except Busy:
            if error is None:
                raise
