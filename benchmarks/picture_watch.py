"""Where black and frozen pictures lie, measured in Chromium by the very module that the camera page uses.

    python -m benchmarks.picture_watch [--faces ../shared/faces]

Prints, on the small copy that static/js/lib/picture-watch.js looks at: brightest level and spread of covered lenses
(sensor noise of growing strength) and of faces in ever darker rooms, with what dlib still finds there; and how much
neighbouring pictures differ in a real film, of stills with sensor noise, and of a looped still. Exit code 1
when a covered lens is not black, when a face that is found counts as black, or when a live picture counts as frozen.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import Page, Route, sync_playwright

from config import PROJECT
from services.face_service import build_engine, encode_jpeg
from services.face_service.images import Pixels
from tests.support import film, portraits
from tests.support.live_site import ASKED, CHROMIUM, FLAGS

DEFAULT_FACES = Path(__file__).resolve().parents[2] / "shared" / "faces"
ORIGIN = "http://127.0.0.1:9"
SETUP = """async () => {
  const main = document.querySelector("script[type=module]").src;
  const { PictureWatch, extent, DARK, FLAT } = await import(new URL("lib/picture-watch.js", main));
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
  const watch = new PictureWatch();
  window.greys = async (url) => {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    canvas.getContext("2d").drawImage(picture, 0, 0, 640, 480);
    const grey = watch.grey(canvas);
    return { grey: [...grey], ...extent(grey) };
  };
  return { dark: DARK, flat: FLAT };
}"""
MEANS, NOISES = (0, 4, 8, 12, 16), (1, 3, 6)
ROOMS = (4, 6, 8, 10, 15, 20, 30)
"""Mean grey level of the face in a dark room; dlib loses most below 10 (face.md, section 4)."""
MOST_STANDING = 9
"""Pictures, a third of what the page waits for: 3 s at 9 a second. A film file repeats a picture now and then."""


def main() -> int:
    """Measure and judge; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faces", type=Path, default=DEFAULT_FACES)
    faces: Path = parser.parse_args().faces
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, ASKED])
        page = browser.new_page()
        page.route(f"{ORIGIN}/**", _serve)
        page.goto(f"{ORIGIN}/")
        limits = page.evaluate(SETUP)
        wrong = [*covered(page, limits), *rooms(page, limits, faces), *moving(page, faces)]
        browser.close()
    for line in wrong:
        print(f"WRONG: {line}")
    return int(bool(wrong))


def _serve(route: Route) -> None:
    path = PROJECT / route.request.url.removeprefix(f"{ORIGIN}/")
    if path.suffix == ".js":
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html><title>x</title>", content_type="text/html")


def seen(page: Page, picture: Pixels) -> dict[str, Any]:
    """Return what the page's module measures of an RGB picture: grey, high, spread."""
    url = "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(picture, 90)).decode()
    found: dict[str, Any] = page.evaluate("url => greys(url)", url)
    return found


