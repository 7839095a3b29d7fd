"""The file behind Chromium's fake webcam: a link that is pointed at another film before the camera opens."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from services.face_service.images import Pixels
from tests.support import film
from tests.support.film import Sitter

CAMERA_FPS = 30
"""Chromium plays an MJPEG file at this rate, whatever the file says."""

USUAL, PATIENT = (45, 28), (50, 38)
"""Tenths of a second of looking straight: before the first movement, and after each. A patient film waits as long as
the 6 s of a step allow, from one movement's peak to the next."""


class Webcam:
    """`path` is what the browser opens; every `show_…` takes effect at its next getUserMedia."""

    def __init__(self, folder: Path, kind: str = ".mjpeg", fps: int = CAMERA_FPS) -> None:
        """Play `.mjpeg` files, which always run at CAMERA_FPS, or `.y4m` ones at `fps` pictures a second."""
        self.folder, self.fps = folder, fps
        self.path = folder / f"webcam{kind}"
        self._numbers = itertools.count()
        self.show([np.full((film.SIZE[1], film.SIZE[0], 3), 128, np.uint8)] * 30)

    def show(self, frames: Iterable[Pixels]) -> None:
        """Put a film into the camera; it loops."""
        target = self.folder / f"film{next(self._numbers)}{self.path.suffix}"
        film.write_film(frames, target, self.fps)
        link = self.path.with_suffix(".new")
        link.symlink_to(target)
        link.replace(self.path)

    def show_still(self, sitter: Sitter, seconds: int = 4) -> None:
        """Put a person into the camera who looks straight ahead."""
        self._play(sitter, film.straight(seconds * film.FPS))

    def show_challenge(self, sitter: Sitter, steps: Sequence[str], patient: bool = False) -> None:
        """Put a person into the camera who looks straight and then does the steps, with pauses.

        The film cannot see the prompts, so its pauses must outlast the answers of a busy server, and end before
        a step does (6 s).
        """
        begin, pause = PATIENT if patient else USUAL
        poses = film.straight(begin)
        for step in steps:
            poses = [*poses, *film.motion(step), *film.straight(pause)]
        self._play(sitter, poses)

    def _play(self, sitter: Sitter, poses: Sequence[film.Pose]) -> None:
        """Film the poses at the camera's 30 frames a second, each with noise of its own: no frame comes twice."""
        frames = [film.bend(sitter, pose) for pose in poses for _ in range(CAMERA_FPS // film.FPS)]
        self.show(film.shaken([frames])[0])
