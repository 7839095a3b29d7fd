"""Booth kiosks: opened by an officer for one election, a principal of their own until somebody ends them."""

from __future__ import annotations

from sqlalchemy import func, select

from models import Election, Kiosk, StaffUser, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.security import hash_token, new_token


def open_kiosk(election: Election, opened_by: StaffUser, actor: Actor) -> tuple[Kiosk, str]:
    """Make a kiosk for the election; return it and the token that its browser keeps."""
    token = new_token()
    number = db.session.scalar(select(func.count()).select_from(Kiosk).where(Kiosk.election_id == election.id)) or 0
    kiosk = Kiosk(
        name=f"Booth {number + 1}",
        election_id=election.id,
        opened_by=opened_by.id,
        token_hash=hash_token(token),
        ip_address=actor.ip,
        last_seen_at=utc_now(),
    )
    db.session.add(kiosk)
    audit_logger.record("staff:kiosk:opened", actor, election_id=election.id, kiosk=kiosk.name)
    return kiosk, token


def find_open(token: str) -> Kiosk | None:
    """Return the kiosk that holds this token, unless it was ended."""
    return db.session.scalar(select(Kiosk).where(Kiosk.token_hash == hash_token(token), Kiosk.ended_at.is_(None)))


def end_kiosk(kiosk_id: int, actor: Actor) -> None:
    """End a kiosk; its browser is nobody from then on."""
    kiosk = db.session.get_one(Kiosk, kiosk_id)
    kiosk.ended_at = utc_now()
    audit_logger.record("staff:kiosk:ended", actor, election_id=kiosk.election_id, kiosk=kiosk.name)
