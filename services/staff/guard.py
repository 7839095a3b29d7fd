"""Changes of an account that could leave the installation without an admin: one after the other, and refused then."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from models import Election, ElectionStaff, StaffLink, StaffRole, StaffUser, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, Forbidden, NotFound
from services.staff.sessions import end_all

GUARD_LOCK = 0x53544146
"""Advisory lock under which roles and active accounts change: of two who take each other's away, the second waits."""


class LastAdmin(Conflict):
    code = "last_admin"


def find(staff_id: int) -> StaffUser:
    """Return a member of staff; raises NotFound."""
    user = db.session.get(StaffUser, staff_id)
    if user is None:
        raise NotFound(_("There is no such member of staff."))
    return user


def find_by_name(username: str) -> StaffUser:
    """Return the member of staff of this user name; raises NotFound."""
    user = db.session.scalar(select(StaffUser).where(StaffUser.username == username))
    if user is None:
        raise NotFound(_("There is no staff member called %(name)s.", name=username))
    return user


def find_locked(staff_id: int, actor: Actor) -> StaffUser:
    """Return a member of staff as it is now, to be changed by nobody else meanwhile.

    Raises NotFound, and Forbidden for an actor whose own account was taken away while he waited.
    """
    db.session.execute(select(func.pg_advisory_xact_lock(GUARD_LOCK)))
    db.session.expire_all()
    if actor.id is not None and actor.role in set(StaffRole):
        own = find(actor.id)
        if not own.is_active or own.role.value != actor.role:
            raise Forbidden(_("Your own access has just been changed. Sign in again."))
    return find(staff_id)


def deactivate(staff_id: int, actor: Actor) -> StaffUser:
    """Take somebody's access away: sessions end, and the invitations he sent are withdrawn.

    Raises NotFound; Conflict for oneself and for whoever is deactivated already; LastAdmin.
    """
    user = find_locked(staff_id, actor)
    if user.id == actor.id:
        raise Conflict(_("You cannot deactivate yourself. Another administrator does it."))
    if not user.is_active:
        raise Conflict(_("%(name)s is deactivated already.", name=user.username))
    _keep_an_admin(user)
    user.is_active = False
    _withdraw_invitations_of(user)
    end_all(user, actor)
    _record("staff:account:deactivated", user, actor, "active", "deactivated")
    return user


def reactivate(staff_id: int, actor: Actor) -> StaffUser:
    """Give somebody the access back that was taken; raises NotFound and Conflict."""
    user = find_locked(staff_id, actor)
    if user.is_active:
        raise Conflict(_("%(name)s is active.", name=user.username))
    user.is_active = True
    _record("staff:account:reactivated", user, actor, "deactivated", "active")
    return user


def change_role(staff_id: int, role: StaffRole, actor: Actor) -> StaffUser:
    """Give somebody another role; sessions end, so that no page of the old role stays open.

    Raises NotFound; Conflict for oneself; LastAdmin.
    """
    user = find_locked(staff_id, actor)
    if user.id == actor.id:
        raise Conflict(_("You cannot change your own role. Another administrator does it."))
    if user.role is role:
        return user
    if user.is_active:
        _keep_an_admin(user)
    before, user.role = user.role, role
    end_all(user, actor)
    if before is StaffRole.ADMIN:
        _withdraw_invitations_of(user)
    _record("staff:account:role_changed", user, actor, before.value, role.value)
    return user


def without_admin(user: StaffUser) -> int:
    """Return how many elections this person is listed for that have no active admin."""
    admin = (
        select(ElectionStaff.election_id)
        .join(StaffUser)
        .where(StaffUser.is_active, StaffUser.role == StaffRole.ADMIN)
        .scalar_subquery()
    )
    listed = select(func.count()).select_from(Election).join(ElectionStaff, ElectionStaff.election_id == Election.id)
    orphans = listed.where(ElectionStaff.staff_user_id == user.id, Election.id.not_in(admin))
    return db.session.scalar(orphans) or 0


def _keep_an_admin(user: StaffUser) -> None:
    """Raise LastAdmin when nobody else is an active admin."""
    others = select(func.count()).where(StaffUser.role == StaffRole.ADMIN, StaffUser.is_active, StaffUser.id != user.id)
    if user.role is StaffRole.ADMIN and not db.session.scalar(others):
        raise LastAdmin(_("%(name)s is the last administrator. Make somebody else one first.", name=user.username))


def _withdraw_invitations_of(user: StaffUser) -> None:
    """An invitation speaks for whoever sent it, and no longer than that person may."""
    waiting = update(StaffLink).where(
        StaffLink.made_by == user.id, StaffLink.used_at.is_(None), StaffLink.withdrawn_at.is_(None)
    )
    db.session.execute(waiting.values(withdrawn_at=utc_now()))


def _record(event_type: str, user: StaffUser, actor: Actor, before: str, after: str) -> None:
    audit_logger.record(
        event_type, actor, username=user.username, subject_id=user.id, before=before, after=after, role=user.role.value
    )
