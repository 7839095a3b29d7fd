"""An election's life: draft, open, closed, archived, and a fresh round."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from models import (
    AuditLog,
    BallotPass,
    Candidate,
    Channel,
    Election,
    ElectionStatus,
    Kiosk,
    Method,
    RollEntry,
    Secrecy,
    Vote,
    db,
)
from services import ballots, elections, ties
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from tests import factories
from tests.support import voting


@pytest.fixture
def draft(app):
    election = factories.ElectionFactory()
    for _ in range(2):
        factories.CandidateFactory(election=election)
    factories.RollEntryFactory(election=election)
    db.session.refresh(election)
    return election


def audited(event_type):
    return db.session.scalars(select(AuditLog).where(AuditLog.event_type == event_type)).all()


def make(**values):
    now = utc_now()
    return elections.create_election(
        **{"title": "Town Council", "opens_at": now, "closes_at": now + timedelta(hours=8), "actor": SYSTEM, **values}
    )


def test_a_new_election_is_a_secret_draft_for_the_booth_and_is_audited(app):
    election = make()
    assert (election.status, election.secrecy) == (ElectionStatus.DRAFT, Secrecy.SECRET)
    assert election.channels == [Channel.BOOTH.value]
    assert audited("staff:election:created")[0].details == {"title": "Town Council", "secrecy": "secret"}


@pytest.mark.parametrize("hours", [0, -1])
def test_closing_must_come_after_opening(hours, app):
    with pytest.raises(ValidationFailed) as refusal:
        make(closes_at=utc_now() + timedelta(hours=hours) - timedelta(seconds=1))
    assert "closes_at" in refusal.value.fields


def test_an_unknown_election_is_not_found(app):
    for number in (0, -1, 2**62):
        with pytest.raises(NotFound):
            elections.get_election(number)


def test_an_empty_draft_names_every_obstacle(app):
    election = factories.ElectionFactory(closes_at=utc_now() - timedelta(seconds=1), opens_at=utc_now() - timedelta(1))
    assert len(elections.obstacles(election)) == 3
    with pytest.raises(ValidationFailed, match=r"fewer than 2 names.*roll is empty.*closing time is past"):
        elections.open_election(election, SYSTEM)
    assert election.status is ElectionStatus.DRAFT
    assert election.box_public_key is None


def test_one_name_is_no_choice(app):
    election = factories.ElectionFactory()
    factories.CandidateFactory(election=election)
    factories.RollEntryFactory(election=election)
    db.session.refresh(election)
    assert elections.obstacles(election) == ["The ballot has fewer than 2 names."]


def test_a_ranked_draft_needs_lots_and_says_when_it_has_more_orders_than_voters(app):
    draft = factories.ElectionFactory(method=Method.RANKED, max_choices=1)
    for _ in range(4):
        factories.CandidateFactory(election=draft)
    factories.RollEntryFactory(election=draft)
    db.session.refresh(draft)
    found = {one.code: one for one in elections.check(draft)}
    assert found["lot_order"].blocks
    assert "4 names can be ranked in 64 ways" in found["rankings_seen"].words
    ties.draw_lot_order(draft, SYSTEM)
    elections.open_election(draft, SYSTEM)
    assert draft.max_choices == 4
    assert json.loads(draft.definition)["count_rule"] == "alternative-vote/uk-2011"


def test_opening_freezes_signs_and_audits(draft):
    elections.open_election(draft, SYSTEM)
    assert draft.status is ElectionStatus.ACTIVE
    assert draft.activated_at is not None
    assert ballots.definition_intact(draft)
    assert audited("staff:election:opened")[0].details["fingerprint"] == draft.definition_hash.hex()


@pytest.mark.parametrize("status", ["active", "closed", "archived"])
def test_only_a_draft_is_opened(status, open_election):
    if status != "active":
        elections.close_election(open_election, SYSTEM)
    if status == "archived":
        elections.archive_election(open_election, SYSTEM)
    with pytest.raises(Conflict):
        elections.open_election(open_election, SYSTEM)


@pytest.mark.parametrize("act", [elections.close_election, elections.archive_election, elections.reset_election])
def test_a_draft_is_neither_closed_nor_archived_nor_reset(act, draft):
    with pytest.raises(Conflict):
        act(draft, SYSTEM)
    assert draft.status is ElectionStatus.DRAFT


def test_an_election_is_closed_once_and_nobody_votes_afterwards(open_election):
    (voter,) = voting.voters_of(open_election)
    ballot_pass = voting.make_pass(open_election, voter)
    elections.close_election(open_election, SYSTEM)
    db.session.commit()

    assert open_election.closed_at is not None
    with pytest.raises(Conflict):
        elections.close_election(open_election, SYSTEM)
    assert ballots.cast_with_pass(ballot_pass, Choice(nota=True), voting.new_key(), voting.KIOSK).kind == "closed"
    assert elections.roll_counts(open_election) == (0, 1)


def test_only_active_elections_with_a_booth_are_for_the_booth(draft, open_election):
    still_open = open_election.id
    linked = factories.make_open_election()
    voting.as_attacker("UPDATE elections SET channels = '{link}' WHERE id = :id", id=linked.id)
    closed = factories.make_open_election()
    elections.close_election(closed, SYSTEM)
    assert [election.id for election in elections.current_booth_elections()] == [still_open]
    assert len(elections.visible_elections(SYSTEM)) == 4


@pytest.fixture
def round_before(app):
    """An election in which one of three voted, with a kiosk and an open ballot."""
    election = factories.make_open_election(voters=3, candidates=3, max_choices=2)
    first, second, _third = voting.voters_of(election)
    kiosk = voting.make_kiosk(election)
    choice = Choice(candidates=(election.candidates[0].id,))
    assert voting.cast_by(first, election, choice).kind == "cast"
    election.waiting = voting.make_pass(election, second, kiosk)
    election.kiosk = kiosk
    return election


def test_a_reset_archives_the_round_and_opens_one_with_the_same_ballot_and_roll(round_before):
    fresh = elections.reset_election(round_before, SYSTEM)
    db.session.commit()

    assert round_before.status is ElectionStatus.ARCHIVED
    assert (fresh.status, fresh.previous_round_id) == (ElectionStatus.ACTIVE, round_before.id)
    for name in elections.COPIED:
        assert getattr(fresh, name) == getattr(round_before, name), name
    ballot = [[(one.name, one.party_id, one.display_order) for one in e.candidates] for e in (round_before, fresh)]
    assert ballot[0] == ballot[1]
    assert elections.roll_counts(round_before) == (1, 3)
    assert elections.roll_counts(fresh) == (0, 3)
    assert ballots.definition_intact(fresh)
    assert ballots.definition_intact(round_before)
    assert fresh.box_public_key != round_before.box_public_key
    assert audited("staff:election:reset")[0].details == {"next_round": fresh.id}


def test_after_a_reset_the_kiosk_serves_the_fresh_round_and_open_ballots_are_over(round_before):
    fresh = elections.reset_election(round_before, SYSTEM)
    db.session.commit()

    assert db.session.get(Kiosk, round_before.kiosk.id).election_id == fresh.id
    waiting = db.session.get(BallotPass, round_before.waiting.id)
    assert waiting.ended_at is not None
    kind = ballots.cast_with_pass(waiting, Choice(nota=True), voting.new_key(), voting.KIOSK).kind
    assert kind in ("pass_over", "closed")
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1


def test_after_a_reset_the_box_of_the_old_round_is_still_sealed_and_counted(round_before):
    elections.reset_election(round_before, SYSTEM)
    db.session.commit()
    assert ballots.counts(round_before).box == 1

    assert voting.seal_all() == 1
    counted = ballots.counts(db.session.get(Election, round_before.id))
    assert (counted.box, counted.sealed, counted.spoiled) == (0, 1, 0)


def test_who_voted_before_the_reset_votes_again_in_the_fresh_round(round_before):
    fresh = elections.reset_election(round_before, SYSTEM)
    db.session.commit()
    voter = voting.voters_of(fresh)[0]
    assert voting.cast_by(voter, fresh, Choice(nota=True)).kind == "cast"
    assert elections.roll_counts(fresh) == (1, 3)


def test_an_archived_round_is_not_reset_again(round_before):
    elections.reset_election(round_before, SYSTEM)
    with pytest.raises(Conflict):
        elections.reset_election(round_before, SYSTEM)


def test_a_round_whose_time_is_past_gets_the_same_span_from_now(app):
    with time_machine.travel(utc_now() - timedelta(hours=8, minutes=30), tick=False):
        election = factories.make_open_election(closes_at=utc_now() + timedelta(hours=7))
    assert election.closes_at < utc_now()
    fresh = elections.reset_election(election, SYSTEM)
    assert fresh.closes_at - fresh.opens_at == timedelta(hours=8)
    assert fresh.closes_at > utc_now() + timedelta(hours=7)


def test_suspended_voters_stay_on_the_roll_of_the_fresh_round(round_before):
    fresh = elections.reset_election(round_before, SYSTEM)
    rolls = [
        set(db.session.scalars(select(RollEntry.voter_id).where(RollEntry.election_id == election.id)))
        for election in (round_before, fresh)
    ]
    assert rolls[0] == rolls[1]


def in_thread(app, work, results):
    def run():
        with app.app_context():
            try:
                results.append(work())
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                results.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.commits
@pytest.mark.parametrize("secrecy", list(Secrecy))
def test_a_candidate_added_in_the_moment_of_opening_is_on_the_signed_ballot(secrecy, committing_app):
    election = factories.ElectionFactory(secrecy=secrecy)
    for _ in range(2):
        factories.CandidateFactory(election=election)
    factories.RollEntryFactory(election=election)
    number = election.id
    db.session.commit()
    db.session.execute(select(Election).where(Election.id == number).with_for_update(read=True))
    db.session.add(Candidate(election_id=number, name="At the last moment", display_order=99))
    db.session.flush()

    results = []
    thread = in_thread(
        committing_app, lambda: elections.open_election(db.session.get(Election, number), SYSTEM), results
    )
    thread.join(1.0)
    db.session.commit()
    thread.join(120)

    db.session.expire_all()
    opened = db.session.get(Election, number)
    assert results == [None]
    assert opened.status is ElectionStatus.ACTIVE
    assert "At the last moment" in opened.definition
    assert ballots.definition_intact(opened)


@pytest.mark.commits
@pytest.mark.parametrize("act", ["open", "close", "reset"])
def test_two_who_do_the_same_at_once_do_it_once_and_the_second_is_told(act, committing_app):
    if act == "open":
        election = factories.ElectionFactory()
        for _ in range(2):
            factories.CandidateFactory(election=election)
        factories.RollEntryFactory(election=election)
    else:
        election = factories.make_open_election()
    number = election.id
    db.session.commit()
    db.session.remove()
    ready = threading.Barrier(2)

    def work():
        found = db.session.get(Election, number)
        found.status  # noqa: B018  loaded before the other one has changed it
        ready.wait(120)
        getattr(elections, f"{act}_election")(found, SYSTEM)
        return "done"

    results = []
    threads = [in_thread(committing_app, work, results) for _ in range(2)]
    for thread in threads:
        thread.join(120)

    assert results.count("done") == 1, results
    (refused,) = [result for result in results if result != "done"]
    assert isinstance(refused, Conflict), refused
    if act == "reset":
        assert db.session.scalar(select(func.count()).select_from(Election)) == 2
