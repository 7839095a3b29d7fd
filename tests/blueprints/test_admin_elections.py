import json
from datetime import UTC, datetime, timedelta

import pytest

from models import AuditLog, Election, ElectionStatus, ResultsPolicy, Secrecy, db
from services.clock import utc_now
from services.context import platform
from tests.factories import (
    CandidateFactory,
    ElectionFactory,
    RollEntryFactory,
    make_open_election,
    make_recorded_election,
)
from tests.support.approvals import alone

JSON = {"Accept": "application/json"}
DRAFT = {"title": "Ward 4", "opens_at": "2026-10-18T08:00", "closes_at": "2026-10-18T20:00"}
PASSPHRASE = "correct horse battery"


def ready_draft():
    election = ElectionFactory()
    CandidateFactory(election=election)
    CandidateFactory(election=election)
    RollEntryFactory(election=election)
    return election.id


def test_a_draft_is_made_from_a_form(admin_client):
    form = {**DRAFT, "secrecy": "recorded", "results_policy": "live", "max_choices": "2", "live_batch": ""}
    answer = admin_client.post("/admin/elections", data=form)
    made = db.session.query(Election).one()
    assert answer.status_code == 302
    assert answer.location.endswith(f"/admin/elections/{made.id}")
    assert (made.title, made.status, made.secrecy) == ("Ward 4", ElectionStatus.DRAFT, Secrecy.RECORDED)
    assert (made.results_policy, made.max_choices, made.live_batch) == (ResultsPolicy.LIVE, 2, None)
    assert f"<h1>{made.title}" in admin_client.get("/admin/").text


def test_a_draft_is_made_from_json(admin_client):
    answer = admin_client.post("/admin/elections", json=DRAFT)
    assert answer.status_code == 201
    assert answer.json["election"]["status"] == "draft"
    assert answer.json["election"]["secrecy"] == "secret"


def test_times_without_a_zone_are_local(admin_client, app, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(platform(), "settings", replace(platform().settings, timezone="Europe/Copenhagen"))
    admin_client.post("/admin/elections", json={**DRAFT, "closes_at": "2026-10-18T20:00+00:00"})
    made = db.session.query(Election).one()
    assert made.opens_at == datetime(2026, 10, 18, 6, 0, tzinfo=UTC)
    assert made.closes_at == datetime(2026, 10, 18, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 500}, "title"),
        ({"title": 7}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"description": "x" * 5000}, "description"),
        ({"opens_at": "tomorrow"}, "opens_at"),
        ({"opens_at": ""}, "opens_at"),
        ({"closes_at": "0001-01-01T00:00+23:59"}, "closes_at"),
        ({"closes_at": "2026-10-18T07:00"}, "closes_at"),
        ({"secrecy": "open"}, "secrecy"),
        ({"secrecy": ["secret"]}, "secrecy"),
        ({"results_policy": "now"}, "results_policy"),
        ({"max_choices": 0}, "max_choices"),
        ({"max_choices": "two"}, "max_choices"),
        ({"max_choices": True}, "max_choices"),
        ({"max_choices": 9_999_999_999}, "max_choices"),
        ({"max_choices": 1.5}, "max_choices"),
        ({"live_batch": 49, "results_policy": "live"}, "live_batch"),
        ({"live_batch": 50}, "live_batch"),
        ({"live_batch": 50, "results_policy": "live", "secrecy": "recorded"}, "live_batch"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_stored(admin_client, change, field):
    answer = admin_client.post("/admin/elections", json={**DRAFT, **change})
    assert answer.status_code == 422
    assert field in answer.json["error"]["fields"]
    assert db.session.query(Election).count() == 0


def test_all_wrong_entries_are_named_at_once_beside_what_was_typed(admin_client):
    page = admin_client.post("/admin/elections", data={"title": "", "opens_at": "x", "description": "Kept words"})
    assert page.status_code == 422
    for words in (
        "Give the election a title.",
        "Enter the day and time at which it opens.",
        "at which it closes.",
        "Kept words",
        'href="#f-opens_at"',
    ):
        assert words in page.text


def test_batches_of_fifty_may_count_a_secret_election_live(admin_client):
    body = {**DRAFT, "results_policy": "live", "live_batch": 50}
    assert admin_client.post("/admin/elections", json=body).json["election"]["live_batch"] == 50


def test_the_list_shows_every_election_with_its_turnout(admin_client):
    draft, opened = ElectionFactory(), make_open_election(voters=3)
    page = admin_client.get("/admin/elections").text
    assert draft.title in page
    assert opened.title in page
    assert "0\u00a0of\u00a03" in page
    listed = admin_client.get("/admin/elections", headers=JSON).json["elections"]
    assert {item["id"] for item in listed} == {draft.id, opened.id}


def test_a_draft_says_what_it_lacks(admin_client):
    page = admin_client.get(f"/admin/elections/{ElectionFactory().id}").text
    assert "fewer than 2 names" in page
    assert "The electoral roll is empty." in page
    assert "Open the election</button>" not in page


def test_an_election_that_lacks_something_does_not_open(admin_client):
    number = ElectionFactory().id
    page = admin_client.post(f"/admin/elections/{number}/open")
    assert page.status_code == 422
    assert "The electoral roll is empty." in page.text
    answer = admin_client.post(f"/admin/elections/{number}/open", headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "validation_failed")
    assert db.session.get(Election, number).status is ElectionStatus.DRAFT


def test_a_complete_draft_opens_and_is_signed(admin_client):
    number = ready_draft()
    assert "Nothing is missing." in admin_client.get(f"/admin/elections/{number}").text
    assert admin_client.post(f"/admin/elections/{number}/open").status_code == 302
    opened = db.session.get(Election, number)
    assert opened.status is ElectionStatus.ACTIVE
    assert opened.definition_signature


def test_closing_asks_first_and_counts_who_has_not_voted(admin_client):
    number = make_open_election(voters=7).id
    page = admin_client.post(f"/admin/elections/{number}/close")
    assert page.status_code == 200
    assert "7 voters have not voted." in page.text
    answer = admin_client.post(f"/admin/elections/{number}/close", json={})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "confirmation_needed")
    assert db.session.get(Election, number).status is ElectionStatus.ACTIVE


