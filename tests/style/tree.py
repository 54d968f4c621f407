"""tree.py - the sources of a project as the style rules read them.

Happy path: ask git for the files it knows or would know; read each once; blank comments and
            strings where a rule is about code only.
Failures:   without git (a tarball, a tree of another user) the folders are walked instead;
            binary files are left out.
"""

import functools
import os
import pathlib
import re
import subprocess
from typing import Iterator, List, NamedTuple

# Strings first, so that a comment's opening inside one is not taken for a comment.
TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<comment>//[^\n]*|/\*.*?\*/)""",
    re.DOTALL)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


class Violation(NamedTuple):
    """One line for people: where, what is wrong, what would be right."""

    path: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}; {self.remedy}"


class Include(NamedTuple):
    line: int
    name: str
    is_quoted: bool


class Function(NamedTuple):
    name: str
    line: int  # of the signature
    length: int  # from the signature to the closing brace
    is_static: bool


def blank(match: "re.Match[str]") -> str:
    """Spaces in place of what was matched; line ends stay, so lines keep their numbers."""
    return re.sub(r"[^\n]", " ", match.group())


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


class Source:
    """One text file, with the views of it that rules ask for."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.folder = path.split("/")[0] if "/" in path else ""
        self.suffix = pathlib.PurePosixPath(path).suffix

    @property
    def is_c(self) -> bool:
        return self.suffix in (".c", ".h")

    @functools.cached_property
    def lines(self) -> List[str]:
        return self.text.split("\n")

    @functools.cached_property
    def without_comments(self) -> str:
        return TOKEN.sub(lambda m: blank(m) if m.group("comment") else m.group(), self.text)

    @functools.cached_property
    def code(self) -> str:
        """Neither comments nor what stands inside strings."""
        return TOKEN.sub(blank, self.text)

    @functools.cached_property
    def includes(self) -> List[Include]:
        return [Include(line_of(self.without_comments, m.start(1)), m.group(2), m.group(1) == '"')
                for m in INCLUDE.finditer(self.without_comments)]

    @functools.cached_property
    def functions(self) -> List[Function]:
        """As .clang-format leaves them: the braces of a body, and only they, stand alone."""
        lines = self.code.split("\n")
        found = []
        start = 0
        for index, line in enumerate(lines):
            if line.rstrip() == "{":
                start = index
            elif line.rstrip() == "}" and start:
                found.append(self._function(lines, start, index))
                start = 0
        return found

    @staticmethod
    def _function(lines: List[str], brace: int, end: int) -> Function:
        first = brace
        while first > 0 and not re.search(r"(^\s*|[;}])$|^#|^END_TEST", lines[first - 1].rstrip()):
            first -= 1
        signature = " ".join(lines[first:brace])
        name = re.search(r"\b(?:START_TEST\((\w+)\)|(\w+)\s*\()", signature)
        is_static = bool(re.search(r"\b(static|START_TEST)\b", signature))
        return Function(name.group(1) or name.group(2) if name else "", first + 1,
                        end - first + 1, is_static)


class Tree:
    """All sources below a root; `build` is a build tree with compile_commands.json, or None."""

    def __init__(self, root: pathlib.Path, build: "pathlib.Path | None" = None) -> None:
        self.root = root.resolve()
        self.build = build.resolve() if build else None
        self.paths = sorted(paths_from_git(self.root) or paths_from_walk(self.root))
        self.sources = [Source(path, text) for path in self.paths
                        for text in [read_text(self.root / path)] if text is not None]

    def c_sources(self) -> Iterator[Source]:
        return (source for source in self.sources if source.is_c)


def read_text(path: pathlib.Path) -> "str | None":
    content = path.read_bytes()
    return None if b"\0" in content else content.decode("utf-8", errors="replace")


def paths_from_git(root: pathlib.Path) -> List[str]:
    """Empty when git is not here or does not serve this tree."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [path for path in set(answer.stdout.split("\0")) - {""} if is_own_file(root / path)]


def paths_from_walk(root: pathlib.Path) -> List[str]:
    found = []
    for folder, names, files in os.walk(root):
        at_top = pathlib.Path(folder) == root
        names[:] = [name for name in names if not is_left_out(name, at_top)]
        found += [pathlib.Path(folder, file).relative_to(root).as_posix() for file in files
                  if is_own_file(pathlib.Path(folder, file))]
    return found


def is_left_out(folder: str, at_top: bool) -> bool:
    """What .gitignore names, and git's own folder."""
    is_build = at_top and (folder == "build" or folder.startswith("build-"))
    return is_build or folder in (".git", ".cache", "__pycache__")


def is_own_file(path: pathlib.Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.name != "compile_commands.json"
