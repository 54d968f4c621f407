"""setup.py - what pyproject.toml cannot say: _layout.py is made of the snapshot meanwhile.

Happy path: in the source tree it is generated into what is built; a source package has it already.
Failures:   generate.py's; without snapshot and without _layout.py there is no package.
"""

import pathlib
import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = pathlib.Path(__file__).resolve().parent
SNAPSHOT = HERE.parents[1] / "pendio.abi" if len(HERE.parents) > 1 else HERE / "pendio.abi"


def generate(folder):
    target = pathlib.Path(folder, "pendio", "_layout.py")
    if SNAPSHOT.exists():
        subprocess.run([sys.executable, "-B", HERE / "generate.py", "--output", target],
                       check=True)
    elif not target.exists():
        raise SystemExit("setup.py: no abi/pendio.abi to make pendio/_layout.py of")


class Build(build_py):
    def run(self):
        super().run()
        if not getattr(self, "editable_mode", False):
            generate(self.build_lib)


class Source(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        generate(base_dir)


setup(cmdclass={"build_py": Build, "sdist": Source})
