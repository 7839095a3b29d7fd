"""A member's device proves itself: a key pair that the browser never lets out signs a fresh challenge each time."""

from __future__ import annotations

import hashlib
import hmac
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from flask_babel import gettext as _

from services.context import platform
from services.errors import ValidationFailed

HALF = 32
"""Bytes of each of r and s: WebCrypto signs with both one after the other (IEEE P1363), not in DER."""
MOST_KEY_BYTES = 200
"""A P-256 key takes 91."""
DOMAIN = b"smart-voting/check-in/"


def message(attempt_id: uuid.UUID, nonce: bytes) -> bytes:
    """Return what the device signs: it names the check-in, so that no signature serves for another."""
    return DOMAIN + attempt_id.bytes + nonce


def read_key(content: bytes) -> bytes:
    """Return a P-256 public key in its one spelling (SubjectPublicKeyInfo); raises ValidationFailed for all else."""
    refusal = ValidationFailed(fields={"public_key": _("This is no key of this browser. Load the page again.")})
    if len(content) > MOST_KEY_BYTES:
        raise refusal
    try:
        key = load_der_public_key(content)
    except Exception as error:  # The library raises several kinds for what is no key.
        raise refusal from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise refusal
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def is_signed(public_key: bytes, signature: bytes, content: bytes) -> bool:
    """Tell whether the key signed this content with ECDSA over SHA-256."""
    if len(signature) != 2 * HALF:
        return False
    key = load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    spelled = encode_dss_signature(int.from_bytes(signature[:HALF]), int.from_bytes(signature[HALF:]))
    try:
        key.verify(spelled, content, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def key_fingerprint(public_key: bytes) -> bytes:
    """Return the SHA-256 under which a key is compared."""
    return hashlib.sha256(public_key).digest()


def platform_fingerprint(platform_id: str) -> bytes:
    """Return the keyed hash under which an app's platform ID is compared: whoever has the table cannot try IDs out."""
    key = hashlib.sha256(b"smart-voting/device/" + platform().settings.secret_key.encode()).digest()
    return hmac.digest(key, platform_id.strip().encode(), "sha256")
