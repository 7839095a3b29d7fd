"""The project's files as the rules see them: a mapping from path to text, real or planted."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from config import PROJECT

NEVER_TRACKED = frozenset({"var", "__pycache__", "node_modules", "uploads", "build"})
HIDDEN_BUT_TRACKED = frozenset({".ci", ".env.example", ".gitignore"})
"""What counts where git is missing (an unpacked archive); else git knows better."""


@dataclass(frozen=True, order=True)
class Finding:
    """A line that breaks a rule."""

    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}"


@dataclass
class Sources:
    """Texts by path from the top of the project; `paths` names every file, also those that are not text."""

    texts: dict[str, str]
    others: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return sorted([*self.texts, *self.others])

    def under(self, *starts: str, ends: str = ".py") -> Iterator[tuple[str, str]]:
        """Yield (path, text) of the files with this ending below the rooms or files `starts`."""
        for path, text in sorted(self.texts.items()):
            if path.endswith(ends) and path.startswith(starts):
                yield path, text

    @cached_property
    def _trees(self) -> dict[str, ast.Module]:
        return {}

    def python(self, *starts: str) -> Iterator[tuple[str, ast.Module]]:
        """Yield (path, syntax tree) of the Python files below `starts`."""
        for path, text in self.under(*starts):
            if path not in self._trees:
                self._trees[path] = ast.parse(text)
            yield path, self._trees[path]


def read_project() -> Sources:
    """Return every file that is or would be tracked."""
    texts: dict[str, str] = {}
    others: list[str] = []
    for path in _listed():
        data = (PROJECT / path).read_bytes()
        if b"\0" in data[:8000]:
            others.append(path)
        else:
            texts[path] = data.decode("utf-8")
    return Sources(texts, others)


def _listed() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return _walked(PROJECT)
    return [path for path in answer.stdout.split("\0") if path and (PROJECT / path).is_file()]


def _walked(folder: Path) -> list[str]:
    found: list[str] = []
    for path in folder.iterdir():
        hidden = path.name.startswith(".") and path.name not in HIDDEN_BUT_TRACKED
        if hidden or path.name in NEVER_TRACKED or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            found += _walked(path)
        else:
            found.append(path.relative_to(PROJECT).as_posix())
    return found
