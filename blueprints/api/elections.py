"""Elections and their candidates, as the desk keeps them."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints.api import bp
from blueprints.api.election_shapes import (
    CandidateChange,
    Candidates,
    CopyElection,
    ElectionChange,
    ElectionQuery,
    Elections,
    NewCandidate,
    NewElection,
    OneCandidate,
    OneElection,
    candidate_of,
    election_of,
)
from blueprints.api.operations import documented
from blueprints.api.shapes import Done
from blueprints.http import current_actor
from blueprints.policy import requires
from models import Election, ElectionStatus, transaction
from services import candidates as ballot
from services import elections as service
from services.api_requests import Repeatable, once
from services.candidates import CandidateEntries
from services.clock import utc_now
from services.desk import visible_election
from services.errors import Conflict
from services.security import Permission

GROUP, ON_BALLOT = "Elections", "Candidates"
Asked = Repeatable | None


class TwoPeopleNeeded(Conflict):
    code = "two_people_needed"
    message = N_("A second person confirms this.")


@bp.get("/elections")
@requires(Permission.VIEW_DESK)
@documented(GROUP, Elections, query=ElectionQuery)
def list_elections(query: ElectionQuery) -> Elections:
    """List the elections on whose list you are, the newest first."""
    found = service.visible_elections(current_actor(), query.status, query.q)
    begin = (query.page - 1) * query.per_page
    shown = [election_of(one) for one in found[begin : begin + query.per_page]]
    return Elections(elections=shown, total=len(found), page=query.page, per_page=query.per_page)


@bp.get("/elections/<int:election_id>")
@requires(Permission.VIEW_DESK)
@documented(GROUP, OneElection)
def get_election(election_id: int) -> OneElection:
    """Show one election."""
    return election_of(_election(election_id))


@bp.post("/elections")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, NewElection, status=201, refuses=(409,), repeatable=True)
def create_election(body: NewElection, asked: Asked) -> OneElection:
    """Make a draft; you are on its list."""
    actor = current_actor()
    with transaction():
        made = once(asked, actor, lambda: service.create_election(**body.settings(), actor=actor).id)
    return election_of(_election(int(made)))


@bp.patch("/elections/<int:election_id>")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, ElectionChange, refuses=(409,))
def update_election(election_id: int, body: ElectionChange) -> OneElection:
    """Change settings of a draft."""
    found = _election(election_id)
    with transaction():
        service.update_election(found, body.settings(), current_actor())
    return election_of(found)


@bp.delete("/elections/<int:election_id>")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, Done, refuses=(409,))
def delete_election(election_id: int) -> Done:
    """Delete a draft. What was opened once is never deleted."""
    found = _election(election_id)
    with transaction():
        service.delete_election(found, current_actor())
    return Done()


@bp.post("/elections/<int:election_id>/copy")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, CopyElection, status=201, refuses=(409,), repeatable=True)
def copy_election(election_id: int, body: CopyElection, asked: Asked) -> OneElection:
    """Make a draft out of an election: its settings and candidates, with `roll` its electoral roll too."""
    actor, source = current_actor(), _election(election_id)
    with transaction():
        made = once(asked, actor, lambda: service.copy_election(source, actor, with_roll=body.roll).id)
    return election_of(_election(int(made)))


@bp.put("/elections/<int:election_id>/schedule")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, refuses=(409,))
def schedule_election(election_id: int) -> OneElection:
    """Let a draft that lacks nothing open by itself at its time."""
    with transaction():
        service.schedule_opening(_election(election_id), current_actor())
    return election_of(_election(election_id))


@bp.delete("/elections/<int:election_id>/schedule")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, refuses=(409,))
def unschedule_election(election_id: int) -> OneElection:
    """Let a draft wait for somebody to open it."""
    with transaction():
        service.cancel_opening(_election(election_id), current_actor())
    return election_of(_election(election_id))


@bp.post("/elections/<int:election_id>/archive")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, refuses=(409,))
def archive_election(election_id: int) -> OneElection:
    """Put a closed election into the archive; it stays readable."""
    with transaction():
        service.archive_election(_election(election_id), current_actor())
    return election_of(_election(election_id))


@bp.post("/elections/<int:election_id>/activate")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, refuses=(409,))
def activate_election(election_id: int) -> OneElection:
    """Freeze and sign the definition, and open. What is still missing comes back in words."""
    found = _election(election_id)
    with transaction():
        service.open_election(found, current_actor())
    return election_of(_election(election_id))


@bp.post("/elections/<int:election_id>/close")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneElection, refuses=(409,))
def close_election(election_id: int) -> OneElection:
    """Close an election whose closing time has come. Earlier it takes two people: ask by close-early."""
    found = _election(election_id)
    if found.status is ElectionStatus.ACTIVE and utc_now() < found.closes_at:
        raise TwoPeopleNeeded(_("Its closing time has not come. Ask to close it early: a second person confirms."))
    with transaction():
        service.close_election(found, current_actor())
    return election_of(_election(election_id))


@bp.get("/elections/<int:election_id>/candidates")
@requires(Permission.MANAGE_CANDIDATES)
@documented(ON_BALLOT, Candidates)
def list_candidates(election_id: int) -> Candidates:
    """List the candidates of an election in the order of its ballot."""
    found = ballot.list_candidates(_election(election_id).id)
    return Candidates(candidates=[candidate_of(one) for one in found])


@bp.post("/elections/<int:election_id>/candidates")
@requires(Permission.MANAGE_CANDIDATES)
@documented(ON_BALLOT, OneCandidate, NewCandidate, status=201, refuses=(409,), repeatable=True)
def create_candidate(election_id: int, body: NewCandidate, asked: Asked) -> OneCandidate:
    """Add a candidate to a draft."""
    entries = CandidateEntries(election_id=_election(election_id).id, **body.model_dump())
    with transaction():
        made = once(asked, current_actor(), lambda: ballot.create_candidate(entries, current_actor()).id)
    return candidate_of(ballot.get_candidate(int(made), current_actor()))


@bp.patch("/candidates/<int:candidate_id>")
@requires(Permission.MANAGE_CANDIDATES)
@documented(ON_BALLOT, OneCandidate, CandidateChange, refuses=(409,))
def update_candidate(candidate_id: int, body: CandidateChange) -> OneCandidate:
    """Change a candidate of a draft."""
    with transaction():
        changed = ballot.update_candidate(candidate_id, CandidateEntries(**body.model_dump()), current_actor())
    return candidate_of(changed)


@bp.delete("/candidates/<int:candidate_id>")
@requires(Permission.MANAGE_CANDIDATES)
@documented(ON_BALLOT, Done, refuses=(409,))
def delete_candidate(candidate_id: int) -> Done:
    """Take a candidate off a draft's ballot."""
    with transaction():
        ballot.delete_candidate(candidate_id, current_actor())
    return Done()


def _election(number: int) -> Election:
    return visible_election(number, current_actor())
