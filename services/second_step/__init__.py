"""The second step of signing in: a code of an authenticator app, or one of ten recovery codes."""

from services.second_step.checking import StepOutcome, check, has_one, must_set_up, spend_code
from services.second_step.pending import begin, resume
from services.second_step.recovery import left
from services.second_step.secret import STEP_SECONDS, grouped, qr_code
from services.second_step.setup import Offer, Refused, confirm, disable, new_recovery_codes, offer, reopen, reset

__all__ = [
    "STEP_SECONDS",
    "Offer",
    "Refused",
    "StepOutcome",
    "begin",
    "check",
    "confirm",
    "disable",
    "grouped",
    "has_one",
    "left",
    "must_set_up",
    "new_recovery_codes",
    "offer",
    "qr_code",
    "reopen",
    "reset",
    "resume",
    "spend_code",
]
