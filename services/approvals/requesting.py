"""Asking for a dangerous act."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import Approval, ApprovalOutcome, Election, db
from services import audit_logger
from services.actor import Actor
from services.approvals.acts import Payload, act_named
from services.approvals.deciding import close_request
from services.approvals.people import acts_alone, confirmers, made_oneself_alone
from services.clock import utc_now
from services.errors import Conflict, Forbidden, ValidationFailed

APPROVAL_LIFETIME = timedelta(minutes=10)
"""Long enough to fetch somebody from the next room, short enough that the state described is still the state."""
MAX_REASON = 500


def request(act: str, election: Election, payload: Payload, reason: str, actor: Actor) -> Approval:
    """Ask for an act; it waits ten minutes for a second person. Who asks again replaces the own earlier request.

    Raises ValidationFailed without a reason, Conflict while another person's request waits, when `check` says no,
    or when nobody on the election's list could confirm it.
    """
    if actor.id is None:
        raise Forbidden(_("Only a member of staff can ask for this."))
    if not reason.strip():
        raise ValidationFailed(fields={"reason": _("Give a reason. It stands in the audit log.")})
    act_named(act).check(election, payload)
    if not acts_alone(actor.id) and not confirmers(election, actor.id):
        if made_oneself_alone(actor.id):
            raise Conflict(_(
                "You took a second person's access away less than 24 hours ago. Nobody acts alone after that: give the"
                " access back, or invite another administrator or officer."
            ))  # fmt: skip
        raise Conflict(_("Nobody else on this election's list could confirm it. Put another person on the list first."))
    _make_room(act, election, actor)
    approval = Approval(
        act=act,
        election_id=election.id,
        payload=payload,
        reason=reason.strip()[:MAX_REASON],
        requested_by=actor.id,
        expires_at=utc_now() + APPROVAL_LIFETIME,
    )
    try:
        with db.session.begin_nested():
            db.session.add(approval)
    except IntegrityError as error:
        raise _waits_already() from error
    audit_logger.record(
        "staff:approval:requested", actor, election_id=election.id, act=act, subject_id=approval.id,
        reason=approval.reason,
    )  # fmt: skip
    return approval


def _make_room(act: str, election: Election, actor: Actor) -> None:
    """End what would stand in the way: a request that is over, or an own one."""
    waiting = db.session.scalar(
        select(Approval)
        .where(
            Approval.act == act,
            Approval.election_id == election.id,
            Approval.outcome == ApprovalOutcome.WAITING,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if waiting is None:
        return
    if waiting.expires_at <= utc_now():
        close_request(waiting, ApprovalOutcome.EXPIRED, actor)
    elif waiting.requested_by == actor.id:
        close_request(waiting, ApprovalOutcome.WITHDRAWN, actor)
    else:
        raise _waits_already()


def _waits_already() -> Conflict:
    return Conflict(_("Somebody asked for this already. Confirm or reject that request first."))
