"""Who outside gets the signed heads of an election by mail: candidates who asked, delegates, anybody named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.admin import bp, forms
from blueprints.http import body, current_actor, public_address, text_field, wants_json
from blueprints.policy import requires
from models import Election, ElectionStatus, HeadSubscription, transaction
from services import desk, heads
from services.clock import utc_now
from services.context import platform
from services.errors import DomainError, ValidationFailed
from services.security import Permission


@bp.route("/elections/<int:election_id>/head-mails", methods=["GET", "POST"])
@requires(Permission.MANAGE_ELECTIONS)
@limits.limiter.limit(limits.HEAD_MAILS, key_func=limits.address_key, methods=["POST"])
def head_mails(election_id: int) -> ResponseReturnValue:
    """Show who gets the heads; `act` is add (`name`, `email`), ask_again or remove (`subscription`)."""
    found = desk.visible_election(election_id, current_actor())
    if request.method == "GET":
        return _page(found, {}, None)
    values = body()
    act = ACTS.get(text_field(values, "act", 20))
    if act is None:
        raise ValidationFailed(fields={"act": _("Choose what to do.")})
    try:
        with transaction():
            words, changed = act(found, values)
    except DomainError as error:
        if wants_json() or not isinstance(error, ValidationFailed):
            raise
        return _page(found, values, error), error.status
    return _done(found, words, changed)


def _add(election: Election, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name, email = text_field(values, "name"), text_field(values, "email")
    made = heads.subscribe(election, name, email, current_actor(), _address())
    return _("%(name)s gets a mail to confirm the address.", name=made.name), {"subscription": _json(made)}


def _ask_again(election: Election, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    again = heads.ask_again(election, _number(values), current_actor(), _address())
    return _("%(name)s gets a new mail to confirm the address.", name=again.name), {"subscription": _json(again)}


def _remove(election: Election, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = heads.remove(election, _number(values), current_actor())
    return _("%(name)s gets no more mails with heads.", name=name), {"removed": name}


ACTS: dict[str, Callable[[Election, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "add": _add, "ask_again": _ask_again, "remove": _remove,
}  # fmt: skip


def _done(election: Election, words: str, changed: dict[str, Any]) -> ResponseReturnValue:
    if wants_json():
        return jsonify(changed), 201 if "subscription" in changed else 200
    flash(words, "ok")
    return redirect(url_for("admin.head_mails", election_id=election.id), 303)


def _page(election: Election, values: dict[str, Any], error: ValidationFailed | None) -> ResponseReturnValue:
    rows = [_json(one) for one in heads.subscriptions_of(election)]
    if wants_json():
        return jsonify(subscriptions=rows)
    return render_template(
        "admin/elections/head_mails.html", election=election, current_election=election, rows=rows, values=values,
        errors=error.fields if error else {}, summary=forms.error_list(error.fields) if error else [],
        possible=election.status in (ElectionStatus.DRAFT, ElectionStatus.ACTIVE),
        minutes=platform().settings.head_mail_minutes,
    )  # fmt: skip


def _number(values: dict[str, Any]) -> int:
    number = str(values.get("subscription", ""))
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise ValidationFailed(fields={"subscription": _("Choose a person.")})
    return int(number)


def _address() -> str:
    return public_address("verify.confirm_mails")


def _json(one: HeadSubscription) -> dict[str, Any]:
    waiting = "waiting" if one.expires_at > utc_now() else "expired"
    state = "confirmed" if one.confirmed_at is not None else waiting
    return {"id": one.id, "name": one.name, "email": one.email, "state": state}
