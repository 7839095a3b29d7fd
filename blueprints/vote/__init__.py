"""Voting from anywhere by a mailed link: the pages behind it, and the same in JSON under the ordered addresses."""

from flask import Blueprint

bp = Blueprint("vote", __name__)

from blueprints.vote import account, calls, link, password  # noqa: E402,F401
