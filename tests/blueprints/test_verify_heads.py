"""The public page of the signed heads."""

import pytest

from models import StaffRole, db, use_role
from services import heads
from services.context import platform
from tests.factories import StaffUserFactory, make_open_election
from tests.support.voting import as_attacker

JSON = {"Accept": "application/json"}


@pytest.fixture
def signed(app):
    make_open_election(title="Choir: conductor")
    with use_role("sealer"):
        heads.sign_due_heads()
        db.session.commit()


def test_anybody_sees_the_newest_heads_and_the_key(client, signed):
    page = client.get("/verify/").text
    answer = client.get("/verify/", headers=JSON).json
    assert answer["key_fingerprint"] == platform().keyring.fingerprints()["signing"]
    assert [head["kind"] for head in answer["newest"]] == ["audit", "ballots"]
    for head in answer["newest"]:
        assert head["problem"] is None
        assert head["head"] in page
    assert "Ballots: Choir: conductor" in page
    assert "Records were changed." not in page
    assert "No head was mailed to an observer yet." in page


def test_the_page_says_when_observers_got_a_head(client, app):
    StaffUserFactory(role=StaffRole.OBSERVER, email="observer@example.org")
    make_open_election()
    with use_role("sealer"):
        heads.sign_due_heads()
        heads.mail_due_heads()
        db.session.commit()
    assert "Observers got a head by mail on" in client.get("/verify/").text
    assert client.get("/verify/", headers=JSON).json["mailed_at"]


def test_a_change_is_said_on_the_page(client, signed):
    as_attacker("UPDATE audit_blocks SET block_hash = sha256('x') WHERE height = 1")
    assert "Records were changed." in client.get("/verify/").text


def test_an_installation_without_heads_says_so(client):
    assert "No head was signed yet." in client.get("/verify/").text


def test_staff_sees_the_page_too(admin_client, signed):
    assert admin_client.get("/verify/").status_code == 200
