"""Signed addenda to a definition: an open election closes later than was signed, for a reason.

The definition holds the closing time as it was signed. Each addendum leads from one closing time to the next; the
last one must be the time in the table, or the election is stopped as for any other difference.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from models import Election, ElectionExtension, db
from services import hashing
from services.context import platform
from services.hashing import moment_text

FORMAT = "extension/1"
SIGNATURE_DOMAIN = b"smart-voting/extension/1\0"


def extend_closing(election: Election, closes_at: datetime, reason: str) -> ElectionExtension:
    """Add the signed addendum and move the closing time of an open election; the caller has checked both times."""
    place = 1 + (db.session.scalar(select(func.max(ElectionExtension.place)).where(_of(election))) or 0)
    extension = ElectionExtension(
        election_id=election.id,
        place=place,
        previous_closes_at=election.closes_at,
        closes_at=closes_at,
        reason=reason,
    )
    extension.signature = platform().keyring.signing_key.sign(_message(election, extension)).signature
    db.session.add(extension)
    db.session.flush()
    election.closes_at = closes_at
    db.session.flush()
    return extension


def extensions_of(election: Election) -> list[ElectionExtension]:
    """Return the addenda of an election, the first one first."""
    return list(
        db.session.scalars(select(ElectionExtension).where(_of(election)).order_by(ElectionExtension.place)).all()
    )


def signed_closing_time(election: Election) -> tuple[datetime, str | None]:
    """Return the closing time that the definition has to hold, and what does not fit, or None.

    Times and addenda are read in one statement: an extension in this very moment is seen whole or not at all.
    """
    rows = db.session.execute(
        select(Election.closes_at, ElectionExtension)
        .outerjoin(ElectionExtension, ElectionExtension.election_id == Election.id)
        .where(Election.id == election.id)
        .order_by(ElectionExtension.place)
    ).all()
    now = rows[0][0] if rows else election.closes_at
    chain = [extension for _closes_at, extension in rows if extension is not None]
    if not chain:
        return now, None
    reached = signed = chain[0].previous_closes_at
    for place, extension in enumerate(chain, start=1):
        if extension.place != place or extension.previous_closes_at != reached or not _signed(election, extension):
            return signed, "An extension of the election was not signed with this installation's key."
        reached = extension.closes_at
    return signed, None if reached == now else "The closing time is not the one that was signed."


def statement(election: Election, extension: ElectionExtension) -> str:
    """Return the canonical JSON of an addendum, as docs/verification.md describes it."""
    content = {
        "format": FORMAT,
        "election": str(election.public_id),
        "definition": election.definition_hash.hex() if election.definition_hash else None,
        "place": extension.place,
        "from": moment_text(extension.previous_closes_at),
        "to": moment_text(extension.closes_at),
        "reason": extension.reason,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _signed(election: Election, extension: ElectionExtension) -> bool:
    return platform().keyring.is_signed(_message(election, extension), extension.signature)


def extension_hash(election: Election, extension: ElectionExtension) -> bytes:
    """Return the 32 bytes that the signature of an addendum is over."""
    return hashing.sha256(hashing.text(FORMAT), hashing.text(statement(election, extension)))


def _message(election: Election, extension: ElectionExtension) -> bytes:
    return SIGNATURE_DOMAIN + extension_hash(election, extension)


def _of(election: Election) -> ColumnElement[bool]:
    return ElectionExtension.election_id == election.id