def noisy(picture: np.ndarray, sigma: float, rng: np.random.Generator) -> Pixels:
    """Add sensor noise of `sigma` grey levels."""
    grain = rng.normal(0, sigma, (*picture.shape[:2], 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def covered(page: Page, limits: dict[str, int]) -> Iterator[str]:
    """A lens behind its cover: black level and noise of the sensor, brighter towards one corner."""
    rng = np.random.default_rng(1)
    glow = np.linspace(0, 4, 640)[None, :, None] * np.ones((480, 1, 3))
    print("covered lens: mean, noise -> brightest, spread")
    for mean in MEANS:
        for noise in NOISES:
            got = seen(page, noisy(mean + glow, noise, rng))
            print(f"  {mean:3d} {noise:3d} -> {got['high']:3d} {got['spread']:3d}")
            if got["high"] > limits["dark"] or got["spread"] > limits["flat"]:
                yield f"a covered lens at {mean} with noise {noise} is not black"


def rooms(page: Page, limits: dict[str, int], faces: Path) -> Iterator[str]:
    """Faces in ever darker rooms: where dlib finds one, the picture is not black."""
    rng, engine = np.random.default_rng(2), build_engine("dlib", "hog")
    print("face in a dark room: mean of the face -> pictures, found by dlib, least brightest, least spread, black")
    sitters = [_sitter(engine, photo) for photo in _photos(faces)]
    pictures = [film.bend(sitter, film.Pose()) for sitter in sitters if sitter is not None]
    for room in ROOMS:
        found = black = lost = 0
        highs, spreads = [], []
        for picture in pictures:
            left, top, right, bottom = 230, 110, 410, 330
            dark = noisy(picture * (room / picture[top:bottom, left:right].mean()), 2, rng)
            got = seen(page, dark)
            is_black = got["high"] <= limits["dark"] and got["spread"] <= limits["flat"]
            is_found = bool(engine.detect(dark))
            highs.append(got["high"])
            spreads.append(got["spread"])
            found, black, lost = found + is_found, black + is_black, lost + (is_found and is_black)
        print(f"  {room:3d} -> {len(pictures)}, {found}, {min(highs)}, {min(spreads)}, {black}")
        if lost:
            yield f"{lost} of {found} faces found at {room} count as black"


def _photos(faces: Path) -> Iterator[Pixels]:
    yield portraits.astronaut()
    yield portraits.admiral()
    for path in sorted(faces.glob("people/*/01.jpg")):
        picture = cv2.imread(str(path))
        if picture is not None:
            scale = min(1.0, 1200 / max(picture.shape[:2]))
            yield np.ascontiguousarray(cv2.resize(picture, None, fx=scale, fy=scale)[:, :, ::-1])


def _sitter(engine: Any, photo: Pixels) -> film.Sitter | None:
    try:
        return film.Sitter.from_photo(engine, photo)
    except IndexError:
        return None


def moving(page: Page, faces: Path) -> Iterator[str]:
    """Differences of neighbouring pictures: a real film, stills with noise, a looped still."""
    rng = np.random.default_rng(3)
    still = film.bend(film.Sitter.from_photo(build_engine("dlib", "hog"), portraits.astronaut()), film.Pose())
    print("neighbouring pictures: median of the largest difference, pixels that differ (median), longest standstill")
    yield from _neighbours(page, "real film, moving_head.mp4", list(_film(faces / "moving_head.mp4")), live=True)
    for sigma in (0.5, 1.0, 2.0, 4.0):
        pictures = [noisy(still.astype(float), sigma, rng) for _ in range(12)]
        yield from _neighbours(page, f"still with noise {sigma}", pictures, live=True)
    dark = still * 0.06
    yield from _neighbours(page, "the same in the dark, noise 2", [noisy(dark, 2, rng) for _ in range(12)], live=True)
    yield from _neighbours(page, "looped still", [still] * 6, live=False)


def _film(path: Path) -> Iterator[Pixels]:
    video = cv2.VideoCapture(str(path))
    while True:
        there, picture = video.read()
        if not there:
            return
        yield np.ascontiguousarray(picture[:, :, ::-1])


def _neighbours(page: Page, name: str, pictures: list[Pixels], live: bool) -> Iterator[str]:
    if not pictures:
        print(f"  {name}: not there")
        return
    greys = [np.array(seen(page, picture)["grey"], dtype=int) for picture in pictures]
    steps = [abs(after - before) for before, after in itertools.pairwise(greys)]
    largest, moved = [int(step.max()) for step in steps], [int((step > 0).sum()) for step in steps]
    stands = max(len(list(run)) if level == 0 else 0 for level, run in itertools.groupby(largest))
    print(f"  {name}: {np.median(largest):.0f}, {np.median(moved):.0f} of {greys[0].size}, {stands} of {len(steps)}")
    if live and stands > MOST_STANDING:
        yield f"{name}: a live picture stands still for {stands} pictures"
    if not live and stands < len(steps):
        yield f"{name}: a looped still moves"


if __name__ == "__main__":
    sys.exit(main())
