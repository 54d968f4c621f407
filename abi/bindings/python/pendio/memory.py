"""Memory that two sides know: Python's under the kernel, and the library's in Python's hands."""

import ctypes
import functools
from typing import Any

#: Whatever has its bytes in one stretch: bytes, bytearray, memoryview, array, mmap ...
Buffer = Any


class _PyBuffer(ctypes.Structure):
    """Py_buffer, as the stable ABI of Python 3.11 has it."""

    buf: int | None
    len: int
    readonly: int
    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.restype = ctypes.c_int
_get_buffer.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.restype = None
_release_buffer.argtypes = [ctypes.c_void_p]
_increase = ctypes.pythonapi.Py_IncRef
_increase.restype = None
_increase.argtypes = [ctypes.py_object]
_untrack = ctypes.pythonapi.PyObject_GC_UnTrack
_untrack.restype = None
_untrack.argtypes = [ctypes.py_object]


class Pin:
    """Holds a buffer in place: as long as this lives its memory is neither moved nor freed.

    It is a memoryview that does so, and nothing with a __del__: of what dies together the garbage
    collector calls these first and in any order, and the kernel may still have the memory.
    """

    __slots__ = ("address", "size", "readonly", "_view")

    def __init__(self, owner: Buffer) -> None:
        self._view = memoryview(owner)
        buffer = _PyBuffer()
        _get_buffer(self._view, ctypes.byref(buffer), 0)  # raises BufferError by itself
        self.size = buffer.len
        self.address = buffer.buf if buffer.len > 0 else None
        self.readonly = bool(buffer.readonly)
        _release_buffer(ctypes.byref(buffer))


@functools.lru_cache(maxsize=64)
def _array_of(size: int) -> Any:
    return ctypes.c_ubyte * size


def view_of(address: int, size: int, anchor: object) -> memoryview:
    """The library's memory as it is, no copy. `anchor` lives as long as anybody looks at it."""
    array: Any = _array_of(size).from_address(address)
    array.anchor = anchor
    return memoryview(array).cast("B")


_forever: list[object] = []


class Uncollected(int):
    """A number with a __del__ that is called when nobody holds it any more, and not before: the
    garbage collector, which calls those of all that dies together in any order, does not know it.
    """

    __slots__ = ()

    def __init__(self, number: int) -> None:
        _untrack(self)


def never_free(thing: object) -> None:
    """The kernel may still write to memory this holds: not even the interpreter's end frees it."""
    _forever.append(thing)
    _increase(thing)
