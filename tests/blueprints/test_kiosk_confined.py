"""A kiosk against every route and every way to ask: it is never more than a kiosk, and changes nothing elsewhere."""

from __future__ import annotations

import pytest

from models import StaffRole
from tests import factories
from tests.support import routes

OUTSIDE = [route for route in routes.all_routes() if route.endpoint.split(".")[0] in ("admin", "ops")]
OPEN_TO_ALL = {"ops.health", "ops.live", "ops.ready", "ops.prometheus", "ops.mail_events"}
BOOTH = {route.endpoint for route in routes.all_routes() if route.endpoint.startswith("poll.")}
TRICKS = {
    "json": {"headers": {"Accept": "application/json"}},
    "page": {},
    "form method": {"data": {"_method": "DELETE"}},
    "method header": {"headers": {"X-HTTP-Method-Override": "GET", "Accept": "application/json"}},
    "own word": {"json": {"role": "admin", "is_admin": True, "staff_session": "x"}},
    "proxy header": {
        "headers": {"X-Forwarded-For": "127.0.0.1", "X-Original-URL": "/poll/", "X-Rewrite-URL": "/poll/"}
    },
    "bearer": {"headers": {"Authorization": "Bearer x", "Cookie": "staff_session=x"}},
}


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.usefixtures("open_election")
def test_a_kiosk_gets_into_no_room_but_its_own(trick, app, kiosk_client):
    rows = routes.existing_rows()
    before, refused = routes.row_counts(), 0
    for route in OUTSIDE:
        answer = kiosk_client.open(route.address(rows), method=route.method, **TRICKS[trick])
        if route.endpoint in OPEN_TO_ALL:
            continue
        refused += 1
        assert answer.status_code in (302, 403), f"{route}: {answer.status_code}"
        assert answer.status_code == 403 or answer.location.startswith(("/?", "/poll/")), route
    assert refused > 30
    assert routes.row_counts() == before


def test_the_booth_has_the_routes_that_this_test_means(app):
    assert {"poll.index", "poll.start", "poll.verify", "poll.vote"} <= BOOTH


@pytest.mark.parametrize("path", ["/admin", "/admin//voters", "/admin/voters/../results", "/poll/../admin/", "/ADMIN/",
                                  "/admin/%2e%2e/admin/voters", "/./admin/voters", "/admin/voters;x=1"])  # fmt: skip
def test_no_spelling_of_a_path_leads_into_the_desk(path, kiosk_client):
    answer = kiosk_client.get(path, follow_redirects=True)
    assert answer.status_code in (403, 404), answer.text[:200]


def test_without_a_password_a_kiosk_stays_a_kiosk(kiosk_client):
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    body = {"room": "commission", "username": user.username, "password": "guess"}
    assert kiosk_client.post("/login", json=body).status_code == 409
    assert kiosk_client.post("/logout", json={"password": "guess"}).status_code >= 400
    assert kiosk_client.get("/admin/", headers={"Accept": "application/json"}).status_code == 403
    assert kiosk_client.get("/poll/").status_code == 200
