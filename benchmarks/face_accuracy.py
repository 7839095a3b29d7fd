"""Verification figures on pairs of real photographs.

    python -m benchmarks.face_accuracy [--pairs ../shared/faces/pairs.csv]

The same table by dlib's encoder, the baseline, and by the NumPy one: pictures against pictures, then three enrolled
pictures against other pictures of the person, which vary more than frames do, or against camera frames made up from one
picture (`camera_frames`), which vary less. Exit code 1 when a requirement of `verdicts` is missed.
Prints how many pairs there were and the bound they allow: no error in n pairs bounds the rate by 3/n at 95 %.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.face_encoders import both_encoders
from services.face_service import matching
from services.face_service.encoders import Encoder
from services.face_service.engine import DlibEngine, Encoding
from services.face_service.images import Pixels, decode_image, encode_jpeg

DEFAULT_PAIRS = Path(__file__).resolve().parents[2] / "shared" / "faces" / "pairs.csv"
SINGLE_FAR, SINGLE_FRR = 0.005, 0.015
TEMPLATE_FAR, TEMPLATE_FRR = 0.0, 0.02
THRESHOLDS = (0.40, 0.45, 0.50, 0.55, 0.60, 0.65)
CAMERA_SIDE, FRAMES, JITTERS = 640, 5, 5
SHAKE, NOISE = 1.5, 6.0
"""Standard deviations of a made-up camera: pixels that a frame is shifted each way, grey levels of its noise."""


@dataclass(frozen=True)
class Rates:
    """False accepts of impostor pairs and false rejects of genuine pairs."""

    impostors: int
    accepted: int
    genuine: int
    rejected: int

    @property
    def far(self) -> float:
        return self.accepted / max(1, self.impostors)

    @property
    def frr(self) -> float:
        return self.rejected / max(1, self.genuine)

    def line(self, name: str) -> str:
        return (
            f"{name}: FAR {self.accepted}/{self.impostors} = {self.far:.2%} ({bound(self.accepted, self.impostors)}), "
            f"FRR {self.rejected}/{self.genuine} = {self.frr:.2%} ({bound(self.rejected, self.genuine)})"
        )


def bound(errors: int, count: int) -> str:
    """Return the upper bound at 95 %: the rule of three without errors, a normal approximation with some."""
    if count == 0:
        return "no pairs"
    rate = errors / count
    upper = 3 / count if errors == 0 else rate + 1.96 * (rate * (1 - rate) / count) ** 0.5 + 1 / count
    return f"below {min(1.0, upper):.2%} at 95 %"


@dataclass(frozen=True)
class Views:
    """Encodings of one picture: as it is, as in a mirror, (128,); five jittered, five camera frames, (5, 128)."""

    plain: Encoding
    mirrored: Encoding
    jittered: NDArray[np.float32]
    frames: NDArray[np.float32]


def camera_frames(image: Pixels, draw: np.random.Generator) -> list[Pixels]:
    """Return five frames as a camera films the picture: 640 px, shaken, noisy, up to 10 % lighter or darker."""
    scale = min(1.0, CAMERA_SIDE / max(image.shape[:2]))
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    frames = []
    for _ in range(FRAMES):
        shift = np.array([[1, 0, draw.normal(0, SHAKE)], [0, 1, draw.normal(0, SHAKE)]], dtype=np.float32)
        moved = cv2.warpAffine(small, shift, size, borderMode=cv2.BORDER_REPLICATE)
        lit = moved * draw.uniform(0.9, 1.1) + draw.normal(0, NOISE, moved.shape)
        frames.append(decode_image(encode_jpeg(np.clip(lit, 0, 255).astype(np.uint8), 80)))
    return frames


def chips_of(engine: DlibEngine, folder: Path, names: Iterable[str]) -> dict[str, NDArray[np.uint8]]:
    """Return twelve aligned faces a picture, in the order of `Views`; a picture without a face is left out."""
    found = {}
    for number, name in enumerate(sorted(names)):
        image = decode_image((folder / name).read_bytes())
        pictures = [image, *camera_frames(image, np.random.default_rng(number))]
        faces = [engine.detect(picture) for picture in pictures]
        if not all(faces):
            print(f"no face found in {name}, or in a frame of it")
            continue
        chips = [seen[0].chip for seen in faces]
        jittered = engine.dlib.jitter_image(chips[0], JITTERS)
        found[name] = np.stack([chips[0], chips[0][:, ::-1], *jittered, *chips[1:]])
    return found


def views(chips: dict[str, NDArray[np.uint8]], encoder: Encoder) -> dict[str, Views]:
    """Return the encodings of every picture by one encoder."""
    vectors = {name: encoder(faces) for name, faces in chips.items()}
    return {name: Views(v[0], v[1], v[2 : 2 + JITTERS], v[2 + JITTERS :]) for name, v in vectors.items()}


def single(pairs: list[tuple[str, str, bool]], vectors: dict[str, Encoding], threshold: float) -> Rates:
    """Compare picture with picture."""
    genuine = [matching.distance(vectors[a], vectors[b]) for a, b, same in pairs if same]
    impostors = [matching.distance(vectors[a], vectors[b]) for a, b, same in pairs if not same]
    return count(genuine, impostors, threshold)


def count(genuine: list[float], impostors: list[float], threshold: float) -> Rates:
    """Count the errors at a threshold, deciding as the service does."""
    accepted = sum(matching.accepts(value, threshold) for value in impostors)
    rejected = sum(not matching.accepts(value, threshold) for value in genuine)
    return Rates(len(impostors), accepted, len(genuine), rejected)


def people_of(pairs: list[tuple[str, str, bool]], names: Iterable[str]) -> list[list[str]]:
    """Group the pictures by person, following the pairs of the same person."""
    group = {name: {name} for name in names}
    for a, b, same in pairs:
        if same and group[a] is not group[b]:
            group[a] |= group[b]
            for name in group[b]:
                group[name] = group[a]
    return [sorted(members) for members in {id(members): members for members in group.values()}.values()]


@dataclass(frozen=True)
class Way:
    """A way to compare: what is kept of each enrolled picture, and what of others is held against their mean.

    `shown` is the number of other pictures of one person that are averaged.
    """

    name: str
    enrolled: Callable[[Views], Encoding]
    probe: Callable[[Views], Encoding]
    pictures: int = 3
    bar: float = matching.TIGHT_THRESHOLD
    shown: int = 1


def plain(picture: Views) -> Encoding:
    return picture.plain


def with_mirror(picture: Views) -> Encoding:
    return matching.mean_template([picture.plain, picture.mirrored])


def with_jitter(picture: Views) -> Encoding:
    return matching.mean_template([picture.plain, *picture.jittered])


def with_both(picture: Views) -> Encoding:
    return matching.mean_template([picture.plain, picture.mirrored, *picture.jittered])


def frames(count: int) -> Callable[[Views], Encoding]:
    return lambda picture: matching.mean_template(list(picture.frames[:count]))


STEP_ONE = Way("three pictures, three frames", plain, frames(3))
NOW = Way("three pictures with their mirror images, five frames", with_mirror, frames(5))
STEP_ONE_REAL = Way("three pictures, three other pictures", plain, plain, shown=3)
NOW_REAL = Way("three pictures with their mirror images, five other pictures", with_mirror, plain, shown=5)
WAYS = (
    Way("three pictures, one picture", plain, plain),
    STEP_ONE_REAL,
    Way("three pictures, five other pictures", plain, plain, shown=5),
    Way("three pictures with their mirror images, three other pictures", with_mirror, plain, shown=3),
    NOW_REAL,
    Way("three pictures with mirror images and jitter, five other pictures", with_both, plain, shown=5),
    STEP_ONE,
    Way("three pictures, five frames", plain, frames(5)),
    Way("three pictures with their mirror images, one picture", with_mirror, plain),
    Way("three pictures with their mirror images, three frames", with_mirror, frames(3)),
    NOW,
    Way("three pictures with jitter, five frames", with_jitter, frames(5)),
    Way("three pictures with mirror images and jitter, five frames", with_both, frames(5)),
    Way("one picture, five frames", plain, frames(5), 1, matching.THRESHOLD_RANGE[1]),
    Way("one picture with its mirror image, five frames", with_mirror, frames(5), 1, matching.THRESHOLD_RANGE[1]),
)


@dataclass(frozen=True)
class Spread:
    """Distances of one way; `gap` is how far the nearest impostor lies beyond the farthest genuine pair."""

    bar: float
    genuine: list[float]
    impostors: list[float]

    @property
    def gap(self) -> float:
        return min(self.impostors) - max(self.genuine)

    @property
    def separation(self) -> float:
        """Return d': how far the two means lie apart, in units of their joint standard deviation."""
        return float(
            (np.mean(self.impostors) - np.mean(self.genuine))
            / np.sqrt((np.var(self.genuine) + np.var(self.impostors)) / 2)
        )

    @property
    def rates(self) -> Rates:
        return count(self.genuine, self.impostors, self.bar)

    def line(self, name: str) -> str:
        reach = (
            f"farthest genuine {max(self.genuine):.3f}, nearest impostor {min(self.impostors):.3f}, "
            f"gap {self.gap:.3f}, d' {self.separation:.2f}"
        )
        return f"{self.rates.line(f'{name}, at {self.bar:.2f}')}; {reach}"


