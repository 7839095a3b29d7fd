"""Erasing a voter: what nobody needs goes, what an election rests on stays without a name, and why is said.

Who took part in an election that was counted stays a row of its roll, because the turnout and the signed count rest on
it. The voter of that row is nobody any more: no name, no birth date, no address, another voter ID.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import CursorResult, and_, delete, exists, func, inspect, select, update

from models import (
    AttendanceSession,
    AuditLog,
    AuthEvent,
    AuthMethod,
    BoxBallot,
    Election,
    ElectionStatus,
    Gender,
    GroupMember,
    RecordedChoice,
    Review,
    RollEntry,
    Vote,
    Voter,
    VoterStatus,
    db,
)
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict
from services.privacy.exporting import find_voter
from services.privacy.holdings import HOLDINGS
from services.savepoints import after_commit
from services.voters import new_voter_number
from services.voters.suspension import check_reason, hold_drafts_of

KEPT = (Voter, Vote, RecordedChoice, RollEntry, AuthEvent, AuditLog)
"""What is handled by itself: it stays without a name, or is not the voter's alone."""
NOBODY = "Erased voter"
ERASED = "erased"


@dataclass(frozen=True)
class Erased:
    """What an erasure did: rows by table, pictures, and a sentence for everything that stays."""

    rows: dict[str, int]
    pictures: int
    stays: list[str] = field(default_factory=list)


def refusals(voter: Voter) -> list[str]:
    """Return a sentence for each reason why this voter cannot be erased now; empty when nothing stands against it."""
    return [*_elections_against(voter), *_others_against(voter)]


def erase(number: str, reason: str, actor: Actor) -> Erased:
    """Erase a voter; in the caller's transaction, as owner. The files go after the commit.

    Raises NotFound, and Conflict with all reasons while an election, a review or a meeting needs the voter.
    """
    voter = find_voter(number, lock=True)
    why = check_reason(reason)
    hold_drafts_of(voter)
    if against := refusals(voter):
        raise Conflict(" ".join(against))
    old_number, paths, rows = voter.voter_id, _pictures_of(voter), {}
    for holding in reversed(HOLDINGS):
        if holding.model not in KEPT:
            gone = db.session.execute(delete(holding.model).where(holding.where(voter)))
            rows[holding.table] = cast("CursorResult[Any]", gone).rowcount
    platform().faces.templates.means.erase([voter.id])
    rows["auth_events"] = _strip_attempts(voter)
    _leave_drafts(voter)
    stays = _what_stays(voter)
    if _on_any_roll(voter):
        _make_nobody(voter)
    else:
        db.session.delete(voter)
        rows["voters"] = 1
    for path in paths:
        after_commit(partial(platform().storage.delete, path))
    audit_logger.record("operator:voter:erased", actor, voter_number=old_number, reason=why, pictures=len(paths))
    db.session.flush()
    return Erased({name: count for name, count in rows.items() if count}, len(paths), stays)


def _elections_against(voter: Voter) -> Iterable[str]:
    keep = timedelta(days=platform().settings.roll_keep_days)
    mine = select(Election).join(RollEntry, RollEntry.election_id == Election.id).where(RollEntry.voter_id == voter.id)
    for election in db.session.scalars(mine.order_by(Election.id)):
        if election.status is ElectionStatus.ACTIVE:
            yield _(
                "“%(title)s” is open and this voter is on its roll: erase after it has closed.", title=election.title
            )
        elif election.status is not ElectionStatus.DRAFT and _unfinished(election):
            yield _("The ballots of “%(title)s” are not all counted: its result is not final.", title=election.title)
        elif election.status is not ElectionStatus.DRAFT:
            until = (election.closed_at or election.closes_at) + keep
            if until > utc_now():
                yield _(
                    "“%(title)s” can still be contested, and its roll is evidence until %(day)s (ROLL_KEEP_DAYS).",
                    title=election.title,
                    day=f"{until:%Y-%m-%d}",
                )


