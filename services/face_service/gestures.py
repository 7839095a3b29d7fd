"""Which action do these frames show? Pure decisions on signal series; rules and figures from face.md, section 3.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.face_service import signals
from services.face_service.frames import FrameSignals

TURN_YAW, TURN_PARALLAX = 0.20, 0.10
"""face.md 3.2: a yaw of .20 lets every live turn pass (100 / 100 %; .30 lost 3 %), a parallax of .10 no flat print. Its
best pair without relief (.30, .12) is no defence against bent prints when the camera is near: perspective alone adds
.05 to their yaw, and landmarks see depth where there is none (13 to 14 of 41 turns at r = 1.3, 27 to 30 at r = 1.0)."""
TURN_RELIEF = 0.025
"""Eye distances by which the nose tip runs ahead of its own upright line (relief.py). 246 turns of prints, flat or bent
to a radius of 1.0 half faces: at most .007; synthetic turns of 30 degrees: at least .036, of 20 degrees: .030; the one
real head: .037 to .16 from a yaw of .20 on (40 photographs, one portrait, moving_head.mp4)."""
WRONG_TURN_YAW = 0.30
"""A turn while another action is asked for must be a clear one: overshooting on the way back is no mistake."""
FLAT_YAW, FLAT_PARALLAX, FLAT_RELIEF = 0.30, 0.05, 0.008
"""A turn by yaw with less nose parallax (flat at most .05, live .21) or less relief (all prints at most .007) than
this is a turned picture."""
BLINK_SHUT, BLINK_OPEN = 0.80, 0.88
"""Shares of the person's own open eyes."""
STILL_YAW = 0.12
"""Largest |change of yaw| while the eyes are shut: a turning head looks like a blink."""
NOD_PITCH = 0.05
NOD_PARALLAX = 0.10
NOD_RELIEF = 0.022
"""face.md asks .07 of pitch alone and calls that its weakest evidence; shallow nods measure less. Less pitch is enough
here because the nose must leave the plane of the face too (.11 at 10 degrees, geometry of the mean face) and run ahead
of the lines through it (relief.py): a print pitched by 34 degrees and bent to 1.0 half faces reaches .09 of pitch and
.21 of parallax, but .019 of relief; synthetic nods of 26 degrees mostly .047 and more, .025 at least (a head turned
aside in its photograph), of 18 degrees .029. The thinnest margin of all rules; no film of a real nod was at hand."""
WRONG_NOD_PITCH = 0.06
"""A nod while another action is asked for; a little more, because turning and speaking move the chin too."""
NOD_YAW = 0.15
DIRECTIONS = {"left": 1, "right": -1}
"""The voter's own left is the right of the picture that is not mirrored: yaw rises."""


@dataclass(frozen=True)
class Track:
    """Median-filtered changes against the neutral frames, one value a window of three frames.

    `relief` and `drop` are the nose tip's lead across and down; None with the development engine, which paints no face.
    """

    yaw: signals.Series
    parallax: signals.Series
    lift: signals.Series
    pitch: signals.Series
    relief: signals.Series | None
    drop: signals.Series | None
    eye: signals.Series
    opening: signals.Series


@dataclass(frozen=True)
class Baseline:
    """The person looking straight: medians of the neutral frames, anchors (11, 2)."""

    anchors: signals.Series
    yaw: float
    pitch: float

    @classmethod
    def of(cls, frames: Sequence[FrameSignals]) -> Baseline:
        """Return the medians of at least one neutral frame."""
        # Each frame is first moved to its own eye centre, else the median of a moving head would be a smeared one.
        points = np.array([frame.anchors for frame in frames], dtype=np.float64)
        points = points - points[:, 4:8].mean(axis=1, keepdims=True)
        return cls(
            np.median(points, axis=0),
            float(np.median([frame.yaw for frame in frames])),
            float(np.median([frame.pitch for frame in frames])),
        )


