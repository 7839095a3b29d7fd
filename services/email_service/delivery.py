"""Sending the outbox: claim a row with a lease, hand it over outside any transaction, note what became of it.

The worker opens a transaction around `claim_next`, none around `deliver`, and another around the note. Delivery
is at least once: a worker that dies between handing over and noting leaves a lease that runs out, and the mail
goes again with the same Message-ID.
"""

from __future__ import annotations

import logging
import random
import uuid
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import CursorResult, func, or_, select, update

from models import EmailMessage, MailStatus, db
from services.clock import utc_now
from services.context import platform
from services.email_service.content import open_body
from services.email_service.mime import OutgoingMail
from services.email_service.problems import ADDRESS_IS_DEAD, MailProblem
from services.email_service.rendering import single_line
from services.email_service.transports import MailTransport, TemporaryFailure, TransportError
from services.errors import FileDamaged, NotFound

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # Longer than the steps of one SMTP dialogue at the time-out of each.
RELEASE_PAUSE = timedelta(seconds=5)
MAX_ATTEMPTS = 16  # With the delays below about five hours from the first try to the last.
MAX_DELAY_SECONDS = 3600
ERROR_CHARACTERS = 300


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this worker alone may send until its lease runs out; needs no database to be sent."""

    id: uuid.UUID
    kind: str
    recipient: str
    subject: str
    body: bytes | None
    attachment_path: str | None
    attempts: int
    created_at: datetime


def claim_next(lease: timedelta = LEASE) -> ClaimedMail | None:
    """Take the mail that waits longest, counting the attempt; None when nothing is due.

    A code to sign in or an alert does not wait behind ten thousand invitations: mails in bulk come last.
    """
    now = func.clock_timestamp()
    columns = [getattr(EmailMessage, field.name) for field in fields(ClaimedMail)]
    row = db.session.execute(
        select(*columns)
        .where(
            EmailMessage.status.in_((MailStatus.QUEUED, MailStatus.SENDING)),
            EmailMessage.next_attempt_at <= now,
            or_(EmailMessage.locked_until.is_(None), EmailMessage.locked_until < now),
        )
        .order_by(EmailMessage.bulk, EmailMessage.next_attempt_at, EmailMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return None
    waiting = ClaimedMail(*row)
    if waiting.attempts >= MAX_ATTEMPTS:
        died = MailProblem.WORKER_DIED
        _set(waiting.id, status=MailStatus.FAILED, locked_until=None, problem=died, last_error=None)
        return claim_next(lease)
    _set(waiting.id, status=MailStatus.SENDING, attempts=waiting.attempts + 1, locked_until=now + lease)
    return replace(waiting, attempts=waiting.attempts + 1)


def deliver(mail: ClaimedMail, transport: MailTransport) -> str | None:
    """Hand the mail over; raises the errors of `transports`. Opens no transaction.

    A photo that is gone or damaged does not hold it up; returns the path of a damaged one, for the caller to report.
    """
    if mail.body is None:
        raise TemporaryFailure("The body of this mail is gone.", MailProblem.UNREADABLE)
    photo, damaged = _photo(mail)
    message = OutgoingMail(
        mail_id=mail.id,
        sender=platform().settings.email_from,
        recipient=mail.recipient,
        subject=mail.subject,
        body=open_body(mail.body),
        photo=photo,
        date=mail.created_at,
    )
    transport.send(message)
    return damaged


def mark_sent(mail: ClaimedMail) -> None:
    """Note the delivery and wipe the body. True whoever holds the lease by now, so no fence."""
    sent = {"status": MailStatus.SENT, "body": None, "sent_at": utc_now(), "locked_until": None}
    # A provider's report of the bounce may be faster than this note.
    _set(mail.id, unless=MailStatus.BOUNCED, **sent, problem=None, last_error=None)
    log.info("Mail %s (%s) sent at attempt %d.", mail.id, mail.kind, mail.attempts)


def mark_failed(mail: ClaimedMail, error: Exception) -> None:
    """Note a failure: another try after `retry_delay`, or the dead letter after the last attempt."""
    words, problem = _short(error), problem_of(error)
    if mail.attempts >= MAX_ATTEMPTS:
        if _set_mine(mail, status=MailStatus.FAILED, locked_until=None, problem=problem, last_error=words):
            log.error("Mail %s (%s) is given up after %d attempts: %s", mail.id, mail.kind, mail.attempts, words)
        return
    again = func.clock_timestamp() + retry_delay(mail.attempts)
    values = {"status": MailStatus.QUEUED, "locked_until": None, "next_attempt_at": again}
    _set_mine(mail, **values, problem=problem, last_error=words)
    log.warning("Mail %s (%s) failed at attempt %d: %s", mail.id, mail.kind, mail.attempts, words)


def mark_bounced(mail: ClaimedMail, error: Exception) -> None:
    """Note that the recipient's server refused it for good; where nobody will ever read it the body is wiped."""
    problem = problem_of(error)
    values: dict[str, Any] = {"body": None} if problem in ADDRESS_IS_DEAD else {}
    values |= {"status": MailStatus.BOUNCED, "bounced_at": utc_now(), "locked_until": None}
    if _set_mine(mail, **values, problem=problem, last_error=_short(error)):
        log.warning("Mail %s (%s) bounced.", mail.id, mail.kind)


