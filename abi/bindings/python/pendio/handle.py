"""Handles: sockets, files, pipes and whatever else the loop owns."""

import ctypes
import socket
from typing import TYPE_CHECKING

from . import _layout as c
from .addresses import Address, encode, read_endpoint
from .low import functions
from .memory import Buffer, Pin
from .names import CloseMode, ReceiveReason, ReceiveStrategy

if TYPE_CHECKING:
    from .plain import PlainLoop


class Handle(int):
    """The number that names a descriptor of one loop, never used again, with its immediate calls.

    Each is an ordinary system call and raises a `Refusal`, of the class that belongs to its errno.
    Dropping a handle closes nothing: close() does, or the end of its loop.
    """

    loop: "PlainLoop"

    def __new__(cls, loop: "PlainLoop", number: int) -> "Handle":
        self = super().__new__(cls, number)
        self.loop = loop
        return self

    def __repr__(self) -> str:
        return f"<pendio.Handle {int(self):#x}>"

    def _check(self, status: int, call: str) -> int:
        if status < 0:
            raise self.loop._refused(status, call)
        return status

    def bind(self, address: Address) -> None:
        """As bind(2)."""
        raw = encode(address)
        self._check(functions.pendio_handle_bind(self.loop._pointer, self, raw, len(raw)), "bind")

    def listen(self, backlog: int = 1024) -> None:
        """As listen(2)."""
        self._check(functions.pendio_handle_listen(self.loop._pointer, self, backlog), "listen")

    def shutdown(self, how: int = socket.SHUT_WR) -> None:
        """Half-close, as shutdown(2): SHUT_RD, SHUT_WR or SHUT_RDWR."""
        self._check(functions.pendio_handle_shutdown(self.loop._pointer, self, how), "shutdown")

    def set_option(self, level: int, name: int, value: int | Buffer) -> None:
        """As setsockopt(2)."""
        raw = bytes(ctypes.c_int(value)) if isinstance(value, int) else value
        pin = Pin(raw)
        self._check(functions.pendio_handle_set_option(self.loop._pointer, self, level, name,
                                                       pin.address, pin.size), "set_option")

    def get_option(self, level: int, name: int, size: int = 4) -> bytes:
        """As getsockopt(2), at most `size` bytes."""
        room = ctypes.create_string_buffer(size)
        count = self._check(functions.pendio_handle_get_option(
            self.loop._pointer, self, level, name, size, ctypes.byref(room)), "get_option")
        return room.raw[:count]

    def local(self) -> Address | None:
        """As getsockname(2)."""
        endpoint = c.pendio_endpoint()
        self._check(functions.pendio_handle_local(self.loop._pointer, self,
                                                  ctypes.byref(endpoint)), "local")
        return read_endpoint(endpoint)

    def peer(self) -> Address | None:
        """As getpeername(2)."""
        endpoint = c.pendio_endpoint()
        self._check(functions.pendio_handle_peer(self.loop._pointer, self,
                                                 ctypes.byref(endpoint)), "peer")
        return read_endpoint(endpoint)

    def set_receive(self, strategy: ReceiveStrategy) -> None:
        """Choose how a stream is received from."""
        self._check(functions.pendio_handle_set_receive(self.loop._pointer, self, strategy),
                    "set_receive")

    def get_receive(self) -> tuple[ReceiveStrategy, ReceiveReason]:
        """How a stream is received from now, and why."""
        strategy, reason = ctypes.c_uint32(), ctypes.c_uint32()
        self._check(functions.pendio_handle_get_receive(
            self.loop._pointer, self, ctypes.byref(strategy), ctypes.byref(reason)),
            "get_receive")
        return ReceiveStrategy(strategy.value), ReceiveReason(reason.value)

    def detach(self) -> int:
        """Take the descriptor back; the handle is stale from now on."""
        descriptor = ctypes.c_int()
        self._check(functions.pendio_handle_detach(self.loop._pointer, self,
                                                   ctypes.byref(descriptor)), "detach")
        self.loop._handles.discard(self)
        return descriptor.value

    def close(self, mode: CloseMode = CloseMode.GRACEFUL) -> None:
        """Close without a context: nothing is delivered for it, and no capacity is needed."""
        self._check(functions.pendio_handle_close(self.loop._pointer, self, mode), "close")
        self.loop._handles.discard(self)
        self.loop._ask()
