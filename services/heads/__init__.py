"""Chains and their signed heads: what was written before a head cannot be rewritten unnoticed (design, section 3)."""

from services.heads.chaining import chain_audit_rows, chain_due
from services.heads.checking import audit_chain_problems, check_head, check_signature
from services.heads.finding import as_document, heads_of, newest_heads, recent_heads, stamped_head
from services.heads.mailing import mail_due_heads, newest_mail
from services.heads.signing import sign_due_heads
from services.heads.stamp_words import waiting_words
from services.heads.stamping import Waiting, stamp_due_heads, waiting_for_stamps
from services.heads.stamps import stamp_document, stamp_problem
from services.heads.subscriptions import (
    ConfirmationState,
    ask_again,
    confirm,
    look_up_confirmation,
    look_up_stop,
    remove,
    stop,
    stop_token,
    subscribe,
    subscriptions_of,
)
from services.heads.witness import compare_kept_heads, keep_new_heads

__all__ = [
    "ConfirmationState",
    "Waiting",
    "as_document",
    "ask_again",
    "audit_chain_problems",
    "chain_audit_rows",
    "chain_due",
    "check_head",
    "check_signature",
    "compare_kept_heads",
    "confirm",
    "heads_of",
    "keep_new_heads",
    "look_up_confirmation",
    "look_up_stop",
    "mail_due_heads",
    "newest_heads",
    "newest_mail",
    "recent_heads",
    "remove",
    "sign_due_heads",
    "stamp_document",
    "stamp_due_heads",
    "stamp_problem",
    "stamped_head",
    "stop",
    "stop_token",
    "subscribe",
    "subscriptions_of",
    "waiting_for_stamps",
    "waiting_words",
]
