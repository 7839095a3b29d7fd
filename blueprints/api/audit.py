"""The audit log and refused requests for those who may see them, and the figures of the live desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from blueprints.api import bp
from blueprints.api.election_shapes import Moment, Number
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Shape
from blueprints.api.voter_shapes import Page, Words
from blueprints.http import current_actor
from blueprints.policy import requires
from models import AuthResult, Channel, Refusal
from services import audit_trail, desk, desk_figures, elections
from services.audit_trail import Filters, Row
from services.audit_trail.sentences import row_in_words, titles_of
from services.clock import utc_now
from services.context import platform
from services.identification import verification_log
from services.identification.verification_log import Purpose, Query
from services.security import Permission, has_permission

GROUP, FIGURES = "Audit log", "Analytics"
Before = Annotated[int, Field(ge=1, le=2**62)]


class AuditQuery(Shape):
    """Which rows, the newest first. `until` is not included; `q`: words of a row; `before`: below this number."""

    election: Number | None = None
    actor: Words = ""
    kind: Words = ""
    since: Moment | None = None
    until: Moment | None = None
    q: Words = ""
    before: Before | None = None


class ChangedSetting(Shape):
    """One setting, as text."""

    name: str
    before: str | None
    after: str


class AuditRow(Shape):
    """A fact: who did what, in one sentence. Never a choice, a receipt or an address."""

    id: int
    at: datetime
    event: str
    actor: str
    election: str
    sentence: str
    changes: list[ChangedSetting]


class AuditRows(Shape):
    """A page; ask on with `before` as long as there is a `next_before`."""

    rows: list[AuditRow]
    next_before: int | None


class RefusedQuery(Shape):
    """Which refused requests, the newest first."""

    kind: Refusal | None = None
    before: Before | None = None


class RefusedRequests(Shape):
    """Requests of one kind that were refused within a minute; `address` for those only who may see evidence."""

    id: int
    minute: datetime
    kind: Refusal
    route: str
    role: str
    count: int
    address: str | None


class RefusedPage(Shape):
    """A page; ask on with `before` as long as there is a `next_before`."""

    rows: list[RefusedRequests]
    next_before: int | None


class VerificationQuery(Shape):
    """Which attempts with a face, the newest first. `until` is not included."""

    purpose: Purpose | None = None
    result: AuthResult | None = None
    since: Moment | None = None
    until: Moment | None = None
    voter_id: Annotated[str, StringConstraints(max_length=40, pattern=TEXT)] = ""
    page: Page = 1


class Verification(Shape):
    """One attempt to enrol or compare a face: `of` an election or a meeting, `by` a booth or a member of staff."""

    at: datetime
    purpose: Purpose
    result: AuthResult
    voter_id: str
    reason: str | None
    distance: float | None
    of: str | None
    by: str | None


class Verifications(Shape):
    """A page of attempts."""

    verifications: list[Verification]
    total: int
    page: int
    pages: int
    per_page: int


class Slot(Shape):
    """An hour or a day of voting; `votes` by channel, null while it has not begun."""

    label: str
    votes: dict[Channel, int] | None


class Checks(Shape):
    """How checks of faces and documents ended."""

    by_face: int
    by_document: int
    mismatches: int
    unknown: int


class Booth(Shape):
    """A booth that was not ended: `state` is voting, ready, silent, or over."""

    name: str
    state: str
    seen: str


class Figures(Shape):
    """What the live desk shows of one election, but for counts of votes: these are under results."""

    election_id: int
    on_roll: int
    voted: int
    hourly: bool
    slots: list[Slot]
    by_channel: dict[Channel, int]
    checks: Checks
    booths: list[Booth]
    time_left: str | None


@bp.get("/audit")
@requires(Permission.VIEW_AUDIT)
@documented(GROUP, AuditRows, query=AuditQuery)
def list_audit(query: AuditQuery) -> AuditRows:
    """List rows of the audit log: those of your elections, and those of no election."""
    seen = tuple(one.id for one in elections.visible_elections(current_actor()))
    filters = Filters(query.election, query.actor, query.kind, query.since, query.until, query.q, seen)
    page = audit_trail.search(filters, query.before)
    titles = titles_of(page.rows)
    rows = [_row(row_in_words(row, titles)) for row in page.rows]
    return AuditRows(rows=rows, next_before=page.next_before)


@bp.get("/audit/requests")
@requires(Permission.VIEW_AUDIT)
@documented(GROUP, RefusedPage, query=RefusedQuery)
def list_refused_requests(query: RefusedQuery) -> RefusedPage:
    """List refused requests by minute."""
    rows, following = audit_trail.page_of_refusals(query.before, query.kind)
    shows = has_permission(current_actor().role, Permission.VIEW_EVIDENCE)
    listed = [
        RefusedRequests(
            id=row.id, minute=row.minute, kind=row.kind, route=row.endpoint, role=row.role, count=row.count,
            address=str(row.ip_address) if shows and row.ip_address else None,
        )
        for row in rows
    ]  # fmt: skip
    return RefusedPage(rows=listed, next_before=following)


@bp.get("/verifications")
@requires(Permission.REVIEW_ATTEMPTS)
@documented(GROUP, Verifications, query=VerificationQuery)
def list_verifications(query: VerificationQuery) -> Verifications:
    """List every attempt to enrol or compare a face, but those of elections on whose list you are not."""
    asked = Query(query.purpose, query.result, query.since, query.until, query.voter_id.strip(), query.page)
    found = verification_log.search(asked, current_actor())
    return Verifications(
        verifications=[_verification(row) for row in found.rows], total=found.total, page=found.page,
        pages=found.pages, per_page=verification_log.PAGE_SIZE,
    )  # fmt: skip


@bp.get("/elections/<int:election_id>/figures")
@requires(Permission.VIEW_DESK)
@documented(FIGURES, Figures)
def election_figures(election_id: int) -> Figures:
    """Show turnout by time and channel, how checks ended, and the booths, as on the live desk."""
    election, now = desk.visible_election(election_id, current_actor()), utc_now()
    voted, on_roll = elections.roll_counts(election)
    turnout = desk_figures.turnout(election, now, platform().settings.timezone)
    ended = desk_figures.attempts(election)
    return Figures(
        election_id=election.id, on_roll=on_roll, voted=voted, hourly=turnout.hourly,
        slots=[Slot(label=one.label, votes=one.votes) for one in turnout.slots], by_channel=turnout.by_channel,
        checks=Checks(**{name: getattr(ended, name) for name in Checks.model_fields}),
        booths=[Booth(name=one.name, state=one.state, seen=one.seen) for one in desk.kiosks_of(election, now)],
        time_left=desk.time_left(election, now),
    )  # fmt: skip


def _verification(row: verification_log.Row) -> Verification:
    return Verification(
        at=row.at, purpose=row.purpose, result=row.outcome, voter_id=row.voter_number, reason=row.reason or None,
        distance=None if row.distance is None else round(row.distance, 3), of=row.of or None, by=row.by or None,
    )  # fmt: skip


def _row(row: Row) -> AuditRow:
    changes = [ChangedSetting(name=one.name, before=one.before, after=one.after) for one in row.changes]
    same = ("id", "at", "event", "actor", "election", "sentence")
    return AuditRow(**{name: getattr(row, name) for name in same}, changes=changes)
