"""Guessing voting links: how long the answer about an unknown token takes, whatever is stored.

    .venv/bin/python -m benchmarks.token_guessing [--links 10000] [--asks 3000]

Three kinds of unknown tokens are asked about in turn, through the whole application without its rate limit: random ones
(the baseline), ones whose SHA-256 begins with the same eight bytes as that of a stored link, which no attacker can make
but which would be the easiest to tell if the comparison ended early, and ones that a newer link replaced nearly as
closely. The ratio of the medians to the baseline must lie within the tolerance; the number of statements must be equal.
Exit 1 otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import event, insert, literal, select

from benchmarks.day.installation import Installation
from models import Channel, ReplacedToken, RollEntry, Voter, VotingToken, db, transaction
from services import elections
from services.actor import SYSTEM
from services.clock import utc_now
from tests import factories

TOLERANCE = 0.05
NEAR_BYTES = 8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=10_000)
    parser.add_argument("--asks", type=int, default=3_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sv-guess-") as folder:
        installation = Installation(Path(folder), "fake")
        try:
            app = installation.prepare()
            app.config["RATELIMIT_ENABLED"] = False
            with app.app_context():
                near = fill(asked.links)
                return run(app, near, asked.asks)
        finally:
            installation.stop()


def fill(links: int) -> dict[str, list[str]]:
    """Store so many links; return unknown tokens of each kind, whose hashes lie beside stored ones."""
    election = factories.ElectionFactory(channels=[Channel.LINK])
    factories.CandidateFactory(election=election)
    factories.CandidateFactory(election=election)
    rows = [
        {"voter_id": factories.with_check_digit(4_000_000 + n), "name": f"Voter {n}", "email": f"v{n}@example.org"}
        for n in range(links)
    ]
    unknown, replaced = _tokens(links), _tokens(links)
    now = utc_now()
    with transaction():
        db.session.execute(insert(Voter), rows)
        db.session.execute(
            insert(RollEntry).from_select(["election_id", "voter_id"], select(literal(election.id), Voter.id))
        )
    with transaction():
        elections.open_election(election, SYSTEM)
        voters = db.session.scalars(select(RollEntry.voter_id).where(RollEntry.election_id == election.id)).all()
        values = [
            {"election_id": election.id, "voter_id": voter, "token_hash": _beside(token), "made_at": now,
             "expires_at": now + timedelta(days=7)}
            for voter, token in zip(voters, unknown, strict=False)
        ]  # fmt: skip
        db.session.execute(insert(VotingToken), values)
        ids = db.session.scalars(select(VotingToken.id)).all()
        db.session.execute(
            insert(ReplacedToken),
            [{"token_hash": _beside(token), "voting_token_id": one} for one, token in zip(ids, replaced, strict=False)],
        )
    return {"beside a stored link": unknown, "beside a replaced link": replaced}


def run(app: Flask, near: dict[str, list[str]], asks: int) -> int:
    kinds = {"random (baseline)": _tokens(asks)} | {name: (tokens * asks)[:asks] for name, tokens in near.items()}
    client = app.test_client()

    def ask(token: str) -> None:
        answer = client.get(f"/api/voting/validate-token?token={token}")
        assert not answer.json["valid"], answer.text  # type: ignore[index]

    for token in kinds["random (baseline)"][:200]:  # warm
        ask(token)
    statements = {name: _statements(lambda tokens=tokens: ask(tokens[0])) for name, tokens in kinds.items()}  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(asks):
        for name, tokens in kinds.items():
            began = time.perf_counter()
            ask(tokens[number])
            seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    base = medians["random (baseline)"]
    for name, median in medians.items():
        print(
            f"{name:24}{median * 1000:8.3f} ms   {median / base:6.3f} of the baseline   {statements[name]} statements"
        )
    even = all(abs(median / base - 1) <= TOLERANCE for median in medians.values())
    print(f"bound: within {TOLERANCE:.0%} of the baseline, as many statements")
    return 0 if even and len(set(statements.values())) == 1 else 1


def _tokens(count: int) -> list[str]:
    return [secrets.token_urlsafe(32) for _ in range(count)]


def _beside(token: str) -> bytes:
    """Return a hash that begins as this token's and is another one."""
    return hashlib.sha256(token.encode()).digest()[:NEAR_BYTES] + secrets.token_bytes(32 - NEAR_BYTES)


def _statements(act: Callable[[], None]) -> int:
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    act()
    event.remove(db.engine, "before_cursor_execute", note)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