Group = tuple[str, frozenset[str]]
"""A person, by the first of the pictures, and some of that person's pictures."""


def groups(people: list[list[str]], size: int) -> list[Group]:
    """Return every choice of `size` pictures of one person."""
    return [(one[0], frozenset(chosen)) for one in people for chosen in combinations(one, size)]


def spread(people: list[list[str]], found: dict[str, Views], way: Way) -> Spread:
    """Return the distances of every mean of pictures that enrolment accepts to every mean of other pictures."""
    genuine, impostors = [], []
    kept = {name: way.enrolled(picture) for name, picture in found.items()}
    shown = {name: way.probe(picture) for name, picture in found.items()}
    probes = [
        (one, matching.mean_template([shown[name] for name in sorted(one[1])])) for one in groups(people, way.shown)
    ]
    for person, chosen in groups(people, way.pictures):
        if not matching.accepts(matching.widest_pair([found[name].plain for name in chosen]), matching.PAIR_LIMIT):
            continue
        template = matching.mean_template([kept[name] for name in sorted(chosen)])
        for (other, used), probe in probes:
            if other != person:
                impostors.append(matching.distance(template, probe))
            elif not used & chosen:
                genuine.append(matching.distance(template, probe))
    return Spread(way.bar, genuine, impostors)


def table(pairs: list[tuple[str, str, bool]], found: dict[str, Views]) -> tuple[list[Rates], dict[str, Spread]]:
    """Print and return one encoder's rows: pictures against pictures at six thresholds, then every way."""
    vectors = {name: picture.plain for name, picture in found.items()}
    singles = []
    for threshold in THRESHOLDS:
        singles.append(single(pairs, vectors, threshold))
        print("  " + singles[-1].line(f"single at {threshold:.2f}"))
    people = people_of(pairs, found)
    spreads = {way.name: spread(people, found, way) for way in WAYS}
    for name, one in spreads.items():
        print("  " + one.line(name))
    return singles, spreads


