"""Mails to all voters concerned: a rehearsal before opening, reminders while it is open, the result when it is final.

The desk writes down what is wanted, at once or at a time. The worker writes the mails in small steps; a step that is
cut off is done again, and the key of each mail keeps it from being written twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, exists, func, literal, select

from models import (
    Election,
    ElectionStatus,
    EmailMessage,
    MailStatus,
    NotMeReport,
    PlannedKind,
    PlannedMail,
    RollEntry,
    Voter,
    VoterStatus,
    db,
)
from services import audit_logger, results
from services.actor import WORKER, Actor
from services.clock import utc_now
from services.email_service import queue_letter
from services.email_service.rendering import Letter
from services.errors import Conflict, NotFound, ValidationFailed
from services.mailings import letters
from services.mailings.kinds import VOTING_LINK

STEP = 200
"""Voters in one transaction: half a second of writing."""
PAUSE = timedelta(hours=6)
"""Between two reminders of one election: a reminder that comes twice a day is none."""
HOURS_BEFORE = (2, 6, 12, 24, 48, 72, 168)
OVER = (ElectionStatus.CLOSED, ElectionStatus.ARCHIVED)
Transaction = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Reach:
    """Whom mails to voters of an election can reach."""

    on_roll: int
    without_address: int
    not_voted: int


def reach(election: Election) -> Reach:
    """Count the voters on the roll, those without an address, and those with one who have not voted."""
    return Reach(
        _count(select(RollEntry.id).where(RollEntry.election_id == election.id)),
        _count(select(RollEntry.id).join(Voter).where(RollEntry.election_id == election.id, ~_has_address())),
        _count(_concerned(election, PlannedKind.REMINDER)),
    )


def plan(
    election: Election, kind: PlannedKind, address: str, actor: Actor, due_at: datetime | None = None
) -> PlannedMail:
    """Write down that mails are wanted, now or at `due_at`; raises Conflict when that makes no sense."""
    db.session.execute(select(Election.id).where(Election.id == election.id).with_for_update(key_share=True))
    due = due_at or utc_now()
    _must_make_sense(election, kind, due)
    made = PlannedMail(election_id=election.id, kind=kind, due_at=due, address=address)
    db.session.add(made)
    db.session.flush()
    audit_logger.record("staff:mail:planned", actor, election_id=election.id, kind=kind.value)
    return made


def plan_before_closing(election: Election, hours: int, address: str, actor: Actor) -> PlannedMail:
    """Plan a reminder so many hours before closing; a later change of the closing time does not move it."""
    if hours not in HOURS_BEFORE:
        raise ValidationFailed(fields={"hours": _("Choose one of the times.")})
    due = election.closes_at - timedelta(hours=hours)
    if due <= utc_now():
        raise ValidationFailed(fields={"hours": _("This time is over. Choose a later one.")})
    return plan(election, PlannedKind.REMINDER, address, actor, due)


def plans_of(election: Election) -> list[PlannedMail]:
    """Return what was planned for an election, the newest time first."""
    mine = select(PlannedMail).where(PlannedMail.election_id == election.id)
    return list(db.session.scalars(mine.order_by(PlannedMail.due_at.desc(), PlannedMail.id.desc())))


def cancel(election: Election, number: int, actor: Actor) -> None:
    """Cancel mails that were not begun; raises NotFound, and Conflict when the worker has begun."""
    mine = (PlannedMail.id == number) & (PlannedMail.election_id == election.id)
    found = db.session.scalar(select(PlannedMail).where(mine).with_for_update())
    if found is None:
        raise NotFound(_("There are no such planned mails."))
    if found.done_at is not None or found.mails:
        raise Conflict(_("These mails are being sent already."))
    db.session.delete(found)
    audit_logger.record("staff:mail:plan_cancelled", actor, election_id=election.id, kind=found.kind.value)


def write_due(transaction: Transaction) -> None:
    """Write all mails whose time has come, a step in each transaction; run by the worker."""
    more = True
    while more:
        with transaction():
            more = _write_step()


def _must_make_sense(election: Election, kind: PlannedKind, due: datetime) -> None:
    planned = [one for one in plans_of(election) if one.kind is kind]
    if kind is PlannedKind.REHEARSAL and election.status is not ElectionStatus.DRAFT:
        raise Conflict(_("A rehearsal is for an election that has not been opened."))
    if kind is PlannedKind.REHEARSAL and any(one.done_at is None for one in planned):
        raise Conflict(_("The test mails are being written already."))
    if kind is PlannedKind.REMINDER and election.status is not ElectionStatus.ACTIVE:
        raise Conflict(_("Reminders are for an election that is open."))
    if kind is PlannedKind.REMINDER and any(abs(one.due_at - due) < PAUSE for one in planned):
        raise Conflict(_("Another reminder goes within six hours of this one. Voters would get two."))
    if kind is PlannedKind.RESULT and election.status not in (ElectionStatus.ACTIVE, *OVER):
        raise Conflict(_("There is no result before the election was open."))
    if kind is PlannedKind.RESULT and planned:
        raise Conflict(_("The result is mailed already, once to each voter."))


def _write_step() -> bool:
    """Write the mails of up to STEP voters of one plan, or end it; tell whether more is due."""
    due = select(PlannedMail).where(PlannedMail.done_at.is_(None), PlannedMail.due_at <= utc_now())
    for one in db.session.scalars(due.order_by(PlannedMail.due_at, PlannedMail.id).with_for_update(skip_locked=True)):
        if _is_too_early(one):
            continue
        written = 0 if _is_too_late(one) else _write(one)
        one.mails += written
        if not written:
            one.done_at = utc_now()
            audit_logger.record("worker:mail:plan_done", WORKER, election_id=one.election_id, kind=one.kind.value,
                                count=one.mails)  # fmt: skip
        return True
    return False


def _is_too_early(one: PlannedMail) -> bool:
    if one.kind is not PlannedKind.RESULT:
        return False
    if one.election.status not in OVER:
        return True
    found = results.result_of(one.election, utc_now())
    return not found.final or bool(found.tie and found.resolution is None)


def _is_too_late(one: PlannedMail) -> bool:
    status = one.election.status
    if one.kind is PlannedKind.REMINDER:
        return status is not ElectionStatus.ACTIVE or one.election.closes_at <= utc_now()
    return one.kind is PlannedKind.REHEARSAL and status is not ElectionStatus.DRAFT


def _write(one: PlannedMail) -> int:
    """Write a step of mails and return how many."""
    begins = f"{one.kind.value}:{one.election_id if one.kind is PlannedKind.RESULT else one.id}:"
    known = exists().where(EmailMessage.dedupe_key == func.concat(literal(begins), Voter.id))
    voters = db.session.scalars(_concerned(one.election, one.kind).where(~known).limit(STEP)).all()
    invited = _invited_at(one.election, [voter.id for voter in voters]) if one.kind is PlannedKind.REMINDER else {}
    for voter in voters:
        queue_letter(
            one.kind.value, voter.email or "", _letter(one, voter, invited.get(voter.id)),
            dedupe_key=f"{begins}{voter.id}", election_id=one.election_id, voter_id=voter.id, bulk=True,
        )  # fmt: skip
    return len(voters)


def _letter(one: PlannedMail, voter: Voter, invited_at: datetime | None) -> Letter:
    if one.kind is PlannedKind.REHEARSAL:
        return letters.rehearsal(one.election, voter, one.address)
    if one.kind is PlannedKind.REMINDER:
        return letters.reminder(one.election, voter, one.address, invited_at)
    return letters.result(one.election, voter, one.address)


def _concerned(election: Election, kind: PlannedKind) -> Select[Voter]:
    """Return the query for the voters who get such a mail; an address that somebody disowned gets none."""
    disowned = exists().where(NotMeReport.voter_id == Voter.id, NotMeReport.settled_at.is_(None))
    found = select(Voter).join(RollEntry).where(RollEntry.election_id == election.id, _has_address(), ~disowned)
    if kind is PlannedKind.REMINDER:
        found = found.where(RollEntry.has_voted.is_(False), Voter.status != VoterStatus.SUSPENDED)
    return found.order_by(Voter.id)


def _invited_at(election: Election, voters: list[int]) -> dict[int, datetime]:
    """Return when each of these voters was sent a voting link last."""
    sent = select(EmailMessage.voter_id, func.max(EmailMessage.sent_at)).where(
        EmailMessage.election_id == election.id,
        EmailMessage.kind == VOTING_LINK,
        EmailMessage.status == MailStatus.SENT,
        EmailMessage.voter_id.in_(voters),
    )
    found = db.session.execute(sent.group_by(EmailMessage.voter_id))
    return {voter_id: sent_at for voter_id, sent_at in found if voter_id is not None and sent_at is not None}


def _has_address() -> ColumnElement[bool]:
    return func.coalesce(Voter.email, "") != ""


def _count(query: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
