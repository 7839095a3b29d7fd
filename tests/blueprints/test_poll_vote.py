"""The booth over HTTP, from the voter ID to the receipt, in JSON and in HTML."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from models import AuditLog, BallotPass, BoxBallot, EmailMessage, Kiosk, Method, RollEntry, Vote, db, use_role
from services.actor import SYSTEM
from services.clock import utc_now
from services.voters import set_suspended
from tests import factories
from tests.services.identification import acting
from tests.support.ranked import candidates_of
from tests.support.voting import make_pass, voters_of

STRANGER = 93


@pytest.fixture
def clock():
    with time_machine.travel(utc_now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def voter(open_election):
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    return voter


@pytest.fixture
def give_ballot(voter, kiosk_client):
    """Open the voter's ballot as a successful check would."""

    def give():
        kiosk = db.session.get(Kiosk, kiosk_client.kiosk.id)
        db.session.add(
            BallotPass(
                kiosk_id=kiosk.id,
                election_id=kiosk.election_id,
                voter_id=voter.id,
                expires_at=utc_now() + timedelta(seconds=180),
            )
        )
        db.session.commit()

    return give


def key():
    return secrets.token_urlsafe(24)


def start(client, voter):
    return client.post("/poll/auth/start", json={"voter_id": voter.voter_id})


def identify(client, challenge, clock, person=7, steps=None):
    def send(done, frames, seq):
        return client.post(
            "/poll/auth/verify", json={"challenge_id": challenge["id"], "step": done, "frames": frames, "seq": seq}
        )

    steps = challenge["steps"] if steps is None else steps
    return acting.perform(send, clock.shift, steps, person, lambda answer: answer.status_code == 202)


def test_a_voter_is_identified_votes_and_gets_a_receipt(kiosk_client, voter, open_election, clock):
    begun = start(kiosk_client, voter)
    assert begun.status_code == 200
    assert (begun.json["found"], begun.json["eligible"], begun.json["has_voted"]) == (True, True, False)
    assert begun.json["masked_name"].startswith("V… N…")
    assert begun.json["challenge"].keys() >= {"id", "steps", "step_seconds", "expires_at", "tries_left"}

    verdict = identify(kiosk_client, begun.json["challenge"], clock)
    assert verdict.status_code == 200
    assert verdict.json["result"] == "success"
    assert verdict.json["liveness"] is True
    assert verdict.json["distance"] == round(verdict.json["distance"], 2)
    assert verdict.json["confidence"] == pytest.approx(1 - verdict.json["distance"])
    assert verdict.json["redirect"] == "/poll/ballot"

    ballot = kiosk_client.get("/poll/ballot", headers={"Accept": "application/json"})
    assert [choice["name"] for choice in ballot.json["choices"]] == [one.name for one in open_election.candidates]
    assert 0 < ballot.json["seconds_left"] <= 180

    choice = ballot.json["choices"][0]["id"]
    cast = kiosk_client.post(
        "/poll/vote", json={"voter_id": voter.voter_id, "choice": choice, "idempotency_key": key()}
    )
    assert cast.status_code == 200, cast.json
    assert cast.json["audit_ref"]
    assert cast.json["receipt"]
    vote = db.session.scalars(select(Vote)).one()
    assert (vote.voter_id, vote.audit_ref, vote.candidate_id) == (voter.id, cast.json["audit_ref"], None)
    assert db.session.scalars(select(RollEntry)).one().has_voted
    assert db.session.scalars(select(EmailMessage.recipient)).all() == [voter.email]


def test_the_pages_of_a_vote_answer_in_html(kiosk_client, voter, give_ballot, open_election):
    assert "Type your voter ID" in kiosk_client.get("/poll/").text
    begun = kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})
    assert (begun.status_code, begun.location) == (303, "/poll/auth")
    assert voter.voter_id[:4] in kiosk_client.get("/poll/auth").text
    give_ballot()
    page = kiosk_client.get("/poll/ballot")
    assert page.status_code == 200
    assert all(one.name in page.text for one in open_election.candidates)

    done = kiosk_client.post("/poll/vote", data={"choice": "NOTA", "idempotency_key": key()})

    assert done.status_code == 200
    assert "Your vote is cast" in done.text
    assert voter.voter_id not in done.text
    assert voter.name not in done.text


