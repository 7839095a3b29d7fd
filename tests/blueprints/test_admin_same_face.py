"""Same face twice on the desk: after enrolment, on the list of flags, on the voter's page and in the list of voters."""

from __future__ import annotations

from typing import Any

import pytest

from models import DuplicateFlag, SameFace, db
from services import same_face
from tests import factories
from tests.services.identification import acting
from tests.support.pictures import data_url, face

JSON = {"Accept": "application/json"}


@pytest.fixture
def flag(admin_client: Any) -> DuplicateFlag:
    """Enrol one face under two names over HTTP and return the flag."""
    first, second = factories.VoterFactory(name="Ada First"), factories.VoterFactory(name="Bea Second")
    acting.enrol(first)
    images = [data_url(face(7, seed)) for seed in range(3)]
    address = f"/admin/voters/{second.id}/enroll-face"
    answer = admin_client.post(address, json={"images": images, "consent": True})
    assert (answer.status_code, answer.json["same_face"]) == (201, 1)
    assert answer.json["next"] == f"/admin/same-face?voter={second.id}"
    return same_face.flags_of(second)[0]


def test_both_stand_side_by_side_and_both_are_doubtful_until_somebody_judged(flag, admin_client):
    page = admin_client.get("/admin/same-face").text
    assert "Bea Second and Ada First" in page
    for voter_id in (flag.voter_id, flag.other_id):
        assert f"/admin/voters/{voter_id}/pictures/1" in page
        assert "Doubtful: the face of" in admin_client.get(f"/admin/voters/{voter_id}").text
    assert admin_client.get("/admin/voters").text.count("Doubtful") == 2
    assert "Same face twice: 1 to judge" in admin_client.get("/admin/voters").text

    answer = admin_client.post(
        f"/admin/same-face/{flag.id}", data={"decision": "different", "note": "Twins", "seen": flag.mark}
    )
    assert (answer.status_code, answer.location) == (303, "/admin/same-face")
    assert "No face waits for a judgement" in admin_client.get("/admin/same-face").text
    assert "Doubtful" not in admin_client.get("/admin/voters").text
    assert "Twins" in admin_client.get("/admin/same-face?state=all").text


def test_json_tells_the_same_and_a_late_judge_gets_409(flag, admin_client):
    shown = admin_client.get("/admin/same-face?state=pending", headers=JSON).json["flags"][0]
    assert (shown["voter"]["name"], shown["other"]["name"]) == ("Bea Second", "Ada First")
    body = {"decision": "same_person", "note": "One birth certificate", "seen": shown["seen"]}
    answer = admin_client.post(f"/admin/same-face/{flag.id}", json=body)
    assert answer.json["flag"]["state"] == "same_person"
    assert "Suspend one of the two" in admin_client.get(f"/admin/voters/{flag.voter_id}").text
    late = admin_client.post(f"/admin/same-face/{flag.id}", json=body)
    assert (late.status_code, late.json["error"]["code"]) == (409, "judged_meanwhile")
    assert db.session.get(DuplicateFlag, flag.id).state is SameFace.SAME_PERSON


def test_a_judgement_without_a_reason_says_so_at_its_field(flag, admin_client):
    answer = admin_client.post(f"/admin/same-face/{flag.id}", data={"decision": "different", "seen": flag.mark})
    assert answer.status_code == 422
    assert f'id="f-{flag.id}-note-e"' in answer.text
