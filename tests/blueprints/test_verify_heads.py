"""The public page of the signed heads."""

from dataclasses import replace

import pytest

from models import Election, StaffRole, db, transaction, use_role
from services import heads
from services.context import platform
from tests.factories import StaffUserFactory, make_open_election
from tests.support.timestamping import make_issuer, stamp_all
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
    assert "No head was mailed to anybody outside yet." in page


def test_the_page_says_when_observers_got_a_head(client, app):
    StaffUserFactory(role=StaffRole.OBSERVER, email="observer@example.org")
    make_open_election()
    with use_role("sealer"):
        heads.sign_due_heads()
        heads.mail_due_heads()
        db.session.commit()
    assert "Observers and others outside got a head by mail on" in client.get("/verify/").text
    assert client.get("/verify/", headers=JSON).json["mailed_at"]


def test_a_change_is_said_on_the_page(client, signed):
    as_attacker("UPDATE audit_blocks SET block_hash = sha256('x') WHERE height = 1")
    assert "Records were changed." in client.get("/verify/").text


def test_an_installation_without_heads_says_so(client):
    assert "No head was signed yet." in client.get("/verify/").text


def test_staff_sees_the_page_too(admin_client, signed):
    assert admin_client.get("/verify/").status_code == 200


@pytest.fixture
def stamped(signed, tmp_path, monkeypatch):
    root, issuer = make_issuer()
    (tmp_path / "root.pem").write_bytes(root.pem)
    settings = replace(platform().settings, timestamp_ca=tmp_path / "root.pem")
    monkeypatch.setattr(platform(), "settings", settings)
    with use_role("sealer"), transaction():
        stamp_all(issuer)


def test_a_time_stamp_is_shown_and_anybody_can_take_it(client, stamped):
    page = client.get("/verify/").text
    head = client.get("/verify/", headers=JSON).json["newest"][0]
    told = head["time_stamp"]
    assert (told["by"], told["problem"]) == ("Clock of Larkmoor", None)
    assert f"openssl ts -verify -digest {told['hash']}" in page

    answer = client.get(told["address"])
    assert answer.mimetype == "application/timestamp-reply"
    assert bytes.fromhex(told["hash"]) in answer.data
    assert client.get("/verify/head-999999.tsr", headers=JSON).status_code == 404

    election = client.get(f"/verify/{db.session.query(Election).one().public_id}")
    assert "Clock of Larkmoor" in election.text


def test_a_planted_time_stamp_is_said_on_the_pages(client, stamped):
    as_attacker("UPDATE signed_heads SET timestamp_token = 'other'")
    for address in ("/verify/", f"/verify/{db.session.query(Election).one().public_id}"):
        assert "Its time stamp cannot be read." in client.get(address).text
