"""Voters of the register, and the electoral roll of an election, as the desk keeps them."""

from __future__ import annotations

from flask_babel import gettext as _

from blueprints.api import bp
from blueprints.api.operations import documented
from blueprints.api.shapes import Done
from blueprints.api.voter_shapes import (
    NewVoter,
    RollAddition,
    RollChanged,
    RollCounts,
    RollPage,
    RollQuery,
    RollRemoval,
    Suspension,
    VoterChange,
    VoterDetail,
    VoterList,
    VoterListQuery,
    detail_of,
    page_of,
)
from blueprints.http import current_actor
from blueprints.policy import requires
from models import Election, Voter, transaction
from services import rolls
from services import voters as register
from services.api_requests import Repeatable, once
from services.desk import visible_election
from services.errors import ValidationFailed
from services.rolls import RollChange
from services.security import Permission

GROUP, ROLL = "Voters", "Electoral roll"
VOTED = {"yes": True, "no": False}


@bp.get("/voters")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, VoterList, query=VoterListQuery)
def list_voters(query: VoterListQuery) -> VoterList:
    """List voters, fifty a page. A page beyond the last one is the last one."""
    return VoterList(**page_of(register.search_voters(query.wanted(few_pictures=query.pictures == "few"))))


@bp.post("/voters")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, VoterDetail, NewVoter, status=201, refuses=(409,), repeatable=True)
def create_voter(body: NewVoter, asked: Repeatable | None) -> VoterDetail:
    """Add a voter, and put the voter on rolls that are not open yet."""
    with transaction():
        made = once(asked, current_actor(), lambda: register.create_voter(body.entries(), current_actor()).id)
    return _detail(register.get_voter(int(made)))


@bp.get("/voters/<int:voter_id>")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, VoterDetail)
def get_voter(voter_id: int) -> VoterDetail:
    """Show one voter."""
    return _detail(register.get_voter(voter_id))


@bp.patch("/voters/<int:voter_id>")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, VoterDetail, VoterChange, refuses=(409,))
def update_voter(voter_id: int, body: VoterChange) -> VoterDetail:
    """Change a voter."""
    with transaction():
        changed = register.update_voter(voter_id, body.entries(), current_actor())
    return _detail(changed)


@bp.delete("/voters/<int:voter_id>")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, Done, refuses=(409,))
def delete_voter(voter_id: int) -> Done:
    """Delete a voter with faces, consents and roll entries. Who has voted stays."""
    with transaction():
        register.delete_voter(voter_id, current_actor())
    return Done()


@bp.post("/voters/<int:voter_id>/suspension")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, VoterDetail, Suspension, refuses=(409,))
def suspend_voter(voter_id: int, body: Suspension) -> VoterDetail:
    """Suspend a voter, or admit again. On the roll of an open election a second person confirms it: change that roll
    instead."""
    register.refuse_on_open_roll(register.get_voter(voter_id))
    with transaction():
        changed = register.set_suspended(voter_id, body.change == "suspend", body.reason, current_actor())
    return _detail(changed)


@bp.get("/elections/<int:election_id>/roll")
@requires(Permission.MANAGE_VOTERS)
@documented(ROLL, RollPage, query=RollQuery)
def list_roll(election_id: int, query: RollQuery) -> RollPage:
    """List who is on the electoral roll, or who is not, fifty a page."""
    election = _election(election_id)
    off = query.show == "off"
    asked = query.wanted(election_id=election.id, on_roll=not off, voted=None if off else VOTED.get(query.voted or ""))
    figures = rolls.roll_figures(election)
    counts = RollCounts(on_roll=figures.on_roll, voted=figures.voted, suspended=figures.suspended)
    return RollPage(**page_of(register.search_voters(asked)), election_id=election.id, counts=counts)


@bp.post("/elections/<int:election_id>/roll")
@requires(Permission.MANAGE_VOTERS)
@documented(ROLL, RollChanged, RollAddition, refuses=(409,))
def add_to_roll(election_id: int, body: RollAddition) -> RollChanged:
    """Put voters, or all members of groups, on the roll of a draft. Who is on it already is left out."""
    election = _election(election_id)
    if not (body.voters or body.groups):
        raise ValidationFailed(fields={"voters": _("Name a voter or a group.")})
    changed = 0
    with transaction():
        if body.voters:
            changed += rolls.add_voters(election, body.voters, current_actor()).changed
        if body.groups:
            changed += rolls.add_groups(election, body.groups, current_actor()).changed
    return _changed(election, RollChange(changed))


@bp.post("/elections/<int:election_id>/roll/removal")
@requires(Permission.MANAGE_VOTERS)
@documented(ROLL, RollChanged, RollRemoval, refuses=(409,))
def remove_from_roll(election_id: int, body: RollRemoval) -> RollChanged:
    """Take voters off the roll of a draft, with a reason. Who has voted stays."""
    election = _election(election_id)
    with transaction():
        done = rolls.remove_voters(election, body.voters, body.reason, current_actor())
    return _changed(election, done)


def _detail(found: Voter) -> VoterDetail:
    return detail_of(found, register.roll_entries_of(found, current_actor()))


def _changed(election: Election, done: RollChange) -> RollChanged:
    return RollChanged(changed=done.changed, kept=done.kept, on_roll=rolls.roll_figures(election).on_roll)


def _election(number: int) -> Election:
    return visible_election(number, current_actor())
