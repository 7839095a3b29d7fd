"""The kinds of mail in words, and which of them go to voters."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as N_

VOTING_LINK = "voting_link"
REMINDER = "reminder"
RESULT = "result"
REHEARSAL = "rehearsal"
WORDS: dict[str, Any] = {
    VOTING_LINK: N_("Invitation with the voting link"),
    REMINDER: N_("Reminder"),
    REHEARSAL: N_("Test mail of a rehearsal"),
    "vote_confirmation": N_("Confirmation of the vote"),
    RESULT: N_("Result"),
    "auth_failure_alert": N_("Alert: the face does not match"),
    "system_alert": N_("Alert of the system"),
    "signed_heads": N_("Heads for people outside"),
    "head_confirmation": N_("Question whether heads are wanted"),
    "invitation": N_("Invitation to the staff"),
    "one_time_code": N_("Code for a voter account"),
    "account_known": N_("Answer to a registration with a known address"),
    "registration_decided": N_("Decision about a registration"),
    "member_decision": N_("Decision about a check-in or a phone"),
    "account_linked": N_("Notice of an account with another address"),
    "password_reset": N_("Link for a new password"),
}


def kind_words(kind: str) -> str:
    """Return a kind in words; one that has none is said as it is called."""
    return str(WORDS.get(kind, kind.replace("_", " ").capitalize()))
