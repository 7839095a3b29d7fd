import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import Election, NotaRule, db
from services import ballots, elections, ties
from services.actor import SYSTEM
from services.errors import Conflict, ValidationFailed
from services.verdict import NOTA_LOT
from tests.factories import CandidateFactory, ElectionFactory, RollEntryFactory, make_open_election

pytestmark = pytest.mark.usefixtures("app")


def draft(candidates=3):
    election = ElectionFactory()
    for _ in range(candidates):
        CandidateFactory(election=election)
    RollEntryFactory(election=election)
    db.session.refresh(election)
    return election


def ids(election):
    return [candidate.id for candidate in election.candidates]


def test_a_drawn_lot_order_holds_every_choice_once_and_nota():
    election = draft()
    order = ties.draw_lot_order(election, SYSTEM)
    assert sorted(order) == sorted([*ids(election), NOTA_LOT])
    assert len(ties.lot_names(election)) == 4


def test_lots_are_drawn_anew_each_time():
    election = draft(candidates=12)
    assert len({tuple(ties.draw_lot_order(election, SYSTEM)) for _ in range(3)}) > 1


@pytest.mark.parametrize("change", ["missing", "twice", "stranger", "empty"])
def test_an_order_without_every_choice_once_is_refused(change):
    election = draft()
    lots = [*ids(election), NOTA_LOT]
    wrong = {"missing": lots[1:], "twice": [*lots[1:], lots[1]], "stranger": [*lots[1:], 10**8], "empty": []}[change]
    with pytest.raises(ValidationFailed, match="Give every choice a number"):
        ties.set_lot_order(election, wrong, SYSTEM)


def test_rule_and_lot_order_are_signed_with_the_definition_and_fixed_from_then_on():
    election = draft()
    ties.set_nota_rule(election, NotaRule.ADVISORY, SYSTEM)
    order = ties.draw_lot_order(election, SYSTEM)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    signed = json.loads(election.definition)
    assert (signed["nota_rule"], signed["lot_order"]) == ("advisory", order)
    assert ballots.definition_intact(election)
    for change in (lambda: ties.draw_lot_order(election, SYSTEM), lambda: ties.forget_lot_order(election, SYSTEM),
                   lambda: ties.set_nota_rule(election, NotaRule.NO_ONE, SYSTEM)):  # fmt: skip
        with pytest.raises(Conflict, match="fixed"):
            change()


@pytest.mark.parametrize("change", ["nota_rule = 'advisory'", "lot_order = '{0}'"])
def test_the_database_refuses_other_rules_once_the_election_is_open(change):
    election = make_open_election()
    with pytest.raises(DBAPIError, match="frozen"), db.session.begin_nested():
        db.session.execute(text(f"UPDATE elections SET {change} WHERE id = :id"), {"id": election.id})


def test_an_election_that_was_opened_without_these_rules_stays_intact():
    election = draft()
    election.nota_rule = None
    elections.open_election(election, SYSTEM)
    db.session.commit()
    assert not {"nota_rule", "lot_order"} & json.loads(election.definition).keys()
    assert ballots.definition_intact(election)


def test_a_candidate_who_comes_after_the_lots_keeps_the_election_from_opening():
    election = draft()
    ties.draw_lot_order(election, SYSTEM)
    CandidateFactory(election=election)
    db.session.refresh(election)
    assert any("Order the lots again" in reason for reason in elections.obstacles(election))


def test_the_next_round_has_the_same_rule_and_the_same_lot_order_by_name():
    election = draft()
    ties.set_nota_rule(election, NotaRule.ADVISORY, SYSTEM)
    ties.draw_lot_order(election, SYSTEM)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    names = ties.lot_names(election)
    fresh = elections.reset_election(election, SYSTEM)
    assert isinstance(fresh, Election)
    assert (fresh.nota_rule, ties.lot_names(fresh)) == (NotaRule.ADVISORY, names)
    assert set(fresh.lot_order) - {NOTA_LOT} == set(ids(fresh))


def test_a_party_that_changes_after_the_archive_leaves_the_old_round_intact():
    election = make_open_election()
    party = election.candidates[0].party
    for step in (elections.close_election, elections.archive_election):
        step(election, SYSTEM)
    db.session.commit()
    party.name = "Another name"
    db.session.commit()
    assert ballots.definition_intact(election)


@pytest.mark.parametrize("closed", [False, True])
def test_the_database_fixes_a_party_while_its_ballots_are_cast_or_counted(closed):
    election = make_open_election()
    if closed:
        elections.close_election(election, SYSTEM)
        db.session.commit()
    party = election.candidates[0].party.id
    with pytest.raises(DBAPIError, match="a party is frozen"), db.session.begin_nested():
        db.session.execute(text("UPDATE parties SET name = 'X' WHERE id = :id"), {"id": party})
