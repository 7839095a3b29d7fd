"""Booth kiosks: opened by an officer for one election, a principal of their own until somebody ends them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import joinedload

from models import BallotPass, Challenge, Election, ElectionStatus, Kiosk, KioskUse, StaffUser, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, NotFound
from services.identification import passes
from services.membership import may_see
from services.security import hash_token, new_token

BEAT_SECONDS = 20
NAME_LOCK = 0x4B494F53
"""Class of the advisory locks under which an election's booths are numbered."""
SILENT_AFTER = timedelta(minutes=2)
"""Six missed signs of life; a restart of the server takes less."""


class Sign(enum.StrEnum):
    """How a booth stands, for whoever looks after the booths."""

    READY = "ready"
    IN_USE = "in_use"
    SILENT = "silent"
    OVER = "over"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Booth:
    """A kiosk that is open or was stopped; `silence` is the time since its last sign of life."""

    id: int
    name: str
    sign: Sign
    use: KioskUse
    seen_at: datetime
    silence: timedelta
    opened_by: str
    stopped_by: str | None
    stopped_at: datetime | None


def open_kiosk(election: Election, opened_by: StaffUser, actor: Actor) -> tuple[Kiosk, str]:
    """Make a kiosk for the election; return it and the token that its browser keeps."""
    token = new_token()
    db.session.execute(select(func.pg_advisory_xact_lock(NAME_LOCK, election.id)))
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
    """Return the kiosk that holds this token, with its election, unless it was ended."""
    mine = Kiosk.token_hash == hash_token(token), Kiosk.ended_at.is_(None)
    return db.session.scalar(select(Kiosk).where(*mine).options(joinedload(Kiosk.election)))


def was_stopped(token: object) -> bool:
    """Tell whether the kiosk that holds this token was stopped from the desk."""
    if not isinstance(token, str):
        return False
    stopped = exists().where(Kiosk.token_hash == hash_token(token), Kiosk.stopped_by.is_not(None))
    return bool(db.session.scalar(select(stopped)))


def end_kiosk(kiosk_id: int, actor: Actor) -> None:
    """End a kiosk; its browser is nobody from then on."""
    kiosk = db.session.get_one(Kiosk, kiosk_id)
    kiosk.ended_at = utc_now()
    audit_logger.record("staff:kiosk:ended", actor, election_id=kiosk.election_id, kiosk=kiosk.name)


def stop_kiosk(kiosk_id: int, reason: str, actor: Actor) -> Kiosk:
    """End a kiosk from the desk: its open ballot ends without a vote, its browser is nobody from now on.

    A cast under way is waited for, and stands. `actor` is a member of staff. Raises NotFound, and Conflict when the
    kiosk was ended before.
    """
    # No stronger lock: whoever writes an attempt at this kiosk holds a share of its key, and may hold what we wait for.
    kiosk = db.session.get(Kiosk, kiosk_id, with_for_update={"key_share": True}, populate_existing=True)
    if kiosk is None or not may_see(actor, kiosk.election_id):
        raise NotFound(_("There is no such booth."))
    if kiosk.ended_at is not None:
        raise Conflict(_("This booth is not open any more."))
    _end_checks(kiosk)
    passes.end_open(kiosk, actor)
    kiosk.ended_at, kiosk.stopped_by, kiosk.state = utc_now(), actor.id, KioskUse.IDLE
    audit_logger.record("staff:kiosk:stopped", actor, election_id=kiosk.election_id, kiosk=kiosk.name, reason=reason)
    return kiosk


def _end_checks(kiosk: Kiosk) -> None:
    """Use up the checks under way and wipe them; they do not count against the voter, who did not end them."""
    waiting = update(Challenge).where(Challenge.kiosk_id == kiosk.id, Challenge.used_at.is_(None))
    db.session.execute(waiting.values(used_at=utc_now(), state={}))


def sign_of_life(kiosk: Kiosk) -> KioskUse:
    """Note that the kiosk's page is there, and what goes on in the booth: told by the tables, not by the page."""
    now = utc_now()
    ballot = exists().where(
        BallotPass.kiosk_id == kiosk.id, BallotPass.used_at.is_(None), BallotPass.ended_at.is_(None),
        BallotPass.expires_at > now,
    )  # fmt: skip
    check = exists().where(Challenge.kiosk_id == kiosk.id, Challenge.used_at.is_(None), Challenge.expires_at > now)
    voting, identifying = db.session.execute(select(ballot, check)).one()
    kiosk.last_seen_at = now
    kiosk.state = KioskUse.VOTING if voting else KioskUse.IDENTIFYING if identifying else KioskUse.IDLE
    return kiosk.state


def booths(election: Election, now: datetime) -> list[Booth]:
    """Return the election's kiosks that are open or were stopped, in the order they were opened."""
    opened = select(StaffUser.username).where(StaffUser.id == Kiosk.opened_by).scalar_subquery()
    stopped = select(StaffUser.username).where(StaffUser.id == Kiosk.stopped_by).scalar_subquery()
    rows = db.session.execute(
        select(Kiosk, opened, stopped)
        .where(Kiosk.election_id == election.id, or_(Kiosk.ended_at.is_(None), Kiosk.stopped_by.is_not(None)))
        .order_by(Kiosk.id)
    )
    is_open = election.status is ElectionStatus.ACTIVE
    return [_booth(kiosk, opener, stopper, is_open, now) for kiosk, opener, stopper in rows]


def _booth(kiosk: Kiosk, opened_by: str, stopped_by: str | None, is_open: bool, now: datetime) -> Booth:
    silence = max(timedelta(), now - kiosk.last_seen_at)
    use = Sign.READY if kiosk.state is KioskUse.IDLE else Sign.IN_USE
    sign = Sign.STOPPED if kiosk.ended_at else Sign.SILENT if silence > SILENT_AFTER else use
    sign = sign if is_open or kiosk.ended_at else Sign.OVER
    return Booth(
        kiosk.id, kiosk.name, sign, kiosk.state, kiosk.last_seen_at, silence, opened_by, stopped_by, kiosk.ended_at
    )
