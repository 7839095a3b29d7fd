"""Enrolment: consent, all or nothing, reasons for each picture, deletion."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import AuditLog, Consent, VoterFace, VoterStatus, db, transaction
from services import enrolment
from services.actor import Actor
from services.context import platform
from services.enrolment import ConsentMissing, PicturesRefused
from services.errors import Conflict, NotFound, ValidationFailed
from services.face_service import PicturesDiffer
from services.pictures import PictureTooLarge
from tests import factories
from tests.support.pictures import data_url, face

ADMIN = Actor("admin", 1, "admin")


def three(person: int = 7) -> list[bytes]:
    return [face(person, seed) for seed in range(3)]


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


def files(app) -> int:
    return sum(1 for path in (platform().storage.root / "faces").rglob("*.enc"))


def test_three_pictures_with_consent_are_enrolled_encrypted(app) -> None:
    voter = factories.VoterFactory()
    with transaction():
        present = enrolment.enrol(voter.id, three(), True, ADMIN)
    assert [row.slot for row in present.faces] == [1, 2, 3]
    assert all(row.quality["px"] >= 100 for row in present.faces)
    stored = (platform().storage.root / present.faces[0].image_snapshot_path).read_bytes()
    assert b"JFIF" not in stored
    assert platform().storage.read(present.faces[0].image_snapshot_path)[:2] == b"\xff\xd8"
    assert db.session.scalars(select(Consent)).one().text_version == enrolment.CONSENT_VERSION
    row = db.session.scalars(select(AuditLog)).one()
    assert (row.event_type, row.details["pictures"]) == ("staff:face:enrolled", 3)


def test_enrolled_person_is_recognised_and_another_is_not(app) -> None:
    voter = factories.VoterFactory()
    with transaction():
        enrolment.enrol(voter.id, three(7), True, ADMIN)
    assert platform().faces.verify_frame(voter.id, face(7, 9))[0] is True
    assert platform().faces.verify_frame(voter.id, face(90, 9))[0] is False


def test_data_urls_are_taken_as_well_as_files(app) -> None:
    voter = factories.VoterFactory()
    with transaction():
        assert len(enrolment.enrol(voter.id, [data_url(item) for item in three()], True, ADMIN).faces) == 3


@pytest.mark.parametrize("consent", [False, None, "true", 1])
def test_nothing_is_enrolled_without_consent(app, consent) -> None:
    voter = factories.VoterFactory()
    with pytest.raises(ConsentMissing), transaction():
        enrolment.enrol(voter.id, three(), consent, ADMIN)
    assert (count(VoterFace), count(Consent)) == (0, 0)


@pytest.mark.parametrize("number", [0, 1, 2, 6])
def test_too_few_or_too_many_pictures_are_refused(app, number: int) -> None:
    voter = factories.VoterFactory()
    with pytest.raises(ValidationFailed) as refused, transaction():
        enrolment.enrol(voter.id, [face(seed=seed) for seed in range(number)], True, ADMIN)
    assert "images" in refused.value.fields


def test_each_bad_picture_has_its_reason_and_nothing_is_stored(app) -> None:
    voter = factories.VoterFactory()
    before = files(app)
    images = [face(), b"just words", face(faces=2), face(yaw=40), face(faces=0)]
    with pytest.raises(PicturesRefused) as refused, transaction():
        enrolment.enrol(voter.id, images, True, ADMIN)
    reasons = [(item["index"], item["code"]) for item in refused.value.pictures]
    assert reasons == [(1, "bad_image"), (2, "multiple_faces"), (3, "bad_pose"), (4, "no_face")]
    assert all(item["message"] for item in refused.value.pictures)
    assert (count(VoterFace), count(Consent), files(app)) == (0, 0, before)


def test_pictures_of_two_people_are_refused_as_a_whole(app) -> None:
    voter = factories.VoterFactory()
    with pytest.raises(PicturesDiffer), transaction():
        enrolment.enrol(voter.id, [face(7, 1), face(7, 2), face(90, 3)], True, ADMIN)
    assert (count(VoterFace), count(Consent)) == (0, 0)


def test_picture_above_the_limit_is_too_large(app) -> None:
    voter = factories.VoterFactory()
    with pytest.raises(PictureTooLarge) as refused, transaction():
        enrolment.enrol(voter.id, [face(), face(), bytes(20 * 1024 * 1024)], True, ADMIN)
    assert refused.value.status == 413


def test_enrolling_again_replaces_the_pictures(app) -> None:
    voter = factories.VoterFactory()
    with transaction():
        enrolment.enrol(voter.id, [*three(7), face(7, 3)], True, ADMIN)
    with transaction():
        present = enrolment.enrol(voter.id, three(90), True, ADMIN)
    assert [row.slot for row in present.faces] == [1, 2, 3]
    assert platform().faces.verify_frame(voter.id, face(7, 9))[0] is False
    assert db.session.scalars(select(AuditLog.event_type).order_by(AuditLog.id)).all() == [
        "staff:face:enrolled", "staff:face:enrolled_again",
    ]  # fmt: skip


def test_failed_second_enrolment_leaves_the_first(app) -> None:
    voter = factories.VoterFactory()
    with transaction():
        enrolment.enrol(voter.id, three(7), True, ADMIN)
    with pytest.raises(PicturesDiffer), transaction():
        enrolment.enrol(voter.id, [face(7), face(90), face(7)], True, ADMIN)
    assert platform().faces.verify_frame(voter.id, face(7, 9))[0] is True


def test_suspended_voter_is_not_enrolled(app) -> None:
    voter = factories.VoterFactory(status=VoterStatus.SUSPENDED)
    with pytest.raises(Conflict), transaction():
        enrolment.enrol(voter.id, three(), True, ADMIN)


def test_withdrawal_deletes_rows_and_files_and_ends_the_consent(app) -> None:
    voter = factories.VoterFactory()
    with transaction():
        paths = [row.image_snapshot_path for row in enrolment.enrol(voter.id, three(), True, ADMIN).faces]
    with transaction():
        assert enrolment.withdraw(voter.id, ADMIN) == 3
    assert count(VoterFace) == 0
    assert db.session.scalars(select(Consent)).one().withdrawn_at is not None
    assert enrolment.enrolment_of(voter).consented_at is None
    for path in paths:
        with pytest.raises(NotFound):
            platform().storage.read(path)


def test_nothing_to_withdraw_is_not_found(app) -> None:
    with pytest.raises(NotFound), transaction():
        enrolment.withdraw(factories.VoterFactory().id, ADMIN)


def test_unknown_voter_is_not_found(app) -> None:
    with pytest.raises(NotFound):
        enrolment.enrol(999_999, three(), True, ADMIN)
    with pytest.raises(NotFound):
        enrolment.check_picture(999_999, data_url(face()))


@pytest.mark.parametrize(
    ("how", "code", "gate"),
    [
        ({}, None, None),
        ({"yaw": 40}, "bad_pose", "straight"),
        ({"faces": 0}, "no_face", "one_face"),
        ({"faces": 3}, "multiple_faces", "one_face"),
        ({"light": 20}, "too_dark", "light"),
    ],
)
def test_frame_is_checked_with_advice_before_it_is_taken(app, how: dict, code: str | None, gate: str | None) -> None:
    check = enrolment.check_picture(factories.VoterFactory().id, data_url(face(**how)))
    assert (check.ok, check.code) == (code is None, code)
    assert bool(check.advice) is (code is not None)
    assert [name for name, good in check.gates.items() if good is False] == ([gate] if gate else [])
    assert count(VoterFace) == 0


def test_frame_that_is_no_picture_gets_a_reason(app) -> None:
    check = enrolment.check_picture(factories.VoterFactory().id, "data:text/plain;base64,AAAA")
    assert (check.ok, check.code) == (False, "bad_image")
