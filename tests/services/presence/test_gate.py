"""Who is present may vote, and while the quorum holds: at the booth, by link, in the account; each cast asks again."""

from __future__ import annotations

import json
import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import Channel, VoterSession, db, use_role
from services import ballots, elections, identification, motions, presence, voter_accounts, voting_links
from services.actor import SYSTEM
from services.attendance import checkin, sessions
from services.errors import Conflict, ValidationFailed
from services.identification import LookupReason
from services.presence import Absence
from services.security import hash_token
from services.voter_accounts import BallotState
from services.voting_links import LinkState
from tests import factories
from tests.support import meetings
from tests.support.links import send_links
from tests.support.motions import choice_of, draft, gathering, leave, opened, vote
from tests.support.voter_accounts import token_of
from tests.support.voting import KIOSK, make_kiosk, make_pass, new_key

EVERYWHERE = (Channel.BOOTH, Channel.LINK, Channel.ACCOUNT)


def state_in_the_account(motion, voter):
    token = token_of(voter)
    session = db.session.query(VoterSession).filter_by(token_hash=hash_token(token)).one()
    return voter_accounts.paper_of(session.id, uuid.UUID(str(motion.public_id))).state


def test_all_three_ways_are_closed_to_who_is_not_there_and_open_to_who_is(app):
    session, (here, away), officer = gathering(members=2, present=1)
    motion = opened(session, officer, channels=EVERYWHERE, quorum="half")
    links, kiosk = send_links(motion), make_kiosk(motion)

    def states(voter):
        link = voting_links.look_up(hash_token(links[voter.id])).state
        booth = identification.find_voter(kiosk, voter.voter_id, KIOSK).reason
        return booth, link, state_in_the_account(motion, voter)

    assert states(away) == (LookupReason.ABSENT, LinkState.ABSENT, BallotState.ABSENT)
    booth, *others = states(here)
    assert booth in (LookupReason.NO_CONSENT, LookupReason.NOT_ENROLLED)  # past the gate, on to the officer
    assert others == [LinkState.GOOD, BallotState.GOOD]
    leave(session, here, officer)
    assert states(here) == (LookupReason.ABSENT, LinkState.ABSENT, BallotState.ABSENT)


def test_while_the_quorum_does_not_hold_nobody_opens_a_ballot_on_any_way(app):
    session, (one, other), officer = gathering(members=2, present=2)
    motion = opened(session, officer, channels=EVERYWHERE)
    links, kiosk = send_links(motion), make_kiosk(motion)
    leave(session, other, officer)
    assert voting_links.look_up(hash_token(links[one.id])).state is LinkState.NO_QUORUM
    assert identification.find_voter(kiosk, one.voter_id, KIOSK).reason is LookupReason.NO_QUORUM
    assert state_in_the_account(motion, one) is BallotState.NO_QUORUM


@pytest.mark.parametrize(("status", "found"), [("flagged", Absence.ABSENT), ("rejected", Absence.ABSENT),
                                               ("confirmed", None)])  # fmt: skip
def test_a_check_in_that_is_marked_counts_once_it_is_confirmed(app, status, found):
    session, (doubtful, *_others), officer = gathering(members=4)
    motion = opened(session, officer, quorum="half")
    checkin.record_of(session.id, doubtful.id).status = status
    db.session.commit()
    assert presence.refusal(motion, doubtful.id) is found
    assert presence.standing_of(motion).present == (3 if found is None else 2)


def test_a_ballot_that_was_open_when_its_voter_left_is_not_cast_and_can_be_cast_when_the_voter_is_back(app):
    session, (voter, *_others), officer = gathering(members=3)
    motion = opened(session, officer, channels=EVERYWHERE)
    ballot_pass, choice, key = make_pass(motion, voter), choice_of(motion, "Yes"), new_key()
    leave(session, voter, officer)
    assert ballots.cast_with_pass(ballot_pass, choice, key, KIOSK).kind == "absent"
    leave(session, voter, officer)
    assert ballots.cast_with_pass(ballot_pass, choice, key, KIOSK).kind == "cast"


def test_a_quorum_that_falls_during_the_vote_stops_casting_until_it_holds_again(app):
    session, (one, two, three), officer = gathering(members=3)
    motion = opened(session, officer, quorum="number", number=3)
    assert vote(motion, one) == "cast"
    leave(session, three, officer)
    assert vote(motion, two) == "no_quorum"
    leave(session, three, officer)
    assert vote(motion, two) == "cast"


