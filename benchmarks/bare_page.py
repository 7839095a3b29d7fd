"""A page that no developer tools watch.

Those that Playwright attaches to its pages keep the body of every request in the renderer until the page is left (a
page that posted 20 MB grew by 20 MB; this one by none), so a page that sends pictures all day seems to leak.
"""

from __future__ import annotations

import json
import time
from typing import Any

from playwright.sync_api import Browser

ANSWER_SECONDS = 120.0
LOOK_SECONDS = 0.02


class BarePage:
    """A page in a browser context that Playwright does not know, driven over the browser's own session."""

    def __init__(self, browser: Browser, url: str, cookie: str, size: tuple[int, int]) -> None:
        """Open `url` with a cookie ("name=value") in a window of `size` pixels."""
        self._browser = browser.new_browser_cdp_session()
        self._browser.on("Target.receivedMessageFromTarget", self._hear)
        self._answers: dict[int, dict[str, Any]] = {}
        self._number = 0
        context = self._browser.send("Target.createBrowserContext")["browserContextId"]
        name, _, value = cookie.partition("=")
        cookies = [{"name": name, "value": value, "url": url}]
        self._browser.send("Storage.setCookies", {"cookies": cookies, "browserContextId": context})
        place = {"url": url, "browserContextId": context, "width": size[0], "height": size[1]}
        target = self._browser.send("Target.createTarget", place)["targetId"]
        attached = self._browser.send("Target.attachToTarget", {"targetId": target, "flatten": False})
        self._session = attached["sessionId"]

    def call(self, method: str, **parameters: Any) -> Any:
        """Send a command of the DevTools protocol and return its result. Raises RuntimeError, TimeoutError."""
        self._number += 1
        message = json.dumps({"id": self._number, "method": method, "params": parameters})
        self._browser.send("Target.sendMessageToTarget", {"sessionId": self._session, "message": message})
        until = time.monotonic() + ANSWER_SECONDS
        while self._number not in self._answers:
            if time.monotonic() > until:
                raise TimeoutError(method)
            time.sleep(LOOK_SECONDS)
            self._browser.send("Browser.getVersion")  # lets the events in that came meanwhile
        answer = self._answers.pop(self._number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def evaluate(self, expression: str) -> Any:
        """Return what an expression gives in the page, as JSON. Raises RuntimeError for an exception there."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Return when an expression is true; also over a change of page. Raises TimeoutError."""
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            try:
                if self.evaluate(f"Boolean({expression})"):
                    return
            except RuntimeError:  # between two pages there is nothing to ask
                pass
            time.sleep(LOOK_SECONDS)
        raise TimeoutError(expression)

    def _hear(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message
