"""Another phone: asked for on the member's page, decided at the desk, used at the next check-in."""

from __future__ import annotations

import base64

import pytest

from models import AuditLog, DeviceResetRequest, DeviceStatus, StaffRole, db
from services import attendance
from tests import factories
from tests.support import meetings
from tests.support.meetings import Phone
from tests.support.voter_accounts import token_of

JSON = {"Accept": "application/json"}
DESK = "/attendance/devices"


@pytest.fixture
def group(app):
    return factories.GroupFactory()


@pytest.fixture
def member(group):
    return meetings.member(group, name="Amal Haddad")


@pytest.fixture
def own(app, member):
    """The browser of the member."""
    client = app.test_client()
    token = token_of(member)
    with client.session_transaction() as session:
        session["voter_session"] = token
    return client


def used(group, member, phone):
    """Check in to a new meeting with this phone; return the kinds of the flags."""
    return meetings.kinds(phone.prove(meetings.meeting(("device",), group_id=group.id), member))


def ask(own, phone, reason="The old phone is lost."):
    sent = {"public_key": base64.b64encode(phone.public_key).decode(), "reason": reason}
    return own.post("/voter/device", data=sent)


def test_a_member_asks_for_another_phone_and_checks_in_with_it_once_an_admin_agreed(own, group, member, admin_client):
    old, new = Phone(), Phone()
    assert "No phone yet" in own.get("/voter/device").text
    assert ask(own, new).status_code == 409
    assert used(group, member, old) == []
    assert ask(own, new, reason="").status_code == 422
    assert ask(own, old).status_code == 409
    assert ask(own, new).status_code == 303
    assert "You asked for another phone" in own.get("/voter/device").text
    assert ask(own, new).status_code == 303
    assert ask(own, new, reason="Another reason.").status_code == 409
    assert ask(own, Phone()).status_code == 409
    assert db.session.scalar(db.select(db.func.count()).select_from(DeviceResetRequest)) == 1
    assert used(group, member, new) == ["other_device"]
    assert "The old phone is lost." in admin_client.get(DESK).text
    waiting = admin_client.get(DESK, headers=JSON).json["requests"][0]
    assert (waiting["name"], waiting["decision"], waiting["others"]) == ("Amal Haddad", None, [])
    assert admin_client.post(f"{DESK}/{waiting['id']}", data={"decision": "approve"}).status_code == 303
    assert "Your other phone was accepted" in own.get("/voter/device").text
    assert used(group, member, new) == []
    assert used(group, member, old) == ["other_device"]
    log = set(db.session.scalars(db.select(AuditLog.event_type)))
    assert {"voter:member_device:change_asked", "staff:member_device:change_approved"} <= log
    assert admin_client.post(f"{DESK}/{waiting['id']}", data={"decision": "refuse", "note": "No"}).status_code == 409


def test_a_refusal_needs_words_which_the_member_reads_and_the_old_phone_stays(own, group, member, admin_client):
    old, new = Phone(), Phone()
    used(group, member, old)
    ask(own, new)
    address = f"{DESK}/{attendance.devices.open_request(member.id).id}"
    refused = admin_client.post(address, data={"decision": "refuse", "note": ""})
    assert (refused.status_code, "Say why you refuse" in refused.text) == (422, True)
    assert admin_client.post(address, data={"decision": "maybe"}, headers=JSON).status_code == 422
    assert admin_client.post(address, data={"decision": "refuse", "note": "Bring the old one."}).status_code == 303
    assert "Bring the old one." in own.get("/voter/device").text
    assert attendance.devices.active_device(member.id).public_key == old.public_key
    assert "Bring the old one." in admin_client.get(f"{DESK}?state=decided&q=amal").text
    assert used(group, member, old) == []


def test_the_desk_says_who_else_uses_the_phone_that_is_asked_for(own, group, member, admin_client):
    other, phone = meetings.member(group, name="Rosa Demir"), Phone()
    used(group, other, phone)
    used(group, member, Phone())
    ask(own, phone)
    assert admin_client.get(DESK, headers=JSON).json["requests"][0]["others"] == [other.voter_id]
    assert "Rosa Demir" in admin_client.get(DESK).text


def test_a_phone_that_was_given_back_is_nobodys_any_more(own, group, member, admin_client):
    old, new, buyer = Phone(), Phone(), meetings.member(group)
    used(group, member, old)
    ask(own, new)
    attendance.devices.decide(attendance.devices.open_request(member.id).id, True, "", meetings.officer())
    assert attendance.devices.active_device(member.id).status is DeviceStatus.ACTIVE
    assert used(group, buyer, old) == []


def test_an_officer_decides_about_no_phone(sign_in):
    officer = sign_in(StaffRole.OFFICER)
    assert officer.get(DESK).status_code == 403
    assert DESK not in officer.get("/attendance/meetings").text
