"""The officer's screen over HTTP: from the voter who cannot be identified by face to the open ballot, and back."""

from __future__ import annotations

import logging
import re

import pytest
from sqlalchemy import func, select

from blueprints import limits
from models import AuditLog, AuthEvent, AuthMethod, AuthResult, BallotPass, StaffRole, StaffUser, VoterStatus, db
from services import kiosks
from services.actor import SYSTEM
from tests import factories
from tests.factories import PASSWORD
from tests.services.identification import acting

JSON = {"Accept": "application/json"}
REASON = "No picture is enrolled here"
FULL_NAME = "Astrid Solberg-Lindqvist"


@pytest.fixture
def voter(open_election):
    voter = acting.only_voter(open_election)
    voter.name = FULL_NAME
    db.session.commit()
    return voter


@pytest.fixture
def officer(kiosk_client):
    return db.session.get(StaffUser, kiosk_client.kiosk.opened_by)


@pytest.fixture
def second():
    return factories.StaffUserFactory(role=StaffRole.ADMIN)


@pytest.fixture
def body(voter, officer, second):
    return {
        "voter_id": voter.voter_id, "document": "identity_card", "officer": officer.username, "password": PASSWORD,
        "second": second.username, "second_password": PASSWORD, "reason": REASON,
    }  # fmt: skip


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def identify(client, body, **change):
    return client.post("/poll/auth/document", json=body | change)


def hidden(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def test_the_whole_way_in_html_from_the_keypad_to_the_open_ballot(kiosk_client, voter, officer, second):
    refused = kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})
    assert "The officer helps you" in refused.text
    called = kiosk_client.post("/poll/officer", data={"voter_id": hidden(refused, "voter_id")})
    assert "Officer: identify by document" in called.text

    asked = kiosk_client.post("/poll/document", data={"voter_id": hidden(called, "voter_id")})
    assert "The officer checks your document" in asked.text
    assert "Then you vote here, as everybody else." in asked.text
    assert FULL_NAME not in asked.text

    signed = {"voter_id": hidden(asked, "voter_id"), "officer": officer.username, "password": PASSWORD}
    shown = kiosk_client.post("/poll/document", data=signed)
    assert FULL_NAME in shown.text
    assert f"{voter.voter_id[:4]} {voter.voter_id[4:]}" in shown.text

    form = {name: hidden(shown, name) for name in ("voter_id", "seal")}
    form |= {"document": "passport", "reason": REASON, "second": second.username, "second_password": PASSWORD}
    done = kiosk_client.post("/poll/auth/document", data=form)
    assert (done.status_code, done.location) == (303, "/poll/ballot")
    assert "Your ballot is open." in kiosk_client.get("/poll/ballot").text
    with kiosk_client.session_transaction() as session:
        assert set(session) <= {"kiosk", "_permanent", "csrf_token"}


def test_json_identifies_in_one_call(kiosk_client, body):
    answer = identify(kiosk_client, body)

    assert (answer.status_code, answer.json) == (200, {"result": "success", "redirect": "/poll/ballot"})
    event = db.session.scalars(select(AuthEvent)).one()
    assert (event.method, event.result, event.note) == (AuthMethod.DOCUMENT, AuthResult.SUCCESS, REASON)
    assert kiosk_client.get("/poll/ballot", headers=JSON).status_code == 200


def test_no_document_number_is_taken_under_any_name(kiosk_client, body):
    identify(kiosk_client, body, number="C01X00T47", document_number="C01X00T47")

    event = db.session.scalars(select(AuthEvent)).one()
    kept = {column.key: getattr(event, column.key) for column in AuthEvent.__table__.columns}
    assert "C01X00T47" not in str(kept)
    assert "C01X00T47" not in str([row.details for row in db.session.scalars(select(AuditLog))])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"password": "wrong"}, 403, "officer_refused"),
        ({"second_password": "wrong"}, 403, "second_refused"),
        ({"reason": "short"}, 422, "validation_failed"),
        ({"document": "library_card"}, 422, "validation_failed"),
        ({"voter_id": "20481736"}, 422, "typing_slip"),
        ({"voter_id": factories.with_check_digit(9999999)}, 404, "unknown_number"),
        ({"voter_id": None}, 422, "validation_failed"),
        ({"second": {"$ne": ""}}, 422, "validation_failed"),
        ({"reason": "a\x00" + REASON}, 422, "validation_failed"),
        ({"seal": "forged"}, 409, "form_over"),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_in_words_and_opens_no_ballot(change, status, code, kiosk_client, body):
    answer = identify(kiosk_client, body, **change)

    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert len(answer.json["error"]["message"].split()) > 2
    assert count(BallotPass) == 0


