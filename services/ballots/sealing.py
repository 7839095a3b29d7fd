"""Sealing: the members of a batch are chosen and committed first, then opened, shuffled and chained.

Two transactions for one batch: `choose_batch`, then `seal_batch`. A sealing that fails repeats the same set, so a
crash cannot be used to learn which ballots belong together.
"""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import exists, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.sql import bindparam
from sqlalchemy.types import Text

from models import BallotReceipt, BoxBallot, Election, ElectionStatus, SealBatch, SealBatchMember, Secrecy, db
from services import audit_logger
from services.actor import Actor
from services.ballots import alerts, opening_rules, payload, signed_seals
from services.ballots.choices import choices_of
from services.ballots.definition import verify_definition
from services.ballots.opened_before import note_opening
from services.ballots.signed_seals import ChainChanged
from services.context import platform
from services.errors import Conflict
from services.security import KeyringError

WORKER = Actor(role="worker", name="worker")
_shuffle = secrets.SystemRandom().shuffle
_sample = secrets.SystemRandom().sample
Transaction = Callable[[], AbstractContextManager[Any]]


@dataclass
class Sorted:
    """What came out of the box: ballots to count, receipts, and what is set aside with its reason."""

    payloads: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    spoiled: dict[uuid.UUID, str] = field(default_factory=dict)


def seal_due(transaction: Transaction) -> int:
    """Seal what is due, each step in a transaction of its own; return the ballots sealed. Run by the worker.

    An election that cannot be sealed does not keep the others from it; its error is raised in the end.
    """
    sealed = 0
    with transaction():
        for election_id in elections_to_seal():
            choose_batch(db.session.get_one(Election, election_id))
    with transaction():
        batches = unsealed_batches()
    stopped: list[Exception] = []
    for batch_id in batches:
        try:
            with transaction():
                sealed += seal_batch(batch_id)
        except ChainChanged as change:
            stopped.append(change)
            with transaction():
                _report_change(batch_id, change)
        except (Conflict, KeyringError) as problem:
            stopped.append(problem)
    if stopped:
        raise stopped[0]
    return sealed


def elections_to_seal() -> list[int]:
    """Return the ids of elections with ballots to seal: closed ones, and live ones with two batches waiting."""
    waiting = select(func.count()).where(BoxBallot.election_id == Election.id).scalar_subquery()
    pending = exists().where(SealBatch.election_id == Election.id, SealBatch.sealed_at.is_(None))
    over = Election.status.in_([ElectionStatus.CLOSED, ElectionStatus.ARCHIVED]) & (waiting > 0)
    live = (Election.status == ElectionStatus.ACTIVE) & (waiting >= 2 * Election.live_batch)
    return list(
        db.session.scalars(select(Election.id).where(Election.secrecy == Secrecy.SECRET, over | live, ~pending))
    )


def unsealed_batches() -> list[int]:
    """Return the ids of batches that were chosen and are not sealed yet, oldest first."""
    return list(db.session.scalars(select(SealBatch.id).where(SealBatch.sealed_at.is_(None)).order_by(SealBatch.id)))


def choose_batch(election: Election) -> int:
    """Choose the members of the next batch: all when it is over, else `live_batch` at random; return its id."""
    final = election.status is not ElectionStatus.ACTIVE
    members = list(db.session.scalars(select(BoxBallot.id).where(BoxBallot.election_id == election.id)))
    batch = SealBatch(election_id=election.id, final=final)
    if not final:
        members = _sample(members, election.live_batch or len(members))
        chosen = db.session.scalars(select(BoxBallot.sealed_payload).where(BoxBallot.id.in_(members)))
        opening_rules.sign_choice(batch, election, map(bytes, chosen))
    db.session.add(batch)
    db.session.flush()
    if members:
        db.session.execute(insert(SealBatchMember), [{"batch_id": batch.id, "box_id": one} for one in members])
    return batch.id


