"""Groups of voters: rolls are filled from them. A name is unique whatever the case of its letters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from flask_babel import gettext as _
from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from models import Group, GroupMember, Voter, db
from services import audit_logger
from services.actor import Actor
from services.errors import Conflict, NotFound, ValidationFailed
from services.person_name import check_name
from services.savepoints import referenced, savepoint
from services.voters.errors import FieldConflict
from services.voters.search import VoterQuery, voter_conditions

MAX_GROUP_NAME = 80
"""Characters; a longer name does not fit a line of the list."""
GROUP_LOCK = 0x47525550
"""Class of the advisory lock under which names are compared."""


@dataclass(frozen=True)
class GroupRow:
    """A group and how many members it has."""

    group: Group
    members: int


def list_groups() -> list[GroupRow]:
    """Return all groups by name, with their number of members."""
    members = select(GroupMember.group_id, func.count().label("members")).group_by(GroupMember.group_id).subquery()
    rows = db.session.execute(
        select(Group, func.coalesce(members.c.members, 0))
        .outerjoin(members, members.c.group_id == Group.id)
        .order_by(func.lower(Group.name))
    )
    return [GroupRow(group, count) for group, count in rows]


def get_group(group_id: int) -> Group:
    """Return the group of this row id; raises NotFound."""
    group = db.session.get(Group, group_id)
    if group is None:
        raise NotFound(_("There is no such group."))
    return group


def count_members(group: Group) -> int:
    """Return the number of members."""
    return db.session.scalar(select(func.count()).where(GroupMember.group_id == group.id)) or 0


def groups_of(voter: Voter) -> list[Group]:
    """Return the groups of a voter, by name."""
    joined = select(Group).join(GroupMember, GroupMember.group_id == Group.id)
    return list(db.session.scalars(joined.where(GroupMember.voter_id == voter.id).order_by(func.lower(Group.name))))


def create_group(name: str | None, actor: Actor) -> Group:
    """Add a group; raises ValidationFailed for a name that is none, FieldConflict for one that is taken."""
    group = Group(name=_fit_name(name))
    _refuse_taken(group.name)
    with savepoint({"uq_groups_name": _taken()}):
        db.session.add(group)
    audit_logger.record("staff:group:created", actor, subject_id=group.id, name=group.name)
    return group


def rename_group(group_id: int, name: str | None, actor: Actor) -> Group:
    """Give a group another name; raises as `create_group`, and NotFound."""
    group = get_group(group_id)
    before, after = group.name, _fit_name(name)
    if after != before:
        _refuse_taken(after, but=group.id)
        with savepoint({"uq_groups_name": _taken()}):
            group.name = after
        audit_logger.record("staff:group:renamed", actor, subject_id=group.id, before=before, after=after)
    return group


def delete_group(group_id: int, actor: Actor) -> str:
    """Delete a group, not its voters, and return its name. Rolls that were filled from it stay as they are.

    Raises Conflict for a group that met: its attendance is on record.
    """
    group = get_group(group_id)
    name, members = group.name, count_members(group)
    with savepoint(referenced(Conflict(_("Meetings of this group are on record. The group stays.")))):
        db.session.delete(group)
    audit_logger.record("staff:group:deleted", actor, subject_id=group_id, name=name, count=members)
    return name


def add_members(group_id: int, voters: Collection[int], actor: Actor) -> int:
    """Add voters by row id and return how many are new in it; unknown ids are left out."""
    return _add(get_group(group_id), VoterQuery(), voters, actor)


def add_found(group_id: int, query: VoterQuery, actor: Actor) -> int:
    """Add everybody whom the query finds and return how many are new in the group."""
    return _add(get_group(group_id), query, None, actor)


def remove_members(group_id: int, voters: Collection[int], actor: Actor) -> int:
    """Take voters out of a group and return how many left; rolls stay as they are."""
    group = get_group(group_id)
    left = db.session.execute(
        delete(GroupMember).where(GroupMember.group_id == group.id, GroupMember.voter_id.in_(voters))
    )
    count = cast("CursorResult[object]", left).rowcount
    if count:
        audit_logger.record("staff:group:left", actor, subject_id=group.id, name=group.name, count=count)
    return count


def _add(group: Group, query: VoterQuery, voters: Collection[int] | None, actor: Actor) -> int:
    wanted = select(db.literal(group.id), Voter.id).where(*voter_conditions(query))
    if voters is not None:
        wanted = wanted.where(Voter.id.in_(voters))
    added = db.session.execute(
        insert(GroupMember).from_select(["group_id", "voter_id"], wanted).on_conflict_do_nothing()
    )
    count = cast("CursorResult[object]", added).rowcount
    if count:
        audit_logger.record("staff:group:joined", actor, subject_id=group.id, name=group.name, count=count)
    return count


def _fit_name(name: str | None) -> str:
    try:
        fit = check_name(name or "")
    except ValueError as error:
        raise ValidationFailed(fields={"name": str(error)}) from error
    if len(fit) > MAX_GROUP_NAME:
        raise ValidationFailed(fields={"name": _("Shorten the name to %(limit)s characters.", limit=MAX_GROUP_NAME)})
    if any(mark in fit for mark in ",;|"):
        raise ValidationFailed(
            fields={"name": _("Leave out commas, semicolons and bars: files separate groups by them.")}
        )
    return fit


def _refuse_taken(name: str, but: int | None = None) -> None:
    db.session.execute(select(func.pg_advisory_xact_lock(GROUP_LOCK)))
    same = select(Group.id).where(func.lower(Group.name) == func.lower(name), Group.id.is_distinct_from(but))
    if db.session.scalar(same.limit(1)) is not None:
        raise _taken()


def _taken() -> FieldConflict:
    return FieldConflict(fields={"name": _("Another group has this name. Choose another one.")})
