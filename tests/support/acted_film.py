"""Films of painted people for the fake engine, for Chromium's fake webcam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Page

from services.face_service.images import Pixels, encode_jpeg
from tests.services.identification.acting import LIDS, NOD, SHARES, TURN, as_data_url, picture
from tests.support.film import FPS

ACTOR = Path(__file__).with_name("actor.js")


def straight(person: int, seconds: float = 4.0) -> Iterator[Pixels]:
    """A person who looks straight ahead."""
    return (picture(person) for _ in range(round(seconds * FPS)))


def act(page: Page, person: int, steps: Sequence[str]) -> None:
    """Put a person before this page's camera who looks straight and does each step when the page asks for it.

    The picture is drawn in the page: a film in Chromium's fake webcam cannot see the prompts and is late for them on
    a busy machine. That way through the real webcam code is taken by the test of a day at the booth.
    """
    pictures = {"straight": _url(picture(person)), "moves": {step: _movement(person, step) for step in steps}}
    page.evaluate(ACTOR.read_text(encoding="utf-8"), pictures)


def _movement(person: int, step: str) -> list[str]:
    return [_url(picture(person, **pose)) for pose in _poses(step)]


def _url(pixels: Pixels) -> str:
    return as_data_url(encode_jpeg(pixels, quality=92))


def _poses(step: str) -> list[dict[str, float]]:
    if step == "blink":
        return [{"closed": share} for share in LIDS]
    if step == "nod":
        return [{"pitch": NOD * share} for share in SHARES]
    return [{"yaw": (1 if step == "left" else -1) * TURN * share} for share in SHARES]
