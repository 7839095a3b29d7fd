"""Is this the enrolled person? Distances of encodings, the adaptive bar, and agreement within an enrolment.

Figures: face.md, section 1. One picture against one at 0.6: FAR .36 %, FRR .7 %. The mean of three enrolled pictures
against the mean of three frames: genuine at most .364, impostors from .613, so that 0.50 separates them. A challenge
gives five frames; three stay enough for the tight bar, so that one begun before an update is judged alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.face_service.engine import Encoding
from services.face_service.errors import PicturesDiffer, WrongCount
from services.face_service.quality import is_usable

TIGHT_THRESHOLD = 0.50
"""Bar for averaged templates and probes."""
THRESHOLD_RANGE = (0.35, 0.60)
"""Outside of this a threshold is a mistake: below it nobody passes, above it look-alikes do."""
PICTURES_FOR_TIGHT = 3
FRAMES_FOR_TIGHT = 3
ENROL_RANGE = (3, 5)
PAIR_LIMIT = 0.50
"""Two enrolled pictures of one person may lie this far apart, else one of them is bad (face.md, section 6)."""
BINDING_LIMIT = 0.60
"""Straight and turned frames of one person lie this close (face.md 3.2: synthetic up to .52, real film .39 to .58)."""


@dataclass(frozen=True)
class Match:
    """The decision. `distance` and `nearest` (index of the closest enrolled picture) are None without a template."""

    ok: bool
    distance: float | None
    threshold: float
    nearest: int | None = None
    reason: str | None = None

    @property
    def confidence(self) -> float:
        """Return 1 - distance, within 0 and 1."""
        return 0.0 if self.distance is None else max(0.0, min(1.0, 1.0 - self.distance))


def distance(a: Encoding, b: Encoding) -> float:
    """Return the Euclidean distance of two encodings; NaN when either is damaged."""
    if not (is_usable(a) and is_usable(b)):
        return float("nan")
    return float(np.linalg.norm(a.astype(np.float64) - b.astype(np.float64)))


def mean_template(encodings: Sequence[Encoding]) -> Encoding:
    """Return the mean of at least one encoding, (128,) float32."""
    return np.asarray(np.mean(np.stack(encodings).astype(np.float64), axis=0), dtype=np.float32)


def clamped(threshold: float) -> float:
    """Return FACE_THRESHOLD within 0.35 to 0.60; anything that is no number becomes the tight bar."""
    if not np.isfinite(threshold):
        return TIGHT_THRESHOLD
    return float(min(max(threshold, THRESHOLD_RANGE[0]), THRESHOLD_RANGE[1]))


def adaptive_threshold(pictures: int, frames: int, face_threshold: float = 0.60) -> float:
    """Return the bar: 0.50 with 3 enrolled pictures and 3 averaged frames, else, and never above, `face_threshold`."""
    ceiling = clamped(face_threshold)
    if pictures >= PICTURES_FOR_TIGHT and frames >= FRAMES_FOR_TIGHT:
        return min(TIGHT_THRESHOLD, ceiling)
    return ceiling


def accepts(value: float | None, threshold: float) -> bool:
    """Tell whether a distance passes; a missing, infinite or NaN distance never does."""
    return value is not None and bool(np.isfinite(value)) and value <= threshold


def verify(enrolled: Sequence[Encoding], probes: Sequence[Encoding], face_threshold: float = 0.60) -> Match:
    """Compare the mean of the probes with the mean of the enrolled encodings at the adaptive bar."""
    bar = adaptive_threshold(len(enrolled), len(probes), face_threshold)
    if not enrolled or not probes:
        return Match(False, None, bar, reason="not_enrolled" if not enrolled else "no_face")
    probe = mean_template(probes)
    found = distance(mean_template(enrolled), probe)
    if not np.isfinite(found):
        return Match(False, None, bar, reason="damaged")
    singles = [distance(encoding, probe) for encoding in enrolled]
    ok = accepts(found, bar)
    return Match(ok, found, bar, int(np.argmin(singles)), None if ok else "different_person")


def check_enrolment(encodings: Sequence[Encoding]) -> None:
    """Raise WrongCount unless there are 3 to 5 encodings, PicturesDiffer unless each pair is at most 0.50 apart."""
    if not ENROL_RANGE[0] <= len(encodings) <= ENROL_RANGE[1]:
        raise WrongCount()
    if not accepts(widest_pair(encodings), PAIR_LIMIT):
        raise PicturesDiffer()


def widest_pair(encodings: Sequence[Encoding]) -> float:
    """Return the largest distance between two of the encodings; 0 for fewer than two, NaN when one is damaged."""
    pairs = [distance(a, b) for i, a in enumerate(encodings) for b in encodings[:i]]
    return float(np.max(pairs)) if pairs else 0.0
