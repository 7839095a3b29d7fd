import csv
import io

import pytest
import time_machine

from models import AuditLog, Election, ElectionStatus, RollEntry, Vote, db
from services import elections
from services.actor import SYSTEM
from services.ballots import Choice
from tests.factories import PASSWORD, ElectionFactory, make_open_election, make_recorded_election
from tests.support.approvals import WHY, alone
from tests.support.checkins import tamper
from tests.support.voting import cast_by, seal_all, voters_of

JSON = {"Accept": "application/json"}


@pytest.fixture
def counted(app):
    """The number of a closed and counted election with one vote for its first candidate."""
    election = make_open_election(voters=2)
    number = election.id
    cast_by(voters_of(election)[0], election, Choice(candidates=(election.candidates[0].id,)))
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return number


def test_the_live_figures_hold_candidates_parties_nota_and_the_balance(admin_client, counted):
    answer = admin_client.get("/admin/results/live")
    assert answer.status_code == 200
    assert [row["count"] for row in answer.json["rows"]] == [1, 0]
    assert [party["count"] for party in answer.json["parties"]] == [1, 0]
    assert answer.json["nota"] == {"name": "None of the above", "count": 0, "share": 0.0}
    assert answer.json["winner"] == answer.json["rows"][0]["name"]
    assert answer.json["balance_words"].endswith("It balances.")


def test_the_result_page_asks_for_live_figures(admin_client):
    make_open_election()
    page = admin_client.get("/admin/results").text
    assert 'data-module="live-results"' in page
    assert 'data-url="/admin/results/live"' in page
    assert "The ballots stay in the ballot box." in page


def test_the_result_page_without_elections_says_so(admin_client):
    assert "There is no election yet" in admin_client.get("/admin/results").text
    assert admin_client.get("/admin/results/live", headers=JSON).status_code == 404


def test_the_result_page_names_the_winner(admin_client, counted):
    assert "is elected" in admin_client.get("/admin/results").text


