"""The signed definition: what an election is, frozen at activation, the first link of its ballot chain."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from models import Election, ElectionStatus, Method, Secrecy
from services import hashing
from services.ballots.choices import current_choices
from services.ballots.extensions import signed_closing_time
from services.ballots.payload import ballot_length
from services.context import platform
from services.counting import Rule
from services.hashing import moment_text

FORMAT = "definition/1"
SIGNED_LATER = {
    "opens_at", "closes_at",
    "channels", "candidate_order", "allowed_networks", "confirmation_text", "quorum_rule",
}  # fmt: skip
"""Fields that elections which were opened before migrations 0006 and 0007 have not signed."""
SIGNATURE_DOMAIN = b"smart-voting/definition/1\0"


def freeze_definition(election: Election) -> None:
    """Give a draft its box key, write its definition canonically, hash it and sign it."""
    keyring = platform().keyring
    if election.secrecy is Secrecy.SECRET:
        election.box_public_key = keyring.create_box_key(election.public_id)
        election.ballot_length = ballot_length(election, current_choices(election))
    election.definition = build_definition(election)
    election.definition_hash = definition_hash(election.definition)
    election.definition_signature = keyring.signing_key.sign(SIGNATURE_DOMAIN + election.definition_hash).signature


def build_definition(election: Election) -> str:
    """Return the canonical JSON (sorted keys, no spaces, UTF-8) of the election as the tables hold it now."""
    return _canonical(_content(election, election.closes_at))


def _content(election: Election, closes_at: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "election": str(election.public_id),
        "title": election.title,
        "description": election.description,
        "opens_at": moment_text(election.opens_at),
        "closes_at": moment_text(closes_at),
        "method": election.method.value,
        "seats": election.seats,
        "max_choices": election.max_choices,
        "secrecy": election.secrecy.value,
        "results_policy": election.results_policy.value,
        "live_batch": election.live_batch,
        "ballot_length": election.ballot_length,
        "box_public_key": election.box_public_key.hex() if election.box_public_key else None,
        "channels": sorted(election.channels),
        "candidate_order": election.candidate_order.value,
        "allowed_networks": list(election.allowed_networks),
        "confirmation_text": election.confirmation_text,
        "quorum_rule": election.quorum_rule,
        "choices": current_choices(election),
        **_rules(election),
    }


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _rules(election: Election) -> dict[str, object]:
    """Return the rules that came later: definitions signed without them stay valid."""
    rules: dict[str, object] = {}
    if election.nota_rule is not None:
        rules["nota_rule"] = election.nota_rule.value
    if election.lot_order is not None:
        rules["lot_order"] = election.lot_order
    if election.identity_check:
        rules["identity_check"] = True
    if election.meeting_id is not None:
        rules["meeting"] = election.meeting_id
    if election.method is Method.RANKED:
        rules["count_rule"] = Rule.for_seats(election.seats).value
    return rules


def definition_hash(definition: str) -> bytes:
    """Return the 32-byte SHA-256 of a canonical definition."""
    return hashing.sha256(hashing.text(FORMAT), hashing.text(definition))


def definition_intact(election: Election) -> bool:
    """Tell whether the tables still say what was signed: names, order, policies, box key."""
    return verify_definition(election) is None


def verify_definition(election: Election) -> str | None:
    """Return a sentence that says what does not fit the signed definition, or None when all fits."""
    if election.definition is None or election.definition_hash is None or election.definition_signature is None:
        return "The election has no definition."
    if definition_hash(election.definition) != election.definition_hash:
        return "The definition does not have the hash that was signed."
    if not platform().keyring.is_signed(SIGNATURE_DOMAIN + election.definition_hash, election.definition_signature):
        return "The definition was not signed with this installation's key."
    closes_at, problem = signed_closing_time(election)
    if problem is not None:
        return problem
    content, signed = _content(election, closes_at), json.loads(election.definition)
    for name in SIGNED_LATER - signed.keys():
        del content[name]
    if election.status is ElectionStatus.ARCHIVED:
        _keep_parties(content["choices"], signed["choices"])
    if _canonical(content) != election.definition:
        return "The tables differ from the signed definition."
    return None


def _keep_parties(choices: list[dict[str, Any]], signed: list[dict[str, Any]]) -> None:
    """Take names and symbols of parties as they were signed: a party may change when its election is archived."""
    parties = {choice["id"]: choice for choice in signed}
    for choice in choices:
        then = parties.get(choice["id"], choice)
        choice["party"], choice["symbol_path"] = then["party"], then["symbol_path"]
