"""One evidence pack for a whole file: a counted election of eight ballots and an extension."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from models import Election, db, transaction, use_role
from services import elections, heads
from services.actor import SYSTEM
from services.ballots import Choice, extend_closing
from services.context import platform
from services.evidence import PackFile, evidence_pack
from tests.factories import make_open_election
from tests.support import cases
from tests.support.timestamping import make_issuer, stamp_all
from tests.support.voting import cast_by, seal_all, voters_of


@dataclass(frozen=True)
class Made:
    """An election's pack with what a voter and a stranger know of it; `root` is the authority's, in PEM."""

    election_id: int
    public_id: uuid.UUID
    pack: PackFile
    fingerprint: str
    receipts: list[str]
    root: bytes

    @property
    def content(self) -> bytes:
        return self.pack.path.read_bytes()


def sign_heads() -> None:
    """Sign what is due, as the worker does."""
    with use_role("sealer"), transaction():
        heads.sign_due_heads()


@pytest.fixture(scope="module")
def made(shared_app) -> Iterator[Made]:
    with cases.made_once(shared_app):
        election = make_open_election(candidates=3, voters=8, title="Larkmoor “Town” Council, عمّان")
        first, second, _third = [candidate.id for candidate in election.candidates]
        extend_closing(election, election.closes_at + timedelta(hours=1), "A long queue")
        db.session.commit()
        election_id, public_id = election.id, election.public_id
        sign_heads()
        election = db.session.get_one(Election, election_id)
        choices = [Choice((first,))] * 4 + [Choice((second,))] * 2 + [Choice(nota=True)] * 2
        receipts = [
            cast_by(voter, election, choice).receipt for voter, choice in zip(voters_of(election), choices, strict=True)
        ]
        elections.close_election(election, SYSTEM)
        db.session.commit()
        seal_all()
        sign_heads()
        root, issuer = make_issuer()
        with use_role("sealer"), transaction():
            stamp_all(issuer)
        with use_role("results"):
            pack = evidence_pack(election_id)
        yield Made(election_id, public_id, pack, platform().keyring.fingerprints()["signing"], receipts, root.pem)
