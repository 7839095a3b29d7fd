"""Ballot passes: three minutes for one ballot at one kiosk; spent only by an accepted cast."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import contains_eager

from models import AuthEvent, BallotPass, Kiosk, RollEntry, Voter, db
from services import audit_logger, voters
from services.actor import Actor
from services.clock import utc_now
from services.identification import failures
from services.identification.outcomes import NoPass

PASS_SECONDS = 180
MAX_EXTENSIONS = 3
"""After this many times "More time" the officer helps."""


def give_pass(kiosk: Kiosk, voter: Voter, event: AuthEvent) -> BallotPass:
    """Open a ballot for the voter at this kiosk; older open ones of this voter, anywhere, end."""
    now = utc_now()
    older = update(BallotPass).where(
        BallotPass.election_id == kiosk.election_id,
        BallotPass.voter_id == voter.id,
        BallotPass.used_at.is_(None),
        BallotPass.ended_at.is_(None),
    )
    db.session.execute(older.values(ended_at=now))
    ballot_pass = BallotPass(
        kiosk_id=kiosk.id,
        election_id=kiosk.election_id,
        voter_id=voter.id,
        auth_event_id=event.id,
        expires_at=now + timedelta(seconds=PASS_SECONDS),
    )
    db.session.add(ballot_pass)
    db.session.flush()
    return ballot_pass


def present_pass(kiosk: Kiosk) -> BallotPass:
    """Return the open pass of this kiosk; raises NoPass when there is none or its time is over."""
    found = _latest_open(kiosk)
    if found is None or found.expires_at <= utc_now():
        raise NoPass()
    return found


def has_run_out(kiosk: Kiosk) -> bool:
    """Tell whether the ballot that is open at this kiosk has used up its time, and nothing else ended it."""
    found = _latest_open(kiosk)
    return found is not None and found.expires_at <= utc_now()


def pass_to_cast(kiosk: Kiosk, voter_number: str | None = None) -> BallotPass:
    """Return the latest pass of this kiosk (and voter), spent ones too: a repeated cast gets its first answer.

    Raises NoPass when nobody was identified here. Whether the pass still holds is for the cast to judge.
    """
    passes = select(BallotPass).where(BallotPass.kiosk_id == kiosk.id, BallotPass.election_id == kiosk.election_id)
    if voter_number is not None:
        number = voters.normalise_voter_number(voter_number)
        passes = passes.join(BallotPass.voter).where(Voter.voter_id == number)
        passes = passes.options(contains_eager(BallotPass.voter))
    newest = passes.order_by(BallotPass.created_at.desc(), BallotPass.expires_at.desc()).limit(1)
    found: BallotPass | None = db.session.scalar(newest)
    if found is None:
        raise NoPass()
    return found


def more_time(kiosk: Kiosk, actor: Actor) -> BallotPass | None:
    """Give three minutes from now; None when that was done three times. Raises NoPass."""
    ballot_pass = present_pass(kiosk)
    db.session.refresh(ballot_pass, with_for_update=True)
    if ballot_pass.extensions >= MAX_EXTENSIONS:
        return None
    ballot_pass.extensions += 1
    ballot_pass.expires_at = utc_now() + timedelta(seconds=PASS_SECONDS)
    audit_logger.record(
        "kiosk:ballot:extended", actor, election_id=kiosk.election_id, kiosk=kiosk.name, count=ballot_pass.extensions
    )
    return ballot_pass


def end_open(kiosk: Kiosk, actor: Actor) -> int:
    """End every open pass of this kiosk without a vote; return how many."""
    return _end(kiosk, "kiosk:ballot:returned", actor)


def abandon(kiosk: Kiosk, actor: Actor) -> int:
    """End every open pass of this kiosk, because nobody is there any more; return how many.

    Its time ends with it, so that the booth sheet counts it as expired and not as a voter who left.
    """
    return _end(kiosk, "kiosk:ballot:abandoned", actor, expires_at=utc_now())


def _end(kiosk: Kiosk, event_type: str, actor: Actor, expires_at: datetime | None = None) -> int:
    failures.lock_voters(voters_with_open_passes(kiosk))
    passes = db.session.scalars(_open_at(kiosk).order_by(BallotPass.id).with_for_update()).all()
    for ballot_pass in passes:
        ballot_pass.ended_at = utc_now()
        if expires_at is not None:
            ballot_pass.expires_at = min(ballot_pass.expires_at, expires_at)
        audit_logger.record(
            event_type, actor, election_id=kiosk.election_id, kiosk=kiosk.name,
            voter_number=ballot_pass.voter.voter_id,
        )  # fmt: skip
    return len(passes)


def voters_with_open_passes(kiosk: Kiosk) -> set[int]:
    """Return the ids of the voters whose ballot is open at this kiosk, whether its time is over or not."""
    return set(db.session.scalars(_open_at(kiosk).with_only_columns(BallotPass.voter_id)))


def _open_at(kiosk: Kiosk) -> Select[BallotPass]:
    return select(BallotPass).where(
        BallotPass.kiosk_id == kiosk.id, BallotPass.used_at.is_(None), BallotPass.ended_at.is_(None)
    )


def seconds_left(ballot_pass: BallotPass) -> int:
    """Return the whole seconds until the ballot closes, at least 0."""
    return max(0, int((ballot_pass.expires_at - utc_now()).total_seconds()))


def has_voted(kiosk: Kiosk, voter_number: str) -> bool:
    """Tell whether the voter with this number has voted in the kiosk's election."""
    entry = (
        select(RollEntry.has_voted)
        .join(Voter, Voter.id == RollEntry.voter_id)
        .where(
            RollEntry.election_id == kiosk.election_id, Voter.voter_id == voters.normalise_voter_number(voter_number)
        )
    )
    return bool(db.session.scalar(entry))


def _latest_open(kiosk: Kiosk) -> BallotPass | None:
    return db.session.scalar(_open_at(kiosk).order_by(BallotPass.created_at.desc()).limit(1))
