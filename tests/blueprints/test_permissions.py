"""Every route times every principal: who gets in, who is sent away, and that no change goes without a CSRF token."""

from __future__ import annotations

import re

import pytest

from models import StaffRole
from services.security import Permission
from tests.support import routes

ALL = routes.all_routes()
STAFF = ("admin", "officer", "observer")
PRINCIPALS = ("anonymous", *STAFF, "kiosk")
JSON = {"Accept": "application/json"}

# Written down once more, by hand: a route that is new, or whose policy changed, has to be looked at here as well.
EVERYBODY = frozenset(PRINCIPALS)
DESK, ADMIN, KIOSK = frozenset(STAFF), frozenset({"admin"}), frozenset({"kiosk"})
RESULTS = frozenset({"admin", "observer"})
BOOTHS = frozenset({"admin", "officer"})
MAY = {
    "landing.index": EVERYBODY, "auth.login": EVERYBODY, "auth.logout": EVERYBODY, "media.public": EVERYBODY,
    "ops.health": EVERYBODY, "ops.live": EVERYBODY, "ops.ready": EVERYBODY, "ops.prometheus": EVERYBODY,
    "results.live": EVERYBODY, "results.page": EVERYBODY,
    "results.receipt": EVERYBODY, "results.receipts": EVERYBODY,
    "ops.mailbox": ADMIN, "ops.message": ADMIN, "ops.message_html": ADMIN, "ops.picture": ADMIN,
    "admin.dashboard": DESK, "admin.live_desk": DESK,
    "admin.elections": DESK, "admin.election": DESK, "admin.select_election": DESK,
    "admin.edit_election": ADMIN, "admin.change_election": ADMIN, "admin.copy_election": ADMIN,
    "admin.schedule_election": ADMIN, "admin.unschedule_election": ADMIN, "admin.archive_election": ADMIN,
    "admin.ballot_rules": DESK, "admin.change_ballot_rules": ADMIN,
    "admin.new_election": ADMIN, "admin.open_election": ADMIN, "admin.close_election": ADMIN,
    "admin.extend_page": ADMIN, "admin.extend_election": ADMIN,
    "admin.approvals_page": BOOTHS, "admin.confirm_approval": BOOTHS, "admin.reject_approval": BOOTHS,
    "admin.withdraw_approval": BOOTHS,
    "admin.recovery_copy": ADMIN, "admin.reset_election": ADMIN,
    "admin.results": RESULTS, "admin.results_live": RESULTS, "admin.export_csv": RESULTS, "admin.export_pdf": RESULTS,
    "admin.voters": ADMIN, "admin.new_voter": ADMIN, "admin.voter": ADMIN,
    "admin.enrol_page": ADMIN, "admin.enroll_face": ADMIN, "admin.check_picture": ADMIN,
    "admin.roll": ADMIN, "admin.add_to_roll": ADMIN, "admin.add_groups_to_roll": ADMIN, "admin.remove_from_roll": ADMIN,
    "admin.groups": ADMIN, "admin.group": ADMIN, "admin.join_group": ADMIN, "admin.leave_group": ADMIN,
    "admin.parties": ADMIN, "admin.new_party": ADMIN, "admin.party": ADMIN,
    "admin.candidates": ADMIN, "admin.new_candidate": ADMIN, "admin.candidate": ADMIN,
    "admin.attempts": ADMIN, "admin.attempt": ADMIN, "admin.review_attempt": ADMIN, "admin.attempt_picture": ADMIN,
    "admin.move_candidate": ADMIN, "admin.preview_ballot": ADMIN, "admin.sample_ballot": DESK,
    "admin.enrolled_picture": ADMIN, "admin.same_faces": ADMIN, "admin.judge_same_face": ADMIN,
    "admin.face_erasures": ADMIN, "admin.erasure_certificate": ADMIN,
    "results.sample_ballot": EVERYBODY, "admin.tie_page": ADMIN, "admin.resolve_tie": ADMIN,
    "admin.export_json": RESULTS, "results.document": EVERYBODY, "results.share": EVERYBODY,
    "admin.booths": BOOTHS, "admin.stop_booth": BOOTHS, "admin.note_booth": BOOTHS, "admin.booth_sheets": BOOTHS,
    "admin.booth_sheets_pdf": BOOTHS, "poll.heartbeat": KIOSK,
    "poll.index": KIOSK, "poll.start": KIOSK, "poll.camera": KIOSK, "poll.verify": KIOSK, "poll.ballot": KIOSK,
    "poll.vote": KIOSK, "poll.more_time": KIOSK, "poll.leave": KIOSK, "poll.abandon": KIOSK, "poll.officer": KIOSK,
    "poll.document_form": KIOSK, "poll.document": KIOSK, "poll.document_cancel": KIOSK,
}  # fmt: skip
NARROWER = {("admin.elections", "POST"): ADMIN}
"""Methods that fewer may use than the route."""
NEEDS_A_PASSWORD = {("auth.logout", "kiosk"), ("auth.login", "kiosk")}


def allowed(route):
    """Return the principals that may use a route; nobody while the matrix does not name it."""
    return NARROWER.get((route.endpoint, route.method), MAY.get(route.endpoint, frozenset()))


WRITES = [route for route in ALL if route.method in routes.WRITING]


@pytest.fixture
def rows(app):
    return routes.existing_rows()