def release(mail: ClaimedMail, error: Exception) -> None:
    """Put a mail back that was never tried, because no mail could leave; its attempt does not count."""
    # Another mail is first at the next try, so that one that we blame wrongly cannot hold up the rest.
    again = func.clock_timestamp() + RELEASE_PAUSE
    _set_mine(
        mail,
        status=MailStatus.QUEUED,
        locked_until=None,
        attempts=mail.attempts - 1,
        problem=problem_of(error),
        last_error=_short(error),
        next_attempt_at=again,
    )


def retry_delay(attempts: int) -> timedelta:
    """Return min(3600, 2^attempts) seconds, spread by a fifth so that a queue does not come back in one wave."""
    spread = random.SystemRandom().uniform(0.8, 1.2)
    return timedelta(seconds=min(MAX_DELAY_SECONDS, 2.0 ** min(attempts, 20)) * spread)


def _photo(mail: ClaimedMail) -> tuple[bytes | None, str | None]:
    """Return the photo, if any can be shown, and the path of one that is damaged."""
    if mail.attachment_path is None:
        return None, None
    try:
        return platform().storage.read(mail.attachment_path), None
    except NotFound:
        # Erased in the meantime, as privacy may ask: the warning matters more than the picture.
        log.warning("The photo of mail %s is gone; the alert goes without it.", mail.id)
        return None, None
    except FileDamaged as error:
        log.error("The photo of mail %s is damaged; the alert goes without it.", mail.id)
        return None, error.path


def _set(mail_id: uuid.UUID, unless: MailStatus | None = None, **values: Any) -> None:
    change = update(EmailMessage).where(EmailMessage.id == mail_id)
    if unless is not None:
        change = change.where(EmailMessage.status != unless)
    db.session.execute(change.values(**values).execution_options(synchronize_session=False))


def _set_mine(mail: ClaimedMail, **values: Any) -> bool:
    """Change the row only while this claim is the latest: another worker may hold it after the lease."""
    mine = update(EmailMessage).where(
        EmailMessage.id == mail.id,
        EmailMessage.status == MailStatus.SENDING,
        EmailMessage.attempts == mail.attempts,
    )
    result = db.session.execute(mine.values(**values).execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount == 1


def _short(error: Exception) -> str:
    return (single_line(error) or type(error).__name__)[:ERROR_CHARACTERS]


def problem_of(error: Exception) -> MailProblem:
    """Name why a mail did not leave."""
    if isinstance(error, TransportError):
        return error.problem
    return MailProblem.UNREADABLE if isinstance(error, InvalidToken) else MailProblem.OTHER
