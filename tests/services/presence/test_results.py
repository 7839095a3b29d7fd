"""The result of a vote in a meeting: presence, quorum and majority in figures, in words and in the evidence pack."""

from __future__ import annotations

import json
from datetime import timedelta
from zipfile import ZipFile

import pytest
import time_machine

from models import Election, Method, db, transaction, use_role
from services import elections, exports, presence
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.context import platform
from services.evidence import evidence_pack, verify
from services.result_words import verdict_title, verdict_words
from services.results import result_of
from tests import factories
from tests.support.motions import close, gathering, leave, opened, vote
from tests.support.voting import cast_by


def result_after(answers, left=0, **rule):
    """Return a motion and its result: everybody votes in turn, then some leave, then the vote closes."""
    session, people, officer = gathering(members=len(answers) + 1, present=len(answers))
    motion = opened(session, officer, **rule)
    for voter, answer in zip(people, answers, strict=False):
        assert vote(motion, voter, answer) == "cast"
    for voter in people[:left]:
        leave(session, voter, officer)
    motion = close(motion)
    return motion, result_of(motion, utc_now())


def checked(motion):
    """Return exit code and lines of verify.py over the pack of a motion, and the pack's result."""
    number = motion.id
    with use_role("results"):
        pack = evidence_pack(number)
    said: list[str] = []
    code = verify.report(str(pack.path), platform().keyring.fingerprints()["signing"], "", said.append)
    return code, "\n".join(said), json.loads(ZipFile(pack.path).read("result.json"))


def test_a_motion_is_carried_with_the_calculation_in_words_on_the_page_in_print_and_in_the_pack(app):
    motion, result = result_after(["Yes", "Yes", "Yes", "No", "Abstain"], majority="two_thirds")
    assert verdict_title(result) == "Carried"
    assert result.presence.sentences == [
        "5 of 6 members were present when the vote opened.",
        "5 of 6 members were present when the vote closed, quorum 4: held.",
        "3 yes, 1 no, 1 abstention; two thirds of 4 cast without abstentions are 3 (rounded up): carried.",
    ]
    assert verdict_words(result) == result.presence.sentences[-1]
    assert (result.winners, result.tie, result.nota.name, result.parties) == ([], [], "Abstention", [])
    assert exports.pdf_export(result, utc_now(), "UTC")
    code, said, published = checked(motion)
    assert code == 0, said
    assert "5 of 6 members were present when the vote closed, quorum 4: held" in said
    assert (published["outcome"], published["verdict"], published["elected"]) == ("carried", "Carried", [])
    assert published["presence"]["votes_needed"] == 3


def test_a_quorum_that_does_not_hold_at_the_closing_decides_nothing(app):
    motion, result = result_after(["Yes", "Yes", "Yes"], left=1, quorum="number", number=3)
    assert verdict_title(result) == "No quorum. Nothing is decided"
    assert "2 of 4 members were present when the vote closed, quorum 3: not held. Nothing is decided." in (
        verdict_words(result)
    )
    assert (result.presence.present_at_opening, result.presence.present_at_closing) == (3, 2)
    assert result.presence.held is False
    code, said, published = checked(motion)
    assert (code, published["outcome"]) == (0, "no_quorum"), said


@pytest.mark.parametrize(
    ("answers", "rule", "title", "end"),
    [
        (["Yes", "No"], {}, "Not carried", "1 yes, 1 no, 0 abstentions; not more yes than no: not carried."),
        (["Yes", "Abstain"], {"majority": "absolute", "abstentions": True}, "Not carried",
         "1 yes, 0 no, 1 abstention; more than half of 2 cast with abstentions is 2: not carried."),
        (["Yes", "Yes"], {"majority": "two_thirds_members"}, "Carried",
         "2 yes, 0 no, 0 abstentions; two thirds of 3 members are 2: carried."),
    ],
)  # fmt: skip
def test_each_majority_says_how_it_came_out(app, answers, rule, title, end):
    _motion, result = result_after(answers, **rule)
    assert verdict_title(result) == title
    assert verdict_words(result).endswith(end)


def test_a_name_without_the_majority_of_the_meeting_is_not_elected(app):
    session, people, _officer = gathering(members=4, present=4)
    rule = presence.checked({"majority": "absolute"}, Method.PLURALITY, 1, 1)
    election = factories.ElectionFactory(meeting_id=session.id, quorum_rule=rule, closes_at=session.ends_at)
    for _number in range(3):
        factories.CandidateFactory(election=election)
    for voter in people:
        factories.RollEntryFactory(election=election, voter=voter)
    db.session.refresh(election)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    first, second, third = (one.id for one in election.candidates)
    for voter, choice in zip(people, (first, first, second, third), strict=True):
        assert cast_by(voter, election, Choice((choice,))).kind == "cast"
    election = close(election)
    result = result_of(election, utc_now())
    assert (verdict_title(result), result.winners) == ("No majority. Nobody is elected", [])
    assert verdict_words(result).endswith(
        "2 of 4 votes for the first; more than half of 4 cast without abstentions is 3: not reached."
    )
    code, said, published = checked(election)
    assert (code, published["outcome"]) == (0, "no_majority"), said


def test_a_worker_that_is_late_counts_who_was_present_at_the_closing_time(app):
    session, (one, two, _three), officer = gathering(members=3)
    motion = opened(session, officer)
    number, closes_at = motion.id, motion.closes_at
    leave(session, one, officer)
    with time_machine.travel(closes_at + timedelta(seconds=20), tick=False):
        leave(session, two, officer)
        with use_role("sealer"):
            elections.follow_timetable(transaction)
        motion = db.session.get_one(Election, number)
        assert (motion.status, motion.closed_at, motion.present_at_closing) == ("closed", closes_at, 2)