def test_a_repeated_cast_gets_its_first_answer_from_who_has_left_since(app):
    session, (voter, *_others), officer = gathering()
    motion = opened(session, officer, channels=EVERYWHERE)
    ballot_pass, choice, key = make_pass(motion, voter), choice_of(motion, "No"), new_key()
    first = ballots.cast_with_pass(ballot_pass, choice, key, KIOSK)
    db.session.commit()
    leave(session, voter, officer)
    again = ballots.cast_with_pass(ballot_pass, choice, key, KIOSK)
    assert (again.kind, again.receipt) == ("repeated", first.receipt)


def test_the_vote_opens_only_while_the_quorum_holds(app):
    session, people, officer = gathering(members=4, present=2)
    motion = draft(session, officer)
    with pytest.raises(ValidationFailed, match="2 of 4 members are present, 3 are needed"):
        motions.open_vote(session.id, motion.id, 5, officer)
    db.session.rollback()
    meetings.check_in(session, people[2])
    motions.open_vote(session.id, motion.id, 5, officer)
    db.session.commit()
    rule = presence.rule_of(motion)
    assert (rule.meeting, rule.members, rule.needed, motion.present_at_opening) == (session.title, 4, 3, 3)


def test_a_vote_does_not_outlast_its_meeting_and_the_meeting_is_not_closed_over_it(app):
    session, _people, officer = gathering(minutes=30)
    motion = draft(session, officer)
    with pytest.raises(ValidationFailed, match="end after the meeting"):
        motions.open_vote(session.id, motion.id, 45, officer)
    db.session.rollback()
    motions.open_vote(session.id, motion.id, 5, officer)
    db.session.commit()
    with pytest.raises(Conflict, match="A vote of this meeting is open"):
        sessions.close(session.id, officer)


def test_the_officer_closes_a_vote_early_when_everybody_who_is_present_has_voted(app):
    session, (one, two, three), officer = gathering()
    motion = opened(session, officer)
    assert vote(motion, one) == vote(motion, two) == "cast"
    with pytest.raises(Conflict, match="1 member who is present has not voted"):
        motions.close_vote(session.id, motion.id, officer)
    leave(session, three, officer)
    motions.close_vote(session.id, motion.id, officer)
    assert (motion.status, motion.present_at_closing) == ("closed", 2)


def test_an_election_without_a_meeting_asks_nobody_for_presence(app):
    election = factories.make_open_election()
    assert presence.refusal(election, 1) is None
    assert presence.standing_of(election) is None


@pytest.mark.parametrize(
    "change",
    ["meeting_id = NULL", "quorum_rule = jsonb_set(quorum_rule, '{needed}', '1')", "present_at_opening = 9",
     "present_at_closing = 9"],
)  # fmt: skip
def test_what_a_vote_was_bound_to_is_signed_and_cannot_change_while_it_is_open(app, change):
    session, _people, officer = gathering()
    motion = opened(session, officer)
    signed = json.loads(motion.definition)
    assert (signed["meeting"], signed["quorum_rule"]) == (session.id, motion.quorum_rule)
    assert ballots.definition_intact(motion)
    with use_role("owner"), pytest.raises(DBAPIError, match=r"frozen|counted once"):
        db.session.execute(text(f"UPDATE elections SET {change} WHERE id = :id"), {"id": motion.id})


def test_the_meeting_and_the_rule_of_a_draft_change_and_a_copy_forgets_the_figures_of_the_opening(app):
    session, _people, officer = gathering()
    motion = opened(session, officer, majority="two_thirds")
    copy = elections.copy_election(motion, SYSTEM, with_roll=True)
    db.session.commit()
    rule = presence.rule_of(copy)
    assert (rule.motion, rule.majority, rule.needed, rule.meeting) == (True, "two_thirds", 0, "")
    elections.update_election(copy, {"quorum_rule": {"quorum": "third"}}, SYSTEM)
    assert (presence.rule_of(copy).quorum, presence.rule_of(copy).motion) == ("third", True)
    elections.update_election(copy, {"meeting_id": None}, SYSTEM)
    assert (copy.quorum_rule, presence.rule_of(copy)) == (None, None)
