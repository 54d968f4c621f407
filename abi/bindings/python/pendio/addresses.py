"""Socket addresses as Python's socket module writes them, and control data of messages."""

import os
import socket
import struct
from collections.abc import Iterable
from typing import NamedTuple, Union

from . import _layout as c

#: ("192.0.2.1", 80), ("2001:db8::1", 80[, flow[, scope]]), or a path (bytes: abstract ones, too).
#: Names of hosts are for connect_name: nothing here asks anybody.
Address = Union[tuple[str, int], tuple[str, int, int, int], str, bytes, "os.PathLike[str]"]

_HEADER = struct.Struct("=Qii")  # of a control message: struct cmsghdr
_PATH_BYTES = 107


class Control(NamedTuple):
    """One control message, as socket.recvmsg() has them."""

    level: int
    kind: int
    data: bytes


def encode(address: "Address | tuple[str, int, int]") -> bytes:
    """A struct sockaddr_...; ValueError: it is none."""
    if not isinstance(address, tuple):
        path = os.fsencode(address)
        if len(path) > _PATH_BYTES:
            raise ValueError(f"a socket's path has at most {_PATH_BYTES} bytes: {path!r}")
        end = b"" if path.startswith(b"\0") else b"\0"
        return struct.pack("=H", socket.AF_UNIX) + path + end
    host, port, *more = address
    if not 0 <= port <= 65535:
        raise ValueError(f"no port: {port}")
    host, _, zone = host.partition("%")
    try:
        if ":" not in host:
            packed = socket.inet_pton(socket.AF_INET, host or "0.0.0.0")
            return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, packed)
        packed = socket.inet_pton(socket.AF_INET6, host)
    except OSError:
        raise ValueError(f"no address of IPv4 or IPv6: {host!r}") from None
    flow, scope = [*more, 0, 0][:2]
    if zone:
        scope = int(zone) if zone.isdigit() else socket.if_nametoindex(zone)
    return (struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16s", port, flow, packed)
            + struct.pack("=I", scope))


def decode(raw: bytes) -> Address | None:
    """What a struct sockaddr_... means; None: nothing, or a family without words here."""
    if len(raw) < 2:
        return None
    family = struct.unpack_from("=H", raw)[0]
    if family == socket.AF_INET:
        port, packed = struct.unpack_from("!H4s", raw, 2)
        return socket.inet_ntop(socket.AF_INET, packed), port
    if family == socket.AF_INET6:
        port, flow, packed = struct.unpack_from("!HI16s", raw, 2)
        scope = struct.unpack_from("=I", raw, 24)[0]
        return socket.inet_ntop(socket.AF_INET6, packed), port, flow, scope
    if family == socket.AF_UNIX:
        path = raw[2:]
        return path if path.startswith(b"\0") else os.fsdecode(path.split(b"\0")[0])
    return None


def read_endpoint(endpoint: c.pendio_endpoint) -> Address | None:
    """The address in a structure of the library's."""
    return decode(bytes(endpoint.address[:endpoint.byte_count]))


def read_control(memory: memoryview) -> list[Control]:
    """Control messages, as they lie in the memory given to set_control()."""
    found = []
    while len(memory) >= _HEADER.size:
        length, level, kind = _HEADER.unpack_from(memory)
        if not _HEADER.size <= length <= len(memory):
            break
        found.append(Control(level, kind, bytes(memory[_HEADER.size:length])))
        memory = memory[(length + 7) & ~7:]
    return found


def write_control(messages: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Control messages for send_message, as set_control() takes them."""
    out = b""
    for level, kind, data in messages:
        length = _HEADER.size + len(data)
        out += _HEADER.pack(length, level, kind) + bytes(data) + bytes(-length % 8)
    return out
