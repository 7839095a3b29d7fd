"""Confirming, rejecting, withdrawing: each request is decided once, under a lock on its row."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from models import Approval, ApprovalOutcome, StaffUser, db
from services import accounts, audit_logger
from services.actor import Actor
from services.approvals.acts import Change, act_named
from services.approvals.outcomes import ActOutcome
from services.approvals.people import acts_alone, sees
from services.clock import utc_now
from services.errors import DomainError, NotFound, ValidationFailed
from services.security import Permission, has_permission

EVENTS = {
    ApprovalOutcome.REJECTED: "staff:approval:rejected",
    ApprovalOutcome.WITHDRAWN: "staff:approval:withdrawn",
    ApprovalOutcome.EXPIRED: "staff:approval:expired",
}


def confirm(approval_id: int, actor: Actor) -> ActOutcome:
    """Perform an act that somebody else asked for; two confirmations at once perform it once. Raises NotFound."""
    approval = _locked(approval_id, actor)
    if (stop := _over(approval, actor)) is not None:
        return stop
    if approval.requested_by == actor.id:
        return ActOutcome("own", approval, _("You asked for this. Another member of staff confirms it."))
    if not has_permission(actor.role, Permission.CONFIRM_ACTS):
        return ActOutcome("not_yours", approval, _("An administrator or an officer confirms this."))
    return _perform(approval, actor, alone=False)


def confirm_alone(approval_id: int, password: str, typed_title: str, actor: Actor) -> ActOutcome:
    """Perform an own request with password and title, where nobody else could confirm it.

    Raises NotFound, and ValidationFailed for another title than the election's.
    """
    approval = _locked(approval_id, actor)
    if (stop := _over(approval, actor)) is not None:
        return stop
    if approval.requested_by != actor.id or not acts_alone(actor.id):
        return ActOutcome("not_yours", approval, _("A second member of staff confirms this."))
    if typed_title != approval.election.title:
        raise ValidationFailed(fields={"title": _("Type the title exactly as it stands above.")})
    if not accounts.confirm_password(approval.requested_by, password, actor):
        return ActOutcome("wrong_password", approval, _("That is not your password."))
    return _perform(approval, actor, alone=True)


def reject(approval_id: int, actor: Actor, note: str = "") -> ActOutcome:
    """Refuse what somebody else asked for, with a note for them. Raises NotFound."""
    approval = _locked(approval_id, actor)
    if (stop := _over(approval, actor)) is not None:
        return stop
    if approval.requested_by == actor.id:
        return ActOutcome("own", approval, _("You asked for this. Withdraw it instead."))
    if not has_permission(actor.role, Permission.CONFIRM_ACTS):
        return ActOutcome("not_yours", approval, _("An administrator or an officer rejects this."))
    approval.rejected_by = actor.id
    approval.note = note.strip()
    close_request(approval, ApprovalOutcome.REJECTED, actor)
    return ActOutcome("rejected", approval)


def withdraw(approval_id: int, actor: Actor) -> ActOutcome:
    """Take an own request back. Raises NotFound."""
    approval = _locked(approval_id, actor)
    if (stop := _over(approval, actor)) is not None:
        return stop
    if approval.requested_by != actor.id:
        return ActOutcome("not_yours", approval, _("Only who asked for this can withdraw it."))
    close_request(approval, ApprovalOutcome.WITHDRAWN, actor)
    return ActOutcome("withdrawn", approval)


def expire_due(actor: Actor) -> int:
    """Write down which requests ran out; return how many."""
    due = db.session.scalars(
        select(Approval)
        .where(Approval.outcome == ApprovalOutcome.WAITING, Approval.expires_at <= utc_now())
        .with_for_update(skip_locked=True)
    ).all()
    for approval in due:
        close_request(approval, ApprovalOutcome.EXPIRED, actor)
    return len(due)


def close_request(approval: Approval, outcome: ApprovalOutcome, actor: Actor) -> None:
    """End a request without performing it, with its audit row."""
    approval.outcome = outcome
    approval.ended_at = utc_now()
    db.session.flush()
    note = {"note": approval.note} if approval.note else {}
    audit_logger.record(
        EVENTS[outcome], actor, election_id=approval.election_id, act=approval.act, subject_id=approval.id,
        reason=approval.reason, requested_by=approval.requester.username, **note,
    )  # fmt: skip


def _perform(approval: Approval, actor: Actor, alone: bool) -> ActOutcome:
    """Check once more, do it, and write down who asked, who confirmed, why, and what changed."""
    act = act_named(approval.act)
    try:
        with db.session.begin_nested():
            db.session.refresh(approval.election, with_for_update={"key_share": True})
            act.check(approval.election, approval.payload)
            change = act.perform(approval.election, approval.payload, approval.reason, actor)
    except DomainError as error:
        audit_logger.record(
            "staff:approval:refused", actor, election_id=approval.election_id, act=approval.act,
            subject_id=approval.id, reason=error.message[:500],
        )  # fmt: skip
        return ActOutcome("refused", approval, error.message)
    _write_down(approval, actor, alone, change)
    return ActOutcome("done", approval, change=change)


def _write_down(approval: Approval, actor: Actor, alone: bool, change: Change) -> None:
    approval.alone = alone
    approval.confirmed_by = None if alone else actor.id
    approval.outcome = ApprovalOutcome.DONE
    approval.performed_at = approval.ended_at = utc_now()
    db.session.flush()
    requester = db.session.get_one(StaffUser, approval.requested_by).username
    audit_logger.record(
        "staff:approval:performed", actor, election_id=approval.election_id, act=approval.act,
        subject_id=approval.id, reason=approval.reason, requested_by=requester,
        confirmed_by="password and title" if alone else actor.name, before=change.before, after=change.after,
    )  # fmt: skip


def _locked(approval_id: int, actor: Actor) -> Approval:
    approval = db.session.scalar(
        select(Approval)
        .where(Approval.id == approval_id)
        .with_for_update(of=Approval)
        .execution_options(populate_existing=True)
    )
    if approval is None or not sees(actor.id, actor.role, approval.election):
        raise NotFound(_("There is no such request."))
    return approval


def _over(approval: Approval, actor: Actor) -> ActOutcome | None:
    """Return the outcome of a request that is decided or too old, None while it waits."""
    if approval.outcome is ApprovalOutcome.WAITING and approval.expires_at <= utc_now():
        close_request(approval, ApprovalOutcome.EXPIRED, actor)
        return ActOutcome("expired", approval, _("Ten minutes are over. Whoever asked for this asks once more."))
    if approval.outcome is ApprovalOutcome.WAITING:
        return None
    words = {
        ApprovalOutcome.DONE: _("This was confirmed before. It was done once."),
        ApprovalOutcome.REJECTED: _("This was rejected before."),
        ApprovalOutcome.WITHDRAWN: _("Whoever asked for this has withdrawn it."),
        ApprovalOutcome.EXPIRED: _("Ten minutes are over. Whoever asked for this asks once more."),
    }
    return ActOutcome("over", approval, words[approval.outcome])
