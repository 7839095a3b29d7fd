"""Headers of every answer: a policy without inline scripts, the camera on five pages, nothing kept by the browser."""

from __future__ import annotations

import logging
import re

import pytest

from tests import factories
from tests.services.identification import acting
from tests.support import routes

JSON = {"Accept": "application/json"}
READS = [route for route in routes.all_routes() if route.method == "GET"]
ROOMS = sorted({route.endpoint.split(".")[0] for route in READS})
CAMERA_PAGES = {
    "poll.camera", "admin.enrol_page", "landing.index", "voter.register", "voter.identity", "voter.check_in",
}  # fmt: skip
POSITION_PAGES = {"attendance.meetings", "attendance.new_meeting", "voter.check_in"}
KEPT = {"media.public", "media.ballot", "results.share"}
POLICY = {
    "default-src": ["'none'"], "script-src": ["'self'"], "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"], "media-src": ["'self'", "blob:"], "font-src": ["'self'"],
    "connect-src": ["'self'"], "frame-src": ["'self'"], "form-action": ["'self'"], "frame-ancestors": ["'self'"],
    "base-uri": ["'none'"],
}  # fmt: skip


def policy_of(answer):
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";") if part.strip()]
    return {name: values for name, *values in parts}


def assert_headers(answer, endpoint):
    assert policy_of(answer) == POLICY
    camera = "(self)" if endpoint in CAMERA_PAGES else "()"
    position = "(self)" if endpoint in POSITION_PAGES else "()"
    allowed = f"camera={camera}, microphone=(), geolocation={position}, payment=(), usb=()"
    assert answer.headers["Permissions-Policy"] == allowed
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Permitted-Cross-Domain-Policies"] == "none"
    assert re.fullmatch(r"[0-9a-f]{8}", answer.headers["X-Request-ID"])
    if endpoint not in KEPT:
        assert answer.headers["Cache-Control"] == "no-store"


def assert_nothing_inline(page):
    for script in re.findall(r"<script\b([^>]*)>", page):
        assert "src=" in script, script
    assert not re.search(r"<style\b|\sstyle=\"|\son[a-z]+=\"|javascript:", page)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page)


@pytest.mark.parametrize("room", ROOMS)
def test_every_page_of_everybody_carries_the_headers_and_holds_nothing_inline(
    room, client, admin_client, kiosk_client, subtests
):
    rows = routes.existing_rows()
    for route in READS:
        if route.endpoint.split(".")[0] != room:
            continue
        with subtests.test(str(route)):
            for caller in (client, admin_client, kiosk_client):
                for headers in ({}, JSON):
                    answer = caller.get(route.address(rows), headers=headers)
                    assert_headers(answer, route.endpoint)
                    if answer.mimetype == "text/html":
                        assert_nothing_inline(answer.text)
                    answer.close()


def test_errors_carry_the_headers_too(client, admin_client, app, monkeypatch):
    from services import elections

    answers = [
        client.get("/nothing"), client.get("/nothing", headers=JSON), client.post("/"), client.get("/admin/"),
        admin_client.post("/admin/parties", json=[]), admin_client.get("/poll/"), client.post("/login"),
    ]  # fmt: skip
    for name in ("TESTING", "PROPAGATE_EXCEPTIONS"):
        monkeypatch.setitem(app.config, name, False)
    monkeypatch.setattr(elections, "current_booth_elections", lambda: 1 / 0)
    answers.append(client.get("/"))
    assert {answer.status_code for answer in answers} == {302, 401, 403, 404, 405, 422, 500}
    for answer in answers:
        assert_headers(answer, None)


@pytest.mark.usefixtures("csrf_enforced")
def test_a_refused_token_carries_the_headers(admin_client):
    assert_headers(admin_client.post("/admin/parties"), None)


