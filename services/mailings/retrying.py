"""Mails that did not leave are sent again: one, or all of an election."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import CursorResult, func, update

from models import Election, EmailMessage, MailStatus, db
from services import audit_logger
from services.actor import Actor
from services.errors import Conflict
from services.mailings.figures import STOPPED, owned_by
from services.mailings.listing import mail


def retry(mail_id: uuid.UUID, actor: Actor) -> None:
    """Let one mail be sent at the next step of the worker, with all its attempts anew.

    Raises NotFound, and Conflict when it was sent, is being sent, or cannot be sent again.
    """
    line = mail(mail_id, actor)
    if not line.can_retry:
        raise Conflict(_refusal(line.status))
    _again(EmailMessage.id == mail_id, EmailMessage.status == line.status)
    audit_logger.record("staff:mail:retried", actor, election_id=line.election_id, count=1)


def retry_all(election: Election | None, actor: Actor) -> int:
    """Let every mail of an election that was given up or refused be sent again; return how many there are.

    Where the address is wrong nothing is left to send: such a voter needs a new mail.
    """
    count = _again(owned_by(election), EmailMessage.status.in_(STOPPED), EmailMessage.body.is_not(None))
    if count:
        audit_logger.record("staff:mail:retried", actor, election_id=election.id if election else None, count=count)
    return count


def _again(*which: Any) -> int:
    values = {
        "status": MailStatus.QUEUED, "attempts": 0, "next_attempt_at": func.clock_timestamp(), "locked_until": None,
        "bounced_at": None,
    }  # fmt: skip
    change = update(EmailMessage).where(*which).values(values).execution_options(synchronize_session=False)
    result = db.session.execute(change)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _refusal(status: MailStatus) -> str:
    if status is MailStatus.SENT:
        return _("This mail was sent. Nothing is left to send again.")
    if status in STOPPED:
        return _("The address of this mail is wrong. Correct it on the voter's page, then send a new mail.")
    return _("This mail is on its way already.")
