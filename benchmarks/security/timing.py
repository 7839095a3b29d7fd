"""Does the time of an answer tell whether an account, a token or a code is there? One process, the whole application.

The kinds of a question are asked in turn, so that whatever else the computer does meets all of them alike. Two kinds
are told apart when the rank test says so (p below 0.001) and the medians lie further apart than a stranger could
notice: a hundredth, and half a millisecond. Half a millisecond is more than a network of one town wavers.
"""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from benchmarks.day.installation import installed
from benchmarks.security.findings import Finding, Outcome
from models import CodeUse, LoginFailure, OneTimeCode, StaffRole, Voter, db, transaction
from services import accounts, api_tokens
from services.actor import SYSTEM
from services.security import hash_password, hash_token, new_token
from services.voter_accounts import codes
from tests import factories
from tests.factories import PASSWORD

TOOL = "timing"
SLOW_TIMES, QUICK_TIMES = 40, 300
"""Asks of each kind; a question with a password costs a quarter of a second."""
SURE, NOTICED_SHARE, NOTICED_SECONDS = 0.001, 0.01, 0.0005
TURNS_BEFORE_LOCK = 4
Ask = Callable[[], int]


@dataclass(frozen=True)
class Question:
    """Kinds of one question, which must take equally long; the first is the one that others are compared with."""

    name: str
    kinds: dict[str, Ask]
    status: int
    times: int
    after: Callable[[int], None] = field(default=lambda _turn: None)


def timing() -> Outcome:
    """Return the questions whose answers come sooner or later when something is there."""
    found, said = [], []
    with installed("timing") as installation:
        app = installation.prepare()
        app.config.update(RATELIMIT_ENABLED=False, WTF_CSRF_ENABLED=False)
        for question in _questions(app):
            taken = measure(question)
            print(_table(question, taken), flush=True)
            first, *others = taken
            found += [
                Finding(TOOL, question.name, name, 0, f"{_medians(taken[first], taken[name])} beside {first}")
                for name in others
                if told_apart(taken[first], taken[name])
            ]
            said.append(f"{question.name} ({len(taken)} kinds, {question.times} times)")
    return Outcome(TOOL, found, ", ".join(said))


def measure(question: Question) -> dict[str, list[float]]:
    """Return the seconds of each ask by kind; raises ValueError when a kind is answered with another status."""
    taken: dict[str, list[float]] = {name: [] for name in question.kinds}
    order = itertools.cycle(itertools.permutations(question.kinds))
    question.after(0)
    for turn in range(-2, question.times):
        for name in next(order):
            began = time.perf_counter()
            status = question.kinds[name]()
            seconds = time.perf_counter() - began
            if status != question.status:
                raise ValueError(f"{question.name}, {name}: {status} instead of {question.status}")
            if turn >= 0:  # the first two warm caches up
                taken[name].append(seconds)
        question.after(turn)
    return taken


def told_apart(one: Sequence[float], other: Sequence[float]) -> bool:
    """Tell whether two kinds can be told apart by their times: surely, and by more than a stranger would miss."""
    middle, second = statistics.median(one), statistics.median(other)
    apart = abs(middle - second)
    return rank_test(one, other) < SURE and apart > NOTICED_SECONDS and apart > NOTICED_SHARE * min(middle, second)


def rank_test(one: Sequence[float], other: Sequence[float]) -> float:
    """Return p of the two-sided Mann-Whitney test by its normal approximation; ties share their ranks."""
    marked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks, place, tied = 0.0, 0, 0.0
    while place < len(marked):
        end = place
        while end < len(marked) and marked[end][0] == marked[place][0]:
            end += 1
        ranks += sum(1 - marked[at][1] for at in range(place, end)) * (place + 1 + end) / 2
        tied += (end - place) ** 3 - (end - place)
        place = end
    n, m = len(one), len(other)
    spread = n * m / 12 * ((n + m + 1) - tied / ((n + m) * (n + m - 1)))
    if spread <= 0:
        return 1.0
    return math.erfc(abs(ranks - n * (n + 1) / 2 - n * m / 2) / math.sqrt(2 * spread))


def _questions(app: Flask) -> Iterator[Question]:
    client = app.test_client(use_cookies=False)
    with app.app_context(), transaction():
        accounts.create_staff("known.admin", PASSWORD, StaffRole.ADMIN, SYSTEM)
        gone = accounts.create_staff("gone.admin", PASSWORD, StaffRole.ADMIN, SYSTEM)
        gone.is_active = False
        voter = factories.VoterFactory(email="known@example.org", password_hash=hash_password(PASSWORD))
        factories.VoterFactory(email="no.account@example.org", password_hash=None)
        db.session.flush()
        voter_id = voter.id
    yield Question("staff sign-in", _names(client, "/login", "username", "known.admin", "gone.admin"), 401, SLOW_TIMES,
                   _forgetting(app))  # fmt: skip
    names = _names(client, "/voter/login", "email", "known@example.org", "no.account@example.org")
    yield Question("voter sign-in", names, 401, SLOW_TIMES, _forgetting(app))
    yield Question("API sign-in", _names(client, "/api/v1/auth/login", "username", "known.admin", "gone.admin"), 401,
                   SLOW_TIMES, _forgetting(app))  # fmt: skip
    _lock(client)
    yield Question("staff sign-in, locked", _names(client, "/login", "username", "known.admin", "gone.admin"), 429,
                   QUICK_TIMES)  # fmt: skip
    yield _api_token(app, client)
    yield _code(app, voter_id)