def test_the_camera_is_allowed_on_the_two_pages_that_show_it(admin_client, kiosk_client, open_election):
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})
    pages = [kiosk_client.get("/poll/auth"), admin_client.get(f"/admin/voters/{voter.id}/enrol")]
    assert [page.status_code for page in pages] == [200, 200]
    assert all(page.headers["Permissions-Policy"].startswith("camera=(self)") for page in pages)


def test_only_pictures_named_by_their_content_are_kept_by_the_browser(client, app):
    path = app.extensions["platform"].storage.save_public(b"\x89PNG picture", "png")
    answer = client.get(f"/media/{path.removeprefix('public/')}")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "image/png"
    assert "Set-Cookie" not in answer.headers
    assert client.get("/media/ab/" + 64 * "0" + ".png").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["picture", "static"])
def test_what_a_cache_may_share_carries_no_cookie_of_the_one_who_asked(address, admin_client, kiosk_client, app):
    path = app.extensions["platform"].storage.save_public(b"\x89PNG picture", "png")
    wanted = {"picture": f"/media/{path.removeprefix('public/')}", "static": "/static/css/app.css"}[address]
    for caller in (admin_client, kiosk_client):
        with caller.session_transaction() as session:
            session.permanent = True
        answer = caller.get(wanted)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_booth_that_is_used_stays_signed_in_all_day(kiosk_client):
    with kiosk_client.session_transaction() as session:
        session.permanent = True
    assert "Expires=" in kiosk_client.get("/poll/").headers["Set-Cookie"]


def test_private_pictures_are_not_to_be_had_as_public_ones(client, app):
    path = app.extensions["platform"].storage.save_private("faces", b"a face")
    for address in (f"/media/{path}", f"/media/../{path}", f"/static/../{path}", f"/uploads/{path}", f"/{path}"):
        assert client.get(address).status_code == 404


def test_no_answer_allows_other_sites_to_read_it(client, admin_client):
    for caller in (client, admin_client):
        for path in ("/", "/results/", "/admin/", "/admin/results/live"):
            answer = caller.get(path, headers={"Origin": "https://evil.example"})
            assert not [name for name, _value in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:99", "localhost.evil.example", "127.0.0.1:8000@evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/poll/", "/admin/", "/results/", "/login"])
def test_a_foreign_host_gets_into_no_page_and_no_location(host, path, client):
    answer = client.get(path, headers={"Host": host, "X-Forwarded-Host": host, "X-Forwarded-For": "1.2.3.4"})
    assert answer.status_code in (200, 302, 400, 404, 405)
    assert "evil.example" not in answer.text
    assert "evil.example" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("path", ["/admin", "/poll", "/results"])
def test_a_missing_slash_leads_nowhere_but_here(path, client):
    answer = client.get(path, headers={"Host": "evil.example"})
    assert not re.match(r"(https?:)?//evil", answer.headers.get("Location", "")), answer.headers["Location"]


def test_the_address_that_a_proxy_claims_does_not_count_without_one(client, app):
    user = factories.StaffUserFactory()
    for number in range(5):
        client.post(
            "/login",
            data={"username": user.username, "password": "x"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        )
    assert client.post("/login", data={"username": user.username, "password": "x"}).status_code == 429


@pytest.mark.parametrize("agent", ["", "x" * 50_000, "<script>alert(1)</script>", "a\tb", "\xff"])
def test_any_user_agent_is_taken(agent, client, app):
    user = factories.StaffUserFactory()
    data = {"room": "commission", "username": user.username, "password": factories.PASSWORD}
    assert client.post("/login", data=data, headers={"User-Agent": agent}).status_code == 302


def test_a_line_of_the_log_is_one_line_whatever_the_path_holds(client, caplog):
    with caplog.at_level(logging.INFO, logger="smart_voting.requests"):
        client.get("/a%0A2026-01-01 INFO forged%0D%1B[31m?secret=in-the-query")
    (message,) = [record.getMessage() for record in caplog.records if record.name == "smart_voting.requests"]
    assert message.isprintable()
    assert "secret" not in message
