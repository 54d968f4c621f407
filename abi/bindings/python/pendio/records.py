"""What operations bring, as plain values."""

import struct
from typing import TYPE_CHECKING, NamedTuple

from . import _layout as c
from .addresses import Address, Control

if TYPE_CHECKING:
    from .context import Context

#: As the struct module takes it: 64 bytes.
COMPLETION = struct.Struct(c.COMPLETION_FORMAT)
_STATX = struct.Struct("=IIQIIIHxxQQQQ16s16s16s16sIIII")

#: The members of a completion, before anybody has asked for it by name.
Told = tuple[int, int, int, int, int, int, int, int, int, int]


class Completion(NamedTuple):
    """The result of one run, or a posted message, member by member as in C."""

    context: int  #: its address; 0 for a posted message
    user_data: int
    run: int  #: 0 for a posted message
    handle: int
    value: int  #: new handle, size, events, status, signal, post; else 0
    bytes: int  #: moved; also beside an error
    memory: int  #: address of the first byte moved
    error: int  #: 0 or -errno
    operation: int
    flags: int

    @property
    def end_of_stream(self) -> bool:
        """The peer, or the file, has no more."""
        return bool(self.flags & c.PENDIO_END_OF_STREAM)

    @property
    def truncated(self) -> bool:
        """The message was longer than the window."""
        return bool(self.flags & c.PENDIO_TRUNCATED)

    @property
    def lent(self) -> bool:
        """The memory is lent."""
        return bool(self.flags & c.PENDIO_LENT)


class Ended(NamedTuple):
    """What a turn delivers: a context whose run is over, or a message that was posted."""

    context: "Context | None"  #: None: a message, its numbers are user_data and value
    completion: Completion


class Message(NamedTuple):
    """What receive_message brought."""

    byte_count: int
    flags: int  #: of the completion: CompletionFlag
    sender: Address | None
    destination: Address | None  #: of an IP datagram
    interface_index: int  #: 0: unknown
    control: list[Control]


class FileStatus(NamedTuple):
    """Of statx(2), the members that have a use everywhere. Times in ns since 1970."""

    mask: int  #: which members the system filled in
    mode: int
    links: int
    user: int
    group: int
    inode: int
    size: int
    blocks: int
    accessed_ns: int
    born_ns: int
    changed_ns: int
    modified_ns: int
    device: tuple[int, int]  #: major and minor number


def _nanoseconds(stamp: bytes) -> int:
    seconds, rest = struct.unpack("=qIxxxx", stamp)
    return int(seconds) * 1_000_000_000 + int(rest)


def read_statx(memory: memoryview) -> FileStatus:
    """A struct statx."""
    (mask, _, _, links, user, group, mode, inode, size, blocks, _, accessed, born, changed,
     modified, _, _, major, minor) = _STATX.unpack_from(memory)
    return FileStatus(mask, mode, links, user, group, inode, size, blocks, _nanoseconds(accessed),
                      _nanoseconds(born), _nanoseconds(changed), _nanoseconds(modified),
                      (major, minor))
