"""Do the chains hold, and do signed heads lie on them? All hashes are computed anew, in Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from models import AuditBlock, AuditChainLink, AuditLog, Ballot, Election, HeadKind, SignedHead, db
from services import hashing
from services.clock import utc_now
from services.context import platform
from services.heads.signing import message_of

NOTHING_BEFORE = bytes(32)
FETCHED_AT_ONCE = 2000
CHAINED_WITHIN = timedelta(minutes=1)


def check_head(head: SignedHead) -> str | None:
    """Return a sentence that says what is wrong with a head, or None when it is ours and lies on its chain.

    Heads of ballots are compared with the ballots, which the database roles sealer, results and auditor may read.
    """
    if (problem := check_signature(head)) is not None:
        return problem
    if _hash_at(head) != head.head_hash:
        return _("The records have changed since this fingerprint was signed.")
    return None


def check_signature(head: SignedHead) -> str | None:
    """Return a sentence that says what is wrong with the signature of a head, or None."""
    keys = platform().keyring.signing_keys
    if head.key_fingerprint not in keys.fingerprints:
        return _("This fingerprint was signed with a key that is not this installation's.")
    if keys.signer(message_of(head), head.signature) != keys.fingerprints.index(head.key_fingerprint):
        return _("The signature does not fit this fingerprint.")
    return None


def audit_chain_problems() -> list[str]:
    """Recompute the whole audit log and its blocks; return a sentence for each fault, empty when all holds.

    Reads row by row: memory does not grow with the log. Needs a role that may read `audit_logs` and the chain.
    """
    problems: list[str] = []
    before, next_seq = NOTHING_BEFORE, 1
    for height, group in groupby(_links(), key=attrgetter("height")):
        links = list(group)
        block = links[0]
        if block.block_hash is None:
            problems.append(_("Audit block %(height)s is missing.", height=height))
            continue
        problems += [*_rows_changed(links), *_block_problems(block, links, before, next_seq)]
        before, next_seq = block.block_hash, block.first_seq + block.rows
    if left := _unchained():
        problems.append(ngettext("%(num)s audit row is not chained.", "%(num)s audit rows are not chained.", left))
    return problems


def _links() -> Iterator[Any]:
    """Yield the links of the chain in order, each with its row and its block, as far as these are there."""
    statement = (
        select(
            AuditChainLink.seq, AuditChainLink.height, AuditChainLink.audit_log_id.label("id"),
            AuditLog.event_type, AuditLog.actor, AuditLog.election_id, AuditLog.details, AuditLog.created_at,
            AuditLog.row_hash, AuditBlock.first_seq, AuditBlock.rows, AuditBlock.root, AuditBlock.previous_hash,
            AuditBlock.block_hash, AuditBlock.made_at,
        )
        .outerjoin(AuditLog, AuditLog.id == AuditChainLink.audit_log_id)
        .outerjoin(AuditBlock, AuditBlock.height == AuditChainLink.height)
        .order_by(AuditChainLink.seq)
        .execution_options(yield_per=FETCHED_AT_ONCE)
    )  # fmt: skip
    yield from db.session.execute(statement)


def _rows_changed(links: list[Any]) -> Iterator[str]:
    for row in links:
        if row.row_hash is None:
            yield _("Audit row %(number)s is missing.", number=row.id)
        elif hashing.audit_row_hash(row) != row.row_hash:
            yield _("Audit row %(number)s was changed.", number=row.id)


def _block_problems(block: Any, links: list[Any], before: bytes, next_seq: int) -> Iterator[str]:
    root = hashing.audit_block_root((row.id, row.row_hash or b"") for row in links)
    places = [row.seq for row in links]
    if places != list(range(block.first_seq, block.first_seq + block.rows)) or root != block.root:
        yield _("Audit block %(height)s does not hold the rows that it was made of.", height=block.height)
    expected = hashing.audit_block_hash(
        block.height, block.first_seq, block.rows, block.root, block.previous_hash, block.made_at
    )
    if expected != block.block_hash or block.previous_hash != before or block.first_seq != next_seq:
        yield _("Audit block %(height)s does not follow from the one before.", height=block.height)


def _unchained() -> int:
    """Count the rows without a place; the worker needs some seconds for what has just been written."""
    chained = select(AuditChainLink.audit_log_id).where(AuditChainLink.audit_log_id == AuditLog.id)
    late = AuditLog.created_at < utc_now() - CHAINED_WITHIN
    return db.session.scalar(select(func.count()).select_from(AuditLog).where(late, ~chained.exists())) or 0


def _hash_at(head: SignedHead) -> bytes | None:
    if head.kind is HeadKind.AUDIT:
        return db.session.scalar(select(AuditBlock.block_hash).where(AuditBlock.height == head.height))
    if head.height == 0:
        return db.session.scalar(select(Election.definition_hash).where(Election.id == head.election_id))
    place = (Ballot.election_id == head.election_id) & (Ballot.seq == head.height)
    return db.session.scalar(select(Ballot.ballot_hash).where(place))
