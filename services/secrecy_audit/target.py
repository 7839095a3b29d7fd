"""What an attacker who holds the database knows to begin with: the voters who took part, and the choices."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from models import Election, ElectionStatus, db
from services.ballots import choices_of

SMALLEST_BATCH = 50
TOKEN = re.compile(r"[\w.+@-]+")


@dataclass(frozen=True)
class Voted:
    """One vote and all by which its voter can be recognised."""

    vote_id: int
    voter_id: int
    transaction: str
    number: str
    name: str
    email: str
    audit_ref: str

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(mark for mark in (self.number, self.email.lower(), self.audit_ref.lower()) if mark)


@dataclass(frozen=True)
class Sources:
    """Files that the attacker has beside the database; each may be missing."""

    dump: Path | None = None
    data_directory: Path | None = None
    wal: Path | None = None
    logs: tuple[Path, ...] = ()
    known: Path | None = None

    @classmethod
    def at(
        cls, dump: str | None, data_directory: str | None, wal: str | None, logs: Iterable[str], known: str | None
    ) -> Sources:
        """Return the sources at these paths; None is a file that the attacker does not have."""
        dump_file, data, log, votes = (Path(one) if one else None for one in (dump, data_directory, wal, known))
        return cls(dump_file, data, log, tuple(Path(one) for one in logs), votes)


@dataclass
class Target:
    """One secret election as its attacker sees it; `votes` are in the order of casting."""

    election_id: int
    title: str
    smallest_batch: int
    over: bool
    choices: dict[int, str]
    votes: list[Voted]
    receipts: set[str]
    sources: Sources = field(default_factory=Sources)

    def __post_init__(self) -> None:
        self.by_transaction: dict[str, list[Voted]] = {}
        self.by_voter = {vote.voter_id: vote for vote in self.votes}
        self.by_mark = {mark: vote for vote in self.votes for mark in vote.marks}
        for vote in self.votes:
            self.by_transaction.setdefault(vote.transaction, []).append(vote)

    def voters_in(self, words: str) -> list[Voted]:
        """Return the voters whom a text names by number, address or reference of the vote."""
        found = {}
        for token in TOKEN.findall(words.lower()):
            for part in (token, *re.split(r"[.@+_-]", token)):
                if (vote := self.by_mark.get(part)) is not None:
                    found[vote.vote_id] = vote
        return list(found.values())

    def of_transactions(self, transactions: Iterable[str]) -> set[int]:
        """Return the ids of the votes that were cast in one of these transactions."""
        return {vote.vote_id for one in transactions for vote in self.by_transaction.get(one, ())}


def rows(statement: str, **values: Any) -> list[Any]:
    """Run a query as the role in use and return its rows."""
    return list(db.session.execute(text(statement), values))


def look_at(election: Election, sources: Sources) -> Target:
    """Collect what is public or plain in the database about an election."""
    found = rows(
        "SELECT v.id, v.voter_id, v.xmin::text, p.voter_id, p.name, coalesce(p.email, ''), v.audit_ref"
        " FROM votes v JOIN voters p ON p.id = v.voter_id WHERE v.election_id = :id ORDER BY v.cast_at, v.id",
        id=election.id,
    )
    return Target(
        election_id=election.id,
        title=election.title,
        smallest_batch=min(SMALLEST_BATCH, election.live_batch or SMALLEST_BATCH),
        over=election.status in (ElectionStatus.CLOSED, ElectionStatus.ARCHIVED),
        choices={choice["id"]: choice["name"] for choice in choices_of(election)},
        votes=[Voted(*row) for row in found],
        receipts={code for (code,) in rows("SELECT code FROM ballot_receipts WHERE election_id = :id", id=election.id)},
        sources=sources,
    )
