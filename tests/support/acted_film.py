"""Painted people for the fake engine as a film, and painted or filmed ones who see what the page asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Page

from services.face_service.images import Pixels, encode_jpeg
from tests.services.identification.acting import LIDS, NOD, SHARES, TURN, as_data_url, picture
from tests.support import film
from tests.support.film import FPS, Sitter

ACTOR = Path(__file__).with_name("actor.js")


def straight(person: int, seconds: float = 4.0) -> Iterator[Pixels]:
    """A person who looks straight ahead."""
    return (picture(person) for _ in range(round(seconds * FPS)))


def act(page: Page, person: int, steps: Sequence[str]) -> None:
    """Put a person before this page's camera who looks straight and does each step when the page asks for it.

    The picture is drawn in the page: a film in Chromium's fake webcam cannot see the prompts and is late for them on
    a busy machine. That way through the real webcam code is taken by the test of a day at the booth.
    """
    _play(page, picture(person), {step: [picture(person, **pose) for pose in _poses(step)] for step in steps})


def act_sitter(page: Page, sitter: Sitter, steps: Sequence[str]) -> None:
    """Put a filmed person before this page's camera who does each step when the page asks for it."""
    moves = {step: [film.bend(sitter, pose) for pose in film.motion(step)] for step in steps}
    _play(page, film.bend(sitter, film.Pose()), moves)


def _play(page: Page, straight: Pixels, moves: Mapping[str, Sequence[Pixels]]) -> None:
    urls = {step: [_url(pixels) for pixels in pictures] for step, pictures in moves.items()}
    page.evaluate(ACTOR.read_text(encoding="utf-8"), {"straight": _url(straight), "moves": urls})


def _url(pixels: Pixels) -> str:
    return as_data_url(encode_jpeg(pixels, quality=92))


def _poses(step: str) -> list[dict[str, float]]:
    if step == "blink":
        return [{"closed": share} for share in LIDS]
    if step == "nod":
        return [{"pitch": NOD * share} for share in SHARES]
    return [{"yaw": (1 if step == "left" else -1) * TURN * share} for share in SHARES]
