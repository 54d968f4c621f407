"""echo.py - Python's servers: pendio's binding in asyncio, lent what came; and asyncio by itself.

    bench_python pendio|pendio-calls|asyncio tcp|unix PORT|PATH CONNECTIONS

It says "ready" once it listens, and ends on SIGTERM. pendio-calls is pendio that counts: on SIGUSR1
it says how often it has called the library, and how many operations have ended.
"""

import asyncio
import signal
import socket
import sys

WINDOW = 16384


def listen_at(family, address):
    listener = socket.socket(socket.AF_INET if family == "tcp" else socket.AF_UNIX)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(address)) if family == "tcp" else address)
    listener.listen(1024)
    listener.setblocking(False)
    print("ready", flush=True)
    return listener


def count_calls(loop):
    """Puts such that count in the place of all calls."""
    import pendio.loop

    number = 0

    def counting(function):
        def call(*arguments):
            nonlocal number
            number += 1
            return function(*arguments)
        return call

    def say():
        seen, books = number, loop.statistics()
        print(seen, books["done"] + books["delivered"], flush=True)

    for name, function in vars(pendio.low.functions).items():
        setattr(pendio.low.functions, name, counting(function))
    pendio.loop._turn = counting(pendio.loop._turn)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, say)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])


async def serve_pendio(listener, count, counts):
    import pendio

    loop = pendio.Loop(operation_count=count + 1, buffer_bytes=WINDOW,
                       buffer_count=min(max(16, 2 * count), 4096))

    async def echo(context, connection):
        context.set_lending()
        try:
            while await loop.receive(context, connection):
                await loop.send(context, connection)
        except ConnectionError:
            pass
        connection.close()

    if counts:
        count_calls(loop)
    async with loop, asyncio.TaskGroup() as group:
        pool = loop.pool(count + 1)
        accepting, listening = pool.get(), loop.adopt(listener)
        for _ in range(count):
            connection = await loop.accept(accepting, listening)
            if listener.family == socket.AF_INET:
                connection.set_option(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            group.create_task(echo(pool.get(), connection))


async def serve_asyncio(listener, count, _):
    loop = asyncio.get_running_loop()

    async def echo(connection):
        window = bytearray(WINDOW)
        with connection, memoryview(window) as view:
            while received := await loop.sock_recv_into(connection, window):
                await loop.sock_sendall(connection, view[:received])

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            connection, _ = await loop.sock_accept(listener)
            if connection.family == socket.AF_INET:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            group.create_task(echo(connection))


def main(name, family, address, count):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])  # until somebody listens to it
    listener = listen_at(family, address)
    serve = serve_asyncio if name == "asyncio" else serve_pendio
    asyncio.run(serve(listener, int(count), name == "pendio-calls"))


if __name__ == "__main__":
    main(*sys.argv[1:])
