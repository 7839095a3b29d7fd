"""The list of an election's staff, which its admins keep, and what the desk shows about people."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from models import Election, ElectionStaff, StaffRole, StaffUser, db
from services import audit_logger, membership
from services.actor import Actor
from services.errors import Conflict
from services.membership import seen_by
from services.staff.guard import find

LIST_LOCK = 0x4C495354
"""Class of the advisory locks under which the list of one election changes."""


@dataclass(frozen=True)
class Person:
    """A member of staff with the elections that the asking person sees too."""

    user: StaffUser
    elections: list[Election]


def everybody(actor: Actor) -> list[Person]:
    """Return all staff: active ones first, then by name."""
    users = db.session.scalars(select(StaffUser).order_by(StaffUser.is_active.desc(), func.lower(StaffUser.username)))
    found: dict[int, list[Election]] = {}
    pairs = select(ElectionStaff.staff_user_id, Election).join(Election, Election.id == ElectionStaff.election_id)
    for staff_id, election in db.session.execute(pairs.where(seen_by(actor)).order_by(Election.id.desc())):
        found.setdefault(staff_id, []).append(election)
    return [Person(user, found.get(user.id, [])) for user in users]


def listed(election: Election) -> list[StaffUser]:
    """Return who is on the election's list, deactivated people too, by name."""
    members = select(StaffUser).join(ElectionStaff).where(ElectionStaff.election_id == election.id)
    return list(db.session.scalars(members.order_by(StaffUser.is_active.desc(), func.lower(StaffUser.username))))


def addable(election: Election) -> list[StaffUser]:
    """Return the active staff who are not on the election's list, by name."""
    members = select(ElectionStaff.staff_user_id).where(ElectionStaff.election_id == election.id)
    others = select(StaffUser).where(StaffUser.is_active, StaffUser.id.not_in(members))
    return list(db.session.scalars(others.order_by(func.lower(StaffUser.username))))


def add(election: Election, staff_id: int, actor: Actor) -> StaffUser:
    """Put somebody on the election's list; raises NotFound, and Conflict for who is on it or is deactivated."""
    _lock(election)
    user = find(staff_id)
    if not user.is_active:
        raise Conflict(_("%(name)s is deactivated.", name=user.username))
    if _is_listed(election, user):
        raise Conflict(_("%(name)s is on the list already.", name=user.username))
    membership.join(election.id, user.id)
    audit_logger.record(
        "staff:election_staff:added", actor, election_id=election.id, username=user.username, role=user.role.value
    )
    return user


def remove(election: Election, staff_id: int, actor: Actor) -> StaffUser:
    """Take somebody off the election's list, never its last active admin; raises NotFound and Conflict."""
    _lock(election)
    user = find(staff_id)
    if not _is_listed(election, user):
        raise Conflict(_("%(name)s is not on the list.", name=user.username))
    admins = membership.count_members(election.id, StaffRole.ADMIN)
    if user.role is StaffRole.ADMIN and user.is_active and admins <= 1:
        raise Conflict(_("%(name)s is the last administrator of this election. Add another one.", name=user.username))
    db.session.execute(
        delete(ElectionStaff).where(ElectionStaff.election_id == election.id, ElectionStaff.staff_user_id == user.id)
    )
    audit_logger.record(
        "staff:election_staff:removed", actor, election_id=election.id, username=user.username, role=user.role.value
    )
    return user


def _is_listed(election: Election, user: StaffUser) -> bool:
    found = select(ElectionStaff.election_id).where(
        ElectionStaff.election_id == election.id, ElectionStaff.staff_user_id == user.id
    )
    return db.session.scalar(found) is not None


def _lock(election: Election) -> None:
    db.session.execute(select(func.pg_advisory_xact_lock(LIST_LOCK, election.id)))
