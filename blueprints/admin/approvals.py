"""What waits for a second person: the list, confirming, rejecting, withdrawing."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import acts
from blueprints.acts import approval_json
from blueprints.admin import bp
from blueprints.admin.dangerous import MAX_TYPED
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import transaction
from services import approvals
from services.approvals import ActOutcome
from services.errors import ValidationFailed
from services.security import Permission, has_permission

DESK_BLUEPRINTS = ("admin", "ops")


@bp.app_context_processor
def approvals_frame() -> dict[str, Any]:
    """Tell the frame of every desk page what waits for the person who looks at it."""
    principal = g.get("principal")
    if principal is None or request.blueprint not in DESK_BLUEPRINTS:
        return {}
    if not has_permission(principal.role, Permission.CONFIRM_ACTS):
        return {}
    waiting = approvals.pending_for(current_actor())
    return {"confirms_acts": True, "waiting_approvals": [approval_json(approval) for approval in waiting]}


@bp.get("/approvals")
@requires(Permission.CONFIRM_ACTS)
def approvals_page() -> ResponseReturnValue:
    """List what waits now and what was decided lately."""
    if wants_json():
        actor = current_actor()
        waiting, over = approvals.waiting_for(actor), approvals.recent(actor)
        return jsonify(waiting=[approval_json(one) for one in waiting], over=[approval_json(one) for one in over])
    return _page()


@bp.post("/approvals/<int:approval_id>/confirm")
@requires(Permission.CONFIRM_ACTS)
def confirm_approval(approval_id: int) -> ResponseReturnValue:
    """Perform what somebody else asked for; where nobody else can confirm, the own request with password and title."""
    values = body()
    title, password = text_field(values, "title", MAX_TYPED), text_field(values, "password", 1000, strip=False)
    try:
        outcome = acts.confirm(approval_id, title, password)
    except ValidationFailed as error:
        if wants_json():
            raise
        return _page(approval_id, error.fields), 422
    return _answer(outcome, _("Done. It stands in the audit log with both names."))


@bp.post("/approvals/<int:approval_id>/reject")
@requires(Permission.CONFIRM_ACTS)
def reject_approval(approval_id: int) -> ResponseReturnValue:
    """Refuse what somebody else asked for, with a note."""
    note = text_field(body(), "note", approvals.MAX_REASON)
    with transaction():
        outcome = approvals.reject(approval_id, current_actor(), note)
    return _answer(outcome, _("Rejected. Nothing has changed."))


@bp.post("/approvals/<int:approval_id>/withdraw")
@requires(Permission.CONFIRM_ACTS)
def withdraw_approval(approval_id: int) -> ResponseReturnValue:
    """Take an own request back."""
    with transaction():
        outcome = approvals.withdraw(approval_id, current_actor())
    return _answer(outcome, _("Withdrawn. Nothing has changed."))


def _answer(outcome: ActOutcome, words: str) -> ResponseReturnValue:
    """Answer a decision; a refusal says why, after its rows are committed."""
    if wants_json():
        acts.refuse(outcome)
        answer: dict[str, Any] = {"approval": approval_json(outcome.approval)}
        if outcome.change and outcome.change.next_election:
            answer |= {"election_id": outcome.change.next_election, "archived_id": outcome.approval.election_id}
        return jsonify(answer)
    flash(words if outcome.ok else outcome.message, "ok" if outcome.ok else "danger")
    return redirect(url_for("admin.approvals_page"), 303)


def _page(wrong: int | None = None, errors: dict[str, str] | None = None) -> str:
    """Render the list; `wrong` is the request whose confirmation was refused for `errors`."""
    actor = current_actor()
    waiting = approvals.waiting_for(actor)
    return render_template(
        "admin/approvals/list.html",
        waiting=[approval_json(approval) for approval in waiting],
        own={approval.id for approval in waiting if approval.requested_by == actor.id},
        alone={
            approval.id for approval in waiting if approval.requested_by == actor.id and approvals.acts_alone(actor.id)
        },
        over=approvals.recent(actor),
        state_of=approvals.state_of,
        act_named=approvals.act_named,
        wrong=wrong,
        errors=errors or {},
    )
