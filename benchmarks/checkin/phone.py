"""A member's phone without a browser: cookie, CSRF token, a key pair that signs, keep-alive, and a line that is cut."""

from __future__ import annotations

import base64
import html
import http.client
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.checkin.figures import Figures
from benchmarks.day.films import AS_THE_PAGE, Camera, Film
from services.attendance import device_keys
from tests.support.meetings import Phone

TIMEOUT_SECONDS = 30.0
DUE = re.compile(r'data-due="([^"]+)"')
DONE = "You are checked in"
CAMERA_MARK = "0" * 64


class NotAsExpected(Exception):
    """The answer is not one of this step's; the figures have what it says."""


@dataclass
class Member:
    """Who checks in with what: `cut` lets the answer to each step get lost once, who `types` does not scan the screen,
    `film` is the face.
    """

    number: str
    cookie: str
    token: str
    phone: Phone
    position: dict[str, float]
    cut: bool = False
    types: bool = False
    film: Film | None = None


@dataclass
class Line:
    """One member's connection to the web server."""

    port: int
    member: Member
    figures: Figures
    _connection: http.client.HTTPConnection | None = field(default=None)

    def get(self, step: str, path: str) -> str:
        return self._timed(step, "GET", path, None, (200,))[1]

    def post(self, step: str, path: str, values: dict[str, Any], expect: tuple[int, ...] = (200,)) -> dict[str, Any]:
        """Send a step; where the member's line is cut, its answer is lost and the same is sent again."""
        if self.member.cut:
            self._lose(path, values)
            self.figures.cut()
        return json.loads(self._timed(step, "POST", path, values, expect)[1])  # type: ignore[no-any-return]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _lose(self, path: str, values: dict[str, Any]) -> None:
        self._send("POST", path, values)
        self.close()

    def _timed(
        self, step: str, method: str, path: str, values: dict[str, Any] | None, expect: tuple[int, ...]
    ) -> tuple[int, str]:
        begun = time.perf_counter()
        try:
            connection = self._send(method, path, values)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self.figures.failed(step, repr(error))
            raise NotAsExpected from error
        self.figures.took(step, time.perf_counter() - begun)
        if answer.status not in expect:
            self.figures.failed(step, f"{answer.status}: {text[:160]}")
            raise NotAsExpected
        return answer.status, text

    def _send(self, method: str, path: str, values: dict[str, Any] | None) -> http.client.HTTPConnection:
        """Send it on the open connection, or on a new one where the server has closed it meanwhile."""
        headers = {"Cookie": self.member.cookie, "Accept": "text/html"}
        if values is not None:
            headers |= {"Content-Type": "application/json", "Accept": "application/json",
                        "X-CSRFToken": self.member.token}  # fmt: skip
        content = None if values is None else json.dumps(values)
        fresh = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        kept, self._connection = self._connection or fresh, fresh
        try:
            kept.request(method, path, content, headers)
            self._connection = kept
        except (OSError, http.client.HTTPException):
            fresh.request(method, path, content, headers)
        return self._connection


def check_in(line: Line, meeting_id: int, code: Callable[[], str]) -> None:
    """Do what the page's script does: the code, then key and position at once. Raises NotAsExpected.

    The screen's square opens the page of the meeting; who types the code comes by the list of their meetings.
    Whose line is cut sends each step twice; everybody else sends it once.
    """
    here, member = f"/voter/meetings/{meeting_id}", line.member
    if member.types:
        line.get("my meetings", "/voter/meetings")
    line.get("page", here)
    due = line.post("code", f"{here}/code", {"code": code(), "page": True})["next"]
    proofs = {"device": _signed(member, due["attempt"], due["nonce"]), "location": member.position, "page": True}
    answer = line.post("proofs", f"{here}/proofs", proofs)
    page = answer.get("page") or line.get("page", here)
    if member.film is not None and "data-challenge" in page:
        _show_face(line, here, member.film)
        page = line.get("page", here)
    _require_done(line, page)


def check_in_by_pages(line: Line, meeting_id: int, code: Callable[[], str]) -> None:
    """Load the page again after each step, as all did before and as a reload still does. Raises NotAsExpected."""
    here, member = f"/voter/meetings/{meeting_id}", line.member
    line.get("my meetings", "/voter/meetings")
    line.get("page", here)
    line.post("code", f"{here}/code", {"code": code()})
    due = json.loads(html.unescape(DUE.findall(line.get("page", here))[0]))
    line.post("device", f"{here}/device", _signed(member, due["attempt"], due["nonce"]))
    line.get("page", here)
    line.post("location", f"{here}/location", member.position)
    _require_done(line, line.get("page", here))


def _require_done(line: Line, page: str) -> None:
    if DONE not in page:
        line.figures.failed("page", f"{line.member.number} is not checked in at the end")
        raise NotAsExpected


def _signed(member: Member, attempt: str, nonce: str) -> dict[str, str]:
    signed = member.phone.sign_raw(device_keys.message(uuid.UUID(attempt), base64.b64decode(nonce)))
    return {"public_key": base64.b64encode(member.phone.public_key).decode(),
            "signature": base64.b64encode(signed).decode()}  # fmt: skip


def _show_face(line: Line, here: str, film: Film) -> None:
    """Play the film to the movements, again after a failed try, as the page does."""
    camera, seq, done = Camera(film, AS_THE_PAGE), 0, 0
    while True:
        step, frames = camera.chunk(done)
        pictures = ["data:image/jpeg;base64," + base64.b64encode(frame).decode() for frame in frames]
        content = {"step": step, "seq": seq, "camera": CAMERA_MARK, "frames": pictures}
        answer = line.post("frames", f"{here}/face/verify", content, (200, 202, 409))
        seq += 1
        if answer.get("result") == "pending":
            done = answer["step"]
            camera.demand(answer["demand"])
            continue
        if answer.get("result") == "success" or answer.get("officer"):
            return
        line.figures.noted(f"face: {'; '.join(answer.get('reasons', [])) or answer['error']['code']}")
        started = line.post("face again", f"{here}/face/start", {})
        if "challenge" not in started:
            return
        camera, seq, done = Camera(film, AS_THE_PAGE), 0, 0
