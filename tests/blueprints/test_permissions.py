"""Every route times every principal: who gets in, who is sent away, and that no change goes without a CSRF token."""

from __future__ import annotations

import re

import pytest

from models import StaffRole
from services.security import Permission
from tests.support import cases, routes
from tests.support.route_tables import EVERYBODY, MAY, NEEDS_A_PASSWORD, PRINCIPALS, allowed

ALL = routes.all_routes()
WRITES = [route for route in ALL if route.method in routes.WRITING]
TOKEN_ALONE = {"ops.mail_events", "verify.stop_mails", "vote.cast_vote"}
"""Posted to without a session, by mail programs (RFC 8058) and by other programs: the token is the whole right."""
JSON = {"Accept": "application/json"}
DOORS = {"poll": "/?room=polling", "voter": "/voter/login", "vote": "/voter/login"}


@pytest.fixture
def app(world):
    """Every test of this file begins with the rows and logins of `world`."""
    with cases.rolled_back(world.app):
        yield world.app


def test_the_matrix_names_every_route_of_the_application(shared_app):
    assert {str(route) for route in routes.all_routes(shared_app)} == {str(route) for route in ALL}
    assert {route.endpoint for route in ALL} == set(MAY)
    assert len(WRITES) > 20


@pytest.mark.parametrize("name", PRINCIPALS)
def test_who_may_call_a_route(name, world, case):
    for route in ALL:
        with case(f"{route} as {name}"):
            caller = world.client(name)
            answer = caller.open(route.address(world.rows), method=route.method, headers=JSON, buffered=True)
            assert_let_in_or_refused(answer, route, name)


def assert_let_in_or_refused(answer, route, name):
    assert answer.status_code < 500, answer.text
    if name not in allowed(route.endpoint, route.method):
        expected = (401, "sign_in_needed") if name == "anonymous" else (403, "forbidden")
        assert (answer.status_code, answer.json["error"]["code"]) == expected
        routes.assert_refusal_in_words(answer)
    elif (route.endpoint, name) not in NEEDS_A_PASSWORD:
        error = answer.json.get("error") if answer.is_json else None
        code = error["code"] if isinstance(error, dict) else ""  # the ordered call about a token has a sentence there
        assert code not in ("sign_in_needed", "forbidden"), answer.text


def test_a_browser_that_is_not_signed_in_is_led_to_its_door(world, case):
    led = [route for route in ALL if allowed(route.endpoint, route.method) != EVERYBODY]
    for route in led:
        with case(str(route)):
            answer = world.client("anonymous").open(route.address(world.rows), method=route.method)
            assert answer.status_code == 302
            assert answer.location == DOORS.get(route.endpoint.split(".")[0], "/?room=commission"), route
    assert len(led) > 40


def test_an_admin_at_a_kiosk_is_only_the_kiosk(world, case):
    closed = [route for route in ALL if "kiosk" not in allowed(route.endpoint, route.method)]
    for route in closed:
        with case(str(route)):
            answer = world.client("admin at a kiosk").open(route.address(world.rows), method=route.method, headers=JSON)
            assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")
            world.assert_nothing_stored()
    assert len(closed) > 30


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
@pytest.mark.usefixtures("csrf_enforced")
def test_no_change_without_a_csrf_token(kind, world, case):
    body = {"form": {"data": {"name": "Planted"}}, "json": {"json": {"name": "Planted"}}, "empty": {}}[kind]
    for route in WRITES:
        if route.endpoint in TOKEN_ALONE:
            continue
        with case(str(route)):
            caller = world.client("kiosk" if route.endpoint.startswith("poll.") else "admin")
            address = route.address(world.rows)
            answer = caller.open(address, method=route.method, headers=JSON, **body)
            page = caller.open(address, method=route.method, **body)

            assert (answer.status_code, answer.json["error"]["code"]) == (400, "csrf")
            assert page.status_code == 400
            routes.assert_refusal_in_words(page)
            world.assert_nothing_stored()


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

    for endpoint, may in MAY.items():
        policy = shared_app.view_functions[endpoint].__policy__
        if isinstance(policy, Permission):
            assert {name for name in PRINCIPALS if has_permission(name, policy)} == may, endpoint
        else:
            assert (policy, may) == ("public", EVERYBODY)
