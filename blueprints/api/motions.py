"""The votes of a meeting: motions made, opened and closed by its officer, while enough members are present."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from blueprints.api import bp
from blueprints.api.election_shapes import QuorumRule, Title
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Shape
from blueprints.http import current_actor
from blueprints.policy import requires
from models import Election, ElectionStatus, Secrecy, transaction
from services import elections, motions, presence
from services.api_requests import Repeatable, once
from services.attendance import sessions
from services.clock import utc_now
from services.result_words import verdict_title
from services.results import result_of
from services.security import Permission

GROUP = "Votes of a meeting"


class NewMotion(Shape):
    """A question of yes and no to the members of a meeting; NOTA is the abstention."""

    title: Title
    text: Annotated[str, StringConstraints(max_length=motions.MAX_TEXT, pattern=TEXT)] = ""
    secrecy: Secrecy = Secrecy.SECRET
    rule: QuorumRule = QuorumRule()


class OpenMotion(Shape):
    """For how long: it closes by itself."""

    minutes: Annotated[int, Field(ge=motions.MINUTES[0], le=motions.MINUTES[1])] = motions.USUAL_MINUTES


class Quorum(Shape):
    """Who is present now, and how many are needed; `words` say it."""

    present: int
    needed: int
    members: int
    holds: bool
    words: str


class MeetingVote(Shape):
    """A motion, or an election that asks for presence. `verdict` and `calculation` come with the final result."""

    election_id: int
    title: str
    text: str
    status: ElectionStatus
    motion: bool
    closes_at: datetime
    voted: int
    rules: list[str]
    quorum: Quorum | None
    verdict: str | None
    calculation: str | None


class MeetingVotes(Shape):
    """The votes of a meeting, in the order in which they were made."""

    votes: list[MeetingVote]


@bp.get("/meetings/<int:meeting_id>/votes")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, MeetingVotes)
def list_votes(meeting_id: int) -> MeetingVotes:
    """List the motions and elections of a meeting, and how the quorum stands."""
    session = sessions.find(meeting_id, current_actor())
    return MeetingVotes(votes=[_vote(one) for one in motions.votes_of(session.id)])


@bp.post("/meetings/<int:meeting_id>/motions")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, MeetingVote, NewMotion, status=201, refuses=(409,), repeatable=True)
def create_motion(meeting_id: int, body: NewMotion, asked: Repeatable | None) -> MeetingVote:
    """Make a motion. Its roll is the group of the meeting."""
    actor, rule = current_actor(), presence.read(body.rule.model_dump(mode="json"))
    motion = motions.Motion(body.title, body.text, rule, body.secrecy)
    with transaction():
        made = once(asked, actor, lambda: motions.create(meeting_id, motion, actor).id)
    return _vote(elections.get_election(int(made)))


@bp.post("/meetings/<int:meeting_id>/motions/<int:election_id>/open")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, MeetingVote, OpenMotion, refuses=(409,))
def open_motion(meeting_id: int, election_id: int, body: OpenMotion) -> MeetingVote:
    """Open the vote on a motion now. While the quorum does not hold it is refused in words."""
    with transaction():
        motions.open_vote(meeting_id, election_id, body.minutes, current_actor())
    return _vote(elections.get_election(election_id))


@bp.post("/meetings/<int:meeting_id>/motions/<int:election_id>/close")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, MeetingVote, refuses=(409,))
def close_motion(meeting_id: int, election_id: int) -> MeetingVote:
    """Close a vote before its time, once everybody who is present has voted."""
    with transaction():
        motions.close_vote(meeting_id, election_id, current_actor())
    return _vote(elections.get_election(election_id))


def _vote(election: Election) -> MeetingVote:
    rule, result = presence.rule_of(election), result_of(election, utc_now())
    told = result.presence.sentences[1:] if result.final and result.presence else None
    return MeetingVote(
        election_id=election.id, title=election.title, text=election.description, status=election.status,
        motion=rule.motion if rule else False, closes_at=election.closes_at, voted=result.turnout.voted,
        rules=presence.rules_words(rule) if rule else [], quorum=_quorum(election),
        verdict=verdict_title(result) if result.final else None, calculation=" ".join(told) if told else None,
    )  # fmt: skip


def _quorum(election: Election) -> Quorum | None:
    standing = presence.standing_of(election)
    if standing is None:
        return None
    return Quorum(
        present=standing.present, needed=standing.needed, members=standing.members, holds=standing.holds,
        words=presence.standing_words(standing),
    )  # fmt: skip
