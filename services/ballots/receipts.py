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
from sqlalchemy import func, select

from models import BallotReceipt, Election, db
from services import hashing
from services.errors import ValidationFailed

RECEIPT_BYTES = 16
GROUP = 4
RECEIPT_CHARACTERS = 26
_CODE = re.compile(r"[A-Z2-7]{26}")
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


def listed_receipts(election: Election) -> list[str]:
    """Return the codes of all counted ballots, in the order of the codes."""
    codes = select(BallotReceipt.code).where(BallotReceipt.election_id == election.id).order_by(BallotReceipt.code)
    return list(db.session.scalars(codes))


def some_receipts(election: Election, page: int, per_page: int) -> tuple[list[str], int]:
    """Return one page (from 1) of the codes of all counted ballots, in their order, and how many there are in all."""
    mine = BallotReceipt.election_id == election.id
    codes = select(BallotReceipt.code).where(mine).order_by(BallotReceipt.code)
    total = db.session.scalar(select(func.count()).select_from(BallotReceipt).where(mine)) or 0
    return list(db.session.scalars(codes.offset((page - 1) * per_page).limit(per_page))), total


def is_counted(election: Election, typed: str) -> bool:
    """Tell whether a ballot with this receipt was counted; spaces, dashes and small letters do not matter.

    Raises ValidationFailed when this cannot be a receipt.
    """
    code = re.sub(r"[\s-]", "", typed).upper().replace("0", "O").replace("1", "I")
    if not _CODE.fullmatch(code):
        message = _("A receipt has %(count)s letters and digits. Type it as it stands.", count=RECEIPT_CHARACTERS)
        raise ValidationFailed(fields={"receipt": message})
    return db.session.get(BallotReceipt, (election.id, code)) is not None
