"""Folders, room on the disk, and what runs beside this process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from services import disk, health
from services.context import platform
from services.production_check.rows import Row, judged

OTHERS = 0o077
"""Rights of the group and of everybody else."""


def folders(name: str) -> list[Row]:
    """Judge whether every folder can be written to, and whether the keys are for this account alone."""
    settings = platform().settings
    wanted = {"VAR_FOLDER": settings.var_folder, "KEY_FOLDER": settings.key_folder, "LOG_FOLDER": settings.log_folder}
    problems = [f"{setting}: {words}" for setting, path in wanted.items() if (words := trouble_with(path))]
    problems += [trouble] if (trouble := platform().storage.trouble()) else []
    keys = settings.key_folder
    if keys.is_dir() and keys.stat().st_mode & OTHERS:
        problems.append(f"KEY_FOLDER: others may look into it: chmod 700 {keys}")
    return judged(name, "writable, and the keys private", problems)


def trouble_with(path: Path) -> str | None:
    """Return what keeps this account from writing into a folder, None when it can."""
    if not path.is_dir():
        return f"there is no folder {path}: make it, and give it to this account."
    try:
        with tempfile.TemporaryFile(dir=path):
            return None
    except OSError as error:
        return f"{path} cannot be written to ({os.strerror(error.errno or 0)}): give it to this account."


def room(name: str) -> list[Row]:
    """Judge the room that is left."""
    low = disk.trouble()
    return judged(name, "above DISK_FLOOR_MB", [low] if low else [])


def what_runs(name: str) -> list[Row]:
    """Judge schema, keys, face engine and files as problems; the worker and mail as warnings: they may start later."""
    report, ready = health.check_installation(), health.readiness()
    settings = platform().settings
    known = {*settings.problems(), *settings.warnings(), platform().storage.trouble(), disk.trouble()}
    problems = [line for line in dict.fromkeys((*report.problems, *ready.problems)) if line not in known]
    warnings = [line for line in ready.warnings if line not in problems]
    return judged(name, "schema, keys, faces, files and the worker are as they should be", problems, warnings)
