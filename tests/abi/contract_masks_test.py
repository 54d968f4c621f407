"""contract_masks_test.py - which files of the runtime read which feature of the kernel.

Usage: contract_masks_test.py RUNTIME_FOLDER

tests/abi/contract.cmake derives from it which suites run once without a feature. Red: a file began
to read one, or another does now. Look there whether more suites can touch the feature, then tell it
here.
"""

import pathlib
import re
import sys

# Besides those that set up the ring, ask the kernel, or know what is broken in which one.
ALL_OF_THEM = frozenset(("probe.c", "ring_uring.c", "quirks.c"))
READERS = {
    "buffer_ring": ("buffer_ring.c",),
    "incremental_buffers": ("buffer_ring.c",),
    "multishot_receive": ("ahead.c", "buffer_ring.c"),
    "multishot_accept": ("op_accept.c",),
    "no_signal": ("transfer.c",),
    "ftruncate": ("op_sync.c",),
    "zero_copy": ("zero_copy.c",),
}
FEATURE = re.compile(r"PENDIO_FEATURE_([A-Z_]+)")


def main():
    found = {name: set() for name in READERS}
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.[ch]")):
        if path.name not in ALL_OF_THEM:
            for name in FEATURE.findall(path.read_text(encoding="utf-8")):
                found.setdefault(name.lower(), set()).add(path.name)
    faults = [f"{name}: read by {sorted(readers)}, known are {list(READERS.get(name, ()))}"
              for name, readers in sorted(found.items()) if readers != set(READERS.get(name, ()))]
    print("\n".join(faults) or f"{len(found)} features, as known")
    return 1 if faults else 0


sys.exit(main())
