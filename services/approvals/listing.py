"""Which requests a person sees, and in which state each is by the clock."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload

from models import Approval, ApprovalOutcome, db
from services import membership
from services.actor import Actor
from services.clock import utc_now
from services.errors import NotFound
from services.security import Permission, has_permission

SHOWN = 50


def pending_for(actor: Actor) -> list[Approval]:
    """Return the requests that this person could confirm now, the oldest first."""
    if not has_permission(actor.role, Permission.CONFIRM_ACTS):
        return []
    return [approval for approval in waiting_for(actor) if approval.requested_by != actor.id]


def waiting_for(actor: Actor) -> list[Approval]:
    """Return all requests that wait now and whose election this person may see, own ones too."""
    waiting = _all().where(Approval.outcome == ApprovalOutcome.WAITING, Approval.expires_at > utc_now())
    return _seen(waiting.order_by(Approval.id), actor)


def recent(actor: Actor) -> list[Approval]:
    """Return the last requests that do not wait any more, the newest first."""
    over = _all().where((Approval.outcome != ApprovalOutcome.WAITING) | (Approval.expires_at <= utc_now()))
    return _seen(over.order_by(Approval.id.desc()).limit(SHOWN), actor)


def approval_for(approval_id: int, actor: Actor) -> Approval:
    """Return one request; raises NotFound when it is not there or its election is not this person's."""
    found = _seen(_all().where(Approval.id == approval_id), actor)
    if not found:
        raise NotFound(_("There is no such request."))
    return found[0]


def state_of(approval: Approval) -> ApprovalOutcome:
    """Return the state by the clock: one that waits longer than ten minutes is expired, written down or not."""
    if approval.outcome is ApprovalOutcome.WAITING and approval.expires_at <= utc_now():
        return ApprovalOutcome.EXPIRED
    return approval.outcome


def _all() -> Select[Approval]:
    return (
        select(Approval)
        .join(Approval.election)
        .options(
            contains_eager(Approval.election),
            joinedload(Approval.requester),
            joinedload(Approval.confirmer),
            joinedload(Approval.rejecter),
        )
    )


def _seen(query: Select[Approval], actor: Actor) -> list[Approval]:
    return list(db.session.scalars(query.where(membership.seen_by(actor))))
