"""What is settled when a vote in a meeting opens and when it closes, and what holds up its opening."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import exists, func, select

from models import AttendanceSession, Election, GroupMember, RollEntry, db
from services.clock import utc_now
from services.presence.counting import members_of, present_at, present_now, standing_of
from services.presence.rule import rule_of


@dataclass(frozen=True)
class Problem:
    """Something about the meeting: it `blocks` the opening, or warns."""

    code: str
    words: str
    blocks: bool = True


def settle_opening(election: Election) -> None:
    """Write the meeting, its members and the quorum into the rule that is signed, and how many are present."""
    rule, meeting_id = rule_of(election), election.meeting_id
    if rule is None or meeting_id is None:
        return
    meeting = db.session.get_one(AttendanceSession, meeting_id)
    election.quorum_rule = rule.settled(meeting.title, members_of(meeting_id)).as_json()
    election.present_at_opening = present_now(meeting_id)


def settle_closing(election: Election) -> None:
    """Count who was present when the vote closed; once, and never again."""
    if election.meeting_id is not None and election.present_at_closing is None and election.closed_at is not None:
        election.present_at_closing = present_at(election.meeting_id, election.closed_at)
        db.session.flush()


def problems(election: Election) -> list[Problem]:
    """Return what stands against opening a draft in its meeting now, and what is worth a look."""
    rule, standing = rule_of(election), standing_of(election)
    if rule is None or standing is None:
        return []
    meeting = db.session.get_one(AttendanceSession, election.meeting_id)
    if meeting.over_at <= utc_now():
        return [Problem("meeting_over", _("The meeting “%(title)s” is over.", title=meeting.title))]
    found = _roll(election, meeting)
    if too_late := after_meeting(election, election.closes_at):
        found.insert(0, Problem("after_meeting", too_late))
    if rule.motion and [one.name for one in election.candidates] != answers():
        words = _("A motion has two answers on its ballot: Yes first, then No, in these words.")
        found.append(Problem("motion_choices", words))
    if not standing.holds:
        words = _(
            "The quorum does not hold: %(present)s of %(members)s members are present, %(needed)s are needed.",
            present=standing.present, members=standing.members, needed=standing.needed,
        )  # fmt: skip
        found.append(Problem("no_quorum", words))
    return found


def after_meeting(election: Election, closes_at: datetime) -> str | None:
    """Return why a vote cannot close at this time: nobody is present once its meeting is over. None: it can."""
    meeting = db.session.get(AttendanceSession, election.meeting_id) if election.meeting_id is not None else None
    if meeting is None or closes_at <= meeting.over_at:
        return None
    return _("The vote would end after the meeting. Let the meeting end later first.")


def answers() -> list[str]:
    """Return the two answers of a motion in the order of its ballot: the first one carries it."""
    return [_("Yes"), _("No")]


def _roll(election: Election, meeting: AttendanceSession) -> list[Problem]:
    """Warn where the roll is not the group: who is on one of them only counts for the quorum, or cannot vote."""
    mine = RollEntry.election_id == election.id
    member = exists().where(GroupMember.group_id == meeting.group_id, GroupMember.voter_id == RollEntry.voter_id)
    strangers = db.session.scalar(select(func.count()).where(mine, ~member)) or 0
    entry = exists().where(mine, RollEntry.voter_id == GroupMember.voter_id)
    off = db.session.scalar(select(func.count()).where(GroupMember.group_id == meeting.group_id, ~entry)) or 0
    found = []
    if strangers:
        words = _("%(count)s on the roll are not in the group that meets and cannot check in.", count=strangers)
        found.append(Problem("not_in_group", words, blocks=False))
    if off:
        words = _("%(count)s in the group are not on the roll: they count for the quorum and cannot vote.", count=off)
        found.append(Problem("not_on_roll", words, blocks=False))
    return found