def test_after_the_vote_the_browser_holds_nothing_but_the_kiosk(kiosk_client, voter, give_ballot):
    with kiosk_client.session_transaction() as session:
        session.permanent = True
        session["left_behind"] = voter.voter_id
    give_ballot()
    kiosk_client.post("/poll/vote", json={"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()})

    with kiosk_client.session_transaction() as session:
        assert set(session) == {"kiosk", "_permanent"}


def test_a_second_vote_is_refused_and_the_first_stands(kiosk_client, voter, give_ballot):
    give_ballot()
    body = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()}
    first = kiosk_client.post("/poll/vote", json=body)
    give_ballot()
    second = kiosk_client.post("/poll/vote", json=body | {"idempotency_key": key()})

    assert first.status_code == 200
    assert (second.status_code, second.json["error"]["code"]) == (409, "already_voted")
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1


def test_the_same_request_again_gets_the_first_answer(kiosk_client, voter, give_ballot, open_election):
    give_ballot()
    body = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()}
    first = kiosk_client.post("/poll/vote", json=body)
    again = kiosk_client.post("/poll/vote", json=body | {"choice": open_election.candidates[0].id})
    form = kiosk_client.post(
        "/poll/vote",
        data={"choice": "nota", "idempotency_key": body["idempotency_key"]},
        headers={"Accept": "application/json"},
    )

    assert first.json == again.json == form.json
    with use_role("owner"):
        assert db.session.scalar(select(func.count()).select_from(BoxBallot)) == 1


def test_who_voted_elsewhere_is_told_so_without_a_ballot_here(kiosk_client, voter, make_kiosk_client, open_election):
    from services.actor import SYSTEM

    other = make_kiosk_client(open_election).kiosk
    acting.vote(other, voter, SYSTEM)

    begun = start(kiosk_client, voter)
    cast = kiosk_client.post(
        "/poll/vote", json={"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()}
    )
    page = kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})

    assert (begun.status_code, begun.json["has_voted"], begun.json["challenge"]) == (200, True, None)
    assert (cast.status_code, cast.json["error"]["code"]) == (409, "already_voted")
    assert page.status_code == 409
    assert "Your vote was cast at" in page.text


def test_an_ended_ballot_cannot_be_cast(kiosk_client, voter, give_ballot):
    give_ballot()
    assert kiosk_client.post("/poll/leave", json={}).json["redirect"] == "/poll/"
    cast = kiosk_client.post(
        "/poll/vote", json={"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()}
    )

    assert (cast.status_code, cast.json["error"]["code"]) == (409, "pass_over")
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 0


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {}], ids=["json", "page"])
def test_who_is_suspended_while_the_ballot_is_open_casts_nothing(headers, kiosk_client, voter, give_ballot, clock):
    give_ballot()
    set_suspended(voter.id, True, "Left the union", SYSTEM)
    db.session.commit()
    vote = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()}
    answer = kiosk_client.post("/poll/vote", data=vote, headers=headers)
    assert answer.status_code == 403
    assert "Your entry was suspended while it was open. No vote was cast. Call the officer." in answer.text
    assert (db.session.query(Vote).count(), voter.voter_id in answer.text) == (0, False)
    refused = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "kiosk:voter:refused")).one()
    assert refused.details["reason"] == "suspended"

    set_suspended(voter.id, False, "A mistake", SYSTEM)
    db.session.commit()
    assert kiosk_client.post("/poll/vote", data=vote, headers=headers).status_code == 409, "that ballot is over"


def test_who_is_suspended_after_the_cast_gets_the_first_answer_again(kiosk_client, voter, give_ballot):
    give_ballot()
    vote = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()}
    first = kiosk_client.post("/poll/vote", json=vote).json
    set_suspended(voter.id, True, "Left the union", SYSTEM)
    db.session.commit()
    assert kiosk_client.post("/poll/vote", json=vote).json["audit_ref"] == first["audit_ref"]


def test_a_vote_without_an_open_ballot_is_refused(kiosk_client, voter):
    body = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()}

    assert kiosk_client.post("/poll/vote", json=body).json["error"]["code"] == "no_ballot_open"
    assert kiosk_client.post("/poll/vote", data={"choice": "nota", "idempotency_key": key()}).status_code == 409


def test_another_voters_number_does_not_cast_the_open_ballot(kiosk_client, voter, give_ballot, open_election):
    other = factories.RollEntryFactory(election=open_election).voter
    give_ballot()
    cast = kiosk_client.post(
        "/poll/vote", json={"voter_id": other.voter_id, "choice": "nota", "idempotency_key": key()}
    )

    assert (cast.status_code, cast.json["error"]["code"]) == (409, "no_ballot_open")
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"choice": None},
        {"choice": -1},
        {"choice": "a name"},
        {"choice": {"id": 1}},
        {"choice": []},
        {"choice": True},
        {"choice": 10**30},
        {"choice": [[1]]},
        {"idempotency_key": "short"},
        {"idempotency_key": None},
        {"idempotency_key": 5},
        {"voter_id": None},
        {"voter_id": 5},
        {"voter_id": ""},
        {"voter_id": "9" * 5000},
    ],
    ids=str,
)
def test_a_vote_that_is_not_well_formed_is_refused_and_the_ballot_stays_open(change, kiosk_client, voter, give_ballot):
    give_ballot()
    body = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": key()} | change
    answer = kiosk_client.post("/poll/vote", json=body)

    assert answer.status_code == 422, answer.text
    assert answer.json["error"]["message"]
    assert "Traceback" not in answer.text
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 0
    assert kiosk_client.get("/poll/ballot", headers={"Accept": "application/json"}).status_code == 200


