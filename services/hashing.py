"""SHA-256 over typed, length-prefixed fields; the same bytes as `migrations/sql/hashing.sql`.

A field is one tag byte, four bytes of length (big endian) and the content. Tags: s text (UTF-8), i integer
(8 bytes, signed), h hash, n number as text, b boolean as text, o object (sorted keys and values), a array, 0 null.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AuditRow(Protocol):
    """What a row of the audit log says; `created_at` is aware."""

    id: int
    event_type: str
    actor: str
    election_id: int | None
    details: dict[str, Any]
    created_at: datetime


def field(tag: str, content: bytes = b"") -> bytes:
    """Return tag, length and content."""
    return tag.encode() + len(content).to_bytes(4, "big") + content


def text(value: str | None) -> bytes:
    """Encode a text; None is the null field."""
    return field("0") if value is None else field("s", value.encode())


def integer(value: int | None) -> bytes:
    """Encode a whole number of at most 64 bits; None is the null field."""
    return field("0") if value is None else field("i", value.to_bytes(8, "big", signed=True))


def json_value(value: object) -> bytes:
    """Encode a JSON value; the keys of an object in the order of their code points."""
    match value:
        case None:
            return field("0")
        case bool():
            return field("b", b"true" if value else b"false")
        case int() | float():
            return field("n", json.dumps(value).encode())
        case str():
            return text(value)
        case dict():
            return field("o", b"".join(text(key) + json_value(value[key]) for key in sorted(value)))
        case list() | tuple():
            return field("a", b"".join(json_value(item) for item in value))
    raise TypeError(f"Not a JSON value: {type(value).__name__}")


def sha256(*fields: bytes) -> bytes:
    """Return the 32-byte SHA-256 of the fields in order."""
    return hashlib.sha256(b"".join(fields)).digest()


def ballot_hash(election: str, seq: int, previous_hash: bytes, payload: object) -> bytes:
    """Return the hash of the ballot at place `seq` (from 1) of the chain of the election with this public id."""
    return sha256(text("ballot/1"), text(election), integer(seq), field("h", previous_hash), json_value(payload))


def audit_row_hash(row: AuditRow) -> bytes:
    """Return the hash of a row of the audit log."""
    return sha256(
        text("audit/1"), integer(row.id), text(row.event_type), text(row.actor), integer(row.election_id),
        json_value(row.details), integer(microseconds(row.created_at)),
    )  # fmt: skip


def audit_block_root(rows: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the root of a block of audit rows, given (number of the row, its `row_hash`) in the order of the chain."""
    digest = hashlib.sha256(text("audit-root/1"))
    for number, row_hash in rows:
        digest.update(integer(number) + field("h", row_hash))
    return digest.digest()


def audit_block_hash(height: int, first_seq: int, rows: int, root: bytes, previous: bytes, made_at: datetime) -> bytes:
    """Return the hash of the audit block at `height` (from 1); `previous` is that of the block before, or 32 zeros."""
    return sha256(
        text("audit-block/1"), integer(height), integer(first_seq), integer(rows),
        field("h", root), field("h", previous), integer(microseconds(made_at)),
    )  # fmt: skip


def head_hash(kind: str, election: str | None, closing: bool, height: int, head: bytes, made_at: datetime) -> bytes:
    """Return what the signature of a head is over; `kind` is audit or ballots, `election` a public id or None."""
    return sha256(head_content(kind, election, closing, height, head, made_at))


def head_content(kind: str, election: str | None, closing: bool, height: int, head: bytes, made_at: datetime) -> bytes:
    """Return the fields of a head in a row; their SHA-256 is the head hash."""
    fields = (
        text("head/1"), text(kind), text(election), text("closing" if closing else "running"), integer(height),
        field("h", head), integer(microseconds(made_at)),
    )  # fmt: skip
    return b"".join(fields)


def microseconds(moment: datetime) -> int:
    """Return the whole microseconds from 1970-01-01 UTC to an aware datetime."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_text(moment: datetime) -> str:
    """Return the one spelling of a time in signed texts, e.g. `2026-10-18T18:00:00.000000Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
