"""Who may confirm: active admins and officers who may see the election, never the one who asked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, exists, func, or_, select

from models import AuditLog, Election, StaffUser, db
from services import membership
from services.actor import Actor
from services.security import ROLE_PERMISSIONS, Permission

CONFIRMING_ROLES = tuple(role for role, held in ROLE_PERMISSIONS.items() if Permission.CONFIRM_ACTS in held)
ALONE_AFTER = timedelta(hours=24)
"""Long enough for somebody to notice in the audit log, short enough for a commission whose officer has really left."""


def confirmers(election: Election, requester_id: int | None) -> list[StaffUser]:
    """Return the people who could confirm an act on this election that the requester asks for."""
    return [user for user in _others(requester_id) if sees(user.id, user.role.value, election)]


def acts_alone(requester_id: int | None) -> bool:
    """Tell whether the installation has nobody else, so that the password and the election's title have to do.

    Whoever is left off an election's list still counts: else an admin would confirm alone by leaving all others off.
    For the same reason nobody acts alone within ALONE_AFTER of having taken a second person's access or role away.
    """
    return not _others(requester_id) and not made_oneself_alone(requester_id)


def made_oneself_alone(requester_id: int | None) -> bool:
    """Tell whether this person took the access or the role of somebody who could confirm within ALONE_AFTER."""
    details, kind = AuditLog.details, AuditLog.event_type
    deactivated = and_(kind == "staff:account:deactivated", details["role"].astext.in_(CONFIRMING_ROLES))
    demoted = and_(
        kind == "staff:account:role_changed",
        details["before"].astext.in_(CONFIRMING_ROLES),
        details["after"].astext.not_in(CONFIRMING_ROLES),
    )
    name = select(StaffUser.username).where(StaffUser.id == requester_id).scalar_subquery()
    # The database's clock, which the rows have their time from.
    recent = AuditLog.created_at > func.clock_timestamp() - ALONE_AFTER
    return bool(db.session.scalar(select(exists().where(AuditLog.actor == name, recent, or_(deactivated, demoted)))))


def _others(requester_id: int | None) -> list[StaffUser]:
    wanted = (StaffUser.is_active, StaffUser.role.in_(CONFIRMING_ROLES), StaffUser.id != requester_id)
    return list(db.session.scalars(select(StaffUser).where(*wanted).order_by(StaffUser.username)))


def sees(user_id: int | None, role: str, election: Election) -> bool:
    """Tell whether this person may see the election at all."""
    return membership.may_see(Actor(role, user_id), election.id)
