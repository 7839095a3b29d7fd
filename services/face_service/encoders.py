"""From an aligned face to its 128 numbers: the NumPy network, or dlib's own where the model file is another one."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.face_service.resnet import ResNet, WrongModel

SLOW = "Faces are encoded several times slower, by dlib itself: install face_recognition_models again."

log = logging.getLogger(__name__)

Chips = NDArray[np.uint8]
"""Aligned RGB faces, (n, 150, 150, 3), cut by dlib.get_face_chip."""


class Encoder(Protocol):
    """Threads may share it. Both give the same numbers to 1e-5, so that stored templates stay valid."""

    def __call__(self, chips: Chips) -> NDArray[np.float32]:
        """Return the encodings, (n, 128)."""


class DlibEncoder:
    """dlib's network: 84 ms a face with the interpreter lock held: two threads wait for each other."""

    def __init__(self, dlib: Any, path: Path) -> None:
        self._model = dlib.face_recognition_model_v1(str(path))
        self._lock = threading.Lock()

    def __call__(self, chips: Chips) -> NDArray[np.float32]:
        """Return the encodings, (n, 128)."""
        with self._lock:
            vectors = [self._model.compute_face_descriptor(chip) for chip in chips]
        return np.array(vectors, dtype=np.float32).reshape(-1, 128)


def load_encoder(dlib: Any, path: Path) -> Encoder:
    """Return the NumPy network, or dlib's when the file is not the known one; raises OSError, RuntimeError."""
    try:
        return ResNet(path)
    except WrongModel as problem:
        encoder = DlibEncoder(dlib, path)
        log.error("%s The reason: %s.", SLOW.upper(), problem)
        return encoder
