"""Opening, closing and archiving: what comes with each step of the state machine."""

from __future__ import annotations

from models import Election, ElectionStatus, Method
from services import audit_logger, ballots, booth_sheet, presence
from services.actor import WORKER, Actor
from services.booth_sheet import Sheet
from services.elections.checklist import obstacles
from services.elections.state_machine import lock_for, move
from services.errors import ValidationFailed
from services.roll_fingerprint import of_an_open_roll


def open_election(election: Election, actor: Actor) -> None:
    """Freeze, sign and open a draft. Raises Conflict for another status, ValidationFailed with what is missing."""
    lock_for(election, ElectionStatus.ACTIVE)
    if reasons := obstacles(election):
        raise ValidationFailed(" ".join(reasons))
    _settle_marks(election)
    presence.settle_opening(election)
    ballots.freeze_definition(election)
    election.opens_by_itself = False
    election.opening_problem = election.opening_failed_at = None
    move(election, ElectionStatus.ACTIVE)
    fingerprint = election.definition_hash.hex() if election.definition_hash else ""
    audit_logger.record(
        _event(actor, "opened"), actor, election_id=election.id, fingerprint=fingerprint, **of_an_open_roll(election)
    )


def _settle_marks(election: Election) -> None:
    """Let a ranked ballot rank every name; several marks are approval, also in drafts that were made before it was."""
    if election.method is Method.RANKED:
        election.max_choices = len(election.candidates)
    elif election.max_choices > 1:
        election.method = Method.APPROVAL


def close_election(election: Election, actor: Actor, *, by_the_clock: bool = False) -> list[Sheet]:
    """Close an active election once the casts under way are done; the worker seals what is in the box.

    Returns the booth sheets that neither balance nor carry a note: none, unless it closes `by_the_clock`, which
    nothing holds up. Raises Conflict for another status, SheetsUnbalanced while there are such sheets.
    """
    lock_for(election, ElectionStatus.CLOSED)
    on_roll = of_an_open_roll(election)
    if not by_the_clock:
        booth_sheet.check_before_closing(election)
    move(election, ElectionStatus.CLOSED)
    presence.settle_closing(election)
    # The step waited for the casts under way, so a sheet may have grown since it was checked.
    if not by_the_clock:
        booth_sheet.check_before_closing(election)
    if not by_the_clock:
        ballots.sign_closing(election)
    booth_sheet.freeze(election)
    unexplained = booth_sheet.unexplained(election) if by_the_clock else []
    missing = {"count": len(unexplained)} if unexplained else {}
    audit_logger.record(_event(actor, "closed"), actor, election_id=election.id, **missing, **on_roll)
    return unexplained


def archive_election(election: Election, actor: Actor) -> None:
    """Archive a closed election; it stays readable."""
    lock_for(election, ElectionStatus.ARCHIVED)
    move(election, ElectionStatus.ARCHIVED)
    audit_logger.record("staff:election:archived", actor, election_id=election.id)


def _event(actor: Actor, action: str) -> str:
    return f"{WORKER.role if actor.role == WORKER.role else 'staff'}:election:{action}"
