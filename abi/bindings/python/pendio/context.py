"""Contexts: what an operation works on and with, and what came of it."""

import array
import contextlib
import ctypes
import os
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import _layout as c
from .addresses import Address, encode, read_control, read_endpoint
from .low import functions
from .memory import Buffer, Pin, view_of
from .names import ContextFlag, Policy
from .records import COMPLETION, Completion, Message, Told
from .starts import Starts, check_range

if TYPE_CHECKING:
    import asyncio

    from .plain import PlainLoop
    from .pool import Pool


class Context(Starts):
    """One reusable operation of a pool. Never made by hand: `Pool.get()` hands them out.

    Set what is needed, start it (the starts have the names of the operations; or await the loop's
    coroutines of these names), look at the result, and start it again, or put() it. While it is
    in use every setter raises `Busy`. Everything set stays until it is put.
    """

    __slots__ = ("pool", "_waiter", "_abandoned", "_put_later", "_pin", "_control", "_base",
                 "_size", "_view", "_window", "_slice")

    def __init__(self, loop: "PlainLoop", pool: "Pool", pointer: int, slice_base: int | None,
                 slice_bytes: int) -> None:
        self.loop, self.pool, self._pointer = loop, pool, pointer
        self._slice = (slice_base, slice_bytes)
        self._as_new()

    def _as_new(self) -> None:
        """What Pool.get() makes of the request."""
        self._told = ()
        self._waiter: "asyncio.Future[None] | None" = None
        self._abandoned = self._put_later = self._has_product = False
        self._kept = None
        self._control: Pin | None = None
        self._remember(None, *self._slice)

    def _remember(self, pin: Any, base: int | None, size: int, readonly: bool = False) -> None:
        self._pin, self._base, self._size, self._readonly = pin, base, size, readonly
        self._view: memoryview | None = None
        self._window: tuple[int, int] | None = None

    def __repr__(self) -> str:
        state = "closed" if self._pointer is None else f"run {self.run}" if self.run else "free"
        return f"<pendio.Context {state}>"

    def _check(self, status: int, call: str) -> None:
        if status < 0:
            raise self._refused(status, call)

    # ---- what it works on ----

    def set_memory(self, buffer: Buffer | None) -> None:
        """Work on memory of yours, all of it, where it is. None: on none.

        It stays pinned (a bytearray cannot be resized) until other memory is set, or the context
        is put. Read-only memory can be sent and written, not received or read into.
        """
        pin = None if buffer is None else Pin(buffer)
        base, size = (None, 0) if pin is None else (pin.address, pin.size)
        self._check(functions.pendio_context_set_memory(self._pointer, base, size), "set_memory")
        self._remember(pin, base, size, pin is not None and pin.readonly)

    def set_slice(self) -> None:
        """Work on the context's slice of its pool's memory, all of it: how every context begins."""
        self._check(functions.pendio_context_set_slice(self._pointer), "set_slice")
        self._remember(None, *self._slice)

    def set_pieces(self, buffers: Iterable[Buffer]) -> None:
        """Work on several buffers in order, as if they were one. No window applies."""
        pins = [Pin(buffer) for buffer in buffers]
        pieces = (c.pendio_bytes * len(pins))(*[c.pendio_bytes(pin.address, pin.size)
                                                for pin in pins])
        self._check(functions.pendio_context_set_pieces(self._pointer, ctypes.byref(pieces),
                                                        len(pins)), "set_pieces")
        self._remember(pins, None, 0, any(pin.readonly for pin in pins))

    def set_lending(self) -> None:
        """Work on no memory of one's own: a receive lends what came, see `data`."""
        self._check(functions.pendio_context_set_lending(self._pointer), "set_lending")
        self._remember(None, None, 0)

    def set_window(self, offset: int, byte_count: int) -> None:
        """Work on a part of the memory set, or lent, last."""
        if self._window != (offset, byte_count):
            check_range("offset", offset)
            check_range("byte_count", byte_count)
            self._check(functions.pendio_context_set_window(self._pointer, offset, byte_count),
                        "set_window")
            if self._base is not None:  # what is lent changes its window by itself
                self._window = (offset, byte_count)

    def set_endpoint(self, address: Address | None) -> None:
        """The address for connect, send_to and send_message."""
        raw = b"" if address is None else encode(address)
        self._check(functions.pendio_context_set_endpoint(self._pointer, raw or None, len(raw)),
                    "set_endpoint")

    def set_control(self, buffer: Buffer | None) -> None:
        """Control data that send_message sends, or room for what receive_message gets."""
        pin = None if buffer is None else Pin(buffer)
        base, size = (None, 0) if pin is None else (pin.address, pin.size)
        self._check(functions.pendio_context_set_control(self._pointer, base, size),
                    "set_control")
        self._control = pin

    # ---- how ----

    def set_policy(self, policy: Policy) -> None:
        """When a start may be done at once."""
        self._check(functions.pendio_context_set_policy(self._pointer, policy), "set_policy")

    def set_flags(self, flags: ContextFlag) -> None:
        """All flags at once."""
        self._check(functions.pendio_context_set_flags(self._pointer, flags), "set_flags")

    def set_deadline(self, after_ns: int) -> None:
        """Longest time from start to result; 0: none. Passed, it is `DeadlineExceeded`."""
        check_range("after_ns", after_ns)
        self._check(functions.pendio_context_set_deadline(self._pointer, after_ns),
                    "set_deadline")

    def set_user_data(self, user_data: int) -> None:
        """A number handed back in every completion."""
        check_range("user_data", user_data)
        self._check(functions.pendio_context_set_user_data(self._pointer, user_data),
                    "set_user_data")

    # ---- what came of it ----

    @property
    def request(self) -> c.pendio_request:
        """What was set, as the library has it."""
        request = c.pendio_request(size=ctypes.sizeof(c.pendio_request))
        self._check(functions.pendio_context_request(self._pointer, ctypes.byref(request)),
                    "request")
        return request

    @property
    def run(self) -> int:
        """The run under way, or finished and not yet delivered; 0: the context is free."""
        return functions.pendio_context_run(self._pointer)

    @property
    def result(self) -> Completion:
        """The result of the last finished run; all 0 before the first and while one is under way.

        It is also there after an operation whose awaiting task was cancelled.
        """
        return Completion._make(self._read())

    def _read(self) -> Told:
        scratch = self.loop._scratch
        self._check(functions.pendio_context_result(self._pointer, self.loop._scratch_address),
                    "result")
        told: Any = COMPLETION.unpack_from(scratch)
        return told  # type: ignore[no-any-return]

    def _last(self) -> Told:
        return self._told or self._read()

    @property
    def memory(self) -> memoryview:
        """All of the memory it works on, no copy. What is lent, or pieces, is not here.

        The kernel's while the context is in use: then neither read nor write it.
        """
        if self._view is None:
            if self._base is None:
                self._view = memoryview(b"")
            elif self._pin is not None:
                self._view = view_of(self._base, self._size, self._pin)
            else:
                self._view = view_of(self._base, self._size, self.pool._anchor)
            if self._readonly:
                self._view = self._view.toreadonly()
        return self._view[:]

    @property
    def data(self) -> memoryview:
        """The bytes that the last operation moved, no copy. What lies in pieces is not here.

        Of what was lent: to be looked at until the context's next start, put or other memory; the
        memory itself stays as long as the view, but then has something else in it.
        """
        told = self._last()
        if told[9] & c.PENDIO_LENT:
            return view_of(told[6], self.loop._buffer_bytes, self.loop._anchor)[:told[5]]
        if self._base is None or told[5] == 0:
            return memoryview(b"")
        begin = told[6] - self._base
        return self.memory[begin:begin + told[5]]

    @property
    def sender(self) -> Address | None:
        """Who sent what receive_from brought last."""
        endpoint = c.pendio_endpoint()
        self._check(functions.pendio_context_sender(self._pointer, ctypes.byref(endpoint)),
                    "sender")
        return read_endpoint(endpoint)

    def message(self) -> Message:
        """What receive_message brought last, beside the bytes."""
        known = c.pendio_message(size=ctypes.sizeof(c.pendio_message))
        self._check(functions.pendio_context_message(self._pointer, ctypes.byref(known)),
                    "message")
        told = self._last()
        return Message(told[5], told[9], read_endpoint(known.sender),
                       read_endpoint(known.destination), known.interface_index,
                       read_control(self._control_data(known.control_bytes)))

    def _control_data(self, size: int) -> memoryview:
        pin = self._control
        if pin is None or pin.address is None or size == 0:
            return memoryview(b"")
        return view_of(pin.address, size, pin)

    # ---- its end ----

    def cancel(self) -> bool:
        """Ask for the end of the run under way. False: there is none (any more).

        It ends nothing by itself: the run's one delivery tells what happened.
        """
        run = functions.pendio_context_run(self._pointer)
        if run == 0 or functions.pendio_cancel(self.loop._pointer, run) < 0:
            return False
        self.loop._ask()
        return True

    def put(self) -> None:
        """Give it back to its pool; the memory set is let go."""
        self._check(functions.pendio_pool_put(self._pointer), "put")
        self._remember(None, *self._slice)
        self._control = None

    def _put_when_over(self) -> None:
        """put(), or have that done when what is under way has ended."""
        if functions.pendio_pool_put(self._pointer) == 0:
            self._remember(None, *self._slice)
            self._control = None
        elif self.run != 0:
            self._abandoned = self._put_later = True
            self.cancel()

    def _dispose(self) -> None:
        """Nobody will take the product of the last run: a handle of a new connection or file, or
        descriptors that came with a message."""
        told = self._last()
        if self._has_product and told[4] != 0:
            functions.pendio_handle_close(self.loop._pointer, told[4], c.PENDIO_GRACEFUL)
            self.loop._ask()
        elif told[8] == c.PENDIO_OPERATION_RECEIVE_MESSAGE and self._control is not None:
            for level, kind, data in self.message().control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    for descriptor in array.array("i", data):
                        with contextlib.suppress(OSError):
                            os.close(descriptor)

    def _clean_up(self) -> None:
        """Delivered, and nobody waits any more."""
        self._dispose()
        self._let_go()

    def _let_go(self) -> None:
        self._abandoned = False
        if self._put_later:
            self._put_later = False
            self._put_when_over()

    def _end(self) -> None:
        """The loop, or the pool, is gone."""
        self._pointer = None
        self._remember(None, None, 0)
        self._control = None
