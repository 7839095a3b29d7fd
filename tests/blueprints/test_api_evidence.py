"""The API's evidence for everybody, and the audit log and figures for those who may see them."""

from __future__ import annotations

from models import db, use_role
from services import elections, heads
from services.actor import SYSTEM
from services.ballots import Choice
from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.factories import make_open_election
from tests.support.voting import cast_by, seal_all, voters_of


def sign_heads():
    with use_role("sealer"):
        heads.sign_due_heads()
        db.session.commit()


def test_receipts_documents_and_heads_of_a_counted_election_are_there_for_everybody(client):
    election = make_open_election(voters=1, title="Choir: conductor")
    address = f"{V1}/results/{election.public_id}"
    cast = cast_by(voters_of(election)[0], election, Choice(nota=True))
    before = client.get(f"{address}/receipts")
    assert (before.status_code, before.json["code"]) == (409, "conflict")
    early = client.post(f"{address}/receipt", json={"receipt": cast.signed_receipt}).json
    assert early == {"counted": None, "genuine": True, "ours": True}
    waiting = client.get(f"{address}/documents").json
    assert (waiting["evidence"], waiting["definition"]["intact"]) == (None, True)
    assert "closed and counted" in waiting["reason"]
    elections.close_election(elections.published_election(election.public_id), SYSTEM)
    db.session.commit()
    seal_all()
    sign_heads()
    assert client.get(f"{address}/receipts").json["receipts"] == [cast.receipt]
    assert client.get(f"{address}/receipts?page=2").json["receipts"] == []
    assert client.post(f"{address}/receipt", json={"receipt": cast.receipt}).json["counted"] is True
    documents = client.get(f"{address}/documents").json
    assert client.get(documents["evidence"]).status_code == client.get(documents["verifier"]).status_code == 200
    assert {one["kind"] for one in client.get(f"{address}/heads").json["heads"]} == {"audit", "ballots"}
    newest = client.get(f"{V1}/heads").json
    assert [(one["kind"], one["problem"]) for one in newest["newest"]] == [("audit", None), ("ballots", None)]
    assert client.get(f"{V1}/results/{factories.ElectionFactory().public_id}/documents").status_code == 404


def test_an_observer_reads_the_audit_log_of_the_own_elections_page_by_page(client):
    admin, stranger = bearer("admin"), bearer("observer", on_lists=False)
    draft = {"title": "Choir", "opens_at": "2030-10-18T08:00:00Z", "closes_at": "2030-10-18T20:00:00Z"}
    number = client.post(f"{V1}/elections", json=draft, headers=admin).json["id"]
    rows = client.get(f"{V1}/audit?election={number}", headers=admin).json["rows"]
    assert [(row["event"], row["election"]) for row in rows] == [("staff:election:created", "Choir")]
    assert client.get(f"{V1}/audit?before={rows[0]['id']}&election={number}", headers=admin).json["rows"] == []
    assert client.get(f"{V1}/audit?election={number}", headers=stranger).json["rows"] == []
    later = client.get(f"{V1}/audit?since=2199-01-01T00:00:00Z", headers=admin).json
    assert later == {"rows": [], "next_before": None}


def test_figures_tell_turnout_by_channel_and_no_count_of_votes(client):
    election = make_open_election(voters=2)
    cast_by(voters_of(election)[0], election, Choice(nota=True))
    figures = client.get(f"{V1}/elections/{election.id}/figures", headers=bearer("observer")).json
    assert (figures["voted"], figures["on_roll"], sum(figures["by_channel"].values())) == (1, 2, 1)
    assert sum(sum((slot["votes"] or {}).values()) for slot in figures["slots"]) == 1
    assert not figures.keys() & {"lines", "nota", "winners"}
