"""The page behind a mailed or printed link: choose a user name and a password.

The token comes in the query, which no log line holds, goes into the browser's session and out of the address.
"""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints import limits
from blueprints.auth import bp
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import public
from blueprints.principal import end_present_session, refuse_booths
from models import StaffLink, StaffLinkKind, transaction
from services import staff
from services.errors import Conflict, DomainError, NotFound, ValidationFailed
from services.security.passwords import MIN_LENGTH
from services.staff import LinkState

LINK = "staff_link"
MAX_TOKEN = 100
STATUS = {LinkState.USED: 410, LinkState.EXPIRED: 410, LinkState.UNKNOWN: 404}


class LinkOver(DomainError):
    status, code = 410, "link_over"
    message = N_("This link was used, or its time is over.")


@bp.get("/invitation")
@public
def invitation() -> ResponseReturnValue:
    """Show the form while the link is good; looking at it spends nothing."""
    refuse_booths()
    if token := request.args.get("token"):
        session[LINK] = token[:MAX_TOKEN]
        return redirect(url_for("auth.invitation"), 303)
    state, link = staff.look_up(_token({}))
    return _over(state) if link is None else _form(link, {}, None)


@bp.post("/invitation")
@public
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def accept_invitation() -> ResponseReturnValue:
    """Spend the link: make the account, or set the new password."""
    refuse_booths()
    values = body()
    username, password = text_field(values, "username"), text_field(values, "password", 1000, strip=False)
    try:
        if password != text_field(values, "password_again", 1000, strip=False):
            raise ValidationFailed(fields={"password_again": _("This is not the same password. Type it again.")})
        with transaction():
            state, user = staff.accept(_token(values), username, password, current_actor())
            name = user.username if user else ""
            if user:
                end_present_session()
    except (ValidationFailed, Conflict) as error:
        return _again(values, error)
    if not name:
        return _over(state)
    session.clear()
    if wants_json():
        return jsonify(username=name, redirect=url_for("landing.index", room="commission")), 201
    flash(_("Your password is set. Sign in as %(name)s.", name=name), "ok")
    return redirect(url_for("landing.index", room="commission"), 303)


def _token(values: dict[str, Any]) -> str:
    return text_field(values, "token", MAX_TOKEN) or str(session.get(LINK, ""))


def _again(values: dict[str, Any], error: ValidationFailed | Conflict) -> ResponseReturnValue:
    """Show the form once more with what is wrong; the link is unspent."""
    if wants_json():
        raise error
    state, link = staff.look_up(_token(values))
    return _over(state) if link is None else (_form(link, values, error), error.status)


def _form(link: StaffLink, values: dict[str, Any], error: DomainError | None) -> ResponseReturnValue:
    invited = link.kind is StaffLinkKind.INVITATION
    if wants_json():
        return jsonify(kind=link.kind.value, name=link.name, role=link.role.value)
    errors = error.fields if isinstance(error, ValidationFailed) else {"username": error.message} if error else {}
    return render_template(
        "auth/invitation.html", link=link, invited=invited, values=values, errors=errors, shortest=MIN_LENGTH,
        summary=[(f"f-{name}", words) for name, words in errors.items()],
    )  # fmt: skip


def _over(state: LinkState) -> ResponseReturnValue:
    session.pop(LINK, None)
    if wants_json():
        raise NotFound(_("There is no such link.")) if state is LinkState.UNKNOWN else LinkOver(str(LinkOver.message))
    return render_template("auth/link_over.html", state=state.value), STATUS[state]
