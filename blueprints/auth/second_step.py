"""The second step of signing in: a code of the app, or a recovery code."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints import limits, silence
from blueprints.auth import bp
from blueprints.auth.entering import let_in
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import refuse_booths
from models import StaffUser, transaction
from services import second_step as service
from services.errors import Conflict
from services.second_step import StepOutcome

PENDING = "second_step"


def ask_for_code(user: StaffUser, room: str, values: dict[str, Any]) -> ResponseReturnValue:
    """Remember whose password was right and lead to the page that asks for the code."""
    back = session.get(silence.BACK)
    session.clear()
    if back:
        session[silence.BACK] = back
    election = values.get("election_id")
    wanted = election if isinstance(election, str | int) else ""
    session[PENDING] = {"who": service.begin(user), "room": room, "election_id": str(wanted)[:20]}
    where = url_for("auth.second_step")
    return jsonify(redirect=where, second_step=True) if wants_json() else redirect(where, 303)


@bp.route("/login/second-step", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key, methods=["POST"])
def second_step() -> ResponseReturnValue:
    """Ask for the code, check it, and let in."""
    refuse_booths()
    values = body()
    held = session.get(PENDING) or {}
    user = service.resume(held.get("who"))
    if user is None:
        return _start_again()
    if "code" not in values:
        return _page()
    with transaction():
        outcome = service.check(user, text_field(values, "code", 60), current_actor())
    if not outcome.passed:
        return _refused(outcome)
    answer = let_in(user, held["room"], {"election_id": held["election_id"]})
    if outcome.recovery_left is not None:
        flash(_recovery_words(outcome.recovery_left), "notice")
    return answer


def _start_again() -> ResponseReturnValue:
    session.pop(PENDING, None)
    if wants_json():
        raise Conflict(_("Sign in with your password first."))
    return redirect(url_for("landing.index", room="commission"))


def _page(error: str = "") -> str:
    return render_template("auth/second_step.html", error=error)


def _refused(outcome: StepOutcome) -> ResponseReturnValue:
    wait = outcome.retry_after
    headers = {} if wait is None else {"Retry-After": str(max(1, round(wait.total_seconds())))}
    status = 401 if wait is None else 429
    if wants_json():
        return jsonify(error={"code": "sign_in_refused", "message": outcome.message}), status, headers
    return _page(outcome.message), status, headers


def _recovery_words(left: int) -> str:
    words = ngettext("%(num)s recovery code is left.", "%(num)s recovery codes are left.", left)
    return words + " " + _("Make new ones in your account when they run out.")
