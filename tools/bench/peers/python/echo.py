"""echo.py - Python's servers: pendio's binding in asyncio, lent what came; and asyncio by itself.

    bench_python pendio|asyncio tcp|unix PORT|PATH CONNECTIONS

It says "ready" once it listens, and ends on SIGTERM.
"""

import asyncio
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


async def serve_pendio(listener, count):
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

    async with loop, asyncio.TaskGroup() as group:
        pool = loop.pool(count + 1)
        accepting, listening = pool.get(), loop.adopt(listener)
        for _ in range(count):
            connection = await loop.accept(accepting, listening)
            if listener.family == socket.AF_INET:
                connection.set_option(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            group.create_task(echo(pool.get(), connection))


async def serve_asyncio(listener, count):
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
    serve = serve_asyncio if name == "asyncio" else serve_pendio
    asyncio.run(serve(listen_at(family, address), int(count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
