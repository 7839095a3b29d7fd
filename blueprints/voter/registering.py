"""Registering: entries and a photo, then the code of the mail, then the commission decides."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.http import body, current_actor, public_address, text_field, wants_json, with_files_again
from blueprints.policy import public
from blueprints.principal import refuse_booths
from blueprints.voter import bp
from blueprints.voter.codes import NoTicket, code_page, refused_code
from models import CodeUse, transaction
from services import voter_accounts
from services.context import platform
from services.errors import DomainError, TooMany, ValidationFailed
from services.face_service import FaceError
from services.security.passwords import MIN_LENGTH
from services.voter_accounts import CodeState, Entries

TICKET = "registration"
TEXTS = {"name": 200, "dob": 40, "email": 254, "voter_id": 40}


@bp.route("/register", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.REGISTER, key_func=limits.address_key, methods=["POST"])
def register() -> ResponseReturnValue:
    """Show the form, or take `name, dob, email, voter_id, password, password_again, consent` and the `photo`."""
    refuse_booths()
    if request.method == "GET":
        return _form({}, None)
    values = body()
    try:
        entries, photo = _entries(values), _photo(values)
        with transaction():
            ticket = voter_accounts.register(entries, photo, current_actor(), public_address("voter.login"))
    except (ValidationFailed, FaceError, TooMany) as error:
        if wants_json():
            raise
        return _form(values, error), error.status
    session[TICKET] = ticket
    where = url_for("voter.confirm")
    return (jsonify(redirect=where), 202) if wants_json() else redirect(where, 303)


@bp.route("/register/code", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.CODES, key_func=limits.address_key, methods=["POST"])
def confirm() -> ResponseReturnValue:
    """Ask for the code of the mail, and take it (`code`)."""
    values = body()
    if TICKET not in session:
        return _begin_first()
    if request.method == "GET":
        return _ask_for_code()
    code = text_field(values, "code", 40)
    with transaction():
        outcome = voter_accounts.confirm(session[TICKET], code, current_actor())
    if outcome.state is not CodeState.GOOD:
        return refused_code(outcome, _ask_for_code)
    session.pop(TICKET)
    where = url_for("voter.registered")
    return jsonify(redirect=where, status="pending") if wants_json() else redirect(where, 303)


@bp.post("/register/code/again")
@public
@limits.limiter.limit(limits.CODES, key_func=limits.address_key)
def resend_registration_code() -> ResponseReturnValue:
    """Send a new code; the one before is worth nothing."""
    if TICKET not in session:
        return _begin_first()
    with transaction():
        sent = voter_accounts.resend(CodeUse.REGISTER, session[TICKET], public_address("voter.login"))
    if not sent:
        session.pop(TICKET)
        raise TooMany(_("No more codes can be sent for this registration. Register again."))
    if wants_json():
        return jsonify(sent=True)
    flash(_("A new code is on its way. The one before does not work any more."), "ok")
    return redirect(url_for("voter.confirm"), 303)


@bp.get("/register/done")
@public
def registered() -> ResponseReturnValue:
    """Say what happens next."""
    return render_template("voter/registered.html")


def _begin_first() -> ResponseReturnValue:
    if wants_json():
        raise NoTicket(_("Register first: the code belongs to a registration in this browser."))
    return redirect(url_for("voter.register"), 303)


def _ask_for_code(error: str = "") -> str:
    return code_page(
        error, act=url_for("voter.confirm"), again=url_for("voter.resend_registration_code"),
        back=url_for("voter.register"), title=_("Type the code of your mail"), label=_("Confirm my address"),
    )  # fmt: skip


def _form(values: dict[str, Any], error: DomainError | None) -> str:
    errors = error.fields if isinstance(error, ValidationFailed) else {}
    if isinstance(error, FaceError):
        errors = {"photo": error.message}
    if isinstance(error, TooMany):
        errors = {"email": error.message}
    errors = with_files_again(errors)
    order = ("name", "dob", "voter_id", "photo", "email", "password", "password_again", "consent")
    return render_template(
        "voter/register.html", values=values, errors=errors, shortest=MIN_LENGTH,
        consent_text=voter_accounts.consent_text(), max_mb=platform().settings.max_upload_mb,
        summary=[(f"f-{name}", errors[name]) for name in order if name in errors],
    )  # fmt: skip


def _entries(values: dict[str, Any]) -> Entries:
    """Return what was typed; raises ValidationFailed for what is no text."""
    texts = {name: text_field(values, name, limit) for name, limit in TEXTS.items()}
    passwords = {name: text_field(values, name, 1000, strip=False) for name in ("password", "password_again")}
    ticked = values.get("consent") is True if request.is_json else bool(values.get("consent"))
    return Entries(**texts, **passwords, consent=ticked)


def _photo(values: dict[str, Any]) -> bytes | str | None:
    """Return the photo: the file of a form, or the data URL of a JSON body; raises ValidationFailed."""
    if not request.is_json:
        upload = request.files.get("photo")
        return upload.read() if upload is not None and upload.filename else None
    photo = values.get("photo")
    if photo is not None and not isinstance(photo, str):
        raise ValidationFailed(fields={"photo": _("Send the photo as a data URL.")})
    return photo