def test_more_time_is_given_three_times_over_http(kiosk_client, give_ballot):
    give_ballot()
    left = [kiosk_client.post("/poll/more-time", json={}).json["more_time_left"] for _ in range(3)]
    refused = kiosk_client.post("/poll/more-time", json={})

    assert left == [2, 1, 0]
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "no_more_time")


def test_without_a_ballot_the_page_leads_back_to_the_start(kiosk_client):
    page = kiosk_client.get("/poll/ballot")
    answer = kiosk_client.get("/poll/ballot", headers={"Accept": "application/json"})

    assert (page.status_code, page.location) == (303, "/poll/")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "no_ballot_open")


def test_the_ballot_says_at_nota_what_happens_when_nota_wins(kiosk_client, give_ballot):
    give_ballot()
    rule = "If none of the above has the most votes, no one is elected."
    assert kiosk_client.get("/poll/ballot", headers={"Accept": "application/json"}).json["nota_rule"] == rule
    choose, check = kiosk_client.get("/poll/ballot").text.split('data-when="review" hidden>\n<h1', 1)
    row = choose.partition('value="NOTA"')[2]
    assert row.startswith(' aria-describedby="nota-rule"')
    assert rule in row.partition('id="nota-rule"')[2]
    assert rule in check.partition('data-paper="NOTA"')[2]


def test_every_picture_of_the_ballot_is_named_with_the_ballot(kiosk_client, give_ballot, open_election):
    give_ballot()
    ballot = kiosk_client.get("/poll/ballot", headers={"Accept": "application/json"}).json

    assert all(choice.keys() >= {"image_url", "symbol_url"} for choice in ballot["choices"])


@pytest.mark.parametrize("path", ["/poll/", "/poll/ballot"])
def test_no_answer_of_the_booth_may_be_kept_by_the_browser(path, kiosk_client):
    assert kiosk_client.get(path).headers["Cache-Control"] == "no-store"


def test_calling_the_officer_fills_the_screen(kiosk_client):
    assert "The officer is coming" in kiosk_client.post("/poll/officer").text
    assert kiosk_client.post("/poll/officer", json={}).json == {"called": True}


def test_another_person_is_a_mismatch_and_the_third_calls_the_officer(kiosk_client, voter, clock):
    for tries_left in (2, 1, 0):
        begun = start(kiosk_client, voter).json
        clock.shift(1)
        verdict = identify(kiosk_client, begun["challenge"], clock, STRANGER).json
        assert (verdict["result"], verdict["tries_left"], verdict["redirect"]) == ("mismatch", tries_left, None)
        assert verdict["officer"] is (tries_left == 0)

    refused = start(kiosk_client, voter).json
    assert (refused["found"], refused["eligible"], refused["officer"]) == (True, False, True)
    assert refused["challenge"] is None
    assert kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id}).status_code == 403


def test_a_ranked_ballot_is_cast_from_a_form_without_scripts(app, make_kiosk_client):
    """The lists of the page are the ballot; an order that cannot be counted leaves it open."""
    ranked = factories.make_open_election(candidates=3, method=Method.RANKED)
    client, first = make_kiosk_client(ranked), [one.id for one in candidates_of(ranked)]
    make_pass(ranked, voters_of(ranked)[0], db.session.get(Kiosk, client.kiosk.id))
    page = client.get("/poll/ballot").get_data(as_text=True)
    assert [f'name="rank_{number}"' in page for number in [*first, "nota"]] == [True] * 4
    assert "2nd choice" in page
    fields = {f"rank_{number}": "0" for number in [*first, "nota"]} | {"idempotency_key": key()}

    refused = client.post("/poll/vote", data=fields | {f"rank_{first[2]}": "2"})
    assert refused.status_code == 422
    assert "No name has the 1st choice." in refused.get_data(as_text=True)
    cast = client.post("/poll/vote", data=fields | {f"rank_{first[2]}": "1", f"rank_{first[0]}": "2"})
    assert "Your vote is cast" in cast.get_data(as_text=True)
