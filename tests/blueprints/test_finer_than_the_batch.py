"""A secret election that counts live: nothing that anybody can see depends on a ballot that still waits in the box.

All pages, files and figures are read twice, with other choices in the box the second time and nothing else changed.
Whatever is shown beside who voted and when (docs/secrecy.md), the smallest group that a count tells of is the batch.
"""

from __future__ import annotations

import re

import pytest
import time_machine
from sqlalchemy import select, text

from models import BoxBallot, Election, ResultsPolicy, db, transaction, use_role
from services import ballots, clock_skew, elections, heads, ops_figures
from services.actor import SYSTEM
from services.ballots import Choice, payload
from services.ballots.receipts import receipt_code
from services.clock import utc_now
from services.context import platform
from services.live import hub as hub_module
from tests.factories import make_open_election
from tests.support import routes
from tests.support.route_tables import allowed
from tests.support.voting import as_attacker, cast_by, new_key, seal_all, voters_of

JSON = {"Accept": "application/json"}
CAST = (
    "INSERT INTO votes (election_id, secrecy, voter_id, audit_ref, channel, idempotency_hash)"
    " SELECT election_id, 'secret', voter_id, 'REF-' || voter_id, 'booth', sha256(voter_id::text::bytea)"
    " FROM roll_entries WHERE election_id = :id AND NOT has_voted",
    "UPDATE roll_entries SET has_voted = true, channel = 'booth' WHERE election_id = :id",
)
PUT = (
    "INSERT INTO ballot_box (election_id, ballot_length, sealed_payload) SELECT id, ballot_length, content"
    " FROM elections, unnest(CAST(:contents AS bytea[])) AS content WHERE id = :id"
)
SWAP = (
    "UPDATE ballot_box SET sealed_payload = content"
    " FROM unnest(CAST(:rows AS uuid[]), CAST(:contents AS bytea[])) AS new(row, content) WHERE id = row"
)
CHANGES_BY_ITSELF = "|".join([
    r'name="csrf[_-]token"[^>]*', r'nonce="[^"]*"', r'class="code">[0-9a-f]{8}<',
    r"/CreationDate[^\n]*", r"/ModDate[^\n]*", r"/ID[^\]]*\]",
    r"[^\n]*smart_voting_(request_seconds|database_connections|refused|live_streams)[^\n]*\n",
])  # fmt: skip
DESK = [f"admin.{name}" for name in (
    "attempts", "booth_sheets", "booth_sheets_pdf", "booths", "dashboard", "election", "elections", "export_csv",
    "export_json", "export_pdf", "live_desk", "results", "roll",
)]  # fmt: skip
"""The pages of the desk that say something of an election; the audit log also shows that it was read."""
BATCH, ON_ROLL = 50, 102


def ciphertexts(number: int, wanted: list[int]) -> list[bytes]:
    """Return a ballot for each wanted candidate, as the booth encrypts it."""
    election = db.session.get_one(Election, number)
    cast_key = platform().keyring.cast_key(election.public_id)
    made = [(one, receipt_code(election.public_id, new_key())) for one in wanted]
    return [payload.seal(election, Choice((candidate,)), receipt, cast_key) for candidate, receipt in made]


@pytest.fixture
def live(app):
    """102 have voted, 61 of them for the first; the first batch is counted."""
    election = make_open_election(
        candidates=2, voters=ON_ROLL, results_policy=ResultsPolicy.LIVE, live_batch=BATCH, title="Larkmoor"
    )
    number, first, second = election.id, election.candidates[0].id, election.candidates[1].id
    for voter, candidate in zip(voters_of(election)[:2], (first, second), strict=True):
        cast_by(voter, election, Choice((candidate,)))
        election = db.session.get_one(Election, number)
    as_attacker(*CAST, id=number)
    as_attacker(PUT, id=number, contents=ciphertexts(number, [first] * 60 + [second] * 40))
    with use_role("sealer"), transaction():
        heads.sign_due_heads()
    assert seal_all() == BATCH
    return number


def change_every_choice(number: int) -> None:
    """Put a ballot for another candidate into each row of the box."""
    second = db.session.get_one(Election, number).candidates[1].id
    with use_role("sealer"):
        waiting = [str(row) for row in db.session.scalars(select(BoxBallot.id).where(BoxBallot.election_id == number))]
    as_attacker(SWAP, rows=waiting, contents=ciphertexts(number, [second] * len(waiting)))


def seen(anybody, admin, rows) -> dict[str, str]:
    """Return all that can be read of the election, by where, without what changes with each request."""
    found = {}
    for route in routes.all_routes():
        is_public = route.endpoint.split(".")[0] in ("landing", "ops", "results", "verify")
        readers = {"anybody": anybody} if is_public and "anonymous" in allowed(route.endpoint, "GET") else {}
        readers |= {"admin": admin} if route.endpoint in DESK else {}
        for name, reader in readers.items() if route.method == "GET" else ():
            address = f"{route.address(rows)}?election={rows['election_id']}"
            for kind in (None, JSON) if name == "anybody" else (None,):
                answer = reader.get(address, headers=kind, buffered=True)
                body = f"{answer.status_code} {answer.data.decode('latin-1')}"
                found[f"{name} {address} {'JSON' if kind else ''}"] = re.sub(CHANGES_BY_ITSELF, "", body)
    return found


def test_nothing_that_can_be_read_depends_on_a_ballot_in_the_box(app, live, client, admin_client, monkeypatch):
    monkeypatch.setattr(hub_module, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(ops_figures, "KEPT_SECONDS", -1.0)
    # The clock stands still here, and the database's goes on.
    monkeypatch.setattr(clock_skew, "of_database", lambda _connection: 0.0)
    rows = routes.existing_rows()
    rows |= {"election_id": live, "public_id": db.session.get_one(Election, live).public_id}
    with time_machine.travel(utc_now(), tick=False):
        before = seen(client, admin_client, rows)
        change_every_choice(live)
        after = seen(client, admin_client, rows)
    assert [address for address, body in before.items() if after[address] != body] == []
    assert {address.split("?")[0].split("/")[1] for address in before} == {"", "admin", "ops", "results", "verify"}
    assert sum(row["count"] for row in client.get(f"/results/live?election={live}").json["rows"]) == BATCH


def test_nobody_learns_which_receipts_were_counted_and_the_last_group_is_as_large_as_a_batch(live, client):
    public_id = db.session.get_one(Election, live).public_id
    with use_role("sealer"):
        counted = db.session.scalar(text("SELECT code FROM ballot_receipts LIMIT 1"))
    waiting = receipt_code(public_id, new_key())
    for address, codes in (
        (f"/verify/{public_id}/receipt", (counted, waiting)),
        (f"/verify/{public_id}/receipt", [ballots.signed_receipt(public_id, code) for code in (counted, waiting)]),
        (f"/results/receipt?election={live}", (counted, waiting)),
    ):
        one, other = (client.post(address, json={"receipt": code}, headers=JSON) for code in codes)
        assert (one.status_code, one.json) == (other.status_code, other.json)
    assert client.get(f"/results/receipts.txt?election={live}").status_code == 404

    address = f"/results/live?election={live}"
    counted = client.get(address).json["rows"]
    assert seal_all() == 0
    assert client.get(address).json["rows"] == counted
    with transaction():
        elections.close_election(db.session.get_one(Election, live), SYSTEM, by_the_clock=True)
    with time_machine.travel(db.session.get_one(Election, live).closes_at):
        assert seal_all() == ON_ROLL - BATCH
    assert client.get(address).json["rows"] != counted
