#!/usr/bin/env python3
"""subject.py - the Python binding as a subject of harness/SUBJECT.md: for pendio run --subject.

Happy path: a line in, the call of that name, what it answers and what the context shows out.
Failures:   refusals of the binding are handed on by their errno; without memory the program ends.
"""

import errno
import mmap
import os
import pathlib
import signal
import socket
import sys

try:
    import pendio
except ModuleNotFoundError:  # in the source tree, where generate.py has run
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    import pendio

CAN = """nop timer accept connect connect_name receive send receive_from send_to receive_message
    send_message send_packets splice open read write fsync truncate stat rename unlink mkdir poll
    disconnect close half_close close_now cancel post pipe tcp4 tcp6 udp4 udp6 unix_stream
    unix_datagram unix_seqpacket file auto try queue deadlines vectors lending auto_put peek
    zero_copy first_data prepared reuse abortive statistics descriptors""".split()
FAMILIES = {
    "tcp4": (socket.AF_INET, socket.SOCK_STREAM), "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
    "udp4": (socket.AF_INET, socket.SOCK_DGRAM), "udp6": (socket.AF_INET6, socket.SOCK_DGRAM),
    "unix_stream": (socket.AF_UNIX, socket.SOCK_STREAM),
    "unix_datagram": (socket.AF_UNIX, socket.SOCK_DGRAM),
    "unix_seqpacket": (socket.AF_UNIX, socket.SOCK_SEQPACKET)}
POLICIES = [policy.name.lower() for policy in pendio.Policy]
OPERATIONS = ["", *(operation.name.lower() for operation in list(pendio.Operation)[1:])]
OPTIONS = ("buffer_bytes", "buffer_count", "collect_bytes", "collect_count")
COUNTERS = """started done pending refused refused_invalid refused_handle refused_busy
    refused_no_capacity refused_shutdown delivered delivered_callback delivered_record posts
    handles_open pool_contexts pool_in_use pool_high_water pool_gets pool_exhausted""".split()


class Line:
    """A command: a word and its fields; what is missing is 0 or empty."""

    def __init__(self, text):
        self.word, *fields = text.split()
        self.fields = dict(field.split("=", 1) for field in fields)

    def has(self, key):
        return key in self.fields

    def text(self, key):
        return self.fields.get(key, "")

    def number(self, key):
        return int(self.fields.get(key, 0))

    def offset(self, key):
        return pendio.STREAMING if self.text(key) == "stream" else self.number(key)

    def ranges(self, key):
        return [tuple(map(int, each.split("+"))) for each in self.text(key).split(",") if each]

    def mode(self):
        abortive = self.text("mode") == "abortive"
        return pendio.CloseMode.ABORTIVE if abortive else pendio.CloseMode.GRACEFUL


def read_address(text):
    kind, _, rest = text.partition(",")
    host, _, port = rest.rpartition(",")
    if kind == "unix":
        return rest
    return (host, int(port)) if kind in ("ip4", "ip6") else None


def tell_address(address):
    if isinstance(address, tuple):
        return f"ip{6 if ':' in address[0] else 4},{address[0]},{address[1]}"
    return f"unix,{address}" if address else ""


def write_fields(pairs, prefix=""):
    """Those that are 0 or empty are left out."""
    return "".join(f" {prefix}{key}={value}" for key, value in pairs if value)


def flag_names(kind, bits):
    return ",".join(flag.name.lower() for flag in kind if bits & flag)


class Known:
    """A context under its number, and the places that are its own."""

    def __init__(self, number, context, own, lend):
        self.number, self.context, self.own, self.lend = number, context, own, lend


