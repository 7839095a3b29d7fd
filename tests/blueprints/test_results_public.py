import io
import re

import pytest
from PIL import Image

from models import Election, Method, db
from services import elections
from services.actor import SYSTEM
from services.ballots import Choice
from services.context import platform
from tests.factories import ElectionFactory, make_open_election, make_recorded_election
from tests.support.ranked import candidates_of, rank
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


def test_the_final_result_is_one_json_document_for_anybody(client):
    answer = client.get(f"/results/result.json?election={_closed()}")
    assert answer.status_code == 200
    found = answer.json
    assert (found["format"], found["final"], found["total"], found["resolution"]) == ("result/1", True, 1, None)
    assert found["verdict"].endswith("is elected")
    assert found["channels"] == [{"name": "At a booth", "votes": 1}]
    assert sum(hour["value"] or 0 for hour in found["turnout_over_time"]) == 1
    assert len(found["fingerprint"]) == len(found["key_fingerprint"]) == 64
    assert "image_path" not in answer.text


def test_a_result_that_is_not_final_is_no_document(client):
    number = make_recorded_election().id
    assert client.get(f"/results/result.json?election={number}").status_code == 409


def test_the_page_names_a_picture_that_is_kept_as_long_as_its_figures_stand(client):
    number = _closed()
    page = client.get(f"/results/?election={number}").text
    address = re.search(r'property="og:image" content="http://localhost(/results/share\.png[^"]+)"', page)[1]
    answer = client.get(address.replace("&amp;", "&"))
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/png", "public, max-age=31536000, immutable")
    assert Image.open(io.BytesIO(answer.data)).size == (1200, 630)
    bare = client.get(f"/results/share.png?election={number}")
    assert (bare.headers["Cache-Control"], bare.data) == ("no-cache", answer.data)
    again = client.get(f"/results/share.png?election={number}", headers={"If-None-Match": bare.headers["ETag"]})
    assert again.status_code == 304


def test_the_sample_ballot_of_an_open_election_is_public_and_that_of_a_draft_is_not(client):
    election = make_open_election()
    answer = client.get(f"/results/sample-ballot.pdf?election={election.id}")
    assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")
    assert client.get(f"/results/sample-ballot.pdf?election={ElectionFactory().id}").status_code == 404


def test_pages_of_other_sites_may_show_the_picture_once_the_result_is_public_and_nothing_else(client):
    secret, recorded = make_open_election(), make_recorded_election()
    policy = "Cross-Origin-Resource-Policy"
    assert client.get(f"/results/share.png?election={secret.id}").headers[policy] == "same-origin"
    assert client.get(f"/results/share.png?election={recorded.id}").headers[policy] == "cross-origin"
    for page in ("", "live", "sample-ballot.pdf"):
        assert client.get(f"/results/{page}?election={recorded.id}").headers[policy] == "same-origin"


def test_the_page_of_a_result_names_the_key_that_signed_the_definition(client):
    make_open_election()
    key = platform().keyring.fingerprints()["signing"]
    page = client.get("/results/").text
    assert f'Fingerprint of the key that signed it: <span class="code wrapcode">{key}</span>' in page


def test_a_ranked_result_shows_its_rounds_and_gives_them_away(client):
    election = make_open_election(candidates=3, method=Method.RANKED)
    number, public_id = election.id, election.public_id
    names = [one.name for one in candidates_of(election)]
    for places in ((0, 1), (1, 0), (1, 2), (2, 1), (2,), ()):
        rank(election, *places)
    assert client.get(f"/results/rounds.csv?election={number}").status_code == 409
    assert client.get(f"/verify/{public_id}/ballots.blt").status_code == 404
    elections.close_election(db.session.get_one(Election, number), SYSTEM)
    db.session.commit()
    seal_all()

    page = client.get(f"/results/?election={number}").text
    assert f"{names[1]} is elected" in page
    assert "Round by round" in page
    assert f"{names[0]} is out" in page
    assert "First preferences" in page
    table = client.get(f"/results/rounds.csv?election={number}").text.splitlines()
    assert table[0].split(",")[:3] == ["Candidate", "1. First preferences", f"2. {names[0]} is out"]
    assert table[1].startswith(f"{names[1]},2,3,")
    assert client.get(f"/verify/{public_id}/ballots.blt").text.startswith("3 1\n")
    document = client.get(f"/results/result.json?election={number}").json
    assert document["winners"] == [names[1]]
    assert [one["title"] for one in document["rounds"]["rounds"]] == ["First preferences", f"{names[0]} is out"]


def test_an_election_without_ranks_has_no_rounds(client):
    election = make_open_election()
    assert client.get(f"/results/rounds.csv?election={election.id}").status_code == 404
