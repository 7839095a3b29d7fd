"""Enrolment and verification with the development engine and a repository in memory."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from services import face_service
from services.face_service import detectors, errors
from services.face_service.engine import DlibEngine, build_engine
from services.face_service.fake_engine import FakeEngine, draw_face
from services.face_service.images import encode_jpeg
from services.face_service.sealing import open_encoding, seal_encoding
from services.face_service.service import FaceService
from tests.services.face.helpers import MemoryTemplates, service_with


@pytest.fixture
def service() -> FaceService:
    return service_with(FakeEngine())


def shots(person: int, count: int = 3) -> list[bytes]:
    return [encode_jpeg(draw_face(person, seed=seed)) for seed in range(count)]


def test_enrolling_returns_one_encoding_a_picture_and_the_person_is_recognised(service: FaceService) -> None:
    encodings = service.enroll_images(1, shots(5))
    assert [vector.shape for vector in encodings] == [(128,)] * 3
    match, distance, nearest = service.verify_frame(1, encode_jpeg(draw_face(5, seed=77)))
    assert match
    assert distance == pytest.approx(0, abs=0.05)
    assert nearest in (100, 101, 102)


def test_another_person_is_not_recognised(service: FaceService) -> None:
    service.enroll_images(1, shots(5))
    match, distance, _ = service.verify_frame(1, draw_face(150))
    assert not match
    assert distance is not None
    assert distance > 0.6


def test_a_voter_without_enrolment_matches_nobody(service: FaceService) -> None:
    assert service.verify_frame(2, draw_face(5)) == (False, None, None)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (b"text", errors.BadImage),
        (encode_jpeg(draw_face(5, faces=0)), errors.NoFace),
        (encode_jpeg(draw_face(5, faces=2)), errors.MultipleFaces),
        (encode_jpeg(draw_face(5, light=10)), errors.BadLight),
        (encode_jpeg(draw_face(5, light=215)), errors.TooBright),
        (encode_jpeg(draw_face(5, yaw=30)), errors.BadPose),
        (encode_jpeg(draw_face(160)), errors.PicturesDiffer),
    ],
)
def test_one_bad_picture_stores_nothing(service: FaceService, bad: bytes, error: type[errors.FaceError]) -> None:
    with pytest.raises(error):
        service.enroll_images(1, [*shots(5, 2), bad])
    assert service.templates.load(1) == []


@pytest.mark.parametrize("count", [0, 2, 6])
def test_enrolment_needs_three_to_five_pictures(service: FaceService, count: int) -> None:
    with pytest.raises(errors.WrongCount):
        service.enroll_images(1, shots(5, count))


def test_advice_names_the_first_thing_to_change(service: FaceService) -> None:
    assert service.hint(draw_face(5), "enrol") is None
    assert service.hint(draw_face(5, yaw=30), "enrol") == "bad_pose"
    assert service.hint(draw_face(5, faces=2), "enrol") == "multiple_faces"
    with pytest.raises(errors.BadImage):
        service.hint(b"text", "enrol")
    assert all(face_service.ADVICE[code] for code in ("bad_pose", "multiple_faces", "no_face", "too_dark"))


def test_the_ordered_functions_work_on_the_configured_service(service: FaceService) -> None:
    face_service.configure(service)
    try:
        assert len(face_service.enroll_images(3, shots(9))) == 3
        assert face_service.verify_frame(3, draw_face(9, seed=5))[0]
    finally:
        face_service.configure(None)
    with pytest.raises(errors.ModelUnavailable):
        face_service.verify_frame(3, draw_face(9))


def test_every_error_has_a_code_a_status_and_plain_words() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.FaceError)]
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.status in (422, 503)
        assert str(kind().message).endswith(".")
        assert "please" not in kind().message.lower()
        assert "invalid" not in kind().message.lower()


class Xor:
    """Something like encryption."""

    def encrypt(self, data: bytes, /) -> bytes:
        return bytes(byte ^ 0x5A for byte in data)

    decrypt = encrypt


def test_a_sealed_encoding_opens_for_its_own_voter_only() -> None:
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    sealed = seal_encoding(41, vector, Xor())
    assert np.array_equal(open_encoding(41, sealed, Xor()), vector)
    with pytest.raises(ValueError, match="does not belong"):
        open_encoding(42, sealed, Xor())
    with pytest.raises(ValueError, match="does not belong"):
        open_encoding(41, sealed[:-4], Xor())


@pytest.mark.parametrize("vector", [np.full(128, np.nan), np.zeros(127)])
def test_a_damaged_encoding_is_never_stored(vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match="128 finite"):
        seal_encoding(1, vector.astype(np.float32), Xor())


def test_the_development_engine_warns_loudly(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert build_engine("fake").name == "fake"
    assert "nobody is recognised" in caplog.text


def test_the_real_engine_is_built_without_loading_its_models() -> None:
    engine = build_engine("dlib", "cnn")
    assert isinstance(engine, DlibEngine)
    assert engine.face_model == "cnn"
    for kind, model in (("other", "hog"), ("dlib", "yolo")):
        with pytest.raises(ValueError, match="FACE_"):
            build_engine(kind, model)


def test_a_busy_engine_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "WAIT_SECONDS", 0.01)
    pool = detectors.Pool(object, size=2)
    with pool.one() as first, pool.one() as second:
        assert first is not second
        with pytest.raises(errors.Busy), pool.one():
            pytest.fail("three at once")
    with pool.one() as again, pool.one() as other:
        assert {again, other} == {first, second}


def test_a_detector_is_given_back_after_an_error() -> None:
    pool = detectors.Pool(object, size=1)
    with pytest.raises(ValueError, match="picture"), pool.one():
        raise ValueError("picture")
    with pool.one() as found:
        assert found is not None


def test_missing_models_are_an_answer_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    from services.face_service import engine

    def missing(model: str) -> str:
        raise ImportError(model)

    monkeypatch.setattr(engine, "model_path", missing)
    with pytest.raises(errors.ModelUnavailable):
        DlibEngine().detect(draw_face(1))


def test_erasing_forgets_the_voter() -> None:
    service = service_with(FakeEngine())
    service.enroll_images(1, shots(5))
    assert service.erase(1) == 3
    assert isinstance(service.templates, MemoryTemplates)
    assert service.verify_frame(1, draw_face(5)) == (False, None, None)
