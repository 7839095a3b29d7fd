"""Advice while somebody finds the place before the camera: who gets it, what it says, and that nothing stays of it."""

from __future__ import annotations

import logging
import uuid

import pytest
from sqlalchemy import func, select

from blueprints import limits
from models import AuthEvent, Challenge, db
from tests.services.identification import acting


@pytest.fixture
def challenge(kiosk_client, open_election):
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    return kiosk_client.post("/poll/auth/start", json={"voter_id": voter.voter_id}).json["challenge"]


def ask(client, challenge, frame=None, **change):
    body = {"challenge_id": challenge["id"], "frame": acting.frame(7) if frame is None else frame} | change
    return client.post("/poll/auth/advice", json=body)


@pytest.mark.parametrize(
    ("pose", "said"),
    [({}, {"ok": True, "reason": None, "advice": None}),
     ({"yaw": 40}, {"ok": False, "reason": "bad_pose", "advice": "Look straight at the camera"}),
     ({"faces": 2}, {"ok": False, "reason": "multiple_faces", "advice": "Only one person"}),
     ({"faces": 0}, {"ok": False, "reason": "no_face", "advice": "Look straight at the camera"})],
    ids=str,
)  # fmt: skip
def test_the_page_is_told_what_to_change_and_no_more(pose, said, kiosk_client, challenge):
    assert ask(kiosk_client, challenge, acting.frame(7, **pose)).json == said


def test_a_stranger_gets_the_same_advice_as_the_voter(kiosk_client, challenge):
    assert ask(kiosk_client, challenge, acting.frame(99)).json == ask(kiosk_client, challenge).json


def test_advice_is_no_attempt_and_leaves_nothing(kiosk_client, challenge, caplog):
    with caplog.at_level(logging.INFO):
        for pose in ({}, {"yaw": 40}, {}):
            assert ask(kiosk_client, challenge, acting.frame(7, **pose)).status_code == 200
    assert "auth/advice" not in caplog.text
    row = db.session.scalars(select(Challenge)).one()
    assert (row.state, row.used_at) == ({}, None)
    assert db.session.scalar(select(func.count()).select_from(AuthEvent)) == 0


def test_another_booth_a_used_challenge_and_nobody_get_none(
    kiosk_client, challenge, make_kiosk_client, open_election, client, caplog
):
    assert ask(make_kiosk_client(open_election), challenge).json["error"]["code"] == "challenge_unknown"
    assert ask(kiosk_client, {"id": str(uuid.uuid4())}).status_code == 404
    assert ask(client, challenge).status_code == 401
    row = db.session.get(Challenge, challenge["id"].split(".")[0])
    row.used_at = row.expires_at
    db.session.commit()
    with caplog.at_level(logging.INFO):
        assert ask(kiosk_client, challenge).json["error"]["code"] == "challenge_over"
    assert "/poll/auth/advice 409" in caplog.text


@pytest.mark.parametrize("frame", [7, "", [], "x", acting.as_data_url(b"no picture")], ids=str)
def test_what_is_no_picture_is_refused(frame, kiosk_client, challenge):
    answer = ask(kiosk_client, challenge, **{"frame": frame})
    assert answer.status_code == 422
    assert answer.json["error"]["message"]


def test_advice_has_a_limit_of_its_own_that_eight_pictures_a_second_do_not_reach():
    assert int(limits.ADVICE.split()[0]) > 8 * 60
    assert limits.ADVICE.endswith("per minute")
