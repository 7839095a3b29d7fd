"""The API: who may call what, tokens that rotate, casts that can be repeated, and its document against itself."""

from __future__ import annotations

import io
import re
import uuid

import pytest
from openapi_spec_validator import validate
from sqlalchemy import select

from models import StaffRole, StaffSession, Vote, db
from services import accounts, api_tokens
from services.actor import Actor
from tests import factories
from tests.factories import PASSWORD
from tests.support import pictures
from tests.support import voter_accounts as accounts_of_voters
from tests.support.links import link_election, send_links
from tests.support.voting import new_key, voters_of

V1 = "/api/v1"
PUBLIC = {
    "/auth/login", "/auth/voter/login", "/auth/voter/code", "/auth/refresh", "/openapi.json",
    "/auth/verify", "/auth/voter/consent", "/auth/voter/register", "/auth/voter/verify", "/auth/voter/code/again",
    "/heads", "/results/{public_id}/heads", "/results/{public_id}/receipts", "/results/{public_id}/documents",
    "/results/{public_id}", "/results/{public_id}/receipt", "/voting/validate-token", "/voting/ballot", "/voting/cast",
}  # fmt: skip
UUIDS = {"public_id", "import_id"}
STAFF, ADMIN, VOTER = {"admin", "officer", "observer"}, {"admin"}, {"voter"}
OFFICER = {"admin", "officer"}
MAY = {
    "POST /auth/logout": STAFF | VOTER,
    "GET /auth/me": STAFF | VOTER,
    "GET /elections": STAFF,
    "POST /elections": ADMIN,
    "GET /elections/{election_id}": STAFF,
    "PATCH /elections/{election_id}": ADMIN,
    "DELETE /elections/{election_id}": ADMIN,
    "POST /elections/{election_id}/activate": ADMIN,
    "POST /elections/{election_id}/close": ADMIN,
    "GET /elections/{election_id}/candidates": ADMIN,
    "POST /elections/{election_id}/candidates": ADMIN,
    "PATCH /candidates/{candidate_id}": ADMIN,
    "DELETE /candidates/{candidate_id}": ADMIN,
    "GET /elections/{election_id}/links": ADMIN,
    "POST /elections/{election_id}/links": ADMIN,
    "POST /elections/{election_id}/links/{voter_id}": ADMIN,
    "GET /voters": ADMIN,
    "POST /voters": ADMIN,
    "GET /voters/{voter_id}": ADMIN,
    "PATCH /voters/{voter_id}": ADMIN,
    "DELETE /voters/{voter_id}": ADMIN,
    "POST /voters/{voter_id}/suspension": ADMIN,
    "GET /elections/{election_id}/roll": ADMIN,
    "POST /elections/{election_id}/roll": ADMIN,
    "POST /elections/{election_id}/roll/removal": ADMIN,
    "GET /meetings/{meeting_id}/votes": OFFICER,
    "POST /meetings/{meeting_id}/motions": OFFICER,
    "POST /meetings/{meeting_id}/motions/{election_id}/open": OFFICER,
    "POST /meetings/{meeting_id}/motions/{election_id}/close": OFFICER,
    "GET /verifications": ADMIN,
    "GET /figures/meetings": OFFICER,
    "GET /figures/members": OFFICER,
    "POST /elections/{election_id}/copy": ADMIN,
    "PUT /elections/{election_id}/schedule": ADMIN,
    "DELETE /elections/{election_id}/schedule": ADMIN,
    "POST /elections/{election_id}/archive": ADMIN,
    "GET /parties": ADMIN,
    "POST /parties": ADMIN,
    "PATCH /parties/{party_id}": ADMIN,
    "DELETE /parties/{party_id}": ADMIN,
    "PUT /parties/{party_id}/symbol": ADMIN,
    "PUT /candidates/{candidate_id}/picture": ADMIN,
    "GET /registrations": ADMIN,
    "GET /registrations/{registration_id}": ADMIN,
    "GET /registrations/{registration_id}/photo": ADMIN,
    "POST /registrations/{registration_id}/approve": ADMIN,
    "POST /registrations/{registration_id}/refuse": ADMIN,
    "GET /audit": {"admin", "observer"},
    "GET /audit/requests": {"admin", "observer"},
    "GET /elections/{election_id}/figures": STAFF,
    "POST /elections/{election_id}/close-early": ADMIN,
    "POST /elections/{election_id}/extend": ADMIN,
    "POST /elections/{election_id}/roll/changes": ADMIN,
    "POST /elections/{election_id}/booth-notes": OFFICER,
    "GET /approvals": OFFICER,
    "GET /approvals/{approval_id}": OFFICER,
    "POST /approvals/{approval_id}/confirm": OFFICER,
    "POST /approvals/{approval_id}/reject": OFFICER,
    "POST /approvals/{approval_id}/withdraw": OFFICER,
    "GET /faces/consent": ADMIN,
    "GET /voters/{voter_id}/face": ADMIN,
    "PUT /voters/{voter_id}/face": ADMIN,
    "DELETE /voters/{voter_id}/face": ADMIN,
    "POST /voters/{voter_id}/face/verify": ADMIN,
    "POST /me/elections/{public_id}/identity": VOTER,
    "POST /me/elections/{public_id}/identity/frames": VOTER,
    "POST /me/elections/{public_id}/identity/advice": VOTER,
    "GET /voters/imports": ADMIN,
    "POST /voters/imports": ADMIN,
    "GET /voters/imports/{import_id}": ADMIN,
    "GET /voters/imports/{import_id}/bad-rows": ADMIN,
    "POST /voters/imports/{import_id}/start": ADMIN,
    "POST /voters/imports/{import_id}/cancel": ADMIN,
    "GET /me/elections": VOTER,
    "GET /me/elections/{public_id}/ballot": VOTER,
    "POST /me/elections/{public_id}/cast": VOTER,
    "GET /groups": OFFICER,
    "GET /meetings": OFFICER,
    "POST /meetings": OFFICER,
    "GET /meetings/{meeting_id}": OFFICER,
    "GET /meetings/{meeting_id}/code": OFFICER,
    "POST /meetings/{meeting_id}/code": OFFICER,
    "POST /meetings/{meeting_id}/code/expire": OFFICER,
    "POST /meetings/{meeting_id}/extend": OFFICER,
    "POST /meetings/{meeting_id}/close": OFFICER,
    "GET /meetings/{meeting_id}/records": OFFICER,
    "POST /meetings/{meeting_id}/records": OFFICER,
    "GET /meetings/{meeting_id}/records.csv": OFFICER,
    "POST /meetings/{meeting_id}/records/{record_id}/left": OFFICER,
    "GET /check-ins": OFFICER,
    "GET /check-ins/{record_id}": OFFICER,
    "GET /check-ins/{record_id}/pictures/{picture}": OFFICER,
    "POST /check-ins/{record_id}/review": OFFICER,
    "POST /check-ins/reviews": OFFICER,
    "GET /me/device": VOTER,
    "POST /me/device": VOTER,
    "POST /me/platform-device": VOTER,
    "GET /device-requests": ADMIN,
    "POST /device-requests/{request_id}/approve": ADMIN,
    "POST /device-requests/{request_id}/refuse": ADMIN,
    "GET /me/meetings/{meeting_id}/record": VOTER,
    "POST /me/meetings/{meeting_id}/objection": VOTER,
    "POST /me/meetings/{meeting_id}/leave": VOTER,
    "POST /me/meetings/{meeting_id}/back": VOTER,
    "GET /me/meetings": VOTER,
    "GET /me/meetings/{meeting_id}": VOTER,
    "POST /me/meetings/{meeting_id}/check-in": VOTER,
    "POST /me/meetings/{meeting_id}/device": VOTER,
    "POST /me/meetings/{meeting_id}/leave-out": VOTER,
    "POST /me/meetings/{meeting_id}/location": VOTER,
    "POST /me/meetings/{meeting_id}/platform-device": VOTER,
    "POST /me/meetings/{meeting_id}/room": VOTER,
    "POST /me/meetings/{meeting_id}/selfie": VOTER,
    "POST /me/meetings/{meeting_id}/selfie/frames": VOTER,
}
"""Who may call what needs a token, written down by hand: a new operation has to be looked at here as well."""


