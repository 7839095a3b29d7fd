"""A voter's own pages over HTTP: registering, signing in and out, a new password; as form and as JSON."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from models import Registration, db
from services.errors import Conflict
from tests import factories
from tests.support import pictures, voter_accounts
from tests.support.voter_accounts import last_code, mails_to, text_of, typed, with_account

JSON = {"Accept": "application/json"}


def send(client, photo=True, **changes):
    values = typed(**changes)
    if photo:
        values["photo"] = (io.BytesIO(pictures.face()), "me.jpg")
    return client.post("/voter/register", data=values, content_type="multipart/form-data")


@pytest.fixture
def voter_client(app):
    """A browser in which a voter with an account is signed in; `client.voter` is the row."""
    client = app.test_client()
    client.voter = with_account(name="Solveig Eriksen")
    with client.session_transaction() as session:
        session["voter_session"] = voter_accounts.token_of(client.voter)
    return client


def test_a_registration_goes_from_the_form_over_the_code_to_the_commission(client, admin_client):
    sent = send(client)
    assert (sent.status_code, sent.location) == (303, "/voter/register/code")
    wrong = client.post("/voter/register/code", data={"code": "1"})
    assert (wrong.status_code, "Tries left: 4." in wrong.text) == (422, True)
    done = client.post("/voter/register/code", data={"code": last_code("rosa@example.org")})
    assert (done.status_code, done.location) == (303, "/voter/register/done")
    assert client.get("/voter/register/code").location == "/voter/register"

    row = db.session.scalar(select(Registration))
    assert "Registrations: 1 to decide" in admin_client.get("/admin/voters").text
    page = admin_client.get(f"/admin/registrations/{row.id}")
    assert (page.status_code, "19 May 1984" in page.text) == (200, True)
    assert admin_client.get(f"/admin/registrations/{row.id}/photo").mimetype == "image/jpeg"
    nobody = admin_client.post(f"/admin/registrations/{row.id}/approve", data={})
    assert (nobody.status_code, "Choose who the person is." in nobody.text) == (422, True)
    approved = admin_client.post(f"/admin/registrations/{row.id}/approve", data={"voter": "new"})
    assert approved.location == "/admin/registrations"
    assert admin_client.get(f"/admin/registrations/{row.id}").status_code == 404


def test_a_known_address_gets_the_very_same_answers(app):
    with_account(email="known@example.org")
    answers = []
    for email in ("known@example.org", "new@example.org"):
        client = app.test_client()
        sent = send(client, email=email)
        page = client.get(sent.location)
        wrong = client.post("/voter/register/code", data={"code": "000"})
        answers.append((sent.status_code, sent.location, page.text, wrong.status_code, wrong.text))
    assert answers[0] == answers[1]


def test_what_was_typed_stays_on_the_page_when_the_photo_is_missing(client):
    answer = send(client, photo=False)
    assert answer.status_code == 422
    assert "Add a photo of your face." in answer.text
    assert 'value="Rosa Demir"' in answer.text
    assert factories.PASSWORD not in answer.text


def test_a_program_registers_with_a_data_url_and_is_told_each_field(client):
    body = {**typed(consent=True), "photo": pictures.data_url(pictures.face(faces=2))}
    refused = client.post("/voter/register", json=body)
    assert (refused.status_code, list(refused.json["error"]["fields"])) == (422, ["photo"])
    taken = client.post("/voter/register", json={**body, "photo": pictures.data_url(pictures.face())})
    assert (taken.status_code, taken.json["redirect"]) == (202, "/voter/register/code")


def test_a_voter_signs_in_with_password_and_code_and_out(client):
    voter = with_account()
    asked = client.post("/voter/login", data={"email": voter.email, "password": factories.PASSWORD})
    assert asked.location == "/voter/login/code"
    assert client.get("/voter/elections").location == "/voter/login"
    entered = client.post("/voter/login/code", data={"code": last_code(voter.email), "remember": "1"})
    assert entered.location == "/voter/elections"
    cookie = client.get_cookie("sv_trusted", path="/voter/login")
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert "My elections" in client.get("/voter/elections").text
    assert client.get("/").location == "/voter/elections"
    with client.session_transaction() as session:
        kept = dict(session)
    client.post("/voter/logout")
    with client.session_transaction() as session:
        session.update(kept)
    assert client.get("/voter/elections", headers=JSON).status_code == 401
    again = client.post("/voter/login", data={"email": voter.email, "password": factories.PASSWORD})
    assert again.location == "/voter/elections"


def test_a_voters_session_is_new_after_signing_in(client):
    voter = with_account()
    client.post("/voter/login", data={"email": voter.email, "password": factories.PASSWORD})
    with client.session_transaction() as session:
        session.update(planted="by somebody else", voter_session="fixed", csrf_token="known")
    client.post("/voter/login/code", data={"code": last_code(voter.email)})
    with client.session_transaction() as session:
        assert set(session) - {"_permanent", "_flashes"} == {"voter_session"}
        assert session["voter_session"] != "fixed"


def test_a_new_code_is_sent_twice_and_then_the_voter_begins_again(client):
    voter = with_account()
    client.post("/voter/login", data={"email": voter.email, "password": factories.PASSWORD})
    first = last_code(voter.email)
    assert [client.post("/voter/login/code/again").status_code for _ in range(3)] == [303, 303, 429]
    assert client.post("/voter/login/code", data={"code": first}).location == "/voter/login"


def test_a_wrong_password_is_refused_in_words_and_five_times_only(client):
    answers = [client.post("/voter/login", json={"email": "a@example.org", "password": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 800


def test_a_voter_in_the_browser_of_staff_ends_the_session_of_staff(admin_client):
    voter = with_account()
    with admin_client.session_transaction() as session:
        token = session["staff_session"]
    admin_client.post("/voter/login", data={"email": voter.email, "password": factories.PASSWORD})
    admin_client.post("/voter/login/code", data={"code": last_code(voter.email)})
    assert admin_client.get("/admin/", headers=JSON).status_code == 403
    with admin_client.session_transaction() as session:
        session.clear()
        session["staff_session"] = token
    assert admin_client.get("/admin/", headers=JSON).status_code == 401


@pytest.mark.parametrize("path", ["/voter/login", "/voter/register", "/voter/password/forgotten"])
def test_a_booth_is_no_place_for_an_account(path, kiosk_client):
    answer = kiosk_client.get(path, headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (Conflict.status, "leave_the_booth_first")


def test_a_forgotten_password_is_set_by_a_link_that_leaves_the_address_at_once(client):
    voter = with_account()
    pages = [client.post("/voter/password/forgotten", data={"email": email}) for email in (voter.email, "x@y.example")]
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].text.replace(voter.email, "x@y.example") == pages[1].text
    link = text_of(mails_to(voter.email)[-1]).split("http://localhost")[1].split()[0]
    opened = client.get(link)
    assert (opened.status_code, opened.location) == (303, "/voter/password/new")
    assert client.get(opened.location).status_code == 200
    words = {"password": "quite another sentence", "password_again": "quite another sentence"}
    assert client.post("/voter/password/new", data=words).location == "/voter/login"
    assert client.get(link, follow_redirects=True).status_code == 410


def test_an_own_account_shows_and_forgets_its_trusted_browsers_and_no_others(voter_client):
    from services.voter_accounts import devices

    devices.trust(voter_client.voter, voter_accounts.ANYBODY)
    devices.trust(with_account(), voter_accounts.ANYBODY)
    db.session.commit()
    shown = voter_client.get("/voter/account", headers=JSON).json["trusted"]
    assert [one["browser"] for one in shown] == ["Firefox"]
    mine = shown[0]["id"]
    assert voter_client.post(f"/voter/account/browsers/{mine}/forget", headers=JSON).json == {"forgotten": mine}
    assert voter_client.post(f"/voter/account/browsers/{mine + 1}/forget", headers=JSON).status_code == 404
    wrong = {"old": "no", "password": "a new password", "password_again": "another password"}
    assert voter_client.post("/voter/account", data=wrong).status_code == 422


def test_my_elections_are_those_on_whose_roll_i_am(voter_client, open_election):
    factories.make_open_election(title="Of others")
    factories.RollEntryFactory(election=factories.ElectionFactory(title="A draft"), voter=voter_client.voter)
    assert voter_client.get("/voter/elections", headers=JSON).json["elections"] == []
    mine = factories.make_open_election(title="The board")
    factories.RollEntryFactory(election=mine, voter=voter_client.voter)
    found = voter_client.get("/voter/elections", headers=JSON).json["elections"]
    assert [(one["title"], one["stage"], one["voted_at"]) for one in found] == [("The board", "open", None)]
    assert "Vote at a polling booth." in voter_client.get("/voter/elections").text