def test_the_same_person_twice_is_refused(kiosk_client, body, officer):
    answer = identify(kiosk_client, body, second=officer.username)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "same_person")


def test_a_locked_account_says_how_long_to_wait(kiosk_client, body):
    for _ in range(5):
        identify(kiosk_client, body, password="wrong")
    answer = identify(kiosk_client, body)

    assert (answer.status_code, answer.json["error"]["code"]) == (429, "officer_waits")
    assert 1 <= int(answer.headers["Retry-After"]) <= 900
    assert "15 minutes" in answer.json["error"]["message"]
    assert count(BallotPass) == 0


def test_who_has_voted_or_is_suspended_is_told_before_any_form(kiosk_client, voter, body):
    voter.status = VoterStatus.SUSPENDED
    db.session.commit()
    suspended = kiosk_client.post("/poll/document", data={"voter_id": voter.voter_id})
    assert (suspended.status_code, "Your entry needs a look first" in suspended.text) == (403, True)
    voter.status = VoterStatus.VERIFIED
    acting.vote(kiosk_client.kiosk, voter, SYSTEM)

    page = kiosk_client.post("/poll/document", data={"voter_id": voter.voter_id})
    assert (page.status_code, "You have already voted" in page.text) == (409, True)
    assert identify(kiosk_client, body).json["error"]["code"] == "already_voted"
    assert 'name="password"' not in page.text


def test_a_voter_of_another_election_is_told_at_the_voter_id(kiosk_client):
    stranger = factories.VoterFactory()
    page = kiosk_client.post("/poll/document", data={"voter_id": stranger.voter_id})

    assert page.status_code == 404
    assert "not on the electoral roll" in page.text
    assert 'name="voter_id"' in page.text


def test_without_a_voter_id_the_form_asks_for_it(kiosk_client):
    assert 'name="voter_id"' in kiosk_client.get("/poll/document").text
    asked = kiosk_client.post("/poll/document", data={"voter_id": ""})
    assert (asked.status_code, "Type the voter ID first." in asked.text) == (422, True)


def test_a_wrong_password_stays_on_the_form_without_giving_it_back(kiosk_client, voter, officer, second):
    signed = {"voter_id": voter.voter_id, "officer": officer.username, "password": "guess-4711"}
    page = kiosk_client.post("/poll/document", data=signed)
    assert page.status_code == 403
    assert "That user name and password do not match." in page.text
    assert officer.username in page.text
    assert "guess-4711" not in page.text
    assert FULL_NAME not in page.text

    shown = kiosk_client.post("/poll/document", data=signed | {"password": PASSWORD})
    form = {name: hidden(shown, name) for name in ("voter_id", "seal")}
    form |= {"document": "passport", "reason": REASON, "second": second.username, "second_password": "guess-4712"}
    again = kiosk_client.post("/poll/auth/document", data=form)
    assert again.status_code == 403
    assert FULL_NAME in again.text
    assert REASON in again.text
    assert 'value="passport" selected' in again.text
    assert "guess-4712" not in again.text
    assert PASSWORD not in again.text


def test_empty_fields_are_named_one_by_one(kiosk_client, voter):
    page = kiosk_client.post("/poll/document", data={"voter_id": voter.voter_id, "officer": "", "password": ""})

    assert page.status_code == 422
    assert page.text.count("Type the user name.") == page.text.count("Type the password.") == 2


def test_no_field_is_remembered_by_the_browser(kiosk_client, voter, officer):
    asked = kiosk_client.post("/poll/document", data={"voter_id": voter.voter_id})
    signed = {"voter_id": voter.voter_id, "officer": officer.username, "password": PASSWORD}
    shown = kiosk_client.post("/poll/document", data=signed)

    for page in (kiosk_client.get("/poll/document"), asked, shown):
        fields = re.findall(r'<(?:input|select) class="input[^>]*>', page.text)
        assert fields
        assert all('autocomplete="off"' in field for field in fields), fields
        assert page.headers["Cache-Control"] == "no-store"


