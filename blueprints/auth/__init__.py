"""Signing in and out: one form, two rooms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, jsonify, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import KIOSK_KEY, STAFF_KEY
from models import StaffUser, transaction
from services import accounts, elections, kiosks
from services.errors import DomainError
from services.security import Permission, has_permission

bp = Blueprint("auth", __name__)


@bp.post("/login")
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.account_key)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def login() -> ResponseReturnValue:
    """Sign a staff member in (room `commission`) or turn this browser into a kiosk (room `polling`)."""
    values = body()
    room, username = text_field(values, "room"), text_field(values, "username")
    with transaction():
        outcome = accounts.authenticate(username, text_field(values, "password", limit=1000), current_actor())
    if outcome.user is None:
        return _refuse(401 if outcome.retry_after is None else 429, outcome.message, room, username)
    session.clear()
    session.permanent = True
    try:
        with transaction():
            where = _enter_booth(values, outcome.user) if room == "polling" else _enter_desk(outcome.user)
    except DomainError as error:
        return _refuse(error.status, error.message, room, username)
    return jsonify({"redirect": where}) if wants_json() else redirect(where)


@bp.post("/logout")
@public
def logout() -> ResponseReturnValue:
    """Sign out; a kiosk is left with a staff member's password only."""
    principal = g.principal
    if principal is not None and principal.role == "kiosk":
        values = body()
        with transaction():
            outcome = accounts.authenticate(
                text_field(values, "username"), text_field(values, "password", limit=1000), current_actor()
            )
            allowed = outcome.user is not None and has_permission(outcome.user.role, Permission.OPEN_KIOSK)
            if allowed:
                kiosks.end_kiosk(principal.id, current_actor())
        if not allowed:
            return _refuse(403, _("Leaving the kiosk needs the password of an officer."), "polling", "")
    elif principal is not None:
        with transaction():
            accounts.end_session(principal.session_id, current_actor())
    session.clear()
    return jsonify({"redirect": url_for("landing.index")}) if wants_json() else redirect(url_for("landing.index"))


def _enter_desk(user: StaffUser) -> str:
    session[STAFF_KEY] = accounts.start_session(user, current_actor())
    return url_for("admin.dashboard")


def _enter_booth(values: dict[str, Any], user: StaffUser) -> str:
    election = elections.choose_booth_election(values.get("election_id"), user)
    _kiosk, session[KIOSK_KEY] = kiosks.open_kiosk(election, user, current_actor())
    return url_for("poll.index")


def _refuse(status: int, message: str, room: str, username: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify({"error": {"code": "sign_in_refused", "message": message}}), status
    page = render_template(
        "landing/index.html",
        room=room,
        error=message,
        username=username,
        elections=elections.current_booth_elections(),
    )
    return page, status
