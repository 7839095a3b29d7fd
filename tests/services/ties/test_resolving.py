from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import AuditLog, Election, LotMethod, NotaRule, TieResolution, db
from services import elections, ties
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from services.result_words import resolution_facts, tie_sentence, verdict_title
from services.results import result_of
from services.ties import Drawing
from services.verdict import NOTA_LOT
from tests.factories import CandidateFactory, ElectionFactory, RollEntryFactory, make_open_election
from tests.support.voting import cast_by, seal_all, voters_of

pytestmark = pytest.mark.usefixtures("app")
NOTA = Choice(nota=True)


def counted(*votes, candidates=3, lots=None, **values):
    """Open an election, let one voter a choice vote (a place on the ballot, or NOTA), close it and count."""
    election = ElectionFactory(**values)
    for _ in range(candidates):
        CandidateFactory(election=election)
    for _ in votes:
        RollEntryFactory(election=election)
    db.session.refresh(election)
    ids = [candidate.id for candidate in election.candidates]
    if lots:
        ties.set_lot_order(election, [NOTA_LOT if lot == NOTA else ids[lot] for lot in lots], SYSTEM)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    for voter, vote in zip(voters_of(election), votes, strict=True):
        cast_by(voter, election, vote if vote == NOTA else Choice((ids[vote],)))
    number = election.id
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return db.session.get_one(Election, number), ids


def drawing(*lots, **changes):
    said = {"drawn_at": utc_now(), "drawn_by": "Ada Lund", "how": "Paper slips out of a hat", "witnesses": "Bo, Cleo"}
    return Drawing(lots=lots, **{**said, **changes})


def elected(election):
    return result_of(election, utc_now()).winners


def test_a_tie_waits_with_its_names_until_the_lots_are_drawn():
    election, ids = counted(0, 1)
    tie = ties.open_tie(election)
    assert tie is not None
    assert ([lot for lot, _ in tie.lots], tie.published, tie.seats) == (ids[:2], None, 1)


def test_the_first_lot_is_elected_and_the_counts_stay_as_they_are():
    election, ids = counted(0, 1)
    before = {row.candidate_id: row.count for row in result_of(election, utc_now()).rows}
    ties.resolve_tie(election, drawing(ids[1]), SYSTEM, reason="Rule 7", recorded_by="ada")
    result = result_of(election, utc_now())
    assert {row.candidate_id: row.count for row in result.rows} == before
    assert [row.candidate_id for row in result.rows if row.winner] == [ids[1]]
    assert (len(result.tie), result.undecided, result.note) == (2, False, "")
    assert verdict_title(result) == f"{result.winner} is elected by lot"
    assert tie_sentence(result).endswith(f"The lot elected {result.winner}.")
    facts = dict(resolution_facts(result.resolution, "Europe/Berlin"))
    assert (facts["How"], facts["By"], facts["Witnesses"], facts["Reason"]) == (
        "Paper slips out of a hat", "Ada Lund", "Bo, Cleo", "Rule 7",
    )  # fmt: skip
    assert "UTC" in facts["Drawn"]
    row = db.session.query(AuditLog).filter_by(event_type="staff:result:tie_resolved").one()
    assert (row.election_id, row.details["method"]) == (election.id, "drawn")


def test_a_tie_is_resolved_once():
    election, ids = counted(0, 1)
    ties.resolve_tie(election, drawing(ids[1]), SYSTEM)
    assert ties.open_tie(election) is None
    with pytest.raises(Conflict, match="no tie"):
        ties.resolve_tie(election, drawing(ids[0]), SYSTEM)


def test_a_clear_count_has_no_tie_to_resolve():
    election, ids = counted(0, 0, 1)
    with pytest.raises(Conflict, match="no tie"):
        ties.resolve_tie(election, drawing(ids[1]), SYSTEM)


@pytest.mark.parametrize("lost", ["drawn_by", "how", "witnesses", "drawn_at"])
def test_a_drawing_says_who_when_how_and_before_whom(lost):
    election, ids = counted(0, 1)
    with pytest.raises(ValidationFailed) as refusal:
        ties.resolve_tie(election, drawing(ids[0], **{lost: None if lost == "drawn_at" else "  "}), SYSTEM)
    assert list(refusal.value.fields) == [lost]


def test_lots_are_drawn_after_the_close_and_not_in_the_future():
    election, ids = counted(0, 1)
    for moment in (election.closed_at - timedelta(minutes=1), utc_now() + timedelta(minutes=5)):
        with pytest.raises(ValidationFailed, match="after the close"):
            ties.resolve_tie(election, drawing(ids[0], drawn_at=moment), SYSTEM)


