"""SHA-256 over typed, length-prefixed fields; the same bytes as `migrations/sql/hashing.sql`.

A field is one tag byte, four bytes of length (big endian) and the content. Tags: s text (UTF-8), i integer
(8 bytes, signed), h hash, n number as text, b boolean as text, o object (sorted keys and values), a array, 0 null.
"""

from __future__ import annotations

import hashlib
import json


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
