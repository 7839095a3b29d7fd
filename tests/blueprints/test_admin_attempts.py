"""Attempts on the desk: the list, the pictures with their audit rows, the judgement, and what the result says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import false, select

from models import AuditLog, AuthEvent, AuthResult, Review, StaffRole, db
from services import elections, membership
from services.actor import SYSTEM
from services.context import platform
from services.storage import FACES, FRAUD_ATTEMPTS
from tests import factories
from tests.services.identification import acting
from tests.services.identification.test_reviews import attempt, voted
from tests.support.pictures import face

JSON = {"Accept": "application/json"}


@pytest.fixture
def mismatch(open_election: Any) -> AuthEvent:
    """A stranger's attempt under the number of an enrolled voter, with its picture."""
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    path = platform().storage.save_private(FRAUD_ATTEMPTS, face(90))
    return attempt(open_election, voter_id=voter.id, voter_id_input=voter.voter_id, snapshot_path=path, distance=0.8123)


def views() -> list[dict[str, Any]]:
    rows = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "staff:evidence:viewed"))
    return [row.details for row in rows]


def test_the_list_shows_why_and_the_menu_how_many_wait(mismatch, admin_client):
    page = admin_client.get("/admin/attempts").text
    assert "The face is not the enrolled one." in page
    assert '<span class="n">1<span class="sr"> to review</span></span>' in page
    assert "0.81" in page
    plain = admin_client.get("/admin/attempts?result=mismatch&review=pending", headers=JSON).json
    assert (plain["total"], plain["waiting"], plain["attempts"][0]["id"]) == (1, 1, mismatch.id)
    assert admin_client.get("/admin/attempts?result=success", headers=JSON).json["total"] == 0


@pytest.mark.usefixtures("mismatch")
def test_questions_that_make_no_sense_are_as_if_not_asked(admin_client):
    asked = "?result=x&method=y&review=z&kiosk=-1&from=yesterday&until=9999-12-31T23:59&page=minus&voter_id=%00"
    assert admin_client.get(f"/admin/attempts{asked}", headers=JSON).json["total"] == 1


def test_times_are_asked_for_in_local_time(mismatch, admin_client):
    after = (mismatch.created_at.replace(tzinfo=None)).isoformat()
    assert admin_client.get(f"/admin/attempts?from={after}", headers=JSON).json["total"] == 1
    assert admin_client.get(f"/admin/attempts?until={after}", headers=JSON).json["total"] == 0


def test_one_attempt_stands_beside_the_enrolled_face_of_the_claimed_voter(mismatch, admin_client):
    page = admin_client.get(f"/admin/attempts/{mismatch.id}").text
    assert f"/admin/attempts/{mismatch.id}/picture" in page
    assert f"/admin/voters/{mismatch.voter_id}/pictures/1" in page
    assert "Was it right to refuse?" in page


def test_every_view_of_a_picture_is_in_the_audit_log_once_an_hour(mismatch, admin_client):
    for _again in range(2):
        assert admin_client.get(f"/admin/attempts/{mismatch.id}/picture").data[:2] == b"\xff\xd8"
        assert admin_client.get(f"/admin/voters/{mismatch.voter_id}/pictures/2").data[:2] == b"\xff\xd8"
    number = mismatch.voter_id_input
    assert views() == [
        {"kind": "attempt", "subject_id": mismatch.id, "voter_number": number},
        {"kind": "enrolled", "subject_id": mismatch.voter_id, "voter_number": number},
    ]


def test_a_picture_that_is_gone_is_not_found_and_no_view(mismatch, admin_client):
    mismatch.snapshot_path = None
    db.session.commit()
    assert admin_client.get(f"/admin/attempts/{mismatch.id}/picture").status_code == 404
    assert admin_client.get(f"/admin/voters/{mismatch.voter_id}/pictures/5").status_code == 404
    assert views() == []
    assert "its time is over" in admin_client.get(f"/admin/attempts/{mismatch.id}").text


def test_a_damaged_picture_is_said_and_does_not_break_the_page(mismatch, admin_client):
    (platform().storage.root / mismatch.snapshot_path).write_bytes(b"damaged")
    assert admin_client.get(f"/admin/attempts/{mismatch.id}/picture", headers=JSON).status_code == 410
    assert admin_client.get(f"/admin/attempts/{mismatch.id}").status_code == 200


