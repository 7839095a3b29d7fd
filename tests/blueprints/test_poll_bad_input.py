"""What the booth is sent by mistake or on purpose: right status, clear words, nothing stored, no stack trace."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from sqlalchemy import func, select

from models import AuthEvent, Challenge, db
from tests import factories
from tests.services.identification import acting

ROUTES = [
    ("get", "/poll/"),
    ("post", "/poll/auth/start"),
    ("get", "/poll/auth"),
    ("post", "/poll/auth/verify"),
    ("post", "/poll/auth/advice"),
    ("get", "/poll/ballot"),
    ("post", "/poll/vote"),
    ("post", "/poll/more-time"),
    ("post", "/poll/leave"),
    ("post", "/poll/officer"),
]


@pytest.fixture
def voter(open_election):
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    return voter


@pytest.fixture
def challenge(kiosk_client, voter):
    return kiosk_client.post("/poll/auth/start", json={"voter_id": voter.voter_id}).json["challenge"]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def assert_refused(answer, status, code=None):
    assert answer.status_code == status, answer.text
    assert answer.json["error"]["message"]
    assert code is None or answer.json["error"]["code"] == code
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_gets_in_without_a_kiosk(method, path, client):
    answer = getattr(client, method)(path, headers={"Accept": "application/json"})
    page = getattr(client, method)(path)

    assert_refused(answer, 401, "sign_in_needed")
    assert page.status_code == 302
    assert "room=polling" in page.location


@pytest.mark.parametrize("role", ["admin_client", "officer_client", "observer_client"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_staff_are_no_kiosk(method, path, role, request):
    client = request.getfixturevalue(role)
    assert_refused(getattr(client, method)(path, headers={"Accept": "application/json"}), 403)


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "post"])
@pytest.mark.usefixtures("csrf_enforced")
def test_a_request_without_csrf_token_does_nothing(path, kiosk_client):
    assert_refused(kiosk_client.post(path, json={}), 400, "csrf")
    assert kiosk_client.post(path, data={}).status_code == 400
    assert count(Challenge) == count(AuthEvent) == 0


@pytest.mark.parametrize(
    "body",
    [{}, {"voter_id": ""}, {"voter_id": "   "}, {"voter_id": None}, {"voter_id": 20481735}, {"voter_id": ["a"]},
     {"voter_id": {"$ne": ""}}, {"voter_id": "1" * 5000}, {"voter_id": "2048\x001735"}],
    ids=str,
)  # fmt: skip
def test_a_start_that_is_not_well_formed_is_refused(body, kiosk_client):
    assert_refused(kiosk_client.post("/poll/auth/start", json=body), 422, "validation_failed")
    assert count(AuthEvent) == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe"])
def test_json_that_is_no_object_is_refused(raw, kiosk_client):
    for path in ("/poll/auth/start", "/poll/auth/verify", "/poll/vote"):
        assert_refused(kiosk_client.post(path, data=raw, content_type="application/json"), 422)


@pytest.mark.parametrize("typed", ["' OR 1=1 --", "<script>alert(1)</script>", "2048173", "../../etc"])
def test_a_typing_slip_stays_at_the_keypad_with_words(typed, kiosk_client):
    answer = kiosk_client.post("/poll/auth/start", json={"voter_id": typed})
    page = kiosk_client.post("/poll/auth/start", data={"voter_id": typed})

    assert answer.status_code == 200
    assert (answer.json["found"], answer.json["challenge"]) == (False, None)
    assert page.status_code == 422
    assert "A voter ID has 8 digits" in page.text
    assert "<script>alert" not in page.text


def test_an_unknown_voter_is_not_found_and_learns_no_name(kiosk_client):
    number = factories.with_check_digit(9999999)
    answer = kiosk_client.post("/poll/auth/start", json={"voter_id": number})

    assert answer.status_code == 200
    assert (answer.json["found"], answer.json["eligible"], answer.json["masked_name"]) == (False, False, None)
    assert kiosk_client.post("/poll/auth/start", data={"voter_id": number}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [{"challenge_id": ""}, {"challenge_id": "x"}, {"challenge_id": "00000000-0000-0000-0000-000000000000"}], ids=str,
)  # fmt: skip
def test_frames_for_an_unknown_challenge_are_refused(change, kiosk_client, challenge):
    body = {"challenge_id": challenge["id"], "step": 0, "frames": acting.straight(count=1)} | change
    assert_refused(kiosk_client.post("/poll/auth/verify", json=body), 404, "challenge_unknown")


@pytest.mark.parametrize(
    "change",
    [{"challenge_id": 7}, {"step": None}, {"step": "0"}, {"step": True}, {"step": -5}, {"step": 10**9}, {"step": 1.5},
     {"frames": None}, {"frames": "x"}, {"frames": []}, {"frames": [1]}, {"frames": [None]}, {"frames": ["x"] * 9},
     {"frames": {"0": "x"}}, {"seq": "1"}],
    ids=lambda change: str(change)[:40],
)  # fmt: skip
def test_frames_that_are_not_well_formed_are_refused(change, kiosk_client, challenge):
    body = {"challenge_id": challenge["id"], "step": 0, "frames": acting.straight(count=1)} | change
    assert_refused(kiosk_client.post("/poll/auth/verify", json=body), 422, "validation_failed")
    assert db.session.scalars(select(Challenge)).one().state == {}


def png(size):
    buffer = io.BytesIO()
    Image.new("1", size).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"plain text", b"GIF89a" + b"0" * 100, b"\xff\xd8\xff\xe0 half a picture", png((9000, 9000)), png((10, 10))],
    ids=["empty", "text", "gif", "truncated", "bomb", "tiny"],
)
def test_what_is_no_usable_picture_is_refused(content, kiosk_client, challenge):
    body = {"challenge_id": challenge["id"], "step": 0, "frames": [acting.as_data_url(content, "png")]}
    answer = kiosk_client.post("/poll/auth/verify", json=body)

    assert_refused(answer, 422, "bad_image")
    assert db.session.scalars(select(Challenge)).one().state == {}
    assert count(AuthEvent) == 0


def test_a_20_mb_picture_is_too_large(kiosk_client, challenge):
    huge = "data:image/jpeg;base64," + base64.b64encode(bytes(20 * 1024 * 1024)).decode()
    body = {"challenge_id": challenge["id"], "step": 0, "frames": [huge]}

    assert_refused(kiosk_client.post("/poll/auth/verify", json=body), 413)


def test_frames_must_come_as_json(kiosk_client, challenge):
    answer = kiosk_client.post(
        "/poll/auth/verify", data={"challenge_id": challenge["id"], "step": "0"}, headers={"Accept": "application/json"}
    )
    assert_refused(answer, 415)


def test_the_challenge_of_another_booth_is_refused(challenge, make_kiosk_client, open_election):
    other = make_kiosk_client(open_election)
    body = {"challenge_id": challenge["id"], "step": 0, "frames": acting.straight(count=1)}

    assert_refused(other.post("/poll/auth/verify", json=body), 404, "challenge_unknown")


def test_a_used_challenge_is_refused(kiosk_client, challenge):
    row = db.session.get(Challenge, challenge["id"].split(".")[0])
    row.used_at = row.expires_at
    db.session.commit()
    body = {"challenge_id": challenge["id"], "step": 0, "frames": acting.straight(count=1)}

    assert_refused(kiosk_client.post("/poll/auth/verify", json=body), 409, "challenge_over")


def test_the_camera_page_without_a_challenge_leads_to_the_keypad(kiosk_client):
    answer = kiosk_client.get("/poll/auth")
    assert (answer.status_code, answer.location) == (303, "/poll/")


def test_a_pending_answer_says_what_to_do_next(kiosk_client, challenge):
    body = {"challenge_id": challenge["id"], "step": 0, "frames": acting.straight(), "seq": 0}
    answer = kiosk_client.post("/poll/auth/verify", json=body)

    assert answer.status_code == 202
    assert answer.json == {
        "result": "pending", "step": 0, "steps_done": 0, "demand": challenge["steps"][0], "advice": None,
        "reason": None, "seconds_left": 6,
    }  # fmt: skip


def test_advice_comes_in_words(kiosk_client, challenge):
    body = {"challenge_id": challenge["id"], "step": 0, "frames": [acting.frame(faces=2)]}
    answer = kiosk_client.post("/poll/auth/verify", json=body).json

    assert (answer["advice"], answer["reason"], answer["demand"]) == ("Only one person", "multiple_faces", "straight")


def test_the_officer_is_offered_to_a_voter_who_is_not_enrolled(kiosk_client, open_election):
    voter = acting.only_voter(open_election)
    answer = kiosk_client.post("/poll/auth/start", json={"voter_id": voter.voter_id})
    page = kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})

    assert (answer.json["found"], answer.json["eligible"], answer.json["officer"]) == (True, False, True)
    assert page.status_code == 403
    assert "Call the officer" in page.text
