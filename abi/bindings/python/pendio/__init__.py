"""pendio: asynchronous I/O with reusable contexts over io_uring.

    import asyncio, pendio

    async def main():
        async with pendio.Loop() as loop:
            with loop.pool(1, slice_bytes=4096) as pool, pool.context() as context:
                file = await loop.open(context, "/etc/hostname", os.O_RDONLY)
                await loop.read(context, file, 0)
                print(bytes(context.data))
                await loop.close(context, file)

    asyncio.run(main())

Three layers, each on the one below: `Loop` for asyncio; `PlainLoop`, `Pool`, `Context` and
`Handle`, starts and turns without it; `pendio.low`, the library's calls. A loop and all of it
belong to the thread that made it; from others only `wake()` and `post()` are possible.
"""

from .addresses import Address, Control, read_control, read_endpoint, write_control
from .context import Context
from .errors import (BadHandle, Busy, Cancelled, Closed, ClosedMeanwhile, DeadlineExceeded, Error,
                     Failure, Invalid, NoCapacity, NotSupported, Refusal, ShuttingDown,
                     WrongThread)
from .handle import Handle
from .loop import Loop
from .low import functions as _functions
from .low import text_of as _text_of
from .names import (DONE, PENDING, STREAMING, CloseMode, CompletionFlag, ContextFlag, Operation,
                    Policy, ReceiveReason, ReceiveStrategy, Then)
from .plain import PlainLoop
from .pool import Pool
from .records import Completion, Ended, FileStatus, Message
from .starts import Packet

#: Release of the library that was found.
library_version: str = _text_of(_functions.pendio_version())

__all__ = [
    "DONE", "PENDING", "STREAMING", "Address", "BadHandle", "Busy", "Cancelled", "CloseMode",
    "Closed", "ClosedMeanwhile", "Completion", "CompletionFlag", "Context", "ContextFlag",
    "Control", "DeadlineExceeded", "Ended", "Error", "Failure", "FileStatus", "Handle",
    "Invalid", "Loop", "Message", "NoCapacity", "NotSupported", "Operation", "Packet",
    "PlainLoop", "Policy", "Pool", "ReceiveReason", "ReceiveStrategy", "Refusal",
    "ShuttingDown", "Then", "WrongThread", "library_version", "read_control", "read_endpoint",
    "write_control",
]
