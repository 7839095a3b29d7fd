import pytest

from models import db
from services import elections
from services.actor import SYSTEM
from services.ballots import Choice
from tests.factories import make_open_election
from tests.support.voting import cast_by, seal_all, voters_of


@pytest.fixture
def closed(app):
    """A counted election: its id and the receipt of the one vote."""
    election = make_open_election(voters=1)
    election_id = election.id
    receipt = cast_by(voters_of(election)[0], election, Choice(nota=True)).receipt
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return election_id, receipt


def test_a_counted_ballot_is_found_by_its_receipt(client, closed):
    election_id, receipt = closed
    answer = client.post(
        f"/results/receipt?election={election_id}", data={"receipt": receipt.lower().replace(" ", "-")}
    )
    assert answer.status_code == 200
    assert "Yes, this ballot was counted." in answer.text


def test_another_code_is_not_on_the_list(client, closed):
    answer = client.post(f"/results/receipt?election={closed[0]}", json={"receipt": "A" * 26})
    assert answer.json == {"counted": False}


@pytest.mark.parametrize("typed", ["", "ABC", "1234 5678", "Ü" * 26])
def test_what_cannot_be_a_receipt_gets_words(client, closed, typed):
    answer = client.post(f"/results/receipt?election={closed[0]}", data={"receipt": typed})
    assert answer.status_code == 422
    assert "A receipt has 26 letters and digits." in answer.text


def test_all_receipts_are_listed_after_closing_only(client, closed):
    election_id, receipt = closed
    assert client.get(f"/results/receipts.txt?election={election_id}").text == receipt.replace(" ", "") + "\n"
    still_open = make_open_election().id
    assert client.get(f"/results/receipts.txt?election={still_open}").status_code == 404
    assert client.post(f"/results/receipt?election={still_open}", json={"receipt": "A" * 26}).status_code == 409
