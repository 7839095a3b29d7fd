"""The rehearsal: who got the test mail, who answered, who cannot be reached."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from models import Election, ElectionStatus, EmailMessage, MailStatus, RehearsalAnswer, Voter, db
from services.clock import utc_now
from services.mailings.figures import STOPPED, WAITING
from services.mailings.kinds import REHEARSAL
from services.voter_links import Purpose, look_up


@dataclass(frozen=True)
class RehearsalFigures:
    """Voters by what became of their test mail; `answered` pressed the button on its page."""

    waiting: int
    sent: int
    unreachable: int
    answered: int


def figures_of_rehearsal(election: Election) -> RehearsalFigures:
    """Count voters, each by the last of their test mails."""
    last = (
        select(EmailMessage.voter_id, EmailMessage.status)
        .where(EmailMessage.election_id == election.id, EmailMessage.kind == REHEARSAL)
        .order_by(EmailMessage.voter_id, EmailMessage.created_at.desc())
        .ext(distinct_on(EmailMessage.voter_id))
        .subquery()
    )
    counted = select(last.c.status, func.count()).group_by(last.c.status)
    by_status = {status: count for status, count in db.session.execute(counted)}  # noqa: C416 (rows are no pairs)
    answers = select(func.count()).where(RehearsalAnswer.election_id == election.id)
    return RehearsalFigures(
        sum(by_status.get(status, 0) for status in WAITING),
        by_status.get(MailStatus.SENT, 0),
        sum(by_status.get(status, 0) for status in STOPPED),
        db.session.scalar(answers) or 0,
    )


def rehearsal_of(token: str) -> tuple[Election, Voter] | None:
    """Return whom a rehearsal's link names while the rehearsal lasts, that is until the election opens."""
    found = look_up(Purpose.REHEARSAL, token)
    return found if found and found[0].status is ElectionStatus.DRAFT else None


def answer(token: str) -> tuple[Election, Voter] | None:
    """Note that the mail arrived; a second time changes nothing. None when the link is not ours or over."""
    found = rehearsal_of(token)
    if found is not None:
        row = {"election_id": found[0].id, "voter_id": found[1].id, "answered_at": utc_now()}
        db.session.execute(insert(RehearsalAnswer).values(row).on_conflict_do_nothing())
    return found
