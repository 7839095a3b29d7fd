"""Making something once, however often a program asks with the same key: its answer may have been lost on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import lazy_gettext as N_
from sqlalchemy import delete, func, select

from models import ApiRequest, db
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict

KEPT = timedelta(hours=24)
"""How long a key is known; long enough for a phone that is out of reach for a day."""
LOCK = 0x41504952
"""Class of the advisory locks under which the same key waits for itself."""


class KeyReused(Conflict):
    code = "key_reused"
    message = N_("This Idempotency-Key belongs to another request. Draw a new one.")


@dataclass(frozen=True)
class Repeatable:
    """A request that may come twice: its operation, the key of the program, and all that it says."""

    operation: str
    key: str
    said: tuple[bytes, ...]


def once(asked: Repeatable | None, actor: Actor, make: Callable[[], object]) -> str:
    """Return the id of what `make` made, now or when the same member of staff asked the same before.

    Without a key it is made each time. Kept are one-way functions of key and request, never what was sent. Raises
    KeyReused for a key under which something else was asked.
    """
    if asked is None or actor.id is None:
        return str(make())
    key, said = _digest([asked.operation.encode(), asked.key.encode()]), _digest(asked.said)
    db.session.execute(select(func.pg_advisory_xact_lock(LOCK, func.hashtext(f"{actor.id}/{key.hex()}"))))
    old = ApiRequest.staff_user_id == actor.id, ApiRequest.created_at < utc_now() - KEPT
    db.session.execute(delete(ApiRequest).where(*old))
    known = db.session.scalar(select(ApiRequest).filter_by(staff_user_id=actor.id, key_hash=key))
    if known is None:
        made = str(make())
        db.session.add(
            ApiRequest(staff_user_id=actor.id, key_hash=key, said_hash=said, made=made, created_at=utc_now())
        )
        db.session.flush()
        return made
    if known.said_hash != said:
        raise KeyReused()
    return known.made


def _digest(parts: Iterable[bytes]) -> bytes:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.digest()
