"""Parties, and the pictures of parties and candidates."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from blueprints.api import bp
from blueprints.api.election_shapes import OneCandidate, candidate_of
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Done, Shape, Upload
from blueprints.http import current_actor
from blueprints.policy import requires
from models import Party, transaction
from services import candidates as ballot
from services.api_requests import Repeatable, once
from services.candidates import CandidateEntries, PartyEntries
from services.security import Permission

GROUP = "Parties and pictures"


class NewParty(Shape):
    """A party; every election may use it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=TEXT)]


class OneParty(Shape):
    """A party. `candidates`: how many stand for it, in all elections."""

    id: int
    name: str
    has_symbol: bool
    candidates: int


class Parties(Shape):
    """All parties, by name."""

    parties: list[OneParty]


class OnePicture(Shape):
    """A picture: JPEG, PNG or WebP. It is made small, and nothing but the pixels is kept."""

    picture: Upload


@bp.get("/parties")
@requires(Permission.MANAGE_CANDIDATES)
@documented(GROUP, Parties)
def list_parties() -> Parties:
    """List the parties."""
    return Parties(parties=[_party(row.party, row.candidates) for row in ballot.list_parties()])


@bp.post("/parties")
@requires(Permission.MANAGE_CANDIDATES)
@documented(GROUP, OneParty, NewParty, status=201, refuses=(409,), repeatable=True)
def create_party(body: NewParty, asked: Repeatable | None) -> OneParty:
    """Add a party."""
    actor, entries = current_actor(), PartyEntries(name=body.name)
    with transaction():
        made = once(asked, actor, lambda: ballot.create_party(entries, actor).id)
    found = ballot.get_party(int(made))
    return _party(found, ballot.count_candidates(found))


@bp.patch("/parties/<int:party_id>")
@requires(Permission.MANAGE_CANDIDATES)
@documented(GROUP, OneParty, NewParty, refuses=(409,))
def update_party(party_id: int, body: NewParty) -> OneParty:
    """Rename a party that is on no ballot of an opened election."""
    return _changed(party_id, PartyEntries(name=body.name))


@bp.put("/parties/<int:party_id>/symbol")
@requires(Permission.MANAGE_CANDIDATES)
@documented(GROUP, OneParty, OnePicture, refuses=(409,), multipart=True)
def set_party_symbol(party_id: int, body: OnePicture) -> OneParty:
    """Give a party its symbol."""
    return _changed(party_id, PartyEntries(symbol=body.picture))


@bp.delete("/parties/<int:party_id>")
@requires(Permission.MANAGE_CANDIDATES)
@documented(GROUP, Done, refuses=(409,))
def delete_party(party_id: int) -> Done:
    """Delete a party for which nobody stands."""
    with transaction():
        ballot.delete_party(party_id, current_actor())
    return Done()


@bp.put("/candidates/<int:candidate_id>/picture")
@requires(Permission.MANAGE_CANDIDATES)
@documented(GROUP, OneCandidate, OnePicture, refuses=(409,), multipart=True)
def set_candidate_picture(candidate_id: int, body: OnePicture) -> OneCandidate:
    """Give a candidate of a draft a portrait."""
    with transaction():
        changed = ballot.update_candidate(candidate_id, CandidateEntries(image=body.picture), current_actor())
    return candidate_of(changed)


def _changed(party_id: int, entries: PartyEntries) -> OneParty:
    with transaction():
        changed = ballot.update_party(party_id, entries, current_actor())
    return _party(changed, ballot.count_candidates(changed))


def _party(found: Party, candidates: int) -> OneParty:
    return OneParty(id=found.id, name=found.name, has_symbol=bool(found.symbol_path), candidates=candidates)
