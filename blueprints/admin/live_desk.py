"""The live desk as it is pushed: the sheets of the page, counted once for everybody who watches an election."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import streams
from blueprints.admin import bp
from blueprints.http import current_actor
from blueprints.policy import requires
from blueprints.principal import STAFF_KEY
from blueprints.result_context import result_context
from models import Election, transaction
from services import accounts, audit_logger, desk, desk_figures, elections, identification
from services.actor import Actor
from services.charts import column_chart
from services.clock import utc_now
from services.context import platform
from services.errors import NotFound
from services.result_rules import shows_counts
from services.result_words import balance_sentence, under_review_sentence
from services.results import result_of
from services.security import Permission, has_permission

KIND = "desk"


@bp.get("/live/<int:election_id>")
@requires(Permission.VIEW_DESK)
def live_desk(election_id: int) -> ResponseReturnValue:
    """Answer the sheets of the live desk: as a stream on `Accept: text/event-stream`, else once, to poll every 3 s."""
    election = desk.visible_election(election_id, current_actor())
    note_view(election)
    return streams.answer((KIND, election.id), still_allowed(election.id, Permission.VIEW_DESK))


def sheets(election: Election, now: datetime) -> dict[str, Any]:
    """Return what the template `partials/live_desk.html` shows; the same for everybody who may see the election."""
    result = result_of(election, now)
    turnout = desk_figures.turnout(election, now, platform().settings.timezone)
    return {
        "election": election,
        "result": result_context(result),
        "balance": balance_sentence(result.balance, result.secret),
        "under_review": under_review_sentence(identification.under_review(election)),
        "turnout": turnout,
        "chart": column_chart(turnout.columns, _("Votes cast over time"), "hours"),
        "left": desk.time_left(election, now),
        "attempts": desk_figures.attempts(election),
        "alerts": desk.recent_alerts(election),
        "kiosks": desk.kiosks_of(election, now),
        "now": now,
    }


def make(election_id: int) -> dict[str, Any]:
    """Return the snapshot of an election for the hub."""
    context = sheets(elections.get_election(election_id), utc_now())
    html = render_template("partials/live_desk.html", **context)
    return {"status": context["result"]["status"], "html": html}


def note_view(election: Election) -> None:
    """Write down once an hour who watches counts (design, section 8: result views by staff are audited)."""
    if shows_counts(election):
        with transaction():
            audit_logger.record_hourly("staff:result:viewed", current_actor(), election_id=election.id)


def still_allowed(election_id: int, permission: Permission) -> streams.Allowed:
    """Return what tells whether the session of this request may still see the election."""
    token = session.get(STAFF_KEY, "")
    return lambda: _may_see(token, election_id, permission)


def _may_see(token: str, election_id: int, permission: Permission) -> bool:
    found = accounts.find_session(token)
    user = found.staff_user if found is not None else None
    if user is None or not has_permission(user.role.value, permission):
        return False
    try:
        desk.visible_election(election_id, Actor(user.role.value, user.id, user.username))
    except NotFound:
        return False
    return True
