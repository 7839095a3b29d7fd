"""Ranked ballots in an evidence pack: verify.py counts them in rounds by itself, and any other program can."""

from __future__ import annotations

import json
import random
from zipfile import ZipFile

import pytest

from models import Election, Method, db, use_role
from services import ballots, elections
from services.actor import SYSTEM
from services.context import platform
from services.counting import Contest, Rule, count, read_blt
from services.errors import NotFound
from services.evidence import ballots_as_blt, evidence_pack, verify
from services.verification.ballot_chain import chain_problems
from tests import factories
from tests.support.ranked import rank
from tests.support.voting import as_attacker, seal_all

RANKINGS = ((0, 1), (0, 1), (0, 2), (1, 2, 0), (2,), (1,), (3, 2, 1, 0), ())


@pytest.fixture
def closed(app):
    """Return the number of a counted election of two seats."""
    election = factories.make_open_election(candidates=4, method=Method.RANKED, seats=2)
    number = election.id
    for places in RANKINGS:
        rank(election, *places)
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return number


def checked(number):
    """Return the pack and what its own program says of it."""
    with use_role("results"):
        pack = evidence_pack(number)
    said = []
    return pack, verify.report(str(pack.path), platform().keyring.fingerprints()["signing"], "", said.append), said


def assert_same_count_out_of_blt(closed):
    """Fail unless whoever reads the ballots as BLT, and knows the lots, counts as we do."""
    with use_role("results"):
        election = db.session.get_one(Election, closed)
        content = read_blt(ballots_as_blt(election))
        kept, order = ballots.counts(election).ranked, [choice["id"] for choice in ballots.choices_of(election)]
        lots = [order.index(lot) + 1 for lot in election.lot_order if lot]
    assert kept is not None
    assert sorted(ranking for _papers, ranking in content.ballots) == sorted(
        tuple(place + 1 for place in places) for places in RANKINGS
    )
    again = count(Rule.SCOTTISH, content.contest(lots))
    assert [order[one - 1] for one in again.elected] == list(kept.elected)
    assert [stage.exhausted for stage in again.stages] == [stage.exhausted for stage in kept.stages]


def test_every_figure_of_every_round_is_the_same_in_both_programs():
    """The two counts share no line; small elections are full of ties, empty ballots and ends of ballots."""
    luck = random.Random(20_111)
    for number in range(400):
        names = list(range(1, luck.randint(2, 7) + 1))
        seats = luck.randint(1, max(1, len(names) - 1))
        papers = {}
        for _ in range(luck.randint(0, 30)):
            ranking = tuple(luck.sample(names, luck.randint(0, len(names))))
            papers[ranking] = papers.get(ranking, 0) + luck.randint(1, 3)
        lots = luck.sample(names, len(names))
        rule = Rule.SCOTTISH if seats > 1 or number % 3 == 0 else Rule.ALTERNATIVE
        ours = count(rule, Contest(tuple(names), seats, papers, tuple(lots))).as_dict()
        assert verify.Ranked(rule.value, seats, names, papers, lots).result() == ours, (names, seats, papers, lots)


def test_the_pack_of_a_ranked_election_is_found_unchanged_and_its_blt_file_gives_the_same_count(closed):
    pack, code, said = checked(closed)
    assert code == 0, said
    with ZipFile(pack.path) as files:
        result = json.loads(files.read("result.json"))
        definition = json.loads(files.read("definition.json"))
    assert definition["count_rule"] == "stv/scotland-2011"
    kept = ballots.counts(db.session.get_one(Election, closed)).ranked
    assert kept is not None
    assert result["rounds"] == kept.as_dict()
    assert result["elected"] == list(kept.elected)
    assert_same_count_out_of_blt(closed)


def test_a_changed_round_is_found_by_the_pack_and_by_the_recount_of_the_database(closed):
    changed = """UPDATE ranked_counts SET content = jsonb_set(content, '{stages,0,exhausted}', '1')
        WHERE election_id = :number"""
    as_attacker(changed, number=closed)
    _pack, code, said = checked(closed)
    assert code == 1, said
    with use_role("sealer"):
        problems = chain_problems(db.session.get_one(Election, closed))[1]
    assert problems == ["The rounds of the count are not those of its ballots."]


def test_only_a_counted_ranked_election_has_a_blt_file(app):
    for election in (factories.make_open_election(), factories.make_open_election(method=Method.RANKED)):
        with pytest.raises(NotFound):
            ballots_as_blt(election)
