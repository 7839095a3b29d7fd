"""The NumPy network against dlib's own, and what happens when the model file is another one."""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from services.face_service.encoders import SLOW, DlibEncoder, load_encoder
from services.face_service.engine import DlibEngine, model_path
from services.face_service.errors import ModelUnavailable
from services.face_service.resnet import ResNet, WrongModel
from services.face_service.resnet.model_file import read_layers
from tests.services.face.helpers import packaged_portraits

pytestmark = [pytest.mark.realface, pytest.mark.slow]
MODEL = Path(model_path("encoder"))


@pytest.fixture(scope="module")
def network() -> ResNet:
    return ResNet(MODEL)


@pytest.fixture(scope="module")
def oracle() -> DlibEncoder:
    return DlibEncoder(DlibEngine().dlib, MODEL)


def made_up_chips() -> np.ndarray:
    rows, columns = np.mgrid[:150, :150]
    slopes = np.stack([(rows + columns) // 2, rows, columns], axis=-1)
    noise = np.random.default_rng(1).integers(0, 256, (150, 150, 3))
    return np.stack([np.zeros_like(slopes), np.full_like(slopes, 255), noise, slopes]).astype(np.uint8)


def test_black_white_noise_and_slopes_encode_as_dlib_encodes_them(network: ResNet, oracle: DlibEncoder) -> None:
    chips = made_up_chips()
    assert np.abs(network(chips) - oracle(chips)).max() <= 1e-5


def test_portraits_mirrored_and_darkened_encode_as_dlib_encodes_them(network: ResNet, oracle: DlibEncoder) -> None:
    engine, chips = DlibEngine(), []
    for portrait in packaged_portraits():
        for picture in (portrait, portrait[:, ::-1], (portrait * 0.5).astype(np.uint8)):
            chips.append(engine.detect(picture)[0].chip)
    assert np.abs(network(np.stack(chips)) - oracle(np.stack(chips))).max() <= 1e-5


def test_the_whole_way_of_a_face_gives_what_dlib_gives_without_us(oracle: DlibEncoder) -> None:
    engine, portrait = DlibEngine(), packaged_portraits()[0]
    dlib, face = engine.dlib, engine.detect(portrait)[0]
    points = dlib.points([dlib.point(int(x), int(y)) for x, y in face.landmarks])
    shape = dlib.full_object_detection(dlib.rectangle(*face.box), points)
    theirs = np.array(oracle._model.compute_face_descriptor(portrait, shape, 1))
    assert np.abs(engine.encode(portrait, face) - theirs).max() <= 1e-5


def test_a_batch_gives_what_single_faces_give(network: ResNet) -> None:
    chips = made_up_chips()
    assert np.abs(network(chips) - np.concatenate([network(chip[None]) for chip in chips])).max() <= 1e-5


def test_two_faces_encoded_at_once_have_the_numbers_of_each_alone() -> None:
    engine, portraits = DlibEngine(), packaged_portraits()
    found = [(portrait, engine.detect(portrait)[0]) for portrait in portraits]
    together, alone = engine.encode_many(found), [engine.encode(*item) for item in found]
    assert engine.encode_many([]) == []
    assert np.abs(np.stack(together) - np.stack(alone)).max() <= 1e-5


def test_threads_that_share_the_network_get_each_their_own_face(network: ResNet) -> None:
    chips = made_up_chips()
    alone = [network(chip[None])[0] for chip in chips]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda index: network(chips[index % 4][None])[0], range(80)))
    assert max(np.abs(vector - alone[index % 4]).max() for index, vector in enumerate(together)) <= 1e-5


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b"\2" + data[1:]])
def test_a_changed_model_file_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(WrongModel):
        read_layers(change(MODEL.read_bytes()))


@pytest.mark.parametrize("change", [lambda data: data[:-9], lambda data: data + b"\0"])
def test_a_file_whose_layers_do_not_end_with_it_is_refused(change, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    data = change(MODEL.read_bytes())
    monkeypatch.setattr("services.face_service.resnet.model_file.SHA256", hashlib.sha256(data).hexdigest())
    with pytest.raises(WrongModel):
        read_layers(data)


def test_an_unknown_model_file_is_left_to_dlib_and_said_aloud(
    network: ResNet, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.face_service.resnet.model_file.SHA256", "0" * 64)
    with caplog.at_level(logging.ERROR):
        encoder = load_encoder(DlibEngine().dlib, MODEL)
    assert "SEVERAL TIMES SLOWER" in caplog.text
    chip = made_up_chips()[3:]
    assert isinstance(encoder, DlibEncoder)
    assert np.abs(encoder(chip) - network(chip)).max() <= 1e-5


def test_an_engine_with_an_unknown_model_file_works_and_names_its_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    portrait, good = packaged_portraits()[0], DlibEngine()
    theirs = good.encode(portrait, good.detect(portrait)[0])
    monkeypatch.setattr("services.face_service.resnet.model_file.SHA256", "0" * 64)
    slow = DlibEngine()
    assert np.abs(slow.encode(portrait, slow.detect(portrait)[0]) - theirs).max() <= 1e-5
    assert (good.trouble(), slow.trouble()) == (None, SLOW)


def engine_over(model: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> DlibEngine:
    (folder / "model.dat").write_bytes(model)
    places = {"encoder": str(folder / "model.dat")}
    monkeypatch.setattr("services.face_service.engine.model_path", lambda kind: places.get(kind) or model_path(kind))
    return DlibEngine()


def test_one_flipped_byte_in_the_model_file_leaves_faces_to_dlib(
    network: ResNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, portrait = bytearray(MODEL.read_bytes()), packaged_portraits()[0]
    data[20] ^= 0x40
    engine = engine_over(bytes(data), tmp_path, monkeypatch)
    face = engine.detect(portrait)[0]
    sound = network(face.chip[None])[0]
    assert np.abs(engine.encode(portrait, face) - sound).max() <= 1e-5
    assert engine.trouble() == SLOW


def test_a_cut_off_model_file_makes_the_check_unavailable_and_promises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = engine_over(MODEL.read_bytes()[:-1000], tmp_path, monkeypatch)
    with pytest.raises(ModelUnavailable):
        engine.preload()
    assert "could not be loaded" in caplog.text
    assert SLOW.upper() not in caplog.text


def test_no_number_library_starts_threads_of_its_own_beside_the_engine() -> None:
    DlibEngine().preload()
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
