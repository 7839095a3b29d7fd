"""Setting the second step up, new recovery codes, and taking the second step away."""

from __future__ import annotations

from flask import flash, g, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.account import bp
from blueprints.account.views import account_page
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import transaction
from services import second_step as service
from services import staff
from services.errors import ValidationFailed
from services.second_step import Offer, Refused
from services.security import Permission


@bp.route("/second-step", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key, methods=["POST"])
def second_step() -> ResponseReturnValue:
    """Show QR code and secret; with the password and a code, turn the second step on and show the recovery codes."""
    values = body()
    if service.has_one(staff.find(g.principal.id)):
        return _set_up_already()
    if "code" not in values:
        return _page(service.offer(g.principal.id))
    code, sealed = text_field(values, "code", 60), text_field(values, "sealed", 1000)
    try:
        with transaction():
            made = service.confirm(g.principal.id, sealed, _password(), code, current_actor())
        if isinstance(made, Refused):
            raise ValidationFailed(fields={made.field: made.message})
    except ValidationFailed as error:
        if wants_json():
            raise
        offered = service.reopen(g.principal.id, sealed) or service.offer(g.principal.id)
        return _page(offered, error.fields), error.status
    return _show_codes(made)


@bp.post("/second-step/codes")
@requires(Permission.OWN_ACCOUNT)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def new_codes() -> ResponseReturnValue:
    """Replace the recovery codes, with the password."""
    with transaction():
        made = service.new_recovery_codes(g.principal.id, _password(), current_actor())
    return _refused(made, "codes_") if isinstance(made, Refused) else _show_codes(made)


@bp.post("/second-step/disable")
@requires(Permission.OWN_ACCOUNT)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def disable() -> ResponseReturnValue:
    """Take the second step away, with password and code."""
    with transaction():
        refused = service.disable(g.principal.id, _password(), text_field(body(), "code", 60), current_actor())
    if refused is not None:
        return _refused(refused, "off_")
    if wants_json():
        return jsonify(second_step=False)
    flash(_("The second step is off. Your password alone signs you in."), "notice")
    return redirect(url_for("account.page"), 303)


def _password() -> str:
    return text_field(body(), "password", 1000, strip=False)


def _page(offered: Offer, errors: dict[str, str] | None = None) -> ResponseReturnValue:
    if wants_json():
        return jsonify(secret=offered.secret, sealed=offered.sealed)
    found = errors or {}
    if "sealed" in found:
        found = {"code": found["sealed"]}
    return render_template(
        "account/second_step.html", secret=service.grouped(offered.secret), sealed=offered.sealed, errors=found,
        qr=service.qr_code(offered.secret, g.principal.name), needed=g.principal.must_set_up,
        summary=[(f"f-{name}", words) for name, words in found.items()],
    )  # fmt: skip


def _set_up_already() -> ResponseReturnValue:
    if wants_json():
        return jsonify(second_step=True)
    return redirect(url_for("account.page"), 303)


def _show_codes(codes: list[str]) -> ResponseReturnValue:
    if wants_json():
        return jsonify(recovery_codes=codes), 201
    return render_template("account/recovery_codes.html", codes=codes)


def _refused(refused: Refused, form: str) -> ResponseReturnValue:
    """Say what was wrong in the form it was typed in; both forms of the page ask for the password."""
    if wants_json():
        raise ValidationFailed(fields={refused.field: refused.message})
    return account_page({f"{form}{refused.field}": refused.message}), 422
