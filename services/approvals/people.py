"""Who may confirm: active admins and officers who may see the election, never the one who asked."""

from __future__ import annotations

from sqlalchemy import select

from models import Election, StaffUser, db
from services import membership
from services.actor import Actor
from services.security import ROLE_PERMISSIONS, Permission

CONFIRMING_ROLES = tuple(role for role, held in ROLE_PERMISSIONS.items() if Permission.CONFIRM_ACTS in held)


def confirmers(election: Election, requester_id: int | None) -> list[StaffUser]:
    """Return the people who could confirm an act on this election that the requester asks for."""
    return [user for user in _others(requester_id) if sees(user.id, user.role.value, election)]


def acts_alone(requester_id: int | None) -> bool:
    """Tell whether the installation has nobody else, so that the password and the election's title have to do.

    Whoever is left off an election's list still counts: else an admin would confirm alone by leaving all others off.
    """
    return not _others(requester_id)


def _others(requester_id: int | None) -> list[StaffUser]:
    wanted = (StaffUser.is_active, StaffUser.role.in_(CONFIRMING_ROLES), StaffUser.id != requester_id)
    return list(db.session.scalars(select(StaffUser).where(*wanted).order_by(StaffUser.username)))


def sees(user_id: int | None, role: str, election: Election) -> bool:
    """Tell whether this person may see the election at all."""
    return membership.may_see(Actor(role, user_id), election.id)
