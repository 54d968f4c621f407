"""Names for what pendio.h has as numbers."""

import enum

from . import _layout as c

#: Answers of a start: finished already, or under way.
DONE = c.PENDIO_DONE
PENDING = c.PENDIO_PENDING

#: As an offset: where the file's position stands.
STREAMING = c.PENDIO_STREAMING


class Policy(enum.IntEnum):
    """When a start may be done at once."""

    AUTO = c.PENDIO_AUTO  #: when that costs nothing
    TRY = c.PENDIO_TRY  #: also after one system call that submits and looks once
    QUEUE = c.PENDIO_QUEUE  #: never


class Operation(enum.IntEnum):
    """What a completion is of."""

    NONE = c.PENDIO_OPERATION_NONE
    POST = c.PENDIO_OPERATION_POST
    NOP = c.PENDIO_OPERATION_NOP
    TIMER = c.PENDIO_OPERATION_TIMER
    ACCEPT = c.PENDIO_OPERATION_ACCEPT
    CONNECT = c.PENDIO_OPERATION_CONNECT
    RECEIVE = c.PENDIO_OPERATION_RECEIVE
    SEND = c.PENDIO_OPERATION_SEND
    RECEIVE_FROM = c.PENDIO_OPERATION_RECEIVE_FROM
    SEND_TO = c.PENDIO_OPERATION_SEND_TO
    OPEN = c.PENDIO_OPERATION_OPEN
    READ = c.PENDIO_OPERATION_READ
    WRITE = c.PENDIO_OPERATION_WRITE
    CLOSE = c.PENDIO_OPERATION_CLOSE
    FSYNC = c.PENDIO_OPERATION_FSYNC
    TRUNCATE = c.PENDIO_OPERATION_TRUNCATE
    STAT = c.PENDIO_OPERATION_STAT
    RENAME = c.PENDIO_OPERATION_RENAME
    UNLINK = c.PENDIO_OPERATION_UNLINK
    MKDIR = c.PENDIO_OPERATION_MKDIR
    POLL = c.PENDIO_OPERATION_POLL
    DISCONNECT = c.PENDIO_OPERATION_DISCONNECT
    RECEIVE_MESSAGE = c.PENDIO_OPERATION_RECEIVE_MESSAGE
    SEND_MESSAGE = c.PENDIO_OPERATION_SEND_MESSAGE
    SEND_PACKETS = c.PENDIO_OPERATION_SEND_PACKETS
    SPLICE = c.PENDIO_OPERATION_SPLICE
    CHILD = c.PENDIO_OPERATION_CHILD
    SIGNAL = c.PENDIO_OPERATION_SIGNAL
    MOVE = c.PENDIO_OPERATION_MOVE


class CompletionFlag(enum.IntFlag):
    """What a completion says beside its numbers."""

    END_OF_STREAM = c.PENDIO_END_OF_STREAM
    TRUNCATED = c.PENDIO_TRUNCATED
    CONTROL_TRUNCATED = c.PENDIO_CONTROL_TRUNCATED
    LENT = c.PENDIO_LENT
    BY_CANCEL = c.PENDIO_BY_CANCEL
    BY_DEADLINE = c.PENDIO_BY_DEADLINE
    BY_CLOSE = c.PENDIO_BY_CLOSE
    COPIED = c.PENDIO_COPIED


class ContextFlag(enum.IntFlag):
    """How a context works."""

    AUTO_PUT = c.PENDIO_AUTO_PUT
    PEEK = c.PENDIO_PEEK
    ZERO_COPY = c.PENDIO_ZERO_COPY
    FIRST_DATA = c.PENDIO_FIRST_DATA


class CloseMode(enum.IntEnum):
    """How a handle is closed."""

    GRACEFUL = c.PENDIO_GRACEFUL
    ABORTIVE = c.PENDIO_ABORTIVE


class Then(enum.IntFlag):
    """What follows when all packets have gone."""

    NOTHING = 0
    DISCONNECT = c.PENDIO_THEN_DISCONNECT
    REUSE = c.PENDIO_THEN_REUSE


class ReceiveStrategy(enum.IntEnum):
    """How a stream is received from."""

    ADAPTIVE = c.PENDIO_RECEIVE_ADAPTIVE
    SINGLE = c.PENDIO_RECEIVE_SINGLE
    MULTISHOT = c.PENDIO_RECEIVE_MULTISHOT


class ReceiveReason(enum.IntEnum):
    """Why a stream is received from as it is."""

    UNDECIDED = c.PENDIO_RECEIVE_UNDECIDED
    PINNED = c.PENDIO_RECEIVE_PINNED
    LENDING = c.PENDIO_RECEIVE_LENDING
    LONE = c.PENDIO_RECEIVE_LONE
    LARGE = c.PENDIO_RECEIVE_LARGE
    CROWDED = c.PENDIO_RECEIVE_CROWDED
    UNASKED = c.PENDIO_RECEIVE_UNASKED
