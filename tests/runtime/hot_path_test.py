"""hot_path_test.py - no locked instruction where operations start, are collected and delivered.

Usage: hot_path_test.py SHARED_LIBRARY
Exit code 77, with the reason, without objdump or on another processor than x86-64.

What may be atomic is listed. Besides, only the way to sleep has a fence, and only one.
"""

import platform
import re
import shutil
import subprocess
import sys

# Creation of a loop, what other threads may do to it, moves between loops, and groups.
ATOMIC_FUNCTIONS = frozenset((
    "pendio_loop_create", "pnd_loop_create", "claim", "next_loop_id",
    "pendio_loop_wake", "pendio_loop_post", "pnd_wake_up", "pnd_wake_post", "rouse",
    "pnd_wake_send", "exchange_errands", "pnd_wake_take_errands", "pnd_wake_take_last_errands",
    "pnd_loop_hold", "pnd_loop_release", "pendio_loop_destroy", "pnd_loop_destroy",
    "pendio_move", "pnd_move_start", "send_off", "move_stop", "arrive", "arrived", "ask",
    "come_back", "move_discard", "pnd_moves_forget_told",
    "pendio_group_create", "pendio_group_destroy", "pendio_group_listen", "pendio_group_shutdown",
    "pnd_group_create", "pnd_group_destroy", "pnd_group_listen", "pnd_group_shutdown"))

# The way to sleep: whatever of it the compiler left as a function, or put the fence into.
SLEEP_FUNCTIONS = frozenset((
    "pendio_loop_turn", "pnd_loop_turn", "pnd_loop_wait", "go_round", "pnd_wake_may_sleep",
    "pnd_wake_may_sleep_on", "pendio_loop_descriptor", "pnd_host_descriptor",
    "pnd_host_end_turn", "rest", "try_to_rest"))

# There or the disassembly is not what it should be.
HOT_FUNCTIONS = frozenset((
    "pendio_nop", "pendio_receive", "pendio_send", "pendio_read", "pendio_loop_turn"))

FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
ATOMIC = re.compile(r"\t(lock\b|mfence\b|xchg\s.*\()")
FENCE = re.compile(r"\t(mfence\b|lock or[lq]?\s+\$0x0,)")


def disassemble(library):
    """Yields (function, line) of every instruction."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", library], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=100).stdout
    function = ""
    for line in text.splitlines():
        found = FUNCTION.match(line)
        if found:
            function = found.group(1).split(".")[0]  # as it was before the compiler split it
        else:
            yield function, line


def find_faults(instructions):
    functions = {function for function, _ in instructions}
    atomics = [(function, line) for function, line in instructions if ATOMIC.search(line)]
    elsewhere = [(function, line) for function, line in atomics
                 if function not in ATOMIC_FUNCTIONS]
    fences = [function for function, line in elsewhere if FENCE.search(line)]

    for function in sorted(HOT_FUNCTIONS - functions):
        yield f"{function} is not in the disassembly"
    if len(atomics) == len(elsewhere):
        yield "not even posting is atomic: the instructions are not what this test looks for"
    for function, line in elsewhere:
        if not FENCE.search(line):
            yield f"{function} has an atomic instruction: {line.strip()}"
    for function in sorted(set(fences)):
        if function not in SLEEP_FUNCTIONS:
            yield f"{function} has a fence, and does not sleep"
        elif fences.count(function) > 1:
            yield f"{function} has {fences.count(function)} fences, one is enough before sleeping"
    if not fences:
        yield "there is no fence before sleeping: a wake-up can be lost"


def main():
    if platform.machine() != "x86_64":
        print(f"skipped: this is {platform.machine()}, not x86-64")
        return 77
    if shutil.which("objdump") is None:
        print("skipped: objdump is not installed")
        return 77
    faults = list(find_faults(list(disassemble(sys.argv[1]))))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


sys.exit(main())
