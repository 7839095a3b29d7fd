"""Check by anybody: public pages and files to verify an election with."""

from flask import Blueprint

bp = Blueprint("verify", __name__, url_prefix="/verify")

from blueprints.verify import election, evidence, head_mails, heads  # noqa: E402,F401
