"""Signed receipts: the installation's word that it took a ballot with this code, so that a missing one can be proven.

Made from the election and the code alone, so nothing is stored and a retry gets the same one. Ed25519 signatures are
deterministic (RFC 8032): a signature tells no more than the code beside it.
"""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass

from flask_babel import gettext as _

from models import BallotReceipt, Election, db
from services import hashing, qr_code
from services.context import platform
from services.errors import ValidationFailed

MARK = "SVR1"
SIGNATURE_DOMAIN = b"smart-voting/receipt/1\0"
_TEXT = re.compile(MARK + r":([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}):([A-Z2-7]{26}):([A-Z2-7]{103})")
LONGEST = 400
"""Characters that may be pasted: a signed receipt has 172, and room for spaces and line ends."""


@dataclass(frozen=True)
class SignedReceipt:
    """What a signed receipt says, and whether that holds: `genuine` is its signature, `counted` its code on the list.

    `ours` tells whether it is of the election it was checked for.
    """

    code: str
    ours: bool
    genuine: bool
    counted: bool

    @property
    def proves_missing(self) -> bool:
        return self.ours and self.genuine and not self.counted


def signed_receipt(election: uuid.UUID, code: str) -> str:
    """Return `SVR1:ELECTION:CODE:SIGNATURE`, 172 capitals and digits, as a QR code holds them in little room."""
    signature = platform().keyring.signing_key.sign(_message(str(election), code)).signature
    return f"{MARK}:{election}:{code}:{base64.b32encode(signature).decode('ascii').rstrip('=')}".upper()


def check_signed_receipt(election: Election, typed: str) -> SignedReceipt:
    """Check a signed receipt against an election that is counted; spaces, line ends and small letters do not matter.

    Raises ValidationFailed when this cannot be a signed receipt.
    """
    parts = _TEXT.fullmatch(re.sub(r"\s", "", typed).upper())
    if parts is None:
        message = _("A signed receipt begins with SVR1: and has 172 characters. Paste the whole text of the QR code.")
        raise ValidationFailed(fields={"receipt": message})
    named, code, signature = parts.groups()
    return SignedReceipt(
        code=code,
        ours=named.lower() == str(election.public_id),
        genuine=_is_genuine(named.lower(), code, signature),
        counted=db.session.get(BallotReceipt, (election.id, code)) is not None,
    )


def receipt_qr(text: str) -> str:
    """Return the QR code of a signed receipt as SVG without styles, scripts or sizes."""
    return qr_code.inline(text, mode="alphanumeric")


def _is_genuine(election: str, code: str, signature: str) -> bool:
    try:
        return platform().keyring.is_signed(_message(election, code), base64.b32decode(f"{signature}="))
    except ValueError:
        return False


def _message(election: str, code: str) -> bytes:
    return SIGNATURE_DOMAIN + hashing.sha256(
        hashing.text("signed-receipt/1"), hashing.text(election), hashing.text(code)
    )
