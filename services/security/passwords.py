"""Passwords: bcrypt over a SHA-256/base64 pre-hash, so that nothing after 72 bytes is cut (design, section 8)."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import bcrypt

COST = 12
PREHASHED = "sha256+"
MIN_LENGTH = 10


def hash_password(password: str, cost: int | None = None) -> str:
    """Return `sha256+$2b$…` for a password of any length; `cost` is bcrypt's, `COST` unless given."""
    return PREHASHED + bcrypt.hashpw(_prehash(password), bcrypt.gensalt(cost or COST)).decode("ascii")


def verify_password(password: str, stored: str) -> tuple[bool, bool]:
    """Return (matches, needs_rehash); a plain `$2b$` hash is accepted and wants to be rehashed."""
    plain = not stored.startswith(PREHASHED)
    secret = password.encode()[:72] if plain else _prehash(password)
    try:
        matches = bcrypt.checkpw(secret, stored.removeprefix(PREHASHED).encode("ascii"))
    except ValueError:
        return False, False
    return matches, matches and plain


def waste_time(password: str) -> None:
    """Do the work of one check for an unknown account, so that the time of an answer tells nothing."""
    verify_password(password, _decoy(COST))


@cache
def _decoy(cost: int) -> str:
    return hash_password("nobody's password", cost)


def _prehash(password: str) -> bytes:
    return base64.b64encode(hashlib.sha256(password.encode()).digest())