def bearer(role, **values):
    """Return the header of somebody of this role, who has just signed in."""
    if role == "voter":
        pair = api_tokens.begin_voter(accounts_of_voters.token_of(accounts_of_voters.with_account()))
    else:
        user = factories.StaffUserFactory(role=StaffRole(role), **values)
        actor = Actor(role, user.id, user.username, "127.0.0.1")
        pair = api_tokens.begin_staff(accounts.start_session(user, actor))
    db.session.commit()
    return {"Authorization": f"Bearer {pair.access}"}


def operations(document):
    return {f"{method.upper()} {path.removeprefix(V1)}" for path, item in document["paths"].items() for method in item}


def test_the_document_is_valid_and_names_every_operation(client):
    document = client.get(f"{V1}/openapi.json").json
    validate(document)
    protected = {one for one in operations(document) if one.split()[1] not in PUBLIC}
    assert protected == set(MAY)
    rules = {rule.endpoint for rule in client.application.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    assert rules - {"api.openapi_document", "api.swagger", "api.redoc"} == {
        f"api.{item['operationId']}" for path in document["paths"].values() for item in path.values()
    }


def address_of(path):
    """Return an address with numbers that nothing has."""
    return V1 + re.sub(r"{(\w+)}", lambda found: str(uuid.uuid4()) if found[1] in UUIDS else "0", path)


def test_every_operation_asks_for_the_role_that_the_pages_ask_for(client):
    headers = {role: bearer(role) for role in STAFF | VOTER}
    # Signing out ends the session: it comes last.
    for operation, allowed in sorted(MAY.items(), key=lambda one: one[0].endswith("/auth/logout")):
        method, path = operation.split()
        address = address_of(path)
        answers = {role: client.open(address, method=method, headers=one) for role, one in headers.items()}
        for role, answer in answers.items():
            refused = answer.status_code in (401, 403)
            assert refused == (role not in allowed), (operation, role, answer.text)
        nobody = client.open(address, method=method)
        assert (nobody.status_code, nobody.json["code"]) == (401, "sign_in_needed"), operation
        assert nobody.mimetype == "application/problem+json"
        assert nobody.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_is_for_everybody_is_for_every_role_and_for_nobody(client):
    headers = [{}, *(bearer(role) for role in STAFF | VOTER)]
    found = [one.split() for one in operations(client.get(f"{V1}/openapi.json").json) if one.split()[1] in PUBLIC]
    assert found
    for method, path in found:
        for header in headers:
            answer = client.open(address_of(path), method=method, headers=header)
            assert answer.status_code not in (401, 403), (method, path, header, answer.text)


def test_the_cookie_of_a_browser_counts_for_nothing(admin_client):
    assert admin_client.get(f"{V1}/elections").status_code == 401


def test_a_member_of_staff_signs_in_refreshes_and_signs_out(client):
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    db.session.commit()
    wrong = client.post(f"{V1}/auth/login", json={"username": user.username, "password": "not this one"})
    assert (wrong.status_code, wrong.json["code"]) == (401, "sign_in_refused")
    first = client.post(f"{V1}/auth/login", json={"username": user.username, "password": PASSWORD}).json
    second = client.post(f"{V1}/auth/refresh", json={"refresh_token": first["refresh_token"]}).json
    header = {"Authorization": f"Bearer {second['access_token']}"}
    assert client.get(f"{V1}/auth/me", headers=header).json["name"] == user.username
    assert client.post(f"{V1}/auth/logout", headers=header).json == {"done": True}
    assert client.get(f"{V1}/auth/me", headers=header).status_code == 401
    assert client.post(f"{V1}/auth/refresh", json={"refresh_token": second["refresh_token"]}).status_code == 401


def test_a_refresh_token_that_comes_twice_ends_the_whole_family(client):
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    db.session.commit()
    first = client.post(f"{V1}/auth/login", json={"username": user.username, "password": PASSWORD}).json
    second = client.post(f"{V1}/auth/refresh", json={"refresh_token": first["refresh_token"]}).json
    header = {"Authorization": f"Bearer {second['access_token']}"}
    assert client.get(f"{V1}/auth/me", headers=header).status_code == 200
    assert client.post(f"{V1}/auth/refresh", json={"refresh_token": second["access_token"]}).status_code == 401
    assert client.get(f"{V1}/auth/me", headers=header).status_code == 200
    assert client.post(f"{V1}/auth/refresh", json={"refresh_token": first["refresh_token"]}).status_code == 401
    assert client.get(f"{V1}/auth/me", headers=header).status_code == 401
    assert client.post(f"{V1}/auth/refresh", json={"refresh_token": second["refresh_token"]}).status_code == 401
    ended = db.session.scalars(select(StaffSession).where(StaffSession.staff_user_id == user.id)).one()
    assert ended.ended_at is not None


def test_a_whole_vote_by_link_and_the_same_answer_to_the_same_key(client):
    election = link_election(voters=2, title="Choir: conductor")
    token = send_links(election)[voters_of(election)[0].id]
    standing = client.post(f"{V1}/voting/validate-token", json={"token": token}).json
    assert (standing["valid"], standing["election_title"]) == (True, "Choir: conductor")
    ballot = client.post(f"{V1}/voting/ballot", json={"token": token}).json
    choices = [one["candidate_id"] for one in ballot["choices"]]
    body, key = {"token": token, "choice": choices[0]}, {"Idempotency-Key": new_key()}
    without = client.post(f"{V1}/voting/cast", json=body)
    assert (without.status_code, without.json["code"]) == (422, "validation_failed")
    cast = client.post(f"{V1}/voting/cast", json=body, headers=key)
    again = client.post(f"{V1}/voting/cast", json={**body, "choice": choices[1]}, headers=key)
    assert cast.status_code == again.status_code == 200
    assert {name: again.json[name] for name in ("receipt", "audit_ref")} == {
        name: cast.json[name] for name in ("receipt", "audit_ref")
    }
    other = client.post(f"{V1}/voting/cast", json=body, headers={"Idempotency-Key": new_key()})
    assert (other.status_code, other.json["code"]) == (409, "already_voted")
    assert len(db.session.scalars(select(Vote).where(Vote.election_id == election.id)).all()) == 1


def test_an_election_is_made_filled_changed_and_deleted(client):
    header = bearer("admin")
    times = {"opens_at": "2030-10-18T08:00:00Z", "closes_at": "2030-10-18T20:00:00Z"}
    made = client.post(f"{V1}/elections", json={"title": "Choir", **times}, headers=header)
    assert made.status_code == 201
    one = f"{V1}/elections/{made.json['id']}"
    named = client.post(f"{one}/candidates", json={"name": "Rosa Demir"}, headers=header).json
    assert client.patch(f"{V1}/candidates/{named['id']}", json={"name": "R. Demir"}, headers=header).json["name"]
    assert [row["name"] for row in client.get(f"{one}/candidates", headers=header).json["candidates"]] == ["R. Demir"]
    assert client.patch(one, json={"title": "Large choir"}, headers=header).json["title"] == "Large choir"
    early = client.post(f"{one}/activate", headers=header)
    assert (early.status_code, early.mimetype) == (422, "application/problem+json")
    assert client.get(f"{V1}/elections?q=large", headers=header).json["total"] == 1
    assert client.delete(one, headers=header).json == {"done": True}
    assert client.get(one, headers=header).status_code == 404


def test_a_draft_is_copied_gets_a_party_with_a_symbol_and_a_portrait(client):
    header, source = bearer("admin"), factories.make_open_election(voters=2)
    made = client.post(f"{V1}/elections/{source.id}/copy", json={"roll": True}, headers=header)
    assert (made.status_code, made.json["status"], made.json["opens_by_itself"]) == (201, "draft", False)
    number = made.json["id"]
    assert client.get(f"{V1}/elections/{number}/roll", headers=header).json["counts"]["on_roll"] == 2
    party = client.post(f"{V1}/parties", json={"name": "Green Ward"}, headers=header).json

    def picture():
        return {"picture": (io.BytesIO(pictures.plain_picture()), "one.jpg")}

    named = client.put(f"{V1}/parties/{party['id']}/symbol", data=picture(), headers=header)
    assert (party["has_symbol"], named.json["has_symbol"]) == (False, True), named.text
    candidate = client.get(f"{V1}/elections/{number}/candidates", headers=header).json["candidates"][0]
    assert client.put(f"{V1}/candidates/{candidate['id']}/picture", data=picture(), headers=header).status_code == 200
    broken = {"picture": (io.BytesIO(b"no picture"), "one.jpg")}
    assert client.put(f"{V1}/candidates/{candidate['id']}/picture", data=broken, headers=header).status_code == 422
    assert client.put(f"{V1}/elections/{number}/schedule", headers=header).json["opens_by_itself"] is True
    assert client.delete(f"{V1}/elections/{number}/schedule", headers=header).json["opens_by_itself"] is False
    assert client.post(f"{V1}/elections/{number}/archive", headers=header).status_code == 409
    assert client.delete(f"{V1}/parties/{party['id']}", headers=header).json == {"done": True}


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "not_found"),
        ("DELETE", "/auth/me", {}, 405, "method_not_allowed"),
        ("POST", "/auth/login", {"data": "a=1"}, 415, "unsupported_media_type"),
        ("POST", "/auth/login", {"json": []}, 400, "bad_request"),
        ("POST", "/auth/login", {"json": {"username": "a", "role": "admin"}}, 422, "validation_failed"),
        ("GET", "/openapi.json", {}, 200, None),
    ],
)
def test_every_error_is_a_problem_document(client, method, path, request_, status, code):
    answer = client.open(V1 + path, method=method, **request_)
    assert answer.status_code == status, answer.text
    assert status == 200 or (answer.mimetype, answer.json["code"]) == ("application/problem+json", code)
