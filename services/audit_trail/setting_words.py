"""The settings that a row of the audit log changed, in words: never the name of a column, never a machine's time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from services.clock import local_text
from services.context import platform

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
"""A time with its zone, as rows keep it."""

NAMES: dict[str, Any] = {
    "title": N_("Title"), "description": N_("Description"), "method": N_("Method"), "seats": N_("Seats"),
    "max_choices": N_("Most choices"), "secrecy": N_("Secrecy"), "results_policy": N_("Results shown"),
    "live_batch": N_("Live count, batch"), "channels": N_("Ways to vote"), "allowed_networks": N_("Allowed networks"),
    "candidate_order": N_("Order of candidates"), "confirmation_text": N_("Text of the confirmation"),
    "opens_without_faces": N_("Opens without faces"), "identity_check": N_("Face check in the account"),
    "quorum_rule": N_("Quorum and majority"), "meeting_id": N_("Number of the meeting"),
    "nota_rule": N_("Rule for NOTA"),
    "opens_at": N_("Opens"), "closes_at": N_("Closes"), "status": N_("State"), "next_round": N_("Next round"),
    "on_roll": N_("Voters on the roll"), "tie": N_("Tie"), "name": N_("Name"), "party_id": N_("Number of the party"),
    "display_order": N_("Place on the ballot"), "image_path": N_("Picture"), "symbol_path": N_("Symbol"),
    "voter_id": N_("Voter ID"), "dob": N_("Date of birth"), "gender": N_("Gender"),
    "email": N_("E-mail"), "phone": N_("Phone"), "new": N_("New voters"), "same": N_("Unchanged"),
    "changed": N_("Changed"), "updated": N_("Updated"), "bad": N_("Bad rows"), "entered": N_("Put on the roll"),
    "joined": N_("Put into groups"),
}  # fmt: skip


def name_of(setting: str) -> str:
    """Return a setting's name; one without words stands there with spaces."""
    return str(NAMES.get(setting, setting.replace("_", " ").capitalize()))


def value_of(value: Any) -> str:
    """Return a value as text; a time in the installation's zone, names of settings in words."""
    if value is None or value == "":
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        settings = all(item in NAMES for item in value)
        return ", ".join(name_of(item) if settings else str(item) for item in value) or _("nothing")
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return local_text(datetime.fromisoformat(value), platform().settings.timezone)
    return str(value)
