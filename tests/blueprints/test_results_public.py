import pytest

from models import db
from services import elections
from services.actor import SYSTEM
from services.ballots import Choice
from tests.factories import ElectionFactory, make_open_election, make_recorded_election
from tests.support.voting import cast_by, seal_all, voters_of


def test_the_live_figures_of_a_secret_election_hold_turnout_and_no_count(client):
    election = make_open_election(voters=2)
    cast_by(voters_of(election)[0], election, Choice(candidates=(election.candidates[0].id,)))
    answer = client.get("/results/live")
    assert answer.status_code == 200
    assert answer.json["turnout"] == {"voted": 1, "on_roll": 2, "percent": 50.0}
    assert [row["count"] for row in answer.json["rows"]] == [None, None]
    assert answer.json["nota"]["count"] is answer.json["total"] is None
    assert answer.json["note"].startswith("The ballots stay in the ballot box.")


def test_the_live_figures_of_a_recorded_election_count(client):
    election = make_recorded_election(voters=2)
    chosen = election.candidates[1].id
    cast_by(voters_of(election)[0], election, Choice(candidates=(chosen,)))
    answer = client.get(f"/results/live?election={election.id}").json
    assert (answer["rows"][0]["candidate_id"], answer["rows"][0]["count"], answer["live"]) == (chosen, 1, True)


def test_live_figures_are_not_kept_by_anybody(client):
    make_open_election()
    assert client.get("/results/live").headers["Cache-Control"] == "no-store"


def test_live_figures_hold_no_voter_and_no_file_path(client):
    election = make_open_election()
    voter = voters_of(election)[0]
    text = client.get("/results/live").text
    assert voter.name not in text
    assert voter.voter_id not in text
    assert "image_path" not in text


@pytest.mark.parametrize("number", ["0", "999999", "x", "-1", "1e3", "٣", "9" * 30, "1;drop"])
@pytest.mark.parametrize("page", ["/results/live", "/results/"])
def test_an_election_that_is_not_there_is_not_found(client, page, number):
    make_open_election()
    assert client.get(page, query_string={"election": number}).status_code == 404


@pytest.mark.parametrize("page", ["/results/live", "/results/"])
def test_a_draft_is_not_public(client, page):
    draft = ElectionFactory()
    assert client.get(f"{page}?election={draft.id}").status_code == 404


def test_the_public_page_shows_an_open_election_without_a_count(client):
    election = make_open_election()
    page = client.get("/results/")
    assert page.status_code == 200
    assert election.title in page.text
    assert "The ballots stay in the ballot box." in page.text


def test_the_public_page_asks_for_the_figures_of_the_election_it_shows(client):
    shown = make_open_election().id
    make_open_election()
    assert f'data-url="/results/live?election={shown}"' in client.get(f"/results/?election={shown}").text
    closed = _closed()
    assert f'data-url="/results/live?election={closed}"' in client.get(f"/results/?election={closed}").text


def test_the_public_page_names_the_winner_after_closing(client):
    number = _closed()
    page = client.get(f"/results/?election={number}").text
    assert "is elected" in page
    assert "Final result" in page


def test_the_public_page_shows_no_zeros_while_the_ballots_are_being_sealed(client):
    number = _closed(sealed=False)
    page = client.get(f"/results/?election={number}").text
    assert "being sealed and counted" in page
    assert "Final result" not in page
    assert "data-row" not in page
    assert "Voting is open" not in page


def _closed(sealed=True):
    election = make_open_election()
    number = election.id
    cast_by(voters_of(election)[0], election, Choice(candidates=(election.candidates[0].id,)))
    elections.close_election(election, SYSTEM)
    db.session.commit()
    if sealed:
        seal_all()
    return number
