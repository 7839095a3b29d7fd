"""The second step: the rows that wait become voters, members of groups and roll entries, all in one transaction."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select, text

from models import BadRows, Election, ElectionStatus, ExistingVoters, ImportRow, ImportStatus, RollImport, Voter, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.roll_import import matching
from services.roll_import.errors import ImportRefused
from services.roll_import.queue import Claim, Progress, finish
from services.voters import new_voter_number

BATCH = 5000
"""Rows written at once: some tenths of a second."""
INSERT = text("""
WITH given AS (
    SELECT r.line, coalesce(r.number, f.number) AS number, r.name, r.email, r.dob, r.gender, r.phone
      FROM roll_import_rows r
      LEFT JOIN unnest(CAST(:lines AS bigint[]), CAST(:numbers AS text[])) AS f(line, number) ON f.line = r.line
     WHERE r.import_id = :import AND r.line BETWEEN :first AND :last AND r.kind = 'new'),
 made AS (
    INSERT INTO voters (voter_id, name, email, dob, gender, phone)
    SELECT number, name, email, dob, coalesce(gender, 'undisclosed'), phone FROM given ORDER BY line
    RETURNING id, voter_id)
UPDATE roll_import_rows r SET voter_id = made.id
  FROM made JOIN given ON given.number = made.voter_id
 WHERE r.import_id = :import AND r.line = given.line
""")
UPDATE = text("""
UPDATE voters v
   SET name = r.name, email = coalesce(r.email, v.email), dob = coalesce(r.dob, v.dob),
       gender = coalesce(r.gender, v.gender), phone = coalesce(r.phone, v.phone), updated_at = now()
  FROM roll_import_rows r
 WHERE r.import_id = :import AND r.line BETWEEN :first AND :last AND r.kind = 'changed' AND v.id = r.voter_id
""")
ENTER = text("""
INSERT INTO roll_entries (election_id, voter_id)
SELECT :election, r.voter_id FROM roll_import_rows r
 WHERE r.import_id = :import AND r.line BETWEEN :first AND :last ORDER BY r.line
ON CONFLICT (election_id, voter_id) DO NOTHING
""")
MAKE_GROUPS = text("INSERT INTO groups (name) SELECT unnest(CAST(:names AS text[])) ON CONFLICT DO NOTHING")
JOIN_GROUPS = text("""
INSERT INTO group_members (group_id, voter_id)
SELECT DISTINCT g.id, r.voter_id
  FROM roll_import_rows r, unnest(r.groups) AS asked JOIN groups g ON lower(g.name) = lower(asked)
 WHERE r.import_id = :import
ON CONFLICT DO NOTHING
""")


def apply_rows(claim: Claim, progress: Progress) -> None:
    """Import what was previewed, compared with the register once more; in the caller's transaction.

    Raises ImportRefused when nothing may be imported, Superseded when the import was cancelled or taken over.
    """
    job = db.session.get_one(RollImport, claim.id)
    _refuse_fixed_roll(job)
    matching.match(claim.id)
    found = matching.counts(claim.id, job.election_id)
    if found["bad"] and job.bad_rows is BadRows.REFUSE:
        raise ImportRefused(
            _("%(bad)s rows are bad by now, so nothing was imported. Somebody changed the register meanwhile.",
              bad=found["bad"])
        )  # fmt: skip
    lines = list(db.session.scalars(_lines(claim.id)))
    progress.say(0, total=max(1, len(lines)))
    done = _write_all(job, lines, progress)
    db.session.execute(MAKE_GROUPS, {"names": found["new_groups"]})
    done["joined"] = _count(JOIN_GROUPS, {"import": claim.id})
    _end(claim, job, {**job.counts, **found, **done})


def _refuse_fixed_roll(job: RollImport) -> None:
    """Hold the election as it is: it is not opened while its roll is being filled."""
    if job.election_id is None:
        return
    status = db.session.scalar(select(Election.status).where(Election.id == job.election_id).with_for_update(read=True))
    if status is not ElectionStatus.DRAFT:
        raise ImportRefused(_("The election was opened meanwhile, so its roll is fixed. Nothing was imported."))


def _lines(import_id: uuid.UUID) -> Any:
    return select(ImportRow.line).where(ImportRow.import_id == import_id).order_by(ImportRow.line)


def _write_all(job: RollImport, lines: list[int], progress: Progress) -> dict[str, int]:
    updated = entered = 0
    for start in range(0, len(lines), BATCH):
        part = lines[start : start + BATCH]
        window = {"import": job.id, "first": part[0], "last": part[-1]}
        _insert(window)
        if job.existing is ExistingVoters.UPDATE:
            updated += _count(UPDATE, window)
        if job.election_id is not None:
            entered += _count(ENTER, {**window, "election": job.election_id})
        progress.say(start + len(part))
    return {"updated": updated, "entered": entered}


def _insert(window: dict[str, Any]) -> None:
    without = select(ImportRow.line).where(
        ImportRow.import_id == window["import"], ImportRow.line.between(window["first"], window["last"]),
        ImportRow.kind == "new", ImportRow.number.is_(None),
    )  # fmt: skip
    lines = list(db.session.scalars(without))
    numbers = _free_numbers(len(lines), window["import"])
    db.session.execute(INSERT, {**window, "lines": lines, "numbers": numbers})


def _free_numbers(count: int, import_id: uuid.UUID) -> list[str]:
    """Return so many new voter IDs that nobody has, and no row of this file either."""
    free: set[str] = set()
    while len(free) < count:
        drawn = {new_voter_number() for _number in range(count - len(free))}
        taken = db.session.scalars(select(Voter.voter_id).where(Voter.voter_id.in_(drawn)))
        in_file = select(ImportRow.number).where(ImportRow.import_id == import_id, ImportRow.number.in_(drawn))
        free |= drawn - set(taken) - set(db.session.scalars(in_file))
    return list(free)


def _end(claim: Claim, job: RollImport, counts: dict[str, Any]) -> None:
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == claim.id))
    finish(claim, status=ImportStatus.DONE, counts=counts, finished_at=utc_now())
    audit_logger.record(
        "staff:roll:imported", Actor("admin", job.staff_user_id, job.actor), election_id=job.election_id,
        fingerprint=job.file_sha256, count=counts["rows"], method=f"{job.existing.value}, {job.bad_rows.value}",
        after={name: counts[name] for name in ("new", "same", "changed", "updated", "bad", "entered", "joined")},
    )  # fmt: skip


def _count(statement: Any, values: dict[str, Any]) -> int:
    return int(db.session.execute(statement, values).rowcount)  # type: ignore[attr-defined]
