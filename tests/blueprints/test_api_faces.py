"""The API's faces: enrolled by staff, compared 1:1 with a figure for staff only, and shown before an own ballot."""

from __future__ import annotations

import io

import pytest
import time_machine
from sqlalchemy import select

from models import AuditLog, VoterFace, db
from services import api_tokens
from services.clock import utc_now
from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.services.identification import acting
from tests.support import pictures, voter_accounts


def photos(count=3, person=7):
    return [(io.BytesIO(pictures.face(person, seed)), f"{seed}.jpg") for seed in range(count)]


def photo(person=7, seed=9):
    return {"photo": (io.BytesIO(pictures.face(person, seed)), "one.jpg")}


def face_of(voter):
    return f"{V1}/voters/{voter.id}/face"


def test_a_face_is_enrolled_with_consent_compared_and_deleted(client):
    header, voter = bearer("admin"), factories.VoterFactory()
    assert "pictures of my face" in client.get(f"{V1}/faces/consent", headers=header).json["text"]
    early = client.post(f"{face_of(voter)}/verify", data=photo(), headers=header)
    assert (early.status_code, early.json["code"]) == (409, "conflict")
    form = {"images": photos(), "consent": "true"}
    made = client.put(face_of(voter), data=form, headers=header)
    assert (made.status_code, [one["slot"] for one in made.json["pictures"]]) == (200, [1, 2, 3]), made.text
    same = client.post(f"{face_of(voter)}/verify", data=photo(), headers=header).json
    other = client.post(f"{face_of(voter)}/verify", data=photo(person=8), headers=header).json
    assert (same["match"], same["reasons"], other["match"], other["reasons"]) == (True, [], False, ["different_person"])
    assert same["distance"] <= same["threshold"] < other["distance"]
    assert same["confidence"] == pytest.approx(1 - same["distance"])
    nobody = client.post(
        f"{face_of(voter)}/verify", data={"photo": (io.BytesIO(b"no picture"), "x.jpg")}, headers=header
    )
    assert (nobody.status_code, nobody.json["code"], set(nobody.json["fields"])) == (422, "pictures_refused", {"photo"})
    rows = db.session.scalars(select(AuditLog.details).where(AuditLog.event_type == "staff:face:compared")).all()
    assert [row["result"] for row in rows] == ["match", "no_match", "unusable"]
    log = client.get(f"{V1}/verifications?purpose=comparison", headers=header).json["verifications"]
    assert [(row["result"], row["reason"]) for row in log] == [
        ("unknown", "bad_image"), ("mismatch", None), ("success", None),
    ]  # fmt: skip
    assert client.delete(face_of(voter), headers=header).json == {"deleted": 3}
    assert client.get(face_of(voter), headers=header).json["pictures"] == []


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"images": photos(2), "consent": "true"}, "images"),
        ({"images": photos(3), "consent": "false"}, "consent"),
        ({"images": [*photos(2), (io.BytesIO(b"no picture"), "x.jpg")], "consent": "true"}, "images"),
    ],
)
def test_a_face_without_enough_good_pictures_or_consent_is_not_enrolled(client, form, field):
    refused = client.put(face_of(factories.VoterFactory()), data=form, headers=bearer("admin"))
    assert (refused.status_code, set(refused.json["fields"])) == (422, {field}), refused.text
    assert db.session.scalars(select(VoterFace)).all() == []


def test_a_voter_shows_the_own_face_before_a_ballot_that_asks_for_it_and_sees_no_figure(client):
    with time_machine.travel(utc_now(), tick=False) as clock:
        election = factories.make_open_election(channels=["account", "booth"], identity_check=True)
        voter = voter_accounts.with_account()
        factories.RollEntryFactory(election=election, voter=voter)
        acting.enrol(voter, person=7)
        pair = api_tokens.begin_voter(voter_accounts.token_of(voter))
        db.session.commit()
        header, own = {"Authorization": f"Bearer {pair.access}"}, f"{V1}/me/elections/{election.public_id}"
        assert client.get(f"{own}/ballot", headers=header).json["code"] == "identity"
        drawn = client.post(f"{own}/identity", headers=header).json
        look = {"challenge": drawn["challenge"], "frame": acting.frame(7)}
        assert client.post(f"{own}/identity/advice", json=look, headers=header).json == {"good": True, "advice": None}

        def send(done, frames, seq):
            body = {"challenge": drawn["challenge"], "step": done, "seq": seq, "frames": frames, "camera": "one"}
            return client.post(f"{own}/identity/frames", json=body, headers=header)

        answer = acting.perform(
            send, lambda seconds: clock.shift(seconds), drawn["steps"], 7, lambda one: one.json["result"] == "pending"
        )
        assert (answer.status_code, answer.json["result"]) == (200, "success"), answer.text
        assert not answer.json.keys() & {"distance", "confidence"}
        assert client.get(f"{own}/ballot", headers=header).status_code == 200
        again = client.post(f"{own}/identity", headers=header)
        assert (again.status_code, again.json["code"]) == (409, "no_face_needed")
