"""Voting in the account: whether this voter may vote in this election now, and the right to cast."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from models import Channel, Election, ElectionStatus, RollEntry, Vote, Voter, VoterSession, VoterStatus, db
from services import audit_logger, hashing, presence
from services.actor import Actor
from services.ballots import CastingRight, RightOver
from services.clock import utc_now
from services.errors import NotFound
from services.identification import LookupReason, election_refusal
from services.voter_accounts import identity, sessions


class BallotState(enum.StrEnum):
    """How an election stands for a voter in the account."""

    GOOD = "good"
    VOTED = "voted"
    NOT_OPEN = "not_open"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    OTHER_CHANNEL = "other_channel"
    IDENTITY = "identity"
    """The election asks for the face first."""
    ABSENT = "absent"
    """The vote belongs to a meeting, and this voter is not present."""
    NO_QUORUM = "no_quorum"


@dataclass(frozen=True)
class Paper:
    """The ballot of one voter in one signed-in browser; `id` orders a shuffled ballot, the same at every reload."""

    id: uuid.UUID
    election: Election
    voter: Voter
    session: VoterSession
    state: BallotState
    voted_at: datetime | None = None


def paper_of(session_id: int, public_id: uuid.UUID) -> Paper:
    """Return the ballot of the voter of this session; raises NotFound for whoever is not on the roll."""
    session = db.session.get_one(VoterSession, session_id)
    voter = session.voter
    election = db.session.scalar(
        select(Election)
        .join(RollEntry, RollEntry.election_id == Election.id)
        .where(Election.public_id == public_id, RollEntry.voter_id == voter.id)
        .where(Election.status.not_in((ElectionStatus.DRAFT, ElectionStatus.ARCHIVED)))
    )
    if election is None:
        raise NotFound(_("You are on the roll of no such election."))
    mine = Vote.election_id == election.id, Vote.voter_id == voter.id
    voted_at = db.session.scalar(select(Vote.cast_at).where(*mine))
    mark = hashing.sha256(hashing.field("h", session.token_hash), hashing.text(str(election.public_id)))
    return Paper(uuid.UUID(bytes=mark[:16]), election, voter, session, _state(election, session, voted_at), voted_at)


def account_right(paper: Paper) -> CastingRight:
    """Return the right to cast by the account: it ends with the session, and with the one vote of the roll entry."""
    return CastingRight(
        paper.election.id, paper.voter.id, Channel.ACCOUNT, "voter:vote:cast",
        spend=lambda: _require_session(paper), turn_away=lambda actor: _refuse(paper, actor),
    )  # fmt: skip


def _state(election: Election, session: VoterSession, voted_at: datetime | None) -> BallotState:
    if voted_at is not None:
        return BallotState.VOTED
    refusal = election_refusal(election, utc_now())
    if refusal is not None:
        return BallotState.CLOSED if refusal is LookupReason.CLOSED else BallotState.NOT_OPEN
    if Channel.ACCOUNT not in election.channels:
        return BallotState.OTHER_CHANNEL
    if session.voter.status is not VoterStatus.VERIFIED:
        return BallotState.SUSPENDED
    if (absence := presence.refusal(election, session.voter_id)) is not None:
        return BallotState(absence.value)
    return BallotState.GOOD if _is_proved(election, session) else BallotState.IDENTITY


def _is_proved(election: Election, session: VoterSession) -> bool:
    return not election.identity_check or identity.is_proved(session, election)


def _require_session(paper: Paper) -> None:
    """Who signed out, or set a new password, in another window meanwhile casts nothing; nor who was seen long ago."""
    if not sessions.is_open(paper.session.id) or not _is_proved(paper.election, paper.session):
        raise RightOver


def _refuse(paper: Paper, actor: Actor) -> None:
    audit_logger.record(
        "voter:vote:refused", actor, election_id=paper.election.id, voter_number=paper.voter.voter_id,
        reason="suspended",
    )  # fmt: skip
