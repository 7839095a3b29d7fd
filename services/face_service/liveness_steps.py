"""Which movements a challenge asks for."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Protocol


class Chooser(Protocol):
    """Part of `secrets` and of `random.Random` that draws the steps."""

    def choice(self, seq: Sequence[Any], /) -> Any: ...


def new_steps(rng: Chooser | None = None) -> list[str]:
    """Return both turns in random order with a blink or a nod at a random place: 12 equally likely challenges."""
    draw = rng or secrets.SystemRandom()
    steps = list(draw.choice((("left", "right"), ("right", "left"))))
    steps.insert(draw.choice((0, 1, 2)), draw.choice(("blink", "nod")))
    return steps
