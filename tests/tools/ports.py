"""ports.py - a port for a daemon under test.

Happy path: free_port() names one of the loopback interface that nobody has.
Failures:   none; whoever takes it first has it.
"""

import socket


def free_port():
    """Neither it nor the one above is taken, which is that of the daemon's events."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                return port
            except (OSError, OverflowError):
                continue
