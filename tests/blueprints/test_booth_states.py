"""What a voter reads when it is not simply one's turn: not open, closed, just voted, abandoned, and every error."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from blueprints.poll import words
from models import AuditLog, BallotPass, StaffRole, StaffUser, db
from services import identification
from services.actor import SYSTEM
from services.clock import utc_now
from services.errors import DiskFull, Unavailable
from services.identification import LookupReason, VoterLookup, guessing
from tests import factories
from tests.factories import PASSWORD
from tests.services.identification import acting
from tests.services.identification.test_guessing import numbers
from tests.support import voting

JSON = {"Accept": "application/json"}
BOOTH = 'data-surface="kiosk"'
CALL = "Call the officer"


@pytest.fixture
def voter(open_election):
    return acting.only_voter(open_election)


@pytest.fixture
def early(make_kiosk_client):
    """A kiosk of an election that opens in a little over two hours."""
    opens = utc_now() + timedelta(hours=2, minutes=5)
    election = factories.make_open_election(opens_at=opens, closes_at=opens + timedelta(hours=9))
    return make_kiosk_client(election)


@pytest.fixture
def ballot(kiosk_client, open_election, voter):
    """An open ballot of the voter at the kiosk."""
    return voting.make_pass(open_election, voter, kiosk_client.kiosk)


def local(moment):
    from zoneinfo import ZoneInfo

    from services.context import platform

    return moment.astimezone(ZoneInfo(platform().settings.timezone))


def audits(event_type):
    return db.session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.event_type == event_type))


def test_before_the_opening_the_booth_counts_down_instead_of_asking_for_a_number(early):
    page = early.get("/poll/").text
    opens = local(early.kiosk.election.opens_at)

    assert f"The election opens at {opens:%H:%M}" in page
    assert f"{opens:%A} {opens.day} {opens:%B %Y}" in page
    assert 'name="voter_id"' not in page
    (left,) = re.findall(r'data-module="countdown" data-left="(\d+)"', page)
    assert 7480 <= int(left) <= 7500
    assert "close this booth" in page


def test_the_page_asks_the_server_and_the_server_says_when_it_is_time(early):
    asked = early.get("/poll/", headers=JSON).json
    assert (asked["state"], 7480 <= asked["opens_in"] <= 7500) == ("not_open_yet", True)
    with time_machine.travel(early.kiosk.election.opens_at + timedelta(seconds=1), tick=False):
        assert early.get("/poll/", headers=JSON).json == {"state": "open", "opens_in": 0}
        assert 'name="voter_id"' in early.get("/poll/").text


def test_a_number_sent_before_the_opening_gets_the_same_words(early):
    page = early.post("/poll/auth/start", data={"voter_id": "20481739"})
    sent = early.post("/poll/auth/start", json={"voter_id": factories.with_check_digit(2048173)})

    opens = f"The election opens at {local(early.kiosk.election.opens_at):%H:%M}"
    assert (page.status_code, opens in page.text) == (409, True)
    assert 'data-module="countdown"' in page.text
    assert (sent.json["reason"], sent.json["heading"]) == ("not_open_yet", opens)
    assert (sent.json["found"], sent.json["eligible"], sent.json["has_voted"]) == (False, False, False)
    assert sent.json["opens_in"] > 7400


def test_a_draft_whose_time_is_over_promises_no_time(make_kiosk_client):
    page = make_kiosk_client(factories.ElectionFactory()).get("/poll/").text
    assert "The election is not open yet" in page
    assert "The Election Commission opens it." in page
    assert "countdown" not in page


def test_a_closed_booth_says_so_and_staff_can_close_it(kiosk_client):
    from services import elections

    elections.close_election(kiosk_client.kiosk.election, SYSTEM)
    db.session.commit()
    page = kiosk_client.get("/poll/").text

    assert "The election is closed" in page
    assert 'name="voter_id"' not in page
    assert 'id="close-booth"' in page
    assert kiosk_client.get("/poll/", headers=JSON).json["state"] == "closed"


@pytest.mark.parametrize(("make", "why"), [
    (factories.make_open_election, "The receipt code cannot be shown again. It was made in the browser"),
    (factories.make_recorded_election, "Your choice is recorded with your name."),
])  # fmt: skip
def test_who_comes_back_after_a_power_cut_reads_when_the_vote_was_cast(make, why, make_kiosk_client):
    election = make()
    voter, client = acting.only_voter(election), make_kiosk_client(election)
    cast_at = local(acting.vote(client.kiosk, voter, SYSTEM))
    page = client.post("/poll/auth/start", data={"voter_id": voter.voter_id})
    sent = client.post("/poll/auth/start", json={"voter_id": voter.voter_id}).json

    assert page.status_code == 409
    assert f"Your vote was cast at {cast_at:%H:%M}" in page.text
    assert "It counts. You can go." in page.text
    assert why in page.text
    assert "in the mail, if one was sent" in page.text
    assert (sent["found"], sent["eligible"], sent["has_voted"], sent["challenge"]) == (True, False, True, None)


def test_a_quarter_of_an_hour_later_it_is_a_second_try(kiosk_client, voter):
    cast_at = acting.vote(kiosk_client.kiosk, voter, SYSTEM)
    for minutes, heading in ((14, "Your vote was cast at"), (16, "You have already voted")):
        with time_machine.travel(cast_at + timedelta(minutes=minutes), tick=False):
            page = kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})
            assert heading in page.text


def test_a_vote_cast_before_midnight_is_told_with_its_day(app):
    cast_at = datetime(2026, 11, 20, 23, 55, tzinfo=UTC)
    lookup = VoterLookup(LookupReason.ALREADY_VOTED, "20481739", voted_at=cast_at, just_voted=True)
    with app.test_request_context(), time_machine.travel(cast_at + timedelta(minutes=10), tick=False):
        said, _facts = words.of_power_cut(lookup, secret=True)
    assert said.heading == f"Your vote was cast on 20 November at {local(cast_at):%H:%M}"


def test_an_abandoned_ballot_is_closed_and_the_screen_says_so(kiosk_client, ballot):
    page = kiosk_client.post("/poll/abandon")

    assert page.status_code == 200
    assert "This ballot was closed" in page.text
    assert "No vote was cast." in page.text
    assert "You can come again until the election closes." in page.text
    assert 'data-idle-seconds="60"' in page.text
    assert db.session.get(BallotPass, ballot.id).ended_at is not None
    assert audits("kiosk:ballot:abandoned") == 1
    assert kiosk_client.get("/poll/ballot").location == "/poll/"


def test_where_no_ballot_is_open_nothing_is_said_to_be_closed(kiosk_client):
    assert kiosk_client.post("/poll/abandon").location == "/poll/"
    assert kiosk_client.post("/poll/abandon", json={}).json == {"abandoned": False, "redirect": "/poll/"}


def test_leaving_asks_first_and_works_without_a_script(kiosk_client, ballot):
    page = kiosk_client.get("/poll/ballot").text
    dialog = page[page.index('<dialog class="dlg" id="leave"') :]
    dialog = dialog[: dialog.index("</dialog>")]
    assert "Leave without voting?" in dialog
    assert "No vote is cast" in dialog
    assert re.search(r"autofocus[^>]*>.*Go back to my ballot", dialog)
    assert "kb-danger" in dialog
    bar = re.search(r'<form method="post" action="/poll/leave" data-ends-voter>.*?data-opens="leave"', page, re.S)
    assert bar is not None
    assert kiosk_client.post("/poll/leave").location == "/poll/"
    assert db.session.get(BallotPass, ballot.id).ended_at is not None


def explode(error):
    def view(*_values, **_more):
        raise error

    return view


def test_errors_come_in_the_booths_layout_with_a_way_back(kiosk_client, ballot):
    for answer, status, back in (
        (kiosk_client.get("/poll/nowhere"), 404, "/poll/"),
        (kiosk_client.get("/poll/vote"), 405, "/poll/"),
        (kiosk_client.post("/poll/vote", data={"idempotency_key": "x"}), 422, "/poll/ballot"),
        (kiosk_client.post("/poll/auth/start", data={"voter_id": "x" * 50}), 422, "/poll/"),
        (kiosk_client.get("/admin/"), 403, "/poll/"),
    ):
        assert (answer.status_code, BOOTH in answer.text, CALL in answer.text) == (status, True, True), status
        assert "Nothing is lost." in answer.text
        assert re.search(rf'<a class="kb kb-now" href="{back}"', answer.text), (status, back)
        assert 'data-idle-seconds="60"' in answer.text


def test_too_much_at_once_is_told_in_the_booths_layout(kiosk_client, monkeypatch):
    monkeypatch.setitem(kiosk_client.application.config, "MAX_CONTENT_LENGTH", 100)
    answer = kiosk_client.post("/poll/auth/start", data={"voter_id": "x" * 200})
    assert (answer.status_code, BOOTH in answer.text) == (413, True)
    assert "That was too much at once" in answer.text


def test_without_a_ballot_the_way_back_leads_to_the_start(kiosk_client):
    answer = kiosk_client.post("/poll/vote", data={"choice": "NOTA", "idempotency_key": voting.new_key()})
    assert (answer.status_code, 'href="/poll/ballot"' in answer.text) == (409, False)
    assert "No ballot is open." in answer.text


@pytest.mark.parametrize("error", [DiskFull(), Unavailable()])
def test_what_is_not_ready_gives_the_operator_a_number(error, kiosk_client, monkeypatch):
    monkeypatch.setattr(identification, "start", explode(error))
    answer = kiosk_client.post("/poll/auth/start", data={"voter_id": "20481739"})
    assert (answer.status_code, BOOTH in answer.text) == (503, True)
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_failure_is_told_in_the_booths_layout_without_the_database(kiosk_client, monkeypatch):
    monkeypatch.setitem(kiosk_client.application.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("services.kiosks.find_open", explode(RuntimeError("no database")))
    answer = kiosk_client.post("/poll/auth/start", data={"voter_id": "20481739"})

    assert (answer.status_code, BOOTH in answer.text) == (500, True)
    assert answer.headers["X-Request-ID"] in answer.text
    assert "no database" not in answer.text
    assert BOOTH not in kiosk_client.get("/results/").text


def test_programs_get_their_errors_as_before(kiosk_client):
    assert kiosk_client.get("/poll/nowhere", headers=JSON).json["error"]["code"] == "not_found"
    assert kiosk_client.post("/poll/vote", json={}).status_code == 422


def test_staff_and_strangers_keep_their_own_error_page(client, admin_client):
    for answer in (client.get("/nowhere"), admin_client.get("/admin/nowhere")):
        assert (answer.status_code, BOOTH in answer.text) == (404, False)


@pytest.fixture
def guessed(kiosk_client, monkeypatch):
    """A kiosk where somebody tried voter IDs out until it was slowed, for longer than a busy machine needs."""
    monkeypatch.setattr(guessing, "FIRST_WAIT_SECONDS", 60)
    fresh = numbers(700)
    for _ in range(guessing.FREE_GUESSES):
        kiosk_client.post("/poll/auth/start", json={"voter_id": next(fresh)})
    return kiosk_client


def test_who_has_to_wait_sees_how_long(guessed, voter):
    page = guessed.post("/poll/auth/start", data={"voter_id": voter.voter_id})
    (left,) = re.findall(r'data-module="countdown" data-left="(\d+)"', page.text)

    assert (page.status_code, BOOTH in page.text) == (429, True)
    assert left == page.headers["Retry-After"]
    assert "You can try again in" in page.text


def test_a_guesser_stops_no_officer_and_learns_nothing_at_the_officers_form(guessed, voter):
    officer = db.session.get(StaffUser, guessed.kiosk.opened_by)
    second = factories.StaffUserFactory(role=StaffRole.ADMIN)
    known = guessed.post("/poll/document", data={"voter_id": voter.voter_id})
    unknown = guessed.post("/poll/document", data={"voter_id": factories.with_check_digit(9399999)})
    for page in (known, unknown):
        assert (page.status_code, "Sign in to see the full name." in page.text) == (200, True)
        assert "Name on the roll" not in page.text

    wrong = {"voter_id": voter.voter_id, "officer": officer.username, "password": "guess"}
    refused = guessed.post("/poll/document", data=wrong)
    assert (refused.status_code, voter.name in refused.text) == (403, False)
    signed = guessed.post("/poll/document", data=wrong | {"password": PASSWORD})
    assert (signed.status_code, voter.name in signed.text) == (200, True)
    seal = re.search(r'name="seal" value="([^"]+)"', signed.text)
    assert seal is not None
    form = {
        "voter_id": voter.voter_id, "seal": seal.group(1), "document": "passport", "second": second.username,
        "second_password": PASSWORD, "reason": "No picture is enrolled here",
    }  # fmt: skip
    assert guessed.post("/poll/auth/document", data=form | {"seal": "made up"}).status_code == 429
    assert guessed.post("/poll/auth/document", data=form).location == "/poll/ballot"


def test_an_unknown_number_of_a_signed_in_officer_is_looked_up_and_said(guessed):
    officer = db.session.get(StaffUser, guessed.kiosk.opened_by)
    sent = {"voter_id": factories.with_check_digit(9399999), "officer": officer.username, "password": PASSWORD}
    page = guessed.post("/poll/document", data=sent)
    assert "Nobody has this voter ID" in page.text


def test_every_plain_page_clears_itself(kiosk_client, voter):
    acting.vote(kiosk_client.kiosk, voter, SYSTEM)
    pages = (
        kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id}),
        kiosk_client.post("/poll/officer"),
        kiosk_client.get("/poll/nowhere"),
    )
    for page in pages:
        (seconds,) = re.findall(r'data-idle-seconds="(\d+)"', page.text)
        assert int(seconds) <= 120
