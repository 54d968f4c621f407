"""example_test.py - the example of the README works, and stands there as it is."""

import pathlib
import signal
import socket
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "examples" / "echo.py"


class Example(unittest.TestCase):
    def test_stands_in_the_readme(self):
        text = EXAMPLE.read_text(encoding="utf-8")
        readme = (HERE.parent / "README.md").read_text(encoding="utf-8")
        self.assertIn(text[text.index("import asyncio"):], readme)

    def test_echoes_until_it_is_interrupted(self):
        with subprocess.Popen([sys.executable, "-B", EXAMPLE], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as server:
            port = int(server.stdout.readline().split()[-1])
            connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
            for round_number in range(10):
                for connection in connections:
                    connection.sendall(b"%d" % round_number * 1000)
                for connection in connections:
                    got = connection.recv(1000, socket.MSG_WAITALL)
                    self.assertEqual(got, b"%d" % round_number * 1000)
            connections.pop().close()
            server.send_signal(signal.SIGINT)
            _, said = server.communicate(timeout=20)
            for connection in connections:
                connection.close()
            self.assertEqual((server.returncode, said), (0, ""))


if __name__ == "__main__":
    unittest.main()
