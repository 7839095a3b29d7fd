"""Erasure of faces on the desk: the outlook, erasing now with reason and password, and the certificate."""

from __future__ import annotations

from typing import Any

import pytest

from models import LoginFailure, Voter, VoterFace, db
from services import elections
from services.actor import SYSTEM
from tests.factories import PASSWORD
from tests.services.identification import acting

JSON = {"Accept": "application/json"}
ADDRESS = "/admin/face-erasure"


@pytest.fixture
def voter(open_election: Any) -> Voter:
    found = acting.only_voter(open_election)
    acting.enrol(found)
    elections.close_election(open_election, SYSTEM)
    db.session.commit()
    return found


def count(table: Any) -> int:
    return db.session.query(table).count()


@pytest.mark.usefixtures("voter")
def test_what_goes_when_is_shown_and_told_as_json(admin_client):
    assert "1 voter has a face that no election needs any more." in admin_client.get(ADDRESS).text
    plain = admin_client.get(ADDRESS, headers=JSON).json
    assert (plain["days"], plain["outlook"]["ended"]) == (30, {"voters": 1, "pictures": 3})


@pytest.mark.usefixtures("voter")
def test_erasing_now_needs_a_reason_and_the_own_password_and_gives_a_certificate(admin_client, app, tmp_path):
    missing = admin_client.post(ADDRESS, data={"password": PASSWORD})
    assert (missing.status_code, count(LoginFailure)) == (422, 0)
    wrong = admin_client.post(ADDRESS, data={"reason": "The club asked", "password": "wrong password"})
    assert wrong.status_code == 422
    assert "This password is not right." in wrong.text
    assert (count(LoginFailure), count(VoterFace)) == (1, 3)

    done = admin_client.post(ADDRESS, data={"reason": "The club asked", "password": PASSWORD})
    assert (done.status_code, count(VoterFace)) == (303, 0)
    page = admin_client.get(ADDRESS)
    assert "The faces of 1 voter are erased." in page.text
    number = admin_client.get(ADDRESS, headers=JSON).json["erasures"][0]["id"]
    words = admin_client.get(f"{ADDRESS}/{number}.txt")
    assert words.headers["Content-Disposition"] == f"attachment; filename=face-erasure-{number}.txt"

    for text, code in ((words.text, 0), (words.text.replace(": 3", ": 4"), 1)):
        file = tmp_path / "certificate.txt"
        file.write_text(text, encoding="utf-8")
        assert app.test_cli_runner().invoke(args=["verify-certificate", str(file)]).exit_code == code


def test_with_nothing_to_erase_it_says_so(admin_client):
    body = {"reason": "The club asked", "password": PASSWORD}
    answer = admin_client.post(ADDRESS, json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "conflict")
    assert "No face is enrolled" in admin_client.get(ADDRESS).text
