"""The pages and JSON of what waits for a second person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from models import Election, ElectionStatus, StaffRole, db
from services import approvals
from services.clock import utc_now
from services.context import platform
from tests.factories import PASSWORD, StaffUserFactory, make_open_election
from tests.support.approvals import WHY, alone, confirm_newest, waiting_approval

JSON = {"Accept": "application/json"}


@pytest.fixture
def asked(open_election):
    return waiting_approval(election=open_election)


def status_of(number):
    db.session.expire_all()
    return db.session.get(Election, number).status


def test_closing_early_waits_for_the_other_person(admin_client, officer_client, open_election):
    number = open_election.id
    address = f"/admin/elections/{number}/close"
    first = admin_client.post(address, json={})
    assert (first.status_code, first.json["needs"]) == (409, ["reason"])
    assert first.json["confirmers"] == [officer_client.user.username]
    assert admin_client.post(address, json={"confirm": True}).json["error"]["fields"].keys() == {"reason"}
    second = admin_client.post(address, json={"confirm": True, "reason": WHY})
    assert (second.status_code, second.json["approval"]["state"]) == (202, "waiting")
    assert status_of(number) is ElectionStatus.ACTIVE
    assert confirm_newest(officer_client).json["approval"]["state"] == "done"
    assert status_of(number) is ElectionStatus.CLOSED


def test_after_the_closing_time_one_person_closes_without_a_reason(admin_client, officer_client):
    with time_machine.travel(utc_now() - timedelta(hours=2), tick=False):
        election = make_open_election(closes_at=utc_now() + timedelta(hours=1))
    answer = admin_client.post(f"/admin/elections/{election.id}/close", json={"confirm": True})
    assert answer.json["election"]["status"] == "closed"


def test_a_reset_by_two_people_keeps_its_contract(admin_client, officer_client, open_election):
    number = open_election.id
    first = admin_client.post("/admin/election/reset", json={"election_id": number}).json
    assert first["needs"] == ["reason", "title"]
    body = {"election_id": number, "confirm_token": first["confirm_token"], "title": first["title"], "reason": WHY}
    second = admin_client.post("/admin/election/reset", json=body)
    assert (second.status_code, second.json["approval"]["act"]) == (202, "reset")
    done = confirm_newest(officer_client).json
    assert done["archived_id"] == number
    assert db.session.get(Election, done["election_id"]).previous_round_id == number


def test_an_extension_by_the_only_admin_is_read_in_local_time(sign_in, monkeypatch):
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, timezone="Europe/Copenhagen"))
    with time_machine.travel(datetime(2026, 10, 24, 12, 0, tzinfo=UTC), tick=False):
        admin_client = sign_in(StaffRole.ADMIN)
        election = make_open_election(closes_at=datetime(2026, 10, 24, 20, 0, tzinfo=UTC))
        address = f"/admin/elections/{election.id}/extend"
        assert "2026-10-24T22:00" in admin_client.get(address).text
        answer = admin_client.post(address, json=alone(election, closes_at="2026-10-25T03:30"))
    assert (answer.status_code, answer.json["closes_at"]) == (200, "2026-10-25T02:30:00+00:00")


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "Enter a day"), ("tomorrow", "Enter a day"), ("2027-03-28T02:30", "The clocks skip this time")],
)
def test_a_time_that_is_none_is_named(admin_client, open_election, monkeypatch, typed, words):
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, timezone="Europe/Copenhagen"))
    address = f"/admin/elections/{open_election.id}/extend"
    answer = admin_client.post(address, json=alone(open_election, closes_at=typed))
    assert answer.status_code == 422
    assert words in answer.json["error"]["fields"]["closes_at"]
    assert words in admin_client.post(address, data=alone(open_election, closes_at=typed)).text


def test_an_empty_form_of_an_extension_names_all_that_is_missing_at_once(admin_client, open_election):
    answer = admin_client.post(f"/admin/elections/{open_election.id}/extend", json={})
    assert answer.json["error"]["fields"].keys() == {"closes_at", "reason", "title", "password"}
    assert "later than" in answer.json["error"]["fields"]["closes_at"]


def test_only_what_acts_at_once_is_a_dangerous_button(admin_client, open_election):
    address = f"/admin/elections/{open_election.id}/extend"
    assert "btn-danger" in admin_client.get(address).text
    StaffUserFactory(role=StaffRole.ADMIN)
    asking = admin_client.get(address).text
    assert ("Ask to extend the election" in asking, "btn-danger" in asking) == (True, False)


def test_a_wrong_password_of_the_only_admin_changes_nothing(admin_client, open_election):
    number = open_election.id
    address = f"/admin/elections/{number}/close"
    answer = admin_client.post(address, json=alone(open_election, confirm=True, password="not mine"))
    assert (answer.status_code, list(answer.json["error"]["fields"])) == (422, ["password"])
    assert status_of(number) is ElectionStatus.ACTIVE
    page = admin_client.get("/admin/approvals").text
    assert "Type the title of the election" in page
    (waiting,) = admin_client.get("/admin/approvals", headers=JSON).json["waiting"]
    body = {"title": open_election.title, "password": PASSWORD}
    assert admin_client.post(f"/admin/approvals/{waiting['id']}/confirm", json=body).status_code == 200
    assert status_of(number) is ElectionStatus.CLOSED


def test_the_list_says_what_will_happen_and_the_banner_leads_there(asked, officer_client, observer_client):
    page = officer_client.get("/admin/approvals").text
    assert "1 voter has not voted." in page
    assert WHY in page
    assert "1 act waits for your confirmation." in officer_client.get("/admin/").text
    assert "waits for your confirmation" not in observer_client.get("/admin/").text
    assert observer_client.get("/admin/approvals", headers=JSON).status_code == 403


def test_rejecting_and_confirming_afterwards(asked, officer_client):
    address = f"/admin/approvals/{asked.id}"
    rejected = officer_client.post(f"{address}/reject", json={"note": "Not yet."})
    assert (rejected.json["approval"]["state"], rejected.json["approval"]["note"]) == ("rejected", "Not yet.")
    late = officer_client.post(f"{address}/confirm", json={})
    assert (late.status_code, late.json["error"]["message"]) == (409, "This was rejected before.")
    assert "Not yet." in officer_client.get("/admin/approvals").text


def test_who_asked_is_told_to_wait_and_may_withdraw(admin_client, officer_client, open_election):
    address = f"/admin/elections/{open_election.id}/close"
    page = admin_client.post(address, data={"confirm": "yes", "reason": WHY}, follow_redirects=True).text
    assert "Nothing has changed yet." in page
    number = admin_client.get("/admin/approvals", headers=JSON).json["waiting"][0]["id"]
    own = admin_client.post(f"/admin/approvals/{number}/confirm", json={})
    assert (own.status_code, own.json["error"]["code"]) == (403, "another_person")
    assert officer_client.post(f"/admin/approvals/{number}/withdraw", json={}).status_code == 403
    assert admin_client.post(f"/admin/approvals/{number}/withdraw").status_code == 303
    assert "Withdrawn" in admin_client.get("/admin/approvals").text


def test_an_expired_request_says_so(asked, officer_client):
    with time_machine.travel(utc_now() + approvals.APPROVAL_LIFETIME + timedelta(seconds=1), tick=False):
        late = officer_client.post(f"/admin/approvals/{asked.id}/confirm", json={})
        assert (late.status_code, "Ten minutes are over" in late.json["error"]["message"]) == (409, True)
        assert "Expired" in officer_client.get("/admin/approvals").text


def test_a_second_admin_cannot_ask_for_what_waits_already(asked, sign_in):
    other = sign_in(StaffRole.ADMIN)
    answer = other.post(f"/admin/elections/{asked.election_id}/close", json={"confirm": True, "reason": WHY})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "conflict")
