"""Which elections a transaction touched, told to the hub once it is committed.

The message is not sent inside the transaction: PostgreSQL lets only one transaction at a time commit with a NOTIFY in
it, and a vote must never wait for that.
"""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.orm import SessionTransaction

from models import db
from models.base import RoleSession
from services.context import live_hub

TOUCHED = "live"
"""Key of the session's own notes."""


def touch(election_id: int, topic: str) -> None:
    """Note that open pages of this election are out of date; sent after the commit, at most once a second.

    `topic` is a word of the audit log such as `vote` or `kiosk`: never a person, a choice, or a number.
    """
    db.session.info.setdefault(TOUCHED, set()).add((election_id, topic))


def _committed(session: RoleSession) -> None:
    touched: set[tuple[int, str]] = session.info.pop(TOUCHED, set())
    for election_id, topic in touched:
        live_hub().touched(election_id, topic)


def _rolled_back(session: RoleSession, previous: SessionTransaction) -> None:
    if previous.parent is None:
        session.info.pop(TOUCHED, None)


event.listen(RoleSession, "after_commit", _committed)
event.listen(RoleSession, "after_soft_rollback", _rolled_back)
