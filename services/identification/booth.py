"""The voter who leaves, the voter who walked away, and the voter who calls the officer."""

from __future__ import annotations

from models import Kiosk, db
from services import audit_logger
from services.actor import Actor
from services.errors import NotFound
from services.identification import passes
from services.identification.challenges import clear_booth


def kiosk_of(kiosk_id: int) -> Kiosk:
    """Return the kiosk of the present principal; raises NotFound when it was ended meanwhile."""
    kiosk = db.session.get(Kiosk, kiosk_id)
    if kiosk is None or kiosk.ended_at is not None:
        raise NotFound()
    return kiosk


def leave(kiosk: Kiosk, actor: Actor) -> None:
    """Clear the booth: an open ballot ends without a vote, a challenge begun counts as failed."""
    clear_booth(kiosk, actor)


def abandon(kiosk: Kiosk, actor: Actor) -> bool:
    """Close the ballot of a voter who walked away; tell whether one was open, so that no vote was cast with it."""
    return passes.abandon(kiosk, actor) > 0


def call_officer(kiosk: Kiosk, actor: Actor) -> None:
    """Note that the officer was called to this kiosk."""
    audit_logger.record("kiosk:officer:called", actor, election_id=kiosk.election_id, kiosk=kiosk.name)
