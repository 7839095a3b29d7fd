"""The verification log: every attempt to enrol or compare a face, at booths, in accounts, at meetings, at the desk.

It is a view of rows that are kept anyway: attempts (`auth_events`) and, for enrolments and comparisons at the desk,
rows of the audit log. Nothing is stored for it, it shows no picture, and an attempt of an election stands in it for the
staff of that election only.
"""

from __future__ import annotations

import csv
import enum
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Double, Select, Text, case, cast, func, literal, null, or_, select, union_all
from sqlalchemy.sql.selectable import Subquery

from models import AttendanceSession, AuditLog, AuthEvent, AuthMethod, AuthResult, Election, Kiosk, Voter, db
from services import audit_logger, membership
from services.actor import Actor
from services.exports.csv import BYTE_ORDER_MARK, safe_cell
from services.voters import normalise_voter_number

PAGE_SIZE = 50
MOST_EXPORTED = 100_000
"""Rows of a file; a spreadsheet takes a million."""
COLUMNS = ("at", "purpose", "outcome", "voter_id", "reason", "distance", "of", "by")
COMPARED = "staff:face:compared"
ENROLLED = ("staff:face:enrolled", "staff:face:enrolled_again", "staff:registration:approved")
REFUSED = "staff:face:enrolment_refused"


class Purpose(enum.StrEnum):
    """What a face was shown for; a comparison is one by staff, of a photo with an enrolled face."""

    ENROLMENT = "enrolment"
    BOOTH = "booth"
    ACCOUNT = "account"
    CHECK_IN = "check_in"
    COMPARISON = "comparison"


@dataclass(frozen=True)
class Query:
    """What to look for; None and "" mean all. Times are UTC, `until` is not included."""

    purpose: Purpose | None = None
    outcome: AuthResult | None = None
    since: datetime | None = None
    until: datetime | None = None
    voter_number: str = ""
    page: int = 1

    @property
    def filtered(self) -> bool:
        """Tell whether anything is asked for."""
        return any((self.purpose, self.outcome, self.since, self.until, self.voter_number))


@dataclass(frozen=True)
class Row:
    """One attempt; `of` is the election or meeting, `by` the booth or the member of staff.

    `attempt_id` names an attempt of an election, `meeting_id` the meeting of a check-in.
    """

    at: datetime
    purpose: Purpose
    outcome: AuthResult
    voter_number: str
    reason: str
    distance: float | None
    of: str
    by: str
    attempt_id: int | None = None
    meeting_id: int | None = None


@dataclass(frozen=True)
class Page:
    """Fifty attempts, the newest first, with the names of the voters by number."""

    rows: list[Row]
    names: dict[str, str]
    total: int
    page: int
    pages: int


def search(query: Query, actor: Actor) -> Page:
    """Return one page of what this member of staff may see; a page beyond the end is the last one."""
    log = _log(actor)
    wanted = _conditions(log, query)
    total = db.session.scalar(select(func.count()).select_from(log).where(*wanted)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, query.page), pages)
    rows = _rows(_newest(log, wanted).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))
    return Page(rows, _names(row.voter_number for row in rows), total, page, pages)


def as_csv(query: Query, actor: Actor) -> str:
    """Return what fits as CSV (RFC 4180), the newest MOST_EXPORTED rows; times in ISO 8601, UTC. Audited."""
    log = _log(actor)
    rows = _rows(_newest(log, _conditions(log, query)).limit(MOST_EXPORTED))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        distance = "" if row.distance is None else f"{row.distance:.3f}"
        cells = (row.at.isoformat(), row.purpose.value, row.outcome.value, row.voter_number, row.reason, distance)
        writer.writerow([safe_cell(cell) for cell in (*cells, row.of, row.by)])
    audit_logger.record("staff:verifications:exported", actor, count=len(rows))
    content = buffer.getvalue()
    return content if content.isascii() else BYTE_ORDER_MARK + content


def _log(actor: Actor) -> Subquery:
    return union_all(_attempts(actor), _at_the_desk()).subquery("log")


