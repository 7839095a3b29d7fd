"""One page of Chromium that the tests of a file visit one after the other.

A page of its own starts a process, reads every script and compiles axe anew: half of what a visit costs.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page

from tests.support.axe import BLANK_PATH

KEPT_BY_PAGES = "local_storage,indexeddb"


class SharedPage:
    """The page, which one visitor at a time may take; `base` is the address of the server."""

    def __init__(self, base: str, prepare: Callable[[Page], None]) -> None:
        self._base, self._prepare = base, prepare
        self._page: Page | None = None
        self._taken = False

    def take(self, browser: Browser) -> Page | None:
        """Return the page as a new one would be, or nothing while somebody has it."""
        if self._taken:
            return None
        self._taken = True
        if self._page is None or self._page.is_closed():
            self._page = browser.new_context(base_url=self._base, locale="en-GB").new_page()
            self._prepare(self._page)
        return self._page

    def leave(self) -> list[str]:
        """Take away what the visitor left; return what cannot be taken away."""
        page, taken, self._taken = self._page, self._taken, False
        if page is None or page.is_closed() or not taken:
            return []
        wrong = ["A stopped clock stays for ever: open this page with own=True."] * page.evaluate(
            "'__pwClock' in globalThis"
        )
        page.unroute_all()
        page.context.clear_cookies()
        # An empty page of the same server: at any other address Chromium would go on in a new process.
        page.goto(BLANK_PATH)
        page.evaluate("sessionStorage.clear()")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Storage.clearDataForOrigin", {"origin": self._base, "storageTypes": KEPT_BY_PAGES})
        devtools.detach()
        for other in page.context.pages:
            if other is not page:
                other.close()
        return wrong