class Subject:
    def __init__(self):
        self.pools, self.known, self.by_context = [], {}, {}

    # ---- loop and pools ----

    def do_hello(self, line):
        self.memory = memoryview(mmap.mmap(3, line.number("memory")))
        (self.lend_at, self.lend_bytes), = line.ranges("lend")
        return (f"ok protocol=1 name=python version={pendio.library_version} "
                f"can={','.join(CAN)}")

    def do_loop(self, line):
        self.room = line.number("operations")
        self.loop = pendio.PlainLoop(
            operation_count=self.room, handle_count=line.number("handles"),
            done_budget=line.number("budget"), **{key: line.number(key) for key in OPTIONS})
        with self.loop.pool(1) as pool, pool.context() as context:
            context.set_memory(self.memory)
            self.base = context.request.memory
        self.first = self.loop.statistics()
        return "ok"

    def do_pool(self, line):
        pool = self.loop.pool(line.number("contexts"))
        self.pools.append([pool, line.number("memory"), line.number("slice")])
        return f"ok pool={len(self.pools)}"

    def do_get(self, line):
        entry = self.pools[line.number("pool") - 1]
        pool, at, size = entry
        context = pool.get()
        known = self.by_context.get(context)
        if known is None:
            number = len(self.known) + 1
            lend = self.lend_at + (number - 1) * (self.lend_bytes // self.room)
            known = self.known[number] = Known(number, context, (at if size else 0, size), lend)
            self.by_context[context] = known
            entry[1] += size
        context.set_memory(self.piece(*known.own))
        return f"ok context={known.number}" + self.show(known)

    def do_put(self, line):
        self.find(line).context.put()
        return "ok"

    def do_statistics(self, _):
        now = self.loop.statistics()
        now["pool_gets"] -= self.first["pool_gets"]  # that of do_loop
        return "ok" + write_fields((key, now[key]) for key in COUNTERS)

    def do_shutdown(self, _):
        self.loop.shutdown()
        return "ok"

    def do_destroy(self, _):
        return f"ok leaked={self.loop.destroy()}"

    def do_turn(self, line):
        lines, end = [], "end"
        try:
            for context, told in self.loop.turn(line.number("timeout"), line.number("count")):
                lines.append(self.tell(context, told))
        except pendio.ShuttingDown:
            end = "end error=ESHUTDOWN"
        return "\n".join([*lines, end])

    def do_cancel(self, line):
        run = line.number("run")
        asked = any(known.context.run == run and known.context.cancel()
                    for known in self.known.values())
        return "ok" if asked else "refused error=ENOENT"

    def do_post(self, line):
        self.loop.post(line.number("user"), line.number("value"))
        return "ok"

    # ---- handles ----

    def handle(self, line, key="handle"):
        return pendio.Handle(self.loop, line.number(key))

    def do_socket(self, line):
        return f"ok handle={int(self.loop.socket(*FAMILIES[line.text('family')]))}"

    def do_pipe(self, _):
        read, write = map(self.loop.adopt, os.pipe())
        return f"ok read={int(read)} write={int(write)}"

    def do_bind(self, line):
        self.handle(line).bind(read_address(line.text("address")))
        return "ok"

    def do_local(self, line):
        return f"ok address={tell_address(self.handle(line).local())}"

    def do_listen(self, line):
        self.handle(line).listen(line.number("backlog"))
        return "ok"

    def do_half_close(self, line):
        self.handle(line).shutdown()
        return "ok"

    def do_close_now(self, line):
        self.handle(line).close(line.mode())
        return "ok"

    # ---- contexts ----

    def find(self, line):
        return self.known[line.number("context")]

    def piece(self, offset, size):
        return self.memory[offset:offset + size] if offset else None

    def do_set(self, line):
        known = self.find(line)
        context = known.context
        if line.has("policy"):
            context.set_policy(pendio.Policy[line.text("policy").upper()])
        if line.has("flags"):
            context.set_flags(sum(pendio.ContextFlag[name.upper()]
                                  for name in line.text("flags").split(",") if name))
        if line.has("deadline"):
            context.set_deadline(line.number("deadline"))
        if line.has("user"):
            context.set_user_data(line.number("user"))
        self.set_memory(known, line)
        if line.has("endpoint"):
            context.set_endpoint(read_address(line.text("endpoint")))
        return "ok" + self.show(known)

    def set_memory(self, known, line):
        if line.has("slice"):
            known.context.set_memory(self.piece(*known.own))
        for offset, size in line.ranges("memory"):
            known.context.set_memory(self.piece(offset, size))
        if line.has("pieces"):
            known.context.set_pieces([self.memory[at:at + size]
                                      for at, size in line.ranges("pieces")])
        if line.has("lending"):
            known.context.set_lending()
        for offset, size in line.ranges("window"):
            known.context.set_window(offset, size)

    def place_of(self, known, address):
        """In the shared memory; of what is lent, which is the library's, that has a copy."""
        at = address - self.base if address else 0
        return at if 0 <= at < len(self.memory) else known.lend

    def result(self, known, told, prefix=""):
        if told.lent:
            data = known.context.data
            self.memory[known.lend:known.lend + len(data)] = data
        return write_fields((
            ("operation", OPERATIONS[told.operation]), ("handle", told.handle), ("run", told.run),
            ("user", told.user_data), ("value", told.value), ("bytes", told.bytes),
            ("memory", self.place_of(known, told.memory)),
            ("error", told.error and errno.errorcode[-told.error]),
            ("flags", told.flags and flag_names(pendio.CompletionFlag, told.flags))), prefix)

    def peer(self, context, operation):
        """Who sent what came, and where to."""
        if operation == pendio.Operation.RECEIVE_FROM:
            return write_fields((("sender", tell_address(context.sender)),), "was.")
        if operation != pendio.Operation.RECEIVE_MESSAGE:
            return ""
        message = context.message()
        return write_fields((("sender", tell_address(message.sender)),
                             ("destination", tell_address(message.destination)),
                             ("interface", message.interface_index)), "was.")

    def show(self, known):
        context, request = known.context, known.context.request
        result = context.result
        window = f"{request.window_offset}+{request.window_bytes}"
        fields = write_fields((
            ("policy", POLICIES[request.policy]),
            ("flags", request.flags and flag_names(pendio.ContextFlag, request.flags)),
            ("deadline", request.deadline_ns), ("user", request.user_data),
            ("memory", self.place_of(known, request.memory)), ("bytes", request.byte_count),
            ("window", "" if request.piece_count else window),
            ("pieces", request.piece_count), ("lending", request.lending),
            ("endpoint", request.endpoint.byte_count and
             tell_address(pendio.read_endpoint(request.endpoint)))), "set.")
        return (f" busy={context.run}{fields}" + self.result(known, result, "was.")
                + self.peer(context, result.operation))

    def tell(self, context, told):
        if context is None:
            return "posted" + write_fields((("user", told.user_data), ("value", told.value)))
        known = self.by_context[context]
        return f"told context={known.number}" + self.result(known, told) + self.show(known)

    # ---- starts ----

    def packets(self, line):
        for each in filter(None, line.text("packets").split(",")):
            kind, _, rest = each.partition(":")
            source, _, place = rest.rpartition(":")
            if kind == "nothing":
                yield b""
                continue
            at, size = map(int, place.split("+"))
            if kind == "memory":
                yield self.memory[at:at + size]
            else:
                yield pendio.Packet(source if kind == "path" else int(source), at, size)

    def arguments(self, line):
        """Of the start of that name, as the context's method takes them."""
        handle, path, word = line.number("handle"), line.text("path") or None, line.word
        if word in ("send", "receive"):
            return (handle,)
        special = {
            "nop": (), "timer": (line.number("after"),), "accept": (handle, line.number("into")),
            "connect_name": (line.text("host"), line.number("port"), handle),
            "disconnect": (handle, line.text("reuse") == "1"),
            "send_packets": (handle, self.packets(line)),
            "splice": (line.number("from"), line.offset("from_offset"), handle,
                       line.offset("offset"), line.number("bytes")),
            "open": (path, os.O_RDWR | (os.O_CREAT | os.O_TRUNC) * line.number("create"), 0o600),
            "read": (handle, line.offset("offset")), "write": (handle, line.offset("offset")),
            "fsync": (handle, line.text("data_only") == "1"),
            "truncate": (handle, line.number("size")), "stat": (path, handle),
            "rename": (path, line.text("target")),
            "unlink": (path, line.text("directory") == "1"), "mkdir": (path, 0o700),
            "poll": (handle, line.number("events")), "close": (handle, line.mode())}
        return special.get(word, (handle,))

    def start(self, line):
        known = self.find(line)
        try:
            start = getattr(known.context, line.word)
            answer = "pending" if start(*self.arguments(line)) else "done"
        except pendio.Refusal as refusal:
            answer = f"refused error={errno.errorcode[refusal.errno]}"
        return answer + self.show(known)

    def answer(self, line):
        command = getattr(self, f"do_{line.word}", None)
        try:
            if command is not None:
                return command(line)
            if line.word in CAN and line.has("context"):
                return self.start(line)
        except pendio.Refusal as refusal:
            because = f" because={refusal.strerror}" if line.word == "loop" else ""
            return f"refused error={errno.errorcode[refusal.errno]}{because}"
        return "refused error=ENOTSUP"


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    subject = Subject()
    for command_line in sys.stdin:
        print(subject.answer(Line(command_line)), flush=True)