def no_worse(now: Rates, before: Rates) -> bool:
    return now.accepted <= before.accepted and now.rejected <= before.rejected


def verdicts(
    before: tuple[list[Rates], dict[str, Spread]], now: tuple[list[Rates], dict[str, Spread]]
) -> dict[str, bool]:
    """Return each requirement in words, and whether it is met."""
    one = now[0][THRESHOLDS.index(0.60)]
    rows = all(map(no_worse, now[0], before[0]))
    rows &= all(no_worse(found.rates, before[1][name].rates) for name, found in now[1].items())
    met = {
        f"a single frame at 0.60: FAR at most {SINGLE_FAR:.1%}, FRR at most {SINGLE_FRR:.1%}": (
            one.far <= SINGLE_FAR and one.frr <= SINGLE_FRR
        ),
        "no row has more errors with the NumPy encoder than with dlib's": rows,
    }
    for new, old in ((NOW, STEP_ONE), (NOW_REAL, STEP_ONE_REAL)):
        ours, theirs = now[1][new.name], before[1][old.name]
        allowed = ours.rates.far <= TEMPLATE_FAR and ours.rates.frr <= TEMPLATE_FRR
        met[f"{new.name}, at {ours.bar:.2f}: FAR {TEMPLATE_FAR:.0%}, FRR at most {TEMPLATE_FRR:.0%}"] = allowed
        words = f"{new.name}: gap {ours.gap:.3f} above step 1's {theirs.gap:.3f} ({old.name}, dlib's encoder)"
        met[words] = ours.gap > theirs.gap
    return met


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, default=DEFAULT_PAIRS, help="CSV with file_a,file_b,same")
    options = parser.parse_args()
    with options.pairs.open(newline="") as rows:
        asked = [(row["file_a"], row["file_b"], row["same"].strip() == "1") for row in csv.DictReader(rows)]
    engine = DlibEngine()
    chips = chips_of(engine, options.pairs.parent, {name for a, b, _ in asked for name in (a, b)})
    pairs = [row for row in asked if row[0] in chips and row[1] in chips]
    same = sum(pair[2] for pair in pairs)
    print(f"{len(chips)} pictures, {len(pairs)} of {len(asked)} pairs ({same} of one person)")
    tables = []
    for words, encoder in zip(("Baseline, dlib's encoder:", "NumPy encoder:"), both_encoders(engine), strict=True):
        print(words)
        tables.append(table(pairs, views(chips, encoder)))
    print("Pairs of few people are not independent: the bounds are optimistic.")
    met = verdicts(tables[0], tables[1])
    for requirement, holds in met.items():
        print(("met     " if holds else "MISSED  ") + requirement)
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