def test_lots_drawn_in_the_minute_of_the_close_are_accepted_because_the_form_knows_minutes_only():
    election, ids = counted(0, 1)
    ties.resolve_tie(election, drawing(ids[0], drawn_at=election.closed_at.replace(second=0, microsecond=0)), SYSTEM)


@pytest.mark.parametrize("wrong", ["none", "twice", "stranger"])
def test_lots_that_do_not_decide_are_refused(wrong):
    election, ids = counted(0, 1)
    lots = {"none": (), "twice": (ids[0], ids[0]), "stranger": (ids[2],)}[wrong]
    with pytest.raises(ValidationFailed) as refusal:
        ties.resolve_tie(election, drawing(*lots), SYSTEM)
    assert "lots" in refusal.value.fields


def test_several_who_are_level_for_the_last_seats_need_as_many_lots_as_seats():
    election, ids = counted(0, 0, 1, 2, 3, candidates=4, seats=3)
    assert ties.open_tie(election).seats == 2
    with pytest.raises(ValidationFailed, match="name the next lot"):
        ties.resolve_tie(election, drawing(ids[3]), SYSTEM)
    ties.resolve_tie(election, drawing(ids[3], ids[1]), SYSTEM)
    result = result_of(election, utc_now())
    assert {row.candidate_id for row in result.rows if row.winner} == {ids[0], ids[1], ids[3]}
    assert len(result.resolution.elected) == 2


def test_a_lot_for_nota_elects_no_one():
    election, ids = counted(0, NOTA)
    ties.resolve_tie(election, drawing(NOTA_LOT), SYSTEM)
    result = result_of(election, utc_now())
    assert (result.winners, verdict_title(result)) == ([], "No candidate is elected")
    assert tie_sentence(result).endswith("The lot fell on none of the above.")
    assert ids


def test_a_lot_before_nota_lets_the_seats_be_filled_and_the_next_tie_too():
    election, ids = counted(0, 0, NOTA, NOTA, 1, 2, seats=2)
    with pytest.raises(ValidationFailed, match="name the next lot"):
        ties.resolve_tie(election, drawing(ids[0], NOTA_LOT), SYSTEM)
    ties.resolve_tie(election, drawing(ids[0], ids[2]), SYSTEM)
    assert {row.candidate_id for row in result_of(election, utc_now()).rows if row.winner} == {ids[0], ids[2]}


def test_a_published_lot_order_decides_and_no_other_lots_do():
    election, ids = counted(0, 1, lots=(NOTA, 2, 1, 0))
    made = ties.resolve_tie(election, drawing(ids[0]), SYSTEM)
    assert (made.method, made.elected) == (LotMethod.PUBLISHED, [ids[1]])


def test_nota_first_elects_no_one_by_the_rule_and_the_leader_where_it_is_advisory():
    election, _ids = counted(0, NOTA, NOTA)
    assert elected(election) == []
    assert "By the rule of this election no one is elected" in result_of(election, utc_now()).note
    advisory, ids = counted(0, NOTA, NOTA, nota_rule=NotaRule.ADVISORY)
    assert [row.candidate_id for row in result_of(advisory, utc_now()).rows if row.winner] == [ids[0]]


def test_where_nota_is_advisory_it_ties_with_nobody():
    election, _ids = counted(0, NOTA, nota_rule=NotaRule.ADVISORY)
    assert ties.open_tie(election) is None
    assert len(elected(election)) == 1


def test_the_web_role_may_not_change_a_resolution():
    election, ids = counted(0, 1)
    ties.resolve_tie(election, drawing(ids[0]), SYSTEM)
    for change in ("UPDATE tie_resolutions SET elected = '{}'", "DELETE FROM tie_resolutions"):
        with pytest.raises(DBAPIError, match="permission denied"), db.session.begin_nested():
            db.session.execute(text(change))


def test_the_database_takes_no_resolution_of_an_open_election():
    early = TieResolution(
        election_id=make_open_election().id, method=LotMethod.DRAWN, lots=[1], elected=[1], drawn_at=utc_now(),
        drawn_by="A", how="B", witnesses="", recorded_by="x",
    )  # fmt: skip
    db.session.add(early)
    with pytest.raises(DBAPIError, match="only a closed election"):
        db.session.flush()
    db.session.rollback()
