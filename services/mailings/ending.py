"""Mails that came too late: an invitation that has not left when voting ends leads nowhere and is not sent."""

from __future__ import annotations

from sqlalchemy import and_, or_, select, update

from models import Election, ElectionStatus, EmailMessage, MailStatus, db
from services.email_service.problems import MailProblem
from services.mailings.kinds import REHEARSAL, REMINDER, VOTING_LINK

LEFT_BEHIND = (MailStatus.QUEUED, MailStatus.FAILED, MailStatus.BOUNCED)


def withdraw_what_is_too_late() -> None:
    """Wipe the mails that call voters to what is over, and let none of them leave; in the caller's transaction."""
    not_open = select(Election.id).where(Election.status.in_((ElectionStatus.CLOSED, ElectionStatus.ARCHIVED)))
    opened = select(Election.id).where(Election.status != ElectionStatus.DRAFT)
    too_late = or_(
        and_(EmailMessage.kind.in_((VOTING_LINK, REMINDER)), EmailMessage.election_id.in_(not_open)),
        and_(EmailMessage.kind == REHEARSAL, EmailMessage.election_id.in_(opened)),
    )
    stays = EmailMessage.status.in_(LEFT_BEHIND) & EmailMessage.body.is_not(None)
    change = update(EmailMessage).where(too_late, stays)
    values = {"status": MailStatus.FAILED, "problem": MailProblem.OVER.value, "body": None, "last_error": None}
    db.session.execute(change.values(values).execution_options(synchronize_session=False))
