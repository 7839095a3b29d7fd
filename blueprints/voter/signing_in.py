"""Signing in and out: the password, then the code of the mail."""

from __future__ import annotations

from datetime import timedelta

from flask import (
    Response,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.http import body, cookie_name, current_actor, public_address, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import VOTER_KEY, end_present_session, refuse_booths
from blueprints.voter import bp
from blueprints.voter.codes import NoTicket, code_page, refused_code
from models import CodeUse, transaction
from services import voter_accounts
from services.errors import TooMany
from services.voter_accounts import CodeState

TICKET = "voter_code"
DEVICE_COOKIE = "sv_trusted"


@bp.route("/login", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.voter_key, methods=["POST"])
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key, methods=["POST"])
def login() -> ResponseReturnValue:
    """Ask for `email` and `password`; a right one leads to the code, or straight in where this browser is trusted."""
    refuse_booths()
    if request.method == "GET":
        return redirect(url_for("voter.elections")) if _is_voter() else _form()
    values = body()
    email, password = text_field(values, "email", 254), text_field(values, "password", 1000, strip=False)
    try:
        with transaction():
            device = request.cookies.get(cookie_name(DEVICE_COOKIE), "")[:100]
            entry = voter_accounts.enter(email, password, device, current_actor(), public_address("voter.login"))
    except TooMany as error:
        return _refused(error.status, error.message, email, timedelta(seconds=error.seconds))
    if entry.token:
        return _let_in(entry.token)
    if not entry.ticket:
        return _refused(403 if entry.known else 401, entry.message, email, entry.retry_after)
    session[TICKET] = entry.ticket
    where = url_for("voter.login_code")
    return jsonify(redirect=where, code_sent=True) if wants_json() else redirect(where, 303)


@bp.route("/login/code", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.CODES, key_func=limits.address_key, methods=["POST"])
def login_code() -> ResponseReturnValue:
    """Ask for the code of the mail, and let in (`code`; `remember` trusts this browser)."""
    refuse_booths()
    values = body()
    if TICKET not in session:
        return _begin_first()
    if request.method == "GET":
        return _ask_for_code()
    code, trust = text_field(values, "code", 40), bool(values.get("remember"))
    with transaction():
        entry = voter_accounts.enter_code(session[TICKET], code, trust, current_actor())
    if entry.outcome.state is not CodeState.GOOD:
        return refused_code(entry.outcome, _ask_for_code)
    return _let_in(entry.token, entry.device)


@bp.post("/login/code/again")
@public
@limits.limiter.limit(limits.CODES, key_func=limits.address_key)
def resend_login_code() -> ResponseReturnValue:
    """Send a new code; the one before is worth nothing."""
    if TICKET not in session:
        return _begin_first()
    with transaction():
        sent = voter_accounts.resend(CodeUse.SIGN_IN, session[TICKET], public_address("voter.login"))
    if not sent:
        session.pop(TICKET)
        raise TooMany(_("No more codes can be sent for this sign-in. Sign in again with your password."))
    if wants_json():
        return jsonify(sent=True)
    flash(_("A new code is on its way. The one before does not work any more."), "ok")
    return redirect(url_for("voter.login_code"), 303)


@bp.post("/logout")
@public
def logout() -> ResponseReturnValue:
    """End the voter's session; nothing of it stays in the browser, except that it is trusted."""
    refuse_booths()
    if _is_voter():
        with transaction():
            end_present_session()
        session.clear()
    where = url_for("voter.login")
    return jsonify(redirect=where) if wants_json() else redirect(where, 303)


def _let_in(token: str, device: str = "") -> Response:
    """Begin the voter's session; whoever was signed in before in this browser is out."""
    with transaction():
        end_present_session()
    session.clear()
    session[VOTER_KEY] = token
    where = url_for("voter.elections")
    answer = make_response(jsonify(redirect=where) if wants_json() else redirect(where, 303))
    if device:
        answer.set_cookie(
            cookie_name(DEVICE_COOKIE), device, max_age=voter_accounts.TRUSTED_FOR, path=url_for("voter.login"),
            httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"],
        )  # fmt: skip
    return answer


def _is_voter() -> bool:
    return g.principal is not None and g.principal.role == "voter"


def _form(error: str = "", email: str = "") -> str:
    return render_template("voter/login.html", error=error, email=email)


def _refused(status: int, message: str, email: str, wait: timedelta | None) -> ResponseReturnValue:
    headers = {} if wait is None else {"Retry-After": str(max(1, round(wait.total_seconds())))}
    status = status if wait is None else 429
    if wants_json():
        return jsonify(error={"code": "sign_in_refused", "message": message}), status, headers
    return _form(message, email), status, headers


def _begin_first() -> ResponseReturnValue:
    if wants_json():
        raise NoTicket(_("Sign in with your password first."))
    return redirect(url_for("voter.login"), 303)


def _ask_for_code(error: str = "") -> str:
    return code_page(
        error, act=url_for("voter.login_code"), again=url_for("voter.resend_login_code"), back=url_for("voter.login"),
        title=_("Type the code of your mail"), label=_("Sign in"), remember=True,
    )  # fmt: skip
