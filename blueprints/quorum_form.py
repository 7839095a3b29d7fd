"""What forms and JSON bodies say about quorum and majority; shape only, the rules are the services'."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints.http import text_field
from models import Election, MajorityKind, QuorumKind
from services.errors import ValidationFailed
from services.presence import Rule, rule_of

ABSTENTIONS = [("", N_("Do not count among the votes cast")), ("1", N_("Count among the votes cast"))]
NUMBER_DIGITS = 7


def rule_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return the stored form of a rule from `quorum`, `quorum_number`, `majority`, `abstentions`.

    What is absent is as the rule has it by itself. Raises ValidationFailed with every field of a wrong shape.
    """
    usual, errors = Rule(), dict[str, str]()
    quorum = text_field(values, "quorum") or usual.quorum.value
    majority = text_field(values, "majority") or usual.majority.value
    for name, value, known in (("quorum", quorum, QuorumKind), ("majority", majority, MajorityKind)):
        if value not in list(known):
            errors[name] = _("Choose one of the answers.")
    number = values.get("quorum_number")
    text = "" if number is None else str(number).strip()
    if isinstance(number, bool) or (text and not (text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS)):
        errors["quorum_number"] = _("Write a whole number.")
    abstentions = values.get("abstentions", False)
    if request.is_json and not isinstance(abstentions, bool):
        errors["abstentions"] = _("Send true or false.")
    if errors:
        raise ValidationFailed(fields=errors)
    counted = quorum == QuorumKind.NUMBER.value and text
    return {"quorum": quorum, "majority": majority, "number": int(text) if counted else None,
            "abstentions": bool(abstentions)}  # fmt: skip


def form_rule(election: Election) -> dict[str, Any]:
    """Return the rule of an election as its form shows it."""
    rule = rule_of(election) or Rule()
    return {
        "quorum": rule.quorum.value, "quorum_number": rule.number or "", "majority": rule.majority.value,
        "abstentions": "1" if rule.abstentions else "",
    }  # fmt: skip
