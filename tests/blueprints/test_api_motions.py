"""The API's votes of a meeting: an officer makes a motion, opens it while the quorum holds, and reads its verdict."""

from __future__ import annotations

from models import StaffUser, db
from services import accounts, api_tokens
from tests.blueprints.test_api import V1, bearer
from tests.support import meetings
from tests.support.motions import gathering, leave
from tests.support.voter_accounts import token_of
from tests.support.voting import new_key, seal_all


def of_officer(actor):
    """Return the header of the officer of a meeting."""
    user = db.session.get(StaffUser, actor.id)
    pair = api_tokens.begin_staff(accounts.start_session(user, actor))
    db.session.commit()
    return {"Authorization": f"Bearer {pair.access}"}


def voter_header(voter):
    pair = api_tokens.begin_voter(token_of(voter))
    db.session.commit()
    return {"Authorization": f"Bearer {pair.access}"}


def test_a_motion_is_made_opened_with_the_quorum_voted_on_and_its_verdict_read(client):
    session, people, actor = gathering(members=3, present=2)
    header, here = of_officer(actor), f"{V1}/meetings/{session.id}"
    body = {"title": "A new roof", "rule": {"majority": "two_thirds"}}
    made = client.post(f"{here}/motions", json=body, headers=header)
    assert (made.status_code, made.json["status"], made.json["quorum"]["holds"]) == (201, "draft", True), made.text
    one = f"{here}/motions/{made.json['election_id']}"
    leave(session, people[0], actor)
    assert client.post(f"{one}/open", json={}, headers=header).status_code == 422
    leave(session, people[0], actor)
    assert client.post(f"{one}/open", json={"minutes": 5}, headers=header).json["status"] == "active"
    assert client.post(f"{one}/close", headers=header).status_code == 409
    for voter in people[:2]:
        mine = voter_header(voter)
        election = client.get(f"{V1}/me/elections", headers=mine).json["elections"][0]["public_id"]
        ballot = client.get(f"{V1}/me/elections/{election}/ballot", headers=mine).json
        yes = ballot["choices"][0]["candidate_id"]
        key = {"Idempotency-Key": new_key()}
        cast = client.post(f"{V1}/me/elections/{election}/cast", json={"choice": yes}, headers=mine | key)
        assert cast.status_code == 200, cast.text
    assert client.post(f"{one}/close", headers=header).json["status"] == "closed"
    seal_all()
    (vote,) = client.get(f"{here}/votes", headers=header).json["votes"]
    assert vote["verdict"] is not None
    assert vote["calculation"]


def test_the_votes_of_a_meeting_are_for_its_officer(client):
    session = meetings.meeting()
    assert client.get(f"{V1}/meetings/{session.id}/votes", headers=bearer("officer")).status_code == 404
