"""The account page, the password, the sessions."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.account import bp
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import StaffSession, StaffUser, transaction
from services import accounts, second_step, staff
from services.errors import ValidationFailed
from services.security import Permission
from services.security.passwords import MIN_LENGTH


@bp.get("/")
@requires(Permission.OWN_ACCOUNT)
def page() -> ResponseReturnValue:
    """Show who one is here, the second step, the sessions, and the form for a new password."""
    return account_page()


@bp.post("/password")
@requires(Permission.OWN_ACCOUNT)
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def password() -> ResponseReturnValue:
    """Change the own password; the other sessions end."""
    values = body()
    old, new, again = (text_field(values, name, 1000, strip=False) for name in ("old", "password", "password_again"))
    try:
        if new != again:
            raise ValidationFailed(fields={"password_again": _("This is not the same password. Type it again.")})
        with transaction():
            outcome = accounts.change_password(g.principal.id, old, new, g.principal.session_id, current_actor())
        if outcome.user is None:
            raise ValidationFailed(fields={"old": _old_words(outcome)})
    except ValidationFailed as error:
        if wants_json():
            raise
        return account_page(error.fields), error.status
    if wants_json():
        return jsonify(changed=True)
    flash(_("Your password is changed. Your other sessions are over."), "ok")
    return redirect(url_for("account.page"), 303)


@bp.post("/sessions/<int:session_id>/end")
@requires(Permission.OWN_ACCOUNT)
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of the own sessions."""
    with transaction():
        staff.end_one(session_id, current_actor())
    if wants_json():
        return jsonify(ended=session_id)
    flash(_("The session is over."), "ok")
    return redirect(url_for("account.page"), 303)


@bp.post("/sign-out")
@requires(Permission.OWN_ACCOUNT)
def sign_out() -> ResponseReturnValue:
    """End all own sessions, this one too."""
    with transaction():
        count = staff.end_all(staff.find(g.principal.id), current_actor())
    session.clear()
    if wants_json():
        return jsonify(ended=count, redirect=url_for("landing.index"))
    return redirect(url_for("landing.index"), 303)


def account_page(errors: dict[str, str] | None = None, codes: list[str] | None = None) -> ResponseReturnValue:
    """Render the page; `codes` are new recovery codes, shown this once."""
    user = staff.find(g.principal.id)
    sessions, left = staff.open_sessions(user.id), second_step.left(user)
    if wants_json():
        return jsonify(account=_json(user), sessions=[session_json(row) for row in sessions], recovery_codes_left=left)
    return render_template(
        "account/page.html", user=user, sessions=sessions, has_step=second_step.has_one(user), left=left,
        present=g.principal.session_id, errors=errors or {}, codes=codes or [], shortest=MIN_LENGTH,
        summary=[(f"f-{name}", words) for name, words in (errors or {}).items()],
    )  # fmt: skip


def session_json(row: StaffSession) -> dict[str, Any]:
    """Return a session as the API shows one; times are ISO 8601 in UTC."""
    return {
        "id": row.id, "address": row.ip_address, "browser": row.user_agent, "present": row.id == g.principal.session_id,
        "started_at": row.created_at.isoformat(), "last_seen_at": row.last_seen_at.isoformat(),
    }  # fmt: skip


def _json(user: StaffUser) -> dict[str, Any]:
    return {
        "id": user.id, "username": user.username, "name": user.name, "email": user.email, "role": user.role.value,
        "second_step": second_step.has_one(user),
    }  # fmt: skip


def _old_words(outcome: accounts.SignInOutcome) -> str:
    return outcome.message if outcome.retry_after else _("This is not your password.")
