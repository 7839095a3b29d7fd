"""The application served to Chromium, once for a whole test module: pages for staff, kiosks and anybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from models import Election, Kiosk, StaffRole, db
from services import accounts, kiosks
from services.actor import SYSTEM, Actor
from services.embedded_postgres import EmbeddedPostgres
from tests import factories
from tests.support import database, film
from tests.support.shared_page import SharedPage
from tests.support.web_process import WebProcess, session_cookie
from tests.support.webcam import Webcam

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The same engine each; the first comes without the window around a page, which costs half a second a page."""
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
BOOTH_NAME = "booth.test"
"""A name that Chromium finds on this machine and does not count as secure, as a booth in a local network."""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--autoplay-policy=user-gesture-required", f"--host-resolver-rules=MAP {BOOTH_NAME} 127.0.0.1",
)  # fmt: skip
ASKED = "--use-fake-ui-for-media-stream"
"""Answers the browser's question for the camera; there is nobody to touch "Allow"."""
KIOSK_SCREEN = {"width": 1920, "height": 1080}
DESK_SCREEN = {"width": 1280, "height": 800}
PATIENCE_MS = 60_000
"""How long anything is waited for: a busy machine is slow, and who is served at once pays nothing."""
expect.set_options(timeout=PATIENCE_MS)


class Browsers(dict[bool, Browser]):
    """Chromium whose user allows the camera, and one whose user refuses it; each starts when it is first asked for."""

    def __init__(self, playwright: Playwright, webcam: Webcam) -> None:
        self._chromium, self._webcam = playwright.chromium, webcam

    def __missing__(self, allows: bool) -> Browser:
        answer = ASKED if allows else f"{ASKED}=deny"
        source = f"--use-file-for-fake-video-capture={self._webcam.path}"
        self[allows] = self._chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, answer, source])
        return self[allows]

    def close(self) -> None:
        for browser in self.values():
            browser.close()


class Site:
    """What a test needs: the application for the database, and pages of the served one."""

    def __init__(self, app: Flask, web: WebProcess, browsers: Browsers, webcam: Webcam) -> None:
        self.app, self.web, self.browsers, self.webcam = app, web, browsers, webcam
        self.problems: list[str] = []
        self.shares = False
        """Whether the first page of a test is one for all of them."""
        self._shared = SharedPage(web.url, self._listen)
        self._open: list[BrowserContext] = []

    def page(self, path: str, cookie: str = "", host: str = "127.0.0.1", camera: bool = True, script: str = "",
             own: bool = False, **options: Any) -> Page:  # fmt: skip
        """Open a page; `script` runs before the page's own, and without `camera` the browser's user refuses it.

        It has a browser context of its own, unless the site shares its one and the page is not asked for as `own`.
        """
        base = f"http://{host}:{self.web.port}"
        options.setdefault("viewport", DESK_SCREEN)
        plain = options.keys() == {"viewport"} and base == self.web.url and camera and not script
        page = self._shared.take(self.browsers[True]) if self.shares and plain and not own else None
        if page is None:
            page = self._own_page(camera, script, base_url=base, **options)
        else:
            page.set_viewport_size(options["viewport"])
        if cookie:
            name, value = cookie.split("=", 1)
            page.context.add_cookies([{"name": name, "value": value, "url": base}])
        page.goto(path)
        return page

    def staff_page(self, path: str, role: StaffRole = StaffRole.ADMIN, election: Election | None = None,
                   **options: Any) -> Page:  # fmt: skip
        """Open a page of the desk as a new member of staff who looks at `election`."""
        user = factories.StaffUserFactory(role=role)
        token = accounts.start_session(user, Actor(role.value, user.id, user.username, "127.0.0.1"))
        db.session.commit()
        if election is not None:
            found = accounts.find_session(token)
            assert found is not None
            accounts.select_election(found.id, election.id)
            db.session.commit()
        return self.page(path, session_cookie(self.app, staff_session=token), **options)

    def kiosk_page(self, election: Election, path: str = "/poll/", **options: Any) -> Page:
        """Open a page of a new kiosk of the election; the kiosk is `site.kiosk`."""
        options.setdefault("viewport", KIOSK_SCREEN)
        return self.page(path, self.kiosk_cookie(election), **options)

    def kiosk_cookie(self, election: Election) -> str:
        """Open a new kiosk of the election, `site.kiosk`, and return the cookie ("name=value") of its browser."""
        officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
        self.kiosk: Kiosk
        self.kiosk, token = kiosks.open_kiosk(election, officer, SYSTEM)
        db.session.commit()
        return session_cookie(self.app, kiosk=token)

    def close_pages(self) -> None:
        """Close what was opened; an error on a page or against the Content-Security-Policy fails the test."""
        for context in self._open:
            context.close()
        self._open.clear()
        self.problems += self._shared.leave()
        problems, self.problems = self.problems, []
        assert problems == [], problems

    def _own_page(self, camera: bool, script: str, **options: Any) -> Page:
        context = self.browsers[camera].new_context(locale="en-GB", **options)
        self._open.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        self._listen(page)
        return page

    def _listen(self, page: Page) -> None:
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.problems.append(f"{urlsplit(page.url).path}: {error}"))
        page.on("console", lambda said: self._note(said.text))

    def _note(self, words: str) -> None:
        if "Content Security Policy" in words:
            self.problems.append(words)


@contextmanager
def serve(postgres: EmbeddedPostgres, template: str, folder: Path, **changes: str) -> Iterator[Site]:
    """Give a site on a database of its own; `changes` are settings by name."""
    if CHROMIUM is None or shutil.which("ffmpeg") is None:
        pytest.skip("Chromium or ffmpeg is not installed")
    with database.cloned_database(postgres, template) as urls:
        app = database.test_app(urls, folder, **changes)
        with app.app_context():
            # What is painted needs no more pictures than the page takes, and no decoder: a third of the work.
            webcam = Webcam(folder, ".y4m", film.FPS)
            server = WebProcess(folder, workers=1, csrf=True, **changes)
            try:
                server.start()
                with sync_playwright() as playwright:
                    browsers = Browsers(playwright, webcam)
                    yield Site(app, server, browsers, webcam)
                    browsers.close()
            finally:
                server.kill()
                db.session.remove()
                for engine in db.engines.values():
                    engine.dispose()
