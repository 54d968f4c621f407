"""The loop by itself: starts and turns, for programs without asyncio."""

import atexit
import ctypes
import errno
import socket as sockets
import time
import warnings
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Union

from . import _layout as c
from . import low
from .errors import Closed, Refusal, refusal
from .handle import Handle
from .memory import Uncollected, never_free
from .pool import DEFAULT_COUNT, Pool
from .records import COMPLETION, Completion, Ended, Told
from .starts import check_range, fill_in

if TYPE_CHECKING:
    from .context import Context

functions = low.functions
_turn = low.unlocked.pendio_loop_turn
_destroy = low.unlocked.pendio_loop_destroy

#: What one turn delivers at most.
RECORD_COUNT = 256

#: How long a loop that nobody has closed may take to end what is under way.
LAST_WAIT_NS = 5_000_000_000

_OPTIONS = {name for name, *_ in c.pendio_loop_options._fields_} - {"size", "flags", "reserved"}

_live: "weakref.WeakSet[PlainLoop]" = weakref.WeakSet()


class _Anchor(Uncollected):
    """The library's loop. It ends when nobody holds this any more: neither the loop that was
    closed, nor a memoryview of memory that is the library's.

    Not before the __del__ of a loop that is forgotten together with this: that has yet to end what
    is under way.
    """

    __slots__ = ()

    def __del__(self, end: Callable[[int, int, None], int] = _destroy) -> None:
        end(self, 0, None)


