"""Doubted check-ins at the desk and on the member's page: the list, the evidence, the decision, the objection."""

from __future__ import annotations

import pytest

from models import AuditLog, FlagKind, Layer, PresenceFlag, RecordStatus, StaffRole, db
from services import attendance
from services.actor import Actor
from tests import factories
from tests.services.identification import acting
from tests.support import meetings, pictures
from tests.support.meetings import HALL, PHONE
from tests.support.voter_accounts import token_of

JSON = {"Accept": "application/json"}
LIST = "/attendance/reviews"


@pytest.fixture
def group(app):
    return factories.GroupFactory()


@pytest.fixture
def session(group, officer_client):
    """A meeting of the officer who is signed in."""
    user = officer_client.user
    layers = ("location", "selfie", "room")
    return meetings.meeting(layers, group_id=group.id, actor=Actor("officer", user.id, user.username))


def doubted(session, group, photo=7):
    """Check a member in from 400 m away, without a live check, with this photo of the room."""
    voter = meetings.member(group)
    acting.enrol(voter)
    attempt = meetings.begin(session, voter)
    position = meetings.Position(HALL.latitude + 400 / 111_195, HALL.longitude, 15)
    attendance.steps.at(session.id, voter.id, position, False, PHONE)
    attendance.photos.keep_selfie(attempt, pictures.face(voter.id))
    attendance.checkin.leave_out(session.id, voter.id, Layer.SELFIE, "unavailable", PHONE)
    record = attendance.steps.room(session.id, voter.id, meetings.room_photo(photo), PHONE)
    db.session.commit()
    return record


def own_browser(app, record):
    client = app.test_client()
    token = token_of(record.voter)
    with client.session_transaction() as stored:
        stored["voter_session"] = token
    return client


def test_a_record_shows_its_evidence_side_by_side_and_each_look_is_in_the_audit_log(session, group, officer_client):
    first, second = doubted(session, group), doubted(session, group)
    page = officer_client.get(f"/attendance/records/{second.id}").text
    for words in ("Outside the circle", "A photo that was sent before", "The phone was 400 m from the middle",
                  "The same photo, sent by", "The enrolled face", "<svg"):  # fmt: skip
        assert words in page
    for which in ("selfie", "enrolled", "room", "twin"):
        answer = officer_client.get(f"/attendance/records/{second.id}/pictures/{which}")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert officer_client.get(f"/attendance/records/{first.id}/pictures/twin").status_code == 404
    assert officer_client.get(f"/attendance/records/{first.id}/pictures/passwords").status_code == 404
    looks = db.session.scalars(db.select(AuditLog.details).where(AuditLog.event_type == "staff:evidence:viewed"))
    assert {look["kind"] for look in looks} == {f"check-in {one}" for one in ("selfie", "enrolled", "room", "twin")}


def test_only_the_officer_of_the_meeting_and_admins_see_check_ins_and_pictures(session, group, sign_in):
    record = doubted(session, group)
    for role, wanted in ((StaffRole.OFFICER, 404), (StaffRole.ADMIN, 200), (StaffRole.OBSERVER, 403)):
        client = sign_in(role)
        for end in ("", "/pictures/selfie"):
            assert client.get(f"/attendance/records/{record.id}{end}").status_code == wanted
    stranger = sign_in(StaffRole.OFFICER)
    assert record.voter.name not in stranger.get(LIST).text
    form = {"records": [record.id], "decision": "confirmed", "note": ""}
    assert stranger.post(LIST, data=form).status_code == 404
    assert record.status is RecordStatus.FLAGGED


def test_a_decision_is_stored_and_the_next_that_waits_follows(session, group, officer_client):
    records = [doubted(session, group, photo) for photo in (1, 2)]
    address = f"/attendance/records/{records[1].id}/review"
    seen = records[1].review_mark
    refused = officer_client.post(address, data={"decision": "rejected", "note": "", "seen": seen})
    assert (refused.status_code, "Say what speaks against it" in refused.text) == (422, True)
    form = {"decision": "rejected", "note": "Nobody saw this member.", "seen": seen}
    stored = officer_client.post(address, data=form)
    assert (stored.status_code, stored.location) == (303, f"/attendance/records/{records[0].id}")
    meanwhile = officer_client.post(address, data=form)
    assert (meanwhile.status_code, "changed since you opened it" in meanwhile.text) == (409, True)
    shown = officer_client.get(f"/attendance/records/{records[1].id}", headers=JSON).json["check_in"]
    assert (shown["status"], shown["review_note"], shown["final"]) == ("rejected", "Nobody saw this member.", False)


