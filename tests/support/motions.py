"""Motions and their meetings, made through the services: who is present may vote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models import AttendanceSession, Channel, Election, Voter, db
from services import ballots, elections, motions, presence
from services.actor import SYSTEM, Actor
from services.attendance import checkin, records
from services.ballots import CastingRight, Choice
from tests import factories
from tests.support import meetings
from tests.support.meetings import PHONE
from tests.support.voting import new_key, seal_all


def gathering(members: int = 3, present: int = 3, **changes: Any) -> tuple[AttendanceSession, list[Voter], Actor]:
    """Make a meeting of so many members, of whom the first ones are checked in; return it with them and its officer."""
    group, actor = factories.GroupFactory(), meetings.officer()
    people = [meetings.member(group) for _number in range(members)]
    session = meetings.meeting(actor=actor, group_id=group.id, **changes)
    for voter in people[:present]:
        meetings.check_in(session, voter)
    return session, people, actor


def draft(session: AttendanceSession, actor: Actor, title: str = "A new roof", **rule: Any) -> Election:
    """Make the draft of a motion."""
    made = motions.create(session.id, motions.Motion(title, "The roof leaks.", presence.read(rule)), actor)
    db.session.commit()
    return made


def opened(session: AttendanceSession, actor: Actor, minutes: int = 5, channels: Sequence[Channel] = (), **rule: Any
           ) -> Election:  # fmt: skip
    """Make a motion and open the vote on it, on the usual channel or these."""
    made = draft(session, actor, **rule)
    if channels:
        elections.update_election(made, {"channels": tuple(channels), "opens_without_faces": True}, SYSTEM)
    motions.open_vote(session.id, made.id, minutes, actor)
    db.session.commit()
    return made


def leave(session: AttendanceSession, voter: Voter, actor: Actor) -> None:
    """Note that a member leaves, or is back."""
    record = checkin.record_of(session.id, voter.id)
    assert record is not None
    records.note_left(session.id, record.id, actor)
    db.session.commit()


def choice_of(motion: Election, answer: str) -> Choice:
    """Return the choice for Yes, No or Abstain."""
    named = {one.name: one.id for one in motion.candidates}
    return Choice(nota=True) if answer == "Abstain" else Choice((named[answer],))


def right_of(motion: Election, voter: Voter) -> CastingRight:
    """Return the right of a member who is signed in."""
    return CastingRight(motion.id, voter.id, Channel.ACCOUNT, "voter:vote:cast", lambda: None, lambda actor: None)


def vote(motion: Election, voter: Voter, answer: str = "Yes") -> str:
    """Cast a member's answer and return what became of it."""
    kind = ballots.cast(right_of(motion, voter), choice_of(motion, answer), new_key(), PHONE).kind
    db.session.commit()
    return kind


def close(motion: Election) -> Election:
    """Close the vote, count it, and return it as it is now."""
    number = motion.id
    elections.close_election(motion, SYSTEM)
    db.session.commit()
    seal_all()
    return db.session.get_one(Election, number)