def test_the_matrix_names_every_route_of_the_application(shared_app):
    assert {str(route) for route in routes.all_routes(shared_app)} == {str(route) for route in ALL}
    assert {route.endpoint for route in ALL} == set(MAY)
    assert len(WRITES) > 20


@pytest.mark.parametrize("name", PRINCIPALS)
@pytest.mark.parametrize("route", ALL, ids=str)
@pytest.mark.usefixtures("open_election")
def test_who_may_call_a_route(route, name, rows, client, sign_in, kiosk_client):
    caller = {"anonymous": lambda: client, "kiosk": lambda: kiosk_client}.get(name, lambda: sign_in(StaffRole(name)))()
    answer = caller.open(route.address(rows), method=route.method, headers=JSON)

    assert answer.status_code < 500, answer.text
    if name not in allowed(route):
        expected = (401, "sign_in_needed") if name == "anonymous" else (403, "forbidden")
        assert (answer.status_code, answer.json["error"]["code"]) == expected
        routes.assert_refusal_in_words(answer)
    elif (route.endpoint, name) not in NEEDS_A_PASSWORD:
        code = answer.json["error"]["code"] if answer.is_json and "error" in answer.json else ""
        assert code not in ("sign_in_needed", "forbidden"), answer.text


@pytest.mark.parametrize("route", [route for route in ALL if allowed(route) != EVERYBODY], ids=str)
def test_a_browser_that_is_not_signed_in_is_led_to_its_door(route, rows, client):
    answer = client.open(route.address(rows), method=route.method)

    assert answer.status_code == 302
    assert answer.location == ("/?room=polling" if route.endpoint.startswith("poll.") else "/?room=commission")


@pytest.mark.parametrize("route", [route for route in ALL if "kiosk" not in allowed(route)], ids=str)
def test_an_admin_at_a_kiosk_is_only_the_kiosk(route, rows, admin_client, kiosk_client):
    with kiosk_client.session_transaction() as session:
        token = session["kiosk"]
    with admin_client.session_transaction() as session:
        session["kiosk"] = token
    before = routes.row_counts()
    answer = admin_client.open(route.address(rows), method=route.method, headers=JSON)

    assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")
    assert routes.row_counts() == before


def test_an_ended_kiosk_does_not_turn_into_the_admin_whose_token_lies_beside(admin_client, kiosk_client, db_session):
    from services import kiosks
    from services.actor import SYSTEM

    with kiosk_client.session_transaction() as session:
        token = session["kiosk"]
    with admin_client.session_transaction() as session:
        session["kiosk"] = token
    kiosks.end_kiosk(kiosk_client.kiosk.id, SYSTEM)
    db_session.commit()
    assert admin_client.get("/admin/", headers=JSON).status_code == 401


@pytest.mark.parametrize("kind", ["form", "json", "empty"])
@pytest.mark.parametrize("route", WRITES, ids=str)
@pytest.mark.usefixtures("open_election", "csrf_enforced")
def test_no_change_without_a_csrf_token(route, kind, rows, admin_client, kiosk_client):
    caller = kiosk_client if route.endpoint.startswith("poll.") else admin_client
    body = {"form": {"data": {"name": "Planted"}}, "json": {"json": {"name": "Planted"}}, "empty": {}}[kind]
    before = routes.row_counts()
    answer = caller.open(route.address(rows), method=route.method, headers=JSON, **body)
    page = caller.open(route.address(rows), method=route.method, **body)

    assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")
    assert page.status_code == 400
    routes.assert_refusal_in_words(page)
    assert routes.row_counts() == before


def token_of(client, address="/admin/parties/new"):
    found = re.search(r'name="csrf[_-]token"[^>]*(?:value|content)="([^"]+)"', client.get(address).text)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("csrf_enforced")
def test_the_token_of_the_page_lets_a_form_and_json_through(admin_client):
    token = token_of(admin_client)
    form = admin_client.post("/admin/parties", data={"name": "By form", "csrf_token": token})
    answer = admin_client.post("/admin/parties", json={"name": "By JSON"}, headers={"X-CSRFToken": token})
    assert (form.status_code, answer.status_code) == (303, 201)


@pytest.mark.usefixtures("csrf_enforced")
@pytest.mark.parametrize("forged", ["", "x", "null", "IjEi.aaaa.bbbb"])
def test_a_forged_token_is_refused(forged, admin_client):
    answer = admin_client.post("/admin/parties", json={"name": "Planted"}, headers={"X-CSRFToken": forged})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")


@pytest.mark.usefixtures("csrf_enforced")
def test_the_token_of_another_session_is_refused(admin_client, sign_in):
    other = token_of(sign_in(StaffRole.ADMIN))
    token_of(admin_client)
    answer = admin_client.post("/admin/parties", json={"name": "Planted"}, headers={"X-CSRFToken": other})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")


@pytest.mark.usefixtures("csrf_enforced")
def test_a_token_in_the_address_does_not_count(admin_client):
    token = token_of(admin_client)
    answer = admin_client.post(f"/admin/parties?csrf_token={token}", data={"name": "Planted"}, headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")


def test_the_policy_of_each_route_gives_the_matrix(shared_app):
    from services.security import has_permission

    for endpoint, allowed in MAY.items():
        policy = shared_app.view_functions[endpoint].__policy__
        if isinstance(policy, Permission):
            assert {name for name in PRINCIPALS if has_permission(name, policy)} == allowed, endpoint
        else:
            assert (policy, allowed) == ("public", EVERYBODY)
