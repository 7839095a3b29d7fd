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

from blueprints import acts
from blueprints.acts import Said, approval_json
from blueprints.http import current_actor, text_field, wants_json
from models import Approval, Election
from services import approvals
from services.approvals import ActOutcome
from services.errors import DomainError, ValidationFailed

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
    try:
        said = _typed(values)
    except ValidationFailed as error:
        raise ValidationFailed(fields={**_wrong_in(act, election, payload), **error.fields}) from None
    approval, outcome = acts.ask(act, election, payload, said, first)
    return _wait(approval) if outcome is None else done(outcome)


def missing(values: dict[str, Any]) -> dict[str, str]:
    """Return what is missing of the fields that every dangerous act asks for, by field."""
    try:
        _typed(values)
    except ValidationFailed as error:
        return error.fields
    return {}


def _typed(values: dict[str, Any]) -> Said:
    """Return reason, title and password; raises ValidationFailed with all that is missing at once."""
    said = Said(
        text_field(values, "reason", approvals.MAX_REASON), text_field(values, "title", MAX_TYPED),
        text_field(values, "password", 1000, strip=False),
    )  # fmt: skip
    if errors := said.missing(approvals.acts_alone(current_actor().id)):
        raise ValidationFailed(fields=errors)
    return said


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
