"""Dangerous acts under four eyes: asked for by one member of staff, confirmed by another within ten minutes.

A new act is one function and one line, see `services.approvals.acts`. A view asks for it through
`blueprints/admin/dangerous.py`, which also answers in installations with one admin only.
"""

from services.approvals.acts import Change, DangerousAct, Description, act_named, register
from services.approvals.deciding import confirm, confirm_alone, expire_due, reject, withdraw
from services.approvals.listing import approval_for, pending_for, recent, state_of, waiting_for
from services.approvals.outcomes import ActOutcome
from services.approvals.people import acts_alone, confirmers
from services.approvals.requesting import APPROVAL_LIFETIME, MAX_REASON, request
from services.approvals.standard import CLOSE_EARLY, EXTEND, RESET

__all__ = [
    "APPROVAL_LIFETIME",
    "CLOSE_EARLY",
    "EXTEND",
    "MAX_REASON",
    "RESET",
    "ActOutcome",
    "Change",
    "DangerousAct",
    "Description",
    "act_named",
    "acts_alone",
    "approval_for",
    "confirm",
    "confirm_alone",
    "confirmers",
    "expire_due",
    "pending_for",
    "recent",
    "register",
    "reject",
    "request",
    "state_of",
    "waiting_for",
    "withdraw",
]
