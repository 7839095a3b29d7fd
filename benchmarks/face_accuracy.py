"""Verification figures on pairs of real photographs.

    python -m benchmarks.face_accuracy [--pairs ../shared/faces/pairs.csv]

Two requirements, exit code 1 when one is missed: a single frame against a single picture at 0.60 (FAR <= 0.5 %,
FRR <= 1.5 %), and three enrolled pictures (mean) against one picture at the adaptive bar of 0.50 (FAR 0, FRR <= 2 %).
Prints how many pairs there were and the bound they allow: no error in n pairs bounds the rate by 3/n at 95 %.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from services.face_service import matching
from services.face_service.engine import DlibEngine, Encoding
from services.face_service.images import decode_image

DEFAULT_PAIRS = Path(__file__).resolve().parents[2] / "shared" / "faces" / "pairs.csv"
SINGLE_FAR, SINGLE_FRR = 0.005, 0.015
TEMPLATE_FAR, TEMPLATE_FRR = 0.0, 0.02


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


def encode_all(folder: Path, names: Iterable[str]) -> dict[str, Encoding]:
    """Return the encoding of the widest face of each picture; a picture without one is named and left out."""
    engine, found = DlibEngine(), {}
    for name in sorted(names):
        image = decode_image((folder / name).read_bytes())
        faces = engine.detect(image)
        if not faces:
            print(f"no face found in {name}")
            continue
        found[name] = engine.encode(image, faces[0])
    return found


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


def template_distances(
    people: list[list[str]], vectors: dict[str, Encoding], gated: bool
) -> tuple[list[float], list[float]]:
    """Return genuine and impostor distances of every mean of three pictures to every other single picture.

    With `gated`, only triples that the enrolment would accept: each pair at most 0.50 apart.
    """
    genuine, impostors = [], []
    for members in people:
        for triple in combinations(members, 3):
            chosen = [vectors[name] for name in triple]
            if gated and not matching.accepts(matching.widest_pair(chosen), matching.PAIR_LIMIT):
                continue
            template = matching.mean_template(chosen)
            for name, vector in vectors.items():
                if name in triple:
                    continue
                (genuine if name in members else impostors).append(matching.distance(template, vector))
    return genuine, impostors


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, default=DEFAULT_PAIRS, help="CSV with file_a,file_b,same")
    options = parser.parse_args()
    with options.pairs.open(newline="") as table:
        rows = [(row["file_a"], row["file_b"], row["same"].strip() == "1") for row in csv.DictReader(table)]
    vectors = encode_all(options.pairs.parent, {name for a, b, _ in rows for name in (a, b)})
    pairs = [row for row in rows if row[0] in vectors and row[1] in vectors]
    print(
        f"{len(vectors)} pictures, {len(pairs)} of {len(rows)} pairs ({sum(same for *_, same in pairs)} of one person)"
    )
    for threshold in np.arange(0.40, 0.66, 0.05):
        print("  " + single(pairs, vectors, float(threshold)).line(f"single at {threshold:.2f}"))
    one = single(pairs, vectors, 0.60)
    people = people_of(pairs, vectors)
    bar = matching.adaptive_threshold(3, 3)
    whole = count(*template_distances(people, vectors, gated=False), bar)
    enrolled = count(*template_distances(people, vectors, gated=True), bar)
    print(one.line("REQUIRED single frame at 0.60"))
    print(whole.line(f"three pictures, any triple, against one at {bar:.2f}"))
    print(enrolled.line(f"REQUIRED three pictures that enrolment accepts, against one at {bar:.2f}"))
    print("Pairs of few people are not independent: the bounds are optimistic.")
    good = one.far <= SINGLE_FAR and one.frr <= SINGLE_FRR
    good &= enrolled.far <= TEMPLATE_FAR and enrolled.frr <= TEMPLATE_FRR
    print("requirements met" if good else "REQUIREMENTS MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
