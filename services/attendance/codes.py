"""The code of a meeting: six characters derived from the session's secret, so that no table holds it.

A fixed code belongs to a version, which "a new code" raises; a rolling one also to a step of 30 seconds.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models import AttendanceSession
from services.context import platform

ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"
"""No 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B: whoever reads a code out is understood."""
LENGTH = 6
STEP_SECONDS = 30
STEPS_BACK = 1
"""The code before the present one still counts: it was on the screen while somebody typed."""
STEPS_KNOWN = 20
"""Codes of the last ten minutes are known as old ones: whoever types one is flagged, not refused."""


@dataclass(frozen=True)
class Shown:
    """What the big screen shows; `until` is when this code changes or ends, None for a fixed one without an end."""

    code: str
    until: datetime | None


@dataclass(frozen=True)
class Fit:
    """How a typed code fits: not at all, or so many seconds after its time (0: in time)."""

    known: bool
    seconds_late: int = 0


def new_secret() -> bytes:
    """Return 256 random bits, encrypted for the column `code_secret`."""
    return platform().cipher.encrypt(secrets.token_bytes(32))


def shown(session: AttendanceSession, now: datetime) -> Shown:
    """Return the code of this moment; a rolling one until its step ends."""
    step = _step(session, now)
    until = session.code_expires_at
    if session.rolling:
        turn = datetime.fromtimestamp((step + 1) * STEP_SECONDS, UTC)
        until = turn if until is None else min(turn, until)
    return Shown(_code(_secret(session), session.code_version, step), until)


def fit(session: AttendanceSession, typed: str, now: datetime) -> Fit:
    """Tell whether a typed code is one of this session, and how many seconds after its time it comes."""
    wanted, secret = normalised(typed).encode(), _secret(session)
    step, late = _step(session, now), _seconds_after_expiry(session, now)
    # No early end: the time of an answer tells nothing about which code was near.
    ages = [age for age in range(STEPS_KNOWN + 1 if session.rolling else 1)
            if hmac.compare_digest(_code(secret, session.code_version, step - age).encode(), wanted)]  # fmt: skip
    if not ages:
        return Fit(False)
    return Fit(True, max(late, (ages[0] - STEPS_BACK) * STEP_SECONDS, 0))


def normalised(typed: str) -> str:
    """Return a typed code in capitals without spaces and hyphens."""
    return "".join(typed.split()).replace("-", "").upper()


def _seconds_after_expiry(session: AttendanceSession, now: datetime) -> int:
    over = session.code_expires_at
    return 0 if over is None or now <= over else max(1, round((now - over) / timedelta(seconds=1)))


def _step(session: AttendanceSession, now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS if session.rolling else 0


def _secret(session: AttendanceSession) -> bytes:
    return platform().cipher.decrypt(session.code_secret)


def _code(secret: bytes, version: int, step: int) -> str:
    """Return the code of a step: HMAC-SHA-256 truncated as in HOTP (RFC 4226), in base 25 instead of base 10."""
    digest = hmac.digest(secret, f"attendance code/{version}/{step}".encode(), "sha256")
    number, code = int.from_bytes(digest[:16]), ""
    for _place in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        code += ALPHABET[index]
    return code
