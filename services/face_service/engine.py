"""The face engine: find faces, place landmarks, compute encodings. The only module that touches dlib.

Why it is built this way (face.md, section 0): a detector shared between threads crashes the process, so each search
borrows one of its own (detectors.py); faces are sought in small grey copies (detection.py) and encoded at full size;
landmarks, alignment and encoding need no lock; face_recognition's own import may end the process and loads a model that
is not needed, so the files of face_recognition_models are opened directly.
"""

from __future__ import annotations

import copy
import importlib.util
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from services.face_service import following
from services.face_service.detection import Box, Found, faces_by_cnn, faces_in
from services.face_service.detectors import Pool
from services.face_service.encoders import SLOW, DlibEncoder, Encoder, load_encoder
from services.face_service.errors import ModelUnavailable
from services.face_service.images import Pixels
from services.face_service.quality import Purpose, Quality, measure
from services.face_service.resnet import CHIP_SIDE
from services.face_service.threads import give_back_memory, one_thread_each, use_large_pages

log = logging.getLogger(__name__)

Encoding = NDArray[np.float32]
Landmarks = NDArray[np.float32]

CHIP_PADDING = 0.25
CROP_SIDE = 300
"""Face crops are enlarged to this side for the eyes: halves the jitter of the blink signal (face.md 3.2)."""
MODEL_FILES = {
    "landmarks": "shape_predictor_68_face_landmarks.dat",
    "encoder": "dlib_face_recognition_resnet_model_v1.dat",
    "cnn": "mmod_human_face_detector.dat",
}


@dataclass(frozen=True)
class Face:
    """One face: box (left, top, right, bottom) in px, landmarks (68, 2), detector score, quality figures.

    `chip` is the face aligned as the encoder was trained on, (150, 150, 3), for this request only.
    """

    box: Box
    landmarks: Landmarks
    score: float
    quality: Quality
    chip: Pixels = field(compare=False, repr=False)

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]


class FaceEngine(Protocol):
    """What the face service needs. Pictures are contiguous (height, width, 3) uint8 RGB arrays."""

    name: str

    def detect(
        self, image: Pixels, quick: bool = False, near: Box | None = None, purpose: Purpose = "enrol"
    ) -> list[Face]:
        """Return the faces, widest first; `quick` may miss people behind. Raises Busy, ModelUnavailable.

        `near` is the box of the one face of the frame before: a small face is sought there first, and `quick` then
        may miss other small ones. At `purpose` "login" people too small to count there may be missed.
        """

    def follow(self, image: Pixels, before: Face) -> Face | None:
        """Return the face of the frame before in this frame without a search, None when in doubt.

        Nobody else in the frame is seen. Raises ModelUnavailable.
        """

    def eye_landmarks(self, image: Pixels, face: Face) -> Landmarks:
        """Return (68, 2) landmarks steadier at the eyes than those of `detect`; raises ModelUnavailable."""

    def encode(self, image: Pixels, face: Face) -> Encoding:
        """Return the 128 numbers of the face; raises ModelUnavailable."""

    def encode_many(self, found: Sequence[tuple[Pixels, Face]], mirrored: bool = False) -> list[Encoding]:
        """Return the encodings of several faces, or of their mirror images, in one batch; raises ModelUnavailable."""

    def preload(self) -> None:
        """Load now what would load at first use, so that forked processes share it; raises ModelUnavailable."""

    def trouble(self) -> str | None:
        """Return in words for the operator what works, but not as it should; None when all is well, or unloaded."""


@dataclass(frozen=True)
class _Models:
    """What was loaded, once for the process. Threads share all of it.

    `detectors` lends each search an object of its own. `landmarks` (dlib.shape_predictor) only reads its trees: its
    C++ call is const, and Python's binding keeps the interpreter lock. `encoder` is constant (resnet) or locks itself.
    """

    dlib: Any
    detectors: Pool
    landmarks: Any
    encoder: Encoder


