"""Casting in tests, without the booth's pages."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from models import AuthEvent, AuthResult, BallotPass, Election, Kiosk, RollEntry, StaffUser, Voter, db, use_role
from services import ballots, kiosks
from services.actor import SYSTEM, Actor
from services.ballots import Choice
from services.clock import utc_now
from tests import factories

KIOSK = Actor(role="kiosk", id=1, name="Booth 1", ip="127.0.0.1", user_agent="pytest")


def new_key() -> str:
    """Return a random idempotency key as a browser draws it."""
    return secrets.token_urlsafe(24)


def voters_of(election: Election) -> list[Voter]:
    return list(
        db.session.scalars(select(Voter).join(RollEntry).where(RollEntry.election_id == election.id).order_by(Voter.id))
    )


def make_kiosk(election: Election) -> Kiosk:
    officer = db.session.scalar(select(StaffUser)) or factories.StaffUserFactory()
    kiosk, _token = kiosks.open_kiosk(election, officer, SYSTEM)
    db.session.commit()
    return kiosk


def make_pass(election: Election, voter: Voter, kiosk: Kiosk | None = None, **values: Any) -> BallotPass:
    """Give a voter a ballot pass, as a successful identification does."""
    kiosk = kiosk or make_kiosk(election)
    event = AuthEvent(
        election_id=election.id, kiosk_id=kiosk.id, voter_id=voter.id, voter_id_input=voter.voter_id,
        result=AuthResult.SUCCESS, reason="identified",
    )  # fmt: skip
    db.session.add(event)
    db.session.flush()
    made = BallotPass(
        auth_event_id=event.id,
        kiosk_id=kiosk.id,
        election_id=election.id,
        voter_id=voter.id,
        **{"expires_at": utc_now() + timedelta(minutes=3), **values},
    )
    db.session.add(made)
    db.session.commit()
    return made


def cast_by(voter: Voter, election: Election, choice: Choice, key: str | None = None) -> ballots.CastOutcome:
    """Cast a voter's choice with a fresh pass and commit."""
    outcome = ballots.cast_with_pass(make_pass(election, voter), choice, key or new_key(), KIOSK)
    db.session.commit()
    return outcome


def seal_all() -> int:
    """Run the sealing as the worker does, as the sealer."""
    from models import transaction

    with use_role("sealer"):
        sealed = ballots.seal_due(transaction)
        ballots.count_due(transaction)
        return sealed


def as_attacker(*statements: str, **values: Any) -> None:
    """Run SQL as the database's owner with triggers switched off, as an attacker would."""
    with use_role("owner"):
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            db.session.execute(text(statement), values)
        db.session.execute(text("SET LOCAL session_replication_role = origin"))
        db.session.commit()


def set_back_an_hour(voter: Voter) -> None:
    """Let the voter's vote have been cast an hour earlier; beside the test's own session, which keeps its objects."""
    with db.engines["owner"].begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE votes SET cast_at = cast_at - interval '1 hour' WHERE voter_id = :id"),
                           {"id": voter.id})  # fmt: skip
