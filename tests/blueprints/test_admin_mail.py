"""The desk's pages about mail: counts, the list, sending again, and what the desk warns of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from models import AuditLog, Channel, ElectionStaff, EmailMessage, MailQueueState, MailStatus, RollEntry, Voter, db
from services.clock import utc_now
from services.email_service.problems import MailProblem
from services.voting_links.making import make_link
from tests import factories
from tests.support import mail_states


def json(client: FlaskClient, path: str) -> Any:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_mails_are_counted_by_kind_and_status(admin_client: FlaskClient, open_election: Any) -> None:
    mail_states.fill(open_election)
    said = json(admin_client, "/admin/mail/progress")
    [links, confirmations] = said["kinds"]
    assert links == {"kind": "voting_link", "waiting": 2, "sent": 6, "failed": 1, "bounced": 1}
    assert confirmations["sent"] == 1
    assert said["counts"] == {"total": 11, "waiting": 2, "sent": 7, "stopped": 2}
    assert (said["queue"], said["sent_in_the_last_minute"], said["minutes_left"]) == (2, 7, 1)
    page = admin_client.get("/admin/mail").text
    assert "Invitation with the voting link" in page
    assert "There is no mailbox with this address." in page


@pytest.mark.parametrize(("asked", "count"), [
    ("status=waiting", 2), ("status=stopped", 2), ("status=bounced", 1), ("kind=vote_confirmation", 1), ("", 11),
    ("q=Zuleika", 1), ("q=ZULEIKA@EXAMPLE", 1), ("q=%25", 0), ("page=99", 11),
])  # fmt: skip
def test_list_is_searched_and_filtered(admin_client: FlaskClient, open_election: Any, asked: str, count: int) -> None:
    bounced = mail_states.fill(open_election)
    voter = db.session.get_one(Voter, bounced.voter_id)
    voter.name = "Zuleika Dobson"
    bounced.recipient = "zuleika@example.org"
    db.session.flush()
    assert json(admin_client, f"/admin/mail?{asked}")["total"] == count


def test_mail_of_another_commissions_election_is_not_found(admin_client: FlaskClient, open_election: Any) -> None:
    foreign = factories.ElectionFactory()
    mail = mail_states.make(foreign, MailStatus.FAILED)
    db.session.query(ElectionStaff).filter_by(election_id=foreign.id).delete()
    assert admin_client.get(f"/admin/mail/{mail.id}").status_code == 404
    assert admin_client.post(f"/admin/mail/{mail.id}/retry").status_code == 404


def test_failed_mail_is_sent_again_with_all_its_attempts(admin_client: FlaskClient, open_election: Any) -> None:
    mail = mail_states.make(open_election, MailStatus.FAILED, attempts=16, problem=MailProblem.MAILBOX_FULL)
    assert "The mailbox is full." in admin_client.get(f"/admin/mail/{mail.id}").text
    assert admin_client.post(f"/admin/mail/{mail.id}/retry").status_code == 303
    db.session.refresh(mail)
    assert (mail.status, mail.attempts) == (MailStatus.QUEUED, 0)
    assert db.session.query(AuditLog).filter_by(event_type="staff:mail:retried").count() == 1


@pytest.mark.parametrize(("status", "body", "words"), [
    (MailStatus.SENT, None, "was sent"), (MailStatus.BOUNCED, None, "Correct it"),
    (MailStatus.SENDING, b"x", "on its way"),
])  # fmt: skip
def test_mail_that_cannot_go_again_says_why(
    admin_client: FlaskClient, open_election: Any, status: MailStatus, body: bytes | None, words: str
) -> None:
    mail = mail_states.make(open_election, status, body=body, problem=MailProblem.NO_SUCH_RECIPIENT)
    answer = admin_client.post(f"/admin/mail/{mail.id}/retry", json={})
    assert answer.status_code == 409
    assert words in answer.json["error"]["message"]


def test_all_failed_mails_of_the_election_alone_are_sent_again(admin_client: FlaskClient, open_election: Any) -> None:
    mail_states.fill(open_election)
    mail_states.make(open_election, MailStatus.BOUNCED, problem=MailProblem.REFUSED_BY_POLICY)
    other = mail_states.make(factories.ElectionFactory(), MailStatus.FAILED)
    assert admin_client.post("/admin/mail/retry", json={}).json == {"retried": 2}
    db.session.refresh(other)
    assert other.status is MailStatus.FAILED
    assert json(admin_client, "/admin/mail?status=bounced")["total"] == 1


def test_desk_says_that_no_mail_leaves_until_it_is_tried_again(admin_client: FlaskClient, open_election: Any) -> None:
    assert admin_client.post("/admin/mail/resume", json={}).json == {"tried": False}
    db.session.merge(MailQueueState(
        id=True, paused_at=utc_now(), problem=MailProblem.SIGN_IN_REFUSED, failures=3,
        probe_at=utc_now() + timedelta(hours=1),
    ))  # fmt: skip
    db.session.flush()
    assert "No mail leaves. The mail server refuses our name or password." in admin_client.get("/admin/").text
    assert admin_client.post("/admin/mail/resume", json={}).json == {"tried": True}
    row = db.session.query(MailQueueState).populate_existing().one()
    assert row.failures == 0
    assert row.probe_at is not None
    assert row.probe_at <= utc_now() + timedelta(seconds=5)


def test_officers_and_observers_see_no_warning_about_mail(officer_client: FlaskClient, open_election: Any) -> None:
    db.session.add(MailQueueState(id=True, paused_at=utc_now(), problem=MailProblem.UNREACHABLE))
    db.session.flush()
    assert "No mail leaves" not in officer_client.get("/admin/").text


def test_desk_says_how_many_voters_of_an_open_election_got_no_invitation(admin_client: FlaskClient) -> None:
    election = factories.make_open_election(voters=4, channels=[Channel.BOOTH, Channel.LINK])
    entries = db.session.query(RollEntry).filter_by(election_id=election.id).order_by(RollEntry.id).all()
    assert "Invitations NOT sent: 4 voters have no link." in admin_client.get("/admin/").text
    for entry, status in zip(entries, (MailStatus.SENT, MailStatus.QUEUED, MailStatus.BOUNCED), strict=False):
        token = make_link(election, entry.voter, None, "https://vote.example.org/vote")
        db.session.get_one(EmailMessage, token.mail_id).status = status
    db.session.flush()
    page = admin_client.get("/admin/").text
    assert "Invitations NOT sent: 2 voters have no link." in page
    assert "1 more is on its way." in page


def test_election_at_booths_alone_is_not_warned_of(admin_client: FlaskClient, open_election: Any) -> None:
    assert "Invitations NOT sent" not in admin_client.get("/admin/").text
