"""Starts: each answers `DONE` or `PENDING`, or raises a `Refusal` and has changed nothing.

DONE: it has ended, also with an error; the result is in the context, and nothing will be
delivered. PENDING: one later turn of the loop delivers the context. The context and its memory are
the library's until then. The loop's coroutines of the same names do both, and raise errors.
"""

import ctypes
import errno
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from . import _layout as c
from .errors import Closed, Refusal, refusal
from .low import functions
from .memory import Buffer, Pin
from .names import STREAMING, CloseMode, Then

if TYPE_CHECKING:
    from .plain import PlainLoop
    from .records import Told

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


class Packet(NamedTuple):
    """A part of what send_packets sends: memory, a file by its path, or one by its handle.

    Of memory all of it; of a file so many bytes from an offset on, 0: to its end.
    """

    source: Union[Buffer, Path, int]
    offset: int = 0
    byte_count: int = 0


class Starts:
    """The start calls of a context."""

    __slots__ = ("loop", "_pointer", "_told", "_kept", "_readonly", "_has_product")

    loop: "PlainLoop"
    _pointer: int | None
    _told: "Told | tuple[()] | None"  # as it was delivered; None: not yet; (): ask the library
    _kept: Any  # what must stay until delivery: paths, packets
    _readonly: bool
    _has_product: bool  # its end brings a new handle

    def _refused(self, status: int, call: str) -> Refusal:
        if self._pointer is None:
            return Closed(errno.ESHUTDOWN, f"{call}: the context's pool is closed")
        return refusal(status, call)

    def _started(self, status: int, call: str, kept: Any = None) -> int:
        if status < 0:
            raise self._refused(status, call)
        self._told, self._has_product = None if status else (), False
        self._kept = kept if status else None
        return status

    def _produces(self, status: int, call: str, kept: Any = None) -> int:
        """Of what makes a new handle."""
        self._started(status, call, kept)
        self._has_product = True
        return status

    def _needs_writable(self, call: str) -> None:
        if self._readonly:
            raise TypeError(f"{call}: the memory set is read-only")

    def nop(self) -> int:
        """Do nothing, by way of the kernel."""
        return self._started(functions.pendio_nop(self._pointer, self.loop._pointer), "nop")

    def timer(self, after_ns: int) -> int:
        """Let time pass."""
        check_range("after_ns", after_ns)
        return self._started(functions.pendio_timer(self._pointer, after_ns), "timer")

    def accept(self, listener: int, into: int = 0) -> int:
        """Accept a connection, as a new handle or into one that was prepared."""
        status = functions.pendio_accept(self._pointer, listener, into)
        if into != 0:
            return self._started(status, "accept")
        return self._produces(status, "accept")

    def connect(self, handle: int) -> int:
        """Connect to the endpoint; with FIRST_DATA, send the window, too."""
        return self._started(functions.pendio_connect(self._pointer, handle), "connect")

    def connect_name(self, host: str, port: int, handle: int = 0) -> int:
        """Connect to a host by name, with a new handle or a given one."""
        check_range("port", port, 65535)
        name = _encode(host if host.isascii() else host.encode("idna"))
        status = functions.pendio_connect_name(self._pointer, handle, name, port)
        if handle != 0:
            return self._started(status, "connect_name", name)
        return self._produces(status, "connect_name", name)

    def disconnect(self, handle: int, reuse: bool = False) -> int:
        """End a connection and keep the handle."""
        flags = c.PENDIO_REUSE if reuse else 0
        return self._started(functions.pendio_disconnect(self._pointer, handle, flags),
                             "disconnect")

    def receive(self, handle: int) -> int:
        """Receive what has arrived."""
        if self._readonly:
            self._needs_writable("receive")
        status = functions.pendio_receive(self._pointer, handle)
        if status < 0:
            raise self._refused(status, "receive")
        self._told, self._has_product = None if status else (), False
        return status

    def send(self, handle: int) -> int:
        """Send the window."""
        status = functions.pendio_send(self._pointer, handle)
        if status < 0:
            raise self._refused(status, "send")
        self._told, self._has_product = None if status else (), False
        return status

    def receive_from(self, handle: int) -> int:
        """Receive one message, and who sent it."""
        self._needs_writable("receive_from")
        return self._started(functions.pendio_receive_from(self._pointer, handle),
                             "receive_from")

    def send_to(self, handle: int) -> int:
        """Send the window as one message to the endpoint."""
        return self._started(functions.pendio_send_to(self._pointer, handle), "send_to")

    def receive_message(self, handle: int) -> int:
        """Receive with all that comes beside the bytes."""
        self._needs_writable("receive_message")
        return self._started(functions.pendio_receive_message(self._pointer, handle),
                             "receive_message")

    def send_message(self, handle: int) -> int:
        """Send the window with the control data."""
        return self._started(functions.pendio_send_message(self._pointer, handle),
                             "send_message")

    def send_packets(self, handle: int, packets: Iterable[Packet | Buffer],
                     then: Then = Then.NOTHING) -> int:
        """Send memory and ranges of files, one after the other, as one operation."""
        kept: list[Any] = []
        made = [_make_packet(packet, kept) for packet in packets]
        listed = (c.pendio_packet * len(made))(*made)
        status = functions.pendio_send_packets(self._pointer, handle, ctypes.byref(listed),
                                               len(made), then)
        return self._started(status, "send_packets", kept)

    def open(self, path: Path, flags: int, mode: int = 0o666) -> int:
        """Open a file."""
        raw = _encode(path)
        return self._produces(functions.pendio_open(self._pointer, raw, flags, mode), "open", raw)

    def read(self, handle: int, offset: int = STREAMING) -> int:
        """Read into the window."""
        self._needs_writable("read")
        check_range("offset", offset)
        return self._started(functions.pendio_read(self._pointer, handle, offset), "read")

    def write(self, handle: int, offset: int = STREAMING) -> int:
        """Write the window."""
        check_range("offset", offset)
        return self._started(functions.pendio_write(self._pointer, handle, offset), "write")

    def splice(self, source: int, source_offset: int, target: int, target_offset: int,
               byte_count: int) -> int:
        """Move bytes between two handles of which one is a pipe."""
        check_range("source_offset", source_offset)
        check_range("target_offset", target_offset)
        check_range("byte_count", byte_count)
        status = functions.pendio_splice(self._pointer, source, source_offset, target,
                                         target_offset, byte_count)
        return self._started(status, "splice")

    def fsync(self, handle: int, data_only: bool = False) -> int:
        """Bring what was written to its device."""
        flags = c.PENDIO_DATA_ONLY if data_only else 0
        return self._started(functions.pendio_fsync(self._pointer, handle, flags), "fsync")

    def truncate(self, handle: int, byte_count: int) -> int:
        """Cut a file off, or lengthen it."""
        check_range("byte_count", byte_count)
        return self._started(functions.pendio_truncate(self._pointer, handle, byte_count),
                             "truncate")

    def stat(self, path: Path | None = None, handle: int = 0) -> int:
        """Have a struct statx written into the window, of 256 bytes at least."""
        self._needs_writable("stat")
        raw = None if path is None else _encode(path)
        return self._started(functions.pendio_stat(self._pointer, handle, raw), "stat", raw)

    def rename(self, source: Path, target: Path) -> int:
        """Give a file or directory another name."""
        kept = _encode(source), _encode(target)
        return self._started(functions.pendio_rename(self._pointer, *kept), "rename", kept)

    def unlink(self, path: Path, directory: bool = False) -> int:
        """Remove the name of a file, or an empty directory."""
        raw, flags = _encode(path), c.PENDIO_DIRECTORY if directory else 0
        return self._started(functions.pendio_unlink(self._pointer, raw, flags), "unlink", raw)

    def mkdir(self, path: Path, mode: int = 0o777) -> int:
        """Make a directory."""
        raw = _encode(path)
        return self._started(functions.pendio_mkdir(self._pointer, raw, mode), "mkdir", raw)

    def close(self, handle: int, mode: CloseMode = CloseMode.GRACEFUL) -> int:
        """Close a handle: it is told after everything else of the handle."""
        status = self._started(functions.pendio_close(self._pointer, handle, mode), "close")
        self.loop._handles.discard(handle)
        return status

    def poll(self, handle: int, events: int) -> int:
        """Wait until a descriptor is ready; events as of select.poll."""
        check_range("events", events, 0xffff_ffff)
        return self._started(functions.pendio_poll(self._pointer, handle, events), "poll")

    def child(self, pid: int) -> int:
        """Wait until a child process has ended, and take its status."""
        return self._started(functions.pendio_child(self._pointer, pid), "child")

    def signal(self, number: int) -> int:
        """Wait for a signal that the calling thread has blocked, and take it."""
        self._needs_writable("signal")
        return self._started(functions.pendio_signal(self._pointer, number), "signal")

    def move(self, handle: int, target: "PlainLoop") -> int:
        """Move a handle with nothing under way on it to the loop of another thread."""
        return self._started(functions.pendio_move(self._pointer, handle, target._pointer),
                             "move", target)