def test_the_csv_holds_the_count(admin_client, counted):
    answer = admin_client.get("/admin/results/export.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.text.splitlines()[0] == "party,candidate,count,nota,totals"
    assert [line["count"] for line in csv.DictReader(io.StringIO(answer.text))] == ["1", "0", "", "1"]


def test_the_pdf_is_one(admin_client, counted):
    answer = admin_client.get("/admin/results/export.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")


def test_an_export_stands_in_the_audit_log(admin_client, counted):
    admin_client.get("/admin/results/export.csv")
    row = db.session.query(AuditLog).filter_by(event_type="staff:result:exported").one()
    assert (row.election_id, row.details) == (counted, {"kind": "csv"})


@pytest.mark.parametrize("kind", ["csv", "pdf"])
def test_a_secret_election_is_not_exported_before_its_count(admin_client, kind):
    make_open_election()
    answer = admin_client.get(f"/admin/results/export.{kind}", headers=JSON)
    assert answer.status_code == 409
    assert "ballot box" in answer.json["error"]["message"]


def test_a_recorded_election_is_exported_while_it_counts_live(admin_client):
    make_recorded_election()
    assert admin_client.get("/admin/results/export.csv").status_code == 200


@pytest.mark.parametrize(
    "address", ["/admin/results", "/admin/results/live", "/admin/results/export.csv", "/admin/results/export.pdf"]
)
def test_results_are_for_those_who_may_see_them(client, officer_client, observer_client, counted, address):
    assert client.get(address, headers=JSON).status_code == 401
    assert officer_client.get(address, headers=JSON).status_code == 403
    assert observer_client.get(address).status_code == 200


def test_the_first_request_to_reset_changes_nothing_and_gives_a_token(admin_client, counted):
    answer = admin_client.post("/admin/election/reset", json={})
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "confirmation_needed"
    assert answer.json["confirm_token"]
    assert db.session.get(Election, counted).status is ElectionStatus.CLOSED


def test_two_confirmations_archive_the_round_and_open_a_fresh_one(admin_client, counted):
    first = admin_client.post("/admin/election/reset", json={}).json
    second = admin_client.post("/admin/election/reset", json=_answer(first))
    assert second.status_code == 200
    fresh = db.session.get(Election, second.json["election_id"])
    assert (fresh.status, fresh.previous_round_id) == (ElectionStatus.ACTIVE, counted)
    assert db.session.get(Election, counted).status is ElectionStatus.ARCHIVED
    assert db.session.query(Vote).filter_by(election_id=counted).count() == 1
    assert [entry.has_voted for entry in db.session.query(RollEntry).filter_by(election_id=fresh.id)] == [False] * 2
    assert admin_client.get("/admin/results/live").json["election_id"] == fresh.id


def test_a_reset_by_form_asks_on_a_page_of_its_own(admin_client, counted):
    page = admin_client.post("/admin/election/reset", data={})
    assert page.status_code == 200
    token = page.text.split('name="confirm_token" value="')[1].split('"')[0]
    answers = alone(db.session.get(Election, counted), confirm_token=token)
    done = admin_client.post("/admin/election/reset", data=answers)
    assert done.status_code == 302
    assert db.session.get(Election, counted).status is ElectionStatus.ARCHIVED


def test_a_wrong_title_resets_nothing_and_asks_again(admin_client, counted):
    first = admin_client.post("/admin/election/reset", json={}).json
    answer = admin_client.post("/admin/election/reset", json={**_answer(first), "title": "Something else"})
    assert answer.status_code == 409
    assert "title" in answer.json["error"]["fields"]
    page = admin_client.post("/admin/election/reset", data={**_answer(first), "title": "x"})
    assert page.status_code == 422
    assert "Type the title" in page.text
    assert db.session.get(Election, counted).status is ElectionStatus.CLOSED


def test_a_token_of_another_session_resets_nothing(admin_client, sign_in, counted):
    from models import StaffRole

    token = sign_in(StaffRole.ADMIN).post("/admin/election/reset", json={}).json
    assert admin_client.post("/admin/election/reset", json=_answer(token)).status_code == 409
    assert db.session.get(Election, counted).status is ElectionStatus.CLOSED


def test_a_token_of_another_election_resets_nothing(admin_client, counted):
    other = make_open_election().id
    token = admin_client.post("/admin/election/reset", json={"election_id": other}).json
    answer = admin_client.post("/admin/election/reset", json={**_answer(token), "election_id": counted})
    assert answer.status_code == 409
    assert db.session.get(Election, counted).status is ElectionStatus.CLOSED


def test_a_token_is_worth_nothing_after_five_minutes(admin_client, counted):
    first = admin_client.post("/admin/election/reset", json={}).json
    with time_machine.travel(time_machine_later(minutes=6), tick=True):
        answer = admin_client.post("/admin/election/reset", json=_answer(first))
    assert answer.status_code == 409
    assert db.session.get(Election, counted).status is ElectionStatus.CLOSED


def test_a_token_works_once(admin_client, counted):
    first = admin_client.post("/admin/election/reset", json={}).json
    body = {**_answer(first), "election_id": counted}
    assert admin_client.post("/admin/election/reset", json=body).status_code == 200
    assert admin_client.post("/admin/election/reset", json=body).status_code == 409


def test_a_draft_has_no_round_to_reset(admin_client):
    draft = ElectionFactory()
    answer = admin_client.post("/admin/election/reset", json={"election_id": draft.id})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize("number", ["x", 999999, "-1", [1], {"a": 1}, True])
def test_a_reset_of_no_election_is_not_found(admin_client, counted, number):
    assert admin_client.post("/admin/election/reset", json={"election_id": number}).status_code == 404


def test_only_admins_reset(client, officer_client, observer_client, counted):
    for stranger, status in ((client, 401), (officer_client, 403), (observer_client, 403)):
        assert stranger.post("/admin/election/reset", json={}).status_code == status


def _answer(first):
    """Answer as the only person of the commission: two people are in test_approvals."""
    return {"confirm_token": first["confirm_token"], "title": first["title"], "reason": WHY, "password": PASSWORD}


def time_machine_later(minutes):
    from datetime import timedelta

    from services.clock import utc_now

    return utc_now() + timedelta(minutes=minutes)


def viewed():
    rows = db.session.query(AuditLog).filter_by(event_type="staff:result:viewed").order_by(AuditLog.id)
    return [(row.actor, row.election_id) for row in rows]


def test_a_look_at_the_result_is_written_down_once_a_person_election_and_hour(admin_client, observer_client, counted):
    """The page polls every two seconds; an audit row a poll would bury the rest."""
    admin, observer = (db.session.merge(client.user).username for client in (admin_client, observer_client))
    for _ in range(3):
        assert admin_client.get("/admin/results").status_code == 200
        assert admin_client.get("/admin/results/live").status_code == 200
    assert viewed() == [(admin, counted)]
    observer_client.get("/admin/results/live")
    assert viewed() == [(admin, counted), (observer, counted)]

    tamper("UPDATE audit_logs SET created_at = created_at - interval '1 hour'")
    admin_client.get("/admin/results/live")
    assert viewed()[2:] == [(admin, counted)]


def test_what_anybody_may_see_is_not_written_down(client, counted):
    assert client.get("/results/").status_code == 200
    assert viewed() == []


def test_the_desk_that_shows_a_result_counts_as_a_look_at_it(admin_client, counted):
    admin = db.session.merge(admin_client.user).username
    for _ in range(2):
        assert admin_client.get("/admin/").status_code == 200
    assert viewed() == [(admin, counted)]
