"""Reports of a mail provider about mails that it took and could not deliver: signed, and the same ones change nothing.

The signature is HMAC-SHA-256 with MAIL_WEBHOOK_SECRET over the time of sending (seconds since 1970), a dot and the
body, in hexadecimal. A report older or newer than five minutes is not taken, so that nobody can play it again later.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, update

from models import EmailMessage, MailStatus, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.email_service import problems
from services.email_service.rendering import single_line
from services.errors import DomainError, NotFound

WINDOW_SECONDS = 300
MOST_EVENTS = 1000
REASON_CHARACTERS = 300
CODES = range(400, 600)
GONE_FOR_GOOD = 550


class EventKind(enum.StrEnum):
    """What a report may say of a mail; others are not read."""

    BOUNCED = "bounced"


class BadSignature(DomainError):
    status, code = 401, "bad_signature"


class BadReport(DomainError):
    status, code = 400, "bad_report"


@dataclass(frozen=True)
class Noted:
    """How many mails a report changed, how many it left as they were, and how many it names that are not ours."""

    noted: int
    unchanged: int
    unknown: int


def take_report(content: bytes, sent_at: str, signature: str) -> Noted:
    """Note a provider's report in the caller's transaction.

    Raises NotFound while no secret is set, BadSignature, and BadReport for a body that is no report.
    """
    secret = platform().settings.mail_webhook_secret
    if not secret:
        raise NotFound(_("No reports are taken here. MAIL_WEBHOOK_SECRET opens them."))
    _check_signature(secret, content, sent_at, signature)
    return _note(_events(content))


def signature_of(secret: str, content: bytes, sent_at: str) -> str:
    """Return the signature of a report in hexadecimal."""
    return hmac.new(secret.encode(), sent_at.encode() + b"." + content, hashlib.sha256).hexdigest()


def _check_signature(secret: str, content: bytes, sent_at: str, signature: str) -> None:
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= 12 and signature.isascii()):
        raise BadSignature(_("Send X-Timestamp and X-Signature with the report."))
    if not hmac.compare_digest(signature_of(secret, content, sent_at), signature.lower()):
        raise BadSignature(_("The signature does not fit the report and the secret."))
    if abs(utc_now().timestamp() - int(sent_at)) > WINDOW_SECONDS:
        raise BadSignature(_("The report was signed more than five minutes ago, or the clocks differ."))


def _events(content: bytes) -> list[dict[str, Any]]:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise BadReport(_("Send the report as JSON.")) from None
    events = said.get("events") if isinstance(said, dict) else None
    if not isinstance(events, list) or len(events) > MOST_EVENTS or not all(isinstance(one, dict) for one in events):
        raise BadReport(_('Send {"events": […]} with at most %(most)s objects.', most=MOST_EVENTS))
    return events


def _note(events: list[dict[str, Any]]) -> Noted:
    counts: Counter[str] = Counter()
    by_election: Counter[int | None] = Counter()
    for event in events:
        mail = _mail_of(event)
        if mail is None or event.get("event") not in list(EventKind):
            counts["unknown"] += 1
        elif _bounce(mail, event):
            counts["noted"] += 1
            by_election[mail.election_id] += 1
        else:
            counts["unchanged"] += 1
    for election_id, count in by_election.items():
        provider = Actor(role="provider", name="mail provider")
        audit_logger.record("provider:mail:bounced", provider, election_id=election_id, count=count)
    return Noted(counts["noted"], counts["unchanged"], counts["unknown"])


def _mail_of(event: dict[str, Any]) -> EmailMessage | None:
    """Return the mail that the Message-ID names: the part before the @ is the number of its row."""
    named = str(event.get("message_id", "")).strip().strip("<>").partition("@")[0]
    try:
        return db.session.get(EmailMessage, uuid.UUID(named))
    except ValueError:
        return None


def _bounce(mail: EmailMessage, event: dict[str, Any]) -> bool:
    """Note a bounce of a mail that had left; tell whether that is news."""
    code, reason = event.get("code"), single_line(str(event.get("reason", "")).replace("\x00", ""))
    number = code if type(code) is int and code in CODES else GONE_FOR_GOOD
    change = update(EmailMessage).where(
        EmailMessage.id == mail.id,
        or_(EmailMessage.status == MailStatus.SENT, EmailMessage.status == MailStatus.SENDING),
    )
    values = {
        "status": MailStatus.BOUNCED, "bounced_at": utc_now(), "locked_until": None,
        "problem": problems.of_recipient(number, reason).value, "last_error": reason[:REASON_CHARACTERS] or None,
    }  # fmt: skip
    changed = change.values(values).returning(EmailMessage.id).execution_options(synchronize_session=False)
    return db.session.scalar(changed) is not None
