"""What the pages of a voter at home and the API share: who votes, the ballot's data, and the receipt."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from flask import request, url_for

from models import Election, Method, Voter
from services import ballots, ties
from services.actor import Actor
from services.ballots import CastOutcome

ACCEPTED = frozenset({"cast", "repeated"})
PUBLIC = "public/"
NOTA_VALUE = "nota" + 8 * "."
"""As long as the number of a candidate, so that the length of a form tells nothing."""
NUMBER_DIGITS = len(NOTA_VALUE)


class Holder(Protocol):
    """Whoever holds a ballot: a voting link, or a voter who is signed in. `id` orders a shuffled ballot."""

    @property
    def id(self) -> uuid.UUID: ...

    @property
    def election(self) -> Election: ...

    @property
    def voter(self) -> Voter: ...


def voter_actor() -> Actor:
    """Return who votes, without a name: the audit row of a cast names the vote's reference only."""
    agent = (request.user_agent.string or "")[:300]
    return Actor(role="voter", name="voter", ip=request.remote_addr, user_agent=agent)


def ballot_view(token: Holder) -> dict[str, Any]:
    """Return the ballot: every choice with all its pictures, so that no later request depends on one."""
    election = token.election
    shown = ballots.choices_shown(election, token.id)
    return {
        "choices": [_choice_view(choice, ranked=election.method is Method.RANKED) for choice in shown],
        "max_choices": election.max_choices,
        "method": election.method.value,
        "seats": election.seats,
        "places": ballots.places_of(election),
        "nota_rule": ties.nota_words(election),
        "motion": ties.is_motion(election),
        "nota_name": ties.nota_name(election),
        "nota_note": ties.nota_note(election),
        "voter_name": token.voter.name,
        "may_make_account": token.voter.password_hash is None,
    }


def receipt_json(outcome: CastOutcome) -> dict[str, Any]:
    """Return an accepted cast in JSON."""
    cast_at = outcome.cast_at.isoformat() if outcome.cast_at else None
    found = {"audit_ref": outcome.audit_ref, "receipt": outcome.receipt, "cast_at": cast_at,
             "signed_receipt": outcome.signed_receipt}  # fmt: skip
    return {name: value for name, value in found.items() if value}


def masked(email: str) -> str:
    """Return as much of an address as its owner needs to know which mailbox it is."""
    local, _at, domain = email.partition("@")
    return f"{local[:2]}…@{domain}"


def _choice_view(choice: dict[str, Any], ranked: bool) -> dict[str, Any]:
    shown = {key: choice[key] for key in ("name", "party", "description")}
    pictures = {"image_url": _picture(choice["image_path"]), "symbol_url": _picture(choice["symbol_path"])}
    # A ranked form sends every name, so that the length of a number tells nothing.
    return shown | pictures | {"id": str(choice["id"]) if ranked else f"{choice['id']:0{NUMBER_DIGITS}d}"}


def _picture(path: str | None) -> str | None:
    return url_for("media.ballot", path=path.removeprefix(PUBLIC)) if path else None