def _names(client: FlaskClient, path: str, field_: str, known: str, odd: str) -> dict[str, Ask]:
    """Return a wrong password for a name that is there, one that is not, and one of somebody who may not enter."""
    names = {
        "nobody's name": known.replace("known", "unknown"),
        "a known name": known,
        "a name that may not enter": odd,
    }

    def ask(name: str) -> int:
        values = {field_: name, "password": "a wrong password"} | ({} if "api" in path else {"room": "commission"})
        return client.post(path, json=values).status_code

    return {kind: partial(ask, name) for kind, name in names.items()}


def _forgetting(app: Flask) -> Callable[[int], None]:
    """Forget the failures now and then, or the account would have to wait."""

    def forget(turn: int) -> None:
        if turn % TURNS_BEFORE_LOCK == 0:
            with app.app_context(), transaction():
                db.session.execute(delete(LoginFailure))

    return forget


def _lock(client: FlaskClient) -> None:
    for name in ("known.admin", "gone.admin", "unknown.admin"):
        for _ in range(6):
            client.post("/login", json={"room": "commission", "username": name, "password": "a wrong password"})


def _api_token(app: Flask, client: FlaskClient) -> Question:
    """A token that nobody has, one whose hash begins as a stored one's, and one whose session ended."""
    with app.app_context(), transaction():
        user = accounts.create_staff("program", PASSWORD, StaffRole.ADMIN, SYSTEM)
        db.session.flush()
        session = accounts.start_session(user, SYSTEM)
        over = api_tokens.begin_staff(session).access
        found = accounts.find_session(session)
        assert found is not None
        accounts.end_session(found.id, SYSTEM)
        near = new_token()
        row = api_tokens._row(api_tokens.ApiTokenUse.ACCESS, api_tokens.begin_staff(
            accounts.start_session(user, SYSTEM)).access)  # fmt: skip
        assert row is not None
        row.token_hash = hash_token(near)[:16] + bytes(byte ^ 0xFF for byte in hash_token(near)[16:])

    def ask(token: str) -> int:
        return client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code

    tokens = {"nobody's token": new_token(), "beside a stored token": near}
    kinds: dict[str, Ask] = {name: partial(ask, token) for name, token in tokens.items()}
    # Known to whoever holds it: that its session ended may show, its row is read.
    assert ask(over) == 401
    return Question("API token", kinds, 401, QUICK_TIMES)


def _code(app: Flask, voter_id: int) -> Question:
    """A wrong code for a voter, one that agrees in its first five digits, and one for an address that nobody has."""
    with app.test_request_context(), transaction():
        voter = db.session.get_one(Voter, voter_id)
        known = codes.issue(CodeUse.SIGN_IN, "known@example.org", voter, "/")
        nobody = codes.issue(CodeUse.SIGN_IN, "nobody@example.org", None, "/")
        for ticket in (known, nobody):
            row = db.session.query(OneTimeCode).filter_by(ticket_hash=hash_token(ticket)).one()
            row.code_hash = codes._hash(ticket, "123456")

    def ask(ticket: str, typed: str) -> int:
        with app.test_request_context(), transaction():
            outcome = codes.check(CodeUse.SIGN_IN, ticket, typed)
            if outcome.row is None and outcome.state is codes.CodeState.WRONG:
                db.session.query(OneTimeCode).update({"tries": 0})
                return 422
            return 0

    kinds: dict[str, Ask] = {
        "a wrong code": lambda: ask(known, "900000"),
        "five digits right": lambda: ask(known, "123450"),
        "of nobody's address": lambda: ask(nobody, "900000"),
    }
    return Question("one-time code", kinds, 422, QUICK_TIMES)


def _table(question: Question, taken: dict[str, list[float]]) -> str:
    first = next(iter(taken))
    return "\n".join(
        f"  {question.name:22} {name:26} {statistics.median(seconds) * 1000:9.3f} ms   n {len(seconds)}"
        + ("" if name == first else f"   p {rank_test(taken[first], seconds):.3f}")
        for name, seconds in taken.items()
    )


def _medians(one: Sequence[float], other: Sequence[float]) -> str:
    return f"{statistics.median(one) * 1000:.3f} ms and {statistics.median(other) * 1000:.3f} ms"
