"""The right to cast one ballot, by whatever channel a voter came: who, where, and what an accepted cast spends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, update

from models import BallotPass, Channel, Kiosk, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now


class RightOver(Exception):
    """The right was spent, replaced or ran out before this cast."""


@dataclass(frozen=True)
class CastingRight:
    """What a cast needs to know of its voter.

    `spend` runs in the cast's savepoint and raises RightOver; `turn_away` notes that a suspended voter came. `event`
    is the audit event of an accepted cast.
    """

    election_id: int
    voter_id: int
    channel: Channel
    event: str
    spend: Callable[[], None]
    turn_away: Callable[[Actor], None]


def booth_right(ballot_pass: BallotPass) -> CastingRight:
    """Return the right of the voter who was identified at a kiosk."""
    return CastingRight(
        ballot_pass.election_id, ballot_pass.voter_id, Channel.BOOTH, "kiosk:vote:cast",
        spend=lambda: _spend_pass(ballot_pass), turn_away=lambda actor: _end_pass(ballot_pass, actor),
    )  # fmt: skip


def _spend_pass(ballot_pass: BallotPass) -> None:
    spent = db.session.execute(
        update(BallotPass)
        .where(
            BallotPass.id == ballot_pass.id,
            BallotPass.used_at.is_(None),
            BallotPass.ended_at.is_(None),
            BallotPass.expires_at > func.clock_timestamp(),
        )
        .values(used_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise RightOver


def _end_pass(ballot_pass: BallotPass, actor: Actor) -> None:
    still_open = BallotPass.id == ballot_pass.id, BallotPass.used_at.is_(None), BallotPass.ended_at.is_(None)
    db.session.execute(update(BallotPass).where(*still_open).values(ended_at=utc_now()))
    kiosk = db.session.get_one(Kiosk, ballot_pass.kiosk_id)
    audit_logger.record(
        "kiosk:voter:refused", actor, election_id=ballot_pass.election_id, kiosk=kiosk.name,
        voter_number=ballot_pass.voter.voter_id, reason="suspended",
    )  # fmt: skip
