"""Where backups lie: one folder each below a target; keys and data never in each other's place."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from flask_babel import gettext as _

from services.backup.manifest import FILE
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.storage import LocalStorage

NAME = re.compile(r"backup-\d{8}T\d{6}(\.\d{6})?Z-[0-9a-f]{4}")
"""Sorted by name they are sorted by time. Without the fraction, which older ones lack, two of one second are not."""
KEYS_NAME = re.compile(r"keys-\d{8}T\d{6}Z-[0-9a-f]{4}\.sealed")
PARTIAL = ".partial-"
LOOKED = 3
"""Folders up and down from a place in which the other kind of backup is looked for."""


def folder(name: str) -> Path:
    """Return the place that a command line names."""
    return Path(name)


def backups_in(target: Path) -> list[Path]:
    """Return the complete backups of a target, the oldest first."""
    found = [one for one in target.glob("backup-*") if NAME.fullmatch(one.name) and (one / FILE).is_file()]
    return sorted(found, key=lambda one: one.name)


def newest_of(source: Path) -> Path:
    """Return the backup that is meant: the folder itself, or the newest one in it; raises ValidationFailed."""
    if (source / FILE).is_file():
        return source
    found = backups_in(source)
    if not found:
        raise ValidationFailed(_("There is no backup in %(folder)s.", folder=source))
    return found[-1]


def check_data_target(target: Path) -> None:
    """Raise Conflict where keys lie in, above or below a place for data, or the application works there."""
    _refuse_own_folders(target)
    if any(KEYS_NAME.fullmatch(path.name) for path in _around(target)):
        raise Conflict(
            _(
                "A copy of the keys lies in or beside %(folder)s. Keys and data never go into one place: whoever finds"
                " it opens everything. Choose another target.",
                folder=target,
            )
        )


def check_keys_target(target: Path) -> None:
    """Raise Conflict where a backup of the data lies in, above or below a place for keys."""
    _refuse_own_folders(target)
    if any(NAME.fullmatch(path.name) for path in _around(target)):
        raise Conflict(
            _(
                "A backup of the data lies in or beside %(folder)s. Keys and data never go into one place: whoever"
                " finds it opens everything. Choose another target.",
                folder=target,
            )
        )


def same_disk(target: Path) -> bool:
    """Tell whether the target lies on the disk of the keys: such a copy does not outlive that disk."""
    return _there(target).stat().st_dev == _there(platform().keyring.folder).stat().st_dev


def sweep_partials(target: Path) -> None:
    """Remove what interrupted backups left in a target."""
    for left in target.glob(f"{PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)


def keep_newest(target: Path, number: int) -> list[str]:
    """Remove all but the newest backups and return the names of those that went."""
    old = backups_in(target)[:-number] if number > 0 else []
    for folder in old:
        # The manifest first: what is half removed is no backup any more.
        (folder / FILE).unlink()
        shutil.rmtree(folder)
    return [folder.name for folder in old]


def _refuse_own_folders(target: Path) -> None:
    settings, place = platform().settings, target.resolve()
    files = platform().storage
    stored = [files.root] if isinstance(files, LocalStorage) else []
    for folder in (settings.key_folder, settings.embedded_database_folder, *stored):
        own = folder.resolve()
        if place == own or own in place.parents:
            raise Conflict(_("%(folder)s is a folder of the running application. Choose another.", folder=target))


def _around(target: Path) -> Iterator[Path]:
    """Yield the target, what lies below it, and what lies in the folders above it."""
    place = target.resolve()
    for above in (place, *place.parents[:LOOKED]):
        yield from (above, *_entries(above))
    below = [place]
    for _depth in range(LOOKED):
        found = [entry for folder in below for entry in _entries(folder)]
        yield from found
        below = [entry for entry in found if entry.is_dir() and not entry.is_symlink()]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _there(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
