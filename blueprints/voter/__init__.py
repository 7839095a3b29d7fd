"""A voter's own pages: registering, signing in, my elections."""

from flask import Blueprint

bp = Blueprint("voter", __name__, url_prefix="/voter")

from blueprints.voter import account, device, elections, identity, meetings, password, registering, signing_in  # noqa: E402,F401
