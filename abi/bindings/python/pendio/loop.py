"""The loop in asyncio: every operation as a coroutine."""

import asyncio
import errno
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable

from . import low
from .operations import Operations
from .plain import RECORD_COUNT, PlainLoop
from .records import COMPLETION, Told

if TYPE_CHECKING:
    from .context import Context

_turn = low.unlocked.pendio_loop_turn


class Loop(PlainLoop, Operations):
    """One ring, hosted by the asyncio loop of its thread.

        async with pendio.Loop() as loop:
            with loop.pool(1, slice_bytes=4096) as pool, pool.context() as context:
                await loop.nop(context)

    Its descriptor is watched by add_reader(); whatever is ready is taken by one call into the
    library. There is no thread, and C calls nothing back. An operation that is done at once does
    not go through the asyncio loop at all: at most done_budget of them in a row, for each handle.

    A task that is cancelled while it awaits an operation ends when that has really ended, so its
    memory is nobody else's any more. What it brought in spite of that is in context.result; a new
    handle is closed. Options are those of PlainLoop; `posted` is called with the two numbers of
    each message that another thread has posted.
    """

    def __init__(self, *, posted: Callable[[int, int], object] | None = None,
                 name_servers: str | None = None, **options: int) -> None:
        self._host: asyncio.AbstractEventLoop | None = None
        self._is_due = False  # a harvest has been asked for, and did not begin
        self._goes_on = self._has_just_ended = False  # harvests, each of which brought something
        self._posted = posted
        self._over = asyncio.Event()
        super().__init__(name_servers=name_servers, **options)

    # ---- its host ----

    def attach(self) -> None:
        """Be hosted by the running asyncio loop: what `async with` does first."""
        if self._host is not None:
            raise RuntimeError("this loop has a host already")
        host = asyncio.get_running_loop()
        host.add_reader(self.fileno(), self._be_ready)
        self._host = host

    async def aclose(self) -> None:
        """Cancel everything, wait until it has ended, and end the loop."""
        if self.closed:
            return
        try:
            self._hosted()
            self.shutdown()
            await self._over.wait()
        finally:
            self.destroy()

    async def __aenter__(self) -> "Loop":
        self.attach()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        await self.aclose()

    def _hosted(self) -> asyncio.AbstractEventLoop:
        if self._host is None:
            raise RuntimeError("this loop has no host: use `async with`, or attach() it")
        return self._host

    def _forget(self, all_has_ended: bool) -> None:
        if self._host is not None and not self._host.is_closed():
            self._host.remove_reader(self.fileno())
            self._over.set()
            if not all_has_ended:
                self._give_up(-errno.ESHUTDOWN)
        super()._forget(all_has_ended)

    # ---- from what was started to whoever waits for it ----

    def _ask(self) -> None:
        """Have a turn before the host sleeps."""
        if not self._is_due and self._host is not None and not self._host.is_closed():
            self._host.call_soon(self._harvest)
            self._is_due = True

    def _be_ready(self) -> None:
        """The descriptor is readable: one turn, unless one is to come in any case, or the last of
        several has just been. It stays readable while there is something left."""
        if self._has_just_ended:
            self._has_just_ended = False
        elif not self._is_due:
            self._harvest()

    def _harvest(self) -> None:
        """One turn, which submits and takes what has ended; another one until there is nothing."""
        self._is_due = False
        if self._pointer is None:
            return
        count = _turn(self._pointer, 0, self._records, RECORD_COUNT)
        self._has_just_ended = count == 0 and self._goes_on
        self._goes_on = count > 0
        if count > 0:
            self._take(count)
            if self._pointer is not None:
                self._ask()
        elif count < 0:
            self._fail(count)

    def _take(self, count: int) -> None:
        contexts, told = self._contexts, None  # type: dict[int, Context], Any
        for told in COMPLETION.iter_unpack(self._view[:count * COMPLETION.size]):
            context = contexts.get(told[0])
            if context is not None:
                self._told(context, told)
            elif self._posted is not None:
                self._hosted().call_soon(self._posted, told[1], told[4])

    def _told(self, context: "Context", told: Told) -> None:
        context._told, context._kept = told, None
        waiter = context._waiter
        if waiter is not None:
            context._waiter = None
            host = waiter.get_loop()
            if not host.is_closed():
                if not waiter.done():
                    waiter.set_result(None)
                if context._put_later:  # once whoever waits has looked
                    host.call_soon(context._let_go)
        elif context._abandoned:
            context._clean_up()

    def _fail(self, status: int) -> None:
        """The shutdown is over, or the ring itself has failed."""
        host = self._hosted()
        self._over.set()
        host.remove_reader(self.fileno())
        if status != -errno.ESHUTDOWN:
            self._give_up(status)

    def _give_up(self, status: int) -> None:
        for context in self._contexts.values():
            if context._waiter is not None and not context._waiter.done():
                context._waiter.set_exception(self._refused(status, "turn"))

    async def wait(self, context: "Context") -> None:
        """Until what was started with it has been delivered; not at all if nothing is pending.

        Raises nothing of the operation: look at context.result. Cancelled, it cancels the
        operation, and goes on waiting for its end.
        """
        if context._told is not None:
            return
        if context._waiter is not None:
            raise RuntimeError("another task waits for this context already")
        if context.loop is not self:
            context.loop._abandon(context)
            raise ValueError("the context is another loop's")
        waiter = context._waiter = self._hosted().create_future()
        if not self._is_due:
            self._ask()
        try:
            await waiter
        except asyncio.CancelledError:
            await self._wait_for_the_end(context)
            raise
        except BaseException:
            self._abandon(context)
            raise

    async def _wait_for_the_end(self, context: "Context") -> None:
        context.cancel()
        while context._told is None:
            context._waiter = self._hosted().create_future()
            self._ask()
            try:
                await context._waiter
            except asyncio.CancelledError:
                pass  # one is enough
            except BaseException:
                self._abandon(context)
                raise
        if context._pointer is not None:
            context._dispose()