def track(base: Baseline, neutral: Sequence[FrameSignals], frames: Sequence[FrameSignals]) -> Track:
    """Return the filtered series of `frames` against the neutral ones; the eyes as shares of their own open state."""
    depth = signals.nose_parallax(base.anchors, np.array([frame.anchors for frame in frames], dtype=np.float64))
    leads = _leads(frames)
    eyes = np.array([frame.eye for frame in (*neutral, *frames)])
    openings = np.array([frame.opening for frame in (*neutral, *frames)])
    return Track(
        yaw=signals.median3(np.array([frame.yaw for frame in frames]) - base.yaw),
        parallax=signals.median3(depth[:, 0]),
        lift=signals.median3(depth[:, 1]),
        pitch=signals.median3(np.array([frame.pitch for frame in frames]) - base.pitch),
        relief=None if leads is None else signals.median3(leads[:, 0]),
        drop=None if leads is None else signals.median3(leads[:, 1]),
        eye=_share_of_open(eyes)[-len(frames) :][1:-1],
        opening=_share_of_open(openings)[-len(frames) :][1:-1],
    )


def _leads(frames: Sequence[FrameSignals]) -> signals.Series | None:
    """Return the reliefs, (n, 2); None when none was measured, which happens with the development engine alone."""
    if all(frame.relief is None for frame in frames):
        return None
    return np.array([frame.relief or (0.0, 0.0) for frame in frames], dtype=np.float64)


def _share_of_open(series: signals.Series) -> signals.Series:
    padded = np.concatenate([series[:1], signals.median3(series), series[-1:]])
    return np.asarray(padded / max(signals.open_baseline(series), 1e-6))


def turn_at(track: Track, direction: str, least: float = TURN_YAW) -> int | None:
    """Return the first index at which the head is turned to the voter's `left` or `right`, with depth; else None."""
    sign = DIRECTIONS[direction]
    turned = (sign * track.yaw >= least) & (sign * track.parallax >= TURN_PARALLAX)
    return _first(turned if track.relief is None else turned & (sign * track.relief >= TURN_RELIEF))


def flat_turn_at(track: Track) -> int | None:
    """Return the first index at which the yaw turns without depth, as a held photograph does; else None."""
    flat = np.abs(track.parallax) < FLAT_PARALLAX
    if track.relief is not None:
        flat |= np.abs(track.relief) < FLAT_RELIEF
    return _first((np.abs(track.yaw) >= FLAT_YAW) & flat)


def nod_at(track: Track, least: float = NOD_PITCH) -> int | None:
    """Return the first index of a nod, up or down, with depth and without a turn; else None."""
    # Looking down stretches the way from the eyes to the nose and brings the nose down: both change alike.
    deep = np.sign(track.pitch) * track.lift >= NOD_PARALLAX
    if track.drop is not None:
        deep &= np.sign(track.pitch) * track.drop >= NOD_RELIEF
    return _first((np.abs(track.pitch) >= least) & deep & (np.abs(track.yaw) < NOD_YAW))


def blink_at(track: Track) -> int | None:
    """Return the index at which the eyes are open again after having been shut with the head still; else None."""
    shut = (track.eye <= BLINK_SHUT) & (track.opening <= BLINK_SHUT) & (np.abs(track.yaw) < STILL_YAW)
    dip = _first(shut)
    if dip is None:
        return None
    reopened = _first((track.eye[dip:] >= BLINK_OPEN) & (track.opening[dip:] >= BLINK_OPEN))
    return None if reopened is None else dip + reopened


def action_at(track: Track, action: str) -> int | None:
    """Return the first index at which `action` (left, right, blink, nod) is seen, else None."""
    if action in DIRECTIONS:
        return turn_at(track, action)
    return blink_at(track) if action == "blink" else nod_at(track)


def wrong_action_at(track: Track, demanded: str) -> int | None:
    """Return the first index of a clear action other than the demanded one, else None.

    A blink is never wrong: everybody blinks.
    """
    seen = [turn_at(track, side, WRONG_TURN_YAW) for side in DIRECTIONS if side != demanded]
    if demanded != "nod":
        seen.append(nod_at(track, WRONG_NOD_PITCH))
    return min((index for index in seen if index is not None), default=None)


def _first(hits: np.ndarray) -> int | None:
    found = np.flatnonzero(hits)
    return int(found[0]) if len(found) else None
