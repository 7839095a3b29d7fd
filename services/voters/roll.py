"""A voter's places on the electoral rolls of draft and active elections."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from models import Election, ElectionStatus, RollEntry, Voter, db
from services import audit_logger
from services.actor import Actor
from services.errors import Conflict, ValidationFailed
from services.membership import seen_by
from services.savepoints import TRIGGER_REFUSAL, referenced, savepoint
from services.voters.errors import FieldConflict, already_voted

OPEN_ROLLS = (ElectionStatus.DRAFT, ElectionStatus.ACTIVE)


def open_rolls(actor: Actor) -> list[Election]:
    """Return the elections of this actor's whose roll may still change, by title."""
    return list(
        db.session.scalars(
            select(Election).where(Election.status.in_(OPEN_ROLLS), seen_by(actor)).order_by(Election.title)
        )
    )


def roll_entries_of(voter: Voter, actor: Actor) -> list[RollEntry]:
    """Return the voter's roll entries in elections that this actor may see, of closed ones too, by election."""
    return list(
        db.session.scalars(
            select(RollEntry)
            .join(RollEntry.election)
            .where(RollEntry.voter_id == voter.id, seen_by(actor))
            .order_by(RollEntry.election_id)
        )
    )


def set_rolls(voter: Voter, wanted: frozenset[int], actor: Actor) -> None:
    """Put the voter on exactly the wanted rolls among those that may change; others stay as they are.

    Raises ValidationFailed for an election that has no open roll, FieldConflict when the voter has already voted
    in an election to be left.
    """
    elections = {election.id: election for election in open_rolls(actor)}
    if not wanted <= elections.keys():
        raise ValidationFailed(fields={"elections": _("One of these elections is closed or gone. Choose again.")})
    present = {entry.election_id: entry for entry in roll_entries_of(voter, actor) if entry.election_id in elections}
    for election_id in wanted - present.keys():
        _add(voter, elections[election_id], actor)
    for election_id in present.keys() - wanted:
        _remove(present[election_id], voter, elections[election_id], actor)


def _refuse_open(election: Election) -> None:
    # It does not open before the change. Of an open one no lock: who holds it may wait for the voter, whom we hold.
    if election.status is ElectionStatus.DRAFT:
        db.session.refresh(election, with_for_update={"read": True})
    if election.status is ElectionStatus.ACTIVE:
        words = _("“%(title)s” is open. Change its roll on the page Roll.", title=election.title)
        raise FieldConflict(fields={"elections": words})


def _add(voter: Voter, election: Election, actor: Actor) -> None:
    _refuse_open(election)
    taken = Conflict(_("The roll has just been changed by somebody else. Load the page again."))
    with savepoint({"uq_roll_entries_election_id_voter_id": taken, TRIGGER_REFUSAL: taken}):
        db.session.add(RollEntry(election_id=election.id, voter_id=voter.id))
    audit_logger.record("staff:roll:added", actor, election_id=election.id, voter_number=voter.voter_id)


def _remove(entry: RollEntry, voter: Voter, election: Election, actor: Actor) -> None:
    refusal = already_voted(election.title)
    if entry.has_voted:
        raise refusal
    _refuse_open(election)
    # The web role may not lock a roll entry; a vote cast since then holds it by its foreign key.
    with savepoint(referenced(refusal)):
        db.session.delete(entry)
    audit_logger.record("staff:roll:removed", actor, election_id=election.id, voter_number=voter.voter_id)
