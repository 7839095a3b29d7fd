"""Signing in and out: two rooms, sessions that are new, ends that hold, and booths that nobody walks out of."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from config import load_settings
from models import AuditLog, Kiosk, StaffRole, StaffSession, StaffUser, db
from services import accounts, elections
from services.actor import SYSTEM
from services.clock import utc_now
from tests import factories
from tests.factories import PASSWORD

JSON = {"Accept": "application/json"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def admin(app):
    return factories.StaffUserFactory(role=StaffRole.ADMIN)


@pytest.fixture
def officer(app):
    return factories.StaffUserFactory(role=StaffRole.OFFICER)


def sign_in(client, user, room="commission", password=PASSWORD, **more):
    values = {"room": room, "username": user.username, "password": password, **more.pop("values", {})}
    return client.post("/login", data=values, **more)


def cookie(client):
    with client.session_transaction() as session:
        return dict(session)


def count(model, *conditions):
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


def last_audit(event_type):
    return db.session.scalars(
        select(AuditLog).where(AuditLog.event_type == event_type).order_by(AuditLog.id.desc())
    ).first()


@pytest.mark.parametrize("role", list(StaffRole))
def test_every_staff_member_gets_to_the_desk(role, client, app):
    user = factories.StaffUserFactory(role=role)
    answer = sign_in(client, user)

    assert (answer.status_code, answer.location) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200
    assert client.get("/").location == "/admin/"


def test_signing_in_by_json_answers_where_to_go(client, admin):
    body = {"room": "commission", "username": admin.username, "password": PASSWORD}
    answer = client.post("/login", json=body)
    assert (answer.status_code, answer.json) == (200, {"redirect": "/admin/"})


def test_the_audit_log_says_who_signed_in_and_who_opened_the_booth(client, app, admin, officer, open_election):
    sign_in(client, admin)
    assert last_audit("staff:session:started").actor == admin.username
    sign_in(app.test_client(), officer, room="polling")
    assert last_audit("staff:kiosk:opened").actor == officer.username


@pytest.mark.parametrize(
    ("username", "password"),
    [("", ""), ("nobody", PASSWORD), ("{name}", "wrong"), ("{name}", ""), ("{name}", PASSWORD + " "),
     ("{name}", PASSWORD.upper()), ("{NAME}", PASSWORD), ("' OR 1=1 --", PASSWORD), ("{name}", "x" * 1000)],
)  # fmt: skip
def test_a_wrong_name_or_password_is_refused_with_one_and_the_same_sentence(username, password, client, admin):
    typed = username.replace("{name}", admin.username).replace("{NAME}", admin.username.upper())
    answer = client.post("/login", json={"room": "commission", "username": typed, "password": password})

    assert answer.status_code == 401
    assert answer.json["error"] == {
        "code": "sign_in_refused", "message": "That user name and password do not match.",
    }  # fmt: skip
    assert count(StaffSession) == 0


def test_a_refused_sign_in_shows_the_door_again_without_the_password(client, admin):
    page = sign_in(client, admin, password="a wrong secret")
    assert page.status_code == 401
    assert "That user name and password do not match." in page.text
    assert admin.username in page.text
    assert "a wrong secret" not in page.text


def test_a_password_keeps_the_spaces_at_its_ends(client, app):
    accounts.create_staff("spaced", "  ten letters  ", StaffRole.ADMIN, SYSTEM)
    db.session.commit()
    user = db.session.scalar(select(StaffUser).where(StaffUser.username == "spaced"))
    assert sign_in(client, user, password="ten letters").status_code == 401
    assert sign_in(client, user, password="  ten letters  ").status_code == 302


def test_the_sixth_try_waits_even_with_the_right_password(client, admin):
    for _ in range(5):
        assert sign_in(client, admin, password="wrong").status_code == 401
    answer = sign_in(client, admin)
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert count(StaffSession) == 0


def test_another_address_is_not_locked_out(client, app, admin):
    for _ in range(6):
        sign_in(client, admin, password="wrong", environ_base=ELSEWHERE)
    assert sign_in(client, admin, environ_base=ELSEWHERE).status_code == 429
    assert sign_in(client, admin).status_code == 302


def test_an_unknown_name_is_delayed_like_a_known_one(client, app):
    answers = [
        client.post("/login", json={"room": "commission", "username": "nobody", "password": "x"}) for _ in range(6)
    ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


def test_the_session_is_new_after_signing_in(client, admin):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["staff_session"] = "fixed"
        session["csrf_token"] = "known"
    sign_in(client, admin)

    kept = cookie(client)
    assert kept.keys() == {"staff_session", "_permanent"}
    assert kept["staff_session"] != "fixed"


def test_two_sign_ins_have_two_tokens_of_256_bits(app, client, admin):
    sign_in(client, admin)
    other = app.test_client()
    sign_in(other, admin)
    first, second = cookie(client)["staff_session"], cookie(other)["staff_session"]
    assert first != second
    assert len(first) >= 43
    stored = {row.token_hash for row in db.session.scalars(select(StaffSession))}
    assert first.encode() not in stored


def test_signing_in_again_ends_the_session_before(client, app, admin):
    sign_in(client, admin)
    old = cookie(client)["staff_session"]
    sign_in(client, admin)
    assert accounts.find_session(old) is None
    assert client.get("/admin/").status_code == 200


def test_signing_out_ends_the_token_on_the_server(client, app, admin):
    sign_in(client, admin)
    stolen = cookie(client)
    answer = client.post("/logout")
    assert (answer.status_code, answer.location) == (302, "/")
    assert cookie(client) == {}

    thief = app.test_client()
    with thief.session_transaction() as session:
        session.update(stolen)
    assert thief.get("/admin/", headers=JSON).status_code == 401


def test_signing_out_twice_or_as_nobody_leads_to_the_door(client):
    assert client.post("/logout").location == "/"
    assert client.post("/logout", json={}).json == {"redirect": "/"}


def test_signing_out_is_no_link(client):
    assert client.get("/logout").status_code == 405


@pytest.mark.parametrize("change", ["older than twelve hours", "silent", "deactivated", "ended", "another key"])
def test_a_session_that_is_over_is_nobody(change, client, app, admin, monkeypatch):
    sign_in(client, admin)
    session = db.session.scalars(select(StaffSession)).one()
    if change == "older than twelve hours":
        session.created_at = utc_now() - timedelta(hours=12, seconds=1)
    elif change == "silent":
        session.last_seen_at = utc_now() - timedelta(minutes=30, seconds=1)
    elif change == "deactivated":
        session.staff_user.is_active = False
    elif change == "ended":
        session.ended_at = utc_now()
    else:
        monkeypatch.setitem(app.config, "SECRET_KEY", "another key of the installation, 32 characters")
    db.session.commit()
    assert client.get("/admin/", headers=JSON).status_code == 401
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("token", ["", "x" * 2000, "\ufffd", "null", None])
def test_a_signed_cookie_with_nonsense_inside_is_nobody(token, client):
    for key in ("staff_session", "kiosk"):
        with client.session_transaction() as session:
            session.clear()
            session[key] = token
        answer = client.get("/admin/", headers=JSON)
        assert answer.status_code == 401, answer.text


def test_a_deactivated_person_cannot_sign_in(client, admin):
    admin.is_active = False
    db.session.commit()
    assert sign_in(client, admin).status_code == 401


@pytest.mark.parametrize("role", [StaffRole.ADMIN, StaffRole.OFFICER])
def test_one_open_election_is_chosen_for_the_booth(role, client, app, open_election):
    user = factories.StaffUserFactory(role=role)
    answer = sign_in(client, user, room="polling")

    assert (answer.status_code, answer.location) == (302, "/poll/")
    assert cookie(client).keys() == {"kiosk", "_permanent"}
    assert client.get("/admin/", headers=JSON).status_code == 403
    kiosk = db.session.scalars(select(Kiosk)).one()
    assert (kiosk.election_id, kiosk.opened_by, kiosk.name) == (open_election.id, user.id, "Booth 1")


def test_without_an_open_election_no_booth_is_opened(client, officer):
    answer = sign_in(client, officer, room="polling")
    assert answer.status_code == 409
    assert "No election with a booth is open" in answer.text
    assert count(Kiosk) == 0
    assert "kiosk" not in cookie(client)


def test_with_two_open_elections_one_has_to_be_chosen(client, officer, open_election):
    second = factories.make_open_election()
    for wanted in ("", "999999", "nonsense", str(10**30)):
        answer = sign_in(client, officer, room="polling", values={"election_id": wanted})
        assert answer.status_code == 422
    assert count(Kiosk) == 0
    assert sign_in(client, officer, room="polling", values={"election_id": str(second.id)}).status_code == 302
    assert db.session.scalars(select(Kiosk)).one().election_id == second.id


@pytest.mark.parametrize("make", [factories.ElectionFactory, None])
def test_no_booth_is_opened_for_a_draft_or_a_closed_election(make, client, officer, open_election):
    if make is None:
        other = factories.make_open_election()
        elections.close_election(other, SYSTEM)
        db.session.commit()
    else:
        other = make()
    answer = sign_in(client, officer, room="polling", values={"election_id": str(other.id)})
    assert answer.status_code == 422
    assert count(Kiosk) == 0


def test_an_observer_opens_no_booth(client, app, open_election):
    observer = factories.StaffUserFactory(role=StaffRole.OBSERVER)
    answer = sign_in(client, observer, room="polling", headers=JSON)

    assert (answer.status_code, answer.json["error"]["code"]) == (403, "sign_in_refused")
    assert count(Kiosk) == 0
    assert client.get("/poll/", headers=JSON).status_code == 401


def test_the_desk_session_of_the_officer_ends_when_this_browser_becomes_a_booth(client, officer, open_election):
    sign_in(client, officer)
    token = cookie(client)["staff_session"]
    sign_in(client, officer, room="polling")
    assert accounts.find_session(token) is None


@pytest.mark.parametrize(
    ("username", "password"), [("", ""), ("nobody", PASSWORD), ("{officer}", "wrong"), ("{observer}", PASSWORD)]
)
def test_a_booth_is_not_left_without_the_password_of_an_officer(username, password, kiosk_client, officer, app):
    observer = factories.StaffUserFactory(role=StaffRole.OBSERVER)
    typed = username.replace("{officer}", officer.username).replace("{observer}", observer.username)
    answer = kiosk_client.post("/logout", json={"username": typed, "password": password})

    assert (answer.status_code, answer.json["error"]["code"]) == (403, "sign_in_refused")
    assert kiosk_client.get("/poll/").status_code == 200


def test_an_officer_leaves_the_booth_and_the_audit_log_says_who(kiosk_client, officer, app):
    stolen = cookie(kiosk_client)
    answer = kiosk_client.post("/logout", data={"username": officer.username, "password": PASSWORD})

    assert (answer.status_code, answer.location) == (302, "/")
    assert kiosk_client.get("/poll/", headers=JSON).status_code == 401
    assert last_audit("staff:kiosk:ended").actor == officer.username
    thief = app.test_client()
    with thief.session_transaction() as session:
        session.update(stolen)
    assert thief.get("/poll/", headers=JSON).status_code == 401


def test_tries_to_leave_the_booth_wait_like_those_to_sign_in(kiosk_client, officer):
    body = {"username": officer.username, "password": "wrong"}
    for _ in range(5):
        kiosk_client.post("/logout", json=body)
    answer = kiosk_client.post("/logout", json={**body, "password": PASSWORD})
    assert answer.status_code in (403, 429)
    assert kiosk_client.get("/poll/").status_code == 200


@pytest.mark.parametrize("room", ["commission", "polling"])
def test_a_booth_is_not_left_by_signing_in_on_top_of_it(room, kiosk_client, app):
    observer = factories.StaffUserFactory(role=StaffRole.OBSERVER)
    for user in (observer, factories.StaffUserFactory()):
        answer = sign_in(kiosk_client, user, room=room, headers=JSON)
        assert answer.status_code == 409
    assert kiosk_client.get("/poll/").status_code == 200
    assert count(Kiosk) == 1


@pytest.mark.parametrize("name", ["next", "redirect", "url", "return_to"])
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_address_sends_anybody_elsewhere(name, target, client, app, admin):
    for address in ("/login", f"/login?{name}={target}"):
        answer = app.test_client().post(
            address, data={"room": "commission", "username": admin.username, "password": PASSWORD, name: target}
        )
        assert answer.location == "/admin/"
    page = client.get(f"/?{name}={target}&room={target}")
    assert "evil.example" not in re.sub(r"value=\"[^\"]*\"", "", page.text)
    assert client.get(f"/admin/?{name}={target}").location == "/?room=commission"


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(client, admin):
    flags = sign_in(client, admin).headers["Set-Cookie"]
    assert flags.startswith("sv=")
    assert "HttpOnly" in flags
    assert "SameSite=Lax" in flags
    assert "Path=/" in flags
    assert "Domain" not in flags


@pytest.mark.parametrize("changes", [{"HTTPS": "1"}, {"APP_ENV": "production"}], ids=str)
def test_the_cookie_travels_over_tls_only_where_there_is_tls(changes, make_committing_app):
    if "APP_ENV" in changes:
        config = _production().flask_config()
        assert config["SESSION_COOKIE_SECURE"] is True
        assert config["SESSION_COOKIE_NAME"].startswith("__Host-")
        return
    app = make_committing_app(**changes)
    with app.app_context():
        user = factories.StaffUserFactory()
        answer = sign_in(app.test_client(), user, base_url="https://localhost")
    flags = answer.headers["Set-Cookie"]
    assert flags.startswith("__Host-sv=")
    assert "; Secure" in flags
    assert "Strict-Transport-Security" not in answer.headers  # the certificate of a trial is self-signed


def test_production_tells_browsers_to_come_by_tls_only(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "ENV_NAME", "production")
    assert client.get("/").headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def _production():
    from dataclasses import replace

    return replace(load_settings("testing"), app_env="production", db_url="postgresql+psycopg2://u@localhost/d")


def test_the_cookie_holds_a_token_and_nothing_about_the_person(client, admin):
    sign_in(client, admin)
    assert set(cookie(client)) == {"staff_session", "_permanent"}
    assert admin.username not in str(cookie(client))
