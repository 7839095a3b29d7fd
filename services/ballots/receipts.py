"""Receipts, references and idempotency: three names of one cast that cannot be turned into one another.

The client draws a random key of 128 bits or more. The receipt and the hash the server keeps are two one-way
functions of it, so the server can give a retry the first answer again without keeping the answer, and nobody
can get from the `votes` table to the published receipts.
"""

from __future__ import annotations

import base64
import re
import secrets
import uuid

from flask_babel import gettext as _

from services import hashing
from services.errors import ValidationFailed

RECEIPT_BYTES = 16
GROUP = 4
_KEY = re.compile(r"[A-Za-z0-9_-]{22,128}")  # 22 characters of base64url are 128 bits; 32 of hex as well
_MIN_DIFFERENT_CHARACTERS = 8  # a random key of this length has more; a constant one has fewer


def check_key(key: object) -> str:
    """Return the idempotency key; raises ValidationFailed when it is not 128 random bits as text."""
    if not isinstance(key, str) or not _KEY.fullmatch(key) or len(set(key)) < _MIN_DIFFERENT_CHARACTERS:
        message = _("Send idempotency_key: 128 random bits or more, as base64url or hex text.")
        raise ValidationFailed(fields={"idempotency_key": message})
    return key


def receipt_code(election: uuid.UUID, key: str) -> str:
    """Return the receipt: 128 bits as 26 letters and digits (RFC 4648 base32)."""
    digest = hashing.sha256(hashing.text("receipt/1"), hashing.text(str(election)), hashing.text(key))
    return base64.b32encode(digest[:RECEIPT_BYTES]).decode("ascii").rstrip("=")


def idempotency_hash(election: uuid.UUID, key: str) -> bytes:
    """Return the 32 bytes that the server keeps of a key."""
    return hashing.sha256(hashing.text("idempotency/1"), hashing.text(str(election)), hashing.text(key))


def new_audit_ref() -> str:
    """Return a random reference of a vote, e.g. `7KQ2-MXEA-T4LD`; 60 bits."""
    code = base64.b32encode(secrets.token_bytes(8)).decode("ascii")[:12]
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def format_receipt(code: str) -> str:
    """Return a receipt in groups of four, as it is shown and printed."""
    return " ".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
