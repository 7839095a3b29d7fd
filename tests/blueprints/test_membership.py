"""Staff who are not on an election's list are told that there is no such election, wherever they ask."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Election, ElectionStaff, RollEntry, StaffRole, StaffSession, db
from services import elections, membership
from services.actor import SYSTEM, Actor
from tests import factories
from tests.support import routes
from tests.support.route_tables import allowed

JSON = {"Accept": "application/json"}
TITLE, NAME, BOOTH = "Conclave of the Others", "Foreign Candidate", "Booth 1"
FORM = {"reason": "r", "direction": "up", "confirm": "yes", "_method": "PUT"}
OF_THE_INSTALLATION = frozenset(
    {
        "voter_id",
        "party_id",
        "group_id",
        "mail_id",
        "number",
        "path",
        "slot",
        "import_id",
        "registration_id",
        "staff_id",
        "link_id",
        "session_id",
    }
)
"""Whatever else a route names is part of an election, until somebody says otherwise here."""
OF_ALL_ADMINS = frozenset({"meeting_id", "picture", "record_id", "request_id"})
"""An admin sees the meetings and check-ins of everybody, and who asks for another phone; an officer the own ones."""
ANSWERS_404 = ("admin.results_live", "admin.export_csv", "admin.export_pdf", "admin.booth_sheets",
               "admin.booth_sheets_pdf")  # fmt: skip
"""What exists only of a chosen election."""


@pytest.fixture
def foreign(app):
    """An open election of others, with values for the routes that name a part of it."""
    election = factories.make_open_election(title=TITLE)
    draft = factories.ElectionFactory(title=f"{TITLE}, draft")
    candidate = factories.CandidateFactory(election=draft, name=NAME)
    return routes.existing_rows() | {"election_id": election.id, "candidate_id": candidate.id}


@pytest.fixture
def stranger(sign_in, foreign):
    """Sign in as staff of no election, in a session that had chosen the foreign one before."""

    def make(role):
        caller = sign_in(role, on_lists=False)
        session = db.session.scalar(select(StaffSession).where(StaffSession.staff_user_id == caller.user.id))
        session.election_id = foreign["election_id"]
        db.session.commit()
        return caller

    return make


def calls(role, wanted):
    """Return the routes of the desk that this role may use and that `wanted` holds for."""
    return [
        route for route in routes.all_routes() if role.value in allowed(route.endpoint, route.method) and wanted(route)
    ]


@pytest.mark.parametrize("role", list(StaffRole))
def test_whatever_names_an_election_of_others_is_not_found(role, stranger, foreign):
    caller = stranger(role)
    seen = OF_THE_INSTALLATION | (OF_ALL_ADMINS if role is StaffRole.ADMIN else frozenset())
    named = calls(role, lambda route: route.rule.arguments - seen)
    answers = {
        str(route): caller.open(route.address(foreign), method=route.method, headers=JSON, data=FORM).status_code
        for route in named
    }

    assert answers == dict.fromkeys(answers, 404)
    assert len(answers) >= 2


@pytest.mark.parametrize("role", list(StaffRole))
def test_no_page_and_no_json_tells_of_an_election_of_others(role, stranger, foreign):
    caller = stranger(role)
    asked = calls(role, lambda route: route.method == "GET" and route.endpoint.startswith("admin."))
    told = [
        f"{route} {headers}"
        for route in asked
        for headers in ({}, JSON)
        if TITLE.encode() in (page := caller.get(route.address(foreign), headers=headers).data) or NAME.encode() in page
    ]

    assert told == []
    assert len(asked) > 5


def test_the_planted_election_is_told_of_to_its_own_staff(admin_client, foreign):
    membership.join(foreign["election_id"], admin_client.user.id)
    db.session.commit()
    assert TITLE in admin_client.get("/admin/").text
    assert NAME in admin_client.get(f"/admin/candidates/{foreign['candidate_id']}").text


@pytest.mark.parametrize("endpoint", ANSWERS_404)
def test_what_exists_of_a_chosen_election_only_is_not_found(endpoint, stranger, foreign):
    caller = stranger(StaffRole.ADMIN)
    route = next(route for route in routes.all_routes() if route.endpoint == endpoint)
    assert caller.get(route.address(foreign), headers=JSON).status_code == 404


def test_an_election_of_others_is_not_found_when_the_body_names_it(stranger, foreign):
    caller = stranger(StaffRole.ADMIN)
    number = foreign["election_id"]
    reset = caller.post("/admin/election/reset", json={"election_id": number})
    candidate = caller.post("/admin/candidates", json={"election_id": number, "name": "Planted"})
    voter = caller.post("/admin/voters", json={"name": "Planted Voter", "elections": [number]})

    assert (reset.status_code, candidate.status_code, voter.status_code) == (404, 422, 422)


def test_a_voter_on_a_roll_of_others_is_not_taken_off_it(stranger, foreign):
    caller = stranger(StaffRole.ADMIN)
    voter = factories.RollEntryFactory(election=db.session.get(Election, foreign["election_id"])).voter
    shown = caller.get(f"/admin/voters/{voter.id}", headers=JSON)
    changed = caller.put(f"/admin/voters/{voter.id}", json={"elections": []})
    deleted = caller.delete(f"/admin/voters/{voter.id}", headers=JSON)

    assert (shown.json["voter"]["elections"], changed.status_code, deleted.status_code) == ([], 200, 409)
    assert db.session.scalar(select(RollEntry.election_id).where(RollEntry.voter_id == voter.id))


def test_staff_of_another_election_open_no_booth(client, foreign):
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER, on_lists=False)
    form = {"room": "polling", "username": officer.username, "password": factories.PASSWORD}
    named = client.post("/login", data=form | {"election_id": foreign["election_id"]}, headers=JSON)
    unnamed = client.post("/login", data=form, headers=JSON)

    assert (named.status_code, unnamed.status_code) == (404, 404)


def test_staff_of_another_election_close_no_booth(kiosk_client):
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER, on_lists=False)
    answer = kiosk_client.post("/logout", data={"username": officer.username, "password": factories.PASSWORD})

    assert answer.status_code == 403
    assert kiosk_client.kiosk.ended_at is None


def test_whoever_makes_an_election_is_on_its_list_and_nobody_else(admin_client):
    factories.StaffUserFactory()
    answer = admin_client.post(
        "/admin/elections",
        json={"title": "Mine", "opens_at": "2026-03-01T08:00", "closes_at": "2026-03-01T18:00", "secrecy": "secret"},
    )
    assert answer.status_code == 201, answer.text
    members = db.session.scalars(
        select(ElectionStaff.staff_user_id).where(ElectionStaff.election_id == answer.json["election"]["id"])
    ).all()
    assert members == [admin_client.user.id]


def test_the_next_round_belongs_to_the_same_staff(admin_client, open_election):
    factories.StaffUserFactory(on_lists=False)
    fresh = elections.reset_election(open_election, SYSTEM)

    assert elections.visible_elections(Actor("admin", admin_client.user.id))[0] == fresh
    assert membership.count_members(fresh.id, "admin") == membership.count_members(open_election.id, "admin")


@pytest.mark.parametrize("actor", [Actor("anonymous"), Actor("kiosk", 1), Actor("admin"), Actor("", 1)], ids=repr)
def test_an_actor_without_an_account_of_staff_sees_nothing(actor, open_election):
    factories.StaffUserFactory()
    assert elections.visible_elections(actor) == []
