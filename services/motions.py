"""Motions of a meeting: an election of yes and no, with NOTA as the abstention, voted on by who is present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import bindparam, func, select

from models import (
    AttendanceRecord,
    AttendanceSession,
    Channel,
    Election,
    ElectionStatus,
    NotaRule,
    RollEntry,
    Secrecy,
    db,
)
from services import candidates, elections, presence, rolls, ties
from services.actor import Actor
from services.attendance import sessions
from services.candidates import CandidateEntries
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from services.presence import Rule

MAX_TEXT = 1000
MINUTES = (1, 24 * 60)
USUAL_MINUTES = 5
"""Long enough to read a motion and to vote on a phone; the officer closes earlier when all who are present voted."""


@dataclass(frozen=True)
class Motion:
    """What an officer says about a motion."""

    title: str
    text: str = ""
    rule: Rule = Rule()
    secrecy: Secrecy = Secrecy.SECRET


def create(meeting_id: int, motion: Motion, actor: Actor) -> Election:
    """Make the draft of a motion: its two answers, and the group of the meeting as its roll.

    Raises NotFound for another's meeting, Conflict when it is over, ValidationFailed for entries that cannot be.
    """
    meeting = _open_meeting(meeting_id, actor)
    title = " ".join(motion.title.split())
    if not title or len(title) > elections.MAX_TITLE:
        most = _("Give the motion a title of at most %(most)s characters.", most=elections.MAX_TITLE)
        raise ValidationFailed(fields={"motion_title": most})
    now = utc_now()
    draft = elections.create_election(
        title=title, description=motion.text.strip()[:MAX_TEXT], opens_at=now,
        closes_at=now + timedelta(minutes=USUAL_MINUTES), secrecy=motion.secrecy, channels=(Channel.ACCOUNT,),
        meeting_id=meeting.id, quorum_rule={**motion.rule.as_json(), "motion": True}, actor=actor,
    )  # fmt: skip
    sides = (_("For the motion"), _("Against the motion"))
    for place, (name, side) in enumerate(zip(presence.answers(), sides, strict=True), start=1):
        entries = CandidateEntries(election_id=draft.id, name=name, description=side, display_order=place)
        candidates.create_candidate(entries, actor)
    ties.set_nota_rule(draft, NotaRule.ADVISORY, actor)
    rolls.add_groups(draft, [meeting.group_id], actor)
    db.session.refresh(draft)
    return draft


def open_vote(meeting_id: int, election_id: int, minutes: int, actor: Actor) -> Election:
    """Open the vote on a motion now, for so many minutes; who joined the group since is put on the roll.

    Raises NotFound, Conflict when it is no draft, ValidationFailed with what stands against it: the quorum, first.
    """
    meeting = _open_meeting(meeting_id, actor)
    motion = _of(meeting, election_id)
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        raise ValidationFailed(fields={"motion_minutes": _("Write 1 to 1,440 minutes.")})
    elections.lock_election(motion)
    if motion.status is not ElectionStatus.DRAFT:
        raise Conflict(_("This vote was opened before."))
    rolls.add_groups(motion, [meeting.group_id], actor)
    motion.opens_at = utc_now()
    motion.closes_at = motion.opens_at + timedelta(minutes=minutes)
    db.session.flush()
    elections.open_election(motion, actor)
    return motion


def close_vote(meeting_id: int, election_id: int, actor: Actor) -> Election:
    """Close the vote early, because everybody who is present voted; whoever has not is counted in the refusal.

    Raises NotFound, Conflict. Otherwise a vote closes at its time, or early by two people at the desk.
    """
    motion = _of(sessions.find(meeting_id, actor), election_id)
    if waiting := present_without_vote(motion):
        words = ngettext(
            "%(num)d member who is present has not voted. The vote closes by itself at its time.",
            "%(num)d members who are present have not voted. The vote closes by itself at its time.",
            waiting,
        )
        raise Conflict(words)
    elections.close_election(motion, actor)
    return motion


def votes_of(meeting_id: int) -> list[Election]:
    """Return the elections and motions of a meeting, in the order in which they were made."""
    return list(db.session.scalars(select(Election).where(Election.meeting_id == meeting_id).order_by(Election.id)))


def open_to(meeting_id: int, voter_id: int) -> list[Election]:
    """Return the votes of a meeting in which this member, present now, can vote in the account."""
    found = db.session.scalars(_OPEN_TO, {"meeting_id": meeting_id, "voter_id": voter_id, "now": utc_now()})
    return [one for one in found if presence.refusal(one, voter_id) is None]


# Built once: whoever checks in or looks at the own check-in asks, a whole hall within a minute.
_OPEN_TO = (
    select(Election)
    .join(RollEntry, RollEntry.election_id == Election.id)
    .where(
        RollEntry.voter_id == bindparam("voter_id"), RollEntry.has_voted.is_(False),
        Election.status == ElectionStatus.ACTIVE, Election.closes_at > bindparam("now"),
        Election.meeting_id == bindparam("meeting_id"), Election.channels.contains([Channel.ACCOUNT.value]),
    )
    .order_by(Election.id)
)  # fmt: skip


def running(meeting_id: int) -> Election | None:
    """Return the vote of a meeting that is open, the newest one; else the one that ended last, None without any."""
    votes = [one for one in votes_of(meeting_id) if one.status is not ElectionStatus.DRAFT]
    is_open = [one for one in votes if one.status is ElectionStatus.ACTIVE]
    return next(reversed(is_open or votes), None)


def present_without_vote(election: Election) -> int:
    """Return how many are present, stand on the roll and have not voted."""
    entry = (RollEntry.voter_id == AttendanceRecord.voter_id) & (RollEntry.election_id == election.id)
    query = select(func.count()).select_from(AttendanceRecord).join(RollEntry, entry).join(AttendanceRecord.session)
    there = presence.is_present(), AttendanceRecord.session_id == election.meeting_id
    return db.session.scalar(query.where(*there, RollEntry.has_voted.is_(False))) or 0


def _open_meeting(meeting_id: int, actor: Actor) -> AttendanceSession:
    meeting = sessions.find(meeting_id, actor)
    if meeting.over_at <= utc_now():
        raise Conflict(_("This meeting is closed."))
    return meeting


def _of(meeting: AttendanceSession, election_id: int) -> Election:
    found = db.session.get(Election, election_id)
    rule = presence.rule_of(found) if found is not None and found.meeting_id == meeting.id else None
    if found is None or rule is None or not rule.motion:
        raise NotFound(_("There is no such motion in this meeting."))
    return found
