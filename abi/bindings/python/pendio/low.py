"""The library as it is: every call of pendio.h by its C name, without anything around it.

    from pendio import low
    loop = ctypes.c_void_p()
    status = low.functions.pendio_loop_create(None, ctypes.byref(loop))

Statuses are what C returns; memory and lifetime are the caller's to look after, as in C. Structures
and constants have their C names, too. ``functions`` keeps the interpreter's lock during a call,
``unlocked`` gives it up: for calls that may sleep.

The library is the one that the environment's PENDIO_LIBRARY names, else ``libpendio.so.0`` of the
system. Importing this fails with ImportError when there is none, or one that does not fit.
"""

import ctypes
import errno
import os
from typing import Any

from . import _layout
from ._layout import *  # noqa: F403  (constants and structures)
from ._layout import Functions

#: Where a library is looked for when PENDIO_LIBRARY is not set.
DEFAULT_LIBRARY = "libpendio.so.0"


def _bind(library: ctypes.CDLL) -> Functions:
    bound: Any = Functions()
    for name, (result, arguments) in _layout.SIGNATURES.items():
        function = getattr(library, name)  # AttributeError: the library lacks it
        function.restype, function.argtypes = result, arguments
        setattr(bound, name, function)
    table: Functions = bound
    return table


def check_layouts() -> None:
    """Structures lie here as the compiler of the snapshot has laid them out, or ImportError."""
    for kind, (size, offsets) in _layout.LAYOUTS.items():
        actual = {name: getattr(kind, name).offset for name in offsets}
        if ctypes.sizeof(kind) != size or actual != offsets:
            raise ImportError(f"{kind.__name__} is laid out otherwise on this platform")


def check_library(table: Functions, path: str) -> None:
    """The library is of this release or a later one that is compatible, or ImportError.

    Without making a loop it can be asked its version, the names of its features, and whether it
    knows all of its structures of options: of a longer one it refuses what it does not know.
    """
    version = table.pendio_version()
    if version >> 16 != _layout.RELEASE >> 16 or version < _layout.RELEASE:
        raise ImportError(f"{path} is release {text_of(version)}; this binding is made for "
                          f"{text_of(_layout.RELEASE)} and later ones of the same major number")
    for name in dir(_layout):
        if name.startswith("PENDIO_FEATURE_"):
            told = table.pendio_feature_name(getattr(_layout, name))
            expected = name.removeprefix("PENDIO_FEATURE_").lower()
            if told is None or told.decode() != expected:
                raise ImportError(f"{path} has another meaning for {name}")
    made = ctypes.c_void_p()
    options = _layout.pendio_loop_options(size=ctypes.sizeof(_layout.pendio_loop_options),
                                          flags=0xffffffff, reserved=0xffffffff)
    if table.pendio_loop_create(ctypes.byref(options), ctypes.byref(made)) != -errno.EINVAL:
        raise ImportError(f"{path} does not know all options of a loop")
    group = _layout.pendio_group_options(size=ctypes.sizeof(_layout.pendio_group_options),
                                         flags=0xffffffff, state=1)
    if table.pendio_group_create(ctypes.byref(group), ctypes.byref(made)) != -errno.EINVAL:
        raise ImportError(f"{path} does not know all options of a group")


def check_answers(table: Functions) -> bool:
    """Structures that only a loop fills in: the library has all of each, or ImportError.

    Asked before the first loop is made, of one that exists for that, as a loop is more than an
    import should make. False: there is none to be had.
    """
    made = ctypes.c_void_p()
    options = _layout.pendio_loop_options(size=ctypes.sizeof(_layout.pendio_loop_options),
                                          operation_count=1, handle_count=1)
    if table.pendio_loop_create(ctypes.byref(options), ctypes.byref(made)) < 0:
        return False
    try:
        fits = _fill_in(table, made)
    finally:
        table.pendio_loop_destroy(made, 0, None)
    if not fits:
        raise ImportError("the library's structures are laid out otherwise than this binding's")
    return True


def _fill_in(table: Functions, loop: ctypes.c_void_p) -> bool:
    pool, context = ctypes.c_void_p(), ctypes.c_void_p()
    options = _layout.pendio_pool_options(size=ctypes.sizeof(_layout.pendio_pool_options),
                                          context_count=1, slice_bytes=64)
    if (table.pendio_pool_create(loop, ctypes.byref(options), ctypes.byref(pool)) < 0
            or table.pendio_pool_get(pool, ctypes.byref(context)) < 0):
        return False
    table.pendio_context_set_user_data(context, 0x0123456789abcdef)
    table.pendio_context_set_deadline(context, 77)
    table.pendio_context_set_endpoint(context, b"\1\0pendio", 8)
    request = _layout.pendio_request(size=ctypes.sizeof(_layout.pendio_request))
    table.pendio_context_request(context, ctypes.byref(request))
    message = _layout.pendio_message(size=ctypes.sizeof(_layout.pendio_message))
    table.pendio_context_message(context, ctypes.byref(message))
    result = _layout.pendio_completion()
    table.pendio_context_result(context, ctypes.byref(result))
    statistics = _layout.pendio_loop_statistics(
        size=ctypes.sizeof(_layout.pendio_loop_statistics))
    table.pendio_loop_stats(loop, ctypes.byref(statistics))
    return (all(known.size == ctypes.sizeof(known) for known in (request, message, statistics))
            and request.user_data == 0x0123456789abcdef and request.deadline_ns == 77
            and request.window_bytes == 64 and request.endpoint.byte_count == 8
            and result.context == context.value and statistics.pool_gets == 1)


def text_of(version: int) -> str:
    """0x000102 is 0.1.2."""
    return f"{version >> 16}.{version >> 8 & 0xff}.{version & 0xff}"


def _load(path: str) -> tuple[Functions, Functions]:
    try:
        tables = _bind(ctypes.PyDLL(path)), _bind(ctypes.CDLL(path))
    except OSError as problem:
        raise ImportError(f"{problem}; PENDIO_LIBRARY may name the library's file") from None
    except AttributeError as problem:
        raise ImportError(f"{path} does not fit this binding: {problem}") from None
    check_library(tables[0], path)
    return tables


check_layouts()
functions, unlocked = _load(os.environ.get("PENDIO_LIBRARY") or DEFAULT_LIBRARY)
