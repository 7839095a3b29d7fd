"""What reads bytes from outside, on its seeds and on changes of them; `make security` goes on for longer."""

from __future__ import annotations

import random

import pytest

from benchmarks.security.fuzzing.targets import TARGETS

CHANGES = 40
JUNK = (b"", b"\x00", b"\xff\xfe", b"[" * 3000, b'{"":' * 1500, b"9" * 5000, b"\xed\xa0\x80", b'"' * 3000, b"(" * 3000)


def changed(seed: bytes, chance: random.Random) -> bytes:
    """Return the seed with a part overwritten, cut out, or put in twice."""
    start, length = chance.randrange(len(seed) + 1), chance.choice((1, 2, 4, 16, 64))
    middle = chance.choice((chance.randbytes(length), b"", seed[start : start + length] * 2, chance.choice(JUNK)))
    return seed[:start] + middle + seed[start + length :]


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_from_outside_raise_what_nobody_expects(name):
    target, chance = TARGETS[name], random.Random(9)
    seeds = target.seeds()
    for data in [*seeds, *JUNK]:
        target(data)
    for _ in range(CHANGES):
        target(changed(chance.choice(seeds), chance))
