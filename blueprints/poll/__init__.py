"""The booth: type the voter ID, show a live face, vote."""

from flask import Blueprint

bp = Blueprint("poll", __name__, url_prefix="/poll")

from blueprints.poll import ballot, heartbeat, identify, officer, place  # noqa: E402,F401
