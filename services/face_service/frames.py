"""One camera frame as the liveness rules see it: box, numbers and a small grey patch of the face."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from services.face_service import relief, signals
from services.face_service.detection import Box
from services.face_service.engine import Face, FaceEngine
from services.face_service.images import Pixels
from services.face_service.quality import count_people, problem_of

SAMPLE_STEP = 16
"""Every 16th pixel each way is kept to compare a frame with the one before."""


@dataclass(frozen=True)
class FrameSignals:
    """The main face of one frame: box (px), 11 anchor points (11, 2), ratios, and what is wrong with it for a match."""

    box: Box
    anchors: tuple[tuple[float, float], ...]
    yaw: float
    pitch: float
    eye: float
    opening: float
    problem: str | None
    relief: tuple[float, float] | None = None
    """Lead of the nose tip over the straight face's surface (relief.py); None where it was not measured."""


@dataclass(frozen=True)
class Observation:
    """One frame: how many people count, the main face if any, digest of the pixels and a coarse sample of them.

    `patch` is the main face's grey patch (160, 160), for this request only; None from an engine that paints no faces.
    """

    people: int
    main: FrameSignals | None
    digest: str
    samples: bytes
    patch: Pixels | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Look:
    """One frame of the chunk: what is wrong with it for a match (a key of ADVICE), None for nothing; the face's box."""

    problem: str | None
    box: Box | None

    @classmethod
    def of(cls, seen: Observation) -> Look:
        """Return what was seen, without anything that could recognise somebody."""
        if seen.main is None:
            return cls("no_face", None)
        return cls("multiple_faces" if seen.people > 1 else seen.main.problem, seen.main.box)


WHOLE_EVERY = 3
"""Every third frame of a chunk, its first included, is searched, so that nobody stays unseen for more than two frames.
Between two searches the face is followed (following.py)."""


def observe_chunk(
    engine: FaceEngine, images: Sequence[Pixels], quick: bool, last: Box | None, eyes: bool = True
) -> list[tuple[Observation, Face | None]]:
    """Return what `observe` returns of each frame of a chunk, following the face from frame to frame.

    `last` is the main face's box in the frame before the chunk. Without `eyes` no blink can be read. Whoever is in
    doubt looks again: after a frame without exactly one face the next is searched whole, so that the rules count a
    second person frame by frame.
    Raises Busy, ModelUnavailable.
    """
    seen: list[tuple[Observation, Face | None]] = []
    before: Face | None = None
    for index, image in enumerate(images):
        followed = engine.follow(image, before) if before and index % WHOLE_EVERY else None
        faces = [followed] if followed else engine.detect(image, quick, None if quick else last, "login")
        seen.append(_observed(engine, image, faces, eyes))
        found, face = seen[-1]
        before = face if found.people == 1 else None
        last = before.box if before else None
    return seen


def observe(engine: FaceEngine, image: Pixels, quick: bool = True) -> tuple[Observation, Face | None]:
    """Return what the rules need of a (height, width, 3) uint8 RGB frame, and its main face for a later encoding.

    About 20 ms at 640 x 480: one search and four landmark fits, no encoding; without `quick` people behind are
    sought too (15 ms more). Raises Busy, ModelUnavailable.
    """
    return _observed(engine, image, engine.detect(image, quick, purpose="login"), eyes=True)


def _observed(engine: FaceEngine, image: Pixels, faces: Sequence[Face], eyes: bool) -> tuple[Observation, Face | None]:
    """Return the frame's signals, those of the eyes steady only where they are asked: that takes three fits more."""
    main = faces[0] if faces else None
    read = None if main is None else _read(main, engine.eye_landmarks(image, main) if eyes else main.landmarks)
    people = count_people([float(face.width) for face in faces], "login")
    # Every second row tells two frames of a camera apart as well as all do.
    digest = hashlib.sha256(np.ascontiguousarray(image[::2]).data).hexdigest()[:16]
    samples = np.ascontiguousarray(image[::SAMPLE_STEP, ::SAMPLE_STEP, 1]).tobytes()
    # The development engine's pictures hold coloured squares, no face whose pixels could be followed.
    patch = None if read is None or engine.name == "fake" else relief.patch_of(image, np.array(read.anchors))
    return Observation(people, read, digest, samples, patch), main


def with_relief(seen: Observation, straight: FrameSignals, patch: Pixels | None) -> FrameSignals:
    """Return the main face of `seen` with its relief against a straight frame and that frame's patch, 4 ms.

    Raises ValueError when no face was seen.
    """
    if seen.main is None:
        raise ValueError("no face in this frame")
    if seen.patch is None:
        return seen.main
    # A missing straight patch must not excuse a frame from having relief.
    found = (0.0, 0.0)
    if patch is not None:
        found = relief.relief(patch, relief.nose_of(np.array(straight.anchors)), seen.patch)
    return replace(seen.main, relief=found)


def _read(face: Face, eyes: signals.Points) -> FrameSignals:
    points = signals.anchors(face.landmarks)
    return FrameSignals(
        box=face.box,
        anchors=tuple((round(float(x), 1), round(float(y), 1)) for x, y in points),
        yaw=round(face.quality.yaw, 4),
        pitch=round(face.quality.pitch, 4),
        eye=round(float(signals.eye_aspect_ratio(eyes)), 4),
        opening=round(float(signals.eye_opening(eyes)), 4),
        problem=problem_of(face.quality, "login"),
    )


def is_repeat(before: bytes, now: bytes) -> bool:
    """Tell whether two samples are equal: a sensor's noise and a hand's shake never repeat over 1,200 pixels.

    Nothing looser: compression leaves a smooth, dark picture with differences of one grey level only.
    """
    return bool(now) and before == now
