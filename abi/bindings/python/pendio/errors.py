"""What can go wrong, as exceptions. All are OSError with ``errno`` set, and of two families:

- `Refusal`: a call was refused. Nothing started, nothing changed, the context is still yours.
  Its subclasses: `Invalid`, `WrongThread`, `BadHandle`, `Busy`, `NoCapacity`, `ShuttingDown`,
  `Closed`, `NotSupported`.
- `Failure`: an operation ended with an error. ``completion`` has its whole result, the bytes that
  had been moved included. Its subclasses: `DeadlineExceeded`, `Cancelled`, `ClosedMeanwhile`.

Where Python has an exception of its own for an errno (ConnectionResetError, FileNotFoundError,
PermissionError ...), the one raised is a subclass of that as well.
"""

import errno
import os
from typing import TYPE_CHECKING

from . import _layout as c

if TYPE_CHECKING:
    from .records import Completion


class Error(OSError):
    """Everything the library answers with an errno."""


class Refusal(Error):
    """Refused: nothing has happened."""


class Invalid(Refusal, ValueError):
    """EINVAL: an argument is out of range, or the context is in its pool."""


class WrongThread(Refusal, PermissionError):
    """EPERM: not the thread that created the loop, or a forked child."""


class BadHandle(Refusal):
    """EBADF: never valid, stale, of another loop, or closing."""


class Busy(Refusal):
    """EBUSY: in use; of a context: started and not yet delivered."""


class NoCapacity(Refusal, BlockingIOError):
    """EAGAIN: no capacity now, or all contexts of the pool are taken."""


class ShuttingDown(Refusal):
    """ESHUTDOWN: the loop is shutting down."""


class Closed(ShuttingDown):
    """The loop, or the pool, has been closed."""


class NotSupported(Refusal):
    """ENOTSUP: unknown to this kernel, or not among the loop's allowed operations."""


class Failure(Error):
    """An operation ended with an error."""

    completion: "Completion"


class DeadlineExceeded(Failure, TimeoutError):
    """The context's deadline passed."""


class Cancelled(Failure):
    """Ended by cancel() or by the shutdown of the loop, not by cancellation of the task."""


class ClosedMeanwhile(Failure, ConnectionAbortedError):
    """Its handle was closed."""


_REFUSALS: dict[int, type[Refusal]] = {
    errno.EINVAL: Invalid,
    errno.EPERM: WrongThread,
    errno.EBADF: BadHandle,
    errno.EBUSY: Busy,
    errno.EAGAIN: NoCapacity,
    errno.ESHUTDOWN: ShuttingDown,
    errno.ENOTSUP: NotSupported,
}
_WORDS = {
    errno.EINVAL: "an argument is out of range, or the context is in its pool",
    errno.EPERM: "not the thread that created the loop, or a forked child",
    errno.EBADF: "the handle was never valid, is stale, of another loop, or closing",
    errno.EBUSY: "in use: started and not yet delivered",
    errno.EAGAIN: "no capacity now",
    errno.ESHUTDOWN: "the loop is shutting down",
    errno.EALREADY: "it is in its pool already",
}
_made: dict[tuple[type[Error], int], type[Error]] = {}


def _also(family: type[Error], number: int) -> type[Error]:
    """The family, and Python's own class of that errno, in one."""
    found = _made.get((family, number))
    if found is None:
        own = type(OSError(number, ""))
        found = family
        if own is not OSError and not issubclass(family, own):
            found = type(own.__name__, (family, own), {"__module__": __name__})
        _made[family, number] = found
    return found


def refusal(status: int, call: str) -> Refusal:
    """The exception for a status below zero of `call`."""
    number = -status
    kind = _REFUSALS.get(number) or _also(Refusal, number)
    words = _WORDS.get(number) or os.strerror(number)
    error = kind(number, f"{call}: {words}")
    assert isinstance(error, Refusal)
    return error


def failure(completion: "Completion") -> Failure:
    """The exception for a completion whose error is not 0."""
    number = -completion.error
    kind: type[Error] = _also(Failure, number)
    if completion.flags & c.PENDIO_BY_DEADLINE:
        kind = DeadlineExceeded
    elif completion.flags & c.PENDIO_BY_CANCEL:
        kind = Cancelled
    elif completion.flags & c.PENDIO_BY_CLOSE:
        kind = ClosedMeanwhile
    error = kind(number, os.strerror(number))
    assert isinstance(error, Failure)
    error.completion = completion
    return error
