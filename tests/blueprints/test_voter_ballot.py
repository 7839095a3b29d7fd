"""Voting in the own account: the ballot, one vote, and why there is none."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from models import AuditLog, Channel, RollEntry, Vote, VoterStatus, db
from services import elections
from services.actor import SYSTEM
from services.security import new_token
from tests import factories
from tests.support import voter_accounts

JSON = {"Accept": "application/json"}
CHANNELS = [Channel.BOOTH.value, Channel.ACCOUNT.value]


@pytest.fixture
def voter(app):
    return voter_accounts.with_account(name="Solveig Eriksen")


@pytest.fixture
def voter_client(app, voter):
    client = app.test_client()
    with client.session_transaction() as session:
        session["voter_session"] = voter_accounts.token_of(voter)
    return client


@pytest.fixture
def election(voter):
    made = factories.make_open_election(channels=CHANNELS, candidates=3)
    factories.RollEntryFactory(election=made, voter=voter)
    return made


def address(election):
    return f"/vote/account/{election.public_id}"


def cast(client, election, key="", **values):
    body = {"choice": str(election.candidates[0].id), "idempotency_key": key or new_token(), **values}
    return client.post(address(election), data=body)


def votes():
    return list(db.session.scalars(select(Vote)))


def test_my_elections_lead_to_the_ballot_and_to_one_vote(voter_client, election, voter):
    assert address(election) in voter_client.get("/voter/elections").text
    page = voter_client.get(address(election))
    assert (page.status_code, f'action="{address(election)}"' in page.text) == (200, True)
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.text)[1]
    checked = cast(voter_client, election, key, step="review")
    assert (checked.status_code, election.candidates[0].name in checked.text, votes()) == (200, True, [])
    receipt = cast(voter_client, election, key)
    assert (receipt.status_code, "Your vote is cast" in receipt.text) == (200, True)
    vote = votes()[0]
    assert (vote.voter_id, vote.channel, vote.candidate_id) == (voter.id, Channel.ACCOUNT, None)
    entry = db.session.scalar(select(RollEntry).where(RollEntry.voter_id == voter.id))
    db.session.refresh(entry)
    assert entry.has_voted
    assert cast(voter_client, election, key, choice="nota").text == receipt.text
    assert "You already voted" in voter_client.get(address(election)).text
    assert (cast(voter_client, election).status_code, len(votes())) == (409, 1)
    shown = voter_client.get("/voter/elections", headers=JSON).json["elections"]
    assert (shown[0]["stage"], bool(shown[0]["voted_at"])) == ("voted", True)


def test_the_audit_row_of_a_vote_in_an_account_names_nobody(voter_client, election, voter):
    cast(voter_client, election)
    row = db.session.scalar(select(AuditLog).where(AuditLog.event_type == "voter:vote:cast"))
    assert (row.actor, row.details["channel"]) == ("voter", "account")
    assert voter.voter_id not in str(row.details)


def test_an_election_without_accounts_takes_no_vote_of_one(voter_client, voter):
    election = factories.make_open_election(channels=[Channel.BOOTH.value])
    factories.RollEntryFactory(election=election, voter=voter)
    answers = [voter_client.get(address(election)), cast(voter_client, election)]
    assert [(one.status_code, "in another way" in one.text) for one in answers] == [(409, True)] * 2
    assert votes() == []


def test_who_is_not_on_the_roll_finds_no_such_election(voter_client):
    election = factories.make_open_election(channels=CHANNELS)
    assert voter_client.get(address(election)).status_code == 404
    assert cast(voter_client, election).status_code == 404


def test_a_closed_election_takes_no_vote(voter_client, election):
    elections.close_election(election, SYSTEM)
    db.session.commit()
    answer = cast(voter_client, election)
    assert (answer.status_code, "No more votes can be cast." in answer.text, votes()) == (410, True, [])


def test_who_is_suspended_is_signed_out_and_casts_nothing(voter_client, election, voter):
    voter.status = VoterStatus.SUSPENDED
    db.session.commit()
    assert cast(voter_client, election).location == "/voter/login"
    assert votes() == []


def test_a_session_that_ended_while_the_vote_was_under_way_casts_nothing(app, voter, election):
    from services import ballots
    from services.voter_accounts import account_right, find, paper_of, sessions

    paper = paper_of(find(voter_accounts.token_of(voter)).id, election.public_id)
    right = account_right(paper)
    sessions.end_all(voter)
    choice = ballots.parse_choice(election, "nota")
    assert ballots.cast(right, choice, new_token(), voter_accounts.ANYBODY).kind == "pass_over"
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 0


def test_nothing_marked_is_said_on_the_ballot(voter_client, election):
    answer = voter_client.post(address(election), data={"step": "review"})
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
