#!/usr/bin/env python3
"""echo.py [PORT] - an echo server: sends back what comes, on any number of connections.

Happy path: each connection has a context, and a task that drives it. A receive lends the context
            the buffer the data came in, and the send sends from there: nothing is copied.
Failures:   a connection that breaks ends alone. Ctrl-C cancels everything, waits for the kernel,
            and closes what is open.
"""

import asyncio
import sys

import pendio


async def serve(loop, pool, connection):
    try:
        with pool.context() as context:
            context.set_lending()
            context.set_policy(pendio.Policy.TRY)
            while await loop.receive(context, connection):
                await loop.send(context, connection)
    except pendio.Error as error:
        print(f"a connection has ended: {error}", file=sys.stderr)
    finally:
        connection.close()


async def main(port):
    async with pendio.Loop() as loop, asyncio.TaskGroup() as connections:
        pool = loop.pool(1024)
        listener = loop.socket()
        listener.bind(("127.0.0.1", port))
        listener.listen()
        print("listening at port", listener.local()[1], flush=True)
        with pool.context() as context:
            while True:
                connection = await loop.accept(context, listener)
                connections.create_task(serve(loop, pool, connection))


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    except KeyboardInterrupt:
        pass
