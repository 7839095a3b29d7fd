"""Each sealing is signed: which places of the chain it filled, and the hash at its end.

Who owns the database can write a ballot into the chain, with the right hash; a sealing of it cannot be signed
without the installation's key. Signed sealings follow each other without a gap and end where the chain ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy import select

from models import Ballot, Election, SealBatch, db
from services import hashing
from services.context import platform
from services.errors import Conflict

FORMAT = "seal/1"
SIGNATURE_DOMAIN = b"smart-voting/seal/1\0"


class ChainChanged(Conflict):
    """The ballot chain does not end where the last signed sealing left it."""


def check_end(election: Election) -> None:
    """Raise ChainChanged when somebody else than the sealer added, changed or removed ballots."""
    batches = signed_seals_of(election)
    if (problem := problem_of(election, batches)) is not None:
        raise ChainChanged(problem)
    signed = [(batch.last_seq, batch.head) for batch in batches if (batch.last_seq or 0) > 0]
    if end_of_chain(election) != (signed[-1] if signed else (0, None)):
        raise ChainChanged(_("The ballot chain does not end where the last sealing left it."))


def sign(batch: SealBatch, election: Election, sealed: int) -> None:
    """Sign what this sealing, in the present transaction, added to the chain: its last `sealed` ballots."""
    last, head = end_of_chain(election)
    batch.first_seq, batch.last_seq = last - sealed + 1, last
    batch.head = head or election.definition_hash
    batch.signature = platform().keyring.signing_key.sign(_message(election, batch)).signature


def signed_seals_of(election: Election) -> list[SealBatch]:
    """Return the sealed batches of an election in the order of their places."""
    statement = select(SealBatch).where(SealBatch.election_id == election.id, SealBatch.sealed_at.is_not(None))
    return list(db.session.scalars(statement.order_by(SealBatch.last_seq.nulls_first(), SealBatch.id)))


def problem_of(election: Election, batches: Iterable[SealBatch]) -> str | None:
    """Return a sentence about the first sealing that is not signed or leaves a gap, or None."""
    reached = last_key = 0
    for batch in batches:
        if batch.signature is None or batch.last_seq is None:
            return f"Sealing {batch.id} is not signed."
        if batch.first_seq != reached + 1:
            return f"Ballots {reached + 1} to {(batch.first_seq or 0) - 1} belong to no signed sealing."
        key = platform().keyring.signing_keys.signer(_message(election, batch), batch.signature)
        if key is None:
            return f"Sealing {batch.id} was not signed with this installation's key."
        if key < last_key:
            return f"Sealing {batch.id} was signed with a key that had been replaced before."
        last_key = key
        reached = batch.last_seq
    return None


def end_of_chain(election: Election) -> tuple[int, bytes | None]:
    """Return the place and the hash of the last ballot of the chain; (0, None) when there is none."""
    row = db.session.execute(
        select(Ballot.seq, Ballot.ballot_hash)
        .where(Ballot.election_id == election.id)
        .order_by(Ballot.seq.desc())
        .limit(1)
    ).one_or_none()
    return (row.seq, bytes(row.ballot_hash)) if row is not None else (0, None)


def statement(election: Election, batch: SealBatch) -> str:
    """Return the canonical JSON that is signed, as docs/verification.md describes it."""
    content = {
        "format": FORMAT,
        "election": str(election.public_id),
        "definition": election.definition_hash.hex() if election.definition_hash else None,
        "first": batch.first_seq,
        "last": batch.last_seq,
        "head": bytes(batch.head).hex() if batch.head else None,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _message(election: Election, batch: SealBatch) -> bytes:
    return SIGNATURE_DOMAIN + hashing.sha256(hashing.text(FORMAT), hashing.text(statement(election, batch)))
