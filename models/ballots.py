"""Votes, the ballot box, sealed ballots and what they promise (design, section 3)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, text_enum
from models.elections import Channel, Secrecy

RECORDED_HAS_CHOICE = "secrecy = 'recorded' OR (candidate_id IS NULL AND NOT nota)"


class Vote(Model):
    """Who took part, and when. Only a recorded (roll-call) vote holds the choice."""

    __tablename__ = "votes"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int]
    secrecy: Mapped[Secrecy] = mapped_column(text_enum(Secrecy))
    voter_id: Mapped[int]
    cast_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    audit_ref: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[Channel] = mapped_column(text_enum(Channel))
    candidate_id: Mapped[int | None]
    nota: Mapped[bool] = mapped_column(server_default="false")
    idempotency_hash: Mapped[bytes]

    __table_args__ = (
        UniqueConstraint("election_id", "voter_id"),
        UniqueConstraint("election_id", "idempotency_hash"),
        ForeignKeyConstraint(["election_id", "secrecy"], ["elections.id", "elections.secrecy"]),
        ForeignKeyConstraint(["election_id", "voter_id"], ["roll_entries.election_id", "roll_entries.voter_id"]),
        ForeignKeyConstraint(["candidate_id", "election_id"], ["candidates.id", "candidates.election_id"]),
        CheckConstraint(RECORDED_HAS_CHOICE, name="secret_holds_no_choice"),
        CheckConstraint("NOT (nota AND candidate_id IS NOT NULL)", name="nota_or_candidate"),
        Index("ix_votes_election_id_candidate_id", "election_id", "candidate_id"),
    )


class RecordedChoice(Model):
    """Approval and ranked choices of a recorded vote."""

    __tablename__ = "recorded_choices"

    vote_id: Mapped[int] = mapped_column(ForeignKey("votes.id"), primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidates.id"), primary_key=True)
    rank: Mapped[int]


class BoxBallot(Model):
    """A cast secret ballot, encrypted to the election's box key: no time, no voter, no receipt in clear."""

    __tablename__ = "ballot_box"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    election_id: Mapped[int]
    ballot_length: Mapped[int]
    sealed_payload: Mapped[bytes]

    __table_args__ = (
        ForeignKeyConstraint(["election_id", "ballot_length"], ["elections.id", "elections.ballot_length"]),
        CheckConstraint("octet_length(sealed_payload) = ballot_length", name="one_length"),
        Index("ix_ballot_box_election_id", "election_id"),
    )


class SealBatch(Model):
    """The members of one sealing, chosen and committed before they are opened, so that a retry repeats the set.

    The worker signs which ballots it chose of a box that is still filling (`choice_signature`); see `opening_rules.py`.

    Once sealed: the places of its ballots in the chain, the hash of the last one, and the installation's signature.
    """

    __tablename__ = "seal_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), index=True)
    final: Mapped[bool]
    sealed_at: Mapped[datetime | None]
    choice_signature: Mapped[bytes | None]
    first_seq: Mapped[int | None]
    last_seq: Mapped[int | None]
    head: Mapped[bytes | None]
    signature: Mapped[bytes | None]
    members: Mapped[list[SealBatchMember]] = relationship(passive_deletes=True)

    __table_args__ = (
        CheckConstraint("num_nulls(first_seq, last_seq, head, signature) IN (0, 4)", name="signed_whole"),
        CheckConstraint("first_seq >= 1 AND last_seq >= first_seq - 1", name="signed_range"),
    )


class SealBatchMember(Model):
    __tablename__ = "seal_batch_members"

    batch_id: Mapped[int] = mapped_column(ForeignKey("seal_batches.id", ondelete="CASCADE"), primary_key=True)
    box_id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)


class Ballot(Model):
    """A sealed, anonymous ballot in the chain that starts at the signed definition."""

    __tablename__ = "ballots"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[bytes]
    ballot_hash: Mapped[bytes]

    __table_args__ = (UniqueConstraint("election_id", "previous_hash"),)


class BallotReceipt(Model):
    """The code of a counted ballot; never beside its ballot, in an order of its own."""

    __tablename__ = "ballot_receipts"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)


class SpoiledBallot(Model):
    """A ballot that could not be opened or is not ours, and why."""

    __tablename__ = "spoiled_ballots"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), index=True)
    reason: Mapped[str]
    sealed_payload: Mapped[bytes]


class Tally(Model):
    """Counts kept by the sealer, so that a result page costs the same at ten ballots and at ten million."""

    __tablename__ = "tallies"

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True)
    choice: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    updated_at: Mapped[datetime]