def _attempts(actor: Actor) -> Select[tuple[object, ...]]:
    """Attempts with a face: one that was turned away by the number alone showed none."""
    mine = select(Election.id).where(membership.seen_by(actor))
    shown = or_(
        AuthEvent.liveness != literal({}, AuthEvent.liveness.type), AuthEvent.distance.is_not(None),
        AuthEvent.snapshot_path.is_not(None),
    )  # fmt: skip
    purpose = case(
        (AuthEvent.attendance_session_id.is_not(None), Purpose.CHECK_IN.value),
        (AuthEvent.kiosk_id.is_not(None), Purpose.BOOTH.value),
        else_=Purpose.ACCOUNT.value,
    )
    attempt = case((AuthEvent.election_id.is_not(None), AuthEvent.id))
    return (
        select(
            AuthEvent.created_at.label("at"), purpose.label("purpose"), cast(AuthEvent.result, Text).label("outcome"),
            AuthEvent.voter_id_input.label("voter_number"), func.coalesce(AuthEvent.reason, "").label("reason"),
            AuthEvent.distance.label("distance"),
            func.coalesce(Election.title, AttendanceSession.title, "").label("of"),
            func.coalesce(Kiosk.name, "").label("by"), attempt.label("attempt_id"),
            AuthEvent.attendance_session_id.label("meeting_id"), AuthEvent.id.label("number"),
        )
        .outerjoin(Election, Election.id == AuthEvent.election_id)
        .outerjoin(AttendanceSession, AttendanceSession.id == AuthEvent.attendance_session_id)
        .outerjoin(Kiosk, Kiosk.id == AuthEvent.kiosk_id)
        .where(AuthEvent.method == AuthMethod.FACE, shown)
        .where(AuthEvent.election_id.is_(None) | AuthEvent.election_id.in_(mine))
    )  # fmt: skip


def _at_the_desk() -> Select[tuple[object, ...]]:
    kind, details = AuditLog.event_type, AuditLog.details
    compared = kind == COMPARED
    refused = (kind == REFUSED) | (compared & (details["result"].astext == "unusable"))
    outcome = case(
        (refused, AuthResult.UNKNOWN.value),
        (compared & (details["result"].astext != "match"), AuthResult.MISMATCH.value),
        else_=AuthResult.SUCCESS.value,
    )
    # What a registration says in `reason` is no reason of an attempt.
    reason = case((refused, details["reason"].astext), else_="")
    return select(
        AuditLog.created_at.label("at"),
        case((compared, Purpose.COMPARISON.value), else_=Purpose.ENROLMENT.value).label("purpose"),
        outcome.label("outcome"), func.coalesce(details["voter_number"].astext, "").label("voter_number"),
        reason.label("reason"), cast(details["distance"].astext, Double).label("distance"), literal("").label("of"),
        AuditLog.actor.label("by"), null().label("attempt_id"), null().label("meeting_id"), AuditLog.id.label("number"),
    ).where(kind.in_((COMPARED, REFUSED, *ENROLLED)))  # fmt: skip


def _conditions(log: Subquery, query: Query) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.purpose is not None:
        found.append(log.c.purpose == query.purpose.value)
    if query.outcome is not None:
        found.append(log.c.outcome == query.outcome.value)
    if query.since is not None:
        found.append(log.c.at >= query.since)
    if query.until is not None:
        found.append(log.c.at < query.until)
    if query.voter_number:
        found.append(log.c.voter_number == normalise_voter_number(query.voter_number))
    return found


def _newest(log: Subquery, wanted: list[ColumnElement[bool]]) -> Select[tuple[object, ...]]:
    return select(log).where(*wanted).order_by(log.c.at.desc(), log.c.number.desc())


def _rows(chosen: Select[tuple[object, ...]]) -> list[Row]:
    return [
        Row(
            one["at"], Purpose(one["purpose"]), AuthResult(one["outcome"]), one["voter_number"], one["reason"],
            one["distance"], one["of"], one["by"], one["attempt_id"], one["meeting_id"],
        )
        for one in db.session.execute(chosen).mappings()
    ]  # fmt: skip


def _names(numbers: Iterable[str]) -> dict[str, str]:
    found = db.session.execute(select(Voter.voter_id, Voter.name).where(Voter.voter_id.in_(set(numbers))))
    return {number: name for number, name in found}  # noqa: C416 (rows are no pairs)
