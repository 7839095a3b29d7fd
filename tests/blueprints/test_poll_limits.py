"""Rate limits: who is told to wait, and who is not shut out with him."""

from __future__ import annotations

import pytest

from blueprints import limits
from models import StaffRole, db
from services import kiosks
from services.actor import SYSTEM
from tests import factories
from tests.support.links import link_election, send_links

pytestmark = pytest.mark.commits
START, LOGIN, LINKS = 10, 10, 30


@pytest.fixture
def limited_app(make_committing_app):
    app = make_committing_app(RATE_LIMITS="on")
    with app.app_context():
        yield app
    limits.limiter.enabled = False


@pytest.fixture
def booth(limited_app):
    election = factories.make_open_election()
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)

    def make():
        _kiosk, token = kiosks.open_kiosk(election, officer, SYSTEM)
        db.session.commit()
        client = limited_app.test_client()
        with client.session_transaction() as session:
            session["kiosk"] = token
        return client

    return make


def ask(client, number, times=1):
    answers = [client.post("/poll/auth/start", json={"voter_id": number}) for _ in range(times)]
    return answers[-1]


def test_one_voter_id_tried_too_often_has_to_wait_and_the_next_voter_does_not(booth):
    client, number = booth(), factories.with_check_digit(9999999)
    assert ask(client, number, START).status_code == 200
    refused = ask(client, f"{number[:4]} {number[4:]}")

    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert ask(client, factories.with_check_digit(9999998)).status_code == 200


def test_a_polling_place_behind_one_address_is_not_shut_out(booth):
    number = factories.with_check_digit(9999999)
    assert ask(booth(), number, START + 1).status_code == 429
    assert ask(booth(), number).status_code == 200


def test_a_booth_cannot_try_out_voter_ids(booth):
    client = booth()
    # Typing slips: numbers with a right check digit are slowed sooner (test_guessing.py).
    answers = [ask(client, _with_wrong_check_digit(9000000 + step)).status_code for step in range(41)]

    assert answers == [200] * 40 + [429]


def _with_wrong_check_digit(body):
    number = factories.with_check_digit(body)
    return f"{number[:-1]}{(int(number[-1]) + 1) % 10}"


def test_the_page_says_in_words_that_one_has_to_wait(booth):
    client, number = booth(), factories.with_check_digit(9999999)
    ask(client, number, START)
    page = client.post("/poll/auth/start", data={"voter_id": number})

    assert page.status_code == 429
    assert "Too many tries" in page.text


def test_guessing_at_one_account_stops_and_other_accounts_stay_open(limited_app):
    client = limited_app.test_client()

    def sign_in(username):
        return client.post("/login", json={"room": "commission", "username": username, "password": "guess"})

    answers = [sign_in("admin") for _ in range(LOGIN + 1)]
    assert [answer.json["error"]["code"] for answer in answers].index("too_many") == LOGIN
    assert answers[-1].status_code == 429
    assert sign_in("somebody.else").status_code == 401


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[1]", b"{}"])
def test_a_body_that_cannot_be_read_still_counts_and_breaks_nothing(body, booth):
    answer = booth().post("/poll/auth/start", data=body, content_type="application/json")
    assert answer.status_code == 422


def test_without_the_switch_nothing_is_counted(kiosk_client):
    number = factories.with_check_digit(9999999)
    assert ask(kiosk_client, number, START + 5).status_code == 200


def test_unknown_voting_links_are_slowed_down_and_a_town_behind_one_address_is_not(limited_app):
    election = link_election(voters=1)
    (token,) = send_links(election).values()
    client = limited_app.test_client()
    for _ in range(LINKS + 5):
        assert client.get(f"/vote?token={token}").status_code == 303
    answers = [client.get("/vote?token=short").status_code for _ in range(LINKS + 1)]
    assert answers == [404] * LINKS + [429]
