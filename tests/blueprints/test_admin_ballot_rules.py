import pytest

from models import NotaRule, db
from tests.factories import CandidateFactory, ElectionFactory, make_open_election


@pytest.fixture
def draft(app):
    election = ElectionFactory()
    CandidateFactory(election=election, name="Amina Solberg")
    CandidateFactory(election=election, name="Rosa Demir")
    return election


def address(election):
    return f"/admin/elections/{election.id}/rules"


def test_the_rule_for_nota_is_chosen_in_a_draft(admin_client, draft):
    answer = admin_client.post(address(draft), data={"act": "nota", "nota_rule": "advisory"})
    assert answer.status_code == 303
    db.session.refresh(draft)
    assert draft.nota_rule is NotaRule.ADVISORY
    preview = admin_client.get(f"/admin/candidates/preview?election={draft.id}").text
    assert "The leading candidate is elected all the same." in preview.partition('id="nota-rule"')[2]


def test_lots_are_drawn_typed_in_and_taken_back(admin_client, draft):
    admin_client.post(address(draft), data={"act": "draw"})
    assert "Draw the lots again" in admin_client.get(address(draft)).text
    first, second = (candidate.id for candidate in draft.candidates)
    typed = {"act": "order", f"place_{first}": "3", f"place_{second}": "1", "place_0": "2"}
    assert admin_client.post(address(draft), data=typed).status_code == 303
    order = admin_client.get(address(draft), headers={"Accept": "application/json"}).json["lot_order"]
    assert order == ["Rosa Demir", "None of the above", "Amina Solberg"]
    assert admin_client.post(address(draft), json={"act": "forget"}).json["lot_order"] == []


@pytest.mark.parametrize("places", [("1", "1", "2"), ("1", "", "2"), ("x", "1", "2"), ("1", "2", "9" * 5)])
def test_an_order_with_gaps_or_doubles_is_shown_again_with_words(admin_client, draft, places):
    first, second = (candidate.id for candidate in draft.candidates)
    typed = {"act": "order", f"place_{first}": places[0], f"place_{second}": places[1], "place_0": places[2]}
    answer = admin_client.post(address(draft), data=typed)
    if len(set(places)) == 3 and all(place.isdigit() for place in places):
        assert answer.status_code == 303
    else:
        assert answer.status_code == 422
        assert "Give every choice a number of its own" in answer.text


@pytest.mark.parametrize(
    "body", [{}, {"act": "x"}, {"act": "nota"}, {"act": "order", "lots": ["1"]}, {"act": ["draw"]}]
)
def test_what_makes_no_sense_is_refused_in_words(admin_client, draft, body):
    answer = admin_client.post(address(draft), json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "validation_failed")


def test_the_rules_of_an_open_election_are_shown_and_fixed(admin_client):
    election = make_open_election()
    page = admin_client.get(address(election)).text
    assert "The rules are fixed" in page
    assert "no one is elected" in page
    assert admin_client.post(address(election), json={"act": "draw"}).status_code == 409