class DlibEngine:
    """dlib's HOG (or CNN) detector, 68-point landmarks and ResNet encoder; models load at first use.

    Threads may share one engine: after loading nothing in it changes, and `Pool` guards the detectors.
    """

    name = "dlib"

    def __init__(self, face_model: str = "hog") -> None:
        if face_model not in ("hog", "cnn"):
            raise ValueError(f"FACE_MODEL must be hog or cnn, not {face_model!r}")
        self.face_model = face_model
        self._models: _Models | None = None
        self._loading = threading.Lock()

    @property
    def dlib(self) -> Any:
        """Return the module, loaded: nobody else imports it."""
        return self._load().dlib

    def trouble(self) -> str | None:
        """Return in words for the operator what is not as it should be, None when all is well or nothing is loaded."""
        return SLOW if self._models and isinstance(self._models.encoder, DlibEncoder) else None

    def preload(self) -> None:
        """Load the models now (0.8 s, 120 MB), so that forked workers share them; raises ModelUnavailable."""
        self._load()

    def _load(self) -> _Models:
        if self._models is None:
            with self._loading:
                self._models = self._models or self._read()
        return self._models

    def _read(self) -> _Models:
        one_thread_each()
        try:
            import dlib

            landmarks = dlib.shape_predictor(model_path("landmarks"))
            models = _Models(dlib, self._detectors(dlib), landmarks, load_encoder(dlib, Path(model_path("encoder"))))
        except (ImportError, OSError, RuntimeError, SystemExit) as error:
            log.exception("face models could not be loaded")
            raise ModelUnavailable() from error
        # Whoever imports face_recognition elsewhere switches this on for everybody.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        give_back_memory()
        use_large_pages()
        return models

    def _detectors(self, dlib: Any) -> Pool:
        if self.face_model == "cnn":
            network = dlib.cnn_face_detection_model_v1(model_path("cnn"))
            return Pool(lambda: network, size=1)
        original = dlib.get_frontal_face_detector()
        return Pool(lambda: copy.deepcopy(original))

    def detect(
        self, image: Pixels, quick: bool = False, near: Box | None = None, purpose: Purpose = "enrol"
    ) -> list[Face]:
        """Return the faces with a score of at least 0.5, widest first.

        For what `quick`, `near` and `purpose` save see detection.faces_in.
        """
        image = np.ascontiguousarray(image, dtype=np.uint8)
        found = self._find(image, quick, near, purpose)
        faces = [self._describe(image, box, score) for box, score in found]
        return sorted(faces, key=lambda face: face.width, reverse=True)

    def _find(self, image: Pixels, quick: bool, near: Box | None, purpose: Purpose) -> Found:
        with self._load().detectors.one() as detector:
            if self.face_model == "cnn":
                return faces_by_cnn(image, detector)
            return faces_in(image, detector, quick, near, purpose)

    def _describe(self, image: Pixels, box: Box, score: float) -> Face:
        models = self._load()
        shape = models.landmarks(image, models.dlib.rectangle(*box))
        chip = models.dlib.get_face_chip(image, shape, CHIP_SIDE, CHIP_PADDING)
        points = _points(shape)
        return Face(box, points, score, measure(box[2] - box[0], points, chip), chip)

    def follow(self, image: Pixels, before: Face) -> Face | None:
        """Return the face of the frame before, its landmarks fitted where they were, the box moved along with them."""
        image = np.ascontiguousarray(image, dtype=np.uint8)
        found, box = self._fit_along(image, before, before.box)
        if following.is_far(before.box, box):
            found, box = self._fit_along(image, before, box)
        return replace(found, box=box) if following.is_alike(before.chip, found.chip) else None

    def _fit_along(self, image: Pixels, before: Face, box: Box) -> tuple[Face, Box]:
        """Return the face as fitted from `box`, and where its box went since the frame before."""
        found = self._describe(image, box, before.score)
        return found, following.moved(before.box, before.landmarks, found.landmarks)

    def eye_landmarks(self, image: Pixels, face: Face) -> Landmarks:
        """Return the median landmarks of three slightly different boxes on a face crop enlarged to 300 px."""
        models = self._load()
        crop, origin, scale = _face_crop(np.ascontiguousarray(image, dtype=np.uint8), face.box)
        box = [(value - offset) * scale for value, offset in zip(face.box, origin * 2, strict=True)]
        shift = 0.03 * (box[2] - box[0])
        readings = []
        for move in (-shift, 0.0, shift):
            rect = models.dlib.rectangle(*(round(value + move) for value in box))
            readings.append(_points(models.landmarks(crop, rect)))
        return np.asarray(np.median(readings, axis=0) / scale + np.array(origin), dtype=np.float32)

    def encode(self, image: Pixels, face: Face) -> Encoding:
        """Return the 128 numbers of the face, not normalised (norm about 1.5)."""
        return self.encode_many([(image, face)])[0]

    def encode_many(self, found: Sequence[tuple[Pixels, Face]], mirrored: bool = False) -> list[Encoding]:
        """Return the encodings of several faces, or of their mirror images, in their order."""
        if not found:
            return []
        chips = np.stack([face.chip for _image, face in found])
        return list(self._load().encoder(chips[:, :, ::-1] if mirrored else chips))


def build_engine(kind: str = "dlib", face_model: str = "hog") -> FaceEngine:
    """Return the engine of this name: "dlib", or "fake" for fast tests (warns loudly; production refuses it)."""
    if kind == "dlib":
        return DlibEngine(face_model)
    if kind == "fake":
        from services.face_service.fake_engine import FakeEngine

        return FakeEngine()
    raise ValueError(f"FACE_ENGINE must be dlib or fake, not {kind!r}")


def model_path(model: str) -> str:
    """Return where a file of MODEL_FILES lies in the installed package; raises ImportError without it."""
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise ImportError("face_recognition_models is not installed")
    return str(Path(spec.origin).parent / "models" / MODEL_FILES[model])


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
