"""The API's accounts: registering as a voter, signing in with a mailed code, looking at a token, the way out."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from sqlalchemy import select

from models import Registration, db
from services.context import platform
from tests.blueprints.test_api import V1, bearer
from tests.factories import PASSWORD
from tests.support import pictures
from tests.support import voter_accounts as accounts_of_voters


def form(**changes):
    said = {"name": "Rosa Demir", "dob": "1984-05-19", "email": "rosa@example.org", "password": PASSWORD}
    return said | {"consent": "true", "photo": (io.BytesIO(pictures.face(7)), "me.jpg")} | changes


def test_a_voter_registers_with_a_photo_and_the_code_of_the_mail(client):
    assert "photo" in client.get(f"{V1}/auth/voter/consent").json["text"]
    sent = client.post(f"{V1}/auth/voter/register", data=form())
    assert sent.status_code == 202, sent.text
    ticket = sent.json["ticket"]
    wrong = client.post(f"{V1}/auth/voter/verify", json={"ticket": ticket, "code": "abcdef"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "code_wrong")
    assert client.post(f"{V1}/auth/voter/code/again", json={"ticket": ticket, "use": "register"}).status_code == 202
    code = accounts_of_voters.last_code("rosa@example.org")
    right = client.post(f"{V1}/auth/voter/verify", json={"ticket": ticket, "code": code})
    assert (right.status_code, right.json) == (200, {"status": "pending"})
    spent = client.post(f"{V1}/auth/voter/verify", json={"ticket": ticket, "code": code})
    assert (spent.status_code, spent.json["code"]) == (422, "code_over")
    assert db.session.scalars(select(Registration)).one().confirmed_at is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consent": "false"}, "consent"),
        ({"photo": (io.BytesIO(b"no picture"), "me.jpg")}, "photo"),
        ({"email": "nobody"}, "email"),
        ({"password": "short"}, "password"),
    ],
)
def test_a_registration_that_lacks_something_is_refused_by_name_and_kept_nowhere(client, changes, field):
    refused = client.post(f"{V1}/auth/voter/register", data=form(**changes))
    assert (refused.status_code, set(refused.json["fields"])) == (422, {field}), refused.text
    assert db.session.scalars(select(Registration)).all() == []


def test_the_answer_is_the_same_for_an_address_that_has_an_account(client):
    accounts_of_voters.with_account(email="rosa@example.org")
    known = client.post(f"{V1}/auth/voter/register", data=form())
    assert (known.status_code, set(known.json)) == (202, {"ticket", "code_sent"})
    assert db.session.scalars(select(Registration)).all() == []


def test_a_voter_signs_in_with_the_mailed_code_and_the_token_says_so(client):
    voter = accounts_of_voters.with_account(email="rosa@example.org")
    entered = client.post(f"{V1}/auth/voter/login", json={"email": voter.email, "password": PASSWORD})
    code = accounts_of_voters.last_code(voter.email)
    tokens = client.post(f"{V1}/auth/voter/code", json={"ticket": entered.json["ticket"], "code": code}).json
    good = client.post(f"{V1}/auth/verify", json={"access_token": tokens["access_token"]}).json
    assert (good["valid"], good["role"]) == (True, "voter")
    for other in (tokens["refresh_token"], "made-up"):
        told = client.post(f"{V1}/auth/verify", json={"access_token": other}).json
        assert told == {"valid": False, "role": None, "expires_at": None}


def test_staff_without_the_second_step_that_is_asked_for_see_who_they_are_and_sign_out(app, client, monkeypatch):
    header = bearer("officer")
    with app.app_context():
        monkeypatch.setattr(platform(), "settings", replace(platform().settings, require_totp="all"))
    shut = client.get(f"{V1}/elections", headers=header)
    assert (shut.status_code, shut.json["code"]) == (403, "second_step_needed")
    assert client.get(f"{V1}/auth/me", headers=header).json["second_step_needed"] is True
    assert client.post(f"{V1}/auth/logout", headers=header).json == {"done": True}
    assert client.get(f"{V1}/auth/me", headers=header).status_code == 401


def test_an_administrator_sees_who_registered_and_decides(client):
    header = bearer("admin")
    first = accounts_of_voters.waiting()
    other = accounts_of_voters.waiting(person=8, email="ben@example.org", name="Ben Osei")
    listed = client.get(f"{V1}/registrations", headers=header).json
    assert [row["name"] for row in listed["registrations"]] == ["Rosa Demir", "Ben Osei"]
    one = f"{V1}/registrations/{first.id}"
    assert client.get(one, headers=header).json["matches"] == []
    photo = client.get(f"{one}/photo", headers=header)
    assert (photo.mimetype, photo.data[:2]) == ("image/jpeg", b"\xff\xd8")
    opened = client.post(f"{one}/approve", json={"voter": None}, headers=header)
    assert (opened.json["name"], opened.json["pictures"]) == ("Rosa Demir", 1)
    assert client.get(one, headers=header).status_code == 404
    refused = client.post(f"{V1}/registrations/{other.id}/refuse", json={"reason": "Not a member."}, headers=header)
    assert refused.json == {"done": True}
    assert client.get(f"{V1}/registrations", headers=header).json["total"] == 0
