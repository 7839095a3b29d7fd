"""dlib's own encoder, the baseline, and the NumPy one that the service uses."""

from __future__ import annotations

from pathlib import Path

from services.face_service.encoders import DlibEncoder, Encoder
from services.face_service.engine import DlibEngine, model_path
from services.face_service.resnet import ResNet


def both_encoders(engine: DlibEngine) -> tuple[Encoder, Encoder]:
    """Return dlib's encoder and the NumPy one, in this order."""
    path = Path(model_path("encoder"))
    return DlibEncoder(engine.dlib, path), ResNet(path)
