"""One voter's way through the booth, step by step as its pages lead."""

from __future__ import annotations

import base64
import html
import json
import random
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.day import people
from benchmarks.day.booth import Answer, Booth, LineLost, NotAsExpected, plain
from benchmarks.day.figures import FAST, REAL, Figures
from benchmarks.day.films import AS_THE_PAGE, Camera, Film
from benchmarks.day.films import FAST as FAST_PACE
from benchmarks.day.people import Person

CHALLENGE = re.compile(r'data-challenge="([^"]+)"')
CHOICE = re.compile(r'name="choice" value="([^"]+)"')
REFERENCE = re.compile(r'<dd class="code">\s*([^<\s]+)')
RECEIPT = re.compile(r'<p class="receipt[^"]*">(.*?)</p>', re.S)
LOST_AFTER = 4
"""Chunks in a row without an answer before the page gives up (liveness-stream.js)."""
CAMERA_MARK = "0" * 64
CALLED, TOLD = 403, 409
PATIENCE_SECONDS = 90.0
"""How long a voter starts again after an answer that is nobody's fault; then the run counts the voter as lost."""
AGAIN_SECONDS = 1.0
VOTED, LEFT, TOLD_VOTED, GAVE_UP = "voted", "left", "told that the vote is cast", "gave up"


@dataclass(frozen=True)
class Staff:
    """Two people who identify by document."""

    officer: str
    second: str
    password: str


@dataclass
class Visited:
    """What came of a visit; `choice` is what was sent, `reference` and `receipt` what the voter was shown."""

    person: Person
    booth: str
    outcome: str = GAVE_UP
    choice: str = ""
    reference: str = ""
    receipt: str = ""
    seconds: float = 0.0
    by: str = ""


class Visit:
    """One person at one booth. `run_out` ends the person's open ballot's time (in the database)."""

    def __init__(
        self, booth: Booth, person: Person, staff: Staff, run_out: Callable[[str], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:  # fmt: skip
        self._patience = patience
        self.booth, self.person, self.staff, self.run_out = booth, person, staff, run_out
        self.figures: Figures = booth.figures
        self.done = Visited(person, booth.name)
        self._kind = person.kind
        self._draw = random.Random(person.number)

    def run(self) -> Visited:
        """Go in, and out with a vote or without; begin anew, as people do, when an answer makes no sense."""
        booth, begun = self.booth, time.monotonic()
        booth.voter, booth.engine = self.person.number, REAL if self.person.real else FAST
        while self.done.outcome == GAVE_UP and time.monotonic() - begun < self._patience:
            try:
                self._go_through()
            except (LineLost, NotAsExpected):
                time.sleep(AGAIN_SECONDS)
        self.done.seconds = time.monotonic() - begun
        return self.done

    def _go_through(self) -> None:
        self.booth.get("index", "/poll/")
        self._detours()
        if not self._identified():
            return
        ballot = self.booth.get("ballot", "/poll/ballot")
        if self._kind == people.LEAVES:
            self.booth.form("leave", "/poll/leave", (303,))
            self.done.outcome = LEFT
            return
        if self._kind == people.EXPIRES:
            return self._run_out_of_time(ballot)
        if self._kind == people.MORE:
            self.booth.json("more time", "/poll/more-time", {})
        self._vote(ballot)
        if self._kind == people.SECOND:
            self.booth.get("index", "/poll/")
            self.booth.form("start", "/poll/auth/start", (TOLD,), voter_id=self.person.number)

    def _detours(self) -> None:
        number = self.person.number
        if self._kind == people.SLIP:
            wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
            self.booth.form("start", "/poll/auth/start", (422,), voter_id=wrong)
        elif self._kind == people.UNKNOWN:
            self.booth.form("start", "/poll/auth/start", (404,), voter_id=people.nobodys_number(self._draw))

    def _identified(self) -> bool:
        """Type the voter ID and show the face until the ballot is open; the officer helps where that fails."""
        film = self.person.stranger if self._kind == people.MISMATCH else self.person.film
        while True:
            started = self.booth.form("start", "/poll/auth/start", (303, CALLED, TOLD), voter_id=self.person.number)
            if started.status == TOLD:
                self._told(started)
                return False
            if started.status == CALLED:
                return self._by_document()
            page = self.booth.get("camera page", "/poll/auth")
            verdict = self._show(json.loads(html.unescape(CHALLENGE.findall(page.text)[0])), film)
            film = self.person.film
            if verdict is None:
                self._kind = people.PLAIN
                self.booth.form("leave", "/poll/leave", (303,))
                self.booth.get("index", "/poll/")
            elif verdict["result"] == "success":
                self.done.by = "face"
                return True
            elif verdict["result"] == "mismatch" and self._kind == people.MISMATCH:
                self._kind = people.PLAIN
            else:
                self.figures.check_failed(self.booth.engine, "; ".join(verdict["reasons"]) or verdict["result"])

    def _show(self, challenge: dict, film: Film) -> dict | None:
        """Play the film to the challenge; return the verdict, None for who walks away on the second demand."""
        camera = Camera(film, AS_THE_PAGE if self.person.real else FAST_PACE)
        seq = steps_done = lost = 0
        while True:
            step, frames = camera.chunk(steps_done)
            pictures = ["data:image/jpeg;base64," + base64.b64encode(frame).decode() for frame in frames]
            content = {"challenge_id": challenge["id"], "seq": seq, "camera": CAMERA_MARK, "step": step}
            try:
                answer = self.booth.json("frames", "/poll/auth/verify", content | {"frames": pictures}, (200, 202))
            except LineLost:
                lost += 1
                if lost == LOST_AFTER:
                    raise
                continue
            seq, lost = seq + 1, 0
            if answer.status == 200:
                return answer.data
            steps_done = answer.data["steps_done"]
            camera.demand(answer.data["demand"])
            if self._kind == people.WALKS and steps_done:
                return None

    def _by_document(self) -> bool:
        number, staff = self.person.number, self.staff
        self.booth.form("officer form", "/poll/document", (200,), voter_id=number)
        self.booth.form(
            "document", "/poll/auth/document", (303,), voter_id=number, officer=staff.officer, password=staff.password,
            document="passport", second=staff.second, second_password=staff.password,
            reason="The camera could not help; the passport shows this person.",
        )  # fmt: skip
        self.done.by = "document"
        return True

    def _run_out_of_time(self, ballot: Answer) -> None:
        self.run_out(self.person.number)
        self._kind = people.PLAIN
        self.booth.get("ballot", "/poll/ballot", (TOLD,))
        self.booth.cast((TOLD,), **self._choose(ballot))
        self._go_through()

    def _vote(self, ballot: Answer) -> None:
        fields = self._choose(ballot)
        self.done.choice = fields["choice"]
        answer = self.booth.cast((200,), **fields)
        self.done.reference = REFERENCE.findall(answer.text)[0]
        self.done.receipt = re.sub(r"\W", "", plain(RECEIPT.findall(answer.text)[0]))
        self.done.outcome = VOTED

    def _choose(self, ballot: Answer) -> dict[str, str]:
        choice = self._draw.choice(sorted(set(CHOICE.findall(ballot.text))))
        return {"voter_id": self.person.number, "choice": choice, "idempotency_key": secrets.token_urlsafe(24)}

    def _told(self, answer: Answer) -> None:
        """Only a vote whose answer was lost may bring a voter here."""
        self.figures.surprise("start", answer.status, answer.words, self.person.number)
        if not self.done.choice or "Your vote was cast" not in answer.text:
            raise NotAsExpected
        self.done.outcome = TOLD_VOTED
