"""Letting somebody in: the session of a desk or of a booth, and the words of a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import silence
from blueprints.http import current_actor, wants_json
from blueprints.principal import KIOSK_KEY, STAFF_KEY, end_present_session
from models import StaffUser, transaction
from services import accounts, elections, kiosks
from services.actor import Actor
from services.errors import DomainError, Forbidden
from services.security import Permission, has_permission


def let_in(user: StaffUser, room: str, values: dict[str, Any]) -> ResponseReturnValue:
    """Start the session of somebody who has proved who he is: a desk, or the booth of the election in `values`."""
    username = user.username
    try:
        with transaction():
            end_present_session()
            key, token, where = (_enter_booth if room == "polling" else _enter_desk)(values, user)
    except DomainError as error:
        return refuse(error.status, error.message, room, username)
    session.clear()
    session.permanent = True
    session[key] = token
    return jsonify({"redirect": where}) if wants_json() else redirect(where)


def _enter_desk(values: dict[str, Any], user: StaffUser) -> tuple[str, str, str]:
    page, election_id = silence.way_back(user)
    return STAFF_KEY, accounts.start_session(user, as_actor(user), election_id), page or url_for("admin.dashboard")


def _enter_booth(values: dict[str, Any], user: StaffUser) -> tuple[str, str, str]:
    if not has_permission(user.role, Permission.OPEN_KIOSK):
        raise Forbidden(_("A booth is opened by an officer or an administrator."))
    election = elections.choose_booth_election(values.get("election_id"), user)
    elections.check_place(election, request.remote_addr)
    _kiosk, token = kiosks.open_kiosk(election, user, as_actor(user))
    return KIOSK_KEY, token, url_for("poll.index")


def as_actor(user: StaffUser) -> Actor:
    """Return who has just proved to be this person; the request itself still comes from somebody unknown."""
    return replace(current_actor(), role=user.role.value, id=user.id, name=user.username)


def refuse(status: int, message: str, room: str, username: str, wait: timedelta | None = None) -> ResponseReturnValue:
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
