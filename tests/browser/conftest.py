"""Chromium with a fake webcam, a real web server with the real face engine, a real mail server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from config import PROJECT
from services.embedded_postgres import EmbeddedPostgres
from services.face_service import build_engine
from tests.support import demo, live_site, portraits
from tests.support.axe import AXE
from tests.support.demo import Demo
from tests.support.film import Sitter
from tests.support.live_site import CHROMIUM, KIOSK_SCREEN, PATIENCE_MS, Site
from tests.support.smtp import SmtpServer
from tests.support.web_process import WebProcess
from tests.support.webcam import Webcam

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--autoplay-policy=user-gesture-required",
)  # fmt: skip
SCREENS = PROJECT / "var" / "testing" / "screens"
COMMISSIONER = "commissioner@example.org"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a second try to what plays a film: it cannot see the prompts, and a busy machine is late for it."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def sitters() -> dict[str, Sitter]:
    """Two people who can be filmed."""
    engine = build_engine("dlib", "hog")
    return {
        "voter": Sitter.from_photo(engine, portraits.astronaut()),
        "other": Sitter.from_photo(engine, portraits.admiral()),
    }


@pytest.fixture
def webcam(tmp_path: Path) -> Webcam:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    return Webcam(tmp_path)


@pytest.fixture
def browser(webcam: Webcam) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-video-capture={webcam.path}"]
        )
        yield browser
        browser.close()


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpServer]:
    server = SmtpServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def live_app(make_committing_app: Callable[..., Flask], smtp: SmtpServer) -> Iterator[Flask]:
    """The application as the worker and the test see it; `web` serves the same database and folders."""
    app = make_committing_app(**changes(smtp))
    with app.app_context():
        yield app


@pytest.fixture
def web(live_app: Flask, smtp: SmtpServer, tmp_path: Path) -> Iterator[WebProcess]:
    server = WebProcess(tmp_path, workers=1, csrf=True, **changes(smtp))
    server.start()
    yield server
    server.kill()


def changes(smtp: SmtpServer) -> dict[str, str]:
    return smtp.settings(
        FACE_ENGINE="dlib",
        ALERT_RECIPIENT=COMMISSIONER,
        EMAIL_FROM="Election Commission <commission@example.org>",
        LOG_LEVEL="INFO",
    )


@pytest.fixture
def open_page(browser: Browser, web: WebProcess) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own (own cookies); errors on the console fail the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def make(path: str = "/", viewport: dict[str, int] = KIOSK_SCREEN, **options: Any) -> Page:
        context = browser.new_context(viewport=viewport, base_url=web.url, locale="en-GB", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.goto(path)
        return page

    yield make
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=SCREENS / f"last-{number}.png")
        context.close()
    assert problems == []


@pytest.fixture(scope="module")
def site(postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served application of the module's own, with pages in one Chromium."""
    with live_site.serve(postgres, template, tmp_path_factory.mktemp("site"), RATE_LIMITS="off") as site:
        yield site


@pytest.fixture(scope="module")
def filled(site: Site) -> Demo:
    """The site with the demo and a few hours of an election day in it."""
    return demo.fill(site.app)


@pytest.fixture(autouse=True)
def pages_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close the pages of a test; what their consoles complained about fails it."""
    site = request.getfixturevalue("site") if "site" in request.fixturenames else None
    yield
    if site is not None:
        site.close_pages()


@pytest.fixture(scope="session")
def axe_source() -> str:
    if not AXE.exists():
        pytest.skip("axe-core is not there: `make axe` fetches it")
    return AXE.read_text(encoding="utf-8")
