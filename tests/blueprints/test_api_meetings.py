"""Meetings over the API: an officer keeps one, and a member's app checks in to it."""

from __future__ import annotations

import base64
import io

import pytest
import time_machine

from models import FlagKind, Layer, StaffRole, db
from services import accounts, api_tokens
from services.actor import Actor
from services.attendance import checkin
from services.clock import utc_now
from tests import factories
from tests.blueprints.test_api import V1
from tests.services.identification import acting
from tests.support import meetings
from tests.support.meetings import ALL_LAYERS, HALL, Phone
from tests.support.voter_accounts import token_of
from tests.support.voting import new_key


@pytest.fixture
def clock(app):
    with time_machine.travel(utc_now(), tick=False) as clock:
        yield clock


@pytest.fixture
def group(app):
    return factories.GroupFactory(name="Branch 4")


@pytest.fixture
def member(group):
    return meetings.member(group)


@pytest.fixture
def officer(client):
    """Calls of an officer: `officer(method, path, json)`."""
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    session = accounts.start_session(user, Actor("officer", user.id, user.username, "127.0.0.1"))
    return caller(client, api_tokens.begin_staff(session))


@pytest.fixture
def own(client, member):
    """Calls of the member's app."""
    return caller(client, api_tokens.begin_voter(token_of(member)))


def caller(client, pair):
    db.session.commit()

    def call(method, path, json=None, **more):
        headers = {"Authorization": f"Bearer {pair.access}", **more.pop("headers", {})}
        return client.open(V1 + path, method=method, json=json, headers=headers, **more)

    return call


def begin(own, number, code, key=None):
    return own("POST", f"/me/meetings/{number}/check-in", {"code": code}, headers={"Idempotency-Key": key or new_key()})


def spelled(content):
    return base64.b64encode(content).decode()


def test_an_officer_keeps_a_meeting_from_its_code_to_its_file(officer, own, member, group):
    assert [row["members"] for row in officer("GET", "/groups").json["groups"] if row["id"] == group.id] == [1]
    place = {"latitude": HALL.latitude, "longitude": HALL.longitude, "radius_m": 100}
    late = meetings.meeting(group_id=group.id).starts_at.isoformat()
    made = officer("POST", "/meetings", {"group_id": group.id, "title": "Pay round", "starts_at": late, "place": place})
    assert (made.status_code, made.json["stage"], made.json["place"]) == (201, "open", place)
    one = f"/meetings/{made.json['id']}"
    assert [row["title"] for row in officer("GET", "/meetings?q=pay").json["meetings"]] == ["Pay round"]
    first, second = officer("GET", f"{one}/code").json["code"], officer("POST", f"{one}/code").json["code"]
    assert first != second
    refused = begin(own, made.json["id"], first)
    assert (refused.status_code, refused.json["code"]) == (422, "wrong_code")
    assert officer("POST", f"{one}/code/expire").json["code"] is None
    assert begin(own, made.json["id"], second).json["next"] == "done"
    again = officer("POST", f"{one}/records", {"voter_id": member.voter_id, "reason": "No phone."})
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    table = officer("GET", f"{one}/records?status=flagged").json
    assert (table["present"], table["total"]) == (1, 1)
    gone = officer("POST", f"{one}/records/{table['attendance'][0]['record']['id']}/left").json
    assert gone["left_at"]
    assert officer("POST", f"{one}/extend", {"minutes": 15}).json["ends_at"] > made.json["ends_at"]
    assert officer("POST", f"{one}/close").json["stage"] == "closed"
    assert officer("POST", f"{one}/close").status_code == 409
    file = officer("GET", f"{one}/records.csv")
    assert (file.mimetype, member.voter_id in file.text) == ("text/csv", True)


def test_the_code_stands_beside_who_is_in_the_room_and_who_left_is_not(officer, member, group):
    now = meetings.meeting(group_id=group.id).starts_at.isoformat()
    made = officer("POST", "/meetings", {"group_id": group.id, "title": "Budget", "starts_at": now}).json
    one = f"/meetings/{made['id']}"
    for voter in (member, meetings.member(group)):
        record = officer("POST", f"{one}/records", {"voter_id": voter.voter_id, "reason": "No phone."}).json
    assert officer("GET", f"{one}/code").json["present"] == 2
    key = {"Idempotency-Key": new_key()}
    for _time in range(2):
        assert officer("POST", f"{one}/records/{record['id']}/left", headers=key).json["left_at"]
    assert officer("GET", f"{one}/code").json["present"] == 1
    assert officer("POST", f"{one}/records/{record['id']}/left").json["left_at"] is None