def test_a_judgement_by_form_leads_to_the_next_that_waits_and_at_the_end_to_the_list(
    mismatch, open_election, admin_client
):
    other = attempt(open_election)
    for event, where in ((other, f"/admin/attempts/{mismatch.id}"), (mismatch, "/admin/attempts")):
        answer = admin_client.post(
            f"/admin/attempts/{event.id}/review", data={"decision": "confirmed", "seen": event.review_mark}
        )
        assert (answer.status_code, answer.location) == (303, where)
    assert db.session.get(AuthEvent, mismatch.id).review is Review.CONFIRMED


def test_a_rejection_without_a_note_keeps_what_was_typed_and_says_where(mismatch, admin_client):
    answer = admin_client.post(
        f"/admin/attempts/{mismatch.id}/review", data={"decision": "rejected", "seen": mismatch.review_mark}
    )
    assert answer.status_code == 422
    assert "Say what speaks against it." in answer.text


def test_the_second_reviewer_gets_409_and_the_page_as_it_is_now(mismatch, admin_client, sign_in):
    seen = mismatch.review_mark
    first = admin_client.post(f"/admin/attempts/{mismatch.id}/review", json={"decision": "confirmed", "seen": seen})
    assert first.json["attempt"]["review"] == "confirmed"
    body = {"decision": "rejected", "note": "No", "seen": seen}
    second = sign_in(StaffRole.ADMIN)
    assert second.post(f"/admin/attempts/{mismatch.id}/review", json=body).json["error"]["code"] == "reviewed_meanwhile"
    page = second.post(f"/admin/attempts/{mismatch.id}/review", data=body)
    assert page.status_code == 409
    assert f"{admin_client.user.username} confirmed this attempt meanwhile" in page.text


def test_attempts_of_an_election_that_the_desk_may_not_show_are_not_found(mismatch, admin_client, monkeypatch):
    monkeypatch.setattr(membership, "seen_by", lambda _actor: false())
    for address in ("", "/picture"):
        assert admin_client.get(f"/admin/attempts/{mismatch.id}{address}", headers=JSON).status_code == 404


def test_nothing_on_the_page_of_an_attempt_tells_the_time_of_the_vote_or_its_ballot(open_election, admin_client):
    event = voted(open_election, Review.PENDING)
    page = admin_client.get(f"/admin/attempts/{event.id}", headers={"Accept": "text/html"}).text
    assert "A vote was cast after this attempt." in page
    plain = admin_client.get(f"/admin/attempts/{event.id}", headers=JSON).json["attempt"]
    assert plain.keys().isdisjoint({"cast_at", "audit_ref", "vote", "receipt", "pass"})


def test_documents_are_listed_with_reason_and_people_beside_the_average(open_election, admin_client):
    officer, second = factories.StaffUserFactory(), factories.StaffUserFactory()
    kiosk = voting_kiosk(open_election)
    attempt(
        open_election, result=AuthResult.SUCCESS, method="document", document="passport", officer_id=officer.id,
        second_officer_id=second.id, note="Bandage over one eye", reason="document", kiosk_id=kiosk.id,
    )  # fmt: skip
    page = admin_client.get("/admin/attempts?method=document").text
    assert f"Bandage over one eye ({officer.username}, {second.username})" in page
    assert "Over all booths: 100.0 %." in page


def voting_kiosk(election: Any) -> Any:
    from tests.support import voting

    return voting.make_kiosk(election)


@pytest.fixture
def doubted(open_election: Any) -> Any:
    voted(open_election, Review.REJECTED)
    elections.close_election(open_election, SYSTEM)
    db.session.commit()
    return open_election


def test_the_result_pages_and_the_live_desk_say_what_is_under_review(doubted, admin_client, client):
    said = "1 vote is under review: the identification of its voter was rejected afterwards."
    for address in ("/admin/", "/admin/results", "/admin/attempts"):
        assert said in admin_client.get(address).text, address
    assert said in client.get(f"/results/?election={doubted.id}").text


def test_the_picture_of_a_success_is_read_from_its_own_folder(open_election, admin_client):
    path = platform().storage.save_private(FACES, face(7))
    event = attempt(open_election, result=AuthResult.SUCCESS, snapshot_path=path)
    assert admin_client.get(f"/admin/attempts/{event.id}/picture").mimetype == "image/jpeg"
