"""The first page: two doors, Election Commission and Polling System."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints.policy import public
from services import elections

bp = Blueprint("landing", __name__)


@bp.get("/")
@public
def index() -> str | Response:
    """Show the doors, or go straight in for somebody who is signed in."""
    principal = g.get("principal")
    if principal is not None:
        return redirect(url_for("poll.index" if principal.role == "kiosk" else "admin.dashboard"))
    return render_template(
        "landing/index.html",
        room=request.args.get("room", ""),
        error=None,
        username="",
        elections=elections.current_booth_elections(),
    )
