"""Putting a backup back into an empty installation: everything is checked before anything is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask_babel import gettext as _
from sqlalchemy import update

from models import AuditChainMark, Kiosk, StaffSession, VoterSession, db
from services import audit_logger, heads, health
from services.actor import Actor
from services.backup import database, files
from services.backup.making import Progress
from services.backup.manifest import BOX, DATABASE, FILES, PARTS, Manifest, bound_to, part_of
from services.backup.places import newest_of
from services.backup.streams import CHUNK, DamagedStream, SealedReader
from services.boot import check_keys
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.security import KeyringError

Transaction = Callable[[], AbstractContextManager[Any]]


def look_at(source: Path, progress: Progress) -> tuple[Path, Manifest]:
    """Return the backup that is meant, whole and signed: every byte is read and compared with the manifest.

    Raises ValidationFailed with a sentence that names what is missing, changed, or from another version.
    """
    folder = newest_of(source)
    manifest = Manifest.read(folder)
    done = 0
    for kind in PARTS:
        digest, path = hashlib.sha256(), part_of(folder, kind)
        try:
            with path.open("rb") as file:
                while piece := file.read(CHUNK):
                    digest.update(piece)
                    done += len(piece)
                    progress("check", done, manifest.size)
        except OSError as error:
            raise ValidationFailed(_("%(file)s is missing from this backup.", file=path)) from error
        if digest.hexdigest() != manifest.parts[kind]["sha256"]:
            raise ValidationFailed(_("%(file)s was changed since the backup was made. Take another backup.", file=path))
    _refuse_unknown_schema(manifest)
    return folder, manifest


def put_back(folder: Path, manifest: Manifest, transaction: Transaction, progress: Progress) -> list[str]:
    """Restore a backup that was looked at; return a sentence for each table that holds another number of rows.

    As owner and outside of any transaction. Raises Conflict for a database in use, before anything is changed; when it
    fails later the database is empty again, and the same command may be given once more.
    """
    with transaction():
        database.refuse_unless_empty()
    with _part(folder, manifest, FILES) as source:
        files.unpack(source, manifest.files, lambda count, of: progress(FILES, count, of))
    with transaction():
        database.prepare_empty(manifest.name)
    try:
        _load(folder, manifest, transaction, progress)
    except BaseException:
        with transaction():
            database.empty_schema()
        raise
    with transaction():
        found = database.count_rows()
    wrong = [name for name in sorted(found.keys() | manifest.rows.keys()) if found.get(name) != manifest.rows.get(name)]
    return [
        _("Table %(table)s: %(found)s rows in place of %(expected)s.", table=name, found=found.get(name, 0),
          expected=manifest.rows.get(name, 0))
        for name in wrong
    ]  # fmt: skip


def finish(manifest: Manifest, actor: Actor) -> list[str]:
    """Write the restore into the audit log, chain it, end every sign-in of then; in the caller's transaction.

    With the newest schema. Only now is the restore no more under way: cut off before, it may be given again. Returns a
    sentence when the keys are not those of this database.
    """
    database.forget_restore()
    now = utc_now()
    # Numbers of transactions are those of another server.
    db.session.execute(update(AuditChainMark).values(next_mark=None, noted_at=None, before_xid=None))
    for table in (StaffSession, VoterSession, Kiosk):
        db.session.execute(update(table).where(table.ended_at.is_(None)).values(ended_at=now))
    audit_logger.record(
        "operator:backup:restored", actor,
        name=manifest.name, fingerprint=manifest.fingerprint, count=manifest.audit_height,
    )  # fmt: skip
    db.session.flush()
    heads.chain_audit_rows()
    try:
        check_keys()
    except KeyringError as error:
        return [str(error)]
    return []


def needs_upgrade(manifest: Manifest) -> bool:
    """Tell whether the backup has the tables of an earlier version."""
    return manifest.migration != _scripts().get_current_head()


def _refuse_unknown_schema(manifest: Manifest) -> None:
    try:
        _scripts().get_revision(manifest.migration)
    except CommandError as error:
        raise ValidationFailed(
            _(
                "This backup has the tables of revision %(revision)s, which this version does not know. Install the"
                " version that made it, or a newer one.",
                revision=manifest.migration,
            )
        ) from error


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(health.MIGRATIONS))


def _load(folder: Path, manifest: Manifest, transaction: Transaction, progress: Progress) -> None:
    url = database.owner_url()
    for sections in (database.SECTIONS_BEFORE, database.SECTIONS_AFTER):
        with _part(folder, manifest, DATABASE) as source:
            size = int(manifest.parts[DATABASE]["bytes"])
            database.load(url, sections, source, lambda done: progress(DATABASE, done, size))  # noqa: B023 (used at once)
        if sections is database.SECTIONS_BEFORE:
            with _part(folder, manifest, BOX) as source, transaction():
                database.load_box(source)


@contextmanager
def _part(folder: Path, manifest: Manifest, kind: str) -> Iterator[SealedReader]:
    """Give a part to read, in clear; raises Conflict when the key folder is not the one that it was made for."""
    path = part_of(folder, kind)
    try:
        key = platform().keyring.backup_key()
        with SealedReader(path.open("rb"), key, bound_to(manifest.name, kind)) as reader:
            yield reader
    except DamagedStream as error:
        raise Conflict(
            _(
                "%(file)s does not open with the keys in %(keys)s. Restore the key folder that was copied after this"
                " backup's key was made.",
                file=path,
                keys=platform().keyring.folder,
            )
        ) from error
