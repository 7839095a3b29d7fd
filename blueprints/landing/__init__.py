"""The first page: two doors, Election Commission and Polling System."""

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.policy import public
from blueprints.principal import KIOSK_KEY
from services import elections, kiosks

bp = Blueprint("landing", __name__)
HOME = {"kiosk": "poll.index", "voter": "voter.elections"}
"""Where somebody goes who is signed in; staff go to the desk."""


@bp.get("/")
@public
def index() -> str | Response:
    """Show the doors, or go straight in for somebody who is signed in."""
    principal = g.get("principal")
    if principal is not None:
        return redirect(url_for(HOME.get(principal.role, "admin.dashboard")))
    stopped = kiosks.was_stopped(session.get(KIOSK_KEY))
    return render_template(
        "landing/index.html",
        room=request.args.get("room", "polling" if stopped else ""),
        error=_("This booth was stopped by the Election Commission. An officer can open it again.")
        if stopped
        else None,
        username="",
        elections=elections.current_booth_elections(),
    )
