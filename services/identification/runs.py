"""A challenge under way, kept between two requests: the liveness run, the line, the last chunk's number, one picture.

All of it lies in `challenges.state` as JSON, encodings and picture sealed, and is wiped when the challenge is used.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import cv2
import numpy as np

from services.context import platform
from services.face_service import images, liveness, moire
from services.face_service.frames import Look
from services.face_service.images import Pixels
from services.face_service.liveness import ChallengeRun
from services.identification import line
from services.identification.line import Line

SNAPSHOT_SIDE = 480
"""Longest side in pixels of the kept picture: enough for a person to recognise a person, about 25 KB."""
SNAPSHOT_QUALITY = 85
BEST = 2
STRANGER_REASONS = frozenset({"different_person", "face_changed", "several_faces"})
"""Reasons after which the picture to keep is the one that gave the reason, not the straight one before."""


class Kept(Protocol):
    """What a run is kept in: a challenge of the booth, or a check in a voter's account."""

    steps: Any
    state: Any


@dataclass
class Run:
    """The stored state: `shot` is a JPEG of the voter looking straight, `seq` the number of the last chunk taken."""

    liveness: ChallengeRun
    seq: int = -1
    shot: bytes | None = None
    shot_worth: int = 0
    screen_peak: float | None = None
    line: Line = field(default_factory=Line)

    def report(self) -> dict[str, Any]:
        """Return what an AuthEvent keeps of it: no faces, no encodings."""
        more = {"line": self.line.report(), "screen_peak": self.screen_peak, "last_seq": self.seq}
        return self.liveness.report() | more


def load(challenge: Kept) -> Run:
    """Return the run as it was left, or a fresh one."""
    state = challenge.state
    if not state:
        return Run(ChallengeRun(steps=list(challenge.steps), max_fps=line.TOO_MANY))
    cipher = platform().cipher
    shot = cipher.decrypt(base64.b64decode(state["shot"])) if state["shot"] else None
    run = Run(liveness.load(state["run"], cipher), int(state["seq"]), shot, int(state["shot_worth"]))
    run.screen_peak, run.line = state.get("screen_peak"), line.load(state.get("line", {}))
    return run


def save(challenge: Kept, run: Run) -> None:
    """Keep the run in the challenge's row."""
    cipher = platform().cipher
    shot = base64.b64encode(cipher.encrypt(run.shot)).decode("ascii") if run.shot else None
    run_state = liveness.dump(run.liveness, cipher)
    challenge.state = {
        "run": run_state,
        "seq": run.seq,
        "shot": shot,
        "shot_worth": run.shot_worth,
        "screen_peak": run.screen_peak,
        "line": line.dump(run.line),
    }


def has_begun(challenge: Kept) -> bool:
    """Tell whether a movement was already asked for; until then nothing was proven and nothing failed."""
    run: dict[str, Any] = challenge.state.get("run", {})
    return int(run.get("position", 0)) > 0


def keep_picture(run: Run, pictures: Sequence[Pixels], looks: Sequence[Look], position: int) -> None:
    """Choose the picture that the attempt will be remembered by: a straight face, else the best there is.

    `looks` tells what was seen in them, `position` is the one at which they arrived. After a change of person the
    newest picture counts.
    """
    stranger = run.liveness.reason in STRANGER_REASONS
    if run.shot is not None and not stranger and (position > 0 or run.shot_worth == BEST):
        return
    worths = [_worth(look) for look in looks]
    best = max(range(len(pictures)), key=worths.__getitem__)
    if run.shot is None or stranger or worths[best] > run.shot_worth:
        run.shot, run.shot_worth = to_jpeg(pictures[best]), worths[best]
        # Measured before the picture is made small: a small one has lost what a screen leaves.
        box = looks[best].box
        run.screen_peak = moire.screen_peak(pictures[best], box) if box and worths[best] == BEST else None


def to_jpeg(picture: Pixels) -> bytes:
    """Return a JPEG of the (height, width, 3) RGB picture, longest side at most 480 px."""
    scale = SNAPSHOT_SIDE / max(picture.shape[:2])
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return images.encode_jpeg(picture, SNAPSHOT_QUALITY)


def _worth(look: Look) -> int:
    """Return 2 for one usable face, 1 for a face with a flaw, 0 for none."""
    if look.problem is None:
        return BEST
    return 0 if look.problem == "no_face" else 1
