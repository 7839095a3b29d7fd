"""A staff session ends after a time without an act: why is said, the page comes back, and what looks on stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, select

from blueprints.http import BY_ITSELF
from models import AuditLog, StaffRole, StaffSession, db
from services import accounts
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from tests import factories
from tests.blueprints.test_api import V1
from tests.factories import PASSWORD
from tests.services.test_second_step import set_up
from tests.support import meetings

JSON = {"Accept": "application/json"}
WHY = "nothing was done here for 30 minutes"
BY_THE_PAGE = {**JSON, BY_ITSELF: "1"}


@pytest.fixture
def clock(app):
    with time_machine.travel(utc_now(), tick=False) as moving:
        yield moving


def enter(client, user, **more):
    return client.post("/login", data={"room": "commission", "username": user.username, "password": PASSWORD, **more})


def pass_by(clock, minutes):
    clock.shift(timedelta(minutes=minutes))


def test_who_acts_again_and_again_stays_for_twelve_hours_and_no_longer(admin_client, clock):
    for _ in range(29):
        pass_by(clock, 24.8)
        assert admin_client.get("/admin/").status_code == 200
    pass_by(clock, 24.8)
    gone = admin_client.get("/admin/", follow_redirects=True)
    assert "signed out" not in gone.text  # twelve hours are no silence


def test_silence_ends_the_session_says_why_and_the_page_comes_back(admin_client, clock):
    pass_by(clock, 31)
    sent = admin_client.get("/admin/voters?q=Demir")
    assert sent.location == "/?room=commission"
    door = admin_client.get(sent.location).text
    assert WHY in door
    assert "Sign in, and the page opens again. What was typed and not saved is gone." in door
    assert enter(admin_client, admin_client.user).location == "/admin/voters?q=Demir"
    assert enter(admin_client, admin_client.user).location == "/admin/"
    ended = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "staff:session:silent")).one()
    assert ended.actor == admin_client.user.username


def test_the_desk_shows_the_same_election_after_signing_in_again(admin_client, clock, open_election):
    session = db.session.scalars(select(StaffSession)).one()
    session.election_id = open_election.id
    db.session.commit()
    pass_by(clock, 31)
    admin_client.get("/admin/")
    enter(admin_client, admin_client.user)
    newest = select(StaffSession).order_by(StaffSession.id.desc()).limit(1)
    assert db.session.scalars(newest).one().election_id == open_election.id


def test_somebody_else_at_the_same_browser_is_not_led_to_that_page(admin_client, clock):
    pass_by(clock, 31)
    admin_client.get("/admin/voters?q=Demir")
    other = factories.StaffUserFactory(role=StaffRole.ADMIN)
    db.session.commit()
    assert enter(admin_client, other).location == "/admin/"


def test_after_a_form_the_page_that_it_stood_on_comes_back_and_nothing_was_done(admin_client, clock):
    pass_by(clock, 31)
    form = {"old": PASSWORD, "password": "otter kettle Thursday", "password_again": "otter kettle Thursday"}
    here = {"Referer": "http://localhost/account/"}
    assert admin_client.post("/account/password", data=form, headers=here).location == "/?room=commission"
    assert enter(admin_client, admin_client.user).location == "/account/"


@pytest.mark.parametrize("source", ["https://evil.example/account/", "http://localhost//evil.example", "http://[", ""])
def test_no_page_from_elsewhere_comes_back_and_none_is_promised(source, admin_client, clock):
    pass_by(clock, 31)
    admin_client.post("/account/password", data={}, headers={"Referer": source})
    door = admin_client.get("/?room=commission").text
    assert "Sign in again." in door
    assert "opens again" not in door
    assert enter(admin_client, admin_client.user).location == "/admin/"


def test_two_pages_of_one_silent_session_are_both_told_why(app, admin_client, clock):
    with admin_client.session_transaction() as held:
        token = held["staff_session"]
    other = app.test_client()
    with other.session_transaction() as held:
        held["staff_session"] = token
    pass_by(clock, 31)
    for client in (admin_client, other):
        assert WHY in client.get("/account/", follow_redirects=True).text
    assert len(db.session.scalars(select(AuditLog).where(AuditLog.event_type == "staff:session:silent")).all()) == 1


def test_a_session_that_silence_ended_stays_ended_when_the_setting_is_raised(admin_client, clock, monkeypatch):
    pass_by(clock, 31)
    admin_client.get("/account/")
    with admin_client.session_transaction() as held:
        assert "staff_session" not in held
    raised = replace(platform().settings, session_idle_minutes=720)
    monkeypatch.setattr(platform(), "settings", raised)
    assert db.session.scalars(select(StaffSession).where(accounts.is_open())).all() == []


def test_what_a_page_asks_by_itself_is_no_act_and_its_answer_sends_nobody_astray(admin_client, clock, open_election):
    for _ in range(3):
        pass_by(clock, 9)
        assert admin_client.get(f"/admin/live/{open_election.id}", headers=BY_THE_PAGE).status_code == 200
        assert admin_client.get("/admin/booths", headers={BY_ITSELF: "1"}).status_code == 200
    pass_by(clock, 9)
    stream = admin_client.get(f"/admin/live/{open_election.id}", headers={"Accept": "text/event-stream"})
    told = admin_client.get(f"/admin/live/{open_election.id}", headers=BY_THE_PAGE)
    assert (stream.status_code, told.status_code) == (401, 401)
    assert WHY in told.json["error"]["message"]
    assert WHY in admin_client.get("/admin/", follow_redirects=True).text  # the words waited for the person


def test_the_screen_of_a_meeting_lives_as_long_as_the_meeting(officer_client, clock):
    user = officer_client.user
    held = meetings.meeting(
        ("location",), group_id=factories.GroupFactory().id, actor=Actor("officer", user.id, user.username), minutes=90
    )
    screen = f"/attendance/meetings/{held.id}/screen"
    while utc_now() < held.ends_at:
        assert officer_client.get(screen, headers=BY_THE_PAGE).status_code == 200
        pass_by(clock, 9)
    for _ in range(4):
        officer_client.get(screen, headers=BY_THE_PAGE)
        pass_by(clock, 9)
    assert officer_client.get(screen, headers=BY_THE_PAGE).status_code == 401


def test_a_session_in_use_is_written_down_once_a_minute_at_most(admin_client, clock):
    written = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE staff_sessions"):
            written.append(statement)

    engine = db.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        for _ in range(12):
            clock.shift(timedelta(seconds=10))
            admin_client.get("/account/")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(written) == 2


def test_a_program_stays_by_asking_and_by_refreshing_and_is_out_after_silence(client, clock):
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    db.session.commit()
    tokens = client.post(f"{V1}/auth/login", json={"username": user.username, "password": PASSWORD}).json
    for _ in range(3):
        pass_by(clock, 20)
        tokens = client.post(f"{V1}/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json
    assert client.get(f"{V1}/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 200
    pass_by(clock, 31)
    assert client.post(f"{V1}/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_the_operator_sets_the_time(admin_client, clock, monkeypatch):
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, session_idle_minutes=5))
    pass_by(clock, 4)
    assert admin_client.get("/account/").status_code == 200
    pass_by(clock, 6)
    assert "nothing was done here for 5 minutes" in admin_client.get("/account/", follow_redirects=True).text


def test_a_booth_and_a_voter_have_their_own_times(kiosk_client, clock):
    pass_by(clock, 45)
    assert kiosk_client.get("/poll/").status_code == 200


def test_the_way_back_goes_through_the_second_step(client, clock):
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    phone, _codes = set_up(user)
    for page in ("/admin/", "/admin/voters"):
        asked = enter(client, user)
        assert asked.location == "/login/second-step"
        assert client.post(asked.location, data={"code": phone.at(utc_now())}).location == page
        pass_by(clock, 31)
        client.get("/admin/voters")


def test_a_page_of_the_booth_is_no_way_back_for_staff(admin_client, clock):
    pass_by(clock, 31)
    assert admin_client.get("/poll/").location == "/?room=polling"
    assert enter(admin_client, admin_client.user).location == "/admin/"
