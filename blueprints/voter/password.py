"""A forgotten password: a mailed link, out of the address at once, and a new password."""

from __future__ import annotations

from flask import flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints import limits
from blueprints.http import body, current_actor, public_address, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import refuse_booths
from blueprints.voter import bp
from models import transaction
from services import voter_accounts
from services.errors import Conflict, DomainError, ValidationFailed
from services.security.passwords import MIN_LENGTH

LINK = "password_reset"
MAX_TOKEN = 100


class LinkOver(DomainError):
    status, code = 410, "link_over"
    message = N_("This link was used, replaced by a newer one, or its hour is over.")


@bp.route("/password/forgotten", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.SIGN_IN, key_func=limits.voter_key, methods=["POST"])
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key, methods=["POST"])
def forgotten() -> ResponseReturnValue:
    """Send a link to `email` where it has an account; the answer is the same where it has none."""
    refuse_booths()
    if request.method == "GET":
        return render_template("voter/forgotten.html", sent=False, error="", email="")
    email = text_field(body(), "email", 254)
    if "@" not in email:
        words = _("Write the whole address, with the @.")
        if wants_json():
            raise ValidationFailed(fields={"email": words})
        return render_template("voter/forgotten.html", sent=False, error=words, email=email), 422
    with transaction():
        voter_accounts.ask_for_link(email, current_actor(), public_address("voter.new_password"))
    if wants_json():
        return jsonify(sent=True), 202
    return render_template("voter/forgotten.html", sent=True, error="", email=email)


@bp.route("/password/new", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key, methods=["POST"])
def new_password() -> ResponseReturnValue:
    """Show the form behind a mailed link (`token`), or spend the link and set the password."""
    refuse_booths()
    if request.method == "GET":
        if token := request.args.get("token"):
            session[LINK] = token[:MAX_TOKEN]
            return redirect(url_for("voter.new_password"), 303)
        return _form({}) if voter_accounts.is_good(str(session.get(LINK, ""))) else _over()
    values = body()
    password = text_field(values, "password", 1000, strip=False)
    try:
        if password != text_field(values, "password_again", 1000, strip=False):
            raise ValidationFailed(fields={"password_again": _("This is not the same password. Type it again.")})
        with transaction():
            done = voter_accounts.reset(text_field(values, "token", MAX_TOKEN) or _token(), password, current_actor())
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        errors = error.fields if isinstance(error, ValidationFailed) else {"password": error.message}
        return _form(errors), error.status
    return _set() if done else _over()


def _token() -> str:
    return str(session.get(LINK, ""))


def _set() -> ResponseReturnValue:
    session.pop(LINK, None)
    if wants_json():
        return jsonify(redirect=url_for("voter.login"))
    flash(_("Your password is set. Sign in with it."), "ok")
    return redirect(url_for("voter.login"), 303)


def _form(errors: dict[str, str]) -> str:
    return render_template(
        "voter/new_password.html", errors=errors, shortest=MIN_LENGTH,
        summary=[(f"f-{name}", words) for name, words in errors.items()],
    )  # fmt: skip


def _over() -> ResponseReturnValue:
    session.pop(LINK, None)
    if wants_json():
        raise LinkOver(str(LinkOver.message))
    return render_template("voter/link_over.html"), LinkOver.status
