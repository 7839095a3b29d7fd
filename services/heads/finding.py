"""Which signed heads there are, and how one is written down for others."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import selectinload, undefer

from models import Election, HeadKind, SignedHead, db
from services.errors import NotFound
from services.hashing import moment_text

RECENT = 50
NEWEST_FIRST = SignedHead.id.desc()


def newest_audit_head() -> SignedHead | None:
    """Return the newest head of the audit log, or None."""
    return db.session.scalar(
        select(SignedHead).where(SignedHead.kind == HeadKind.AUDIT).order_by(NEWEST_FIRST).limit(1)
    )


def newest_ballot_head(election: Election) -> SignedHead | None:
    """Return the newest head of an election's ballots, or None."""
    mine = (SignedHead.kind == HeadKind.BALLOTS) & (SignedHead.election_id == election.id)
    return db.session.scalar(select(SignedHead).where(mine).order_by(NEWEST_FIRST).limit(1))


def newest_heads() -> list[SignedHead]:
    """Return the newest head of the audit log, if any, then the newest one of each election's ballots, newest first."""
    audit = newest_audit_head()
    of_ballots = (
        select(SignedHead)
        .where(SignedHead.kind == HeadKind.BALLOTS)
        .ext(distinct_on(SignedHead.election_id))
        .order_by(SignedHead.election_id.desc(), SignedHead.id.desc())
        .options(selectinload(SignedHead.election))
    )
    return ([audit] if audit else []) + list(db.session.scalars(of_ballots))


def recent_heads(limit: int = RECENT) -> list[SignedHead]:
    """Return the newest heads of both kinds with their stamps, the newest first."""
    newest = select(SignedHead).order_by(NEWEST_FIRST).limit(limit)
    whole = selectinload(SignedHead.election), undefer(SignedHead.timestamp_token)
    return list(db.session.scalars(newest.options(*whole)))


def heads_of(election: Election) -> list[SignedHead]:
    """Return the heads of an election's ballots, and those of the audit log from its opening on, the oldest first.

    The last one of a closed election is the head of the audit log that was made because it closed.
    """
    return list(db.session.scalars(select(SignedHead).where(_about(election)).order_by(SignedHead.id)))


def stamped_head(number: int) -> SignedHead:
    """Return a head that has a time stamp, with it; raises NotFound."""
    stamped = select(SignedHead).where(SignedHead.id == number, SignedHead.stamped_at.is_not(None))
    found = db.session.scalar(stamped.options(undefer(SignedHead.timestamp_token)))
    if found is None:
        raise NotFound(_("There is no time stamp of this head."))
    return found


def as_document(head: SignedHead) -> dict[str, Any]:
    """Return a head in JSON types: what docs/verification.md needs to check its signature, and the signature."""
    return {
        "kind": head.kind.value,
        "election": str(head.election.public_id) if head.election else None,
        "closing": head.closing,
        "height": head.height,
        "head": head.head_hash.hex(),
        "made_at": moment_text(head.made_at),
        "signature": head.signature.hex(),
        "key": head.key_fingerprint,
    }


def _about(election: Election) -> ColumnElement[bool]:
    own = SignedHead.election_id == election.id
    if election.activated_at is None:
        return own
    meanwhile = SignedHead.election_id.is_(None) & (SignedHead.made_at >= election.activated_at)
    if election.closed_at is not None:
        meanwhile &= SignedHead.made_at <= election.closed_at
    return or_(own, meanwhile)
