"""A booth without a browser: cookies, CSRF token, keep-alive and retries as the booth's page has them."""

from __future__ import annotations

import html
import http.client
import json
import re
import ssl
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from benchmarks.day.figures import FAST, Figures

TIMEOUT_SECONDS = 15.0
SITE = "localhost"
"""The name by which HTTPS is asked; it stands in the certificate."""
CAST_RETRIES = 4
CAST_PAUSE = 0.8
"""Seconds before the first repetition, doubled each time: static/js/lib/http.js."""
GATEWAY = (502, 503, 504)
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.S)
LEAD = re.compile(r'<p class="(?:k-lead|k-err)"[^>]*>(.*?)</p>', re.S)
PAGE, DATA = "text/html", "application/json"


class LineLost(Exception):
    """No answer came, or it broke off."""


class NotAsExpected(Exception):
    """The answer is not one of this step's; what it says was noted."""


@dataclass(frozen=True)
class Answer:
    """Status, body and where it leads."""

    status: int
    text: str
    location: str

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.text)  # type: ignore[no-any-return]

    @property
    def words(self) -> str:
        """Return what a person reads: heading and first sentence of a page, or the message of an error."""
        if self.text.startswith("{"):
            said = json.loads(self.text)
            return str(said.get("error", said).get("message", ""))
        found = [*HEADING.findall(self.text)[:1], *LEAD.findall(self.text)[:1]]
        return plain(". ".join(found))


def plain(markup: str) -> str:
    """Return the text of a piece of HTML on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", markup)).split())


class Booth:
    """One kiosk's browser; one request at a time. `voter` and `engine` say for whom it asks; with `tls` by HTTPS."""

    def __init__(self, port: int, name: str, figures: Figures, tls: ssl.SSLContext | None = None) -> None:
        self.name, self.figures = name, figures
        self._tls = tls
        self.voter, self.engine = "", FAST
        self._port = port
        self._connection: http.client.HTTPConnection | None = None
        self._cookies: dict[str, str] = {}
        self._token = ""

    def get(self, step: str, path: str, expect: tuple[int, ...] = (200,)) -> Answer:
        return self._ask(step, "GET", path, None, {"Accept": PAGE}, expect)

    def form(self, step: str, path: str, expect: tuple[int, ...], **fields: str) -> Answer:
        """Send a form, with the token of the page last seen."""
        content = urlencode(fields | {"csrf_token": self._token})
        headers = {"Accept": PAGE, "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask(step, "POST", path, content, headers, expect)

    def json(
        self,
        step: str,
        path: str,
        content: object,
        expect: tuple[int, ...] = (200,),
        more: dict[str, str] | None = None,
    ) -> Answer:
        """Send JSON; `more` are further headers."""
        headers = {"Accept": DATA, "Content-Type": DATA, "X-CSRFToken": self._token, **(more or {})}
        return self._ask(step, "POST", path, json.dumps(content), headers, expect)

    def cast(self, expect: tuple[int, ...], **fields: str) -> Answer:
        """Cast as the page does: the same key again when the line breaks or a gateway answers."""
        for attempt in range(CAST_RETRIES + 1):
            try:
                answer = self.form("vote", "/poll/vote", (*expect, *GATEWAY), **fields)
                if answer.status not in GATEWAY:
                    return answer
                self.figures.surprise("vote", answer.status, answer.words, self.voter)
            except LineLost:
                pass
            time.sleep(CAST_PAUSE * 2**attempt)
        raise LineLost

    def _ask(
        self, step: str, method: str, path: str, content: str | None, headers: dict[str, str], expect: tuple[int, ...]
    ) -> Answer:
        begun = time.monotonic()
        try:
            answer = self._send(method, path, content, headers)
        except (OSError, http.client.HTTPException) as error:
            self._hang_up()
            self.figures.surprise(step, 0, f"no answer ({type(error).__name__})", self.voter)
            raise LineLost from error
        if answer.status not in expect:
            self.figures.surprise(step, answer.status, answer.words, self.voter)
            raise NotAsExpected
        self.figures.took(_name(step, answer), self.engine, time.monotonic() - begun)
        return answer

    def _send(self, method: str, path: str, content: str | None, headers: dict[str, str]) -> Answer:
        if self._tls is not None:
            headers = headers | {"Referer": f"https://{SITE}:{self._port}/"}  # the CSRF check asks for it
        headers = headers | {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        kept = self._connection is not None
        try:
            response = self._request(method, path, content, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            # A connection that was kept open and closed meanwhile: every browser asks again on a fresh one.
            self._hang_up()
            if not kept:
                raise
            response = self._request(method, path, content, headers)
        text = response.read().decode()
        for line in response.headers.get_all("Set-Cookie") or ():
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        if found := TOKEN.search(text):
            self._token = found[1]
        if response.will_close:
            self._hang_up()
        return Answer(response.status, text, response.headers.get("Location", ""))

    def _request(
        self, method: str, path: str, content: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request(method, path, content, headers)
        return self._connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(SITE, self._port, timeout=TIMEOUT_SECONDS, context=self._tls)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _name(step: str, answer: Answer) -> str:
    """Tell the last chunk, which is also compared and written down, from the others."""
    return "verdict" if step == "frames" and answer.status != 202 else step
