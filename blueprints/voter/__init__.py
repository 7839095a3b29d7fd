"""A voter's own pages: registering, signing in, my elections."""

from flask import Blueprint

bp = Blueprint("voter", __name__, url_prefix="/voter")

from blueprints.voter import (  # noqa: E402
    account,
    checked_in,
    device,
    elections,
    identity,
    leaving,
    meetings,
    password,
    proofs,
    registering,
    signing_in,
)

__all__ = [
    "account",
    "bp",
    "checked_in",
    "device",
    "elections",
    "identity",
    "leaving",
    "meetings",
    "password",
    "proofs",
    "registering",
    "signing_in",
]
