"""Casting one ballot: one vote a voter, whatever is tried at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import BallotPass, Election, Vote, Voter, db
from services import audit_logger, presence
from services.actor import Actor
from services.ballots import alerts, payload, receipts
from services.ballots.choices import Choice, describe
from services.ballots.definition import verify_definition
from services.ballots.rights import CastingRight, RightOver, booth_right
from services.ballots.signed_receipts import signed_receipt
from services.context import platform
from services.email_service import queue_vote_confirmation
from services.errors import ValidationFailed

ONE_VOTE = "uq_votes_election_id_voter_id"
ONE_KEY = "uq_votes_election_id_idempotency_hash"
NOT_OPEN = "SV010"
WRONG_DEFINITION = "SV011"
SUSPENDED = "SV014"
OTHER_CHANNEL = "SV015"

Kind = Literal[
    "cast", "repeated", "already_voted", "pass_over", "suspended", "closed", "stopped", "other_channel", "absent",
    "no_quorum",
]  # fmt: skip


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


def cast_with_pass(ballot_pass: BallotPass, choice: Choice, idempotency_key: object, actor: Actor) -> CastOutcome:
    """Cast the choice of the voter who holds a kiosk's pass; see `cast`."""
    return cast(booth_right(ballot_pass), choice, idempotency_key, actor)


def cast(right: CastingRight, choice: Choice, idempotency_key: object, actor: Actor) -> CastOutcome:
    """Cast the choice of the voter who holds the right, in the caller's transaction.

    A retry with the same key gets the first answer again, even with another choice. Who was suspended since the
    ballot opened casts nothing: a suspension holds from its commit on. In a meeting who left since, or who votes while
    the quorum does not hold, casts nothing and keeps the right: the ballot can be cast when it holds again. Raises
    ValidationFailed for a key that is not random enough or was used by somebody else.
    """
    key = receipts.check_key(idempotency_key)
    election = db.session.get_one(Election, right.election_id)
    if (earlier := _earlier_vote(election, right.voter_id, key)) is not None:
        return earlier
    if (problem := verify_definition(election)) is not None:
        alerts.definition_changed(election, problem, actor)
        return CastOutcome("stopped")
    if (absence := presence.refusal_at_cast(election, right.voter_id)) is not None:
        return CastOutcome(absence.value)
    audit_ref = receipts.new_audit_ref()
    try:
        with db.session.begin_nested():
            right.spend()
            cast_at = _call(election, right, audit_ref, choice, key)
    except RightOver:
        # What spent it may be this voter's own vote of the same instant: who pressed twice gets the receipt twice.
        return _earlier_vote(election, right.voter_id, key) or CastOutcome("pass_over")
    except DBAPIError as error:
        return _refused(error, election, right, key, actor)
    _report(election, right, audit_ref, cast_at, choice, actor)
    return _accepted("cast", election, audit_ref, cast_at, key)


def _earlier_vote(election: Election, voter_id: int, key: str) -> CastOutcome | None:
    vote = db.session.scalar(select(Vote).where(Vote.election_id == election.id, Vote.voter_id == voter_id))
    if vote is None:
        return None
    if vote.idempotency_hash == receipts.idempotency_hash(election.public_id, key):
        return _accepted("repeated", election, vote.audit_ref, vote.cast_at, key)
    return CastOutcome("already_voted", cast_at=vote.cast_at)


def _call(election: Election, right: CastingRight, audit_ref: str, choice: Choice, key: str) -> datetime:
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
            "voter": right.voter_id,
            "audit_ref": audit_ref,
            "channel": right.channel.value,
            "idempotency": receipts.idempotency_hash(election.public_id, key),
            "definition": election.definition_hash,
            "sealed": sealed,
            "candidates": recorded,
            "nota": False if election.is_secret else choice.nota,
        },
    )
    return moment


def _refused(error: DBAPIError, election: Election, right: CastingRight, key: str, actor: Actor) -> CastOutcome:
    state = getattr(error.orig, "pgcode", None)
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint == ONE_VOTE:
        return _earlier_vote(election, right.voter_id, key) or CastOutcome("already_voted")
    if constraint == ONE_KEY:
        raise ValidationFailed(fields={"idempotency_key": _("Draw a new random key for every voter.")}) from error
    if state == SUSPENDED:
        right.turn_away(actor)
        return CastOutcome("suspended")
    if state == NOT_OPEN:
        return CastOutcome("closed")
    if state == OTHER_CHANNEL:
        return CastOutcome("other_channel")
    if state == WRONG_DEFINITION:
        alerts.definition_changed(election, "The definition changed while a vote was cast.", actor)
        return CastOutcome("stopped")
    raise error


def _report(
    election: Election, right: CastingRight, audit_ref: str, cast_at: datetime, choice: Choice, actor: Actor
) -> None:
    audit_logger.record(right.event, actor, election_id=election.id, audit_ref=audit_ref, channel=right.channel.value)
    voter = db.session.get_one(Voter, right.voter_id)
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
