"""The pages of staff: invitations, people, the list of an election, permissions, what an observer never sees."""

from __future__ import annotations

import logging
import re

import pytest
from sqlalchemy import select

from blueprints.admin.permission_words import WORDS
from models import EmailMessage, StaffLink, StaffRole, StaffUser, db
from services.email_service.content import open_body
from services.security import Permission, hash_token
from tests import factories
from tests.support import demo, routes
from tests.support.route_tables import allowed

JSON = {"Accept": "application/json"}
PASSWORD = "a sentence of mine"
FORM = {"username": "rosa.demir", "password": PASSWORD, "password_again": PASSWORD}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    from services.security import hash_password

    monkeypatch.setattr("services.staff.links.hash_password", lambda password: hash_password(password, cost=4))


@pytest.fixture
def link(app):
    """The address of an invitation that waits."""
    factories.StaffLinkFactory(token_hash=hash_token("opensesame"), role=StaffRole.OBSERVER)
    return "/invitation?token=opensesame"


def test_an_invited_person_joins_by_the_mailed_link_and_signs_in(admin_client, client, open_election):
    form = {"name": "Rosa Demir", "email": "rosa@example.org", "role": "officer", "elections": [open_election.id]}
    assert admin_client.post("/admin/staff", data=form).status_code == 303
    body = open_body(db.session.scalars(select(EmailMessage.body)).one())
    path = re.search(r"http://localhost(/invitation\?token=\S+)", body.text)[1]
    client.get(path)
    joined = client.post("/invitation", data=FORM)
    entered = client.post("/login", data={"room": "commission", "username": "rosa.demir", "password": PASSWORD})

    assert joined.location == "/?room=commission"
    assert entered.location == "/admin/"
    assert open_election.title in client.get("/admin/").text


def test_looking_at_a_link_spends_nothing_and_no_log_line_holds_its_token(client, link, caplog):
    caplog.set_level(logging.DEBUG)
    for _number in range(3):
        assert client.get(link).location == "/invitation"
        assert "Invited Person" in client.get("/invitation").text

    assert db.session.scalars(select(StaffLink.used_at)).one() is None
    assert "GET /invitation 200" in caplog.text
    assert "opensesame" not in caplog.text


def test_the_role_of_the_request_is_ignored(client, link):
    answer = client.post("/invitation", json=FORM | {"token": "opensesame", "role": "admin"})
    assert answer.status_code == 201
    assert db.session.scalars(select(StaffUser)).one().role is StaffRole.OBSERVER


def test_wrong_entries_keep_the_link_and_say_what_to_change(client, link):
    client.get(link)
    taken = factories.StaffUserFactory().username
    for changes in (
        {"password_again": "other"},
        {"password": "x", "password_again": "x"},
        {"username": "!"},
        {"username": taken},
    ):
        assert "Change this first" in client.post("/invitation", data=FORM | changes).text
    assert client.post("/invitation", data=FORM).status_code == 303


def test_a_link_that_does_not_work_says_why(client, link):
    client.get(link)
    client.post("/invitation", data=FORM)
    used, unknown = client.get(link, follow_redirects=True), client.get("/invitation?token=x", follow_redirects=True)

    assert (used.status_code, unknown.status_code) == (410, 404)
    assert "This link was used" in used.text
    assert "This link does not work" in unknown.text


def test_a_person_is_deactivated_and_comes_back(admin_client, sign_in):
    officer = sign_in(StaffRole.OFFICER)
    page = f"/admin/staff/{officer.user.id}"
    gone = admin_client.post(f"{page}/deactivate", follow_redirects=True)
    again = admin_client.post(f"{page}/reactivate", headers=JSON)

    assert "is deactivated and signed out" in gone.text
    assert officer.get("/admin/", headers=JSON).status_code == 401
    assert again.json["active"] is True


def test_an_admin_signs_somebody_out_everywhere_and_gives_a_new_role(admin_client, sign_in):
    officer = sign_in(StaffRole.OFFICER)
    page = f"/admin/staff/{officer.user.id}"
    out = admin_client.post(f"{page}/sign-out", headers=JSON)
    role = admin_client.post(f"{page}/role", data={"role": "observer"}, headers=JSON)
    wrong = admin_client.post(f"{page}/role", data={"role": "owner"}, headers=JSON)

    assert (out.json["ended"], role.json["role"], wrong.status_code) == (1, "observer", 422)
    assert officer.user.role is StaffRole.OBSERVER


def test_the_last_admin_is_kept_on_the_page_too(admin_client):
    answer = admin_client.post(f"/admin/staff/{admin_client.user.id}/deactivate", headers=JSON)
    assert answer.status_code == 409


def test_somebody_added_to_an_election_sees_it_and_no_more_once_removed(admin_client, sign_in, open_election):
    officer = sign_in(StaffRole.OFFICER, on_lists=False)
    page, own = f"/admin/elections/{open_election.id}/staff", f"/admin/elections/{open_election.id}"
    before = officer.get(own).status_code
    admin_client.post(page, data={"act": "add", "staff_id": officer.user.id})
    between = officer.get(own).status_code
    admin_client.post(page, data={"act": "remove", "staff_id": officer.user.id})

    assert (before, between, officer.get(own).status_code) == (404, 200, 404)
    assert officer.user.username in admin_client.get(page).text


def test_the_page_of_permissions_has_words_for_each(observer_client):
    page = observer_client.get("/admin/permissions").text
    assert set(WORDS) == set(Permission)
    assert all(str(words) in page for words in WORDS.values())


def test_an_observer_sees_no_address_and_no_face_of_a_voter(open_election, observer_client):
    planted = demo.new_voter(open_election, person=7)
    planted.email = "planted.voter@example.org"
    db.session.commit()
    demo._alert(open_election)
    rows = routes.existing_rows() | {"election_id": open_election.id, "voter_id": planted.id}
    seen = [
        route
        for route in routes.all_routes()
        if route.method == "GET" and "observer" in allowed(route.endpoint, route.method)
    ]
    answers = []
    for route in seen:
        for headers in ({}, JSON):
            if route.endpoint not in ("admin.live_desk", "media.public", "media.ballot", "results.share"):
                answer = observer_client.get(route.address(rows), headers=headers)
                # Read at once: an export that nobody reads keeps its request open.
                answers.append((f"{route} {headers}", answer.status_code, answer.mimetype, answer.get_data()))
    pages = {name: data.decode() for name, _status, kind, data in answers if kind != "application/pdf"}

    assert [name for name, page in pages.items() if "@example.org" in page] == []
    assert [name for name, page in pages.items() if re.search(r"/pictures/|/picture\b|data:image", page)] == []
    assert [name for name, _status, kind, _data in answers if kind.startswith("image/")] == []
    assert sum(status == 200 for _name, status, _kind, _data in answers) > 15
