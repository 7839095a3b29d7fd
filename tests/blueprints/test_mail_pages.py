"""The pages behind links of mails to voters, and the desk's page that sends such mails."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from models import (
    AuditLog,
    Election,
    EmailMessage,
    MailStatus,
    NotMeReport,
    PlannedKind,
    RehearsalAnswer,
    RollEntry,
    Vote,
    db,
    transaction,
)
from services import mailings
from services.actor import SYSTEM
from services.clock import utc_now
from services.email_service.content import open_body
from services.voter_links import Purpose, link
from tests import factories


@pytest.fixture
def entry(client: FlaskClient) -> RollEntry:
    """A voter on the roll of a draft."""
    found: RollEntry = factories.RollEntryFactory()
    return found


def path(purpose: Purpose, entry: RollEntry) -> str:
    return link(purpose, "", entry.election, entry.voter)


def test_rehearsal_shows_who_was_reached_and_casts_nothing(client: FlaskClient, entry: RollEntry) -> None:
    mailings.plan(entry.election, PlannedKind.REHEARSAL, "", SYSTEM)
    mailings.write_due(transaction)
    mail = db.session.query(EmailMessage).filter_by(kind="rehearsal").one()
    found = re.search(r"^/mail/rehearsal\?token=\S+", open_body(mail.body or b"").text, re.MULTILINE)
    assert found is not None
    assert "No vote is cast here." in client.get(found[0]).text
    assert db.session.query(RehearsalAnswer).count() == 0
    for _ in range(2):
        assert "Our mail reaches you" in client.post(found[0]).text
    assert mailings.figures_of_rehearsal(entry.election) == mailings.RehearsalFigures(1, 0, 0, 1)
    assert db.session.query(Vote).count() == 0


def test_rehearsal_is_over_when_the_election_opens(client: FlaskClient) -> None:
    election = factories.make_open_election()
    entry = db.session.query(RollEntry).filter_by(election_id=election.id).one()
    answer = client.post(path(Purpose.REHEARSAL, entry))
    assert answer.status_code == 404
    assert "It cannot vote." in answer.text
    assert db.session.query(RehearsalAnswer).count() == 0


@pytest.mark.parametrize("page", ["/mail/rehearsal", "/mail/not-me"])
@pytest.mark.parametrize("token", ["", "x", "WzEsMV0.x", "é"])
def test_link_that_is_not_ours_says_so(client: FlaskClient, page: str, token: str) -> None:
    for answer in (client.get(f"{page}?token={token}"), client.post(f"{page}?token={token}")):
        assert answer.status_code == 404
    assert client.get(page, headers={"Accept": "application/json"}).json["error"]["code"] == "not_found"


def test_link_of_one_page_does_not_open_the_other(client: FlaskClient, entry: RollEntry) -> None:
    address = path(Purpose.REHEARSAL, entry).replace("rehearsal", "not-me")
    assert client.get(address).status_code == 404


def test_wrong_recipient_reports_by_one_button_and_the_commission_knows(
    admin_client: FlaskClient, entry: RollEntry
) -> None:
    address = path(Purpose.NOT_ME, entry)
    assert "If that is not you, press the button." in admin_client.get(address).text
    assert db.session.query(NotMeReport).count() == 0
    for _ in range(2):
        assert "The Election Commission knows now" in admin_client.post(address).text
    [alert] = db.session.query(EmailMessage).filter_by(kind="system_alert")
    assert entry.voter.name in open_body(alert.body or b"").text
    [row] = db.session.query(AuditLog).filter_by(event_type="outside:mail:not_me")
    assert row.details == {"voter_number": entry.voter.voter_id}
    assert "1 person says: this mail is not for me." in admin_client.get("/admin/").text
    [report] = mailings.open_reports(entry.election)
    assert admin_client.post(f"/admin/mail/not-me/{report.id}/settle", json={}).json == {"settled": report.id}
    assert admin_client.post(f"/admin/mail/not-me/{report.id}/settle", json={}).status_code == 404
    admin_client.post(address)
    assert len(mailings.open_reports(entry.election)) == 1


def test_desk_sends_plans_and_cancels_mails_to_all_voters(admin_client: FlaskClient) -> None:
    now = utc_now()
    factories.make_open_election(opens_at=now - timedelta(hours=1), closes_at=now + timedelta(hours=60))
    page = admin_client.get("/admin/mail/voters").text
    assert "Remind those who have not voted" in page
    assert "2 days before closing" in page
    [planned] = admin_client.post("/admin/mail/voters", json={"act": "plan", "hours": 24}).json["planned"]
    assert (planned["kind"], planned["mails"], planned["done_at"]) == ("reminder", 0, None)
    assert admin_client.post("/admin/mail/voters", data={"act": "remind"}).status_code == 303
    again = admin_client.post("/admin/mail/voters", data={"act": "remind"})
    assert again.status_code == 409
    assert "Voters would get two." in again.text
    left = admin_client.post("/admin/mail/voters", json={"act": "cancel", "planned": planned["id"]}).json["planned"]
    assert planned["id"] not in [one["id"] for one in left]


@pytest.mark.parametrize("said", [{"act": "dance"}, {"act": "plan", "hours": "soon"}, {"act": "cancel"}])
def test_desk_refuses_what_makes_no_sense(admin_client: FlaskClient, open_election: Any, said: Any) -> None:
    assert admin_client.post("/admin/mail/voters", json=said).status_code == 422


def test_draft_shows_who_cannot_be_reached(admin_client: FlaskClient, entry: RollEntry) -> None:
    factories.EmailMessageFactory(
        election=entry.election, voter=entry.voter, kind="rehearsal", status=MailStatus.BOUNCED
    )
    other: Election = entry.election
    factories.RollEntryFactory(election=other, voter=factories.VoterFactory(email=None))
    page = admin_client.get("/admin/mail/voters").text
    assert "See who cannot be reached" in page
    assert "1 of them has no e-mail address and gets no mail." in page
