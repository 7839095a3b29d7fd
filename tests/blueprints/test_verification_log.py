"""The verification log holds every attempt with a face, whatever it was for, and shows it to those who may see it."""

from __future__ import annotations

import csv
import io

import pytest

from models import AuditLog, AuthEvent, AuthResult, Channel, StaffRole, db
from services import audit_logger
from services.actor import Actor
from tests import factories
from tests.support import meetings, pictures
from tests.support.checkins import MORNING, make_booth

JSON = {"Accept": "application/json"}
PAGE = "/admin/verifications"


def event(**values):
    """Write an attempt with a face."""
    whole = {"voter_id_input": "20481730", "result": AuthResult.SUCCESS, "liveness": {"status": "passed"}, **values}
    db.session.add(AuthEvent(**whole))
    db.session.commit()


@pytest.fixture
def everything(app):
    """One attempt of each purpose, and two without a face: a typed number, and a document."""
    election = factories.make_open_election(title="Town Council")
    booth = make_booth(election)
    event(election_id=election.id, kiosk_id=booth.kiosk.id, result=AuthResult.MISMATCH, reason="different_person",
          distance=0.71, created_at=MORNING)  # fmt: skip
    event(election_id=election.id, channel=Channel.ACCOUNT)
    session = meetings.meeting(title="Branch North")
    event(attendance_session_id=session.id, channel=Channel.ACCOUNT, result=AuthResult.UNKNOWN, reason="timeout")
    booth.refused(MORNING, reason="typing_slip")
    booth.recognised(MORNING, document=True)
    audit_logger.record("staff:face:enrolled", Actor("admin", name="Rosa"), voter_number="20481749", pictures=3)
    audit_logger.record("staff:face:compared", Actor("admin", name="Rosa"), voter_number="20481730",
                        subject_id=1, result="no_match", distance=0.66)  # fmt: skip
    db.session.commit()
    return election


def shown(client, asked=""):
    rows = client.get(f"{PAGE}{asked}", headers=JSON).json["verifications"]
    return sorted((row["purpose"], row["result"]) for row in rows)


def test_each_purpose_stands_in_the_log_and_what_showed_no_face_does_not(everything, admin_client):
    found = shown(admin_client)
    assert found == [
        ("account", "success"), ("booth", "mismatch"), ("check_in", "unknown"), ("comparison", "mismatch"),
        ("enrolment", "success"),
    ]  # fmt: skip
    page = admin_client.get(PAGE).text
    for words in ("Town Council", "Branch North", "The face is not the enrolled one", "0.71", "Enrolled"):
        assert words in page


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("?purpose=check_in", ["check_in"]), ("?result=mismatch", ["booth", "comparison"]),
        ("?until=2026-10-19T00:00", ["booth"]), ("?from=2026-10-19T00:00&purpose=booth", []),
        ("?voter_id=2048+1730&result=success", ["account"]), ("?voter_id=1", []), ("?purpose=nonsense&page=9", None),
    ],
)  # fmt: skip
def test_the_log_is_narrowed_by_purpose_outcome_time_and_voter(everything, admin_client, asked, wanted):
    found = [purpose for purpose, _result in shown(admin_client, asked)]
    assert len(found) == 5 if wanted is None else found == wanted


def test_attempts_of_an_election_are_shown_to_its_staff_only(everything, sign_in):
    stranger = sign_in(StaffRole.ADMIN, on_lists=False)
    assert [purpose for purpose, _result in shown(stranger)] == ["check_in", "comparison", "enrolment"]
    assert "Town Council" not in stranger.get(f"{PAGE}/export.csv").text
    assert sign_in(StaffRole.OFFICER).get(PAGE).status_code == 403


def test_the_file_holds_what_the_filters_show_and_the_download_is_audited(everything, admin_client):
    rows = list(csv.DictReader(io.StringIO(admin_client.get(f"{PAGE}/export.csv?purpose=booth").text)))
    assert [(row["outcome"], row["distance"], row["of"], row["by"]) for row in rows] == [
        ("mismatch", "0.710", "Town Council", "Booth 1")
    ]
    last = db.session.scalars(db.select(AuditLog).order_by(AuditLog.id.desc())).first()
    assert (last.event_type, last.details["count"]) == ("staff:verifications:exported", 1)


def test_pictures_that_were_refused_at_the_enrolment_stand_in_the_log(admin_client):
    voter = factories.VoterFactory()
    images = [(io.BytesIO(pictures.face(7, faces=0)), f"{n}.jpg") for n in range(3)]
    sent = {"consent": "yes", "images": images}
    answer = admin_client.post(f"/admin/voters/{voter.id}/enroll-face", data=sent, headers=JSON)
    assert answer.status_code == 422
    assert shown(admin_client) == [("enrolment", "unknown")]
    assert "No face was found" in admin_client.get(PAGE).text
