"""Opening, closing and archiving: what comes with each step of the state machine."""

from __future__ import annotations

from models import Election, ElectionStatus
from services import audit_logger, ballots, booth_sheet
from services.actor import Actor
from services.elections.checklist import obstacles
from services.elections.state_machine import lock_for, move
from services.errors import ValidationFailed


def open_election(election: Election, actor: Actor) -> None:
    """Freeze, sign and open a draft. Raises Conflict for another status, ValidationFailed with what is missing."""
    lock_for(election, ElectionStatus.ACTIVE)
    if reasons := obstacles(election):
        raise ValidationFailed(" ".join(reasons))
    ballots.freeze_definition(election)
    move(election, ElectionStatus.ACTIVE)
    audit_logger.record("staff:election:opened", actor, election_id=election.id, fingerprint=_fingerprint(election))


def close_election(election: Election, actor: Actor) -> None:
    """Close an active election once the casts under way are done; the worker seals what is in the box.

    Raises Conflict for another status, SheetsUnbalanced while a booth sheet neither balances nor carries a note.
    """
    lock_for(election, ElectionStatus.CLOSED)
    booth_sheet.check_before_closing(election)
    move(election, ElectionStatus.CLOSED)
    # The step waited for the casts under way, so a sheet may have grown since it was checked.
    booth_sheet.check_before_closing(election)
    booth_sheet.freeze(election)
    audit_logger.record("staff:election:closed", actor, election_id=election.id)


def archive_election(election: Election, actor: Actor) -> None:
    """Archive a closed election; it stays readable."""
    lock_for(election, ElectionStatus.ARCHIVED)
    move(election, ElectionStatus.ARCHIVED)
    audit_logger.record("staff:election:archived", actor, election_id=election.id)


def _fingerprint(election: Election) -> str:
    return election.definition_hash.hex() if election.definition_hash else ""
