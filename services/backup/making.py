"""Making a backup: what one snapshot of the database sees, and the files; whole under its name, or not there at all."""

from __future__ import annotations

import os
import platform as machine
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import func, select

from models import Election, ElectionStatus, Secrecy, db
from services import audit_logger
from services.actor import Actor
from services.backup import database, files, places
from services.backup.manifest import BOX, DATABASE, FILE, FILES, Manifest, bound_to, part_of
from services.backup.streams import SealedWriter
from services.clock import utc_now
from services.context import platform
from services.errors import DiskFull
from services.hashing import moment_text
from services.private_file import write_private

Progress = Callable[[str, int, int | None], None]
"""Called with a part, how far it is, and how far that will be, None where nobody knows: bytes, or files."""


@dataclass(frozen=True)
class Made:
    """A backup that is complete: its folder, its manifest, and files that rows name and that are not there."""

    folder: Path
    manifest: Manifest
    missing: list[str]


def make(target: Path, progress: Progress) -> Made:
    """Write a backup into a folder of its own below the target.

    In a transaction of its own, as owner, before any other query of it. Raises Conflict for a place that is no place,
    DiskFull, and what PostgreSQL's programs say; then nothing is left of it.
    """
    places.check_data_target(target)
    now = utc_now()
    name = f"backup-{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"
    with _folder_of(target, name) as folder:
        snapshot = database.begin_snapshot()
        parts = _Parts(folder, name)
        with parts.writing(DATABASE) as writer:
            database.dump(database.owner_url(), snapshot, writer, lambda size: progress(DATABASE, size, None))
        with parts.writing(BOX) as writer:
            database.dump_box(writer)
        stored = files.stored()
        with parts.writing(FILES) as writer:
            packed = files.pack(stored, writer, lambda count, of: progress(FILES, count, of))
        missing = files.missing({file.path for file in stored})
        manifest = Manifest(
            name=name,
            made_at=moment_text(now),
            key=platform().keyring.fingerprints()["signing"],
            migration=database.schema_version(),
            versions={"postgresql": database.server_version(), "python": machine.python_version()},
            rows=database.count_rows(),
            heads=database.ends_of_chains(),
            files={**packed, "missing": len(missing)},
            parts=parts.written,
        )
        write_private(folder / FILE, manifest.signed())
    return Made(target / name, manifest, missing)


def note(made: Made, actor: Actor) -> None:
    """Write into the audit log that a backup was made; in the caller's transaction."""
    audit_logger.record(
        "operator:backup:made", actor,
        name=made.manifest.name, fingerprint=made.manifest.fingerprint, count=sum(made.manifest.rows.values()),
    )  # fmt: skip


def open_secret_elections() -> int:
    """Return how many secret elections are open: two backups of one of them tell who voted in between."""
    secret = (Election.status == ElectionStatus.ACTIVE) & (Election.secrecy == Secrecy.SECRET)
    return db.session.scalar(select(func.count()).select_from(Election).where(secret)) or 0


class _Parts:
    """The encrypted parts of one backup, as far as they are written."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self.written: dict[str, dict[str, object]] = {}

    @contextmanager
    def writing(self, kind: str) -> Iterator[SealedWriter]:
        """Give the part to write into; on the disk, with its hash known, when the block is done."""
        key = platform().keyring.backup_key().public_key
        with part_of(self._folder, kind).open("xb") as file:
            writer = SealedWriter(file, key, bound_to(self._name, kind))
            yield writer
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        self.written[kind] = {"bytes": writer.size, "sha256": writer.sha256}


@contextmanager
def _folder_of(target: Path, name: str) -> Iterator[Path]:
    """Give a folder that gets its name when the block is done, and goes when it fails."""
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        places.sweep_partials(target)
        draft = target / f"{places.PARTIAL}{name}"
        draft.mkdir(mode=0o700)
    except OSError as error:
        raise DiskFull(_("%(folder)s cannot be written to: %(why)s", folder=target, why=error.strerror)) from error
    try:
        yield draft
        draft.rename(target / name)
    except DiskFull as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise DiskFull(
            _("The disk of %(folder)s is full. Nothing of this backup was kept; earlier ones are whole.", folder=target)
        ) from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
