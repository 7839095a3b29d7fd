"""The own account of whoever is signed in at the desk: password, sessions, second step."""

from flask import Blueprint

bp = Blueprint("account", __name__, url_prefix="/account")

from blueprints.account import second_step, views  # noqa: E402,F401
