"""The commission's list of people who get heads, and the pages behind the links of their mails."""

import re

import pytest
from sqlalchemy import select

from models import EmailMessage, HeadSubscription, db
from services import heads
from services.email_service import letters
from services.email_service.content import open_body
from tests.factories import make_open_election

JSON = {"Accept": "application/json"}


@pytest.fixture
def election(app):
    return make_open_election(title="Choir: conductor")


@pytest.fixture
def listed(election, admin_client):
    """Enter Rosa at the desk; return the path of the link in her mail."""
    page = f"/admin/elections/{election.id}/head-mails"
    form = {"act": "add", "name": "Rosa Demir", "email": "rosa@example.org"}
    assert admin_client.post(page, data=form).status_code == 303
    body = open_body(db.session.scalars(select(EmailMessage.body)).one())
    return re.search(r"https?://[^/]+(/verify/mail/confirm\?token=\S+)", body.text)[1]


def confirmed():
    return db.session.scalars(select(HeadSubscription.confirmed_at)).one() is not None


def test_the_desk_lists_enters_and_removes_people_in_html_and_json(election, admin_client, listed):
    page = f"/admin/elections/{election.id}/head-mails"
    assert "Not confirmed yet" in admin_client.get(page).text
    (row,) = admin_client.get(page, headers=JSON).json["subscriptions"]
    assert (row["name"], row["email"], row["state"]) == ("Rosa Demir", "rosa@example.org", "waiting")
    again = admin_client.post(page, json={"act": "add", "name": "Rosa", "email": "rosa@example.org"})
    assert (again.status_code, again.json["error"]["fields"].keys()) == (422, {"email"})
    wrong = admin_client.post(page, data={"act": "add", "name": "", "email": "nobody"})
    assert wrong.status_code == 422
    assert "Check it letter by letter" in wrong.text
    assert admin_client.post(page, json={"act": "remove", "subscription": row["id"]}).json == {"removed": "Rosa Demir"}
    assert admin_client.get(page, headers=JSON).json == {"subscriptions": []}


def test_looking_at_the_link_confirms_nothing_and_the_button_does_once(client, listed):
    page = client.get(listed)
    assert "Get the signed heads by mail?" in page.text
    assert not confirmed()
    token = listed.partition("token=")[2]
    assert "You get the heads from now on" in client.post("/verify/mail/confirm", data={"token": token}).text
    assert confirmed()
    used = client.get(listed)
    assert (used.status_code, "This address is confirmed already" in used.text) == (410, True)
    unknown = client.get("/verify/mail/confirm?token=x")
    assert (unknown.status_code, "This link does not work" in unknown.text) == (404, True)


def test_a_mail_program_ends_the_mails_without_a_session_and_looking_does_not(app, listed, request):
    request.getfixturevalue("csrf_enforced")
    (subscription,) = db.session.scalars(select(HeadSubscription))
    address = f"{letters.STOP_PATH}?token={heads.stop_token(subscription)}"
    program = app.test_client(use_cookies=False)
    assert "Get no more heads by mail?" in program.get(address).text
    assert db.session.scalar(select(HeadSubscription.id)) is not None
    for _ in range(2):
        answer = program.post(address, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, "You get no more heads by mail" in answer.text) == (200, True)
    assert db.session.scalar(select(HeadSubscription.id)) is None
    assert program.post(f"{letters.STOP_PATH}?token=x").status_code == 404
