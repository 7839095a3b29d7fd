"""Heads are signed while an election is active, at each sealing, and once everything of a closed one is sealed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, select

from models import AuditBlock, BoxBallot, Election, ElectionStatus, HeadKind, SealBatch, SignedHead, db
from services import hashing
from services.ballots.signed_seals import end_of_chain
from services.clock import utc_now
from services.context import platform
from services.heads.chaining import chain_audit_rows
from services.heads.finding import newest_audit_head, newest_ballot_head

DOMAIN = b"smart-voting/head/1\0"


def sign_due_heads() -> list[SignedHead]:
    """Sign what is due and return it; nothing twice, and nothing while no election is active or just over.

    Run by the worker, in a transaction of its own, as the sealer: it reads ballots and chains audit rows.
    """
    made: list[SignedHead] = []
    for election in _not_ended():
        made += _of_ballots(election)
        if _settled(election):
            made += _of_audit(election)
    return made + _regular()


def message_of(head: SignedHead) -> bytes:
    """Return the bytes that the signature of a head is over."""
    election = str(head.election.public_id) if head.election else None
    return DOMAIN + hashing.head_hash(
        head.kind.value, election, head.closing, head.height, head.head_hash, head.made_at
    )


def _not_ended() -> list[Election]:
    """Return the elections that were opened and have no closing head of the audit log yet."""
    ended = exists().where(SignedHead.election_id == Election.id, SignedHead.kind == HeadKind.AUDIT)
    opened = Election.definition_hash.isnot(None)
    return list(db.session.scalars(select(Election).where(opened, ~ended).order_by(Election.id)))


def _settled(election: Election) -> bool:
    """Tell whether a closed election has no ballot left in its box and no batch that is being sealed."""
    waiting = exists().where(BoxBallot.election_id == election.id)
    sealing = exists().where(SealBatch.election_id == election.id, SealBatch.sealed_at.is_(None))
    over = election.status in (ElectionStatus.CLOSED, ElectionStatus.ARCHIVED)
    return over and not db.session.scalar(select(waiting | sealing))


def _of_ballots(election: Election) -> list[SignedHead]:
    if not election.is_secret:
        return []
    closing = _settled(election)
    if election.status is not ElectionStatus.ACTIVE and not closing:
        return []
    height, last_hash = end_of_chain(election)
    head = last_hash or election.definition_hash or b""
    known = newest_ballot_head(election)
    if known is not None and known.height == height and known.closing == closing:
        return []
    return [_sign(HeadKind.BALLOTS, height, head, election, closing=closing)]


def _of_audit(closed: Election | None = None) -> list[SignedHead]:
    chain_audit_rows()
    block = db.session.scalar(select(AuditBlock).order_by(AuditBlock.height.desc()).limit(1))
    known = newest_audit_head()
    if block is None or (closed is None and known is not None and known.height == block.height):
        return []
    return [_sign(HeadKind.AUDIT, block.height, block.block_hash, closed, closing=closed is not None)]


def _regular() -> list[SignedHead]:
    """Sign the audit log every few minutes while an election is active, when rows were added."""
    if not db.session.scalar(select(exists().where(Election.status == ElectionStatus.ACTIVE))):
        return []
    known = newest_audit_head()
    every = timedelta(minutes=platform().settings.head_every_minutes)
    return [] if known is not None and utc_now() - known.made_at < every else _of_audit()


def _sign(kind: HeadKind, height: int, head: bytes, election: Election | None, *, closing: bool) -> SignedHead:
    keyring = platform().keyring
    made = SignedHead(
        kind=kind,
        election=election,
        closing=closing,
        height=height,
        head_hash=head,
        made_at=utc_now(),
        key_fingerprint=keyring.fingerprints()["signing"],
    )
    made.signature = keyring.signing_key.sign(message_of(made)).signature
    db.session.add(made)
    db.session.flush()
    return made
