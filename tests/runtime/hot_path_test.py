"""hot_path_test.py - no lock and no locked instruction where operations start, end and are told.

Usage: hot_path_test.py SHARED_LIBRARY [--list]
Exit code 77, with the reason, without objdump or on another processor than x86-64.

What is hot is derived, not listed: all that the public calls in ROOTS reach in the library's own
instructions, by calls and jumps, by taking an address, and through the tables of functions that
they mention. Whatever a compiler puts inline is seen where it put it. --list prints that set.

What is atomic all the same is named in EXCEPTIONS. Besides, only the way to sleep has a fence.
"""

import bisect
import collections
import platform
import re
import shutil
import subprocess
import sys

# What is called for each operation, and what each of them may lead to.
ROOTS = (
    "pendio_accept", "pendio_cancel", "pendio_connect", "pendio_nop", "pendio_poll", "pendio_read",
    "pendio_receive", "pendio_receive_from", "pendio_receive_message", "pendio_send",
    "pendio_send_message", "pendio_send_packets", "pendio_send_to", "pendio_splice",
    "pendio_timer", "pendio_write", "pendio_close", "pendio_loop_flush", "pendio_loop_turn",
    "pendio_pool_get", "pendio_pool_put", "pendio_context_run", "pendio_context_set_deadline",
    "pendio_context_set_lending", "pendio_context_set_memory", "pendio_context_set_window",
    "pnd_ring_uring")  # the backend's table, which a loop was given when it was made

# Atomic, reached from a turn, and not once for each operation: why.
EXCEPTIONS = {
    "exchange_errands": "another loop has sent something to be done here",
    "pnd_moves_forget_told": "handles have arrived from another loop",
    "pnd_loop_release": "the same",
}

# The way to sleep: whatever of it the compiler left as a function, or put the fence into.
SLEEPERS = frozenset((
    "pendio_loop_turn", "pnd_loop_turn", "pnd_loop_wait", "go_round", "pnd_wake_may_sleep",
    "pnd_wake_may_sleep_on", "pendio_loop_descriptor", "pnd_host_descriptor",
    "pnd_host_end_turn", "rest", "try_to_rest"))

# Known to be reached, through a call, a table of an operation, and the backend's table.
LANDMARKS = ("pnd_context_advance", "uring_collect", "uring_submit")

SYMBOL = re.compile(r"^([0-9a-f]+) .{7} (\.\S+)\t([0-9a-f]+) +(?:\.hidden )?(\S+)$")
RELOCATION = re.compile(r"^([0-9a-f]+) R_X86_64_RELATIVE +\*ABS\*\+0x([0-9a-f]+)$")
HEAD = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
MENTIONED = re.compile(r"(?:# |\s)([0-9a-f]+) <([^>]+)>")
ATOMIC = re.compile(r"\t(lock\b|mfence\b|xchg\s.*\()")
FENCE = re.compile(r"\t(mfence\b|lock or[lq]?\s+\$0x0,)")
LOCK = re.compile(r"pthread_(mutex|rwlock|spin|cond|barrier|once)|sem_(wait|timed|post)|mtx_|cnd_")


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          timeout=100).stdout.splitlines()


class Library:
    """The instructions of each function, and what each function and each table mentions."""

    def __init__(self, path):
        self.begins = []
        self.symbols = []  # (begin, end, name) in order; several functions may have one name
        for line in run("objdump", "-t", path):
            found = SYMBOL.match(line)
            if found and int(found.group(3), 16) > 0:
                begin = int(found.group(1), 16)
                self.symbols.append((begin, begin + int(found.group(3), 16), found.group(4)))
        self.symbols.sort()
        self.begins = [begin for begin, _, _ in self.symbols]
        self.instructions = collections.defaultdict(list)
        self.mentions = collections.defaultdict(set)
        self.imports = collections.defaultdict(set)
        self.read_code(path)
        for line in run("objdump", "-R", path):
            found = RELOCATION.match(line)
            if found:
                self.mentions[self.at(int(found.group(1), 16))].add(
                    self.at(int(found.group(2), 16)))

    def at(self, address):
        """What is there: (begin, name); None: nothing with a name."""
        index = bisect.bisect_right(self.begins, address) - 1
        if index < 0 or address >= self.symbols[index][1]:
            return None
        return self.symbols[index][0], self.symbols[index][2]

    def read_code(self, path):
        here = None
        for line in run("objdump", "-d", "--no-show-raw-insn", path):
            head = HEAD.match(line)
            if head:
                here = self.at(int(head.group(1), 16))
                continue
            self.instructions[here].append(line)
            for address, name in MENTIONED.findall(line):
                if name.endswith("@plt"):
                    self.imports[here].add(name[:-len("@plt")])
                else:
                    self.mentions[here].add(self.at(int(address, 16)))

    def reached_from(self, names):
        waiting = [(begin, name) for begin, _, name in self.symbols if name in names]
        reached = set()
        while waiting:
            place = waiting.pop()
            if place is not None and place not in reached:
                reached.add(place)
                waiting.extend(self.mentions[place])
        return reached


def plain(place):
    """The name before the compiler split or copied the function."""
    return place[1].split(".")[0]


def find_faults(library, reached):
    names = {plain(place) for place in reached}
    fences = collections.Counter()
    everywhere = sum(bool(ATOMIC.search(line))
                     for lines in library.instructions.values() for line in lines)

    for name in (*ROOTS, *LANDMARKS):
        if name not in names:
            yield f"{name} is not in the disassembly, or not reached"
    if everywhere == 0:
        yield "not even posting is atomic: the instructions are not what this test looks for"
    for place in sorted(reached):
        name = plain(place)
        for line in library.instructions[place]:
            if FENCE.search(line):
                fences[place] += 1
            elif ATOMIC.search(line) and name not in EXCEPTIONS:
                yield f"{name} has an atomic instruction: {line.strip()}"
        for called in sorted(filter(LOCK.match, library.imports[place])):
            yield f"{name} calls {called}"
    for place, count in sorted(fences.items()):
        if plain(place) not in SLEEPERS:
            yield f"{plain(place)} has a fence, and does not sleep"
        elif count > 1:
            yield f"{plain(place)} has {count} fences, one is enough before sleeping"
    if not fences:
        yield "there is no fence before sleeping: a wake-up can be lost"


def main():
    if platform.machine() != "x86_64":
        print(f"skipped: this is {platform.machine()}, not x86-64")
        return 77
    if shutil.which("objdump") is None:
        print("skipped: objdump is not installed")
        return 77
    library = Library(sys.argv[1])
    reached = library.reached_from(ROOTS)
    if "--list" in sys.argv:
        print("\n".join(sorted({plain(place) for place in reached})))
        return 0
    faults = list(find_faults(library, reached))
    for fault in faults:
        print(fault)
    print(f"{sum(place in library.instructions for place in reached)} functions are reached")
    return 1 if faults else 0


sys.exit(main())
