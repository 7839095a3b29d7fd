"""What the live desk shows beside the result: the last alerts, the kiosks, the time that is left."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from models import AuthEvent, AuthMethod, AuthResult, BallotPass, Channel, Election, ElectionStatus, Kiosk, db
from services import elections, membership
from services.actor import Actor
from services.errors import NotFound
from services.kiosks import SILENT_AFTER
from services.voters import format_voter_number

ALERTS_SHOWN = 5
MINUTES_A_DAY = 24 * 60


class Urgency(enum.StrEnum):
    BAD = "bad"
    WARN = "warn"


@dataclass(frozen=True)
class Alert:
    """An attempt that somebody should look at; `at` is UTC."""

    urgency: Urgency
    title: str
    words: str
    at: datetime


@dataclass(frozen=True)
class KioskState:
    """A kiosk that was not ended; `state` is voting, ready, silent, or over once the election is closed."""

    name: str
    state: str
    seen: str


def election_for(chosen: int | None, actor: Actor) -> Election | None:
    """Return the election that the desk shows: the chosen one, else the open one, else the newest; None of others."""
    visible = elections.visible_elections(actor)
    found = next((election for election in visible if election.id == chosen), None)
    return found or next(filter(_has_open_booth, reversed(visible)), None) or next(iter(visible), None)


def visible_election(election_id: int, actor: Actor) -> Election:
    """Return one of the elections that this member of staff may see; raises NotFound."""
    found = db.session.scalar(select(Election).where(Election.id == election_id, membership.seen_by(actor)))
    if found is None:
        raise NotFound(_("There is no election with this number."))
    return found


def _has_open_booth(election: Election) -> bool:
    return election.status is ElectionStatus.ACTIVE and Channel.BOOTH in election.channels


def time_left(election: Election, now: datetime) -> str | None:
    """Return how long voting still goes on, e.g. `3 h 18 min`; None when nobody can vote now."""
    if election.status is not ElectionStatus.ACTIVE or not election.opens_at <= now < election.closes_at:
        return None
    minutes = int((election.closes_at - now).total_seconds()) // 60
    if minutes >= 2 * MINUTES_A_DAY:
        return _("%(days)s days", days=minutes // MINUTES_A_DAY)
    return _("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)


def recent_alerts(election: Election, limit: int = ALERTS_SHOWN) -> list[Alert]:
    """Return the last refused attempts and identifications by document, newest first."""
    events = db.session.scalars(
        select(AuthEvent)
        .where(AuthEvent.election_id == election.id)
        .where((AuthEvent.result != AuthResult.SUCCESS) | (AuthEvent.method == AuthMethod.DOCUMENT))
        .order_by(AuthEvent.created_at.desc(), AuthEvent.id.desc())
        .limit(limit)
    ).all()
    names = _kiosk_names({event.kiosk_id for event in events if event.kiosk_id})
    return [_alert(event, names.get(event.kiosk_id or 0)) for event in events]


def kiosks_of(election: Election, now: datetime) -> list[KioskState]:
    """Return the kiosks of an election that were not ended, with the last sign of life of each."""
    rows = db.session.scalars(
        select(Kiosk).where(Kiosk.election_id == election.id, Kiosk.ended_at.is_(None)).order_by(Kiosk.id)
    ).all()
    voting = set(
        db.session.scalars(
            select(BallotPass.kiosk_id).where(
                BallotPass.election_id == election.id,
                BallotPass.used_at.is_(None),
                BallotPass.ended_at.is_(None),
                BallotPass.expires_at > now,
            )
        )
    )
    is_open = election.status is ElectionStatus.ACTIVE
    return [_kiosk_state(kiosk, kiosk.id in voting, is_open, now) for kiosk in rows]


def _kiosk_state(kiosk: Kiosk, voting: bool, is_open: bool, now: datetime) -> KioskState:
    silence = now - kiosk.last_seen_at
    state = "voting" if voting else "silent" if silence > SILENT_AFTER else "ready"
    state = state if is_open else "over"
    return KioskState(kiosk.name, state, ago(silence))


def ago(span: timedelta) -> str:
    """Return e.g. `Seen 4 s ago`, in the largest unit that fits."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 100:
        return _("Seen %(count)s s ago", count=seconds)
    if seconds < 100 * 60:
        return _("Seen %(count)s min ago", count=seconds // 60)
    return _("Seen %(count)s h ago", count=seconds // 3600)


def _alert(event: AuthEvent, kiosk: str | None) -> Alert:
    words = _("voter ID %(number)s", number=format_voter_number(event.voter_id_input[:40]))
    words = f"{kiosk}, {words}." if kiosk else f"{words[:1].upper()}{words[1:]}."
    if event.method is AuthMethod.DOCUMENT:
        return Alert(Urgency.WARN, _("Identified by document"), words, event.created_at)
    if event.result is AuthResult.MISMATCH:
        return Alert(Urgency.BAD, _("Face does not match"), words, event.created_at)
    return Alert(Urgency.WARN, _("Voter not recognised"), words, event.created_at)


def _kiosk_names(ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    return {row.id: row.name for row in db.session.execute(select(Kiosk.id, Kiosk.name).where(Kiosk.id.in_(ids)))}
