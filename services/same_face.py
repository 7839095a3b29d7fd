"""One face under two names: found at enrolment, flagged, and judged by a person. Never refused by itself.

A voter with a flag that nobody judged is doubtful. The booth still verifies the voter: the machine only saw that two
faces are near, and a twin must not lose a vote over it. The opening of an election warns about it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import selectinload

from models import DuplicateFlag, Election, RollEntry, SameFace, StaffUser, Voter, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.context import in_background, platform
from services.errors import Conflict, NotFound, ValidationFailed

PAGE_SIZE = 10
MAX_NOTE = 500


class JudgedMeanwhile(Conflict):
    """Somebody else judged this since the page was shown."""

    code = "judged_meanwhile"


@dataclass(frozen=True)
class FlagPage:
    """Ten flags, those that wait first, then the newest."""

    rows: list[DuplicateFlag]
    total: int
    page: int
    pages: int


def warm_up() -> None:
    """Open the encrypted means in the background, so that the search after an enrolment need not wait for it."""
    means = platform().faces.templates.means
    if means.is_cold():
        in_background(means.refresh)


def look_for(voter: Voter, actor: Actor) -> list[DuplicateFlag]:
    """Compare a voter's freshly enrolled face with all others and flag the voters it is near to, at most five.

    New pictures are a new question: what waited about the old ones goes, and a pair judged before waits again.
    """
    near = platform().faces.templates.means.near_voter(voter.id)
    mine = _about([voter.id])
    db.session.execute(delete(DuplicateFlag).where(mine, DuplicateFlag.state == SameFace.PENDING))
    known = {_other(flag, voter.id): flag for flag in db.session.scalars(select(DuplicateFlag).where(mine))}
    flags = []
    for found in near:
        flag = known.get(found.voter_id) or DuplicateFlag()
        flag.voter_id, flag.other_id, flag.distance = voter.id, found.voter_id, found.distance
        flag.state, flag.judged_by, flag.judged_at, flag.note = SameFace.PENDING, None, None, None
        flags.append(flag)
    if flags:
        db.session.add_all(flags)
        audit_logger.record(
            "system:face:flagged", actor, voter_number=voter.voter_id, subject_id=voter.id, count=len(flags)
        )
    db.session.flush()
    return flags


def search(state: SameFace | None, voter_id: int | None, page: int) -> FlagPage:
    """Return one page of flags, of all voters or of one."""
    wanted: list[ColumnElement[bool]] = []
    if state is not None:
        wanted.append(DuplicateFlag.state == state)
    if voter_id is not None:
        wanted.append(_about([voter_id]))
    total = db.session.scalar(select(func.count()).select_from(DuplicateFlag).where(*wanted)) or 0
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(max(1, page), pages)
    people = (DuplicateFlag.voter, DuplicateFlag.other, DuplicateFlag.judge)
    rows = db.session.scalars(
        select(DuplicateFlag)
        .options(*(selectinload(person) for person in people))
        .where(*wanted)
        .order_by((DuplicateFlag.state == SameFace.PENDING).desc(), DuplicateFlag.id.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    return FlagPage(list(rows), total, page, pages)


def waiting_count() -> int:
    """Return how many flags nobody judged yet."""
    return db.session.scalar(select(func.count()).where(DuplicateFlag.state == SameFace.PENDING)) or 0


def flags_of(voter: Voter) -> list[DuplicateFlag]:
    """Return the flags about a voter that are still a doubt: not judged, or judged to be the same person."""
    doubts = DuplicateFlag.state != SameFace.DIFFERENT
    return list(db.session.scalars(select(DuplicateFlag).where(_about([voter.id]), doubts).order_by(DuplicateFlag.id)))


def doubtful(voter_ids: Iterable[int]) -> set[int]:
    """Return those of the voters about whom a flag waits."""
    asked = list(voter_ids)
    rows = db.session.execute(
        select(DuplicateFlag.voter_id, DuplicateFlag.other_id).where(
            _about(asked), DuplicateFlag.state == SameFace.PENDING
        )
    )
    return {voter_id for pair in rows for voter_id in pair} & set(asked)


def opening_warning(election: Election) -> str | None:
    """Return the sentence for the checklist before opening; None without a doubtful voter on the roll."""
    waits = DuplicateFlag.state == SameFace.PENDING
    doubted = select(DuplicateFlag.voter_id).where(waits).union(select(DuplicateFlag.other_id).where(waits))
    on_roll = select(func.count()).where(RollEntry.election_id == election.id, RollEntry.voter_id.in_(doubted))
    count = db.session.scalar(on_roll) or 0
    if not count:
        return None
    return ngettext(
        "%(count)s voter on the roll has a face that is enrolled under another name too. Nobody judged it yet.",
        "%(count)s voters on the roll have a face that is enrolled under another name too. Nobody judged it yet.",
        count, count=f"{count:,}",
    )  # fmt: skip


def judge(flag_id: int, decision: str, note: str, seen: str, actor: Actor) -> DuplicateFlag:
    """Say that it is the same person or two; `seen` is the `mark` of what the judge looked at.

    Nothing else changes: who is entered twice is for the staff to suspend. Raises NotFound, ValidationFailed and
    JudgedMeanwhile.
    """
    flag = db.session.get(DuplicateFlag, flag_id, with_for_update=True, populate_existing=True)
    if flag is None:
        raise NotFound(_("This flag is gone: the pictures it was about were replaced."))
    if seen != flag.mark:
        raise _meanwhile(flag)
    if decision not in (SameFace.SAME_PERSON, SameFace.DIFFERENT):
        raise ValidationFailed(fields={"decision": _("Choose one of the two.")})
    if not note:
        raise ValidationFailed(fields={"note": _("Say how you know.")})
    before = flag.state
    flag.state, flag.note = SameFace(decision), note
    flag.judged_by, flag.judged_at = actor.id, utc_now()
    audit_logger.record(
        "staff:face:judged", actor, subject_id=flag.id, voter_number=flag.voter.voter_id, name=flag.other.voter_id,
        before=before.value, after=flag.state.value, reason=note,
    )  # fmt: skip
    db.session.flush()
    return flag


def _about(voter_ids: list[int]) -> ColumnElement[bool]:
    return or_(DuplicateFlag.voter_id.in_(voter_ids), DuplicateFlag.other_id.in_(voter_ids))


def _other(flag: DuplicateFlag, voter_id: int) -> int:
    return flag.other_id if flag.voter_id == voter_id else flag.voter_id


def _meanwhile(flag: DuplicateFlag) -> JudgedMeanwhile:
    who = db.session.get(StaffUser, flag.judged_by) if flag.judged_by else None
    if who is None:
        return JudgedMeanwhile(_("This flag changed since you opened it. Look at it again."))
    return JudgedMeanwhile(_("%(name)s judged this meanwhile. Look at it again.", name=who.username))
