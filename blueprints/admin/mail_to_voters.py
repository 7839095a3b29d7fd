"""Mails to all voters of an election: rehearsal, reminders, the result; and who says that a mail was not for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp, forms
from blueprints.admin.frame import election_at_the_desk
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election, PlannedKind, PlannedMail, transaction
from services import mailings
from services.clock import utc_now
from services.context import platform
from services.errors import DomainError, NotFound, ValidationFailed
from services.security import Permission


@bp.route("/mail/voters", methods=["GET", "POST"])
@requires(Permission.MANAGE_MAIL)
def mail_to_voters() -> ResponseReturnValue:
    """Show what is planned; `act` is rehearse, remind, result, plan (`hours` before closing) or cancel (`planned`)."""
    election = _election()
    if request.method == "GET":
        return _page(election, None)
    values = body()
    act = ACTS.get(text_field(values, "act", 20))
    if act is None:
        raise ValidationFailed(fields={"act": _("Choose what to do.")})
    try:
        with transaction():
            words = act(election, values)
    except DomainError as error:
        if wants_json():
            raise
        return _page(election, error), error.status
    if wants_json():
        return jsonify(planned=[_json(one) for one in mailings.plans_of(election)])
    flash(words, "ok")
    return redirect(url_for("admin.mail_to_voters"), 303)


@bp.post("/mail/not-me/<int:report_id>/settle")
@requires(Permission.MANAGE_MAIL)
def settle_not_me(report_id: int) -> ResponseReturnValue:
    """Note that a report "this is not me" was looked at."""
    with transaction():
        voter = mailings.settle(_election(), report_id, current_actor())
        name = voter.name
    if wants_json():
        return jsonify(settled=report_id)
    flash(_("The report about the address of %(name)s is settled.", name=name), "ok")
    return redirect(url_for("admin.mail"), 303)


def _rehearse(election: Election, values: dict[str, Any]) -> str:
    mailings.plan(election, PlannedKind.REHEARSAL, _address(), current_actor())
    return _("The worker writes the test mails.")


def _remind(election: Election, values: dict[str, Any]) -> str:
    mailings.plan(election, PlannedKind.REMINDER, _address(), current_actor())
    return _("The worker writes the reminders.")


def _result(election: Election, values: dict[str, Any]) -> str:
    mailings.plan(election, PlannedKind.RESULT, _address(), current_actor())
    return _("The result is mailed as soon as it is final.")


def _plan(election: Election, values: dict[str, Any]) -> str:
    mailings.plan_before_closing(election, _number(values, "hours"), _address(), current_actor())
    return _("The reminder is planned.")


def _cancel(election: Election, values: dict[str, Any]) -> str:
    mailings.cancel(election, _number(values, "planned"), current_actor())
    return _("The planned mails are cancelled.")


ACTS: dict[str, Callable[[Election, dict[str, Any]], str]] = {
    "rehearse": _rehearse, "remind": _remind, "result": _result, "plan": _plan, "cancel": _cancel,
}  # fmt: skip


def _page(election: Election, error: DomainError | None) -> ResponseReturnValue:
    planned, found = mailings.plans_of(election), mailings.reach(election)
    rehearsal = mailings.figures_of_rehearsal(election)
    if wants_json():
        return jsonify(planned=[_json(one) for one in planned], on_roll=found.on_roll,
                       without_address=found.without_address, not_voted=found.not_voted,
                       rehearsal=vars(rehearsal))  # fmt: skip
    fields = error.fields if isinstance(error, ValidationFailed) else {}
    return render_template(
        "admin/mail/voters.html", election=election, planned=planned, reach=found, rehearsal=rehearsal,
        hours=_hours(election), refused=error.message if error and not fields else None, errors=fields,
        summary=forms.error_list(error.fields) if isinstance(error, ValidationFailed) else [],
        values=body() if error else {},
    )  # fmt: skip


def _hours(election: Election) -> list[tuple[int, str]]:
    """Return the times before closing that are still to come, in words."""
    left = (election.closes_at - utc_now()).total_seconds() / 3600
    possible = [hours for hours in mailings.HOURS_BEFORE if hours < left]
    words = {hours: _("%(count)s hours before closing", count=hours) for hours in possible if hours < 48}
    days = {hours: _("%(count)s days before closing", count=hours // 24) for hours in possible if hours >= 48}
    return sorted((words | days).items())


def _number(values: dict[str, Any], name: str) -> int:
    number = str(values.get(name, ""))
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise ValidationFailed(fields={name: _("Choose one.")})
    return int(number)


def _address() -> str:
    return platform().settings.public_url or request.host_url.rstrip("/")


def _election() -> Election:
    election = election_at_the_desk()
    if election is None:
        raise NotFound(_("There is no election yet."))
    return election


def _json(one: PlannedMail) -> dict[str, Any]:
    return {
        "id": one.id, "kind": one.kind.value, "due_at": one.due_at.isoformat(), "mails": one.mails,
        "done_at": one.done_at.isoformat() if one.done_at else None,
    }  # fmt: skip
