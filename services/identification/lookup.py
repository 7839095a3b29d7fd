"""From a typed voter ID to a voter who may go on to the camera, or to the reason why not."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from models import (
    AuthEvent,
    AuthMethod,
    AuthResult,
    Channel,
    Consent,
    Election,
    ElectionStatus,
    Kiosk,
    Vote,
    Voter,
    VoterFace,
    VoterStatus,
    db,
)
from models import RollEntry as Roll
from services import audit_logger, presence, voters
from services.actor import Actor
from services.clock import utc_now
from services.identification import failures, guessing
from services.identification.outcomes import LookupReason, VoterLookup

SHORT_NAME = 4
"""Of a family name of this length only the first letter is shown; more would be most of it."""
JUST_VOTED = timedelta(minutes=15)
"""Who is back at a booth so soon after voting at one may never have seen the receipt: the power may have failed."""
INPUT_LIMIT = 40
"""Characters kept of what was typed."""


def find_voter(
    kiosk: Kiosk, text: str, actor: Actor, method: AuthMethod = AuthMethod.FACE, *, hurried: bool = True
) -> VoterLookup:
    """Return what the typed voter ID leads to in this kiosk's election; a refusal leaves an event and an audit row.

    A wrong check digit is a typing slip: nobody is looked up and nothing is recorded. By document also those may go
    on whom the camera cannot identify. Raises GuessingSlowed where unknown voter IDs were typed again and again, unless
    `hurried` is off: an officer who proved to be one asks.
    """
    number = voters.normalise_voter_number(text)
    if not voters.is_voter_number(number):
        return VoterLookup(LookupReason.TYPING_SLIP, number[:INPUT_LIMIT])
    if hurried:
        guessing.refuse_hurry(kiosk)
    voter = db.session.scalar(select(Voter).where(Voter.voter_id == number))
    lookup = _judge(kiosk.election, number, voter)
    if not (lookup.by_document if method is AuthMethod.DOCUMENT else lookup.eligible):
        _record_refusal(kiosk, lookup, voter, actor, method)
    return lookup


def voter_with_number(text: str) -> int | None:
    """Return the id of the voter with the typed voter ID, if there is one; nothing is judged and nothing recorded."""
    number = voters.normalise_voter_number(text)
    if not voters.is_voter_number(number):
        return None
    return db.session.scalar(select(Voter.id).where(Voter.voter_id == number))


def mask_name(name: str) -> str:
    """Return enough of a name to know one's own and too little to learn a stranger's: `A… S…rg`."""
    *given, family = re.split(r"\s+", name.strip()) or [""]
    tail = family[-2:] if len(family) > SHORT_NAME else ""
    return " ".join([f"{part[:1]}…" for part in given] + [f"{family[:1]}…{tail}"])


def election_refusal(election: Election, now: datetime) -> LookupReason | None:
    """Return why nobody can vote in this election at this moment, or None."""
    active = election.status is ElectionStatus.ACTIVE
    if election.status is ElectionStatus.DRAFT or (active and now < election.opens_at):
        return LookupReason.NOT_OPEN_YET
    return None if active and now < election.closes_at else LookupReason.CLOSED


def _judge(election: Election, number: str, voter: Voter | None) -> VoterLookup:
    refusal = election_refusal(election, utc_now())
    if refusal is not None:
        return VoterLookup(refusal, number)
    if voter is None:
        return VoterLookup(LookupReason.UNKNOWN_NUMBER, number)
    entry = db.session.scalar(select(Roll).where(Roll.election_id == election.id, Roll.voter_id == voter.id))
    if entry is None:
        return VoterLookup(LookupReason.NOT_ON_ROLL, number, voter)
    if entry.has_voted:
        return _voted(election, number, voter)
    if (absence := presence.refusal(election, voter.id)) is not None:
        return VoterLookup(LookupReason(absence.value), number, voter)
    reason = _officer_reason(election, voter) or LookupReason.ELIGIBLE
    return VoterLookup(reason, number, voter, mask_name(voter.name))


def _voted(election: Election, number: str, voter: Voter) -> VoterLookup:
    query = select(Vote.cast_at, Vote.channel).where(Vote.election_id == election.id, Vote.voter_id == voter.id)
    cast_at, channel = db.session.execute(query).one_or_none() or (None, None)
    fresh = cast_at is not None and channel is Channel.BOOTH and utc_now() - cast_at < JUST_VOTED
    return VoterLookup(LookupReason.ALREADY_VOTED, number, voter, voted_at=cast_at, just_voted=fresh)


def _officer_reason(election: Election, voter: Voter) -> LookupReason | None:
    """Return why this voter cannot be identified by face here, or None."""
    if voter.status is not VoterStatus.VERIFIED:
        return LookupReason.SUSPENDED
    if failures.count(election.id, voter.id).officer_needed:
        return LookupReason.OFFICER_NEEDED
    consent = exists().where(Consent.voter_id == voter.id, Consent.withdrawn_at.is_(None))
    if not db.session.scalar(select(consent)):
        return LookupReason.NO_CONSENT
    if not db.session.scalar(select(exists().where(VoterFace.voter_id == voter.id))):
        return LookupReason.NOT_ENROLLED
    return None


def _record_refusal(kiosk: Kiosk, lookup: VoterLookup, voter: Voter | None, actor: Actor, method: AuthMethod) -> None:
    db.session.add(
        AuthEvent(
            election_id=kiosk.election_id,
            kiosk_id=kiosk.id,
            voter_id=voter.id if voter else None,
            voter_id_input=lookup.voter_number[:INPUT_LIMIT],
            result=AuthResult.UNKNOWN,
            method=method,
            reason=lookup.reason.value,
            ip_address=actor.ip,
            user_agent=actor.user_agent,
        )
    )
    audit_logger.record(
        "kiosk:voter:refused", actor, election_id=kiosk.election_id, kiosk=kiosk.name,
        voter_number=lookup.voter_number[:INPUT_LIMIT], reason=lookup.reason.value,
    )  # fmt: skip
    if lookup.reason is LookupReason.UNKNOWN_NUMBER:
        guessing.note(kiosk, actor)
