"""Casting one ballot: one vote a voter, whatever is tried at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from models import BallotPass, Channel, Election, Kiosk, Vote, Voter, db
from services import audit_logger
from services.actor import Actor
from services.ballots import alerts, payload, receipts
from services.ballots.choices import Choice, describe
from services.ballots.definition import verify_definition
from services.ballots.signed_receipts import signed_receipt
from services.clock import utc_now
from services.context import platform
from services.email_service import queue_vote_confirmation
from services.errors import ValidationFailed

ONE_VOTE = "uq_votes_election_id_voter_id"
ONE_KEY = "uq_votes_election_id_idempotency_hash"
NOT_OPEN = "SV010"
WRONG_DEFINITION = "SV011"
SUSPENDED = "SV014"

Kind = Literal["cast", "repeated", "already_voted", "pass_over", "suspended", "closed", "stopped"]


@dataclass(frozen=True)
class CastOutcome:
    """What became of a cast; `audit_ref` is given for `cast` and `repeated` only.

    `receipt` (the code) and `signed_receipt` (the code with the installation's signature) only if it was secret.
    """

    kind: Kind
    audit_ref: str | None = None
    receipt: str | None = None
    cast_at: datetime | None = None
    signed_receipt: str | None = None


class PassOver(Exception):
    """The ballot pass was spent, ended or ran out before this cast."""


def cast(ballot_pass: BallotPass, choice: Choice, idempotency_key: object, actor: Actor) -> CastOutcome:
    """Cast the choice of the voter who holds the pass, in the caller's transaction.

    A retry with the same key gets the first answer again, even with another choice. Who was suspended since the
    ballot opened casts nothing: a suspension holds from its commit on, and ends the pass. Raises ValidationFailed for
    a key that is not random enough or was used by somebody else.
    """
    key = receipts.check_key(idempotency_key)
    election = db.session.get_one(Election, ballot_pass.election_id)
    if (earlier := _earlier_vote(election, ballot_pass.voter_id, key)) is not None:
        return earlier
    if (problem := verify_definition(election)) is not None:
        alerts.definition_changed(election, problem, actor)
        return CastOutcome("stopped")
    audit_ref = receipts.new_audit_ref()
    try:
        with db.session.begin_nested():
            _spend(ballot_pass)
            cast_at = _call(election, ballot_pass.voter_id, audit_ref, choice, key)
    except PassOver:
        return CastOutcome("pass_over")
    except DBAPIError as error:
        return _refused(error, election, ballot_pass, key, actor)
    _report(election, ballot_pass.voter_id, audit_ref, cast_at, choice, actor)
    return _accepted("cast", election, audit_ref, cast_at, key)


def _earlier_vote(election: Election, voter_id: int, key: str) -> CastOutcome | None:
    vote = db.session.scalar(select(Vote).where(Vote.election_id == election.id, Vote.voter_id == voter_id))
    if vote is None:
        return None
    if vote.idempotency_hash == receipts.idempotency_hash(election.public_id, key):
        return _accepted("repeated", election, vote.audit_ref, vote.cast_at, key)
    return CastOutcome("already_voted", cast_at=vote.cast_at)


def _turn_away(ballot_pass: BallotPass, actor: Actor) -> CastOutcome:
    still_open = BallotPass.id == ballot_pass.id, BallotPass.used_at.is_(None), BallotPass.ended_at.is_(None)
    db.session.execute(update(BallotPass).where(*still_open).values(ended_at=utc_now()))
    kiosk = db.session.get_one(Kiosk, ballot_pass.kiosk_id)
    audit_logger.record(
        "kiosk:voter:refused", actor, election_id=ballot_pass.election_id, kiosk=kiosk.name,
        voter_number=ballot_pass.voter.voter_id, reason="suspended",
    )  # fmt: skip
    return CastOutcome("suspended")


def _spend(ballot_pass: BallotPass) -> None:
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
        raise PassOver


def _call(election: Election, voter_id: int, audit_ref: str, choice: Choice, key: str) -> datetime:
    """Hand the vote to the database; of a secret choice it sees the ciphertext only."""
    sealed = recorded = None
    if election.is_secret:
        code = receipts.receipt_code(election.public_id, key)
        sealed = payload.seal(election, choice, code, platform().keyring.cast_key(election.public_id))
    else:
        recorded = list(choice.candidates)
    statement = text(
        "SELECT cast_ballot(:election, :voter, :audit_ref, :channel, :idempotency, :definition, :sealed,"
        " CAST(:candidates AS bigint[]), :nota)"
    )
    moment: datetime = db.session.scalar(
        statement,
        {
            "election": election.id,
            "voter": voter_id,
            "audit_ref": audit_ref,
            "channel": Channel.BOOTH.value,
            "idempotency": receipts.idempotency_hash(election.public_id, key),
            "definition": election.definition_hash,
            "sealed": sealed,
            "candidates": recorded,
            "nota": False if election.is_secret else choice.nota,
        },
    )
    return moment


def _refused(error: DBAPIError, election: Election, ballot_pass: BallotPass, key: str, actor: Actor) -> CastOutcome:
    state = getattr(error.orig, "pgcode", None)
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint == ONE_VOTE:
        return _earlier_vote(election, ballot_pass.voter_id, key) or CastOutcome("already_voted")
    if constraint == ONE_KEY:
        raise ValidationFailed(fields={"idempotency_key": _("Draw a new random key for every voter.")}) from error
    if state == SUSPENDED:
        return _turn_away(ballot_pass, actor)
    if state == NOT_OPEN:
        return CastOutcome("closed")
    if state == WRONG_DEFINITION:
        alerts.definition_changed(election, "The definition changed while a vote was cast.", actor)
        return CastOutcome("stopped")
    raise error


def _report(election: Election, voter_id: int, audit_ref: str, cast_at: datetime, choice: Choice, actor: Actor) -> None:
    audit_logger.record(
        "kiosk:vote:cast", actor, election_id=election.id, audit_ref=audit_ref, channel=Channel.BOOTH.value
    )
    voter = db.session.get_one(Voter, voter_id)
    named = None if election.is_secret else describe(election, choice)
    queue_vote_confirmation(voter, election, cast_at, audit_ref, named)


def _accepted(kind: Kind, election: Election, audit_ref: str, cast_at: datetime, key: str) -> CastOutcome:
    """A recorded vote needs no receipt: it is on record with the voter's name."""
    if not election.is_secret:
        return CastOutcome(kind, audit_ref, None, cast_at)
    code = receipts.receipt_code(election.public_id, key)
    return CastOutcome(
        kind, audit_ref, receipts.format_receipt(code), cast_at, signed_receipt(election.public_id, code)
    )
