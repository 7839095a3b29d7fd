"""Recovery codes: ten that stand in for the app once each, shown once, stored as hashes."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, func, select, update

from models import RecoveryCode, StaffUser, db
from services.clock import utc_now
from services.security import hash_token

COUNT = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is mistaken for each other in print."""
GROUPS, LENGTH = 4, 4
"""16 of 31 signs make 79 bits: a hash needs no salt or slowness against that."""


def renew(user: StaffUser) -> list[str]:
    """Make ten new codes, worth nothing the ones before, and return them: they are known only now."""
    forget(user)
    codes = [_draw() for _number in range(COUNT)]
    db.session.add_all(RecoveryCode(staff_user_id=user.id, code_hash=_hash(code)) for code in codes)
    db.session.flush()
    return codes


def forget(user: StaffUser) -> None:
    """Delete the codes of a person."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_user_id == user.id))


def left(user: StaffUser) -> int:
    """Return how many codes are unused."""
    unused = select(func.count()).where(RecoveryCode.staff_user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def spend(user: StaffUser, typed: str) -> bool:
    """Use a code up; tell whether it was one. Of two at once one is."""
    mine = RecoveryCode.staff_user_id == user.id, RecoveryCode.code_hash == _hash(typed)
    spending = update(RecoveryCode).where(*mine, RecoveryCode.used_at.is_(None)).values(used_at=utc_now())
    return db.session.scalar(spending.returning(RecoveryCode.id)) is not None


def looks_like_one(typed: str) -> bool:
    """Tell whether the text is as long as a recovery code; a code of the app is shorter."""
    return len(_plain(typed)) == GROUPS * LENGTH


def _draw() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _sign in range(LENGTH)) for _group in range(GROUPS))


def _plain(typed: str) -> str:
    return "".join(sign for sign in typed.lower() if sign.isalnum())


def _hash(code: str) -> bytes:
    return hash_token(_plain(code))
