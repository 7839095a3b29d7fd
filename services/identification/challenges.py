"""Liveness challenges: drawn at random, bound to one kiosk and one voter, finished once."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update

from models import Challenge, Kiosk, Voter, db
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.face_service import liveness
from services.identification import attempts, booth_room, failures, passes, runs
from services.identification.lookup import find_voter, voter_with_number
from services.identification.outcomes import ChallengeOver, ChallengeUnknown, Start

START_SECONDS = 180
"""Time to read one's name, step in front of the camera and begin; the steps have a shorter time of their own."""
RUN_SECONDS = 60
"""Once begun: looking straight (20 s) and three steps of 6 s, with some air; the server's own work comes on top."""
REUSE_SECONDS = 30
"""An untouched challenge with at least this much time left is given again, so that asking anew draws no other steps."""


def start(kiosk: Kiosk, text: str, actor: Actor) -> Start:
    """Begin with a typed voter ID: clear the booth of the voter before, look up, and draw a challenge if eligible."""
    clear_booth(kiosk, actor, voter_with_number(text))
    lookup = find_voter(kiosk, text, actor)
    if not lookup.eligible or lookup.voter is None:
        return Start(lookup)
    booth_room.require()
    challenge = new_challenge(kiosk, lookup.voter)
    if challenge is None:
        return Start(find_voter(kiosk, text, actor))
    return Start(lookup, challenge, failures.count(kiosk.election_id, lookup.voter.id).tries_left)


def new_challenge(kiosk: Kiosk, voter: Voter) -> Challenge | None:
    """Return this voter's one open challenge at this kiosk, drawn now or a moment ago; None: the officer is needed."""
    failures.lock_voter(voter.id)
    now = utc_now()
    waiting = _waiting_at(kiosk)
    untouched = [one for one in waiting if one.voter_id == voter.id and _may_be_given_again(one, now)]
    for challenge in waiting:
        if challenge not in untouched[:1]:
            challenge.used_at = now
    if untouched:
        untouched[0].state = {}
        return untouched[0]
    if failures.count(kiosk.election_id, voter.id).officer_needed:
        return None
    challenge = Challenge(
        kiosk_id=kiosk.id,
        election_id=kiosk.election_id,
        voter_id=voter.id,
        steps=liveness.new_steps() if platform().settings.liveness else [],
        state={},
        expires_at=now + timedelta(seconds=START_SECONDS),
    )
    db.session.add(challenge)
    db.session.flush()
    return challenge


def present_challenge(kiosk: Kiosk) -> Challenge | None:
    """Return the challenge that waits at this kiosk, if its time is not over."""
    return db.session.scalar(
        select(Challenge)
        .where(Challenge.kiosk_id == kiosk.id, Challenge.used_at.is_(None), Challenge.expires_at > utc_now())
        .order_by(Challenge.created_at.desc(), Challenge.expires_at.desc())
        .limit(1)
    )


def lock_challenge(kiosk: Kiosk, ticket: str) -> Challenge:
    """Return the challenge of this kiosk session by its `Challenge.ticket`, locked until the transaction ends.

    Raises ChallengeUnknown (also for another kiosk's, and without its nonce). It may be used or its time over:
    `require_open` before anything is done with it.
    """
    return _by_ticket(kiosk, ticket, lock=True)


def open_challenge(kiosk: Kiosk, ticket: str) -> Challenge:
    """Return the challenge, not locked, for whoever only asks whether it is there.

    Raises ChallengeUnknown as `lock_challenge`, ChallengeOver.
    """
    challenge = _by_ticket(kiosk, ticket, lock=False)
    require_open(challenge, utc_now())
    return challenge


def _by_ticket(kiosk: Kiosk, ticket: str, lock: bool) -> Challenge:
    name, _dot, nonce = ticket.partition(".")
    try:
        key = uuid.UUID(name)
    except ValueError as error:
        raise ChallengeUnknown() from error
    challenge = db.session.get(Challenge, key, with_for_update=lock, populate_existing=lock)
    if challenge is None or challenge.kiosk_id != kiosk.id or challenge.election_id != kiosk.election_id:
        raise ChallengeUnknown()
    if not secrets.compare_digest(nonce.encode(), challenge.nonce.hex.encode()):
        raise ChallengeUnknown()
    return challenge


def require_open(challenge: Challenge, now: datetime) -> None:
    """Raise ChallengeOver when the challenge was used or its time is over: its nonce dies with it."""
    if challenge.used_at is not None or challenge.expires_at <= now:
        raise ChallengeOver()


def spend(challenge: Challenge) -> None:
    """Use the challenge up and wipe what was collected; raises ChallengeOver when somebody else was first."""
    statement = (
        update(Challenge)
        .where(Challenge.id == challenge.id, Challenge.used_at.is_(None))
        .values(used_at=utc_now(), state={})
        .execution_options(synchronize_session=False)
    )
    if db.session.execute(statement.returning(Challenge.id)).scalar_one_or_none() is None:
        raise ChallengeOver()
    db.session.refresh(challenge)


def clear_booth(kiosk: Kiosk, actor: Actor, next_voter: int | None = None) -> None:
    """End what the voter before left behind: an open ballot, and a challenge that was begun counts as failed.

    `next_voter` is the id of the voter who is dealt with afterwards in the same transaction, locked here in one order
    with those who are dealt with now.
    """
    waiting = _waiting_at(kiosk)
    here = passes.voters_with_open_passes(kiosk) | {challenge.voter_id for challenge in waiting}
    failures.lock_voters(here if next_voter is None else here | {next_voter})
    passes.end_open(kiosk, actor)
    now = utc_now()
    for challenge in waiting:
        if runs.has_begun(challenge) or challenge.expires_at <= now:
            _abandon(kiosk, challenge, actor)


def close_waiting(kiosk: Kiosk, actor: Actor, next_voter: int) -> None:
    """Clear the booth and use up every challenge of it: `next_voter` is identified in another way now."""
    clear_booth(kiosk, actor, next_voter)
    for challenge in _waiting_at(kiosk):
        spend(challenge)


def end_expired(older_than: timedelta, actor: Actor) -> int:
    """End challenges that nobody came back to, and wipe what they hold of a face; return how many."""
    late = Challenge.used_at.is_(None) & (Challenge.expires_at < utc_now() - older_than)
    left = db.session.scalars(select(Challenge).where(late).with_for_update(skip_locked=True)).all()
    failures.lock_voters(challenge.voter_id for challenge in left)
    for challenge in left:
        _abandon(db.session.get_one(Kiosk, challenge.kiosk_id), challenge, actor)
    return len(left)


def _abandon(kiosk: Kiosk, challenge: Challenge, actor: Actor) -> None:
    if runs.has_begun(challenge):
        failures.lock_voter(challenge.voter_id)
        attempts.record_abandoned(kiosk, challenge, actor)
    spend(challenge)


def _waiting_at(kiosk: Kiosk) -> list[Challenge]:
    """Return the unused challenges of the kiosk, newest first, locked."""
    unused = select(Challenge).where(Challenge.kiosk_id == kiosk.id, Challenge.used_at.is_(None))
    newest_first = unused.order_by(Challenge.created_at.desc(), Challenge.expires_at.desc())
    return list(db.session.scalars(newest_first.with_for_update()))


def _may_be_given_again(challenge: Challenge, now: datetime) -> bool:
    return not runs.has_begun(challenge) and challenge.expires_at >= now + timedelta(seconds=REUSE_SECONDS)
