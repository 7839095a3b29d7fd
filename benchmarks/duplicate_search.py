"""Who is near this face among 100,000? The gallery of means against a loop over the rows, in the same run.

    python -m benchmarks.duplicate_search [--voters 100000] [--searches 200]

Prints the times of a search (p50, p95), of the loop, the memory of the matrix, and how long opening the encrypted
means takes. Exit code 1 when the p95 of a search is 50 ms or more, or the loop finds other voters than the gallery.
The vectors are random with the length of dlib's encodings (1.5): the time does not depend on whose faces they are.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from cryptography.fernet import Fernet
from numpy.typing import NDArray

from services.face_service.gallery import Gallery, Near
from services.face_service.means import DUPLICATE_THRESHOLD, MOST_SHOWN
from services.face_service.sealing import MEAN, open_encoding, seal_encoding
from services.security import FieldCipher

LIMIT_MS = 50.0
NORM = 1.5
NEAR = 0.3
LOOPS = 5


def unit(rng: np.random.Generator, count: int, norm: float) -> NDArray[np.float32]:
    """Return `count` random vectors of this length, (count, 128) float32."""
    drawn = rng.normal(size=(count, 128))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True) * norm, dtype=np.float32)


def loop(vectors: NDArray[np.float32], probe: NDArray[np.float32]) -> list[Near]:
    """Search as one would without a matrix: the distance to each row, one after the other."""
    found = []
    for number, vector in enumerate(vectors):
        distance = float(np.linalg.norm(vector - probe))
        if distance <= DUPLICATE_THRESHOLD:
            found.append(Near(number, distance))
    return sorted(found, key=lambda near: near.distance)[:MOST_SHOWN]


def timed(
    work: Callable[[NDArray[np.float32]], list[Near]],
    probes: NDArray[np.float32],
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Return the milliseconds of each search, sorted."""
    times = []
    for probe in probes:
        begun = clock()
        work(probe)
        times.append((clock() - begun) * 1000)
    return sorted(times)


def opening_seconds(vectors: NDArray[np.float32]) -> float:
    """Return how long it takes to open as many encrypted means and put them into a gallery."""
    cipher, gallery = FieldCipher.of([Fernet.generate_key()]), Gallery()
    sealed = [seal_encoding(number, vector, cipher, MEAN) for number, vector in enumerate(vectors)]
    begun = time.perf_counter()
    for number, row in enumerate(sealed):
        gallery.put(number, number, open_encoding(number, row, cipher, MEAN))
    return time.perf_counter() - begun


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voters", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=200)
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    vectors = unit(rng, options.voters, NORM)
    gallery = Gallery()
    for number, vector in enumerate(vectors):
        gallery.put(number, number, vector)
    wanted = rng.integers(0, options.voters, options.searches)
    probes = np.asarray(vectors[wanted] + unit(rng, options.searches, NEAR), dtype=np.float32)

    def search(probe: NDArray[np.float32]) -> list[Near]:
        return gallery.nearest(probe, DUPLICATE_THRESHOLD, MOST_SHOWN)

    hits = sum(
        found[:1] != [] and found[0].voter_id == number
        for number, found in zip(wanted, map(search, probes), strict=True)
    )
    ours, rows = timed(search, probes), timed(lambda probe: loop(vectors, probe), probes[:LOOPS])
    p50, p95 = ours[len(ours) // 2], ours[int(len(ours) * 0.95)]
    work = timed(search, probes, time.process_time)
    same = all([near.voter_id for near in search(probe)] == [near.voter_id for near in loop(vectors, probe)]
               for probe in probes[:LOOPS])  # fmt: skip
    print(f"{options.voters:,} voters, {options.searches} searches at {DUPLICATE_THRESHOLD}: {hits} found the one near")
    print(f"gallery: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    print(f"of which this process computed: p50 {work[len(work) // 2]:.1f} ms (the rest: other work on this machine)")
    print(f"a loop over the rows: p50 {rows[len(rows) // 2]:.0f} ms, {rows[len(rows) // 2] / p50:.0f} times as long")
    print(f"memory of the matrix: {gallery.memory / 1e6:.0f} MB")
    print(f"opening the encrypted means: {opening_seconds(vectors):.1f} s")
    good = p95 < LIMIT_MS and same and hits == options.searches
    print("requirements met" if good else "REQUIREMENTS MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
