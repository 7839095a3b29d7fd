"""Parties: a name and a symbol, fixed while they stand on a ballot that is open or being counted."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from models import Candidate, Election, ElectionStatus, Party, db
from services import audit_logger
from services.actor import Actor
from services.candidates.entries import check_title, said
from services.errors import Conflict, NotFound, ValidationFailed
from services.pictures import release_public, store_public
from services.savepoints import TRIGGER_REFUSAL, referenced, savepoint
from services.voters.errors import FieldConflict

ON_A_BALLOT = (ElectionStatus.ACTIVE, ElectionStatus.CLOSED)


@dataclass(frozen=True)
class PartyEntries:
    """Entries as typed; None leaves a value as it is. `symbol` is the content of a picture file."""

    name: str | None = None
    symbol: bytes | None = None


@dataclass(frozen=True)
class PartyRow:
    party: Party
    candidates: int


def list_parties() -> list[PartyRow]:
    """Return every party by name, with the number of its candidates in all elections."""
    count = select(func.count()).where(Candidate.party_id == Party.id).correlate(Party).scalar_subquery()
    rows = db.session.execute(select(Party, count).order_by(func.lower(Party.name)))
    return [PartyRow(party, candidates) for party, candidates in rows]


def get_party(party_id: int) -> Party:
    """Return the party; raises NotFound."""
    party = db.session.get(Party, party_id)
    if party is None:
        raise NotFound(_("There is no such party."))
    return party


def count_candidates(party: Party) -> int:
    """Return how many candidates stand for the party, in all elections."""
    return db.session.scalar(select(func.count()).where(Candidate.party_id == party.id)) or 0


def is_on_a_ballot(party: Party) -> bool:
    """Tell whether the party stands in an election that is active, or closed and not yet archived."""
    return bool(_fixing_elections(party))


def create_party(entries: PartyEntries, actor: Actor) -> Party:
    """Add a party; raises ValidationFailed (422, 413 for a large picture) or FieldConflict (409, name taken)."""
    if entries.name is None:
        raise ValidationFailed(fields={"name": _("Enter the name of the party.")})
    party = Party(name=check_title(entries.name, _("Enter the name of the party.")))
    with savepoint(_refusals()):
        db.session.add(party)
    if entries.symbol:
        party.symbol_path = store_public(entries.symbol, "symbol", "symbol")
    audit_logger.record("staff:party:created", actor, name=party.name, subject_id=party.id)
    return party


def update_party(party_id: int, entries: PartyEntries, actor: Actor) -> Party:
    """Change name or symbol; raises as `create_party`, and Conflict (409) while the party is on a ballot."""
    party = get_party(party_id)
    old_path, changed = party.symbol_path, []
    name = party.name if entries.name is None else check_title(entries.name, _("Enter the name of the party."))
    path = store_public(entries.symbol, "symbol", "symbol") if entries.symbol else old_path
    changed = [column for column, new in (("name", name), ("symbol_path", path)) if getattr(party, column) != new]
    if not changed:
        return party
    before = said({column: getattr(party, column) for column in changed})
    if _fixing_elections(party):
        raise _fixed()
    with savepoint(_refusals()):
        party.name, party.symbol_path = name, path
    if path != old_path:
        release_public(old_path)
    after = said({column: getattr(party, column) for column in changed})
    audit_logger.record("staff:party:changed", actor, name=party.name, subject_id=party.id, before=before, after=after)
    return party


def delete_party(party_id: int, actor: Actor) -> str:
    """Delete a party without candidates and return its name; raises Conflict (409) when it has some."""
    party = get_party(party_id)
    count = count_candidates(party)
    refusal = Conflict(
        ngettext(
            "%(num)s candidate stands for this party. Delete the candidate first, or choose another party there.",
            "%(num)s candidates stand for this party. Delete them first, or choose another party there.",
            max(count, 1),
        )
    )
    if count:
        raise refusal
    name, path = party.name, party.symbol_path
    with savepoint(referenced(refusal)):
        db.session.delete(party)
    release_public(path)
    audit_logger.record("staff:party:deleted", actor, name=name, subject_id=party_id)
    return name


def _fixing_elections(party: Party) -> list[Election]:
    """Return the elections that fix the party, after locking all of its elections against being opened meanwhile."""
    stands_in = select(Candidate.election_id).where(Candidate.party_id == party.id)
    elections = db.session.scalars(select(Election).where(Election.id.in_(stands_in)).with_for_update(read=True))
    return [election for election in elections if election.status in ON_A_BALLOT]


def _fixed() -> Conflict:
    return Conflict(_("This party is on a ballot that is open or being counted. Its name and symbol are fixed."))


def _refusals() -> dict[str, Conflict | FieldConflict]:
    taken = FieldConflict(fields={"name": _("There is already a party of this name.")})
    return {"uq_parties_name": taken, TRIGGER_REFUSAL: _fixed()}
