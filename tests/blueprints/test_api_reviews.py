"""Reviews of check-ins over the API: found, looked at with the evidence, decided; objected to and decided for good."""

from __future__ import annotations

import pytest

from models import AttendanceRecord, AuditLog, StaffRole, StaffUser, db
from services import attendance
from services.attendance import Layer
from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.blueprints.test_api_motions import of_officer, voter_header
from tests.services.identification import acting
from tests.support import meetings, pictures
from tests.support.meetings import HALL, PHONE, Phone
from tests.support.voting import new_key

REVIEWS = f"{V1}/check-ins"


@pytest.fixture
def group(app):
    return factories.GroupFactory(name="Branch 4")


@pytest.fixture
def actor(app):
    return meetings.officer()


@pytest.fixture
def session(group, actor):
    return meetings.meeting(("location", "room"), actor=actor, group_id=group.id)


@pytest.fixture
def officer(actor):
    return of_officer(actor)


def doubted(session, group, photo=1):
    """Check a new member in 400 m north of the hall, with a live face and this photo of the room."""
    voter = meetings.member(group)
    acting.enrol(voter)
    attempt = meetings.begin(session, voter)
    place = attendance.location.Position(HALL.latitude + 400 / 111_195, HALL.longitude, 20)
    attendance.steps.at(session.id, voter.id, place, False, PHONE)
    attendance.photos.keep_selfie(attempt, pictures.face(voter.id))
    record = attendance.steps.room(session.id, voter.id, meetings.room_photo(photo), PHONE)
    db.session.commit()
    return record


