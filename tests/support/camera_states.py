"""States of the camera page when the camera, the line or the server fails; they join the booth's other states."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from playwright.sync_api import Page, Route

from models import Voter
from services.face_service.images import Pixels
from tests.support import acted_film
from tests.support.demo import Demo
from tests.support.film import FPS, SIZE
from tests.support.kiosk_states import ENROLLED, NO_CAMERA, begin, shown, start_camera, state
from tests.support.live_site import Site

VERIFY, START = "**/poll/auth/verify", "**/poll/auth/start"
CHOSEN_CAMERA = (
    """localStorage.setItem("booth.camera", JSON.stringify({ id: "unplugged", label: "Camera on the arm" }));"""
)
GREY_OF_A_COVER, NOISE, LITTLE_LIGHT = 8, 3, 0.25


def covered(seconds: float = 1.0) -> Iterator[Pixels]:
    """A lens behind its cover: the sensor's noise and nothing else."""
    rng = np.random.default_rng(1)
    for _ in range(round(seconds * FPS)):
        grain = rng.normal(GREY_OF_A_COVER, NOISE, (SIZE[1], SIZE[0], 1))
        yield np.repeat(np.clip(grain, 0, 255).astype(np.uint8), 3, axis=2)


def dark_room(seconds: float = 6.0) -> Iterator[Pixels]:
    """A person with little light and the noise of a sensor; long enough to be seen once."""
    rng = np.random.default_rng(2)
    for _ in range(round(seconds * FPS)):
        picture = acted_film.picture(ENROLLED)
        grain = rng.normal(0, 2 * NOISE, (*picture.shape[:2], 1))
        yield np.clip(picture * LITTLE_LIGHT + grain, 0, 255).astype(np.uint8)


def frozen() -> Iterator[Pixels]:
    """A person, once; the camera plays it over and over."""
    yield acted_film.picture(ENROLLED)


def refuse(page: Page, status: int, code: str, message: str, path: str = VERIFY, **headers: str) -> None:
    """Let the server answer with an error from now on."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, json={"error": {"code": code, "message": message}}, headers=headers)

    page.route(path, answer)


class Plug:
    """The network plug of the booth: it slips out by itself when the first movement was asked for."""

    def __init__(self, page: Page) -> None:
        self.page, self.pulled, self.slips = page, False, True
        page.route(VERIFY, self._verify)
        page.route(START, self._start)

    def put_back(self) -> None:
        """Mend the line."""
        self.pulled = self.slips = False
        for path in (VERIFY, START):
            self.page.unroute(path)

    def _verify(self, route: Route) -> None:
        if self.pulled:
            return route.abort("connectionreset")
        answer = route.fetch()
        self.pulled = self.slips and '"straight"' not in answer.text()
        return route.fulfill(response=answer)

    def _start(self, route: Route) -> None:
        return route.abort("connectionreset") if self.pulled else route.continue_()


def line_goes_down(site: Site, demo: Demo) -> tuple[Page, Voter, Plug]:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, voter = begin(site, demo)
    plug = Plug(page)
    start_camera(page)
    page.get_by_text("The line is down. Nothing is lost.").wait_for()
    return page, voter, plug


def refused(site: Site, demo: Demo, status: int, code: str, message: str) -> Page:
    """Begin a check whose frames the server refuses."""
    site.webcam.show(acted_film.straight(ENROLLED))
    page, _voter = begin(site, demo)
    refuse(page, status, code, message)
    start_camera(page)
    return page


def at_first_movement(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, _voter = begin(site, demo)
    start_camera(page)
    page.locator("[data-move].here").wait_for()
    return page


@state
def camera_black(site: Site, demo: Demo) -> Page:
    site.webcam.show(covered())
    page, _voter = begin(site, demo)
    start_camera(page)
    return shown(page, "The camera sees nothing")


@state
def camera_frozen(site: Site, demo: Demo) -> Page:
    site.webcam.show(frozen())
    page, _voter = begin(site, demo)
    start_camera(page)
    return shown(page, "The picture stands still")


@state
def camera_absent(site: Site, demo: Demo) -> Page:
    page, _voter = begin(site, demo, script=CHOSEN_CAMERA)
    start_camera(page)
    return shown(page, "The booth’s camera is not there")


@state
def camera_failed(site: Site, demo: Demo) -> Page:
    page, _voter = begin(site, demo, script=NO_CAMERA % "'UnknownError'")
    start_camera(page)
    return shown(page, "The camera did not start")


@state
def camera_line_down(site: Site, demo: Demo) -> Page:
    return line_goes_down(site, demo)[0]


@state
def camera_line_back(site: Site, demo: Demo) -> Page:
    page, _voter, plug = line_goes_down(site, demo)
    page.wait_for_timeout(4500)
    plug.put_back()
    page.get_by_text("The line is back. We start the movements again.").wait_for()
    page.route(VERIFY, lambda route: None)
    page.evaluate("for (let n = 1; n < 10000; n += 1) window.clearInterval(n);")
    return page


@state
def camera_check_busy(site: Site, demo: Demo) -> Page:
    page = refused(site, demo, 503, "busy", "The camera check is busy. Wait a moment, then try again.")
    page.get_by_text("The check is busy. Nothing is lost.").wait_for()
    return page


@state
def camera_disk_full(site: Site, demo: Demo) -> Page:
    page = refused(site, demo, 503, "disk_full", "This booth cannot keep pictures now. Call the officer.")
    return shown(page, "This booth cannot keep pictures now")


@state
def camera_check_not_ready(site: Site, demo: Demo) -> Page:
    page = refused(site, demo, 503, "model_unavailable", "The camera check is not ready. Call the officer.")
    return shown(page, "The face check is not ready")


STATES: dict[str, Callable[[Site, Demo], Page]] = {
    drive.__name__: drive
    for drive in (
        camera_black, camera_frozen, camera_absent, camera_failed, camera_line_down, camera_line_back,
        camera_check_busy, camera_disk_full, camera_check_not_ready,
    )
}  # fmt: skip
"""The states of this module alone."""
