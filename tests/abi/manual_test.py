"""manual_test.py - the manual page speaks of what there is, and its example does what it says.

Usage: manual_test.py PAGE HEADER LIBRARY COMPILER sanitizers=LIST
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PAGE, HEADER, LIBRARY = (pathlib.Path(name) for name in sys.argv[1:4])
COMPILER = sys.argv[4]
SANITIZERS = sys.argv[5].split("=", 1)[1]
FLAGS = [f"-fsanitize={SANITIZERS}"] if SANITIZERS else []  # the library would not load without

PROGRAM = """\
#include <pendio/pendio.h>
#include <sys/socket.h>

int main(void)
{
    struct pendio_loop *loop;
    struct pendio_pool *pool;
    struct pendio_context *hear, *say;
    struct pendio_completion record = {0};
    pendio_handle ears, mouth;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 2;
%s
    return record.bytes != 5 || pendio_loop_destroy(loop, -1, 0) < 0;
}
"""


def command(*words, **environment):
    return subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
                          env={**os.environ, **environment})


def can_show():
    return shutil.which("groff") is not None and \
        command("groff", "-Tascii", "/dev/null").returncode == 0


class Manual(unittest.TestCase):
    def test_it_names_only_what_the_header_has(self):
        header = set(re.findall(r"\w+", HEADER.read_text()))
        named = set(re.findall(r"\b(?:pendio|PENDIO)_\w+", PAGE.read_text()))
        self.assertGreater(len(named), 20)
        self.assertEqual(named - header, set())

    @unittest.skipUnless(can_show(), "groff is not installed, or has no devices")
    def test_it_is_shown_without_a_warning_on_eighty_columns(self):
        ended = command("groff", "-ww", "-man", "-Tascii", "-P-cbou", PAGE, LC_ALL="C")
        self.assertEqual(ended.returncode, 0)
        self.assertNotIn("warning", ended.stdout)
        self.assertLessEqual(max(map(len, ended.stdout.splitlines())), 80)
        self.assertIn("| in pool | ------> |  free  | -----------------> | under way |",
                      ended.stdout)

    def test_its_example_receives_what_is_sent(self):
        example = PAGE.read_text().split(".SH EXAMPLES\n")[1].split(".ft CW\n")[1].split(".ft\n")[0]
        with tempfile.TemporaryDirectory(prefix="pendio-manual-") as folder:
            source, program = (pathlib.Path(folder) / name for name in ("main.c", "main"))
            source.write_text(PROGRAM % example.replace("\\-", "-"))
            built = command(COMPILER, "-Wall", "-Werror", *FLAGS, f"-I{HEADER.parents[1]}", source,
                            "-o", program, LIBRARY)
            self.assertEqual(built.returncode, 0, built.stdout)
            ended = command(program, LD_LIBRARY_PATH=str(LIBRARY.parent))
        self.assertEqual(ended.returncode, 0, ended.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
