"""The face engine: find faces, place landmarks, compute encodings. The only module that touches dlib.

Why it is built this way (face.md, section 0): dlib's detector shared between threads crashes the process, so one lock
guards detection; faces are sought in a small grey copy and encoded at full size; encoding needs no lock (resnet/);
face_recognition's own import may end the process and loads a model that is not needed, so the files of
face_recognition_models are opened directly.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from services.face_service.encoders import Encoder, load_encoder
from services.face_service.errors import Busy, ModelUnavailable
from services.face_service.images import Pixels
from services.face_service.quality import MIN_SCORE, Quality, measure
from services.face_service.resnet import CHIP_SIDE
from services.face_service.signals import box_overlap
from services.face_service.threads import one_thread_each

log = logging.getLogger(__name__)

Box = tuple[int, int, int, int]
Encoding = NDArray[np.float32]
Landmarks = NDArray[np.float32]

LOCK_SECONDS = 5.0
DETECT_SIDE = 320
"""Longest side in pixels of the copy in which faces are sought: 6 ms, none of 61 lost with the fall-backs."""
CNN_SIDE = 640
HOG_LEAST = 80
OTHERS_SHARE, OTHERS_SIDE = 0.4, 1280
"""Others are sought down to this share of the main face's width, in a copy of at most this many pixels a side."""
CHIP_PADDING = 0.25
CROP_SIDE = 300
"""Face crops are enlarged to this side for the eyes: halves the jitter of the blink signal (face.md 3.2)."""
MODEL_FILES = {
    "landmarks": "shape_predictor_68_face_landmarks.dat",
    "encoder": "dlib_face_recognition_resnet_model_v1.dat",
    "cnn": "mmod_human_face_detector.dat",
}
# One lock for the process, not for the engine: a second engine would share dlib's code and the same two cores.
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Face:
    """One face: box (left, top, right, bottom) in px, landmarks (68, 2), detector score, quality figures."""

    box: Box
    landmarks: Landmarks
    score: float
    quality: Quality

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]


class FaceEngine(Protocol):
    """What the face service needs. Pictures are contiguous (height, width, 3) uint8 RGB arrays."""

    name: str

    def detect(self, image: Pixels, quick: bool = False) -> list[Face]:
        """Return the faces, widest first; `quick` may miss people behind. Raises Busy, ModelUnavailable."""

    def eye_landmarks(self, image: Pixels, face: Face) -> Landmarks:
        """Return (68, 2) landmarks steadier at the eyes than those of `detect`; raises Busy."""

    def encode(self, image: Pixels, face: Face) -> Encoding:
        """Return the 128 numbers of the face; raises Busy."""

    def encode_many(self, found: Sequence[tuple[Pixels, Face]]) -> list[Encoding]:
        """Return the encodings of several faces, which together cost less; raises Busy."""


@contextmanager
def _exclusive() -> Iterator[None]:
    if not _LOCK.acquire(timeout=LOCK_SECONDS):
        raise Busy()
    try:
        yield
    finally:
        _LOCK.release()


