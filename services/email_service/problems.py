"""Why a mail did not leave: one name for what servers say in many ways, and words that say what to do."""

from __future__ import annotations

import enum
import re
from typing import Any

from flask_babel import lazy_gettext as N_

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


class MailProblem(enum.StrEnum):
    """`email_messages.problem` and `mail_queue.problem`."""

    NOT_AN_ADDRESS = "not_an_address"
    NO_SUCH_RECIPIENT = "no_such_recipient"
    REFUSED_BY_POLICY = "refused_by_policy"
    MAILBOX_FULL = "mailbox_full"
    GREYLISTED = "greylisted"
    TOO_MANY = "too_many"
    TRY_LATER = "try_later"
    CONTENT_REFUSED = "content_refused"
    TOO_BIG = "too_big"
    DROPPED = "dropped"
    TOO_SLOW = "too_slow"
    WORKER_DIED = "worker_died"
    REPLACED = "replaced"
    OVER = "over"
    UNREADABLE = "unreadable"
    OTHER = "other"
    SIGN_IN_REFUSED = "sign_in_refused"
    NOT_TRUSTED = "not_trusted"
    UNREACHABLE = "unreachable"
    SENDER_REFUSED = "sender_refused"


WORDS: dict[str, tuple[Any, Any]] = {
    MailProblem.NOT_AN_ADDRESS: (
        N_("This is not an e-mail address."),
        N_("Correct the address on the voter's page, then send a new mail."),
    ),
    MailProblem.NO_SUCH_RECIPIENT: (
        N_("There is no mailbox with this address."),
        N_("Ask the voter for the right address, correct it on the voter's page, then send a new mail."),
    ),
    MailProblem.REFUSED_BY_POLICY: (
        N_("The recipient's server takes no mail from us."),
        N_("Ask the operator whether SPF, DKIM and DMARC are set up, then try it again."),
    ),
    MailProblem.MAILBOX_FULL: (
        N_("The mailbox is full."),
        N_("It is tried again for five hours. Tell the voter by telephone."),
    ),
    MailProblem.GREYLISTED: (
        N_("The recipient's server asks us to come back later."),
        N_("It does so with unknown senders. The mail is tried again by itself."),
    ),
    MailProblem.TOO_MANY: (
        N_("The mail server takes no more mails at the moment."),
        N_("The mail is tried again by itself. If many wait, lower MAIL_PER_MINUTE or ask the mail provider."),
    ),
    MailProblem.TRY_LATER: (
        N_("The mail server could not take the mail just now."),
        N_("The mail is tried again by itself."),
    ),
    MailProblem.CONTENT_REFUSED: (
        N_("The mail server refuses what the mail says, or takes it for spam."),
        N_("It is tried again for five hours. Ask the mail provider why."),
    ),
    MailProblem.TOO_BIG: (
        N_("The mail is too big for the server."),
        N_("Ask the mail provider for a higher limit."),
    ),
    MailProblem.DROPPED: (
        N_("The mail server hung up in the middle of the mail."),
        N_("The mail is tried again by itself. It may arrive twice, with the same Message-ID."),
    ),
    MailProblem.TOO_SLOW: (
        N_("The mail server did not answer in time."),
        N_("The mail is tried again by itself. It may arrive twice, with the same Message-ID."),
    ),
    MailProblem.WORKER_DIED: (
        N_("The worker died at every attempt."),
        N_("Ask the operator to look at the worker's log, then try it again."),
    ),
    MailProblem.REPLACED: (
        N_("A newer mail took its place before it left."),
        N_("Nothing is left to do: look at the newer one."),
    ),
    MailProblem.OVER: (
        N_("What the mail is about was over before it left."),
        N_("Nothing is left to do: it is not sent any more."),
    ),
    MailProblem.UNREADABLE: (
        N_("The keys of this installation do not open this mail."),
        N_("Ask the operator to put the right key folder back, then try it again."),
    ),
    MailProblem.OTHER: (
        N_("The mail could not be handed over."),
        N_("It is tried again by itself. If it stays, ask the operator to look at the log."),
    ),
    MailProblem.SIGN_IN_REFUSED: (
        N_("The mail server refuses our name or password."),
        N_("Ask the operator to correct EMAIL_USER and EMAIL_APP_PASSWORD and to start the worker anew."),
    ),
    MailProblem.NOT_TRUSTED: (
        N_("The mail server does not prove who it is, so no password is given to it."),
        N_("Ask the operator to check MAIL_SERVER, MAIL_PORT and MAIL_CAFILE and to start the worker anew."),
    ),
    MailProblem.UNREACHABLE: (
        N_("The mail server cannot be reached."),
        N_("It is tried again by itself. If it lasts, ask the operator to check MAIL_SERVER and the network."),
    ),
    MailProblem.SENDER_REFUSED: (
        N_("The mail server does not let us send, for now or for good."),
        N_("A daily limit ends by itself. Else ask the operator to check EMAIL_FROM with the mail provider."),
    ),
}  # fmt: skip

NEEDS_A_PERSON = frozenset({MailProblem.SIGN_IN_REFUSED, MailProblem.NOT_TRUSTED})
"""Trying again by itself helps nothing, and locks the account at many providers."""
ADDRESS_IS_DEAD = frozenset({MailProblem.NOT_AN_ADDRESS, MailProblem.NO_SUCH_RECIPIENT})
"""Nobody will ever read such a mail: its body is wiped, and it cannot be sent again."""


def in_words(problem: str | None) -> tuple[str, str]:
    """Return what happened and what to do, in the language of the reader; an unknown name says the general words."""
    what, todo = WORDS.get(problem or "", WORDS[MailProblem.OTHER])
    return str(what), str(todo)


def of_recipient(code: int, words: str) -> MailProblem:
    """Name the refusal of a recipient (RCPT TO) by its code (RFC 5321) and enhanced code (RFC 3463)."""
    subject, detail = _enhanced(words)
    if code == 552 or (subject, detail) == (2, 2):
        return MailProblem.MAILBOX_FULL
    if code in (530, 535, 538):
        return MailProblem.TRY_LATER
    if 500 <= code < 600:
        return MailProblem.REFUSED_BY_POLICY if subject == 7 else MailProblem.NO_SUCH_RECIPIENT
    return _later(code, words)


def of_content(code: int, words: str) -> MailProblem:
    """Name the refusal of a mail after its text was sent (DATA), or because of its size."""
    subject, detail = _enhanced(words)
    if (subject, detail) == (2, 2):
        return MailProblem.MAILBOX_FULL
    if (subject, detail) in ((3, 4), (2, 3)):
        return MailProblem.TOO_BIG
    if (subject, detail) == (4, 5):
        return MailProblem.TOO_MANY
    return MailProblem.CONTENT_REFUSED if code >= 500 else _later(code, words)


def _later(code: int, words: str) -> MailProblem:
    lowered = words.lower()
    if "grey" in lowered or "gray" in lowered:
        return MailProblem.GREYLISTED
    if any(mark in lowered for mark in ("too many", "rate", "limit", "quota exceeded")) or _enhanced(words) == (5, 3):
        return MailProblem.TOO_MANY
    return MailProblem.GREYLISTED if code in (450, 451) and _enhanced(words)[0] == 7 else MailProblem.TRY_LATER


def _enhanced(words: str) -> tuple[int, int]:
    """Return subject and detail of the enhanced code, (0, 0) when there is none."""
    found = _ENHANCED.search(words)
    return (int(found[2]), int(found[3])) if found else (0, 0)
