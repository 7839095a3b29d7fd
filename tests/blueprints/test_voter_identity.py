"""The camera page of an account over HTTP: the challenge, the frames, the help; never a figure to climb by."""

from __future__ import annotations

import pytest
import time_machine

from services import enrolment
from services.clock import utc_now
from tests import factories
from tests.services.identification import acting
from tests.support import voter_accounts

JSON = {"Accept": "application/json"}


@pytest.fixture
def clock(app):
    with time_machine.travel(utc_now(), tick=False) as moving:
        yield moving


@pytest.fixture
def election(clock):
    return factories.make_open_election(channels=["account", "booth"], identity_check=True)


@pytest.fixture
def voter(election):
    made = voter_accounts.with_account()
    factories.RollEntryFactory(election=election, voter=made)
    acting.enrol(made, person=7)
    return made


@pytest.fixture
def voter_client(app, voter):
    client = app.test_client()
    with client.session_transaction() as session:
        session["voter_session"] = voter_accounts.token_of(voter)
    return client


def test_the_ballot_leads_to_the_camera_and_the_camera_to_the_ballot(voter_client, election, clock):
    ballot, camera = f"/vote/account/{election.public_id}", f"/voter/identity/{election.public_id}"
    assert voter_client.get(ballot).location == camera
    assert voter_client.get(ballot, headers=JSON).json["error"]["code"] == "identity"
    assert "Show your face" in voter_client.get(camera).text
    challenge = voter_client.post(f"{camera}/start", json={}).json["challenge"]

    def send(done, frames, seq):
        body = {"challenge_id": challenge["id"], "step": done, "seq": seq, "frames": frames, "camera": "one"}
        return voter_client.post(f"{camera}/verify", json=body)

    answer = acting.perform(
        send, lambda seconds: clock.shift(seconds), challenge["steps"], 7, lambda given: given.status_code == 202
    )
    assert (answer.status_code, answer.json["result"], answer.json["redirect"]) == (200, "success", ballot)
    assert answer.json["message"] == "Your face and the registered one agree well."
    assert not answer.json.keys() & {"distance", "confidence"}
    page = voter_client.get(ballot)
    assert (page.status_code, "You are recognised." in page.text) == (200, True)
    assert voter_client.get(camera).location == ballot
    assert voter_client.post(f"{camera}/start", json={}).json["redirect"] == ballot


def test_who_cannot_be_recognised_is_told_who_helps_and_the_other_ways(voter_client, election, voter, admin_client):
    enrolment.withdraw(voter.id, voter_accounts.ANYBODY)
    camera = f"/voter/identity/{election.public_id}"
    page = voter_client.get(camera)
    assert "The Election Commission helps you" in page.text
    assert "At a polling booth, with an identity document." in page.text
    assert voter_client.post(f"{camera}/start", json={}).json == {"challenge": None, "officer": True}
    waiting = admin_client.get(f"/admin/attempts?election={election.id}&review=pending")
    assert waiting.status_code == 200


def test_frames_of_another_session_are_refused(voter_client, election, app):
    other = app.test_client()
    stranger = voter_accounts.with_account()
    factories.RollEntryFactory(election=election, voter=stranger)
    with other.session_transaction() as session:
        session["voter_session"] = voter_accounts.token_of(stranger)
    camera = f"/voter/identity/{election.public_id}"
    challenge = voter_client.post(f"{camera}/start", json={}).json["challenge"]
    body = {"challenge_id": challenge["id"], "step": 0, "seq": 0, "frames": acting.straight()}
    assert other.post(f"{camera}/verify", json=body).status_code == 404