def _unfinished(election: Election) -> bool:
    return bool(db.session.scalar(select(exists().where(BoxBallot.election_id == election.id))))


def _others_against(voter: Voter) -> Iterable[str]:
    waiting = exists().where(AuthEvent.voter_id == voter.id, AuthEvent.review == Review.PENDING)
    if db.session.scalar(select(waiting)):
        yield _("An attempt of this voter waits for a review: confirm or reject it first.")
    open_meeting = and_(AttendanceSession.closed_at.is_(None), AttendanceSession.ends_at > utc_now())
    mine = (
        select(AttendanceSession.title)
        .join(GroupMember, GroupMember.group_id == AttendanceSession.group_id)
        .where(GroupMember.voter_id == voter.id, open_meeting)
    )
    for title in db.session.scalars(mine.order_by(AttendanceSession.id)):
        yield _("The meeting “%(title)s” is open and this voter is a member of its group.", title=title)


def _pictures_of(voter: Voter) -> list[str]:
    paths: set[str] = set()
    for holding in HOLDINGS:
        for column in inspect(holding.model).column_attrs:
            if column.key.endswith("_path"):
                value = getattr(holding.model, column.key)
                paths |= set(db.session.scalars(select(value).where(holding.where(voter), value.is_not(None))))
    return sorted(paths)


def _strip_attempts(voter: Voter) -> int:
    """Leave of the attempts what booths count: result, method and time, of nobody."""
    bare: dict[str, Any] = {
        "voter_id": None, "voter_id_input": "", "snapshot_path": None, "ip_address": None, "user_agent": None,
        "liveness": {}, "distance": None, "suspicion_score": None, "review_note": None,
    }  # fmt: skip
    mine = AuthEvent.voter_id == voter.id
    db.session.execute(update(AuthEvent).where(mine, AuthEvent.method == AuthMethod.DOCUMENT).values(note=ERASED))
    db.session.execute(update(AuthEvent).where(mine, AuthEvent.method != AuthMethod.DOCUMENT).values(note=None))
    done = db.session.execute(update(AuthEvent).where(mine).values(**bare))
    return cast("CursorResult[Any]", done).rowcount


def _leave_drafts(voter: Voter) -> None:
    drafts = select(Election.id).where(Election.status == ElectionStatus.DRAFT)
    db.session.execute(delete(RollEntry).where(RollEntry.voter_id == voter.id, RollEntry.election_id.in_(drafts)))


def _on_any_roll(voter: Voter) -> bool:
    return bool(db.session.scalar(select(exists().where(RollEntry.voter_id == voter.id))))


def _make_nobody(voter: Voter) -> None:
    """Leave a row that says nothing of a person; suspended, so that it can never vote."""
    voter.name, voter.voter_id = NOBODY, new_voter_number()
    voter.dob = voter.email = voter.phone = voter.password_hash = None
    voter.gender, voter.status = Gender.UNDISCLOSED, VoterStatus.SUSPENDED


def _what_stays(voter: Voter) -> list[str]:
    rolls = db.session.scalar(select(func.count()).where(RollEntry.voter_id == voter.id)) or 0
    votes = db.session.scalar(select(func.count()).where(Vote.voter_id == voter.id)) or 0
    stays = []
    if rolls:
        stays.append(
            _("%(count)s places on the rolls of counted elections, without a name: the turnout rests on them.",
              count=rolls)
        )  # fmt: skip
    if votes:
        stays.append(
            _("%(count)s votes, without a name: they are numbered in the signed count. Of a secret ballot nobody knows"
              " the choice; of a roll-call the choice stays.", count=votes)
        )  # fmt: skip
    stays.append(_("Entries of the audit log with the old voter ID: it is never changed, and holds no name."))
    stays.append(_("Backups from before, encrypted, until they are removed (flask backup --keep)."))
    return stays