class DlibEngine:
    """dlib's HOG (or CNN) detector, 68-point landmarks and ResNet encoder; models load at first use."""

    name = "dlib"

    def __init__(self, face_model: str = "hog") -> None:
        if face_model not in ("hog", "cnn"):
            raise ValueError(f"FACE_MODEL must be hog or cnn, not {face_model!r}")
        self.face_model = face_model
        self._dlib: Any = None
        self._detector: Any = None
        self._landmarks: Any = None
        self._encoder: Encoder | None = None

    def preload(self) -> None:
        """Load the models now (0.8 s, 120 MB), so that forked workers share them; raises ModelUnavailable."""
        with _exclusive():
            self._load()

    def _load(self) -> Encoder:
        if self._encoder is not None:
            return self._encoder
        one_thread_each()
        try:
            import dlib

            self._dlib = dlib
            if self.face_model == "cnn":
                self._detector = dlib.cnn_face_detection_model_v1(_model_path("cnn"))
            else:
                self._detector = dlib.get_frontal_face_detector()
            self._landmarks = dlib.shape_predictor(_model_path("landmarks"))
            self._encoder = load_encoder(dlib, Path(_model_path("encoder")))
        except (ImportError, OSError, RuntimeError, SystemExit) as error:
            log.exception("face models could not be loaded")
            raise ModelUnavailable() from error
        # Whoever imports face_recognition elsewhere switches this on for everybody.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        return self._encoder

    def detect(self, image: Pixels, quick: bool = False) -> list[Face]:
        """Return the faces with a score of at least 0.5, widest first.

        After the first face others are sought down to 0.4 of its width (20 ms more); `quick` leaves that out.
        """
        image = np.ascontiguousarray(image, dtype=np.uint8)
        with _exclusive():
            self._load()
            found = self._find(image, quick)
            faces = [self._describe(image, box, score) for box, score in found]
        return sorted(faces, key=lambda face: face.width, reverse=True)

    def _find(self, image: Pixels, quick: bool) -> list[tuple[Box, float]]:
        if self.face_model == "cnn":
            small, scale = _shrunk(image, CNN_SIDE)
            found = [(item.rect, item.confidence) for item in self._detector(small, 0)]
            return [(_scaled(rect, scale), float(score)) for rect, score in found if score >= MIN_SCORE]
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        small, scale = _shrunk(grey, DETECT_SIDE)
        for picture, factor, upsample in ((small, scale, 0), (small, scale, 1), (grey, 1.0, _full_upsample(grey))):
            found = self._hog(picture, factor, upsample)
            if found:
                return found if quick else self._with_others(grey, found)
        return []

    def _hog(self, grey: NDArray[np.uint8], factor: float, upsample: int = 0) -> list[tuple[Box, float]]:
        rects, scores, _ = self._detector.run(grey, upsample, 0.0)
        found = [(_scaled(rect, factor), float(score)) for rect, score in zip(rects, scores, strict=True)]
        return [(box, score) for box, score in found if score >= MIN_SCORE]

    def _with_others(self, grey: NDArray[np.uint8], found: list[tuple[Box, float]]) -> list[tuple[Box, float]]:
        """Add smaller faces: the detector sees none below 80 px, so the copy is as large as those need."""
        widest = max(box[2] - box[0] for box, _ in found)
        side = min(max(grey.shape) * HOG_LEAST / (OTHERS_SHARE * widest), float(OTHERS_SIDE))
        scale = max(grey.shape) / side
        size = (round(grey.shape[1] / scale), round(grey.shape[0] / scale))
        copy = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        others = [item for item in self._hog(copy, scale) if all(box_overlap(item[0], box) < 0.2 for box, _ in found)]
        return found + others

    def _describe(self, image: Pixels, box: Box, score: float) -> Face:
        shape = self._landmarks(image, self._dlib.rectangle(*box))
        chip = self._dlib.get_face_chip(image, shape, CHIP_SIDE, CHIP_PADDING)
        points = _points(shape)
        return Face(box, points, score, measure(box[2] - box[0], points, chip))

    def eye_landmarks(self, image: Pixels, face: Face) -> Landmarks:
        """Return the median landmarks of three slightly different boxes on a face crop enlarged to 300 px."""
        crop, origin, scale = _face_crop(np.ascontiguousarray(image, dtype=np.uint8), face.box)
        box = [(value - offset) * scale for value, offset in zip(face.box, origin * 2, strict=True)]
        shift = 0.03 * (box[2] - box[0])
        readings = []
        with _exclusive():
            self._load()
            for move in (-shift, 0.0, shift):
                rect = self._dlib.rectangle(*(round(value + move) for value in box))
                readings.append(_points(self._landmarks(crop, rect)))
        return np.asarray(np.median(readings, axis=0) / scale + np.array(origin), dtype=np.float32)

    def encode(self, image: Pixels, face: Face) -> Encoding:
        """Return the 128 numbers of the face, not normalised (norm about 1.5)."""
        return self.encode_many([(image, face)])[0]

    def encode_many(self, found: Sequence[tuple[Pixels, Face]]) -> list[Encoding]:
        """Return the encodings of several faces, in their order."""
        if not found:
            return []
        with _exclusive():
            encoder = self._load()
            chips = [self._chip(image, face) for image, face in found]
        return list(encoder(np.stack(chips)))

    def _chip(self, image: Pixels, face: Face) -> Pixels:
        """Return the face aligned as the encoder was trained on: (150, 150, 3)."""
        dlib = self._dlib
        points = dlib.points([dlib.point(round(float(x)), round(float(y))) for x, y in face.landmarks])
        shape = dlib.full_object_detection(dlib.rectangle(*face.box), points)
        image = np.ascontiguousarray(image, dtype=np.uint8)
        return np.asarray(dlib.get_face_chip(image, shape, CHIP_SIDE, CHIP_PADDING), dtype=np.uint8)


def build_engine(kind: str = "dlib", face_model: str = "hog") -> FaceEngine:
    """Return the engine of this name: "dlib", or "fake" for fast tests (warns loudly; production refuses it)."""
    if kind == "dlib":
        return DlibEngine(face_model)
    if kind == "fake":
        from services.face_service.fake_engine import FakeEngine

        return FakeEngine()
    raise ValueError(f"FACE_ENGINE must be dlib or fake, not {kind!r}")


def _model_path(model: str) -> str:
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise ImportError("face_recognition_models is not installed")
    return str(Path(spec.origin).parent / "models" / MODEL_FILES[model])


def _full_upsample(grey: NDArray[np.uint8]) -> int:
    # Enlarging a 1280-px picture once more costs half a second and hundreds of MB; it then shows 40-px faces only.
    return 1 if max(grey.shape) <= 800 else 0


def _shrunk(image: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    scale = max(image.shape[:2]) / side
    if scale <= 1:
        return image, 1.0
    size = (round(image.shape[1] / scale), round(image.shape[0] / scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), scale


def _scaled(rect: Any, scale: float) -> Box:
    return (
        round(rect.left() * scale),
        round(rect.top() * scale),
        round((rect.right() + 1) * scale) - 1,
        round((rect.bottom() + 1) * scale) - 1,
    )


def _points(shape: Any) -> Landmarks:
    return np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float32)


def _face_crop(image: Pixels, box: Box) -> tuple[Pixels, tuple[int, int], float]:
    """Return the box with a quarter of margin, enlarged so that the face is 300 px wide, its origin and the scale."""
    height, width = image.shape[:2]
    margin = max(4, (box[2] - box[0]) // 4)
    left, top = max(0, min(box[0] - margin, width - 8)), max(0, min(box[1] - margin, height - 8))
    right, bottom = max(left + 8, min(width, box[2] + margin)), max(top + 8, min(height, box[3] + margin))
    scale = CROP_SIDE / max(1, box[2] - box[0])
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    crop = cv2.resize(image[top:bottom, left:right], size, interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(crop, dtype=np.uint8), (left, top), scale
