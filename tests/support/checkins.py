"""Check-ins at booths written as the booth writes them, at a moment of choice; and what a tamperer would leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from models import (
    AuthEvent,
    AuthMethod,
    AuthResult,
    BallotPass,
    DocumentKind,
    Election,
    Kiosk,
    Review,
    StaffRole,
    StaffUser,
    Voter,
    db,
)
from services import kiosks
from services.actor import SYSTEM
from tests import factories

MORNING = datetime(2026, 10, 18, 6, 0, tzinfo=UTC)
"""08:00 in Copenhagen, a day that does not change its clocks."""
PASS = timedelta(minutes=3)
NEXT_YEAR = datetime(2027, 10, 18, 6, 0, tzinfo=UTC)


@dataclass
class Booth:
    """One kiosk of a roll-call election; every method adds rows and flushes."""

    election: Election
    kiosk: Kiosk
    officer: StaffUser

    def refused(self, at: datetime, reason: str = "no_face") -> AuthEvent:
        return self._event(at, AuthResult.UNKNOWN, reason)

    def abandoned(self, at: datetime) -> AuthEvent:
        return self._event(at, AuthResult.UNKNOWN, "abandoned")

    def left(self, at: datetime, document: bool = False) -> BallotPass:
        return self._pass(at, document, ended_at=at + timedelta(minutes=1))

    def expired(self, at: datetime, document: bool = False) -> BallotPass:
        return self._pass(at, document)

    def swept(self, at: datetime, document: bool = False) -> BallotPass:
        """Time ran out, and the next voter's check-in ended the ballot afterwards."""
        return self._pass(at, document, ended_at=at + timedelta(minutes=9))

    def waiting(self, at: datetime, document: bool = False) -> BallotPass:
        return self._pass(at, document, expires_at=NEXT_YEAR)

    def voted(self, at: datetime, document: bool = False, cast: bool = True) -> BallotPass:
        """A vote two minutes after the check-in; without `cast` the ballot is spent and the vote is not there."""
        made = self._pass(at, document, used_at=at + timedelta(minutes=2))
        if cast:
            stray_vote(self.election, made.voter, at + timedelta(minutes=2))
        return made

    def recognised(self, at: datetime, document: bool = False) -> AuthEvent:
        """A successful attempt and nothing else."""
        who = {"document": DocumentKind.PASSPORT, "officer_id": self.officer.id, "note": "Known here"}
        more = {"method": AuthMethod.DOCUMENT, "review": Review.PENDING, **who} if document else {}
        return self._event(at, AuthResult.SUCCESS, "identified", voter=new_voter(self.election), **more)

    def _event(
        self, at: datetime, result: AuthResult, reason: str, voter: Voter | None = None, **more: Any
    ) -> AuthEvent:
        event = AuthEvent(
            election_id=self.election.id, kiosk_id=self.kiosk.id, voter_id=voter.id if voter else None,
            voter_id_input=voter.voter_id if voter else "20480000", result=result, reason=reason, created_at=at, **more,
        )  # fmt: skip
        db.session.add(event)
        db.session.flush()
        return event

    def _pass(self, at: datetime, document: bool, **times: datetime) -> BallotPass:
        event = self.recognised(at, document)
        made = BallotPass(
            kiosk_id=self.kiosk.id, election_id=self.election.id, voter_id=event.voter_id, auth_event_id=event.id,
            created_at=at, **{"expires_at": at + PASS, **times},
        )  # fmt: skip
        db.session.add(made)
        db.session.flush()
        return made


def make_booth(election: Election) -> Booth:
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    kiosk, _token = kiosks.open_kiosk(election, officer, SYSTEM)
    db.session.commit()
    return Booth(election, kiosk, officer)


def new_voter(election: Election) -> Voter:
    entry = factories.RollEntryFactory(election=election)
    return entry.voter


def stray_vote(election: Election, voter: Voter, at: datetime) -> None:
    """Write a vote that nobody checked in for."""
    as_owner(
        "INSERT INTO votes (election_id, secrecy, voter_id, cast_at, audit_ref, channel, nota, idempotency_hash)"
        " VALUES (:election, 'recorded', :voter, :at, :reference, 'booth', true, decode(:hash, 'hex'))",
        election=election.id, voter=voter.id, at=at, reference=f"C{voter.id}", hash=f"{voter.id:08x}",
    )  # fmt: skip


def tamper(*statements: str, **values: Any) -> None:
    """Run SQL as the database's owner with triggers and foreign keys switched off."""
    off, on = (f"SET LOCAL session_replication_role = {role}" for role in ("replica", "origin"))
    as_owner(off, *statements, on, **values)


def as_owner(*statements: str, **values: Any) -> None:
    """Run SQL as the database's owner in the test's own session, and commit."""
    db.session.flush()
    db.session.execute(db.text("RESET ROLE"))
    for statement in statements:
        db.session.execute(db.text(statement), values)
    db.session.commit()