def check_range(name: str, value: int, maximum: int = 0xffff_ffff_ffff_ffff) -> None:
    """ctypes would cut off what does not fit."""
    if not 0 <= value <= maximum:
        raise ValueError(f"{name} is out of range: {value}")


def fill_in(options: ctypes.Structure, **values: int) -> None:
    """Set members that are numbers."""
    for name, value in values.items():
        member = getattr(type(options), name)
        check_range(name, value, (1 << 8 * member.size) - 1)
        setattr(options, name, value)


def _encode(path: Path) -> bytes:
    raw = os.fsencode(path)
    if b"\0" in raw:
        raise ValueError("a path with a null byte")
    return raw


def _make_packet(packet: Packet | Buffer, kept: list[Any]) -> c.pendio_packet:
    source, offset, byte_count = packet if isinstance(packet, Packet) else (packet, 0, 0)
    check_range("offset", offset)
    check_range("byte_count", byte_count)
    if isinstance(source, int):
        return c.pendio_packet(file=source, offset=offset, byte_count=byte_count)
    if isinstance(source, (str, os.PathLike)):
        raw = _encode(source)
        kept.append(raw)
        return c.pendio_packet(path=raw, offset=offset, byte_count=byte_count)
    pin = Pin(source)
    kept.append(pin)
    return c.pendio_packet(memory=pin.address, byte_count=pin.size if pin.address else 0)
