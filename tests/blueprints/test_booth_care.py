"""The heartbeat of a booth, the page of the booths, stopping one, and notes on the way to closing."""

import re
from datetime import timedelta

import pytest

from config import PROJECT
from models import BoothNote, Election, ElectionStatus, Kiosk, StaffUser, db
from services import kiosks
from services.actor import Actor
from services.clock import utc_now
from tests import factories
from tests.support import voting
from tests.support.approvals import WHY, confirm_newest
from tests.support.checkins import MORNING, Booth

JSON = {"Accept": "application/json"}
STOPPED = "This booth was stopped by the Election Commission."


@pytest.fixture
def spoilt(open_election):
    """A booth of the open election with a check-in that opened no ballot."""
    kiosk = voting.make_kiosk(open_election)
    booth = Booth(open_election, kiosk, db.session.get(StaffUser, kiosk.opened_by))
    booth.recognised(MORNING)
    db.session.commit()
    return booth


def test_a_heartbeat_is_noted(kiosk_client):
    kiosk = kiosk_client.kiosk
    kiosk.last_seen_at = utc_now() - timedelta(minutes=9)
    db.session.commit()
    answer = kiosk_client.post("/poll/heartbeat", json={})
    assert (answer.status_code, answer.json) == (200, {"state": "idle", "again_in": 20})
    assert utc_now() - db.session.get(Kiosk, kiosk.id).last_seen_at < timedelta(seconds=10)


def test_the_page_of_the_booth_beats_as_often_as_the_server_expects(kiosk_client):
    page = kiosk_client.get("/poll/").text
    found = re.search(r'data-module="[^"]*\bheartbeat" data-beat="([^"]+)" data-beat-seconds="(\d+)"', page)
    assert found is not None
    assert found.groups() == ("/poll/heartbeat", str(kiosks.BEAT_SECONDS))
    assert timedelta(seconds=3 * kiosks.BEAT_SECONDS) < kiosks.SILENT_AFTER
    assert "heartbeat: () =>" in (PROJECT / "static/js/main.js").read_text()


def test_a_stopped_booth_lands_at_the_door_and_is_told_why(kiosk_client, officer_client):
    number = kiosk_client.kiosk.id
    answer = officer_client.post(f"/admin/booths/{number}/stop", data={"reason": "Fire alarm"})
    assert (answer.status_code, answer.location) == (303, "/admin/booths")

    assert kiosk_client.post("/poll/heartbeat", json={}).status_code == 401
    sent_away = kiosk_client.get("/poll/ballot")
    assert (sent_away.status_code, sent_away.location) == (302, "/?room=polling")
    for address in ("/?room=polling", "/"):
        door = kiosk_client.get(address).text
        assert STOPPED in door
        assert 'data-room="polling"' in door
    assert "is stopped" in officer_client.get("/admin/booths").text


def test_other_doors_say_nothing_of_a_stop(client, kiosk_client):
    kiosks.end_kiosk(kiosk_client.kiosk.id, voting.KIOSK)
    db.session.commit()
    assert STOPPED not in client.get("/?room=polling").text
    assert STOPPED not in kiosk_client.get("/?room=polling").text


def test_a_stop_needs_a_reason_and_an_open_booth(admin_client, kiosk_client):
    number = kiosk_client.kiosk.id
    refused = admin_client.post(f"/admin/booths/{number}/stop", json={"reason": " "})
    assert (refused.status_code, refused.json["error"]["fields"]) == (422, {"reason": "Give a reason."})
    assert db.session.get(Kiosk, number).ended_at is None
    assert admin_client.post(f"/admin/booths/{number}/stop", json={"reason": "Fire"}).json == {"stopped": "Booth 1"}
    assert admin_client.post(f"/admin/booths/{number}/stop", json={"reason": "Fire"}).status_code == 409
    assert admin_client.post("/admin/booths/999999/stop", json={"reason": "Fire"}).status_code == 404


