import numpy as np
import pytest

from services import portraits
from services.context import platform
from services.face_service import Busy, decode_image
from tests.support.pictures import face, plain_picture

pytestmark = pytest.mark.usefixtures("app")


def test_a_head_takes_the_same_part_of_the_square_wherever_it_stood():
    picture = decode_image(face())
    left, top, side = portraits._window(picture)
    box = platform().faces.engine.detect(picture)[0].box
    assert side == round((box[3] - box[1]) * portraits.HEAD_PER_BOX / portraits.HEAD_SHARE)
    wide = np.concatenate([np.full((picture.shape[0], 400, 3), 90, np.uint8), picture], axis=1)
    square = portraits.in_one_frame(wide)
    assert square.shape[0] == square.shape[1]
    assert left <= (box[0] + box[2]) / 2 <= left + side
    assert top <= (box[1] + box[3]) / 2 <= top + side


@pytest.mark.parametrize("size", [(900, 400), (400, 900), (200, 170)])
def test_a_picture_without_a_face_is_cropped_in_the_middle(size):
    pixels = decode_image(plain_picture(size))
    square = portraits.in_one_frame(pixels)
    assert square.shape == (max(256, min(*size)),) * 2 + (3,)
    assert (square == pixels[0, 0]).all()


def test_a_busy_engine_keeps_no_candidate_off_the_ballot(monkeypatch):
    def busy(*_args, **_more):
        raise Busy

    monkeypatch.setattr(platform().faces.engine, "detect", busy)
    assert (
        portraits.in_one_frame(decode_image(face())).shape[0] == portraits.in_one_frame(decode_image(face())).shape[1]
    )