def test_many_are_decided_at_once_and_the_page_says_how_many_were_skipped(session, group, officer_client):
    records = [doubted(session, group, photo) for photo in (1, 2, 3)]
    first = f"/attendance/records/{records[0].id}/review"
    officer_client.post(first, json={"decision": "confirmed", "note": "", "seen": records[0].review_mark})
    form = {"records": [one.id for one in records], "decision": "rejected", "note": ""}
    assert "Say what speaks against them" in officer_client.post(LIST, data=form).text
    done = officer_client.post(LIST, data={**form, "note": "The fire alarm went."}, follow_redirects=True)
    assert "2 check-ins are rejected. 1 was decided before" in done.text
    assert officer_client.post(LIST, json={**form, "note": "x"}).json == {"done": 0, "skipped": 3, "own": 0}
    assert officer_client.post(LIST, json={**form, "records": ["1; x"]}).status_code == 422
    found = officer_client.get(f"{LIST}?state=rejected&kind=outside_fence&group={group.id}", headers=JSON).json
    assert (found["total"], found["check_ins"][0]["review_note"]) == (2, "The fire alarm went.")


def test_a_member_reads_why_and_objects_once_and_an_admin_answers_for_good(
    app, session, group, officer_client, sign_in
):
    admin, record = sign_in(StaffRole.ADMIN), doubted(session, group)
    own, here = own_browser(app, record), f"/voter/meetings/{session.id}"
    assert "You need not do anything" in own.get(here).text
    note = {"decision": "rejected", "note": "Nobody saw you in the hall.", "seen": record.review_mark}
    officer_client.post(f"/attendance/records/{record.id}/review", data=note)
    page = own.get(here).text
    for words in ("You do not count as present", "Nobody saw you in the hall.", "Outside the circle", "You can object"):
        assert words in page
    assert own.post(f"{here}/objection", data={"objection": ""}).status_code == 422
    assert own.post(f"{here}/objection", data={"objection": "I sat in the last row."}).status_code == 303
    assert own.post(f"{here}/objection", json={"objection": "Again."}).status_code == 409
    page = own.get(here).text
    assert ("You objected" in page, "You can object" in page) == (True, False)
    assert "Somebody else decides about the objection" in officer_client.get(f"/attendance/records/{record.id}").text
    assert "I sat in the last row." in admin.get(f"/attendance/records/{record.id}").text
    db.session.refresh(record)
    answer = {"decision": "confirmed", "note": "Amal saw you there.", "seen": record.review_mark}
    assert admin.post(f"/attendance/records/{record.id}/review", data=answer).status_code == 303
    assert "Amal saw you there." in own.get(here).text
    assert "It is final" in admin.get(f"/attendance/records/{record.id}").text


@pytest.mark.parametrize(
    ("kind", "evidence", "words"),
    [
        ("out_of_time", {"minutes_after_end": 11.0}, "over for 11.0 minutes"),
        ("out_of_time", {"seconds_after_code": 40}, "over for 40 seconds"),
        ("layer_missing", {"layers": ["room"], "why": "refused"}, "Not shown: Photo of the room. The phone was not"),
        ("other_device", {"bound": "Gecko Firefox/1 Android", "now": "A phone"}, "Bound is Firefox on Android"),
        ("shared_device", {"voter_numbers": ["20481730"]}, "voter ID 2048 1730"),
        ("bad_signature", {}, "does not fit this check-in"),
        ("poor_accuracy", {"distance_m": 12_400, "radius_m": 100, "accuracy_m": 900}, "The phone was 12 km from"),
        ("zero_accuracy", {"accuracy_m": 0}, "No phone knows"),
        ("mock_location", {"said_by_device": True, "exactly_the_place": False}, "itself says"),
        ("mock_location", {"said_by_device": False, "exactly_the_place": True}, "to the last digit"),
        ("impossible_jump", {"distance_km": 1200, "minutes": 9.5, "km_per_hour": 7579}, "7,579 km an hour"),
        ("face_doubtful", {"reason": "different_person", "tries": 3}, "not the enrolled one"),
        ("multiple_faces", {"tries": 1}, "More than one person"),
        ("same_photo", {"photo": "selfie", "meeting": 0, "voter_number": "20481730"}, "an earlier check-in of voter"),
    ],
)  # fmt: skip
def test_every_kind_of_doubt_has_a_sentence_with_its_figures(session, group, officer_client, kind, evidence, words):
    voter = meetings.member(group)
    record = attendance.records.enter_by_hand(
        session.id, voter.voter_id, "No battery.", Actor("officer", session.created_by)
    )
    db.session.add(PresenceFlag(record_id=record.id, kind=FlagKind(kind), evidence=evidence))
    db.session.commit()
    assert words in officer_client.get(f"/attendance/records/{record.id}").text
