"""Adding, changing and deleting voters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from models import Consent, RollEntry, Vote, Voter, VoterFace, VoterStatus, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, Unavailable, ValidationFailed
from services.savepoints import after_commit, referenced, savepoint
from services.voters.entries import VoterEntries, check
from services.voters.errors import FieldConflict, email_taken, number_taken
from services.voters.numbers import new_voter_number
from services.voters.roll import roll_entries_of, set_rolls
from services.voters.suspension import hold_drafts_of, refuse_on_open_roll

NUMBER_TRIES = 5
"""New numbers drawn before giving up; with a million voters one draw in nine collides."""


@dataclass(frozen=True)
class DeletionEffect:
    """What goes with a voter, and whether a vote forbids it."""

    faces: int
    consents: int
    rolls: int
    has_voted: bool


def get_voter(voter_id: int, *, lock: bool = False) -> Voter:
    """Return the voter of this row id, locked for the transaction on demand; raises NotFound."""
    voter = db.session.get(Voter, voter_id, with_for_update=lock or None, populate_existing=lock)
    if voter is None:
        raise NotFound(_("There is no such voter."))
    return voter


def create_voter(entries: VoterEntries, actor: Actor) -> Voter:
    """Add a voter, with a new voter ID when none was typed.

    Raises ValidationFailed (422) for wrong entries and FieldConflict (409) for an ID or address that is taken.
    """
    if entries.name is None:
        raise ValidationFailed(fields={"name": _("Enter the name.")})
    values = check(entries, utc_now().date())
    voter = _insert_numbered(values) if values.get("voter_id") else _insert_with_new_number(values)
    audit_logger.record("staff:voter:created", actor, voter_number=voter.voter_id, subject_id=voter.id)
    if entries.elections:
        set_rolls(voter, entries.elections, actor)
    return voter


def update_voter(voter_id: int, entries: VoterEntries, actor: Actor) -> Voter:
    """Change what was entered and leave the rest; raises as `create_voter` and NotFound."""
    voter = get_voter(voter_id, lock=True)
    values = check(entries, utc_now().date())
    if values.get("voter_id", "") is None:
        values.pop("voter_id")
    changed = sorted(column for column, value in values.items() if getattr(voter, column) != value)
    if "status" in changed and VoterStatus.SUSPENDED in (voter.status, values["status"]):
        refuse_on_open_roll(voter)
    with savepoint(_taken()):
        for column in changed:
            setattr(voter, column, values[column])
    if changed:
        # Only the names of the fields: the audit log is never erased, personal data must be erasable.
        audit_logger.record("staff:voter:changed", actor, voter_number=voter.voter_id, after=changed)
    if entries.elections is not None:
        set_rolls(voter, entries.elections, actor)
    return voter


def deletion_effect(voter: Voter) -> DeletionEffect:
    """Return what deleting this voter takes along."""
    return DeletionEffect(
        faces=_count(VoterFace, voter),
        consents=_count(Consent, voter),
        rolls=_count(RollEntry, voter),
        has_voted=_count(Vote, voter) > 0,
    )


def delete_voter(voter_id: int, actor: Actor) -> str:
    """Delete a voter with faces, consents and roll entries, and return the voter ID.

    Raises Conflict after a vote, and while the voter is on a roll that this actor does not see.
    """
    voter = get_voter(voter_id, lock=True)
    refusal = Conflict(_("This voter has voted. The vote and its roll entry stay, and so does the voter."))
    effect = deletion_effect(voter)
    if effect.has_voted:
        raise refusal
    if effect.rolls > len(roll_entries_of(voter, actor)):
        raise Conflict(_("This voter is on the roll of an election of others. Its administrators take the voter off."))
    hold_drafts_of(voter)
    refuse_on_open_roll(voter)
    snapshots = [face.image_snapshot_path for face in voter.faces if face.image_snapshot_path]
    number = voter.voter_id
    # A vote cast in this moment holds the roll entry by its foreign key.
    with savepoint(referenced(refusal)):
        db.session.execute(delete(RollEntry).where(RollEntry.voter_id == voter.id))
        db.session.delete(voter)
    for path in snapshots:
        after_commit(partial(platform().storage.delete, path))
    audit_logger.record("staff:voter:deleted", actor, voter_number=number, pictures=effect.faces, count=effect.rolls)
    return number


def _insert_numbered(values: dict[str, object]) -> Voter:
    voter = Voter(**values)
    with savepoint(_taken()):
        db.session.add(voter)
    return voter


def _insert_with_new_number(values: dict[str, object]) -> Voter:
    for _try in range(NUMBER_TRIES):
        try:
            return _insert_numbered({**values, "voter_id": new_voter_number()})
        except FieldConflict as error:
            if "voter_id" not in error.fields:
                raise
    raise Unavailable(_("No free voter ID was found. Try again."))


def _taken() -> dict[str, FieldConflict]:
    return {"uq_voters_voter_id": number_taken(), "uq_voters_email_lower": email_taken()}


def _count(table: type[VoterFace] | type[Consent] | type[RollEntry] | type[Vote], voter: Voter) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(table.voter_id == voter.id)) or 0
