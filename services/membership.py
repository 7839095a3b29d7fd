"""Who belongs to an election: the one answer to "which elections may this member of staff see".

Whoever is not on an election's list is told that there is no such election, for everything that is part of it.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, false, func, insert, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased

from models import Election, ElectionStaff, StaffRole, StaffUser, db
from services.actor import Actor

INSTALLATION = frozenset({"system", "operator"})
"""Actors without an account: the application itself, and whoever holds the machine it runs on."""


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Election` for those this actor may see; for an unknown kind of actor none."""
    if actor.role in INSTALLATION:
        return true()
    if actor.role not in set(StaffRole) or actor.id is None:
        return false()
    # A name of its own, so that a query which joins the list itself keeps the two apart.
    on_list = aliased(ElectionStaff)
    return exists().where(on_list.election_id == Election.id, on_list.staff_user_id == actor.id)


def may_see(actor: Actor, election_id: int) -> bool:
    """Tell whether the election exists and this actor may see it."""
    return bool(db.session.scalar(select(exists().where(Election.id == election_id, seen_by(actor)))))


def is_member(user: StaffUser, election_id: int) -> bool:
    """Tell whether this member of staff is on the election's list; the account must be active."""
    return user.is_active and may_see(Actor(user.role.value, user.id, user.username), election_id)


def count_members(election_id: int, *roles: str) -> int:
    """Return how many active members of staff of these roles are on the election's list."""
    listed = select(func.count()).select_from(StaffUser).join(ElectionStaff)
    members = listed.where(ElectionStaff.election_id == election_id, StaffUser.is_active, StaffUser.role.in_(roles))
    return db.session.scalar(members) or 0


def join(election_id: int, *staff_ids: int) -> None:
    """Put members of staff on the list of an election; who is on it already stays on it."""
    if staff_ids:
        rows = [{"election_id": election_id, "staff_user_id": staff_id} for staff_id in staff_ids]
        db.session.execute(postgresql.insert(ElectionStaff).values(rows).on_conflict_do_nothing())


def join_all_elections(staff_id: int) -> int:
    """Put a member of staff on the list of every present election and return how many there are."""
    ids = db.session.scalars(select(Election.id)).all()
    for election_id in ids:
        join(election_id, staff_id)
    return len(ids)


def copy_list(source: Election, target: Election) -> None:
    """Give an election the list of another one: the next round belongs to whom this one belongs."""
    members = select(db.literal(target.id), ElectionStaff.staff_user_id).where(ElectionStaff.election_id == source.id)
    db.session.execute(insert(ElectionStaff).from_select(["election_id", "staff_user_id"], members))
