"""The end of a staff session by silence: why, in words at the door, and the way back to the page."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from flask import flash, request, session
from flask_babel import gettext as _

from blueprints.http import current_actor
from models import StaffSession, StaffUser, transaction
from services import accounts
from services.context import platform

BACK = "back"
LONGEST_ADDRESS = 1000
"""Characters: the way back lies in the cookie, of which browsers keep 4 KB."""


def words() -> str:
    """Return why somebody has to sign in again."""
    minutes = platform().settings.session_idle_minutes
    said: str = _("You were signed out, because nothing was done here for %(minutes)s minutes.", minutes=minutes)
    return said


def lead_out(silent: StaffSession) -> None:
    """End the session, remember the page, which opens again for the same person only, and say so at the door."""
    user, where = silent.staff_user, _page()
    back = {"who": user.id, "page": where, "election": silent.election_id}
    actor = replace(current_actor(), role=user.role.value, id=user.id, name=user.username)
    with transaction():
        accounts.end_silent(silent.id, actor)
    session.clear()
    if where:
        session[BACK] = back
    again = _("Sign in, and the page opens again.") if where else _("Sign in again.")
    flash(" ".join((words(), again, _("What was typed and not saved is gone."))), "notice")


def way_back(user: StaffUser) -> tuple[str | None, int | None]:
    """Return the page on which this person's silent session ended, and the election that its desk showed."""
    back = session.get(BACK) or {}
    return (back["page"], back["election"]) if back.get("who") == user.id else (None, None)


def _page() -> str | None:
    """Return the page that was asked for; after a form the one it stood on, for an act is not done by coming back."""
    try:
        source = urlsplit(request.url if request.method == "GET" else request.referrer or "")
    except ValueError:
        return None
    where = source._replace(scheme="", netloc="", fragment="").geturl()
    ours = source.netloc == request.host and where.startswith("/") and not where.startswith(("//", "/\\"))
    return where if ours and len(where) <= LONGEST_ADDRESS else None
