"""Meetings at the desk: made, shown on the big screen, checked in by hand, downloaded."""

from __future__ import annotations

import pytest

from models import AttendanceSession, StaffRole, db
from services.actor import Actor
from tests import factories
from tests.support import meetings

JSON = {"Accept": "application/json"}


@pytest.fixture
def group(app):
    return factories.GroupFactory()


@pytest.fixture
def held(group, officer_client):
    """A meeting of the officer who is signed in."""
    user = officer_client.user
    return meetings.meeting(("location",), group_id=group.id, actor=Actor("officer", user.id, user.username))


def address(held, end=""):
    return f"/attendance/meetings/{held.id}{end}"


def test_an_officer_makes_a_meeting_and_a_wrong_form_says_what_to_change(officer_client, group):
    form = {"title": "Autumn", "group": group.id, "starts_at": "2030-10-18T08:00", "minutes": "90",
            "layers": ["device", "location"], "latitude": "52,5", "longitude": "13.4", "radius_m": "80"}  # fmt: skip
    refused = officer_client.post("/attendance/meetings", data={**form, "latitude": "north", "minutes": "x"})
    assert refused.status_code == 422
    assert "Write this as a number" in refused.text
    assert "Write a whole number" in refused.text
    assert officer_client.post("/attendance/meetings", data=form).status_code == 303
    made = db.session.query(AttendanceSession).one()
    assert (made.latitude, made.radius_m, made.layers, made.rolling) == (52.5, 80, ["device", "location"], False)
    assert "Autumn" in officer_client.get("/attendance/meetings?q=autumn").text
    assert "No meeting like this" in officer_client.get("/attendance/meetings?q=spring").text


def test_another_officer_gets_404_and_an_admin_sees_it(held, sign_in):
    for end in ("", "/screen", "/attendance.csv"):
        assert sign_in(StaffRole.OFFICER).get(address(held, end)).status_code == 404
        assert sign_in(StaffRole.ADMIN).get(address(held, end)).status_code == 200


def test_the_big_screen_shows_the_code_and_no_other_page_does(held, officer_client):
    code = meetings.code(held)
    state = officer_client.get(address(held, "/screen"), headers=JSON).json
    assert (state["code"], state["there"], state["stage"]) == (code, 0, "open")
    assert code[:3] in officer_client.get(address(held, "/screen")).text
    assert code[:3] not in officer_client.get(address(held)).text
    officer_client.post(address(held, "/code/expire"))
    gone = officer_client.get(address(held, "/screen"), headers=JSON).json
    assert (gone["code"], gone["qr"]) == (None, None)
    officer_client.post(address(held, "/code"))
    assert officer_client.get(address(held, "/screen"), headers=JSON).json["code"] not in (None, code)
    officer_client.post(address(held, "/close"))
    assert officer_client.get(address(held, "/screen"), headers=JSON).json["stage"] == "closed"
    assert officer_client.post(address(held, "/extend"), data={"minutes": "5"}).status_code == 409


def test_who_is_checked_in_by_hand_stands_in_the_table_and_in_the_file(held, group, officer_client):
    member = meetings.member(group, name="Amal Haddad")
    refused = officer_client.post(address(held, "/by-hand"), data={"voter_id": member.voter_id, "reason": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    form = {"voter_id": member.voter_id, "reason": "The battery was empty."}
    assert officer_client.post(address(held, "/by-hand"), data=form).status_code == 303
    assert officer_client.post(address(held, "/by-hand"), data=form).status_code == 409
    line = officer_client.get(address(held), headers=JSON).json["attendance"][0]
    assert (line["name"], line["status"], line["by_hand"]) == ("Amal Haddad", "confirmed", True)
    assert officer_client.post(address(held, f"/records/{line['id']}/left")).status_code == 303
    assert "early" in officer_client.get(address(held)).text
    assert "Amal Haddad,confirmed" in officer_client.get(address(held, "/attendance.csv")).text
