"""Random bearer tokens; the database keeps only their SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token() -> str:
    """Return 256 random bits as base64url text."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """Return the 32-byte SHA-256 under which a token is stored."""
    return hashlib.sha256(token.encode()).digest()


def same_token(given: str, wanted: str) -> bool:
    """Compare two tokens in a time that does not tell how much of them agrees."""
    return hmac.compare_digest(given.encode(), wanted.encode())
