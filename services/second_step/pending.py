"""Between the two steps of signing in: a sealed text says whose password was right, for five minutes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken

from models import StaffUser, db
from services.clock import utc_now
from services.context import platform
from services.security import hash_token

LASTS = timedelta(minutes=5)
USE = "second step"


def begin(user: StaffUser) -> str:
    """Return what the browser keeps until the code is typed."""
    until = int((utc_now() + LASTS).timestamp())
    held = {"use": USE, "user": user.id, "mark": _mark(user), "until": until}
    return platform().cipher.encrypt(json.dumps(held).encode()).decode("ascii")


def resume(pending: object) -> StaffUser | None:
    """Return whose password was right; None when that is too long ago, or password or account changed since."""
    held = _opened(pending)
    if held.get("use") != USE or held["until"] <= utc_now().timestamp():
        return None
    user = db.session.get(StaffUser, held["user"])
    return user if user is not None and user.is_active and _mark(user) == held["mark"] else None


def _opened(pending: object) -> dict[str, Any]:
    if not isinstance(pending, str):
        return {}
    try:
        held = json.loads(platform().cipher.decrypt(pending.encode()))
    except (InvalidToken, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _mark(user: StaffUser) -> str:
    return hash_token(user.password_hash).hex()
