"""How far apart are the hashes of one photo saved anew, and of different photos? The bound of the flag "same photo".

    python -m benchmarks.photo_hash [--photos FOLDER] [--rooms 60]

Pictures are drawn rooms (walls, windows, rows of seats, heads) and, where `--photos` names a folder, the photographs
in it. Of each: the same photo saved anew (JPEG quality 30 to 95, a quarter to the whole size, lighter and darker), the
same photo cut at the edges (2 to 10 % of each side), what somebody one seat further photographs (the same picture seen
from another place, other light, other noise; for rooms also people who moved), and every other picture. Prints how
many bits of 64 they differ in, and for each bound the share that would be flagged.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from services.attendance.photo_hash import SAME_BITS, photo_hash
from services.face_service.images import Pixels, decode_image

SIZE = (960, 720)
SEED = 20261128
QUALITIES, SCALES, LIGHT = (30, 60, 80, 95), (0.25, 0.5, 0.75, 1.0), (-25, 0, 25)
CUTS = (0.02, 0.05, 0.1)
SEATS = 6
BOUNDS = (0, 2, 3, 4, 5, 6, 8, 10, 12)
RESAVED, CUT, NEIGHBOUR, OTHER = "saved anew", "cut at the edges", "from the next seat", "another picture"


def main() -> None:
    """Print the distributions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--rooms", type=int, default=60)
    asked = parser.parse_args()
    draw = np.random.default_rng(SEED)
    sets = {"rooms": [(room(draw, key), key) for key in range(asked.rooms)]}
    if asked.photos:
        found = sorted(path for path in asked.photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
        sets["photos"] = [(decode_image(path.read_bytes(), SIZE[0]), None) for path in found]
    for name, pictures in sets.items():
        print(f"\n{len(pictures)} {name}")
        report(measure(pictures, draw))
    print(f"\nthe bound in use: {SAME_BITS} bits")


def measure(pictures: list[tuple[Pixels, int | None]], draw: np.random.Generator) -> dict[str, list[int]]:
    """Return the bits apart, by kind of pair."""
    found: dict[str, list[int]] = {RESAVED: [], CUT: [], NEIGHBOUR: [], OTHER: []}
    hashes = []
    for picture, key in pictures:
        own = photo_hash(picture)
        hashes.append(own)
        found[RESAVED] += [apart(own, photo_hash(one)) for one in resaved(picture)]
        found[CUT] += [apart(own, photo_hash(one)) for one in cut(picture)]
        seats = [seen_from(picture if key is None else room(draw, key), draw) for _seat in range(SEATS)]
        found[NEIGHBOUR] += [apart(own, photo_hash(one)) for one in seats]
    found[OTHER] = [apart(one, two) for one, two in combinations(hashes, 2)]
    return found


def report(found: dict[str, list[int]]) -> None:
    """Print percentiles, and what each bound would flag."""
    print(f"{'':20}{'pairs':>7}{'min':>5}{'p1':>5}{'p5':>5}{'p50':>5}{'p95':>5}{'p99':>5}{'max':>5}   bits apart")
    for kind, bits in found.items():
        places = [int(np.percentile(bits, share)) for share in (0, 1, 5, 50, 95, 99, 100)]
        print(f"{kind:20}{len(bits):7}" + "".join(f"{value:5}" for value in places))
    print(f"{'flagged at':20}" + "".join(f"{bound:8}" for bound in BOUNDS) + "   bits or fewer, %")
    for kind, bits in found.items():
        shares = [100 * float(np.mean(np.array(bits) <= bound)) for bound in BOUNDS]
        print(f"{kind:20}" + "".join(f"{share:8.2f}" for share in shares))


def apart(one: int, two: int) -> int:
    """Return in how many bits two hashes differ."""
    return ((one ^ two) & (2**64 - 1)).bit_count()


def resaved(picture: Pixels) -> Iterator[Pixels]:
    """Yield the photo as other programs save it."""
    for scale in SCALES:
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for quality in QUALITIES:
            for light in LIGHT:
                lit = np.clip(small.astype(np.int16) + light, 0, 255).astype(np.uint8)
                _done, saved = cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, quality])
                yield cv2.imdecode(saved, cv2.IMREAD_COLOR)


def cut(picture: Pixels) -> Iterator[Pixels]:
    """Yield the photo without its edges."""
    height, width = picture.shape[:2]
    for share in CUTS:
        high, wide = round(height * share), round(width * share)
        yield np.ascontiguousarray(picture[high : height - high, wide : width - wide])


def seen_from(picture: Pixels, draw: np.random.Generator) -> Pixels:
    """Return the scene from a seat beside: another perspective, other light, a sensor's noise."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], dtype=np.float32)
    moved = corners + inward * draw.uniform(0.02, 0.16, (4, 2)).astype(np.float32) * (width, height)
    turned = cv2.getPerspectiveTransform(moved.astype(np.float32), corners)
    seen = cv2.warpPerspective(picture, turned, (width, height)).astype(np.int16)
    lit = seen * draw.uniform(0.85, 1.15) + draw.normal(0, 4, seen.shape)
    return np.clip(lit, 0, 255).astype(np.uint8)


def room(draw: np.random.Generator, key: int) -> Pixels:
    """Draw a room: what is built is the key's, where people sit is drawn anew each time."""
    built = np.random.default_rng(1000 + key)
    width, height = SIZE
    wall, floor = built.integers(120, 230, 3), built.integers(60, 150, 3)
    picture = np.empty((height, width, 3), np.uint8)
    horizon = int(built.uniform(0.35, 0.6) * height)
    picture[:horizon], picture[horizon:] = wall, floor
    for _window in range(built.integers(0, 6)):
        left, top = built.integers(0, width - 100), built.integers(20, max(21, horizon - 80))
        size = built.integers(60, 220, 2)
        colour = built.integers(20, 255, 3).tolist()
        cv2.rectangle(picture, (left, top), (left + int(size[0]), min(horizon, top + int(size[1]))), colour, -1)
    rows = built.integers(2, 6)
    for row in range(rows):
        middle = horizon + int((height - horizon) * (row + 0.6) / rows)
        desk = built.integers(40, 200, 3).tolist()
        cv2.rectangle(picture, (int(built.uniform(0, 0.2) * width), middle), (width, middle + 14), desk, -1)
        for _person in range(draw.integers(1, 9)):
            place, radius = int(draw.uniform(0, width)), 14 + 9 * row
            cv2.circle(picture, (place, middle - radius), radius, draw.integers(20, 230, 3).tolist(), -1)
    return cv2.GaussianBlur(picture, (5, 5), 0)


if __name__ == "__main__":
    main()
