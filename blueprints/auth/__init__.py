"""Signing in and out: one form, two rooms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, jsonify, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints import limits
from blueprints.auth.entering import as_actor, let_in, refuse
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import end_present_session, is_booth, refuse_booths
from models import StaffUser, transaction
from services import accounts, kiosks, membership
from services import second_step as steps
from services.errors import Forbidden
from services.security import Permission, has_permission

bp = Blueprint("auth", __name__)


class BoothStays(Forbidden):
    code = "sign_in_refused"
    message = N_("Leaving the booth needs the password of an officer.")


@bp.post("/login")
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.account_key)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def login() -> ResponseReturnValue:
    """Sign a staff member in (room `commission`) or turn this browser into a kiosk (room `polling`)."""
    refuse_booths()
    values = body()
    room, username = text_field(values, "room"), text_field(values, "username")
    with transaction():
        outcome = accounts.authenticate(username, _password(values), current_actor())
    user = outcome.user
    if user is None:
        return refuse(401, outcome.message, room, username, wait=outcome.retry_after)
    if steps.has_one(user):
        return ask_for_code(user, room, values)
    if room == "polling" and steps.must_set_up(user):
        return refuse(403, _("Set up your second step first: sign in at Election Commission."), room, username)
    return let_in(user, room, values)


@bp.post("/logout")
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.account_key)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def logout() -> ResponseReturnValue:
    """Sign out; a kiosk is left with a staff member's password only."""
    if is_booth():
        _close_booth()
    else:
        with transaction():
            end_present_session()
    session.clear()
    return jsonify({"redirect": url_for("landing.index")}) if wants_json() else redirect(url_for("landing.index"))


def _close_booth() -> None:
    """End the kiosk in the name of the officer whose password was typed; raises BoothStays."""
    values = body()
    with transaction():
        outcome = accounts.authenticate(text_field(values, "username"), _password(values), current_actor())
        user = outcome.user
        if user is not None and has_permission(user.role, Permission.OPEN_KIOSK) and _is_member(user):
            kiosks.end_kiosk(g.principal.id, as_actor(user))
            return
    raise BoothStays(_("Leaving the booth needs the password of an officer."))


def _is_member(user: StaffUser) -> bool:
    """Tell whether this person is on the list of the booth's election."""
    return membership.is_member(user, g.principal.election_id)


def _password(values: dict[str, Any]) -> str:
    return text_field(values, "password", limit=1000, strip=False)


from blueprints.auth import invitation  # noqa: E402,F401
from blueprints.auth.second_step import ask_for_code  # noqa: E402
