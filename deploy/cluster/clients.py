"""Voters as programs: they cast by HTTPS, and where no answer comes they ask again with the same key."""

from __future__ import annotations

import queue
import random
import re
import secrets
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.day.booth import Answer, Booth, LineLost, NotAsExpected
from benchmarks.day.figures import Figures
from benchmarks.day.hall import PASSWORD, STAFF
from benchmarks.day.people import Person
from benchmarks.day.visit import CHOICE, RECEIPT, REFERENCE, VOTED, Visit
from deploy.cluster.layout import Layout
from deploy.cluster.nginx import certificate_of
from deploy.cluster.roll import API, BOOTH, Roll, Ticket

PATIENCE_SECONDS = 300.0
"""Longer than any part stays away: whoever gives up is a finding."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
AGAIN = (500, 502, 503, 504)
ACKNOWLEDGED, TOLD, GAVE_UP = "acknowledged", "told that the vote is cast", "gave up"


@dataclass
class Cast:
    """What came of one voter: `choice` is a candidate's number or NOTA, references only where they were shown.

    `at` is when the voter was through, in monotonic seconds.
    """

    channel: str
    number: str
    outcome: str = GAVE_UP
    choice: str = ""
    reference: str = ""
    receipt: str = ""
    words: str = ""
    at: float = 0.0


@dataclass
class Watch:
    """What all voters saw: moments of good answers, and everything else by kind; shared by threads."""

    good: list[float] = field(default_factory=list)
    bad: Counter[str] = field(default_factory=Counter)
    casts: list[Cast] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, answer: Answer) -> None:
        with self._lock:
            if answer.status in AGAIN:
                self.bad[f"{answer.status} {answer.words[:60]}".strip()] += 1
            else:
                self.good.append(time.monotonic())

    def silent(self) -> None:
        with self._lock:
            self.bad["no answer"] += 1

    def done(self, cast: Cast) -> None:
        cast.at = time.monotonic()
        with self._lock:
            self.casts.append(cast)

    def longest_silence(self, since: float, until: float) -> float:
        """Return the longest time in seconds without a good answer that began or ended between two moments."""
        moments = sorted(self.good)
        gaps = [(later - one) for one, later in pairwise(moments) if later >= since and one <= until]
        return max(gaps, default=until - since)


class Crowd:
    """Threads that let the voters of a roll vote, `clients` by link and API and `booths` at booths.

    Each thread rests `pause` seconds after each voter; booths so much longer that all come to an end together.
    """

    def __init__(self, layout: Layout, roll: Roll, clients: int, booths: int, pause: float = 0.0) -> None:
        self.pause = pause
        self._booth_pause = pause * (len(roll.tickets) / clients) / max(1.0, len(roll.booth) / booths)
        self.roll, self.watch, self.figures = roll, Watch(), Figures(in_trouble=True)
        self._tls = ssl.create_default_context(cafile=str(certificate_of(layout)))
        self._port = layout.port("nginx")
        self._tickets: queue.SimpleQueue[Ticket] = queue.SimpleQueue()
        self._persons: queue.SimpleQueue[Person] = queue.SimpleQueue()
        for ticket in roll.tickets:
            self._tickets.put(ticket)
        for person in roll.booth:
            self._persons.put(person)
        works = [self._tickets_thread] * clients + [self._booth_thread] * booths
        self._threads = [threading.Thread(target=work, args=(place,), daemon=True) for place, work in enumerate(works)]
        self._over = threading.Event()
        self._signing_in = threading.Lock()

    @property
    def cast(self) -> int:
        """How many voters are through."""
        return len(self.watch.casts)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        """Whether anybody is still voting."""
        return any(thread.is_alive() for thread in self._threads)

    def close_door(self) -> None:
        """Let nobody else in."""
        self._over.set()

    def stop(self) -> None:
        """Let nobody else in and wait for who is voting."""
        self.close_door()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS * 2)

    def browser(self, name: str) -> Booth:
        return Booth(self._port, name, self.figures, self._tls)

    def _tickets_thread(self, place: int) -> None:
        api = self.browser(f"program {place}")
        while not self._over.is_set():
            try:
                ticket = self._tickets.get_nowait()
            except queue.Empty:
                return
            cast = Cast(ticket.channel, ticket.number)
            try:
                if ticket.channel == API:
                    cast_by_api(api, ticket, cast, self.watch)
                else:
                    cast_by_link(self.browser("link"), ticket, cast, self.watch)
            except (LineLost, NotAsExpected) as error:
                cast.words = f"{type(error).__name__} {self._last_words()}"
            self.watch.done(cast)
            self._over.wait(self.pause)

    def _booth_thread(self, place: int) -> None:
        try:
            booth = self._open_booth(f"Booth {place}")
        except (LineLost, NotAsExpected):
            print(f"  booth {place} did not open: {self._last_words()}", flush=True)
            return
        while not self._over.is_set():
            try:
                person = self._persons.get_nowait()
            except queue.Empty:
                return
            found = Visit(booth, person, STAFF, lambda _number: None, PATIENCE_SECONDS).run()
            outcome = ACKNOWLEDGED if found.outcome == VOTED else found.outcome
            choice = "" if outcome == GAVE_UP and not found.reference else found.choice
            self.watch.done(Cast(BOOTH, person.number, outcome, choice, found.reference, found.receipt))
            self._over.wait(self._booth_pause)

    def _last_words(self) -> str:
        rows = self.figures.troubled[-1:]
        return " ".join(f"{row.step} {row.status} {row.words}" for row in rows)

    def _open_booth(self, name: str) -> Booth:
        booth = self.browser(name)

        def sign_in() -> Answer:
            if (shown := booth.get("index", "/?room=polling", (200, *AGAIN))).status in AGAIN:
                return shown
            fields = {"room": "polling", "username": STAFF.officer, "password": PASSWORD,
                      "election_id": str(self.roll.election_id)}  # fmt: skip
            opened = booth.form("start", "/login", (302, 303, *AGAIN), **fields)
            return opened if opened.status in AGAIN else booth.get("index", "/poll/", (200, *AGAIN))

        with self._signing_in:  # one officer opens them one after the other
            persist(sign_in, self.watch)
        return booth


def cast_by_link(browser: Booth, ticket: Ticket, cast: Cast, watch: Watch) -> None:
    """Open the link, choose, cast; the page's own key goes with every repetition."""
    persist(lambda: browser.get("link", f"/vote?token={ticket.token}", (303, *AGAIN)), watch)
    page = persist(lambda: browser.get("link ballot", "/vote", (200, *AGAIN)), watch)
    marked = random.Random(ticket.number).choice(CHOICE.findall(page.text))
    key = secrets.token_urlsafe(24)
    answer = persist(
        lambda: browser.form(
            "link vote", "/vote", (200, *AGAIN), choice=marked, idempotency_key=key
        ),
        watch,
    )  # fmt: skip
    receipt = RECEIPT.search(answer.text)
    reference = REFERENCE.search(answer.text)
    if receipt and reference:
        cast.outcome, cast.choice = ACKNOWLEDGED, as_choice(marked)
        cast.receipt, cast.reference = bare(receipt[1]), reference[1]
    else:
        cast.words = answer.words


