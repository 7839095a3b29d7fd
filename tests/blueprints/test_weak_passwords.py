"""Wherever a password is set, one that is easy to guess is refused in words; a present one goes on working."""

from __future__ import annotations

import io
import logging

import pytest

from models import StaffLink, StaffLinkKind, StaffRole, db
from services import accounts, voter_accounts
from services.actor import Actor
from services.clock import utc_now
from services.security import hash_token
from services.staff.links import INVITATION_LASTS
from tests import factories
from tests.support import pictures
from tests.support import voter_accounts as accounts_of_voters

WEAK = "Sunshine1234"
WORDS = "This password is easy to guess"
ADVICE = "Take three or more words that do not belong together."
TWICE = {"password": WEAK, "password_again": WEAK}
JSON = {"Accept": "application/json"}


@pytest.fixture
def staff_link(app):
    """The token of a link of either kind."""

    def make(kind):
        user = factories.StaffUserFactory() if kind is StaffLinkKind.PASSWORD else None
        db.session.add(
            StaffLink(
                kind=kind, name="Rosa Demir", email="rosa@example.org", role=StaffRole.OFFICER,
                token_hash=hash_token("opensesame"), staff_user_id=user.id if user else None,
                expires_at=utc_now() + INVITATION_LASTS,
            )
        )  # fmt: skip
        db.session.commit()
        return "opensesame"

    return make


@pytest.mark.parametrize("kind", list(StaffLinkKind))
def test_a_weak_password_leaves_an_invitation_or_a_reset_of_staff_unspent(kind, client, staff_link):
    form = TWICE | {"token": staff_link(kind), "username": "rosa.demir"}
    page = client.post("/invitation", data=form)
    told = client.post("/invitation", json=form)
    assert (page.status_code, told.status_code) == (422, 422)
    assert WORDS in page.text
    assert ADVICE in told.json["error"]["fields"]["password"]
    good = {"password": factories.PASSWORD, "password_again": factories.PASSWORD}
    assert client.post("/invitation", json=form | good).status_code == 201


def test_the_name_that_is_chosen_with_the_password_counts_too(client, staff_link):
    own = {"password": "rosa.demir.rosa", "password_again": "rosa.demir.rosa"}
    answer = client.post("/invitation", json=own | {"token": staff_link(StaffLinkKind.INVITATION), "username": "rosa"})
    assert "your name" in answer.json["error"]["fields"]["password"]


def test_staff_cannot_change_to_a_weak_password(admin_client):
    form = TWICE | {"old": factories.PASSWORD}
    page = admin_client.post("/account/password", data=form)
    told = admin_client.post("/account/password", json=form)
    assert (page.status_code, told.status_code) == (422, 422)
    assert WORDS in page.text
    assert accounts.authenticate(admin_client.user.username, factories.PASSWORD, Actor("anonymous")).user is not None


def test_a_voter_cannot_change_to_a_weak_password(client):
    with client.session_transaction() as session:
        session["voter_session"] = accounts_of_voters.token_of(accounts_of_voters.with_account())
    refused = client.post("/voter/account", json=TWICE | {"old": factories.PASSWORD})
    assert (refused.status_code, set(refused.json["error"]["fields"])) == (422, {"password"})
    assert WORDS in refused.json["error"]["fields"]["password"]


def test_a_registration_with_a_weak_password_is_refused_by_page_and_api(client):
    for address in ("/voter/register", "/api/v1/auth/voter/register"):
        form = accounts_of_voters.typed(**TWICE) if "api" not in address else {
            "name": "Rosa Demir", "dob": "1984-05-19", "email": "rosa@example.org", "password": WEAK, "consent": "true",
        }  # fmt: skip
        photo = {"photo": (io.BytesIO(pictures.face(7)), "me.jpg")}
        answer = client.post(address, data=form | photo, headers=JSON, content_type="multipart/form-data")
        fields = (answer.json.get("error") or answer.json)["fields"]
        assert (answer.status_code, set(fields)) == (422, {"password"})
        assert WORDS in fields["password"]


def test_a_reset_of_a_voter_refuses_a_weak_password_and_stays_good(client):
    voter = accounts_of_voters.with_account(email="rosa@example.org")
    address = "http://localhost/voter/password/new"
    voter_accounts.ask_for_link(voter.email, Actor("anonymous"), address)
    db.session.commit()
    token = accounts_of_voters.text_of(accounts_of_voters.mails_to(voter.email)[-1]).split("token=")[1].split()[0]
    assert client.post("/voter/password/new", json=TWICE | {"token": token}).status_code == 422
    good = {"password": "otter kettle Thursday", "password_again": "otter kettle Thursday"}
    assert client.post("/voter/password/new", json=good | {"token": token}).status_code == 200


def test_a_weak_password_of_before_still_signs_in(client):
    factories.StaffUserFactory(username="old.hand", password_hash=factories.hash_password(WEAK, cost=4))
    db.session.commit()
    form = {"room": "commission", "username": "old.hand", "password": WEAK}
    assert client.post("/login", json=form).json == {"redirect": "/admin/"}


def test_no_log_line_holds_the_password_that_was_refused(admin_client, caplog):
    with caplog.at_level(logging.DEBUG):
        admin_client.post("/account/password", data=TWICE | {"old": factories.PASSWORD})
    assert WEAK not in caplog.text
