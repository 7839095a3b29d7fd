"""The own account, and the second step at the door."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from models import StaffRole, db
from services import accounts
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.second_step import grouped
from tests import factories
from tests.services.test_second_step import set_up

JSON = {"Accept": "application/json"}
NEW = "another sentence"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(accounts, "hash_password", lambda password: factories.hash_password(password, cost=4))


@pytest.fixture
def require_totp(app, monkeypatch):
    def require(whom):
        monkeypatch.setattr(platform(), "settings", replace(platform().settings, require_totp=whom))

    return require


def door(user, room="commission", **more):
    return {"room": room, "username": user.username, "password": factories.PASSWORD, **more}


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(admin_client):
    user = admin_client.user
    other = accounts.start_session(user, Actor("admin", user.id, user.username))
    form = {"old": factories.PASSWORD, "password": NEW, "password_again": NEW}
    wrong = admin_client.post("/account/password", data=form | {"old": "wrong"})
    unlike = admin_client.post("/account/password", data=form | {"password_again": "x"}, headers=JSON)
    short = admin_client.post("/account/password", data=form | {"password": "x", "password_again": "x"}, headers=JSON)
    changed = admin_client.post("/account/password", data=form)

    assert (wrong.status_code, unlike.status_code, short.status_code, changed.status_code) == (422, 422, 422, 303)
    assert "This is not your password" in wrong.text
    assert accounts.find_session(other) is None
    assert admin_client.get("/account/").status_code == 200
    assert accounts.authenticate(user.username, NEW, Actor("anonymous")).user is user


def test_sessions_are_listed_and_ended_one_by_one_and_all(admin_client, sign_in):
    user = admin_client.user
    accounts.start_session(user, Actor("admin", user.id, user.username, "203.0.113.9", "Old Browser/1"))
    rows = admin_client.get("/account/", headers=JSON).json["sessions"]
    other = next(row for row in rows if not row["present"])
    foreign = sign_in(StaffRole.ADMIN).post(f"/account/sessions/{other['id']}/end", headers=JSON)
    ended = admin_client.post(f"/account/sessions/{other['id']}/end", headers=JSON)
    everywhere = admin_client.post("/account/sign-out", headers=JSON)

    assert (other["address"], other["browser"]) == ("203.0.113.9", "Old Browser/1")
    assert (foreign.status_code, ended.status_code, everywhere.json["ended"]) == (404, 200, 1)
    assert admin_client.get("/admin/", headers=JSON).status_code == 401


def test_the_second_step_is_set_up_with_a_code_and_shows_ten_recovery_codes_once(admin_client):
    import pyotp

    page = admin_client.get("/account/second-step")
    offered = admin_client.get("/account/second-step", headers=JSON).json
    form = {"sealed": offered["sealed"], "password": factories.PASSWORD}
    wrong = admin_client.post("/account/second-step", data=form | {"code": "000000"})
    code = pyotp.TOTP(offered["secret"]).at(utc_now())
    done = admin_client.post("/account/second-step", data=form | {"code": code})

    assert re.search(r"<svg[^>]*qr-code.*?<path[^>]*stroke=", page.text, re.S)
    assert "style=" not in page.text
    assert wrong.status_code == 422
    assert done.text.count("<li>") >= 10
    assert "10 recovery codes are left" in admin_client.get("/account/").text


def test_an_open_desk_alone_sets_no_second_step_up_and_wrong_passwords_wait(admin_client):
    import pyotp

    offered = admin_client.get("/account/second-step", headers=JSON).json
    code = pyotp.TOTP(offered["secret"]).at(utc_now())
    form = {"sealed": offered["sealed"], "code": code}
    answers = [admin_client.post("/account/second-step", data=form | {"password": "wrong"}) for _try in range(5)]
    waits = admin_client.post("/account/second-step", data=form | {"password": factories.PASSWORD})

    assert {answer.status_code for answer in [*answers, waits]} == {422}
    assert 'href="#f-password"' in answers[0].text
    assert "This is not your password." in answers[0].text
    assert grouped(offered["secret"]) in answers[0].text
    assert "Too many wrong passwords" in waits.text
    db.session.refresh(admin_client.user)
    assert admin_client.user.totp_secret is None


def test_a_password_alone_opens_no_desk_once_there_is_a_second_step(client):
    user = factories.StaffUserFactory()
    phone, _codes = set_up(user)
    asked = client.post("/login", data=door(user))
    locked = client.get("/admin/", headers=JSON)
    wrong = client.post("/login/second-step", data={"code": "000000"})
    entered = client.post("/login/second-step", data={"code": phone.at(utc_now())})

    assert asked.location == "/login/second-step"
    assert (locked.status_code, wrong.status_code) == (401, 401)
    assert entered.location == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_recovery_code_lets_in_and_says_how_many_are_left(client):
    user = factories.StaffUserFactory()
    _phone, codes = set_up(user)
    client.post("/login", json=door(user))
    client.post("/login/second-step", json={"code": codes[3]})
    assert "9 recovery codes are left" in client.get("/account/").text


def test_a_booth_is_opened_with_the_second_step_too(client, open_election):
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    phone, _codes = set_up(user)
    client.post("/login", data=door(user, "polling", election_id=open_election.id))
    assert client.get("/poll/").status_code == 302
    client.post("/login/second-step", data={"code": phone.at(utc_now())})
    assert client.get("/poll/").status_code == 200


def test_a_booth_is_left_with_the_password_alone(kiosk_client, open_election):
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    set_up(user)
    assert kiosk_client.post("/logout", data=door(user)).status_code == 302


@pytest.mark.parametrize("change", ["password", "access"])
def test_the_second_step_of_somebody_who_changed_meanwhile_starts_again(client, change):
    user = factories.StaffUserFactory()
    phone, _codes = set_up(user)
    client.post("/login", data=door(user))
    if change == "password":
        user.password_hash = factories.hash_password(NEW, cost=4)
    else:
        user.is_active = False
    db.session.commit()

    assert client.post("/login/second-step", data={"code": phone.at(utc_now())}).location == "/?room=commission"


@pytest.mark.parametrize(
    ("whom", "role", "led"),
    [("off", "admin", False), ("admins", "admin", True), ("admins", "officer", False), ("all", "observer", True)],
)
def test_who_needs_a_second_step_is_led_to_its_setup_first(require_totp, sign_in, whom, role, led):
    caller = sign_in(StaffRole(role))
    require_totp(whom)
    page, answer = caller.get("/admin/elections"), caller.get("/admin/elections", headers=JSON)
    assert (page.location == "/account/second-step") is led
    assert (answer.status_code == 403) is led
    assert caller.get("/account/second-step").status_code == 200


def test_nobody_opens_a_booth_before_the_second_step_that_is_asked_for(require_totp, client, open_election):
    require_totp("all")
    user = factories.StaffUserFactory(role=StaffRole.OFFICER)
    assert client.post("/login", data=door(user, "polling")).status_code == 403
