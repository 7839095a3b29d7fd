"""How a view asks for a dangerous act: one call that waits for a second person, or acts alone where there is none.

    def done(outcome): ...                      # the answer when it was performed at once
    return dangerous.submit("roll_add", election, payload, body(), done)

The form has the fields of `templates/components/approval.html`. A ValidationFailed goes back to the view's own form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.http import current_actor, text_field, wants_json
from models import Approval, Election, transaction
from services import approvals
from services.approvals import ActOutcome
from services.clock import utc_now
from services.errors import Conflict, DomainError, ValidationFailed

Done = Callable[[ActOutcome], ResponseReturnValue]
MAX_TYPED = 500


def frame(election: Election) -> dict[str, Any]:
    """Return what the fields of the form need to know: who could confirm, and whether nobody can."""
    asker = current_actor().id
    people = approvals.confirmers(election, asker)
    return {"alone": approvals.acts_alone(asker), "confirmers": [user.username for user in people]}


def submit(
    act: str,
    election: Election,
    payload: dict[str, Any],
    values: dict[str, Any],
    done: Done,
    first: Callable[[], None] | None = None,
) -> ResponseReturnValue:
    """Ask for an act with the reason of `values`; `first` is done in the same transaction, before.

    Answers 202 (a page: the list of what waits) while a second person has to confirm, else what `done` answers.
    Raises ValidationFailed with every field that is missing, Conflict when the act is not possible.
    """
    actor = current_actor()
    alone = approvals.acts_alone(actor.id)
    try:
        reason, title, password = _typed(values, alone)
    except ValidationFailed as error:
        raise ValidationFailed(fields={**_wrong_in(act, election, payload), **error.fields}) from None
    outcome = None
    with transaction():
        if first is not None:
            first()
        approval = approvals.request(act, election, payload, reason, actor)
        if alone:
            outcome = approvals.confirm_alone(approval.id, password, title, actor)
        approval_id = approval.id
    if outcome is None:
        return _wait(approvals.approval_for(approval_id, actor))
    if outcome.kind == "wrong_password":
        raise ValidationFailed(fields={"password": outcome.message})
    if not outcome.ok:
        raise Conflict(outcome.message)
    return done(outcome)


def approval_json(approval: Approval) -> dict[str, Any]:
    """Return a request as JSON, with what will happen in words while it waits."""
    state = approvals.state_of(approval)
    described = approvals.act_named(approval.act).describe(approval.election, approval.payload)
    left = (approval.expires_at - utc_now()).total_seconds() if state == "waiting" else 0
    return {
        "id": approval.id,
        "act": approval.act,
        "title": described.title,
        "words": list(described.words) if state == "waiting" else [],
        "election_id": approval.election_id,
        "election": approval.election.title,
        "reason": approval.reason,
        "state": state.value,
        "requested_by": approval.requester.username,
        "requested_at": approval.created_at.isoformat(),
        "expires_at": approval.expires_at.isoformat(),
        "seconds_left": max(0, round(left)),
        "confirmed_by": approval.confirmer.username if approval.confirmer else None,
        "rejected_by": approval.rejecter.username if approval.rejecter else None,
        "alone": approval.alone,
        "note": approval.note,
    }


def missing(values: dict[str, Any]) -> dict[str, str]:
    """Return what is missing of the fields that every dangerous act asks for, by field."""
    try:
        _typed(values, approvals.acts_alone(current_actor().id))
    except ValidationFailed as error:
        return error.fields
    return {}


def _typed(values: dict[str, Any], alone: bool) -> tuple[str, str, str]:
    """Return reason, title and password; raises ValidationFailed with all that is missing at once."""
    reason = text_field(values, "reason", approvals.MAX_REASON)
    title, password = text_field(values, "title", MAX_TYPED), text_field(values, "password", 1000, strip=False)
    errors = {}
    if not reason:
        errors["reason"] = _("Give a reason. It stands in the audit log.")
    if alone and not title:
        errors["title"] = _("Type the title exactly as it stands above.")
    if alone and not password:
        errors["password"] = _("Type your password once more: nobody else can confirm this.")
    if errors:
        raise ValidationFailed(fields=errors)
    return reason, title, password


def _wrong_in(act: str, election: Election, payload: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong with the act itself, whose fields stand above the reason; a conflict waits for its turn."""
    try:
        approvals.act_named(act).check(election, payload)
    except ValidationFailed as error:
        return error.fields
    except DomainError:
        pass
    return {}


def _wait(approval: Approval) -> ResponseReturnValue:
    if wants_json():
        return jsonify(approval=approval_json(approval)), 202
    flash(_("Nothing has changed yet. A second person confirms it within 10 minutes."), "notice")
    return redirect(url_for("admin.approvals_page"), 303)
