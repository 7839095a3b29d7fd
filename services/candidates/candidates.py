"""Candidates: the choices on the ballot of one election, fixed once it is active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from models import Candidate, Election, ElectionStatus, Party, db
from services import audit_logger
from services.actor import Actor
from services.candidates.entries import check_description, check_order, check_title, said
from services.errors import Conflict, NotFound, ValidationFailed
from services.membership import may_see, seen_by
from services.pictures import release_public, store_public
from services.savepoints import TRIGGER_REFUSAL, referenced, savepoint
from services.voters.errors import FieldConflict

INDEPENDENT = 0
"""Party id of a candidate without party; None means "as it is"."""


@dataclass(frozen=True)
class CandidateEntries:
    """Entries as typed; None leaves a value as it is. `image` is the content of a picture file."""

    election_id: int | None = None
    party_id: int | None = None
    name: str | None = None
    description: str | None = None
    display_order: int | None = None
    image: bytes | None = None


def list_candidates(election_id: int) -> list[Candidate]:
    """Return the candidates of one election in the order of its ballot."""
    return list(
        db.session.scalars(
            select(Candidate)
            .where(Candidate.election_id == election_id)
            .order_by(Candidate.display_order, Candidate.id)
        )
    )


def elections_with_ballot(actor: Actor) -> list[Election]:
    """Return every election of this actor's that is not archived, drafts first, the newest before the others."""
    elections = db.session.scalars(
        select(Election).where(Election.status != ElectionStatus.ARCHIVED, seen_by(actor)).order_by(Election.id.desc())
    )
    return sorted(elections, key=lambda election: election.status is not ElectionStatus.DRAFT)


def get_candidate(candidate_id: int, actor: Actor) -> Candidate:
    """Return a candidate of an election that this actor may see; raises NotFound."""
    candidate = db.session.get(Candidate, candidate_id)
    if candidate is None or not may_see(actor, candidate.election_id):
        raise NotFound(_("There is no such candidate."))
    return candidate


def is_fixed(candidate: Candidate) -> bool:
    """Tell whether the candidate's election was opened."""
    return candidate.election.status is not ElectionStatus.DRAFT


def create_candidate(entries: CandidateEntries, actor: Actor) -> Candidate:
    """Add a candidate, last on the ballot unless a place is given.

    Raises ValidationFailed (422, 413 for a large picture), FieldConflict (409, name taken in this election) and
    Conflict (409) once the election is active.
    """
    missing = {}
    if entries.election_id is None:
        missing["election_id"] = _("Choose the election.")
    if not (entries.name or "").strip():
        missing["name"] = _("Enter the name of the candidate.")
    if entries.election_id is None or missing:
        raise ValidationFailed(fields=missing)
    election = _draft_election(entries.election_id, actor)
    values = {"display_order": _next_order(election), **_values(entries)}
    candidate = Candidate(election_id=election.id, **values)
    with savepoint(_refusals()):
        db.session.add(candidate)
    audit_logger.record(
        "staff:candidate:created", actor, election_id=election.id, name=candidate.name, subject_id=candidate.id
    )
    return candidate


def update_candidate(candidate_id: int, entries: CandidateEntries, actor: Actor) -> Candidate:
    """Change what was entered and leave the rest; raises as `create_candidate`, and NotFound."""
    candidate = get_candidate(candidate_id, actor)
    _draft_election(candidate.election_id, actor)
    old_path = candidate.image_path
    values = _values(entries)
    if entries.election_id is not None:
        values["election_id"] = _draft_election(entries.election_id, actor).id
    changed = sorted(column for column, value in values.items() if getattr(candidate, column) != value)
    before = said({column: getattr(candidate, column) for column in changed})
    with savepoint(_refusals()):
        for column in changed:
            setattr(candidate, column, values[column])
    if "image_path" in changed:
        release_public(old_path)
    if changed:
        audit_logger.record(
            "staff:candidate:changed", actor, election_id=candidate.election_id, name=candidate.name,
            subject_id=candidate.id, before=before, after=said({column: values[column] for column in changed}),
        )  # fmt: skip
    return candidate


def move_candidate(candidate_id: int, step: int, actor: Actor) -> Candidate:
    """Move a candidate one place up (-1) or down (1) on the ballot; at either end it stays.

    Raises NotFound, and Conflict once the election was opened.
    """
    candidate = get_candidate(candidate_id, actor)
    _draft_election(candidate.election_id, actor)
    order = list_candidates(candidate.election_id)
    place = order.index(candidate)
    wanted = min(max(place + step, 0), len(order) - 1)
    order.insert(wanted, order.pop(place))
    with savepoint(_refusals()):
        for number, other in enumerate(order, start=1):
            other.display_order = number
    if wanted != place:
        audit_logger.record(
            "staff:candidate:moved", actor, election_id=candidate.election_id, name=candidate.name,
            subject_id=candidate.id, before=place + 1, after=wanted + 1,
        )  # fmt: skip
    return candidate


def delete_candidate(candidate_id: int, actor: Actor) -> str:
    """Delete a candidate of a draft election and return the name; raises Conflict (409) afterwards."""
    candidate = get_candidate(candidate_id, actor)
    election = _draft_election(candidate.election_id, actor)
    name, path = candidate.name, candidate.image_path
    with savepoint(referenced(_fixed())):
        db.session.delete(candidate)
    release_public(path)
    audit_logger.record("staff:candidate:deleted", actor, election_id=election.id, name=name, subject_id=candidate_id)
    return name


def _values(entries: CandidateEntries) -> dict[str, Any]:
    """Return the checked values to store by column name."""
    values: dict[str, Any] = {}
    if entries.name is not None:
        values["name"] = check_title(entries.name, _("Enter the name of the candidate."))
    if entries.description is not None:
        values["description"] = check_description(entries.description)
    if entries.display_order is not None:
        values["display_order"] = check_order(entries.display_order)
    if entries.party_id is not None:
        values["party_id"] = _existing_party(entries.party_id)
    if entries.image:
        values["image_path"] = store_public(entries.image, "portrait", "image")
    return values


def _existing_party(party_id: int) -> int | None:
    if party_id == INDEPENDENT:
        return None
    if db.session.get(Party, party_id) is None:
        raise ValidationFailed(fields={"party_id": _("This party is gone. Choose again.")})
    return party_id


def _draft_election(election_id: int, actor: Actor) -> Election:
    """Return the election, locked against being opened meanwhile; raises Conflict when it is no draft any more."""
    election = db.session.get(Election, election_id, with_for_update={"read": True}, populate_existing=True)
    if election is None or not may_see(actor, election_id):
        raise ValidationFailed(fields={"election_id": _("This election is gone. Choose again.")})
    if election.status is not ElectionStatus.DRAFT:
        raise _fixed()
    return election


def _next_order(election: Election) -> int:
    last = db.session.scalar(select(func.max(Candidate.display_order)).where(Candidate.election_id == election.id))
    return 1 if last is None else last + 1


def _fixed() -> Conflict:
    return Conflict(_("The election was opened. Its candidates are fixed from then on."))


def _refusals() -> dict[str, Conflict | FieldConflict]:
    taken = FieldConflict(fields={"name": _("There is already a candidate of this name in this election.")})
    gone = FieldConflict(fields={"party_id": _("This party is gone. Choose again.")})
    return {
        "uq_candidates_election_id_name": taken,
        "fk_candidates_party_id_parties": gone,
        TRIGGER_REFUSAL: _fixed(),
    }
