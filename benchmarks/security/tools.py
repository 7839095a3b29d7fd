"""The environments of the tools, and running one of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from config import PROJECT

HERE = Path(__file__).parent
TOOLS = PROJECT / "var" / "tools"
SCAN, ATTACK = "scan", "attack"
NOT_INSTALLED = "it could not be installed here"


def folder(kind: str) -> Path:
    """Return where the programs of a kind lie."""
    return TOOLS / f"security-{kind}" / "bin"


def install(kind: str) -> bool:
    """Make the environment of a kind unless it is there; tell whether it is."""
    wanted, mark = HERE / f"{kind}.txt", folder(kind).parent / "installed.txt"
    if mark.exists() and mark.read_text() == wanted.read_text():
        return True
    print(f"Installing {wanted.name} into {folder(kind).parent.relative_to(PROJECT)} (a minute or two) …", flush=True)
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(folder(kind).parent)],
        [str(folder(kind) / "pip"), "install", "--quiet", "--no-input", "-r", str(wanted)],
    )
    done = all(subprocess.run(step, check=False).returncode == 0 for step in steps)
    if done:
        mark.write_text(wanted.read_text())
    return done


def run(
    kind: str, name: str, *words: str, seconds: float, cwd: Path = PROJECT, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it printed; one that takes longer is stopped with TimeoutExpired."""
    command = [str(folder(kind) / name), *words]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, errors="replace",
        timeout=seconds, check=False, **options,
    )  # fmt: skip
