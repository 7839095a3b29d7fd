"""Every quorum and every majority, by table; `verify.py` computes each of them by itself and comes to the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models import MajorityKind, Method, QuorumKind
from services import presence
from services.errors import ValidationFailed
from services.evidence import verify
from services.presence import Rule

PRESENT = [
    (QuorumKind.MORE_THAN_HALF, 50, 26), (QuorumKind.MORE_THAN_HALF, 51, 26), (QuorumKind.MORE_THAN_HALF, 1, 1),
    (QuorumKind.HALF, 50, 25), (QuorumKind.HALF, 51, 26), (QuorumKind.THIRD, 50, 17), (QuorumKind.THIRD, 99, 33),
    (QuorumKind.TENTH, 101, 11), (QuorumKind.QUARTER, 50, 13), (QuorumKind.TWO_THIRDS, 50, 34),
    (QuorumKind.THREE_QUARTERS, 50, 38), (QuorumKind.HALF, 0, 1), (QuorumKind.NUMBER, 50, 12),
]  # fmt: skip
VOTES = [
    # majority, abstentions in, yes, no, abstentions, members -> votes that carry, base, carried
    (MajorityKind.SIMPLE, False, 20, 19, 11, 50, 20, 19, True),
    (MajorityKind.SIMPLE, False, 20, 20, 0, 50, 21, 20, False),
    (MajorityKind.SIMPLE, False, 0, 0, 9, 50, 1, 0, False),
    (MajorityKind.ABSOLUTE, False, 16, 15, 9, 50, 16, 31, True),
    (MajorityKind.ABSOLUTE, True, 16, 15, 9, 50, 21, 40, False),
    (MajorityKind.ABSOLUTE, False, 15, 15, 0, 50, 16, 30, False),
    (MajorityKind.ABSOLUTE_MEMBERS, False, 26, 0, 0, 50, 26, 50, True),
    (MajorityKind.ABSOLUTE_MEMBERS, True, 25, 0, 0, 50, 26, 50, False),
    (MajorityKind.TWO_THIRDS, False, 20, 9, 2, 50, 20, 29, True),
    (MajorityKind.TWO_THIRDS, True, 20, 9, 2, 50, 21, 31, False),
    (MajorityKind.TWO_THIRDS, False, 20, 10, 0, 50, 20, 30, True),
    (MajorityKind.TWO_THIRDS, False, 0, 0, 5, 50, 1, 0, False),
    (MajorityKind.TWO_THIRDS_MEMBERS, False, 34, 1, 0, 50, 34, 50, True),
    (MajorityKind.TWO_THIRDS_MEMBERS, False, 33, 0, 0, 50, 34, 50, False),
]


@pytest.mark.parametrize(("kind", "members", "needed"), PRESENT)
def test_a_quorum_is_rounded_up_to_whole_members(kind, members, needed):
    rule = replace(Rule(quorum=kind, number=12 if kind is QuorumKind.NUMBER else None), members=members)
    assert presence.needed_of(rule, members) == verify.present_needed(rule.as_json()) == needed


@pytest.mark.parametrize(("majority", "inside", "yes", "no", "abstained", "members", "votes", "base", "carried"), VOTES)
def test_a_majority_of_a_motion(majority, inside, yes, no, abstained, members, votes, base, carried):
    rule = Rule(majority=majority, abstentions=inside, motion=True, members=members)
    cast = yes + no + (abstained if inside else 0)
    found = presence.needed_votes(majority, cast, no, members)
    assert (found.votes, found.base) == verify.votes_needed(rule.as_json(), [yes, no], abstained) == (votes, base)
    assert (yes >= found.votes) is carried


def test_every_kind_of_rule_has_a_case_in_the_tables():
    assert {kind for kind, _members, _needed in PRESENT} == set(QuorumKind)
    assert {case[0] for case in VOTES} == set(MajorityKind)


@pytest.mark.parametrize(
    ("rule", "ballot", "field"),
    [
        ({"quorum": "number"}, (Method.PLURALITY, 1, 1), "quorum_number"),
        ({"quorum": "number", "number": 0}, (Method.PLURALITY, 1, 1), "quorum_number"),
        ({"quorum": "most"}, (Method.PLURALITY, 1, 1), "quorum"),
        ({"majority": "absolute"}, (Method.RANKED, 1, 1), "majority"),
        ({"majority": "two_thirds"}, (Method.PLURALITY, 2, 1), "majority"),
        ({"motion": True}, (Method.APPROVAL, 1, 2), "max_choices"),
    ],
)
def test_a_rule_that_cannot_be_counted_is_refused_in_words(app, rule, ballot, field):
    with pytest.raises(ValidationFailed) as refused:
        presence.checked(rule, *ballot)
    assert [*refused.value.fields] == [field]
