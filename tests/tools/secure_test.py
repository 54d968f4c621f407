"""secure_test.py - a daemon called over TLS: both ends prove who they are, or nothing is said.

Usage:    secure_test.py PROGRAM_FOLDER CERTIFICATES_SCRIPT
Failures: whoever is let in without a certificate, and whoever has one and is not. Skipped (77)
          without openssl, or when nng has no TLS.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from ports import free_port
from several import SECONDS, tls_options

PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
SCRIPT = pathlib.Path(sys.argv[2])


class Secure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="pendio-", dir="/tmp")
        cls.base = pathlib.Path(cls.directory.name)
        for name, host in (("ours", "127.0.0.1"), ("theirs", "127.0.0.1"), ("other", "localhost")):
            subprocess.run(["sh", SCRIPT, cls.base / name, host], check=True, timeout=SECONDS,
                           stdout=subprocess.DEVNULL)
        cls.url = f"tls+tcp://127.0.0.1:{free_port()}"
        cls.daemon = cls.start(cls.url, *tls_options(cls.base / "ours", "daemon"))
        cls.said = cls.daemon.stdout.readline()

    @classmethod
    def start(cls, url, *words):
        return subprocess.Popen([PROGRAMS / "pendiod", "--listen", url, *words], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env={**os.environ, "TMPDIR": cls.directory.name})

    @classmethod
    def tearDownClass(cls):
        cls.daemon.send_signal(signal.SIGTERM)
        cls.daemon.communicate(timeout=SECONDS)
        cls.directory.cleanup()

    def call(self, *words, url=None):
        end = subprocess.run([PROGRAMS / "pendio", *words, "--url", url or self.url], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS,
                             check=False)
        return end.returncode, end.stdout, end.stderr

    def refused(self, url, *words):
        daemon = self.start(url, *words)
        said, _ = daemon.communicate(timeout=SECONDS)
        return daemon.returncode, said

    def test_who_has_a_certificate_is_served(self):
        self.assertIn("listens on", self.said)
        workload = self.base / "nop.json"
        workload.write_text('{"name": "context/nop", "pools": [{"name": "p", "context_count": 1}], '
                            '"actors": [{"name": "a", "instance_count": 1, "blocks": [{"steps": '
                            '[{"operation": "NOP"}]}]}]}')
        code, out, error = self.call("run", workload, *tls_options(self.base / "ours", "client"))
        self.assertEqual(code, 0, out + error)
        self.assertIn("context/nop", out)

    def test_who_has_none_or_another_authoritys_is_not(self):
        code, _, said = self.call("version", "--timeout", "1")
        self.assertEqual(code, 2)
        self.assertIn("it needs --tls-certificate", said)
        mixed = ["--tls-certificate", self.base / "theirs/client.pem",
                 "--tls-key", self.base / "theirs/client.key",
                 "--tls-authority", self.base / "ours/authority.pem"]
        for words in (mixed, tls_options(self.base / "theirs", "client")):
            code, _, said = self.call("runs", "--timeout", "1", *words)
            self.assertEqual(code, 3, said)
            self.assertIn("trusts", said)

    def test_plain_speech_is_not_answered(self):
        port = int(self.url.rsplit(":", 1)[1])
        for offset in (0, 1):
            with socket.create_connection(("127.0.0.1", port + offset), timeout=SECONDS) as peer:
                peer.sendall(b"\0SP\0\0\x30\0\0" + bytes(32))
                heard = b""
                try:
                    while part := peer.recv(100):
                        heard += part
                except ConnectionResetError:
                    pass
                self.assertNotIn(b"SP", heard)

    def test_daemon_of_another_name_is_not_trusted(self):
        url = f"tls+tcp://127.0.0.1:{free_port()}"
        daemon = self.start(url, *tls_options(self.base / "other", "daemon"))
        try:
            self.assertIn("listens on", daemon.stdout.readline())
            code, _, said = self.call("runs", "--timeout", "1",
                                      *tls_options(self.base / "other", "client"), url=url)
            self.assertEqual(code, 3, said)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.communicate(timeout=SECONDS)

    def test_everything_else_is_refused_at_the_start(self):
        port = free_port()
        ours = tls_options(self.base / "ours", "daemon")
        crossed = [*ours[:3], self.base / "ours/client.key", *ours[4:]]
        code, said = self.refused(f"tls+tcp://127.0.0.1:{port}", *crossed)
        self.assertEqual(code, 3)
        self.assertIn("client.key is not that of the certificate in", said)
        self.assertIn("daemon.pem", said)
        for url, words, part in (
                (f"tls+tcp://127.0.0.1:{port}", [], "it needs --tls-certificate"),
                (f"tls+tcp://127.0.0.1:{port}", ours[:4], "belong together"),
                (f"tcp://127.0.0.1:{port}", ours, "certificates are of use to tls+tcp:// only"),
                (f"tcp://0.0.0.0:{port}", [], "only loopback addresses are accepted"),
                (f"tls+tcp://127.0.0.1:{port}", [*ours[:3], self.base / "nowhere", *ours[4:]],
                 "No such file")):
            code, said = self.refused(url, *words)
            self.assertIn(code, (2, 3), said)
            self.assertIn(part, said)


if __name__ == "__main__":
    if shutil.which("openssl") is None:
        print("skipped: openssl is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