def test_an_officer_finds_a_doubted_check_in_and_sees_its_evidence_and_pictures(client, session, group, officer):
    first, second = doubted(session, group), doubted(session, group)
    found = client.get(f"{REVIEWS}?kind=same_photo&group_id={group.id}", headers=officer).json
    assert ([row["id"] for row in found["check_ins"]], found["total"]) == ([second.id], 1)
    shown = client.get(f"{REVIEWS}/{second.id}", headers=officer).json
    words = {doubt["kind"]: (doubt["title"], doubt["words"]) for doubt in shown["doubts"]}
    assert words["outside_fence"][0] == "Outside the circle"
    assert "400 m from the middle" in words["outside_fence"][1]
    steps = {step["layer"]: (step["result"], step["known"]) for step in shown["steps"]}
    assert (steps["room"][0], steps["location"][0]) == ("doubtful", "doubtful")
    assert shown["place"] == {"distance_m": 400, "accuracy_m": 20, "radius_m": 100}
    assert shown["twin_of"] == first.voter.name
    assert shown["pictures"] == ["selfie", "enrolled", "room", "twin"]
    picture = client.get(f"{REVIEWS}/{second.id}/pictures/twin", headers=officer)
    assert (picture.status_code, picture.mimetype, picture.data[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert client.get(f"{REVIEWS}/{second.id}/pictures/keys", headers=officer).status_code == 404
    looks = db.session.scalars(db.select(AuditLog.details).where(AuditLog.event_type == "staff:evidence:viewed"))
    assert [look["kind"] for look in looks] == ["check-in twin"]


def test_an_officer_reviews_the_own_meetings_and_an_admin_all(client, session, group):
    record = doubted(session, group)
    for role, status, total in (("officer", 404, 0), ("admin", 200, 1)):
        header, body = bearer(role), {"decision": "confirmed"}
        assert client.get(f"{REVIEWS}?meeting_id={session.id}", headers=header).json["total"] == total
        for address in (f"{REVIEWS}/{record.id}", f"{REVIEWS}/{record.id}/pictures/room"):
            assert client.get(address, headers=header).status_code == status
        many = {**body, "records": [record.id]}
        assert client.post(f"{REVIEWS}/reviews", json=many, headers=header).status_code == status
        noted = {**body, "note": "Seen."}
        assert client.post(f"{REVIEWS}/{record.id}/review", json=noted, headers=header).status_code == status


def test_a_decision_needs_its_note_and_what_was_seen_and_many_are_decided_at_once(client, session, group, officer):
    records = [doubted(session, group, photo) for photo in (1, 2, 3)]
    one, seen = f"{REVIEWS}/{records[0].id}/review", records[0].review_mark
    refused = client.post(one, json={"decision": "rejected", "seen": seen}, headers=officer)
    assert (refused.status_code, [*refused.json["fields"]]) == (422, ["note"])
    done = client.post(one, json={"decision": "rejected", "note": "Nobody saw him.", "seen": seen}, headers=officer)
    assert (done.json["status"], done.json["review_note"], done.json["final"]) == ("rejected", "Nobody saw him.", False)
    late = client.post(one, json={"decision": "confirmed", "note": "Yes.", "seen": seen}, headers=officer)
    assert (late.status_code, late.json["code"]) == (409, "decided_meanwhile")
    many = {"records": [record.id for record in records], "decision": "confirmed"}
    answer = client.post(f"{REVIEWS}/reviews", json=many, headers=officer)
    assert answer.json == {"done": 2, "skipped": 1, "own": 0}
    states = {state: client.get(f"{REVIEWS}?state={state}", headers=officer).json["total"]
              for state in ("waiting", "confirmed", "rejected", "all")}  # fmt: skip
    assert states == {"waiting": 0, "confirmed": 2, "rejected": 1, "all": 3}


def test_a_member_reads_why_objects_once_and_somebody_else_answers_for_good(client, session, group, officer):
    record = doubted(session, group)
    own, here = voter_header(record.voter), f"{V1}/me/meetings/{session.id}"
    mine = client.get(f"{here}/record", headers=own).json
    assert [doubt["title"] for doubt in mine["doubts"]] == ["Outside the circle"]
    assert (mine["status"], mine["may_object"]) == ("flagged", False)
    words = {"objection": "I sat in the last row."}
    assert client.post(f"{here}/objection", json=words, headers=own).status_code == 409
    note = {"decision": "rejected", "note": "Nobody saw you in the hall."}
    client.post(f"{REVIEWS}/{record.id}/review", json=note, headers=officer)
    mine = client.get(f"{here}/record", headers=own).json
    assert (mine["review_note"], mine["may_object"]) == (note["note"], True)
    objected = client.post(f"{here}/objection", json=words, headers=own).json
    assert (objected["status"], objected["objection"], objected["may_object"]) == ("flagged", words["objection"], False)
    assert client.post(f"{here}/objection", json=words, headers=own).status_code == 409
    assert client.get(f"{REVIEWS}?state=objected", headers=officer).json["check_ins"][0]["id"] == record.id
    answer = {"decision": "confirmed", "note": "A neighbour saw you."}
    admin = bearer("admin")
    refused = client.post(f"{REVIEWS}/{record.id}/review", json=answer, headers=officer)
    assert refused.status_code == 409
    assert "Somebody else decides" in client.get(f"{REVIEWS}/{record.id}", headers=officer).json["not_you"]
    assert client.post(f"{REVIEWS}/{record.id}/review", json=answer, headers=admin).json["final"] is True
    mine = client.get(f"{here}/record", headers=own).json
    assert (mine["status"], mine["doubts"], mine["final"]) == ("confirmed", [], True)


def test_a_member_leaves_and_comes_back_by_the_code_of_this_moment(client, group, actor):
    session, voter = meetings.meeting(actor=actor, group_id=group.id), meetings.member(group)
    own, here = voter_header(voter), f"{V1}/me/meetings/{session.id}"
    assert client.get(f"{here}/record", headers=own).status_code == 404
    assert client.post(f"{here}/leave", headers=own).status_code == 409
    meetings.check_in(session, voter)
    assert client.get(f"{here}/record", headers=own).json["meeting_on"] is True
    first, again = (client.post(f"{here}/leave", headers=own).json for _time in range(2))
    assert first["left_at"] == again["left_at"] is not None
    wrong = client.post(f"{here}/back", json={"code": "WRONG1"}, headers=own)
    assert (wrong.status_code, wrong.json["code"]) == (422, "wrong_code")
    for _time in range(2):
        assert client.post(f"{here}/back", json={"code": meetings.code(session)}, headers=own).json["left_at"] is None
    events = [event for event in db.session.scalars(db.select(AuditLog.event_type)) if "attendance" in event]
    assert (events.count("voter:attendance:left"), events.count("voter:attendance:returned")) == (1, 1)


def test_an_officer_who_repeats_a_check_in_by_hand_with_one_key_gets_the_same_record(client, session, group, officer):
    voter, key = meetings.member(group), {"Idempotency-Key": new_key()}
    body = {"voter_id": voter.voter_id, "reason": "The phone is empty."}
    first, again = (
        client.post(f"{V1}/meetings/{session.id}/records", json=body, headers=officer | key) for _time in range(2)
    )
    assert (first.status_code, first.json) == (again.status_code, again.json)
    plan = {"group_id": group.id, "title": "Budget", "starts_at": "2040-10-18T18:00:00Z"}
    key = {"Idempotency-Key": new_key()}
    made = {client.post(f"{V1}/meetings", json=plan, headers=officer | key).json["id"] for _time in range(2)}
    assert len(made) == 1
    assert db.session.query(AttendanceRecord).count() == 1


def test_a_member_asks_for_another_device_and_an_admin_decides(client, group):
    voter, phone = meetings.member(group), Phone()
    own, admin = voter_header(voter), bearer("admin")
    wish = {"platform_id": "ios-7f31c2aa-4411", "reason": "The old phone is lost."}
    assert client.get(f"{V1}/me/device", headers=own).json == {"bound": None, "waiting": None, "last": None}
    assert client.post(f"{V1}/me/platform-device", json=wish, headers=own).status_code == 409
    phone.prove(meetings.meeting(("device",), group_id=group.id), voter)
    asked, again = (client.post(f"{V1}/me/platform-device", json=wish, headers=own) for _time in range(2))
    assert (asked.status_code, asked.json) == (201, again.json)
    assert (asked.json["bound"]["kind"], asked.json["waiting"]["device"]["kind"]) == ("key", "platform")
    other = client.post(f"{V1}/me/platform-device", json={**wish, "platform_id": "ios-0000-0001"}, headers=own)
    assert other.status_code == 409
    (waiting,) = client.get(f"{V1}/device-requests?q={voter.voter_id}", headers=admin).json["requests"]
    assert (waiting["reason"], waiting["bound"]["kind"], waiting["others"]) == (wish["reason"], "key", [])
    one = f"{V1}/device-requests/{waiting['id']}"
    assert client.post(f"{one}/refuse", json={"note": ""}, headers=admin).status_code == 422
    refused = client.post(f"{one}/refuse", json={"note": "Come by with the phone."}, headers=admin).json
    assert (refused["decision"], refused["note"]) == ("refused", "Come by with the phone.")
    assert client.post(f"{one}/approve", json={}, headers=admin).status_code == 409
    assert client.get(f"{V1}/me/device", headers=own).json["last"]["note"] == "Come by with the phone."


def test_an_approved_device_replaces_the_one_before_and_one_of_an_app_may_follow_one_of_an_app(client, group):
    voter = meetings.member(group)
    own, admin = voter_header(voter), bearer("admin")

    def checked_in_by(platform_id):
        session = meetings.meeting((Layer.DEVICE,), group_id=group.id)
        meetings.begin(session, voter)
        record = attendance.steps.by_platform_id(session.id, voter.id, platform_id, PHONE)
        db.session.commit()
        return meetings.kinds(record)

    assert checked_in_by("android-0099aa77") == []
    wish = {"platform_id": "android-11112222", "reason": "A new phone."}
    client.post(f"{V1}/me/platform-device", json=wish, headers=own)
    (waiting,) = client.get(f"{V1}/device-requests", headers=admin).json["requests"]
    done = client.post(f"{V1}/device-requests/{waiting['id']}/approve", json={}, headers=admin).json
    admin_name = db.session.scalars(db.select(StaffUser.username).where(StaffUser.role == StaffRole.ADMIN)).one()
    assert (done["decision"], done["decided_by"]) == ("approved", admin_name)
    assert checked_in_by("android-11112222") == []
    assert checked_in_by("android-0099aa77") == ["other_device"]
    assert client.get(f"{V1}/device-requests?state=decided", headers=admin).json["total"] == 1
