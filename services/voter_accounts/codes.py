"""One-time codes by mail: six digits, ten minutes, five tries, once. The same work for an address that nobody has.

The browser holds a random ticket. What is stored of the digits is a hash under the installation's secret, together
with the ticket: who reads the database cannot try the million codes out.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update

from models import CodeUse, OneTimeCode, Registration, Voter, db
from services import email_service
from services.clock import utc_now
from services.context import platform
from services.errors import TooMany
from services.security import hash_token, new_token

DIGITS = 6
LASTS = timedelta(minutes=10)
MAX_TRIES = 5
MAX_MAILS = 3
"""Mails of one ticket: the first and two more."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAX_AN_HOUR, MAX_A_DAY = 5, 15
"""Tickets of one address: nobody fills a mailbox, and who has a password guesses 225 of a million codes a day."""


class CodeState(enum.StrEnum):
    GOOD = "good"
    WRONG = "wrong"
    OVER = "over"
    """Expired, used, tried too often, or never made: the way on is the same, a new code."""


@dataclass(frozen=True)
class CodeOutcome:
    """What a typed code was; `row` says whose, when it was good."""

    state: CodeState
    tries_left: int = 0
    row: OneTimeCode | None = None

    @property
    def message(self) -> str:
        """Return the words for the page, '' for a good code."""
        if self.state is CodeState.GOOD:
            return ""
        if self.state is CodeState.OVER or not self.tries_left:
            return str(_("This code is over. Send a new one."))
        return str(_("This is not the code in the last mail. Tries left: %(n)s.", n=self.tries_left))


def issue(use: CodeUse, email: str, owner: Registration | Voter | None, known_address: str) -> str:
    """Queue a code to this address and return the ticket of the browser that may type it.

    Without an owner the mail says that the address is known, with a link to `known_address`, and no code fits.
    Raises TooMany.
    """
    address = email.lower()
    _limit(address)
    ticket, code = new_token(), _draw()
    row = OneTimeCode(
        use=use, ticket_hash=hash_token(ticket), email=address, code_hash=_hash(ticket, code),
        registration=owner if isinstance(owner, Registration) else None,
        voter=owner if isinstance(owner, Voter) else None,
        expires_at=utc_now() + LASTS, created_at=utc_now(),
    )  # fmt: skip
    db.session.add(row)
    _mail(row, code, known_address)
    db.session.flush()
    return ticket


def resend(use: CodeUse, ticket: str, known_address: str) -> bool:
    """Queue a new code for the ticket, the one before is worth nothing; tell whether there was one left to send."""
    code = _draw()
    renewing = update(OneTimeCode).where(*_is(use, ticket), OneTimeCode.mails < MAX_MAILS)
    values = {
        "code_hash": _hash(ticket, code), "tries": 0, "mails": OneTimeCode.mails + 1, "expires_at": utc_now() + LASTS,
    }  # fmt: skip
    row = db.session.scalar(renewing.values(values).returning(OneTimeCode))
    if row is None:
        return False
    _mail(row, code, known_address)
    return True


def check(use: CodeUse, ticket: str, typed: str) -> CodeOutcome:
    """Count the try, and use the code up when it is the right one. Of two at once one is good."""
    open_ = (*_is(use, ticket), OneTimeCode.tries < MAX_TRIES, OneTimeCode.expires_at > utc_now())
    trying = update(OneTimeCode).where(*open_).values(tries=OneTimeCode.tries + 1).returning(OneTimeCode)
    row = db.session.scalar(trying.execution_options(populate_existing=True))
    digits = "".join(typed.split())
    fits = hmac.compare_digest(_hash(ticket, digits), row.code_hash if row else b"")
    if row is None:
        return CodeOutcome(CodeState.OVER)
    if not fits or (row.voter_id is None and row.registration_id is None):
        return CodeOutcome(CodeState.WRONG, MAX_TRIES - row.tries)
    row.used_at = utc_now()
    return CodeOutcome(CodeState.GOOD, row=row)


def _is(use: CodeUse, ticket: str) -> tuple[ColumnElement[bool], ...]:
    return OneTimeCode.ticket_hash == hash_token(ticket), OneTimeCode.use == use, OneTimeCode.used_at.is_(None)


def _limit(address: str) -> None:
    now = utc_now()
    recent = func.count().filter(OneTimeCode.created_at > now - HOUR)
    counted = select(recent, func.count()).where(OneTimeCode.email == address, OneTimeCode.created_at > now - DAY)
    hour, day = db.session.execute(counted).one()
    if hour >= MAX_AN_HOUR or day >= MAX_A_DAY:
        words = _("Several codes went to this address already. Use the last one, or wait an hour and start again.")
        raise TooMany(words, int(HOUR.total_seconds()))


def _mail(row: OneTimeCode, code: str, known_address: str) -> None:
    owner = row.registration or row.voter
    if owner is None:
        email_service.queue_account_known(row.email, known_address)
    else:
        email_service.queue_one_time_code(owner.email or row.email, row.use, code, row.expires_at)


def _draw() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def _hash(ticket: str, code: str) -> bytes:
    key = hashlib.sha256(b"smart-voting/one-time-code/" + platform().settings.secret_key.encode()).digest()
    return hmac.digest(key, f"{ticket}/{code}".encode(), "sha256")
