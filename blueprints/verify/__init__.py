"""Check by anybody: public pages and files to verify an election with."""

from flask import Blueprint

bp = Blueprint("verify", __name__, url_prefix="/verify")

from blueprints.verify import election, evidence, heads  # noqa: E402,F401
from blueprints.verify.head_mails import stop_mails  # noqa: E402,F401
