"""The voter's own account: the password, and the browsers that are trusted."""

from __future__ import annotations

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from blueprints.voter import bp
from models import transaction
from services import voter_accounts, voters
from services.errors import ValidationFailed
from services.security import Permission
from services.security.passwords import MIN_LENGTH


@bp.route("/account", methods=["GET", "POST"])
@requires(Permission.OWN_VOTES)
def account() -> ResponseReturnValue:
    """Show the account, or change its password (`old`, `password`, `password_again`)."""
    if request.method == "GET":
        return _page({})
    values = body()
    old, new, again = (text_field(values, name, 1000, strip=False) for name in ("old", "password", "password_again"))
    try:
        if new != again:
            raise ValidationFailed(fields={"password_again": _("This is not the same password. Type it again.")})
        with transaction():
            refusal = voter_accounts.change(g.principal.id, old, new, g.principal.session_id, current_actor())
        if refusal:
            raise ValidationFailed(fields={"old": refusal})
    except ValidationFailed as error:
        if wants_json():
            raise
        return _page(error.fields), error.status
    if wants_json():
        return jsonify(changed=True)
    flash(_("Your password is changed. Your other sessions are over, and no browser is trusted."), "ok")
    return redirect(url_for("voter.account"), 303)


@bp.post("/account/browsers/<int:device_id>/forget")
@requires(Permission.OWN_VOTES)
def forget_browser(device_id: int) -> ResponseReturnValue:
    """Trust one browser no more."""
    with transaction():
        voter_accounts.revoke(g.principal.id, device_id, current_actor())
    if wants_json():
        return jsonify(forgotten=device_id)
    flash(_("That browser asks for a code again."), "ok")
    return redirect(url_for("voter.account"), 303)


def _page(errors: dict[str, str]) -> ResponseReturnValue:
    voter, trusted = voters.get_voter(g.principal.id), voter_accounts.trusted(g.principal.id)
    if wants_json():
        browsers = [{"id": one.id, "browser": one.user_agent, "until": one.expires_at.isoformat()} for one in trusted]
        return jsonify(voter_id=voter.voter_id, name=voter.name, email=voter.email, trusted=browsers)
    return render_template(
        "voter/account.html", voter=voter, number=voters.format_voter_number(voter.voter_id), trusted=trusted,
        errors=errors, shortest=MIN_LENGTH, summary=[(f"f-{name}", words) for name, words in errors.items()],
    )  # fmt: skip
