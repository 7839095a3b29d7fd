"""Queue mails, send them as the worker does, and look at what became of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from models import EmailMessage, MailQueueState, db, transaction, use_role
from services.context import platform
from services.email_service import send_vote_confirmation
from services.email_service.transports import transport_for
from services.jobs.mail_queue import MailQueue

TO = "fontaine@example.org"


def queue_mail(reference: str = "ref-1", to: str = TO) -> None:
    with transaction():
        send_vote_confirmation(to, "Your vote has been recorded", f"Dear voter, {reference}\n", reference)


def mail_queue() -> MailQueue:
    return MailQueue(transport_for(platform().settings), transaction)


def send_all(queue: MailQueue | None = None) -> None:
    queue = queue or mail_queue()
    with use_role("sealer"):
        while queue.send_one():
            pass
        queue.close()


def row(to: str = TO) -> EmailMessage:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(EmailMessage).where(EmailMessage.recipient == to)).one()


def pause() -> MailQueueState:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(MailQueueState)).one()


def make_probe_due() -> None:
    with transaction():
        db.session.execute(update(MailQueueState).values(probe_at=func.clock_timestamp() - timedelta(seconds=1)))


def make_due() -> None:
    """Let every delay and every lease run out."""
    with transaction():
        past = func.clock_timestamp() - timedelta(seconds=1)
        db.session.execute(
            update(EmailMessage).values(
                next_attempt_at=past,
                locked_until=None if db.session.scalar(select(func.max(EmailMessage.locked_until))) is None else past,
            )
        )