def test_the_page_tells_how_each_booth_stands_and_what_to_do(officer_client, open_election):
    ready, silent, stopped, used = (voting.make_kiosk(open_election) for _ in range(4))
    silent.last_seen_at = utc_now() - timedelta(minutes=6, seconds=5)
    voting.make_pass(open_election, voting.voters_of(open_election)[0], used)
    kiosks.sign_of_life(used)
    officer = officer_client.user
    kiosks.stop_kiosk(stopped.id, "Fire alarm", Actor("officer", officer.id, officer.username))
    db.session.commit()
    page = officer_client.get("/admin/booths").text
    for words in (
        "Ready", "Silent since 6 min", "Stopped", "In use", "Go there. Check power, network and screen.",
        "Nothing. A ballot is open.", f"Stopped by {officer.username}", f"stop-{ready.id}", "Booth sheets",
    ):  # fmt: skip
        assert words in page, words
    assert f'id="stop-{stopped.id}"' not in page
    listed = officer_client.get("/admin/booths", headers=JSON).json
    assert [booth["state"] for booth in listed["booths"]] == ["ready", "silent", "stopped", "in_use"]
    assert listed["sheets"][3]["words"] == "1 check-in = 0 votes + 1 still open. It balances."


def test_a_desk_without_elections_or_booths_has_its_words(admin_client):
    assert "No booth is open" in admin_client.get("/admin/booths").text
    assert admin_client.get("/admin/booths/sheets").status_code == 404
    factories.make_open_election()
    assert "No booth was opened yet" in admin_client.get("/admin/booths/sheets").text


def test_the_live_desk_leads_to_the_booths_who_may_look_after_them(officer_client, observer_client, open_election):
    assert "Look after the booths" in officer_client.get("/admin/").text
    assert "/admin/booths" not in observer_client.get("/admin/").text


def test_an_officer_writes_the_note_on_the_sheet(officer_client, spoilt):
    page = officer_client.get("/admin/booths/sheets").text
    assert "1 check-in, but 0 votes = 0. It does not balance. 1 check-in opened no ballot." in page
    address = f"/admin/booths/{spoilt.kiosk.id}/note"
    empty = officer_client.post(address, data={"note": ""})
    assert empty.status_code == 422
    assert empty.text.count("Say why the sheet does not balance.") == 2
    assert officer_client.post(address, data={"note": "The plug was pulled."}).status_code == 303
    page = officer_client.get("/admin/booths/sheets").text
    assert "The plug was pulled." in page
    assert officer_client.user.username in page
    assert "<textarea" not in page


def test_the_print_is_a_pdf_with_a_plain_name(officer_client, spoilt):
    answer = officer_client.get("/admin/booths/sheets.pdf")
    assert (answer.status_code, answer.data[:5], answer.mimetype) == (200, b"%PDF-", "application/pdf")
    assert "booth-sheets-town-council" in answer.headers["Content-Disposition"]


def test_closing_shows_the_sheet_and_stores_its_note(admin_client, officer_client, spoilt):
    answers = {"confirm": "yes", "reason": WHY}
    address, field = f"/admin/elections/{spoilt.election.id}/close", f"note_{spoilt.kiosk.id}"
    asked = admin_client.post(address)
    assert asked.status_code == 200
    assert f'name="{field}"' in asked.text
    assert "1 check-in opened no ballot." in asked.text

    refused = admin_client.post(address, data={**answers, field: " "})
    assert refused.status_code == 409
    assert "Say why the sheet does not balance." in refused.text
    assert db.session.get(Election, spoilt.election.id).status is ElectionStatus.ACTIVE

    done = admin_client.post(address, data={**answers, field: "The plug was pulled."})
    assert done.status_code == 303
    confirm_newest(officer_client)
    assert db.session.get(Election, spoilt.election.id).status is ElectionStatus.CLOSED
    note = db.session.query(BoothNote).one()
    assert (note.kiosk_id, note.difference, note.staff_user.username) == (
        spoilt.kiosk.id, 1, admin_client.user.username,
    )  # fmt: skip


def test_closing_by_json_names_the_sheets(admin_client, officer_client, spoilt):
    address = f"/admin/elections/{spoilt.election.id}/close"
    answer = admin_client.post(address, json={"confirm": True, "reason": WHY})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "sheets_unbalanced")
    assert "Booth 1" in answer.json["error"]["message"]
    body = {"confirm": True, "reason": WHY, f"note_{spoilt.kiosk.id}": "The plug was pulled."}
    assert admin_client.post(address, json=body).json["approval"]["state"] == "waiting"
    assert confirm_newest(officer_client).json["approval"]["state"] == "done"


def test_sheets_that_balance_ask_for_nothing(admin_client, open_election):
    asked = admin_client.post(f"/admin/elections/{open_election.id}/close").text
    assert "note_" not in asked
    assert "balance" not in asked
