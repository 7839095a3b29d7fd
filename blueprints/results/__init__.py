"""The public result: a page and its figures."""

from flask import Blueprint

bp = Blueprint("results", __name__, url_prefix="/results")

from blueprints.results import views  # noqa: E402,F401