def test_a_commission_of_one_is_asked_for_the_password_once_more(kiosk_client, voter, officer):
    officer.role = StaffRole.ADMIN
    db.session.commit()
    signed = {"voter_id": voter.voter_id, "officer": officer.username, "password": PASSWORD}
    shown = kiosk_client.post("/poll/document", data=signed)
    assert "Your password once more" in shown.text
    assert 'name="second"' not in shown.text

    form = {name: hidden(shown, name) for name in ("voter_id", "seal")}
    form |= {"document": "other", "reason": REASON, "second_password": PASSWORD}
    assert kiosk_client.post("/poll/auth/document", data=form).location == "/poll/ballot"
    assert db.session.scalars(select(AuthEvent.reason)).all() == ["document_alone"]


def test_cancelling_returns_to_the_start_and_leaves_an_audit_row(kiosk_client):
    page = kiosk_client.post("/poll/document/cancel", data={})
    answer = kiosk_client.post("/poll/document/cancel", json={})

    assert (page.status_code, page.location) == (303, "/poll/")
    assert answer.json == {"left": True, "redirect": "/poll/"}
    rows = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "kiosk:document:cancelled")).all()
    assert (len(rows), count(AuthEvent)) == (2, 0)


def test_the_camera_page_offers_the_officers_way_with_the_voter_id(kiosk_client, voter):
    acting.enrol(voter)
    kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})
    page = kiosk_client.get("/poll/auth")

    ways = re.findall(r'<form method="post" action="/poll/document">.*?</form>', page.text, re.S)
    assert len(ways) == 2, "in the officer's state, and in the screen of “Call the officer”"
    assert all(f'name="voter_id" value="{voter.voter_id}"' in way for way in ways)


def test_a_voter_locked_out_by_failures_is_led_to_the_form(kiosk_client, voter):
    acting.enrol(voter)
    for _ in range(3):
        acting.failed_before(kiosk_client.kiosk, voter, AuthResult.MISMATCH)
    page = kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})

    assert "Officer: identify by document" in page.text
    assert 'action="/poll/document"><input type="hidden" name="csrf_token"' in page.text
    assert f'name="voter_id" value="{voter.voter_id}"' in page.text


def test_no_password_is_written_to_the_log(kiosk_client, body, caplog):
    with caplog.at_level(logging.DEBUG):
        identify(kiosk_client, body, second_password="guess-4711")
        identify(kiosk_client, body)

    assert PASSWORD not in caplog.text
    assert "guess-4711" not in caplog.text


@pytest.mark.parametrize("path", ["/poll/document", "/poll/auth/document", "/poll/document/cancel"])
@pytest.mark.parametrize("who", ["client", "admin_client", "officer_client", "observer_client"])
def test_only_a_kiosk_has_an_officers_screen(path, who, request):
    answer = request.getfixturevalue(who).post(path, headers=JSON)
    assert answer.status_code == (401 if who == "client" else 403)


@pytest.mark.parametrize("path", ["/poll/document", "/poll/auth/document", "/poll/document/cancel"])
@pytest.mark.usefixtures("csrf_enforced")
def test_without_the_token_of_the_page_nothing_happens(path, kiosk_client, body):
    answer = kiosk_client.post(path, json=body)

    assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")
    assert count(AuthEvent) == count(BallotPass) == 0


@pytest.mark.commits
def test_a_kiosk_that_tries_passwords_has_to_wait_and_another_does_not(make_committing_app):
    app = make_committing_app(RATE_LIMITS="on")
    with app.app_context():
        election = factories.make_open_election()
        clients = [kiosk_of(app, election) for _ in range(2)]
        answers = [identify(clients[0], {"voter_id": "20481736"}).status_code for _ in range(11)]
        other = identify(clients[1], {"voter_id": "20481736"}).status_code
    limits.limiter.enabled = False

    assert (answers, other) == ([422] * 10 + [429], 422)


def kiosk_of(app, election):
    _kiosk, token = kiosks.open_kiosk(election, factories.StaffUserFactory(role=StaffRole.OFFICER), SYSTEM)
    db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["kiosk"] = token
    return client
