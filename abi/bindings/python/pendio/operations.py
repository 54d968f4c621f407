"""The coroutines of Loop: start, wait if it is pending, and hand over what came or raise.

Each raises a `Refusal` if it cannot start, and a `Failure` if the operation ends with an error;
`Failure.completion` then says what had been moved. `CancelledError` comes when the operation has
really ended.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .addresses import Address
from .errors import failure
from .handle import Handle
from .memory import Buffer
from .names import STREAMING, CloseMode, Then
from .records import Completion, FileStatus, Message, Told, read_statx
from .starts import Packet, Path

if TYPE_CHECKING:
    from .context import Context
    from .plain import PlainLoop


class Operations:
    """What can be awaited."""

    if TYPE_CHECKING:
        async def wait(self, context: Context) -> None: ...
        def _own(self, number: int) -> Handle: ...

    async def finish(self, context: "Context", answer: int) -> Completion:
        """The result of what `answer` was the answer of: ``await loop.finish(context,
        context.receive(handle))`` is receive(), with all of its completion. Raises as the others.
        """
        if answer:
            await self.wait(context)
        return Completion._make(_value(context))

    async def nop(self, context: "Context") -> None:
        """Do nothing, by way of the kernel."""
        if context.nop():
            await self.wait(context)
        _value(context)

    async def timer(self, context: "Context", after_ns: int) -> None:
        """Let time pass, never less than that."""
        if context.timer(after_ns):
            await self.wait(context)
        _value(context)

    async def accept(self, context: "Context", listener: int, into: int = 0) -> Handle:
        """Accept a connection: its handle."""
        if context.accept(listener, into):
            await self.wait(context)
        return self._own(_value(context)[4])

    async def connect(self, context: "Context", handle: int,
                      address: Address | None = None) -> int:
        """Connect to the address, or the endpoint set before. How much first data has gone."""
        if address is not None:
            context.set_endpoint(address)
        if context.connect(handle):
            await self.wait(context)
        return _value(context)[5]

    async def connect_name(self, context: "Context", host: str, port: int,
                           handle: int = 0) -> Handle:
        """Connect to a host by name, its addresses raced: the handle."""
        if context.connect_name(host, port, handle):
            await self.wait(context)
        return self._own(_value(context)[4] or handle)

    async def disconnect(self, context: "Context", handle: int, reuse: bool = False) -> None:
        """End a connection and keep the handle; with reuse it can connect again."""
        if context.disconnect(handle, reuse):
            await self.wait(context)
        _value(context)

    async def receive(self, context: "Context", handle: int, count: int | None = None) -> int:
        """Receive what has arrived, into the window: how many bytes, `context.data` has them.

        0: the peer is done, or an empty message. With a count the window is so many bytes from the
        beginning of the memory.
        """
        if count is not None:
            context.set_window(0, count)
        if context.receive(handle):
            await self.wait(context)
        told = context._told or context._last()
        return told[5] if told[7] == 0 else _value(context)[5]

    async def send(self, context: "Context", handle: int, count: int | None = None) -> int:
        """Send the window, all of it; with a count, so many bytes from the memory's beginning."""
        if count is not None:
            context.set_window(0, count)
        if context.send(handle):
            await self.wait(context)
        told = context._told or context._last()
        return told[5] if told[7] == 0 else _value(context)[5]

    async def receive_from(self, context: "Context", handle: int) -> tuple[int, Address | None]:
        """Receive one message: how many bytes, and who sent it."""
        if context.receive_from(handle):
            await self.wait(context)
        return _value(context)[5], context.sender

    async def send_to(self, context: "Context", handle: int,
                      address: Address | None = None) -> int:
        """Send the window as one message to the address, or the endpoint set before."""
        if address is not None:
            context.set_endpoint(address)
        if context.send_to(handle):
            await self.wait(context)
        return _value(context)[5]

    async def receive_message(self, context: "Context", handle: int) -> Message:
        """Receive one message with all that comes beside its bytes."""
        if context.receive_message(handle):
            await self.wait(context)
        _value(context)
        return context.message()

    async def send_message(self, context: "Context", handle: int) -> int:
        """Send the window with the control data set before, to the endpoint if there is one."""
        if context.send_message(handle):
            await self.wait(context)
        return _value(context)[5]

    async def send_packets(self, context: "Context", handle: int,
                           packets: Iterable[Packet | Buffer], then: Then = Then.NOTHING) -> int:
        """Send memory and ranges of files, one after the other: how many bytes."""
        if context.send_packets(handle, packets, then):
            await self.wait(context)
        return _value(context)[5]

    async def open(self, context: "Context", path: Path, flags: int, mode: int = 0o666) -> Handle:
        """Open a file, flags as of os.open(): its handle."""
        if context.open(path, flags, mode):
            await self.wait(context)
        return self._own(_value(context)[4])

    async def read(self, context: "Context", handle: int, offset: int = STREAMING) -> int:
        """Read into the window: how many bytes, 0 at the end."""
        if context.read(handle, offset):
            await self.wait(context)
        return _value(context)[5]

    async def write(self, context: "Context", handle: int, offset: int = STREAMING) -> int:
        """Write the window, all of it."""
        if context.write(handle, offset):
            await self.wait(context)
        return _value(context)[5]

    async def splice(self, context: "Context", source: int, source_offset: int, target: int,
                     target_offset: int, byte_count: int) -> int:
        """Move bytes between two handles of which one is a pipe: how many."""
        if context.splice(source, source_offset, target, target_offset, byte_count):
            await self.wait(context)
        return _value(context)[5]

    async def fsync(self, context: "Context", handle: int, data_only: bool = False) -> None:
        """Bring what was written to its device."""
        if context.fsync(handle, data_only):
            await self.wait(context)
        _value(context)

    async def truncate(self, context: "Context", handle: int, byte_count: int) -> None:
        """Cut a file off, or lengthen it with zeros."""
        if context.truncate(handle, byte_count):
            await self.wait(context)
        _value(context)

    async def stat(self, context: "Context", path: Path | None = None,
                   handle: int = 0) -> FileStatus:
        """What the system knows of a file. The window has to have 256 bytes."""
        if context.stat(path, handle):
            await self.wait(context)
        _value(context)
        return read_statx(context.data)

    async def rename(self, context: "Context", source: Path, target: Path) -> None:
        """Give a file or directory another name."""
        if context.rename(source, target):
            await self.wait(context)
        _value(context)

    async def unlink(self, context: "Context", path: Path, directory: bool = False) -> None:
        """Remove the name of a file, or an empty directory."""
        if context.unlink(path, directory):
            await self.wait(context)
        _value(context)

    async def mkdir(self, context: "Context", path: Path, mode: int = 0o777) -> None:
        """Make a directory."""
        if context.mkdir(path, mode):
            await self.wait(context)
        _value(context)

    async def close(self, context: "Context", handle: int,
                    mode: CloseMode = CloseMode.GRACEFUL) -> None:
        """Close a handle; everything under way on it ends first. Not to be cancelled: a task that
        is goes on waiting for it."""
        if context.close(handle, mode):
            await self.wait(context)
        _value(context)

    async def poll(self, context: "Context", handle: int, events: int) -> int:
        """Wait until a descriptor is ready: those of the events (select.POLLIN ...) that are."""
        if context.poll(handle, events):
            await self.wait(context)
        return _value(context)[4]

    async def child(self, context: "Context", pid: int) -> int:
        """The status of a child process that has ended, for os.waitstatus_to_exitcode()."""
        if context.child(pid):
            await self.wait(context)
        return _value(context)[4]

    async def signal(self, context: "Context", number: int) -> int:
        """Wait for a signal that this thread has blocked (signal.pthread_sigmask), and take it."""
        if context.signal(number):
            await self.wait(context)
        return _value(context)[4]

    async def move(self, context: "Context", handle: int, target: "PlainLoop") -> int:
        """Move an idle handle to the loop of another thread: its number there."""
        if context.move(handle, target):
            await self.wait(context)
        value = _value(context)[4]
        context.loop._handles.discard(handle)
        return value


def _value(context: "Context") -> Told:
    """The result, or the exception for its error; whoever made a handle then has none."""
    told: Any = context._last()
    if told[7] != 0:
        context._dispose()
        raise failure(Completion._make(told))
    return told  # type: ignore[no-any-return]
