"""Enrolment at the desk: the page, the pictures, the check of one frame."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from models import Consent, VoterFace, VoterStatus, db
from services.enrolment import CONSENT_VERSION
from tests import factories
from tests.support.pictures import TEXT_AS_IMAGE, TWENTY_MB, bomb, data_url, face

JSON = {"Accept": "application/json"}


def three() -> list[bytes]:
    return [face(seed=seed) for seed in range(3)]


def as_files(contents: list[bytes], **fields: str) -> dict:
    return {"images": [(io.BytesIO(content), f"{at}.jpg") for at, content in enumerate(contents)], **fields}


def count(table=VoterFace) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def voter(app):
    return factories.VoterFactory(name="Solveig Eriksen")


@pytest.fixture
def address(voter) -> str:
    return f"/admin/voters/{voter.id}/enroll-face"


def test_page_shows_the_consent_the_camera_and_may_use_it(admin_client, voter) -> None:
    page = admin_client.get(f"/admin/voters/{voter.id}/enrol")
    assert page.status_code == 200
    assert "Enrol Solveig Eriksen" in page.text
    assert "I agree that 3 to 5 pictures of my face" in page.text
    assert 'data-module="enrol-camera"' in page.text
    assert page.headers["Permissions-Policy"].startswith("camera=(self)")


def test_data_urls_with_consent_are_enrolled(admin_client, address) -> None:
    answer = admin_client.post(address, json={"images": [data_url(item) for item in three()], "consent": True})
    assert (answer.status_code, answer.json["enrolled"]) == (201, 3)
    assert [picture["slot"] for picture in answer.json["pictures"]] == [1, 2, 3]
    assert answer.json["pictures"][0]["quality"]["px"] >= 100
    assert db.session.scalars(select(Consent)).one().text_version == CONSENT_VERSION


def test_files_of_the_form_are_enrolled(admin_client, address, voter) -> None:
    answer = admin_client.post(address, data=as_files(three(), consent="1"), follow_redirects=True)
    assert "3 pictures are enrolled" in answer.text
    assert count() == 3
    again = admin_client.get(f"/admin/voters/{voter.id}/enrol").text
    assert "New pictures replace what is there." in again
    assert "Consent given" in again


def test_files_may_be_answered_as_json(admin_client, address) -> None:
    answer = admin_client.post(address, data=as_files(three(), consent="on"), headers=JSON)
    assert (answer.status_code, answer.json["enrolled"]) == (201, 3)


@pytest.mark.parametrize("consent", [None, False, "true", 1, "yes"])
def test_consent_must_be_given_as_true(admin_client, address, consent) -> None:
    answer = admin_client.post(address, json={"images": [data_url(item) for item in three()], "consent": consent})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "consent_missing")
    assert count() == 0


def test_form_without_consent_comes_back_with_words(admin_client, address) -> None:
    answer = admin_client.post(address, data=as_files(three()))
    assert answer.status_code == 422
    assert "Ask the voter for consent first" in answer.text
    assert 'href="#f-consent"' in answer.text


@pytest.mark.parametrize(
    "images", [None, "x", 5, {}, [], [1], [None], ["words"] * 3, ["data:image/png;base64,????"] * 3, ["x"] * 500]
)
def test_wrong_pictures_in_json_are_422_and_store_nothing(admin_client, address, images) -> None:
    answer = admin_client.post(address, json={"images": images, "consent": True})
    assert answer.status_code == 422
    assert answer.json["error"]["message"]
    assert count() == count(Consent) == 0


def test_every_bad_picture_is_named(admin_client, address) -> None:
    contents = [face(), TEXT_AS_IMAGE, face(faces=2), bomb()]
    answer = admin_client.post(address, data=as_files(contents, consent="1"), headers=JSON)
    assert answer.status_code == 422
    assert [(row["index"], row["code"]) for row in answer.json["pictures"]] == [
        (1, "bad_image"), (2, "multiple_faces"), (3, "bad_image"),
    ]  # fmt: skip
    page = admin_client.post(address, data=as_files(contents, consent="1"))
    assert "Picture 2: This file is not a picture" in page.text
    assert 'name="consent" value="1" required checked' in page.text
    assert count() == 0


def test_two_people_are_refused_together(admin_client, address) -> None:
    contents = [face(7, 1), face(7, 2), face(90, 3)]
    answer = admin_client.post(address, data=as_files(contents, consent="1"), headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "pictures_differ")


def test_twenty_megabytes_are_413_in_words(admin_client, address) -> None:
    answer = admin_client.post(address, data=as_files([face(), face(), bytes(TWENTY_MB)], consent="1"), headers=JSON)
    assert answer.status_code == 413
    assert "20.0 MB" in answer.json["error"]["message"]


def test_more_than_a_request_may_hold_is_413(admin_client, address) -> None:
    answer = admin_client.post(address, data=as_files([bytes(TWENTY_MB)] * 2, consent="1"), headers=JSON)
    assert answer.status_code == 413
    assert count() == 0


def test_suspended_voter_is_409(admin_client, address, voter) -> None:
    voter.status = VoterStatus.SUSPENDED
    db.session.commit()
    assert admin_client.post(address, data=as_files(three(), consent="1"), headers=JSON).status_code == 409


def test_pictures_are_deleted_and_the_consent_ends(admin_client, address) -> None:
    admin_client.post(address, data=as_files(three(), consent="1"))
    assert admin_client.delete(address, headers=JSON).json == {"deleted": 3}
    assert count() == 0
    assert db.session.scalars(select(Consent)).one().withdrawn_at is not None
    assert admin_client.delete(address, headers=JSON).status_code == 404


def test_form_deletes_the_pictures(admin_client, address) -> None:
    admin_client.post(address, data=as_files(three(), consent="1"))
    answer = admin_client.post(address, data={"_method": "DELETE"}, follow_redirects=True)
    assert "3 pictures were deleted" in answer.text
    assert count() == 0


def test_frame_is_judged_with_advice_and_not_stored(admin_client, voter) -> None:
    path = f"/admin/voters/{voter.id}/check-picture"
    good = admin_client.post(path, json={"frame": data_url(face())}).json
    assert (good["ok"], good["code"], good["gates"]["distance"]) == (True, None, True)
    bad = admin_client.post(path, json={"frame": data_url(face(yaw=40))}).json
    assert (bad["ok"], bad["code"], bad["advice"]) == (False, "bad_pose", "Look straight at the camera.")
    assert bad["quality"]["px"] >= 100
    assert count() == 0


@pytest.mark.parametrize("body", [{}, {"frame": None}, {"frame": 5}, {"frame": ""}])
def test_check_without_a_frame_is_422(admin_client, voter, body: dict) -> None:
    assert admin_client.post(f"/admin/voters/{voter.id}/check-picture", json=body).status_code == 422


def test_frame_that_is_no_picture_is_judged_bad(admin_client, voter) -> None:
    answer = admin_client.post(f"/admin/voters/{voter.id}/check-picture", json={"frame": data_url(TEXT_AS_IMAGE)})
    assert (answer.status_code, answer.json["ok"], answer.json["code"]) == (200, False, "bad_image")


def test_officer_observer_kiosk_and_strangers_are_kept_out(
    client, officer_client, observer_client, kiosk_client, voter, address
) -> None:
    for other in (officer_client, observer_client, kiosk_client):
        assert other.get(f"/admin/voters/{voter.id}/enrol", headers=JSON).status_code == 403
        assert other.post(address, data=as_files(three(), consent="1"), headers=JSON).status_code == 403
        assert other.delete(address, headers=JSON).status_code == 403
        assert other.post(f"/admin/voters/{voter.id}/check-picture", json={}).status_code == 403
    assert client.post(address, json={}).status_code == 401


def test_without_csrf_token_nothing_is_enrolled(admin_client, csrf_enforced, address, voter) -> None:
    assert admin_client.post(address, data=as_files(three(), consent="1"), headers=JSON).status_code == 400
    assert admin_client.delete(address, headers=JSON).status_code == 400
    assert admin_client.post(f"/admin/voters/{voter.id}/check-picture", json={}).status_code == 400
    assert count() == 0


def test_unknown_voter_is_404(admin_client) -> None:
    for verb, path in (("get", "enrol"), ("post", "check-picture"), ("delete", "enroll-face")):
        arguments = {"json": {"frame": data_url(face())}} if verb == "post" else {"headers": JSON}
        assert getattr(admin_client, verb)(f"/admin/voters/999999/{path}", **arguments).status_code == 404
