#!/usr/bin/env python3
"""clock.py - a subject of SUBJECT.md in Python: nops, timers, messages, and nothing else.

Happy path: a line in, a line out; turn tells what is over, and sleeps while nothing is.
Failures:   misuse is refused; what is not known is ENOTSUP, and what is not announced not asked.
"""

import itertools
import sys
import time

CAN = "nop,timer,auto,try,queue,cancel,post"


class Context:
    """One context: what is set, the run under way, the last result, each as fields of lines."""

    def __init__(self, number):
        self.number, self.taken, self.set, self.was, self.busy = number, False, {}, {}, 0

    def show(self):
        fields = {"busy": self.busy, **{f"set.{key}": value for key, value in self.set.items()},
                  **{f"was.{key}": value for key, value in self.was.items()}}
        return "".join(f" {key}={value}" for key, value in fields.items())


class Subject:
    def __init__(self):
        self.contexts, self.free, self.waiting, self.posts = {}, {}, [], []
        self.runs, self.over = itertools.count(1), False

    def do_hello(self, _):
        return f"ok protocol=1 name=clock version={sys.version_info[0]} can={CAN}"

    def do_loop(self, _):
        return "ok"

    def do_pool(self, fields):
        pool = str(len(self.free) + 1)
        first = len(self.contexts) + 1
        new = [Context(number) for number in range(first, first + int(fields["contexts"]))]
        self.contexts.update((str(context.number), context) for context in new)
        self.free[pool] = new
        for context in new:
            context.pool = pool
        return f"ok pool={pool}"

    def do_get(self, fields):
        if not self.free[fields["pool"]]:
            return "refused error=EAGAIN"
        context = self.free[fields["pool"]].pop()
        context.taken, context.set = True, {}
        return f"ok context={context.number}" + context.show()

    def do_put(self, fields):
        context = self.contexts[fields["context"]]
        if context.busy or not context.taken:
            return "refused error=" + ("EBUSY" if context.busy else "EALREADY")
        context.taken = False
        self.free[context.pool].append(context)
        return "ok"

    def do_set(self, fields):
        context = self.contexts[fields.pop("context")]
        if context.busy:
            return "refused error=EBUSY"
        context.set.update(fields)
        return "ok" + context.show()

    def start(self, operation, fields):
        context = self.contexts[fields["context"]]
        if context.busy or self.over:
            return f"refused error={'EBUSY' if context.busy else 'ESHUTDOWN'}" + context.show()
        context.busy = next(self.runs)
        told = {"operation": operation, "run": context.busy, "user": context.set.get("user", 0)}
        due = time.monotonic_ns() + int(fields.get("after", 0))
        self.waiting.append([due, next(self.runs), context, told])
        return "pending" + context.show()

    def do_cancel(self, fields):
        for entry in self.waiting:
            if str(entry[2].busy) == fields["run"]:
                entry[0] = 0
                entry[3].update(error="ECANCELED", flags="by_cancel")
                return "ok"
        return "refused error=ENOENT"

    def do_post(self, fields):
        self.posts.append(f"posted user={fields.get('user', 0)} value={fields.get('value', 0)}\n")
        return "ok"

    def do_shutdown(self, _):
        self.over = True
        for entry in list(self.waiting):
            self.do_cancel({"run": str(entry[2].busy)})
        return "ok"

    def do_turn(self, fields):
        until = time.monotonic_ns() + int(fields.get("timeout", 0))
        room = int(fields["count"])
        self.waiting.sort(key=lambda entry: entry[:2])
        if not self.posts:
            wakes = min([until] + [entry[0] for entry in self.waiting[:1]])
            time.sleep(max(0, wakes - time.monotonic_ns()) / 1e9)
        ended = self.over and not self.waiting and not self.posts
        lines, self.posts = self.posts[:room], self.posts[room:]
        now = time.monotonic_ns()
        while len(lines) < room and self.waiting and self.waiting[0][0] <= now:
            _, _, context, told = self.waiting.pop(0)
            context.busy, context.was = 0, told
            lines.append(f"told context={context.number}" +
                         "".join(f" {key}={value}" for key, value in told.items()) +
                         context.show() + "\n")
        return "".join(lines) + ("end error=ESHUTDOWN" if ended else "end")

    def do_destroy(self, _):
        return "ok leaked=0"

    def answer(self, line):
        word, *fields = line.split()
        fields = dict(field.split("=", 1) for field in fields)
        if word in ("nop", "timer"):
            return self.start(word, fields)
        command = getattr(self, "do_" + word, None)
        return command(fields) if command else "refused error=ENOTSUP"


if __name__ == "__main__":
    subject = Subject()
    for command_line in sys.stdin:
        print(subject.answer(command_line), flush=True)
