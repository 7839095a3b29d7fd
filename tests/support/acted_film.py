"""Films of painted people for the fake engine, for Chromium's fake webcam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.face_service.images import Pixels
from tests.services.identification.acting import LIDS, NOD, SHARES, TURN, picture
from tests.support.webcam import CAMERA_FPS

DRAWN_FPS = 10
REST_SECONDS = 2.8
"""Between two movements: the film cannot see the prompts, so it must outlast the answers of a busy server."""
START_SECONDS = 4.5


def straight(person: int, seconds: float = 4.0) -> Iterator[Pixels]:
    """A person who looks straight ahead."""
    return (picture(person) for _ in range(round(seconds * CAMERA_FPS)))


def challenge(person: int, steps: Sequence[str]) -> Iterator[Pixels]:
    """A person who looks straight ahead and then does the steps, with pauses."""
    yield from straight(person, START_SECONDS)
    for step in steps:
        for pose in _poses(step):
            yield from (picture(person, **pose) for _ in range(CAMERA_FPS // DRAWN_FPS))
        yield from straight(person, REST_SECONDS)


def _poses(step: str) -> list[dict[str, float]]:
    if step == "blink":
        return [{"closed": share} for share in LIDS]
    if step == "nod":
        return [{"pitch": NOD * share} for share in SHARES]
    return [{"yaw": (1 if step == "left" else -1) * TURN * share} for share in SHARES]