def cast_by_api(browser: Booth, ticket: Ticket, cast: Cast, watch: Watch) -> None:
    """Ask for the ballot and cast, as a program does."""
    ballot = persist(
        lambda: browser.json("API ballot", "/api/v1/voting/ballot", {"token": ticket.token}, (200, *AGAIN)), watch
    )
    choices = [one["candidate_id"] for one in ballot.data["choices"]] + ["nota"]
    marked = random.Random(ticket.number).choice(choices)
    key = {"Idempotency-Key": secrets.token_urlsafe(24)}
    content = {"token": ticket.token, "choice": marked}
    answer = persist(lambda: browser.json("API vote", "/api/v1/voting/cast", content, (200, *AGAIN), key), watch)
    cast.outcome, cast.choice = ACKNOWLEDGED, as_choice(str(marked))
    cast.receipt, cast.reference = bare(answer.data["receipt"]), answer.data["audit_ref"]


def persist(ask: Callable[[], Answer], watch: Watch) -> Answer:
    """Ask until an answer comes that is no server's trouble. Raises LineLost after PATIENCE_SECONDS."""
    begun, pause = time.monotonic(), FIRST_PAUSE
    while True:
        try:
            answer = ask()
        except LineLost:
            watch.silent()
            if time.monotonic() - begun > PATIENCE_SECONDS:
                raise
        else:
            watch.answered(answer)
            if answer.status not in AGAIN:
                return answer
            if time.monotonic() - begun > PATIENCE_SECONDS:
                raise LineLost
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


def as_choice(value: str) -> str:
    """Return a candidate's number without leading zeros, or NOTA."""
    return str(int(value)) if value.isdigit() else "NOTA"


def bare(code: str) -> str:
    """Return a receipt code without its marks and spaces."""
    return re.sub(r"<[^>]+>|\W", "", code)
