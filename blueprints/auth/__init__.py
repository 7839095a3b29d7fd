"""Signing in and out: one form, two rooms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, g, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints import limits
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import KIOSK_KEY, STAFF_KEY
from models import StaffUser, transaction
from services import accounts, elections, kiosks, membership
from services.actor import Actor
from services.errors import Conflict, DomainError, Forbidden
from services.security import Permission, has_permission

bp = Blueprint("auth", __name__)


class LeaveTheBoothFirst(Conflict):
    code = "leave_the_booth_first"
    message = N_("This browser is a booth. Close the booth first, with the password of an officer.")


class BoothStays(Forbidden):
    code = "sign_in_refused"
    message = N_("Leaving the booth needs the password of an officer.")


@bp.post("/login")
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.account_key)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def login() -> ResponseReturnValue:
    """Sign a staff member in (room `commission`) or turn this browser into a kiosk (room `polling`)."""
    if _is_kiosk():
        raise LeaveTheBoothFirst()
    values = body()
    room, username = text_field(values, "room"), text_field(values, "username")
    with transaction():
        outcome = accounts.authenticate(username, _password(values), current_actor())
    if outcome.user is None:
        return _refuse(401, outcome.message, room, username, wait=outcome.retry_after)
    try:
        with transaction():
            _end_present_session()
            key, token, where = (_enter_booth if room == "polling" else _enter_desk)(values, outcome.user)
    except DomainError as error:
        return _refuse(error.status, error.message, room, username)
    session.clear()
    session.permanent = True
    session[key] = token
    return jsonify({"redirect": where}) if wants_json() else redirect(where)


@bp.post("/logout")
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.account_key)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def logout() -> ResponseReturnValue:
    """Sign out; a kiosk is left with a staff member's password only."""
    if _is_kiosk():
        _close_booth()
    else:
        with transaction():
            _end_present_session()
    session.clear()
    return jsonify({"redirect": url_for("landing.index")}) if wants_json() else redirect(url_for("landing.index"))


def _close_booth() -> None:
    """End the kiosk in the name of the officer whose password was typed; raises BoothStays."""
    values = body()
    with transaction():
        outcome = accounts.authenticate(text_field(values, "username"), _password(values), current_actor())
        user = outcome.user
        if user is not None and has_permission(user.role, Permission.OPEN_KIOSK) and _is_member(user):
            kiosks.end_kiosk(g.principal.id, _as_actor(user))
            return
    raise BoothStays(_("Leaving the booth needs the password of an officer."))


def _is_member(user: StaffUser) -> bool:
    """Tell whether this person is on the list of the booth's election."""
    return membership.is_member(user, g.principal.election_id)


def _enter_desk(values: dict[str, Any], user: StaffUser) -> tuple[str, str, str]:
    return STAFF_KEY, accounts.start_session(user, _as_actor(user)), url_for("admin.dashboard")


def _enter_booth(values: dict[str, Any], user: StaffUser) -> tuple[str, str, str]:
    if not has_permission(user.role, Permission.OPEN_KIOSK):
        raise Forbidden(_("A booth is opened by an officer or an administrator."))
    election = elections.choose_booth_election(values.get("election_id"), user)
    elections.check_place(election, request.remote_addr)
    _kiosk, token = kiosks.open_kiosk(election, user, _as_actor(user))
    return KIOSK_KEY, token, url_for("poll.index")


def _is_kiosk() -> bool:
    return g.principal is not None and g.principal.role == "kiosk"


def _end_present_session() -> None:
    """A browser holds one session; the one before must not live on in a copied cookie."""
    if g.principal is not None:
        accounts.end_session(g.principal.session_id, current_actor())


def _as_actor(user: StaffUser) -> Actor:
    """Return who has just proved to be this person; the request itself still comes from somebody unknown."""
    return replace(current_actor(), role=user.role.value, id=user.id, name=user.username)


def _password(values: dict[str, Any]) -> str:
    return text_field(values, "password", limit=1000, strip=False)


def _refuse(status: int, message: str, room: str, username: str, wait: timedelta | None = None) -> ResponseReturnValue:
    headers = {} if wait is None else {"Retry-After": str(max(1, round(wait.total_seconds())))}
    status = status if wait is None else 429
    if wants_json():
        return jsonify({"error": {"code": "sign_in_refused", "message": message}}), status, headers
    page = render_template(
        "landing/index.html",
        room=room,
        error=message,
        username=username,
        elections=elections.current_booth_elections(),
    )
    return page, status, headers
