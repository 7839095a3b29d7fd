"""The election that the desk shows to who asks: views and the frame around every desk page share one answer."""

from __future__ import annotations

from flask import g, request

from blueprints.http import current_actor
from models import Election
from services import desk

KEY = "smart_voting.election_at_the_desk"


def election_at_the_desk() -> Election | None:
    """Return the election that the desk shows, asked once a request; None while there is none to show."""
    found: Election | None = request.environ.get(KEY)
    if found is None:
        found = desk.election_for(g.principal.election_id, current_actor())
        request.environ[KEY] = found
    return found
