"""The name of a build: it depends on every static file, so that addresses with it can be kept for good."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

DIGITS = 16


@cache
def build_name(folder: str) -> str:
    """Return 16 hex digits that depend on the name and content of every file below `folder`, read once a process."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).digest()
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()[:DIGITS]
