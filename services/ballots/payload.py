"""The plaintext of a secret ballot and its encryption to the election's box key.

Plaintext: canonical JSON, padded (ISO/IEC 7816-4) to one size an election, so that its length tells nothing.
Encryption: libsodium sealed box (X25519, XSalsa20-Poly1305). The MAC under the cast key, which the database
never sees, stops its owner from making or swapping ballots: the sealer sets such ballots aside.
"""

from __future__ import annotations

import hmac
import json
import uuid
from dataclasses import dataclass
from typing import Any

from nacl.bindings import crypto_box_SEALBYTES, sodium_pad, sodium_unpad
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from models import Election
from services import hashing
from services.ballots.choices import Choice

FORMAT = "ballot/1"
SIZE_STEP = 256
FIXED_BYTES = 320  # the JSON of a ballot without its candidates is below 300 bytes


class UnreadableBallot(ValueError):
    """A ballot that cannot be counted; the message says why and is kept with it."""


@dataclass(frozen=True)
class OpenedBallot:
    """A ballot out of the box, MAC checked."""

    ballot_id: str
    choice: Choice
    receipt: str


def ballot_length(election: Election, choices: list[dict[str, Any]]) -> int:
    """Return the length in bytes of every ciphertext of this election."""
    digits = max((len(str(choice["id"])) for choice in choices), default=1) + 1
    plain = FIXED_BYTES + digits * election.max_choices
    return -(-plain // SIZE_STEP) * SIZE_STEP + int(crypto_box_SEALBYTES)


def seal(election: Election, choice: Choice, receipt: str, cast_key: bytes) -> bytes:
    """Return the ciphertext of a choice, `election.ballot_length` bytes long."""
    if election.ballot_length is None or election.box_public_key is None:
        raise ValueError("A recorded election has no ballot box.")
    content = _content(election.public_id, uuid.uuid4().hex, choice, receipt)
    content["mac"] = _mac(content, cast_key)
    plain = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    size = election.ballot_length - int(crypto_box_SEALBYTES)
    if len(plain) >= size:
        raise ValueError("The ballot does not fit its election's fixed size.")
    return bytes(SealedBox(PublicKey(election.box_public_key)).encrypt(sodium_pad(plain, size)))


def unseal(election: Election, ciphertext: bytes, box_key: PrivateKey, cast_key: bytes) -> OpenedBallot:
    """Open one ballot; raises UnreadableBallot when it is not an untouched ballot of this election."""
    size = len(ciphertext) - int(crypto_box_SEALBYTES)
    try:
        content = json.loads(sodium_unpad(SealedBox(box_key).decrypt(ciphertext), size))
        mac = content.pop("mac")
        choice = Choice(tuple(content["candidates"]), content["nota"])
        expected = _content(election.public_id, content["ballot"], choice, content["receipt"])
        own = _mac(content, cast_key)
    # Whoever reads the public key of the box writes what they like: also what nests too deep.
    except (CryptoError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableBallot("cannot be decrypted") from error
    if content != expected:
        raise UnreadableBallot("is not a ballot of this election")
    if not isinstance(mac, str) or not mac.isascii() or not hmac.compare_digest(mac, own):
        raise UnreadableBallot("was not made by this installation")
    return OpenedBallot(content["ballot"], choice, content["receipt"])


def _content(election: uuid.UUID, ballot_id: str, choice: Choice, receipt: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "election": str(election),
        "ballot": ballot_id,
        "receipt": receipt,
        **choice.as_payload(),
    }


def _mac(content: dict[str, Any], cast_key: bytes) -> str:
    fields = hashing.text("cast/1") + hashing.json_value({key: content[key] for key in content if key != "mac"})
    return hmac.digest(cast_key, fields, "sha256").hex()
