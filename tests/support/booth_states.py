"""Booths of every kind for the pages that look after them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from models import Election, StaffUser, db
from services import kiosks
from services.actor import Actor
from services.clock import utc_now
from tests import factories
from tests.support.checkins import Booth, make_booth

NAME = "judith.adeyemi"


def fill(election: Election) -> None:
    """Give the election booths that are ready, in use, silent and stopped, and one whose sheet does not balance."""
    db.session.rollback()
    if db.session.scalar(select(StaffUser).where(StaffUser.username == NAME)) is not None:
        return
    user = factories.StaffUserFactory(username=NAME)
    ready, used, silent, stopped = (make_booth(election) for _number in range(4))
    _life(ready)
    used.waiting(utc_now(), document=True)
    ready.recognised(utc_now() - timedelta(hours=1))
    kiosks.sign_of_life(used.kiosk)
    silent.kiosk.last_seen_at = utc_now() - timedelta(minutes=6)
    kiosks.stop_kiosk(stopped.kiosk.id, "Fire alarm", Actor("admin", user.id, user.username))
    db.session.commit()


def _life(booth: Booth) -> None:
    now = utc_now()
    for number in range(9):
        at = now - timedelta(minutes=13 * number + 5)
        booth.refused(at) if number % 4 == 3 else booth.left(at, document=number % 2 == 0)
    booth.expired(now - timedelta(minutes=70))
    booth.abandoned(now - timedelta(minutes=71))
