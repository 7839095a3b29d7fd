"""Dangerous acts as desk and API ask for them and show them: one call that waits for a second person, or acts alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from blueprints.http import current_actor
from models import Approval, Election, transaction
from services import approvals
from services.approvals import ActOutcome
from services.clock import utc_now
from services.errors import Conflict, Forbidden, ValidationFailed


class AnotherPerson(Forbidden):
    """Not this person's to decide, though the role may decide requests."""

    code = "another_person"


@dataclass(frozen=True)
class Said:
    """What every act asks for; title and password count where nobody else could confirm."""

    reason: str
    title: str
    password: str

    def missing(self, alone: bool) -> dict[str, str]:
        """Return a sentence for each field that is missing."""
        errors = {}
        if not self.reason.strip():
            errors["reason"] = _("Give a reason. It stands in the audit log.")
        if alone and not self.title:
            errors["title"] = _("Type the title exactly as it stands above.")
        if alone and not self.password:
            errors["password"] = _("Type your password once more: nobody else can confirm this.")
        return errors


def ask(
    act: str, election: Election, payload: dict[str, Any], said: Said, first: Callable[[], None] | None = None
) -> tuple[Approval, ActOutcome | None]:
    """Return the request, and its outcome where nobody else could confirm and it was performed at once.

    `first` is done in the same transaction, before. Raises Conflict when the act is not possible, and ValidationFailed
    for a wrong title or password; a request with a wrong password goes on waiting.
    """
    actor = current_actor()
    alone = approvals.acts_alone(actor.id)
    outcome = None
    with transaction():
        if first is not None:
            first()
        approval_id = approvals.request(act, election, payload, said.reason, actor).id
        if alone:
            outcome = approvals.confirm_alone(approval_id, said.password, said.title, actor)
    if outcome is not None:
        refuse_wrong_password(outcome)
        if not outcome.ok:
            raise Conflict(outcome.message)
    return approvals.approval_for(approval_id, actor), outcome


def confirm(approval_id: int, title: str, password: str) -> ActOutcome:
    """Perform what somebody else asked for; where nobody else can confirm, the own request with title and password.

    Raises NotFound, and ValidationFailed for a wrong title or password.
    """
    actor = current_actor()
    found = approvals.approval_for(approval_id, actor)
    alone = found.requested_by == actor.id and approvals.acts_alone(actor.id)
    with transaction():
        if alone:
            outcome = approvals.confirm_alone(approval_id, password, title, actor)
        else:
            outcome = approvals.confirm(approval_id, actor)
    refuse_wrong_password(outcome)
    return outcome


def refuse_wrong_password(outcome: ActOutcome) -> None:
    """Raise ValidationFailed for a password that was wrong."""
    if outcome.kind == "wrong_password":
        raise ValidationFailed(fields={"password": outcome.message})


def refuse(outcome: ActOutcome) -> None:
    """Raise why a decision was not taken; its rows are committed by then."""
    if not outcome.ok:
        raise (AnotherPerson if outcome.kind in ("own", "not_yours") else Conflict)(outcome.message)


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
