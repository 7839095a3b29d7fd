"""The desk's half: taking a file in, deciding what becomes of it, cancelling."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from flask_babel import gettext as _
from sqlalchemy import delete, func, or_, select, update

from models import (
    BadRows,
    Election,
    ElectionStatus,
    ExistingVoters,
    ImportProblem,
    ImportRow,
    ImportStatus,
    RollImport,
    db,
)
from services import audit_logger, disk, elections, storage
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, DiskFull, NotFound, ValidationFailed
from services.savepoints import after_commit

MAX_FILE_MB = 25
"""100,000 voters with all columns are 12 MB."""
BYTES_PER_MB = 1024 * 1024
MAX_FILE_NAME = 100
KEPT_UNDECIDED = timedelta(hours=24)
"""A preview holds personal data, so it does not wait for ever."""
REPORT_KEPT = timedelta(days=7)
SHOWN = 10
AT_WORK = (ImportStatus.CHECKING, ImportStatus.IMPORTING)


class FileTooLarge(ValidationFailed):
    status, code = 413, "too_large"


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes


def take_in(upload: Upload, election: Election | None, actor: Actor) -> RollImport:
    """Keep a file, encrypted, for the worker to look at; with an election its voters come onto the roll, too.

    Raises ValidationFailed for an empty file, FileTooLarge (413), Conflict for a roll that is fixed, DiskFull.
    """
    if not upload.content:
        raise ValidationFailed(fields={"file": _("Choose a file. This one is empty.")})
    if len(upload.content) > MAX_FILE_MB * BYTES_PER_MB:
        size = len(upload.content) / BYTES_PER_MB
        words = _("This file has %(size).0f MB. The limit is %(most)s MB. Split it.", size=size, most=MAX_FILE_MB)
        raise FileTooLarge(fields={"file": words})
    _refuse_fixed(election)
    if disk.is_low():
        raise DiskFull()
    path = platform().storage.save_private(storage.IMPORTS, upload.content)
    job = RollImport(
        election_id=election.id if election else None, staff_user_id=actor.id, actor=str(actor),
        file_name=_shown_name(upload.name), file_path=path, file_bytes=len(upload.content),
        file_sha256=hashlib.sha256(upload.content).hexdigest(),
    )  # fmt: skip
    db.session.add(job)
    db.session.flush()
    return job


def get_import(import_id: uuid.UUID) -> RollImport:
    """Return an import; raises NotFound."""
    job = db.session.get(RollImport, import_id, populate_existing=True)
    if job is None:
        raise NotFound(_("There is no such import."))
    return job


def latest_imports(actor: Actor) -> list[RollImport]:
    """Return the last imports into the register and onto rolls that this person may see, the newest first."""
    seen = [election.id for election in elections.visible_elections(actor)]
    mine = or_(RollImport.election_id.is_(None), RollImport.election_id.in_(seen))
    return list(db.session.scalars(select(RollImport).where(mine).order_by(RollImport.created_at.desc()).limit(SHOWN)))


def start(import_id: uuid.UUID, existing: str, bad_rows: str, actor: Actor) -> RollImport:
    """Hand a checked file to the worker. Raises ValidationFailed for an unknown choice or one that bad rows forbid,
    Conflict when it is not waiting for a decision.
    """
    job = _locked(import_id)
    wishes = _wishes(existing, bad_rows)
    if job.status is not ImportStatus.CHECKED:
        raise Conflict(_("This file was decided upon before."))
    _refuse_fixed(db.session.get(Election, job.election_id) if job.election_id else None)
    if job.counts.get("bad") and wishes[1] is BadRows.REFUSE:
        words = _(
            "This file has bad rows, so all or nothing means nothing. Mend the file, or import the good rows only."
        )
        raise ValidationFailed(fields={"bad_rows": words})
    if not sum(job.counts.get(kind, 0) for kind in ("new", "same", "changed")):
        raise Conflict(_("This file has no good row. Mend it and choose it again."))
    job.existing, job.bad_rows = wishes
    job.status, job.progress, job.attempts, job.locked_until = ImportStatus.IMPORTING, 0, 0, None
    job.actor, job.staff_user_id = str(actor), actor.id
    db.session.flush()
    return job


def cancel(import_id: uuid.UUID, actor: Actor) -> RollImport:
    """Stop an import at any point before its end; nothing of it stays. Raises Conflict when it is over."""
    job = _locked(import_id)
    if job.status not in (*AT_WORK, ImportStatus.CHECKED):
        raise Conflict(_("This import is over."))
    _put_away(job, ImportStatus.CANCELLED)
    audit_logger.record("staff:roll:import_cancelled", actor, election_id=job.election_id, fingerprint=job.file_sha256)
    return job


def forget_old() -> None:
    """Cancel previews that nobody decided upon, and erase reports that are old; in the caller's transaction."""
    now = utc_now()
    waiting = select(RollImport).where(
        RollImport.status == ImportStatus.CHECKED, RollImport.created_at < now - KEPT_UNDECIDED
    )
    for job in db.session.scalars(waiting.with_for_update(skip_locked=True)):
        _put_away(job, ImportStatus.CANCELLED)
    old = select(RollImport.id).where(RollImport.finished_at < now - REPORT_KEPT)
    db.session.execute(delete(ImportProblem).where(ImportProblem.import_id.in_(old)))
    db.session.execute(update(RollImport).where(RollImport.id.in_(old)).values(layout=func.jsonb_build_object()))


def _put_away(job: RollImport, status: ImportStatus) -> None:
    job.status, job.finished_at, job.locked_until = status, utc_now(), None
    if job.file_path:
        after_commit(partial(platform().storage.delete, job.file_path))
        job.file_path = None
    db.session.flush()
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == job.id))


def _locked(import_id: uuid.UUID) -> RollImport:
    job = db.session.get(RollImport, import_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFound(_("There is no such import."))
    return job


def _refuse_fixed(election: Election | None) -> None:
    if election is not None and election.status is not ElectionStatus.DRAFT:
        raise Conflict(_("The roll of “%(title)s” is filled from files before it opens only.", title=election.title))


def _wishes(existing: str, bad_rows: str) -> tuple[ExistingVoters, BadRows]:
    errors = {}
    if existing not in list(ExistingVoters):
        errors["existing"] = _("Choose what becomes of voters who are registered already.")
    if bad_rows not in list(BadRows):
        errors["bad_rows"] = _("Choose what becomes of bad rows.")
    if errors:
        raise ValidationFailed(fields=errors)
    return ExistingVoters(existing), BadRows(bad_rows)


def _shown_name(name: str) -> str:
    kept = "".join(character for character in name.replace("\\", "/").split("/")[-1] if character.isprintable())
    return kept.strip()[-MAX_FILE_NAME:] or _("without a name")
