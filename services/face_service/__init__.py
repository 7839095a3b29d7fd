"""Faces: pictures in, encodings, matching, enrolment and liveness.

The ordered functions `enroll_images` and `verify_frame` work on the service given to `configure`; everything else
takes a `FaceService`. Only `engine.py` touches dlib.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.face_service.engine import DlibEngine, Encoding, Face, FaceEngine, build_engine
from services.face_service.errors import (
    BadImage,
    BadLight,
    BadPose,
    Busy,
    FaceError,
    FaceTooSmall,
    ModelUnavailable,
    MultipleFaces,
    NoFace,
    PicturesDiffer,
    TooBlurry,
    TooBright,
    TooManyFrames,
    WrongCount,
)
from services.face_service.images import Pixels, data_url_bytes, decode_data_url, decode_image, encode_jpeg
from services.face_service.liveness import REASONS, ChallengeRun, Progress, dump, load, new_steps
from services.face_service.matching import Match, adaptive_threshold
from services.face_service.quality import ADVICE, Quality
from services.face_service.service import FaceService, Picture, build_service
from services.face_service.templates_store import DatabaseTemplates, NewTemplate, Template, TemplateRepository

__all__ = [
    "ADVICE",
    "REASONS",
    "BadImage",
    "BadLight",
    "BadPose",
    "Busy",
    "ChallengeRun",
    "DatabaseTemplates",
    "DlibEngine",
    "Encoding",
    "Face",
    "FaceEngine",
    "FaceError",
    "FaceService",
    "FaceTooSmall",
    "Match",
    "ModelUnavailable",
    "MultipleFaces",
    "NewTemplate",
    "NoFace",
    "Picture",
    "PicturesDiffer",
    "Pixels",
    "Progress",
    "Quality",
    "Template",
    "TemplateRepository",
    "TooBlurry",
    "TooBright",
    "TooManyFrames",
    "WrongCount",
    "adaptive_threshold",
    "build_engine",
    "build_service",
    "configure",
    "configured",
    "data_url_bytes",
    "decode_data_url",
    "decode_image",
    "dump",
    "encode_jpeg",
    "enroll_images",
    "load",
    "new_steps",
    "verify_frame",
]

_service: FaceService | None = None


def configure(service: FaceService | None) -> None:
    """Choose the service behind `enroll_images` and `verify_frame`; None forgets it."""
    global _service
    _service = service


def configured() -> FaceService:
    """Return the service given to `configure`; raises ModelUnavailable without one."""
    if _service is None:
        raise ModelUnavailable()
    return _service


def enroll_images(voter_id: int, images: Sequence[Picture]) -> list[Encoding]:
    """Enrol 3 to 5 pictures of the voter (row id) and return their encodings; see FaceService.enroll_images."""
    return configured().enroll_images(voter_id, images)


def verify_frame(voter_id: int, frame: Picture) -> tuple[bool, float | None, int | None]:
    """Return (match, distance, matched_encoding_id) of one frame; see FaceService.verify_frame."""
    return configured().verify_frame(voter_id, frame)
