"""The signed-in browsers of a member of staff: which there are, and the end of one or of all."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select, update

from models import StaffSession, StaffUser, db
from services import audit_logger
from services.accounts import is_open
from services.actor import Actor
from services.clock import utc_now
from services.errors import NotFound

SEEN_EVERY = timedelta(minutes=1)
"""A session's last sign of life is written down so often at most, so silence counts as up to a minute longer."""


def open_sessions(staff_id: int) -> list[StaffSession]:
    """Return the sessions that are still good, the one seen last first."""
    rows = select(StaffSession).where(_open(staff_id))
    return list(db.session.scalars(rows.order_by(StaffSession.last_seen_at.desc(), StaffSession.id.desc())))


def end_one(session_id: int, actor: Actor) -> None:
    """End one of the actor's own sessions; raises NotFound for anybody else's."""
    found = db.session.scalar(select(StaffSession).where(_open(actor.id or 0), StaffSession.id == session_id))
    if found is None:
        raise NotFound(_("This session is over already."))
    found.ended_at = utc_now()
    audit_logger.record("staff:session:ended", actor, subject_id=session_id)


def end_all(user: StaffUser, actor: Actor, but: int | None = None) -> int:
    """End the sessions of a member of staff, but for one, and return how many they were; silent ones count too."""
    ending = update(StaffSession).where(
        StaffSession.staff_user_id == user.id, StaffSession.ended_at.is_(None), StaffSession.id != (but or 0)
    )
    ended = db.session.scalars(ending.values(ended_at=utc_now()).returning(StaffSession.id)).all()
    audit_logger.record("staff:session:ended_all", actor, username=user.username, count=len(ended))
    return len(ended)


def is_stale(session: StaffSession) -> bool:
    """Tell whether it is time to note once more that this session is in use."""
    return utc_now() - session.last_seen_at >= SEEN_EVERY


def note_use(session_id: int) -> None:
    """Note that this session is in use."""
    db.session.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=utc_now()))


def _open(staff_id: int) -> ColumnElement[bool]:
    return (StaffSession.staff_user_id == staff_id) & is_open()
