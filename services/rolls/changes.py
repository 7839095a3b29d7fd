"""Adding voters to a roll and taking them off. Who has voted stays; a roll that is closed does not change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import cast

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, CursorResult, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from models import Election, ElectionStatus, Group, GroupMember, RollEntry, Voter, db
from services import audit_logger
from services.actor import Actor
from services.errors import Conflict, NotFound, ValidationFailed
from services.roll_fingerprint import of_an_open_roll
from services.savepoints import referenced, savepoint
from services.voters import VoterQuery, check_reason, voter_conditions


@dataclass(frozen=True)
class RollChange:
    """What a change did: `changed` voters were added or removed, `kept` could not be removed because they voted."""

    changed: int
    kept: int = 0


def add_voters(election: Election, voters: Collection[int], actor: Actor) -> RollChange:
    """Put voters (row ids) on the roll; who is on it or unknown is left out. Raises Conflict when fixed."""
    return _add(election, Voter.id.in_(voters), actor, kind="voters")


def add_found(election: Election, query: VoterQuery, actor: Actor) -> RollChange:
    """Put everybody whom the query finds on the roll. Raises Conflict when it is fixed."""
    asked = replace(query, election_id=election.id, on_roll=None, voted=None)
    conditions = voter_conditions(asked) or [literal(True)]
    return _add(election, db.and_(*conditions), actor, kind="search")


def add_groups(election: Election, groups: Collection[int], actor: Actor) -> RollChange:
    """Put all members of these groups on the roll. Raises NotFound, ValidationFailed without one, Conflict."""
    if not groups:
        raise ValidationFailed(fields={"groups": _("Choose a group.")})
    names = list(db.session.scalars(select(Group.name).where(Group.id.in_(groups)).order_by(Group.name)))
    if len(names) != len(set(groups)):
        raise NotFound(_("One of these groups is gone. Choose again."))
    member = exists().where(GroupMember.voter_id == Voter.id, GroupMember.group_id.in_(groups))
    return _add(election, member, actor, kind="groups", name=", ".join(names))


def remove_voters(election: Election, voters: Collection[int], reason: str, actor: Actor) -> RollChange:
    """Take voters (row ids) off the roll, but for those who have voted. Raises ValidationFailed, Conflict."""
    refuse_fixed(election)
    return take_off(election, voters, check_reason(reason), actor)


def take_off(election: Election, voters: Collection[int], reason: str, actor: Actor) -> RollChange:
    """Take voters off the roll whatever the state of the election; who has voted stays. Raises Conflict."""
    here = (RollEntry.election_id == election.id, RollEntry.voter_id.in_(voters))
    kept = db.session.scalar(select(func.count()).where(*here, RollEntry.has_voted)) or 0
    before = count_on_roll(election)
    # A vote cast since then holds its entry by the foreign key.
    with savepoint(referenced(Conflict(_("One of them has voted in this moment. Load the page again.")))):
        gone = list(
            db.session.scalars(
                delete(RollEntry).where(*here, RollEntry.has_voted.is_(False)).returning(RollEntry.voter_id)
            )
        )
    if gone:
        audit_logger.record(
            "staff:roll:removed", actor, election_id=election.id, count=len(gone), before=before,
            after=before - len(gone), reason=reason, **_single(gone), **of_an_open_roll(election),
        )  # fmt: skip
    return RollChange(len(gone), kept)


def refuse_fixed(election: Election) -> None:
    """Raise Conflict unless the roll of this election may be changed at once; it does not open before the change."""
    if election.status is ElectionStatus.DRAFT:
        db.session.refresh(election, with_for_update={"read": True})
    if election.status is ElectionStatus.ACTIVE:
        raise Conflict(_("This election is open. Each change of its roll waits for a second person."))
    if election.status is not ElectionStatus.DRAFT:
        raise Conflict(_("This election is closed. Its roll stays as it is."))


def count_on_roll(election: Election) -> int:
    """Return how many voters stand on the roll."""
    return db.session.scalar(select(func.count()).where(RollEntry.election_id == election.id)) or 0


def _add(election: Election, wanted: ColumnElement[bool], actor: Actor, **details: object) -> RollChange:
    refuse_fixed(election)
    return put_on(election, wanted, actor, **details)


def put_on(election: Election, wanted: ColumnElement[bool], actor: Actor, **details: object) -> RollChange:
    """Put voters on the roll whatever the state of the election; who is on it already is left out."""
    before = count_on_roll(election)
    rows = select(literal(election.id), Voter.id).where(wanted)
    added = db.session.execute(
        insert(RollEntry).from_select(["election_id", "voter_id"], rows).on_conflict_do_nothing()
    )
    count = cast("CursorResult[object]", added).rowcount
    if count:
        audit_logger.record(
            "staff:roll:added", actor, election_id=election.id, count=count, before=before, after=before + count,
            **details, **of_an_open_roll(election),
        )  # fmt: skip
    return RollChange(count)


def _single(voters: list[int]) -> dict[str, object]:
    if len(voters) != 1:
        return {}
    return {"voter_number": db.session.scalar(select(Voter.voter_id).where(Voter.id == voters[0]))}
