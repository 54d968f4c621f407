#!/usr/bin/env python3
"""hostile.py - the clock of harness/subjects, doing its run harm as its argument says.

Happy path: whatever it does, the run ends in time, by a reason that names it.
Failures:   a run that crashes, or goes on for ever.
"""

import importlib.util
import os
import pathlib
import sys

path = pathlib.Path(__file__).parents[2] / "harness" / "subjects" / "clock.py"
specification = importlib.util.spec_from_file_location("clock", path)
clock = importlib.util.module_from_spec(specification)
sys.dont_write_bytecode = True
specification.loader.exec_module(clock)

chosen = sys.argv[1]


class Hostile(clock.Subject):
    """What it announces beyond the clock's is only said to be done."""

    def __init__(self):
        super().__init__()
        self.handles, self.memory_bytes, self.turns, self.held = 2, 0, 0, None

    def do_hello(self, fields):
        self.memory_bytes = int(fields["memory"])
        return super().do_hello(fields) + {
            "lends_beyond": ",tcp4,receive,lending,close_now",
            "lends_nothing": ",tcp4,receive,lending,close_now",
            "names_another_sender": ",udp4,receive_message,close_now",
            "shows_a_former_vector": ",tcp4,send,vectors,close_now",
            "calls_for_ever": ",tcp4,callbacks,auto_put",
            "leaves_by_itself": ",descriptors",
            "ignores_a_window": ",tcp4,send,close_now",
        }.get(chosen, "")

    def do_bind(self, _):
        return "ok"

    def do_local(self, _):
        return "ok address=ip4,127.0.0.1,1"

    def do_socket(self, _):
        self.handles += 1
        return f"ok handle={self.handles}"

    def do_close_now(self, _):
        return "ok"

    def do_set(self, fields):
        if chosen in ("ignores_a_window", "names_another_sender") and "memory" in fields:
            memory, all_bytes = fields["memory"].split("+")
            whole = f"0+{all_bytes}"
            window = whole if chosen == "ignores_a_window" else fields.get("window", whole)
            fields.update(memory=memory, bytes=all_bytes, window=window)
        answer = super().do_set(fields)
        if chosen != "shows_a_former_vector" or answer.startswith("refused"):
            return answer
        if "pieces" in fields:
            self.held = [piece.split("+") for piece in fields["pieces"].split(",")]
            first, total = self.held[0][0], sum(int(piece[1]) for piece in self.held)
        elif self.held and "memory" in fields:
            first, total = self.memory_bytes - 1, sum(int(piece[1]) for piece in self.held)
        else:
            return answer
        context = next(iter(self.contexts.values()))
        context.set = {"user": context.set["user"], "pieces": len(self.held), "memory": first,
                       "bytes": total}
        return "ok" + context.show()

    def do_turn(self, fields):
        self.turns += 1
        if chosen == "floods" and not self.over and self.turns > 1:
            return "posted user=4000000 value=1\n" * int(fields["count"]) + "end"
        if chosen == "calls_for_ever" and not self.over:
            return self.call_for_ever()
        return super().do_turn(fields)

    def call_for_ever(self):
        for _ in range(1000):
            if not self.waiting:
                break
            _, _, context, told = self.waiting.pop(0)
            context.busy, context.was = 0, told
            print(f"called context={context.number}" +
                  "".join(f" {key}={value}" for key, value in told.items()) + context.show(),
                  flush=True)
            for line in sys.stdin:
                if line.startswith("return"):
                    break
                if line.startswith("get") and not context.busy:
                    context.set = {}
                    print(f"ok context={context.number}" + context.show(), flush=True)
                else:
                    print(self.answer(line), flush=True)
        return "end"

    def answer(self, line):
        word = line.split()[0]
        fields = dict(field.split("=", 1) for field in line.split()[1:])
        if word in ("receive", "send", "receive_message"):
            return self.start(word, fields)
        return super().answer(line)

    def start(self, operation, fields):
        answer = super().start(operation, fields)
        if chosen == "lends_beyond" and answer.startswith("pending"):
            told = self.waiting[-1][3]
            told.update(handle=fields["handle"], bytes=1 << 20, memory=self.memory_bytes - 1)
        if chosen == "lends_nothing" and answer.startswith("pending"):
            told = self.waiting[-1][3]
            told.update(handle=fields["handle"], flags="lent")
        if chosen == "names_another_sender" and answer.startswith("pending"):
            told = self.waiting[-1][3]
            told.update(handle=fields["handle"], sender="ip4,127.0.0.1,2")
        return answer

    def do_destroy(self, fields):
        answer = super().do_destroy(fields)
        if chosen == "speaks_at_last":
            return answer + "\nok leaked=0"
        if chosen == "leaves_by_itself":
            os.write(1, (answer + "\n").encode())
            os._exit(0)
        return answer


if __name__ == "__main__":
    subject = Hostile()
    for command_line in sys.stdin:
        print(subject.answer(command_line), flush=True)
        if chosen == "speaks_again" and command_line.startswith("put"):
            print("ok", flush=True)