class PlainLoop:
    """One ring, bound to the thread that makes it.

    Options are those of struct pendio_loop_options (operation_count, handle_count, done_budget,
    post_count, timer_slack_ns, name_servers, buffer_bytes, buffer_count, collect_bytes,
    collect_count, allowed_operations, spin_ns, batch_ns, batch_count); what is not given has its
    default. A `Refusal` says why there is no loop.

    A context manager: its end is destroy(). It must end before its thread does.
    """

    _was_checked = False

    def __init__(self, *, name_servers: str | None = None, **options: int) -> None:
        self._anchor: _Anchor | None = None
        self._pointer: int | None = None
        if not PlainLoop._was_checked:
            PlainLoop._was_checked = low.check_answers(functions)
        raw = None if name_servers is None else name_servers.encode()
        known = c.pendio_loop_options(size=ctypes.sizeof(c.pendio_loop_options), name_servers=raw)
        for name, value in options.items():
            if name not in _OPTIONS:
                raise TypeError(f"no option of a loop: {name}")
        fill_in(known, **options)
        made = ctypes.c_void_p()
        status = functions.pendio_loop_create(ctypes.byref(known), ctypes.byref(made))
        if status < 0:
            error = refusal(status, "loop")
            error.strerror = functions.pendio_loop_explain(status).decode()
            raise error
        assert made.value is not None
        self._pointer = made.value
        self._anchor = _Anchor(self._pointer)
        self._buffer_bytes = known.buffer_bytes or 4096
        self._contexts: "dict[int, Context]" = {}
        self._pools: list[Pool] = []
        self._handles: set[int] = set()
        records = (c.pendio_completion * RECORD_COUNT)()
        self._records = ctypes.addressof(records)
        self._view = memoryview(records).cast("B")
        scratch = c.pendio_completion()
        self._scratch_address = ctypes.addressof(scratch)
        self._scratch = memoryview(scratch).cast("B")
        _live.add(self)

    def _refused(self, status: int, call: str) -> Refusal:
        if self._pointer is None:
            return Closed(errno.ESHUTDOWN, f"{call}: the loop is closed")
        return refusal(status, call)

    def _check(self, status: int, call: str) -> int:
        if status < 0:
            raise self._refused(status, call)
        return status

    @property
    def closed(self) -> bool:
        """destroy() has been called."""
        return self._pointer is None

    # ---- turning ----

    def turn(self, timeout_ns: int = -1, count: int = RECORD_COUNT) -> list[Ended]:
        """Submit, sleep at most so long (-1: no limit), and deliver at most so many.

        In the order of ending; each context is free again. Nothing in it: woken, out of time, or
        interrupted. `ShuttingDown`: after shutdown() everything was delivered.
        """
        check_range("count", count)
        return self._deliver(self._check(
            _turn(self._pointer, timeout_ns, self._records, min(count, RECORD_COUNT)), "turn"))

    def _deliver(self, count: int) -> list[Ended]:
        ended = []
        told: Any
        for told in COMPLETION.iter_unpack(self._view[:count * COMPLETION.size]):
            context = self._contexts.get(told[0])
            if context is not None:
                self._told(context, told)
            ended.append(Ended(context, Completion._make(told)))
        return ended

    def _ask(self) -> None:
        """Something was asked for that the next turn hands over. Here the caller turns."""

    def _told(self, context: "Context", told: Told) -> None:
        context._told, context._kept = told, None
        if context._abandoned:
            context._clean_up()

    def _abandon(self, context: "Context") -> None:
        """Nobody waits for it any more: its operation is cancelled, and ends by itself."""
        context._waiter = None
        if context._told is not None:
            context._dispose()
        elif context._pointer is not None:
            context._abandoned = True
            context.cancel()

    def flush(self) -> None:
        """Submit what was started, without waiting or delivering."""
        self._check(functions.pendio_loop_flush(self._pointer), "flush")

    def wake(self) -> None:
        """Make the turn return, now or the next time it would sleep. From any thread."""
        self._check(functions.pendio_loop_wake(self._pointer), "wake")

    def post(self, user_data: int, value: int = 0) -> None:
        """Send the loop a message, two numbers. From any thread.

        `NoCapacity`: too many wait already.
        """
        check_range("user_data", user_data)
        check_range("value", value)
        self._check(functions.pendio_loop_post(self._pointer, user_data, value), "post")

    def fileno(self) -> int:
        """The descriptor that is readable whenever a turn would deliver something."""
        return self._check(functions.pendio_loop_descriptor(self._pointer), "descriptor")

    def statistics(self) -> dict[str, int]:
        """The loop's counters by their names in C."""
        known = c.pendio_loop_statistics(size=ctypes.sizeof(c.pendio_loop_statistics))
        self._check(functions.pendio_loop_stats(self._pointer, ctypes.byref(known)), "statistics")
        return {name: getattr(known, name) for name, *_ in c.pendio_loop_statistics._fields_}

    # ---- what belongs to it ----

    def pool(self, context_count: int = DEFAULT_COUNT, slice_bytes: int = 0,
             piece_count: int = 0) -> Pool:
        """Contexts, each with so much memory of a registered arena."""
        return Pool(self, context_count, slice_bytes, piece_count)

    def _own(self, number: int) -> Handle:
        self._handles.add(number)
        return Handle(self, number)

    def socket(self, family: int = sockets.AF_INET, type: int = sockets.SOCK_STREAM,
               protocol: int = 0) -> Handle:
        """Open a socket."""
        made = ctypes.c_uint64()
        self._check(functions.pendio_handle_socket(self._pointer, family, type, protocol,
                                                   ctypes.byref(made)), "socket")
        return self._own(made.value)

    def adopt(self, source: Union[int, sockets.socket]) -> Handle:
        """Own an open descriptor, or that of a socket, which is detached. From now on nobody else
        may close it."""
        made = ctypes.c_uint64()
        number = source if isinstance(source, int) else source.fileno()
        self._check(functions.pendio_handle_adopt(self._pointer, number, ctypes.byref(made)),
                    "adopt")
        if not isinstance(source, int):
            source.detach()
        return self._own(made.value)

    # ---- its end ----

    def shutdown(self) -> None:
        """Refuse new starts, and cancel everything under way: go on turning until turn() raises
        `ShuttingDown`."""
        self._check(functions.pendio_loop_shutdown(self._pointer), "shutdown")
        self._ask()

    def destroy(self, drain_ns: int = -1) -> int:
        """End the loop: everything is cancelled, waited for at most so long (-1: as long as it
        takes) and delivered, handles are closed. Memory of its pools, and what was lent, stays
        while there are memoryviews of it.

        The number of operations that the kernel may still write for: their memory is never freed.
        """
        if self._pointer is None:
            return 0
        self.shutdown()
        for number in self._handles:
            functions.pendio_handle_close(self._pointer, number, c.PENDIO_GRACEFUL)
        self._handles.clear()
        under_way = self._drain(drain_ns)
        if under_way > 0:
            never_free((self, self._anchor, dict(self._contexts)))
        self._forget(under_way == 0)
        return under_way

    def _drain(self, drain_ns: int) -> int:
        """How many are under way all the same."""
        until = time.monotonic_ns() + drain_ns
        while True:
            rest = -1 if drain_ns < 0 else max(0, until - time.monotonic_ns())
            count = _turn(self._pointer, rest, self._records, RECORD_COUNT)
            if count == -errno.ESHUTDOWN:
                return 0
            self._deliver(max(count, 0))
            if count < 0 or rest == 0:
                return sum(context.run != 0 for context in self._contexts.values())

    def _forget(self, all_has_ended: bool) -> None:
        for pool in self._pools:
            if all_has_ended:
                pool._end()
        self._pools.clear()
        self._contexts = {}
        self._pointer = None
        self._anchor = None  # the library's loop ends here, or with the last view
        _live.discard(self)

    def __enter__(self) -> "PlainLoop":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.destroy()

    def __del__(self) -> None:
        if getattr(self, "_pointer", None) is not None:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self)
            _abandon(self)


def _abandon(loop: PlainLoop) -> None:
    """End it as far as this thread may: another's is left alone, and its memory with it."""
    try:
        loop.destroy(LAST_WAIT_NS)
    except Refusal:
        never_free((loop, loop._anchor, loop._contexts))


@atexit.register
def _abandon_all() -> None:
    """Before the interpreter frees what the kernel may still write to."""
    for loop in list(_live):
        _abandon(loop)
