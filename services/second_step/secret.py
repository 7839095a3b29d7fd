"""The secret that an authenticator app and the server share, and the codes of it (TOTP, RFC 6238: SHA-1, 30 s, 6)."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp
from cryptography.fernet import InvalidToken

from models import StaffUser
from services.clock import utc_now
from services.context import platform
from services.qr_code import inline

STEP_SECONDS = 30
WINDOW = 1
"""Steps before and after the present one that are accepted: clocks differ, and people type slowly (RFC 6238, 5.2)."""
DIGITS = 6
GROUP = 4
ISSUER = "Smart Voting"
SETUP_SECONDS = 1800
"""How long the setup page is good."""
SETUP = "totp setup"
STORED = "totp"
NEVER = 0


def new_secret() -> str:
    """Return 160 random bits in base32, the length of RFC 4226."""
    return pyotp.random_base32()


def grouped(secret: str) -> str:
    """Return the secret in groups of four, to type by hand."""
    return " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))


def qr_code(secret: str, username: str) -> str:
    """Return the QR code for the app as SVG without styles, scripts or sizes."""
    return inline(pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER))


def step_of(code: str, secret: str, now: datetime) -> int | None:
    """Return the 30 s step that a typed code belongs to, None when it belongs to none of the window."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    steps = range(present - WINDOW, present + WINDOW + 1)
    fitting = [step for step in steps if hmac.compare_digest(totp.at(step * STEP_SECONDS), typed)]
    return fitting[-1] if fitting else None


def seal(secret: str, user_id: int, use: str, until: int = NEVER) -> bytes:
    """Encrypt the secret with what it is for, whose it is and until when (seconds), so that rows cannot be swapped."""
    return platform().cipher.encrypt(f"{use}|{user_id}|{until}|{secret}".encode())


def unseal(sealed: bytes, user_id: int, use: str, now: datetime) -> str | None:
    """Return the secret, None when it is not ours, somebody else's, for another use, or over."""
    try:
        kind, owner, until, secret = platform().cipher.decrypt(sealed).decode().split("|")
    except (InvalidToken, ValueError):
        return None
    good = (kind, owner) == (use, str(user_id)) and (int(until) == NEVER or int(until) > now.timestamp())
    return secret if good else None


def stored_secret(user: StaffUser) -> str | None:
    """Return the secret of a person whose second step is set up."""
    return unseal(user.totp_secret, user.id, STORED, utc_now()) if user.totp_secret else None