def test_closing_once_confirmed_is_for_good_and_its_reason_is_in_the_audit_log(admin_client):
    election = make_open_election()
    number, answers = election.id, alone(election, reason="Flood", confirm="yes")
    answer = admin_client.post(f"/admin/elections/{number}/close", data=answers)
    assert answer.status_code == 302
    assert db.session.get(Election, number).status is ElectionStatus.CLOSED
    row = db.session.query(AuditLog).filter_by(event_type="staff:approval:performed").one()
    assert (row.election_id, row.details["act"], row.details["reason"]) == (number, "close_early", "Flood")
    again = admin_client.post(f"/admin/elections/{number}/close", json={"confirm": True})
    assert again.status_code == 409
    assert again.json["error"]["code"] == "conflict"


def test_the_recovery_copy_needs_the_same_passphrase_twice(admin_client):
    number = make_open_election().id
    for body, field in (
        ({"passphrase": "short", "passphrase_again": "short"}, "passphrase"),
        ({"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE + "!"}, "passphrase_again"),
        ({}, "passphrase"),
    ):
        answer = admin_client.post(f"/admin/elections/{number}/recovery-copy", json=body)
        assert answer.status_code == 422
        assert field in answer.json["error"]["fields"]
    page = admin_client.post(f"/admin/elections/{number}/recovery-copy", data={"passphrase": PASSPHRASE})
    assert page.status_code == 422
    assert PASSPHRASE not in page.text


def test_the_recovery_copy_is_a_download_without_the_key_in_clear(admin_client):
    election = make_open_election()
    number, public = election.id, election.public_id
    body = {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
    answer = admin_client.post(f"/admin/elections/{number}/recovery-copy", data=body)
    assert answer.status_code == 200
    assert f"recovery-copy-{public}.key" in answer.headers["Content-Disposition"]
    assert json.loads(answer.data)["election"] == str(public)
    assert bytes(platform().keyring.box_key(public)).hex() not in answer.text


def test_a_recorded_election_has_no_key_to_copy(admin_client):
    number = make_recorded_election().id
    assert "Recovery copy" not in admin_client.get(f"/admin/elections/{number}").text
    body = {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
    assert admin_client.post(f"/admin/elections/{number}/recovery-copy", json=body).status_code == 409


ACTS = ("open", "close", "recovery-copy")


@pytest.mark.parametrize("act", [*ACTS, "select"])
def test_an_election_that_is_not_there_is_not_found(admin_client, act):
    assert admin_client.post(f"/admin/elections/999999/{act}", json={}).status_code == 404
    assert admin_client.get("/admin/elections/999999", headers=JSON).status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_only_admins_act_on_an_election(client, officer_client, observer_client, act):
    number = make_open_election().id
    for stranger, status in ((client, 401), (officer_client, 403), (observer_client, 403)):
        assert stranger.post(f"/admin/elections/{number}/{act}", json={"confirm": True}).status_code == status
    assert db.session.get(Election, number).status is ElectionStatus.ACTIVE


def test_only_admins_make_elections(client, officer_client):
    assert client.post("/admin/elections", json=DRAFT).status_code == 401
    assert officer_client.post("/admin/elections", json=DRAFT).status_code == 403
    assert officer_client.get("/admin/elections/new", headers=JSON).status_code == 403


def test_nothing_is_done_without_the_csrf_token(admin_client, csrf_enforced):
    number = make_open_election().id
    for act in ACTS:
        assert admin_client.post(f"/admin/elections/{number}/{act}", json={"confirm": True}).status_code == 400
    assert admin_client.post("/admin/election/reset", json={}).status_code == 400
    assert admin_client.post("/admin/elections", data=DRAFT).status_code == 400
    assert db.session.get(Election, number).status is ElectionStatus.ACTIVE


def test_officers_see_an_election_without_its_acts(officer_client):
    page = officer_client.get(f"/admin/elections/{make_open_election().id}")
    assert page.status_code == 200
    assert "Recovery copy" not in page.text
    assert "Reset the election" not in page.text


def test_an_election_that_is_open_longer_shows_both_days(admin_client):
    election = make_open_election(closes_at=utc_now() + timedelta(days=3))
    page = admin_client.get(f"/admin/elections/{election.id}")
    assert election.closes_at.strftime("%B") in page.text


def test_an_act_by_json_answers_with_the_election_as_it_is_then(admin_client):
    number = ready_draft()
    election = db.session.get(Election, number)
    opened = admin_client.post(f"/admin/elections/{number}/open", json={})
    assert opened.json["election"]["status"] == "active"
    assert admin_client.post(f"/admin/elections/{number}/select", json={}).json["election"]["id"] == number
    closed = admin_client.post(f"/admin/elections/{number}/close", json=alone(election, confirm=True))
    assert closed.json["election"]["status"] == "closed"


def test_the_form_for_a_new_election_says_which_zone_its_times_are_in(admin_client):
    page = admin_client.get("/admin/elections/new").text
    assert f"Local time ({platform().settings.timezone})" in page


def test_an_open_election_is_not_opened_again(admin_client):
    number = make_open_election().id
    assert admin_client.post(f"/admin/elections/{number}/open", json={}).status_code == 409
