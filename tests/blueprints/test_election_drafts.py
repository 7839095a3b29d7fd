"""The pages and the JSON of drafts, and what their settings do at the booth."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from models import CandidateOrder, Election, ElectionStatus, StaffRole, db
from services import elections
from services.actor import SYSTEM
from services.clock import utc_now
from services.context import platform
from tests.factories import CandidateFactory, ElectionFactory, RollEntryFactory, make_open_election
from tests.support import voting

JSON = {"Accept": "application/json"}
DRAFT = {"title": "Ward 4", "opens_at": "2026-10-25T01:00", "closes_at": "2026-10-25T20:00"}
OUTSIDE, INSIDE = {"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "10.1.2.3"}


@pytest.fixture
def copenhagen(app, monkeypatch):
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, timezone="Europe/Copenhagen"))
    babel = app.extensions["babel"]
    monkeypatch.setattr(babel, "default_timezone", "Europe/Copenhagen")


@pytest.fixture
def draft(app):
    now = utc_now()
    election = ElectionFactory(opens_at=now + timedelta(hours=1), closes_at=now + timedelta(hours=9))
    CandidateFactory(election=election)
    CandidateFactory(election=election)
    RollEntryFactory(election=election)
    return election


def test_saving_confirms_both_times_in_local_time_and_in_utc(admin_client, copenhagen):
    page = admin_client.post("/admin/elections", data=DRAFT, follow_redirects=True)
    assert "Opens Sunday 25 October 2026, 01:00 CEST (2026-10-24 23:00:00 UTC)" in page.text
    assert "closes Sunday 25 October 2026, 20:00 CET (2026-10-25 19:00:00 UTC)" in page.text
    assert "(24 Oct, 23:00 UTC)" in page.text  # the list of its rules: another day in UTC


def test_a_time_that_the_clocks_jump_over_is_refused_with_the_same_moment(admin_client, copenhagen):
    answer = admin_client.post("/admin/elections", json={**DRAFT, "opens_at": "2026-03-29T02:30"})
    assert answer.status_code == 422
    words = answer.json["error"]["fields"]["opens_at"]
    assert words == "There is no 02:30 on that day: the clocks go forward. Enter 03:30 for the same moment."


@pytest.mark.parametrize(("which", "hour"), [("first", 0), ("second", 1)])
def test_a_time_that_comes_twice_has_to_be_chosen(which, hour, admin_client, copenhagen):
    twice = {**DRAFT, "opens_at": "2026-10-25T02:30"}
    asked = admin_client.post("/admin/elections", data=twice)
    assert asked.status_code == 422
    assert "02:30 CEST (00:30 UTC)" in asked.text
    assert "02:30 CET (01:30 UTC)" in asked.text
    admin_client.post("/admin/elections", data={**twice, "opens_at_which": which})
    made = db.session.query(Election).one()
    assert made.opens_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    shown = admin_client.get(f"/admin/elections/{made.id}/edit").text
    assert re.search(rf'name="opens_at_which" value="{which}"[^>]*checked', shown)


def test_the_form_shows_what_is_stored_and_saves_what_it_shows(admin_client, draft):
    number = draft.id
    draft.candidate_order, draft.confirmation_text = CandidateOrder.SHUFFLED, "The result comes on Monday."
    draft.allowed_networks, draft.channels = ["10.1.0.0/16", "2001:db8::/32"], ["booth", "link"]
    db.session.commit()
    page = admin_client.get(f"/admin/elections/{number}/edit").text
    fields = dict(re.findall(r'<input class="input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    assert "10.1.0.0/16\n2001:db8::/32" in page
    form = {
        **fields, "_method": "PUT", "ticks_shown": "1", "channels": ["booth", "link"], "opens_without_faces": "1",
        "candidate_order": "shuffled", "confirmation_text": "The result comes on Monday.",
        "allowed_networks": "10.1.0.0/16\r\n2001:db8::/32", "title": "Another title",
    }  # fmt: skip
    before = {name: getattr(draft, name) for name in elections.RULES}
    answer = admin_client.post(f"/admin/elections/{number}", data=form)
    assert answer.status_code == 303, answer.text
    db.session.expire_all()
    assert {name: getattr(draft, name) for name in elections.RULES} == before | {"title": "Another title"}


def test_json_changes_what_it_names_and_nothing_else(admin_client, draft):
    number, title = draft.id, draft.title
    answer = admin_client.put(f"/admin/elections/{number}", json={"seats": 3, "allowed_networks": ["192.0.2.7"]})
    assert answer.status_code == 200
    assert (answer.json["election"]["seats"], answer.json["election"]["title"]) == (3, title)
    assert answer.json["election"]["allowed_networks"] == ["192.0.2.7/32"]
    read = admin_client.get(f"/admin/elections/{number}", headers=JSON).json["election"]
    assert read == answer.json["election"]
    assert {"code", "blocks", "words"} == set(read["checklist"][0])


def test_an_open_election_is_neither_changed_nor_deleted(admin_client, open_election):
    address = f"/admin/elections/{open_election.id}"
    changed = admin_client.put(address, json={"title": "Other"})
    assert changed.status_code == 409
    assert "frozen" in changed.json["error"]["message"]
    assert admin_client.delete(address, headers=JSON).status_code == 409
    assert "The settings are frozen" in admin_client.get(f"{address}/edit").text


def test_a_draft_is_deleted_and_copied_from_its_page(admin_client, draft):
    number = draft.id
    copied = admin_client.post(f"/admin/elections/{number}/copy", data={"roll": "yes"})
    assert copied.status_code == 303
    copy = int(copied.location.split("/")[-2])
    assert admin_client.get(copied.location).status_code == 200
    assert admin_client.post(f"/admin/elections/{number}", data={"_method": "DELETE"}).status_code == 303
    assert [one.id for one in elections.visible_elections(SYSTEM)] == [copy]
    assert elections.roll_counts(db.session.get(Election, copy)) == (0, 1)
    bare = admin_client.post(f"/admin/elections/{copy}/copy", json={}).json["election"]
    assert (bare["on_roll"], bare["title"][:16]) == (0, "Copy of Copy of ")


def test_the_list_is_filtered_by_state_and_by_words(admin_client, draft, open_election):
    draft.title, open_election_title = "Board of the 100% club", open_election.title
    db.session.commit()

    def found(query):
        return [one["title"] for one in admin_client.get(f"/admin/elections?{query}", headers=JSON).json["elections"]]

    assert found("status=draft") == [draft.title]
    assert found("status=active") == [open_election_title]
    assert found("q=club+BOARD") == [draft.title]
    assert found("q=100%25") == [draft.title]
    assert found("q=%25") == [draft.title]
    assert len(found("status=nonsense")) == 2
    assert "No election like this" in admin_client.get("/admin/elections?q=nowhere").text


def test_a_draft_opens_by_itself_when_told_so_and_says_when_it_could_not(admin_client, draft):
    number = draft.id
    page = admin_client.get(f"/admin/elections/{number}").text
    assert "Open by itself at its time" in page
    assert admin_client.post(f"/admin/elections/{number}/schedule").status_code == 303
    page = admin_client.get(f"/admin/elections/{number}").text
    assert "It opens by itself." in page
    assert "Cancel that" in admin_client.get(f"/admin/elections/{number}/edit").text
    assert admin_client.post(f"/admin/elections/{number}/unschedule").status_code == 303
    draft.opening_problem, draft.opening_failed_at = "The electoral roll is empty.", utc_now()
    db.session.commit()
    assert "It did not open at its time." in admin_client.get(f"/admin/elections/{number}").text
    empty = ElectionFactory(opens_at=utc_now() + timedelta(hours=1)).id
    assert admin_client.post(f"/admin/elections/{empty}/schedule", json={}).status_code == 422
    refused = admin_client.post(f"/admin/elections/{empty}/schedule")
    assert refused.status_code == 422
    assert "Blocks:" in refused.text


def test_a_closed_election_goes_to_the_archive(admin_client, open_election):
    number = open_election.id
    assert admin_client.post(f"/admin/elections/{number}/archive", json={}).status_code == 409
    elections.close_election(open_election, SYSTEM)
    db.session.commit()
    answer = admin_client.post(f"/admin/elections/{number}/archive", json={})
    assert answer.json["election"]["status"] == "archived"
    assert db.session.get(Election, number).status is ElectionStatus.ARCHIVED


@pytest.fixture
def walled(app):
    return make_open_election(allowed_networks=["10.1.0.0/16"])


def test_a_booth_outside_the_allowed_networks_is_not_opened(client, walled):
    from tests.factories import PASSWORD, StaffUserFactory

    officer = StaffUserFactory(role="officer").username
    body = {"room": "polling", "username": officer, "password": PASSWORD}
    refused = client.post("/login", json=body, environ_base=OUTSIDE)
    assert refused.status_code == 403
    assert "own network" in refused.json["error"]["message"]
    assert client.post("/login", json=body, environ_base=INSIDE).status_code == 200


def test_every_request_of_a_booth_is_turned_away_outside_the_cast_too(walled, make_kiosk_client):
    kiosk = make_kiosk_client(walled)
    assert kiosk.get("/poll/", environ_base=INSIDE).status_code == 200
    page = kiosk.get("/poll/", environ_base=OUTSIDE)
    assert page.status_code == 403
    assert "This booth is outside the network" in page.text
    ballot_pass = voting.make_pass(walled, voting.voters_of(walled)[0], kiosk.kiosk)
    vote = {"voter_id": ballot_pass.voter.voter_id, "choice": "nota", "idempotency_key": voting.new_key()}
    for path in ("auth/start", "auth/verify", "vote", "heartbeat", "officer", "auth/document"):
        answer = kiosk.post(f"/poll/{path}", json=vote, environ_base=OUTSIDE)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "outside_network"), path
    forged = kiosk.post("/poll/vote", json=vote, environ_base=OUTSIDE, headers={"X-Forwarded-For": "10.1.2.3"})
    assert forged.status_code == 403
    assert kiosk.post("/poll/vote", json=vote, environ_base=INSIDE).status_code == 200


def test_the_order_and_the_words_of_the_election_reach_the_booth(make_kiosk_client):
    election = make_open_election(
        candidates=5, candidate_order=CandidateOrder.SHUFFLED, confirmation_text="<b>The result</b> comes on Monday."
    )
    kiosk = make_kiosk_client(election)
    voter = voting.voters_of(election)[0]
    voting.make_pass(election, voter, kiosk.kiosk)
    orders = [[row["id"] for row in kiosk.get("/poll/ballot", headers=JSON).json["choices"]] for _ in range(3)]
    assert orders[0] == orders[1] == orders[2]
    page = kiosk.get("/poll/ballot").text
    names = [candidate.name for candidate in election.candidates]
    assert max(page.index(f">{name}<") for name in names) < page.index(">None of the above<")
    form = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": voting.new_key()}
    assert "&lt;b&gt;The result&lt;/b&gt; comes on Monday." in kiosk.post("/poll/vote", data=form).text


def test_a_window_across_midnight_and_a_change_of_the_clocks_is_shown_whole(sign_in, copenhagen):
    now = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        make_open_election(
            opens_at=datetime(2026, 10, 24, 20, 0, tzinfo=UTC), closes_at=datetime(2026, 10, 25, 5, 0, tzinfo=UTC)
        )
        page = " ".join(sign_in(StaffRole.ADMIN).get("/admin/").text.split())
    text = re.sub(r"<[^>]+>", "", page)
    assert "Saturday 24 October 2026, 22:00 CEST – Sunday 25 October 2026, 06:00 CET" in text
    assert "(24 Oct, 20:00 – 25 Oct, 05:00 UTC)" in text
