"""What anybody may take away to check an election."""

from __future__ import annotations

import io
import zipfile

import pytest

from models import db
from services import elections
from services.actor import SYSTEM
from services.ballots import Choice
from tests.factories import make_open_election
from tests.support.voting import cast_by, seal_all, voters_of


@pytest.fixture
def counted(app):
    """A counted election: its public id and the receipt of its one vote."""
    election = make_open_election(voters=1, title="Choir: conductor")
    public_id = election.public_id
    receipt = cast_by(voters_of(election)[0], election, Choice(nota=True)).receipt
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return public_id, receipt


def test_anybody_downloads_the_pack_of_a_counted_election(client, counted):
    answer = client.get(f"/verify/{counted[0]}/evidence.zip")
    assert answer.status_code == 200
    assert "evidence-choir-conductor.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        assert pack.read("receipts.txt").decode() == counted[1].replace(" ", "") + "\n"
        assert client.get("/verify/verify.py").data == pack.read("verify.py")


def test_a_pack_is_refused_in_words_before_the_count(client, open_election):
    answer = client.get(f"/verify/{open_election.public_id}/evidence.zip", headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert "closed and counted" in answer.json["error"]["message"]
