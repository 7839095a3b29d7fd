"""Dangerous acts under four eyes: asked for, then confirmed, rejected or withdrawn, as on the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import StringConstraints

from blueprints import acts
from blueprints.acts import Said
from blueprints.api import bp
from blueprints.api.auth import Secret
from blueprints.api.election_shapes import Moment, Number
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, LongText, Shape
from blueprints.api.voter_shapes import OpenRollChange, Reason
from blueprints.http import current_actor
from blueprints.policy import requires
from models import Approval, ApprovalOutcome, Election, transaction
from services import approvals as service
from services import booth_sheet, rolls
from services.approvals import ActOutcome
from services.desk import visible_election
from services.errors import ValidationFailed
from services.security import Permission

GROUP = "Second person"
Typed = Annotated[str, StringConstraints(max_length=500, pattern=TEXT)]


class Alone(Shape):
    """`title` (of the election, letter by letter) and your `password`: only where nobody else could confirm."""

    title: Typed = ""
    password: Secret | None = None


class Asked(Alone):
    """Why. It stands in the audit log, and the second person reads it."""

    reason: Reason

    def said(self) -> Said:
        """Return what was said; raises ValidationFailed with what is missing."""
        said = Said(self.reason, self.title, self.password or "")
        if errors := said.missing(service.acts_alone(current_actor().id)):
            raise ValidationFailed(fields=errors)
        return said


class Extension(Asked):
    """The later closing time."""

    closes_at: Moment


class RollChangeAsked(Asked, OpenRollChange):
    """A change of an open election's roll, and why."""


class BoothNote(Shape):
    """What was found out about a booth whose figures do not balance; no `kiosk_id`: votes without a booth."""

    kiosk_id: Number | None = None
    note: Annotated[str, StringConstraints(min_length=1, max_length=booth_sheet.NOTE_LIMIT, pattern=TEXT)]


class Refused(Shape):
    """Why not; who asked reads it."""

    note: LongText = ""


class OneApproval(Shape):
    """A request. `words`: what will happen, as long as it is `waiting`; `alone`: nobody else could confirm."""

    id: int
    act: str
    title: str
    words: list[str]
    election_id: int
    election: str
    reason: str
    state: ApprovalOutcome
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    seconds_left: int
    confirmed_by: str | None
    rejected_by: str | None
    alone: bool
    note: str | None


class Approvals(Shape):
    """What waits now, own requests too, and what was decided lately."""

    waiting: list[OneApproval]
    over: list[OneApproval]


class Decided(Shape):
    """The request after the decision; after a reset `next_election_id` is the fresh round."""

    approval: OneApproval
    next_election_id: int | None = None


@bp.post("/elections/<int:election_id>/close-early")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneApproval, Asked, status=202, refuses=(409,))
def close_election_early(election_id: int, body: Asked) -> OneApproval:
    """Ask to close an election before its time. Nothing changes until a second person confirms it, within ten
    minutes."""
    return _ask(service.CLOSE_EARLY, _election(election_id), {}, body)


@bp.post("/elections/<int:election_id>/extend")
@requires(Permission.MANAGE_ELECTIONS)
@documented(GROUP, OneApproval, Extension, status=202, refuses=(409,))
def extend_election(election_id: int, body: Extension) -> OneApproval:
    """Ask for a later closing time of an open election. A second person confirms it."""
    return _ask(service.EXTEND, _election(election_id), {"closes_at": body.closes_at.isoformat()}, body)


@bp.post("/elections/<int:election_id>/roll/changes")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, OneApproval, RollChangeAsked, status=202, refuses=(409,))
def change_open_roll(election_id: int, body: RollChangeAsked) -> OneApproval:
    """Ask to add, remove, suspend or admit voters of an open election's roll. A second person confirms it."""
    payload = rolls.change_payload(body.change, body.voters)
    return _ask(rolls.ROLL_CHANGE, _election(election_id), payload, body)


@bp.post("/elections/<int:election_id>/booth-notes")
@requires(Permission.MANAGE_BOOTHS)
@documented(GROUP, BoothNote, BoothNote, status=201, refuses=(409,))
def note_booth(election_id: int, body: BoothNote) -> BoothNote:
    """Explain a booth whose figures do not balance: before that its election is not closed."""
    election = _election(election_id)
    with transaction():
        booth_sheet.add_note(election, body.kiosk_id, body.note, current_actor())
    return body


@bp.get("/approvals")
@requires(Permission.CONFIRM_ACTS)
@documented(GROUP, Approvals)
def list_approvals() -> Approvals:
    """List what waits for a second person, and what was decided lately."""
    actor = current_actor()
    waiting, over = service.waiting_for(actor), service.recent(actor)
    return Approvals(waiting=[_approval_of(one) for one in waiting], over=[_approval_of(one) for one in over])


@bp.get("/approvals/<int:approval_id>")
@requires(Permission.CONFIRM_ACTS)
@documented(GROUP, OneApproval)
def get_approval(approval_id: int) -> OneApproval:
    """Show one request."""
    return _approval_of(service.approval_for(approval_id, current_actor()))


@bp.post("/approvals/<int:approval_id>/confirm")
@requires(Permission.CONFIRM_ACTS)
@documented(GROUP, Decided, Alone, refuses=(409,))
def confirm_approval(approval_id: int, body: Alone) -> Decided:
    """Perform what somebody else asked for. Where nobody else could: the own request, with title and password."""
    return _decided(acts.confirm(approval_id, body.title, body.password or ""))


@bp.post("/approvals/<int:approval_id>/reject")
@requires(Permission.CONFIRM_ACTS)
@documented(GROUP, Decided, Refused, refuses=(409,))
def reject_approval(approval_id: int, body: Refused) -> Decided:
    """Refuse what somebody else asked for."""
    with transaction():
        outcome = service.reject(approval_id, current_actor(), body.note[: service.MAX_REASON])
    return _decided(outcome)


@bp.post("/approvals/<int:approval_id>/withdraw")
@requires(Permission.CONFIRM_ACTS)
@documented(GROUP, Decided, refuses=(409,))
def withdraw_approval(approval_id: int) -> Decided:
    """Take an own request back."""
    with transaction():
        outcome = service.withdraw(approval_id, current_actor())
    return _decided(outcome)


def _ask(act: str, election: Election, payload: dict[str, Any], body: Asked) -> OneApproval:
    return _approval_of(acts.ask(act, election, payload, body.said())[0])


def _decided(outcome: ActOutcome) -> Decided:
    acts.refuse(outcome)
    following = outcome.change.next_election if outcome.change else None
    return Decided(approval=_approval_of(outcome.approval), next_election_id=following)


def _approval_of(found: Approval) -> OneApproval:
    return OneApproval.model_validate(acts.approval_json(found))


def _election(number: int) -> Election:
    return visible_election(number, current_actor())