def seal_batch(batch_id: int) -> int:
    """Open, check, shuffle and chain one batch; return how many ballots were sealed.

    Raises Conflict (after the alert is queued elsewhere) when the election is not what was signed, ChainChanged when
    its chain does not end where the last sealing left it, and KeyringError when its box key is missing.
    """
    batch = db.session.get_one(SealBatch, batch_id)
    if batch.sealed_at is not None:
        return 0
    election = db.session.get_one(Election, batch.election_id)
    _check_key(election)
    signed_seals.check_end(election)
    members = _members(election, batch)
    ciphertexts = [ciphertext for _box_id, ciphertext in members]
    opening_rules.check_members(election, batch, ciphertexts)
    sorted_ballots = _open_members(election, members)
    opening_rules.check_opened(election, len(sorted_ballots.spoiled))
    note_opening(election, ciphertexts, last=batch.final)
    _shuffle(sorted_ballots.payloads)
    sealed = _call(batch_id, sorted_ballots)
    db.session.refresh(batch)
    signed_seals.sign(batch, election, sealed)
    audit_logger.record(
        "worker:ballots:sealed", WORKER, election_id=election.id, count=sealed, spoiled=len(sorted_ballots.spoiled)
    )
    if sorted_ballots.spoiled:
        alerts.ballots_spoiled(election, dict(Counter(sorted_ballots.spoiled.values())), WORKER)
    return sealed


def _report_change(batch_id: int, change: ChainChanged) -> None:
    batch = db.session.get_one(SealBatch, batch_id)
    alerts.chain_changed(db.session.get_one(Election, batch.election_id), change.message, WORKER)


def _check_key(election: Election) -> None:
    if (problem := verify_definition(election)) is not None:
        raise Conflict(_("The ballots of %(title)s are not sealed: %(problem)s", title=election.title, problem=problem))
    if bytes(platform().keyring.box_key(election.public_id).public_key) != election.box_public_key:
        raise KeyringError(f"The box key of {election.title} is not the one of its signed definition.")


def _open_members(election: Election, members: list[tuple[uuid.UUID, bytes]]) -> Sorted:
    keyring = platform().keyring
    box_key, cast_key = keyring.box_key(election.public_id), keyring.cast_key(election.public_id)
    known = {choice["id"] for choice in choices_of(election)}
    result, seen = Sorted(), set(_receipts_of(election))
    for box_id, ciphertext in members:
        try:
            ballot = payload.unseal(election, ciphertext, box_key, cast_key)
        except payload.UnreadableBallot as error:
            result.spoiled[box_id] = str(error)
            continue
        if ballot.receipt in seen:
            result.spoiled[box_id] = "is a copy of another ballot"
        elif not set(ballot.choice.candidates) <= known:
            result.spoiled[box_id] = "names somebody who is not on the ballot"
        else:
            seen.add(ballot.receipt)
            result.payloads.append(ballot.choice.as_payload())
            result.receipts.append(ballot.receipt)
    return result


def _members(election: Election, batch: SealBatch) -> list[tuple[uuid.UUID, bytes]]:
    listed = (
        select(BoxBallot.id, BoxBallot.sealed_payload)
        .join(SealBatchMember, SealBatchMember.box_id == BoxBallot.id)
        .where(SealBatchMember.batch_id == batch.id, BoxBallot.election_id == election.id)
    )
    return [(box_id, bytes(ciphertext)) for box_id, ciphertext in db.session.execute(listed)]


def _receipts_of(election: Election) -> list[str]:
    return list(db.session.scalars(select(BallotReceipt.code).where(BallotReceipt.election_id == election.id)))


def _call(batch_id: int, ballots: Sorted) -> int:
    statement = text("SELECT seal_ballots(:batch, :payloads, :receipts, :spoiled, :reasons)").bindparams(
        bindparam("payloads", type_=ARRAY(JSONB)),
        bindparam("receipts", type_=ARRAY(Text)),
        bindparam("spoiled", type_=ARRAY(PG_UUID(as_uuid=True))),
        bindparam("reasons", type_=ARRAY(Text)),
    )
    values = {
        "batch": batch_id,
        "payloads": ballots.payloads,
        "receipts": sorted(ballots.receipts),
        "spoiled": list(ballots.spoiled),
        "reasons": list(ballots.spoiled.values()),
    }
    return int(db.session.scalar(statement, values) or 0)
