"""Does the NumPy encoder say what dlib's says? Every face of every photograph and film frame, and made-up chips.

    python -m benchmarks.face_agreement [--faces ../shared/faces]

Prints the largest difference of a number, of a vector (Euclidean) and of the distance between two faces, and how many
decisions change at 0.45 to 0.60. Exit code 1 when a number differs by more than 1e-5 or one decision changes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.face_encoders import both_encoders
from services.face_service.engine import DlibEngine
from services.face_service.images import Pixels, decode_image

DEFAULT_FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"
MOST = 1e-5
THRESHOLDS = (0.45, 0.50, 0.55, 0.60)
EVERY_FRAME = 4


def pictures(folder: Path) -> Iterator[Pixels]:
    """Return the photographs below the folder, then every fourth frame of its films."""
    for path in sorted(folder.rglob("*.jpg")):
        yield decode_image(path.read_bytes())
    for path in sorted(folder.rglob("*.mp4")):
        reader, number = cv2.VideoCapture(str(path)), 0
        while (read := reader.read())[0]:
            if number % EVERY_FRAME == 0:
                yield np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB), dtype=np.uint8)
            number += 1


def made_up() -> list[NDArray[np.uint8]]:
    """Return chips without a face: black, white, and noise three times."""
    draw = np.random.default_rng(6)
    noise = [draw.integers(0, 256, (150, 150, 3), dtype=np.uint8) for _ in range(3)]
    return [np.zeros_like(noise[0]), np.full_like(noise[0], 255), *noise]


def distances(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the distance of every two of (n, 128) vectors."""
    first, second = np.triu_indices(len(vectors), 1)
    apart = vectors[first].astype(np.float64) - vectors[second].astype(np.float64)
    return np.asarray(np.linalg.norm(apart, axis=1))


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=Path, default=DEFAULT_FACES, help="folder with photographs and films")
    folder = parser.parse_args().faces
    engine, seen = DlibEngine(), list(pictures(folder))
    faces = [face.chip for picture in seen for face in engine.detect(picture)]
    chips = np.stack(faces + made_up())
    theirs, ours = (encode(chips) for encode in both_encoders(engine))
    apart = np.abs(theirs - ours)
    before, now = distances(theirs[: len(faces)]), distances(ours[: len(faces)])
    changed = {bar: int(((before <= bar) != (now <= bar)).sum()) for bar in THRESHOLDS}
    print(f"{len(seen)} pictures, {len(faces)} faces, {len(before):,} pairs; {len(chips) - len(faces)} made-up chips")
    print(f"largest difference of a number: {apart.max():.1e} (made-up chips {apart[len(faces) :].max():.1e})")
    print(f"largest difference of a vector: {np.linalg.norm(theirs - ours, axis=1).max():.1e}")
    print(f"largest difference of a pair's distance: {np.abs(before - now).max():.1e}")
    print("decisions changed: " + ", ".join(f"{count} at {bar:.2f}" for bar, count in changed.items()))
    good = bool(apart.max() <= MOST) and not any(changed.values())
    print("They agree." if good else "THEY DO NOT AGREE.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
