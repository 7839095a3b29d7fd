"""What can be chosen, and what was chosen."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from models import Candidate, CandidateOrder, Election, Method, Party, db
from services import hashing
from services.ballots import rankings
from services.errors import ValidationFailed

NOTA = "nota"


@dataclass(frozen=True)
class Choice:
    """The marked candidates by id (ranked: in order), or none of the above."""

    candidates: tuple[int, ...] = ()
    nota: bool = False

    def as_payload(self) -> dict[str, Any]:
        """Return the part of a ballot that is public after sealing."""
        return {"candidates": list(self.candidates), "nota": self.nota}


def choices_of(election: Election) -> list[dict[str, Any]]:
    """Return the choices in ballot order, from the frozen definition once there is one."""
    if election.definition is not None:
        frozen: list[dict[str, Any]] = json.loads(election.definition)["choices"]
        return frozen
    return current_choices(election)


def choices_shown(election: Election, right_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return the choices in the order in which the holder of a right (a pass, a link) sees them at every reload.

    A shuffled order follows from the right's random id (122 bits of the database's CSPRNG) and is stored nowhere: each
    order is as likely as any other, whoever the voter is and whatever is chosen, and a ballot names ids, not places.
    """
    choices = choices_of(election)
    if election.candidate_order is CandidateOrder.FIXED:
        return choices

    def lot(choice: dict[str, Any]) -> bytes:
        return hashing.sha256(hashing.text("order/1"), hashing.text(str(right_id)), hashing.integer(int(choice["id"])))

    return sorted(choices, key=lot)


def places_of(election: Election) -> list[str]:
    """Return the words of all places of a ranked ballot in order, nothing for other ballots."""
    if election.method is not Method.RANKED:
        return []
    return [rankings.place_words(place) for place in range(1, len(choices_of(election)) + 1)]


def current_choices(election: Election) -> list[dict[str, Any]]:
    """Return the choices as the tables hold them now."""
    columns = Candidate.id, Candidate.name, Candidate.description, Candidate.image_path, Party.name, Party.symbol_path
    rows = db.session.execute(
        select(*columns)
        .outerjoin(Candidate.party)
        .where(Candidate.election_id == election.id)
        .order_by(Candidate.display_order, Candidate.id)
    )
    return [
        {
            "id": number,
            "name": name,
            "party": party,
            "description": description,
            "image_path": image_path,
            "symbol_path": symbol_path,
        }
        for number, name, description, image_path, party, symbol_path in rows
    ]


def parse_choice(election: Election, raw: object) -> Choice:
    """Read a choice: a candidate id, a list of ids (ranked: in order), or "nota"; of a ranked form places by id.

    Raises ValidationFailed with words for the voter.
    """
    if raw == NOTA or raw == [NOTA]:
        return Choice(nota=True)
    known = {choice["id"] for choice in choices_of(election)}
    if isinstance(raw, dict) and election.method is Method.RANKED:
        order = rankings.order_of(raw, known)
        return Choice(nota=True) if order is None else Choice(candidates=order)
    wanted = raw if isinstance(raw, list) else [raw]
    picked = [_candidate_id(item) for item in wanted]
    if not picked or any(number not in known for number in picked):
        raise ValidationFailed(fields={"choice": _("Choose one of the names on this ballot, or none of the above.")})
    if len(set(picked)) != len(picked):
        raise ValidationFailed(fields={"choice": _("Choose each name once.")})
    limit = election.max_choices
    if len(picked) > limit:
        raise ValidationFailed(fields={"choice": _("Choose %(limit)s at most.", limit=limit)})
    numbers = [number for number in picked if number is not None]
    return Choice(candidates=tuple(numbers if election.method is Method.RANKED else sorted(numbers)))


def describe(election: Election, choice: Choice) -> str:
    """Return `Party/Candidate` or `NOTA`, as the confirmation of a recorded vote says it."""
    if choice.nota:
        return "NOTA"
    by_id = {item["id"]: item for item in choices_of(election)}
    chosen = [by_id[number] for number in choice.candidates]
    names = [f"{item['party']}/{item['name']}" if item["party"] else item["name"] for item in chosen]
    if election.method is Method.RANKED:
        names = [f"{place}. {name}" for place, name in enumerate(names, start=1)]
    return ", ".join(names)


def _candidate_id(item: object) -> int | None:
    if isinstance(item, int) and not isinstance(item, bool):
        return item
    if isinstance(item, str) and item.isascii() and item.isdigit() and len(item) < 19:
        return int(item)
    return None
