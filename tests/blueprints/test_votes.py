"""Votes of a meeting over HTTP: made, opened and closed by the officer, on the big screen, voted on by members."""

from __future__ import annotations

import pytest

from models import Channel, db
from services import api_tokens
from services.actor import Actor
from tests import factories
from tests.support import meetings
from tests.support.links import send_links
from tests.support.motions import gathering, leave, opened
from tests.support.voter_accounts import token_of
from tests.support.voting import new_key

JSON = {"Accept": "application/json"}


@pytest.fixture
def held(officer_client):
    """Return a meeting of the officer who is signed in, with three members who are there and one who is not."""
    user, group = officer_client.user, factories.GroupFactory()
    actor = Actor("officer", user.id, user.username)
    session = meetings.meeting(group_id=group.id, actor=actor)
    people = [meetings.member(group) for _number in range(4)]
    for voter in people[:3]:
        meetings.check_in(session, voter)
    return session, people, actor


def signed_in(app, member):
    """Return the browser of a member."""
    client, token = app.test_client(), token_of(member)
    with client.session_transaction() as session:
        session["voter_session"] = token
    return client


def test_an_officer_makes_a_motion_opens_it_and_the_screen_shows_the_quorum(officer_client, held):
    session, people, actor = held
    here = f"/attendance/meetings/{session.id}"
    refused = officer_client.post(f"{here}/motions", data={"quorum": "all", "secrecy": "open"})
    assert refused.status_code == 422
    assert refused.text.count("Choose one of the answers.") >= 2
    made = officer_client.post(f"{here}/motions", data={"motion_title": "A new roof", "majority": "two_thirds"})
    assert made.status_code == 303
    (vote,) = officer_client.get(f"{here}/votes", headers=JSON).json["votes"]
    assert (vote["state"], vote["present"], vote["needed"], vote["holds"]) == ("draft", 3, 3, True)
    assert "Quorum: more than half of the members must be present." in vote["rules"]
    assert officer_client.get(f"{here}/screen", headers=JSON).json["vote"] is None
    act = f"{here}/motions/{vote['id']}"
    leave(session, people[0], actor)
    stopped = officer_client.post(f"{act}/open", data={"motion_minutes": "5"})
    assert "2 of 4 members are present, 3 are needed" in stopped.text
    leave(session, people[0], actor)
    assert officer_client.post(f"{act}/open", json={"motion_minutes": 5}).json["vote"]["state"] == "active"
    assert officer_client.get(f"{here}/screen", headers=JSON).json["vote"]["holds"] is True
    leave(session, people[0], actor)
    shown = officer_client.get(f"{here}/screen", headers=JSON).json["vote"]
    assert (shown["title"], shown["present"], shown["holds"], shown["open"]) == ("A new roof", 2, False, True)
    assert "Nobody can vote until it holds again" in officer_client.get(f"{here}/votes").text
    kept = officer_client.post(f"{here}/close")
    assert (kept.status_code, "A vote of this meeting is open" in kept.text) == (409, True)
    assert "have not voted" in officer_client.post(f"{act}/close", headers=JSON).json["error"]["message"]


def test_a_motion_of_another_meeting_is_not_found(officer_client, held):
    session, *_others = held
    other, _people, officer = gathering()
    motion = opened(other, officer)
    act = f"/attendance/meetings/{session.id}/motions/{motion.id}"
    assert officer_client.post(f"{act}/open", json={}).status_code == 404
    assert officer_client.post(f"{act}/close").status_code == 404
    assert officer_client.get(f"/attendance/meetings/{other.id}/votes").status_code == 404


def test_the_api_opens_no_ballot_to_who_is_not_there_and_says_why(client):
    session, (here, gone, away), officer = gathering(members=3, present=2)
    motion = opened(session, officer, channels=(Channel.LINK, Channel.ACCOUNT), quorum="number", number=1)
    links, number = send_links(motion), motion.public_id
    tokens = {voter.id: api_tokens.begin_voter(token_of(voter)).access for voter in (here, gone, away)}
    db.session.commit()

    def cast(voter):
        headers = {"Authorization": f"Bearer {tokens[voter.id]}", "Idempotency-Key": new_key()}
        return client.post(f"/api/v1/me/elections/{number}/cast", json={"choice": "nota"}, headers=headers)

    refused = client.get(f"/api/v1/me/elections/{number}/ballot",
                         headers={"Authorization": f"Bearer {tokens[away.id]}"})  # fmt: skip
    assert (refused.status_code, refused.json["code"]) == (403, "absent")
    by_link = client.post("/api/v1/voting/ballot", json={"token": links[away.id]})
    assert (by_link.status_code, by_link.json["code"]) == (403, "absent")
    leave(session, gone, officer)
    assert (cast(gone).status_code, cast(here).status_code) == (403, 200)
    leave(session, here, officer)
    assert cast(away).json["code"] == "absent"


def test_a_member_leaves_and_comes_back_by_the_code_of_this_moment(app):
    session, (member, *_others), officer = gathering()
    opened(session, officer)
    own, here = signed_in(app, member), f"/voter/meetings/{session.id}"
    assert "Vote now" in own.get(here).text
    assert own.post(f"{here}/leave").status_code == 303
    page = own.get(here).text
    assert "You left the meeting" in page
    assert "Vote now" not in page
    assert own.post(f"{here}/back", data={"code": "AAAAAA"}).status_code == 422
    assert own.post(f"{here}/back", json={"code": meetings.code(session)}).json == {"left_at": None}
    assert "Vote now" in own.get(here).text