def test_an_officer_checks_a_member_in_by_hand_and_sees_no_meeting_of_others(officer, own, member, group):
    foreign = meetings.meeting(group_id=group.id)
    assert officer("GET", f"/meetings/{foreign.id}").status_code == 404
    now = foreign.starts_at.isoformat()
    made = officer("POST", "/meetings", {"group_id": group.id, "title": "Budget", "starts_at": now})
    by_hand = {"voter_id": member.voter_id, "reason": "The phone is empty."}
    entered = officer("POST", f"/meetings/{made.json['id']}/records", by_hand)
    assert (entered.status_code, entered.json["by_hand"], entered.json["status"]) == (201, True, "confirmed")
    assert own("GET", f"/me/meetings/{made.json['id']}").json["next"] == "done"


def test_an_app_goes_through_every_layer_and_a_repeat_changes_nothing(own, member, group, clock):
    session, phone = meetings.meeting(ALL_LAYERS, group_id=group.id), Phone()
    acting.enrol(member)
    here, key = f"/me/meetings/{session.id}", new_key()
    assert [one["title"] for one in own("GET", "/me/meetings").json["meetings"]] == [session.title]
    assert own("GET", here).json["next"] == "code"
    assert own("POST", f"{here}/device", {"public_key": "AAAA", "signature": "AAAA"}).json["code"] == "no_check_in"
    first = begin(own, session.id, meetings.code(session), key)
    again = begin(own, session.id, meetings.code(session), key)
    assert first.json == again.json
    signature = phone.sign_raw(base64.b64decode(first.json["to_sign"]))
    proof = {"public_key": spelled(phone.public_key), "signature": spelled(signature)}
    position = {"latitude": HALL.latitude + 0.0002, "longitude": HALL.longitude, "accuracy_m": 15}
    assert own("POST", f"{here}/location", position).json["code"] == "not_this_step"
    assert own("POST", f"{here}/device", proof).json["next"] == "location"
    assert own("POST", f"{here}/device", proof).json["next"] == "location"
    assert own("POST", f"{here}/location", position).json["next"] == "selfie"
    drawn = own("POST", f"{here}/selfie").json
    assert (drawn["due"], drawn["tries_left"]) == (True, 3)

    def send(step, frames, seq):
        return own("POST", f"{here}/selfie/frames", {"step": step, "frames": frames, "seq": seq}).json

    looked = acting.perform(send, clock.shift, drawn["steps"], 7, lambda answer: answer["result"] == "pending")
    assert looked["result"] == "success", looked
    photo = {"photo": (io.BytesIO(meetings.room_photo()), "room.jpg")}
    done = own("POST", f"{here}/room", data=photo, content_type="multipart/form-data")
    assert (done.status_code, done.json["next"], done.json["meeting"]["status"]) == (200, "done", "confirmed")
    assert done.json["shown"] == [layer.value for layer in Layer]
    assert begin(own, session.id, "any code", key).json == done.json


def test_the_id_of_an_apps_platform_binds_the_device_and_another_one_is_marked(own, member, group):
    for platform_id, kinds in (("ios-7f31c2aa-4411", []), ("android-0099aa77", [FlagKind.OTHER_DEVICE])):
        session = meetings.meeting(("device",), group_id=group.id)
        begin(own, session.id, meetings.code(session))
        proven = own("POST", f"/me/meetings/{session.id}/platform-device", {"platform_id": platform_id})
        assert proven.json["next"] == "done"
        assert meetings.kinds(checkin.record_of(session.id, member.id)) == [kind.value for kind in kinds]


def test_a_layer_may_be_left_out_and_is_marked(own, group):
    session = meetings.meeting(("location",), group_id=group.id)
    begin(own, session.id, meetings.code(session))
    left = own("POST", f"/me/meetings/{session.id}/leave-out", {"layer": "location", "why": "refused"})
    assert (left.json["next"], left.json["meeting"]["status"]) == ("done", "flagged")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"json": {"photo": "x"}}, 415, "unsupported_media_type"),
        ({"data": {}, "content_type": "multipart/form-data"}, 422, "validation_failed"),
        ({"data": {"photo": (io.BytesIO(b"no picture"), "a.jpg")}}, 422, "validation_failed"),
        ({"data": {"photo": "text"}, "content_type": "multipart/form-data"}, 422, "validation_failed"),
    ],
)
def test_what_is_no_photo_of_a_room_is_refused_in_words(own, group, sent, status, code):
    session = meetings.meeting(("room",), group_id=group.id)
    begin(own, session.id, meetings.code(session))
    json = sent.pop("json", None)
    answer = own("POST", f"/me/meetings/{session.id}/room", json, **sent)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text


def test_a_check_in_needs_a_key_of_the_shape_of_a_casts(own, group):
    session = meetings.meeting(group_id=group.id)
    for headers in ({}, {"Idempotency-Key": "short"}):
        answer = own("POST", f"/me/meetings/{session.id}/check-in", {"code": meetings.code(session)}, headers=headers)
        assert (answer.status_code, [*answer.json["fields"]]) == (422, ["Idempotency-Key"])
