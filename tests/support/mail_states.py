"""States of the pages about mail; they register themselves in desk_states.STATES."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page
from sqlalchemy import update

from models import Election, EmailMessage, MailQueueState, MailStatus, NotMeReport, PlannedKind, PlannedMail, db
from services.clock import utc_now
from services.email_service.problems import MailProblem
from services.voter_links import Purpose, link
from tests import factories
from tests.support.demo import Demo
from tests.support.desk_states import public, state
from tests.support.live_site import Site

SERVER = "550 5.1.1 The email account that you tried to reach does not exist."


def fill(election: Election) -> EmailMessage:
    """Give an election mails of every status, and return the one that bounced."""
    for number in range(6):
        make(election, MailStatus.SENT, attempts=1, body=None, sent_at=utc_now() - timedelta(seconds=number))
    make(election, MailStatus.QUEUED)
    make(election, MailStatus.QUEUED, attempts=2, problem=MailProblem.GREYLISTED, last_error="450 4.7.1 Greylisted")
    make(
        election, MailStatus.FAILED, attempts=16, problem=MailProblem.MAILBOX_FULL, last_error="552 5.2.2 Mailbox full"
    )
    make(election, MailStatus.SENT, kind="vote_confirmation", bulk=False, body=None, attempts=1, sent_at=utc_now())
    return make(
        election, MailStatus.BOUNCED, attempts=1, body=None, problem=MailProblem.NO_SUCH_RECIPIENT,
        last_error=SERVER, bounced_at=utc_now(),
    )  # fmt: skip


def make(election: Election, status: MailStatus, **values: object) -> EmailMessage:
    """Write a mail to a new voter on the roll."""
    voter = factories.VoterFactory()
    mail: EmailMessage = factories.EmailMessageFactory(election=election, voter=voter, status=status, **values)
    return mail


@state
def mail(site: Site, demo: Demo) -> Page:
    fill(demo.large)
    db.session.add(NotMeReport(election_id=demo.large.id, voter_id=factories.VoterFactory(name="Ivo Ferri").id))
    db.session.commit()
    return site.staff_page("/admin/mail", election=demo.large)


@state
def bounced_mail_while_no_mail_leaves(site: Site, demo: Demo) -> Page:
    bounced, now = fill(demo.large), utc_now()
    db.session.merge(MailQueueState(
        id=True, paused_at=now, problem=MailProblem.SIGN_IN_REFUSED, failures=1, probe_at=now + timedelta(minutes=5),
        last_error="535 5.7.8 Authentication credentials invalid",
    ))  # fmt: skip
    db.session.commit()
    page = site.staff_page(f"/admin/mail/{bounced.id}", election=demo.large)
    db.session.execute(update(MailQueueState).values(paused_at=None))
    db.session.commit()
    return page


@state
def mail_to_voters_with_plans(site: Site, demo: Demo) -> Page:
    now = utc_now()
    for kind, due_at, done_at in (
        (PlannedKind.REMINDER, now - timedelta(days=1), now), (PlannedKind.REMINDER, now + timedelta(days=1), None),
        (PlannedKind.RESULT, now, None),
    ):  # fmt: skip
        db.session.add(PlannedMail(
            election_id=demo.large.id, kind=kind, due_at=due_at, done_at=done_at, address="", mails=7 if done_at else 0,
        ))  # fmt: skip
    db.session.commit()
    return site.staff_page("/admin/mail/voters", election=demo.large)


@public
def mail_of_a_rehearsal(site: Site, demo: Demo) -> Page:
    entry = factories.RollEntryFactory(election=demo.draft, voter=factories.VoterFactory(name="Hannah Bergström"))
    db.session.commit()
    return site.page(link(Purpose.REHEARSAL, "", demo.draft, entry.voter))
