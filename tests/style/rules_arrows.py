"""rules_arrows.py - who may know whom: includes, names across files, nothing unbuilt.

Each rule takes a Tree and yields a Violation for every place that breaks it.
"""

import json
import pathlib
import posixpath
import re
from typing import Iterator

from tree import Include, Source, Tree, Violation

# A library, and the only files (or folders, with a slash) that may include its headers.
LIBRARY_OWNERS = (
    (r"liburing(\.h|/)", ("runtime/ring_uring.c", "runtime/probe.c", "tools/bench/")),
    (r"linux/io_uring\.h", ("runtime/uring_abi.h",)),
    (r"ares.*\.h", ("runtime/resolver.c",)),
    (r"nng/", ("harness/link.c", "harness/link_listen.c", "harness/link_listen.h",
               "harness/link_peer.c", "harness/link_peer.h", "harness/link_proof.c",
               "tools/link.c", "tests/support/")),
    (r"protobuf-c/|.*\.pb-c\.h", ("proto/", "tests/proto/")),
    (r"jansson\.h", ("proto/", "tools/")),
    (r"mbedtls/", ("proto/content_hash.c",)),
    (r"libsmartcols(\.h|/)", ("tools/",)),
    (r"libxml/", ("tools/", "tests/")),
    (r"check\.h", ("tests/",)),
)

# A folder, and what of the project it may include besides its own.
PUBLIC = "abi/include/pendio/pendio.h"
ARROWS = {
    "runtime": (PUBLIC,),
    "abi": (PUBLIC, "runtime/"),
    "proto": (),
    "harness": (PUBLIC, "proto/"),
    "tools": (PUBLIC, "proto/"),
}
EXAMPLES = "abi/examples/"

# Functions other files see: how their names begin, and what the C library prescribes.
PREFIXES = {"runtime": ("pnd_",), "proto": ("pnd_",), "harness": ("pnd_",), "tools": ("pnd_",),
            "abi": ("pendio_", "pnd_")}
PRESCRIBED = frozenset((
    "main", "malloc", "calloc", "realloc", "reallocarray", "free", "posix_memalign",
    "aligned_alloc", "memalign", "valloc", "pvalloc"))

# Built by their users (bindings), with sanitizers (fuzzers), where libuv or libevent are, or by a
# test of the installed package.
UNBUILT = re.compile(
    r"^(abi/bindings/|tests/fuzz/|tests/abi/(host_libuv_test|old_caller)\.c$|"
    r"tools/bench/(\w+_libuv|peers/libevent)\.c$|tests/\w+/(package|data)/)")


def allows(owners: "tuple[str, ...]", path: str) -> bool:
    return any(path.startswith(owner) if owner.endswith("/") else path == owner
               for owner in owners)


def libraries_stay_with_their_owners(tree: Tree) -> Iterator[Violation]:
    for source in tree.c_sources():
        for include in source.includes:
            for pattern, owners in LIBRARY_OWNERS:
                if re.fullmatch(f"(?:{pattern}).*", include.name) and not allows(owners,
                                                                                source.path):
                    yield Violation(source.path, include.line, f"includes {include.name}",
                                    f"leave that to {', '.join(owners)}")


def find_included(tree: Tree, source: Source, include: Include) -> "str | None":
    """The file of this project that an include means; None: a header of the system."""
    if include.name == "pendio/pendio.h":
        return PUBLIC
    if not include.is_quoted:
        return None
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), include.name))
    if beside in tree.paths:
        return beside
    named = [path for path in tree.paths if f"/{path}".endswith(f"/{include.name}")]
    own = [path for path in named if path.split("/")[0] == source.folder]
    return next(iter(own + named), None)


def includes_follow_the_arrows(tree: Tree) -> Iterator[Violation]:
    for source in tree.c_sources():
        for include in source.includes:
            target = find_included(tree, source, include)
            if target and not may_include(source, target):
                yield Violation(source.path, include.line, f"includes {target}",
                                "see the arrows in CONTRIBUTING.md: " + what_may(source))


def may_include(source: Source, target: str) -> bool:
    if source.folder not in ARROWS:
        return True  # tests may see everything
    if source.path.startswith(EXAMPLES):
        return target == PUBLIC or target.startswith(EXAMPLES)
    return target.startswith(f"{source.folder}/") or allows(ARROWS[source.folder], target)


def what_may(source: Source) -> str:
    others = "" if source.path.startswith(EXAMPLES) else ", ".join(ARROWS[source.folder])
    return f"besides its own {source.folder}/ may include only {others or 'nothing'}"


def names_across_files_have_their_prefix(tree: Tree) -> Iterator[Violation]:
    for source in tree.c_sources():
        prefixes = PREFIXES.get(source.folder)
        if not prefixes or source.path.startswith(EXAMPLES):
            continue
        for function in source.functions:
            if not (function.is_static or function.name.startswith(prefixes)
                    or function.name in PRESCRIBED):
                yield Violation(source.path, function.line,
                                f"{function.name} is seen by other files",
                                f"make it static, or name it {prefixes[0]}<module>_<verb>")


def structs_have_no_typedef(tree: Tree) -> Iterator[Violation]:
    for source in tree.c_sources():
        lines = source.code.split("\n")
        for number, line in enumerate(lines, 1):
            declared = " ".join(lines[number - 1:number + 3]).split(";")[0]
            if re.match(r"typedef\b", line) and not is_allowed_typedef(declared):
                yield Violation(source.path, number, "a typedef",
                                "use the tag; only handles and function types (..._fn) have one")


def is_allowed_typedef(declared: str) -> bool:
    return bool(re.search(r"\b\w+_fn\b", declared)
                or re.fullmatch(r"typedef\s+uint64_t\s+pendio_(handle|run)\s*", declared))


def every_source_is_built(tree: Tree) -> Iterator[Violation]:
    database = tree.build / "compile_commands.json" if tree.build else None
    if database is None or not database.exists():
        return
    built = {(pathlib.Path(entry["directory"]) / entry["file"]).resolve()
             for entry in json.loads(database.read_text(encoding="utf-8"))}
    for source in tree.c_sources():
        if source.suffix == ".c" and not UNBUILT.match(source.path):
            if (tree.root / source.path).resolve() not in built:
                yield Violation(source.path, 1, "no target builds this file",
                                "name it in its folder's CMakeLists.txt, or remove it")


def every_header_is_included(tree: Tree) -> Iterator[Violation]:
    used = {find_included(tree, source, include)
            for source in tree.c_sources() for include in source.includes}
    for source in tree.c_sources():
        if source.suffix == ".h" and source.path not in used and source.path != PUBLIC \
                and not UNBUILT.match(source.path):
            yield Violation(source.path, 1, "no file includes this header", "remove it")


RULES = (
    libraries_stay_with_their_owners,
    includes_follow_the_arrows,
    names_across_files_have_their_prefix,
    structs_have_no_typedef,
    every_source_is_built,
    every_header_is_included,
)
